//! What keeps one container from running: its crashes, its image, its creation and start.

use std::time::Duration;

use super::crash::CrashLedger;
use super::wording::times;
use super::{container_create, container_start, crash, exit_code, image_pull, image_pull_words};
use crate::gate::memory::{EventIndex, ProbeKind, Said};
use crate::gate::model::{Container, ContainerState, Ended, Pod, Probe, is_earlier};
use crate::gate::result::{Cause, Code, Counts, Evidence, EvidenceKind, FirstSeen, LogWanted, Place};
use crate::gate::spec::{Grace, Plan};

/// A container in its pod, with all that the rules look at.
pub struct Seen<'a> {
    pub pod: &'a Pod,
    pub container: &'a Container,
    pub ledger: &'a CrashLedger,
    pub event_index: &'a EventIndex,
    pub plan: &'a Plan,
    pub now: Duration,
}

impl Seen<'_> {
    /// Where this container is.
    fn place(&self) -> Place {
        Place {
            container: Some(self.container.name.clone()),
            role: Some(self.container.role),
            ..Place::of_pod(self.pod)
        }
    }

    /// The container as it is said: `container app`, `init container migrate`, `sidecar proxy`.
    fn words(&self) -> String {
        format!("{} {}", self.container.role.words(), self.container.name)
    }

    fn since(&self, code: Code, first_seen: &mut FirstSeen) -> Duration {
        first_seen.of(Some(&self.container.name), code, self.now)
    }

    /// The crashes of this container as a cause, where they are more than the plan allows.
    pub fn crash(&self, first_seen: &mut FirstSeen) -> Option<Cause> {
        let newest = self.ledger.newest();
        // No waiting mends a start that fails; one that a later attempt got past is a restart like any other.
        let runs = self.container.status.as_ref().is_some_and(|status| status.state == ContainerState::Running);
        let start_failed = !runs && newest.is_some_and(|(_, ended)| exit_code::never_ran(ended));
        if self.ledger.crashes() <= self.plan.max_restarts && !start_failed {
            return None;
        }
        let status = self.container.status.as_ref()?;
        let (code, message) = match newest {
            Some((_, ended)) => self.reading(ended),
            None => (Code::CrashLoop, format!("{} was restarted {}", self.words(), times(self.ledger.crashes()))),
        };
        let mut cause = Cause::new(code, self.place(), message, self.since(code, first_seen));
        cause.restarts = Some(status.restart_count);
        cause.next_step = self.crash_advice(code, newest.map(|(_, ended)| ended));
        if let Some((attempt, ended)) = newest {
            cause.exit_status = Some(ended.exit_code);
            if code == Code::StartFailed {
                if let Some(said) = ended.message.as_deref().filter(|said| !said.is_empty()) {
                    let text = format!("{}: {said}", ended.reason.as_deref().unwrap_or("terminated"));
                    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text });
                }
                return Some(cause);
            }
            cause.log = Some(LogWanted {
                pod: self.pod.name.clone(),
                container: self.container.name.clone(),
                attempt,
                previous: attempt < status.restart_count,
            });
            if let Some(words) = ended.message.as_deref().filter(|words| !words.trim().is_empty()) {
                cause.evidence.push(Evidence { kind: EvidenceKind::TerminationMessage, text: words.to_owned() });
            }
            cause.evidence.extend(self.probe_evidence(code));
        }
        Some(cause)
    }

    /// What a crash is called and said: the more telling code leads.
    fn reading(&self, ended: &Ended) -> (Code, String) {
        let words = self.words();
        if exit_code::is_out_of_memory(ended) {
            let limit = match &self.container.memory_limit {
                Some(limit) => format!("it used more than its memory limit of {limit}"),
                None => "it has no memory limit of its own, so its pod or its node ran out of memory".to_owned(),
            };
            return (Code::OomKilled, format!("{words} was OOMKilled (exit code {}): {limit}", ended.exit_code));
        }
        if exit_code::never_ran(ended) {
            let said = ended.message.as_deref();
            let why =
                said.map_or_else(|| exit_code::in_words(ended), |why| container_start::without_layers(why).to_owned());
            return (Code::StartFailed, format!("{words} could not be started: {why}{}", format_words(&why)));
        }
        for (kind, code, name) in [
            (ProbeKind::Startup, Code::StartupProbeFailed, "startup"),
            (ProbeKind::Liveness, Code::LivenessProbeFailed, "liveness"),
        ] {
            if self
                .event_index
                .probe_kill(&self.pod.uid, &self.container.name, kind)
                .is_some_and(|kill| is_of(kill, ended))
            {
                return (code, self.probe_message(kind, name, ended));
            }
        }
        let crashes = self.ledger.crashes();
        let again = if crashes > 1 { format!(", {} so far", times(crashes)) } else { String::new() };
        let after = ended.ran_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s after its start"));
        let ended_words = exit_code::in_words(ended);
        let message = if ended.exit_code == 0 {
            format!("{words} ended with {ended_words}{after}{again}, although it should keep running")
        } else {
            format!("{words} ended with {ended_words}{after}{again}")
        };
        (Code::CrashLoop, message)
    }

    fn probe_message(&self, kind: ProbeKind, name: &str, ended: &Ended) -> String {
        let asked = self.probe(kind).map_or_else(String::new, |probe| format!(" ({})", probe.asks));
        let answer = self.probe_answer(kind).map_or_else(String::new, |answer| format!(": {answer}"));
        // The kubelet's SIGKILL after a SIGTERM that was ignored is easily taken for a lack of memory.
        let memory = if ended.exit_code == 137 { ", not out of memory" } else { "" };
        let code = ended.exit_code;
        format!("{} was killed (exit code {code}{memory}) because its {name} probe failed{asked}{answer}", self.words())
    }

    fn probe(&self, kind: ProbeKind) -> Option<&Probe> {
        let probes = &self.container.probes;
        match kind {
            ProbeKind::Readiness => probes.readiness.as_ref(),
            ProbeKind::Liveness => probes.liveness.as_ref(),
            ProbeKind::Startup => probes.startup.as_ref(),
        }
    }

    /// What the probe was last told, without the kubelet's preface.
    fn probe_answer(&self, kind: ProbeKind) -> Option<&str> {
        let said = self.event_index.probe_answer(&self.pod.uid, &self.container.name, kind)?;
        let answer = [" probe failed: ", " probe errored and resulted in unknown state: ", " probe errored: "];
        let answer = answer.iter().find_map(|preface| said.message.split_once(preface));
        Some(answer.map_or(said.message.as_str(), |(_, answer)| answer).trim_end())
    }

    fn probe_evidence(&self, code: Code) -> Option<Evidence> {
        let (kind, name) = match code {
            Code::LivenessProbeFailed => (ProbeKind::Liveness, "liveness"),
            Code::StartupProbeFailed => (ProbeKind::Startup, "startup"),
            _ => return None,
        };
        self.probe(kind).map(|probe| Evidence { kind: EvidenceKind::Probe, text: probe_words(name, probe) })
    }

    fn crash_advice(&self, code: Code, ended: Option<&Ended>) -> String {
        let (namespace, pod, container) = (&self.plan.namespace, &self.pod.name, &self.container.name);
        match code {
            Code::OomKilled => match &self.container.memory_limit {
                Some(limit) => format!(
                    "Raise `resources.limits.memory` of {container} above {limit}, or make it use less. What it uses: `kubectl top pod -n {namespace} {pod} --containers`"
                ),
                None => "Set `resources.requests.memory` and `limits.memory`, or make the app use less.".to_owned(),
            },
            Code::CrashLoop if ended.is_some_and(|ended| ended.exit_code == 0) => format!(
                "Make the process of {container} stay in the foreground, or run what ends as a Job. Its whole log: `kubectl logs -n {namespace} {pod} -c {container} --previous`"
            ),
            Code::CrashLoop => format!(
                "Fix the error in the last log lines. The whole log: `kubectl logs -n {namespace} {pod} -c {container} --previous`"
            ),
            Code::LivenessProbeFailed => format!(
                "Correct `livenessProbe` of {container}, add a `startupProbe`, or fix the endpoint: `kubectl describe pod -n {namespace} {pod}`"
            ),
            Code::StartupProbeFailed => format!(
                "Correct `startupProbe` of {container}, or raise its `failureThreshold`: `kubectl describe pod -n {namespace} {pod}`"
            ),
            Code::StartFailed => ended
                .and_then(|ended| {
                    container_start::advice(ended.message.as_deref()?, self.container, self.pod.node.as_deref())
                })
                .unwrap_or_else(|| code.row().next_step.to_owned()),
            _ => code.row().next_step.to_owned(),
        }
    }

    /// What its state says about its image, or about its creation and start. `remembered` is what the last failed pull
    /// meant.
    pub fn waiting(&self, first_seen: &mut FirstSeen, remembered: Option<Code>) -> Option<Cause> {
        let status = self.container.status.as_ref()?;
        if let Some(cause) = self.node_trouble(first_seen) {
            return Some(cause);
        }
        let ContainerState::Waiting { reason: Some(reason), message } = &status.state else { return None };
        let message = message.as_deref().unwrap_or_default();
        if let Some(code) = image_pull::cause_of(reason, message, &self.container.image, remembered) {
            return Some(self.image_cause(code, message, first_seen));
        }
        let code = container_create::cause_of(reason, message)?;
        let words = self.words();
        let missing = container_create::missing_object(message).filter(|_| code == Code::ConfigMissing);
        let text = if let Some(object) = &missing {
            format!("{words} needs {object}, which does not exist")
        } else {
            let why = container_start::without_layers(message);
            format!("{words} could not be {}: {why}{}", verb(reason), format_words(why))
        };
        let mut cause = Cause::new(code, self.place(), text, self.since(code, first_seen));
        cause.restarts = Some(status.restart_count);
        if reason == "CreateContainerConfigError" || reason == "CreateContainerError" {
            // Its spec asks for what is not there (yet): that may come late, like a missing ConfigMap.
            cause.counts = if code == Code::StartFailed { Counts::AfterGrace(Grace::Config) } else { cause.counts };
        }
        let advice = match code {
            Code::ConfigMissing => missing
                .map(|object| container_create::advice(&object, &self.plan.namespace, "correct the reference to it")),
            Code::StartFailed => container_start::advice(message, self.container, self.pod.node.as_deref()),
            _ => None,
        };
        if let Some(advice) = advice {
            cause.next_step = advice;
        }
        cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: format!("{reason}: {message}") });
        Some(cause)
    }

    /// That its node could not start it, while it does not run. Such an end is no crash.
    fn node_trouble(&self, first_seen: &mut FirstSeen) -> Option<Cause> {
        let status = self.container.status.as_ref().filter(|status| status.state != ContainerState::Running)?;
        let (_, ended) = crash::end_shown(status).filter(|(_, ended)| exit_code::is_node_trouble(ended))?;
        let said = ended.message.as_deref().unwrap_or_default();
        let text =
            format!("{} could not be started by its node: {}", self.words(), container_start::without_layers(said));
        let code = Code::SandboxFailed;
        let mut cause = Cause::new(code, self.place(), text, self.since(code, first_seen));
        cause.restarts = Some(status.restart_count);
        let reason = ended.reason.as_deref().unwrap_or("terminated");
        cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: format!("{reason}: {said}") });
        Some(cause)
    }

    fn image_cause(&self, code: Code, message: &str, first_seen: &mut FirstSeen) -> Cause {
        // A bare back-off does not quote the cause; the event does.
        let said = self.event_index.pull_failure(&self.pod.uid, &self.container.name).map(|said| said.message.as_str());
        let quoted = image_pull_words::quoted(message, said, &self.container.image);
        let text = format!("{} {}", self.words(), image_pull_words::in_words(code, quoted, &self.container.image));
        let mut cause = Cause::new(code, self.place(), text, self.since(code, first_seen));
        cause.next_step = image_pull_words::advice(code, quoted, self.container, &self.pod.name, &self.plan.namespace);
        if !quoted.is_empty() {
            cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: quoted.to_owned() });
        }
        cause
    }

    /// That it runs and is not ready, as a finding at the end of the wait. `flapped` is true where the pod was ready
    /// before.
    pub fn not_ready(&self, code: Code, flaps: u32) -> Cause {
        let words = self.words();
        let state = self.container.status.as_ref().map(|status| &status.state);
        // Until the startup probe has succeeded, the readiness probe is not asked at all.
        let not_started = self.container.status.as_ref().is_some_and(|status| status.started == Some(false));
        let waits_to_start = not_started && self.container.probes.startup.is_some();
        let (kind, name) =
            if waits_to_start { (ProbeKind::Startup, "startup") } else { (ProbeKind::Readiness, "readiness") };
        let probe = self.probe(kind);
        let asked = probe.map_or_else(String::new, |probe| format!(" ({})", probe.asks));
        let answer = self.probe_answer(kind).map_or_else(String::new, |answer| format!(": {answer}"));
        let message = match state {
            _ if code == Code::ReadinessFlapping => {
                format!("{words} lost its readiness {}{asked}{answer}", times(flaps))
            }
            Some(ContainerState::Running) if probe.is_some() => {
                format!("{words} runs, but its {name} probe does not succeed{asked}{answer}")
            }
            Some(ContainerState::Running) if self.pod.says_ready() => {
                format!("{words} runs and is not ready, although the pod's condition Ready is True")
            }
            Some(ContainerState::Running) => format!("{words} runs, but is not ready"),
            Some(ContainerState::Terminated(ended)) => format!("{words} ended with {}", exit_code::in_words(ended)),
            Some(ContainerState::Waiting { reason: Some(reason), .. }) => {
                format!("{words} is not running yet: {reason}")
            }
            _ => format!("{words} has not started yet"),
        };
        let mut cause = Cause::new(code, self.place(), message, self.now);
        cause.restarts = self.container.status.as_ref().map(|status| status.restart_count);
        if probe.is_some() {
            cause.next_step = format!(
                "Check what the {name} probe requests: `kubectl describe pod -n {} {}`; raise `waitPeriod` if the app is merely slow.",
                self.plan.namespace, self.pod.name
            );
        }
        if let Some(probe) = probe {
            cause.evidence.push(Evidence { kind: EvidenceKind::Probe, text: probe_words(name, probe) });
        }
        if matches!(state, Some(ContainerState::Running)) {
            cause.log = Some(LogWanted {
                pod: self.pod.name.clone(),
                container: self.container.name.clone(),
                attempt: cause.restarts.unwrap_or(0),
                previous: false,
            });
        }
        cause
    }
}

/// True where this kill can have brought this end: it was said while the attempt ran. Both stamps are of the node's own
/// clock; where one is absent, nothing speaks against it.
fn is_of(kill: &Said, ended: &Ended) -> bool {
    let Some(said) = kill.last_seen.as_deref() else { return true };
    let before = ended.started_at.as_deref().is_some_and(|started| is_earlier(said, started));
    // The event of several kills has the stamp of the last one, and an earlier one may have brought this end.
    let after = kill.count <= 1 && ended.finished_at.as_deref().is_some_and(|finished| is_earlier(finished, said));
    !before && !after
}

fn verb(reason: &str) -> &'static str {
    if reason.starts_with("CreateContainer") { "created" } else { "started" }
}

/// What words about a wrong format mean, as the rest of a sentence; empty where they say something else.
fn format_words(why: &str) -> String {
    if container_start::says_wrong_format(why) {
        format!("; {}", container_start::wrong_format(None))
    } else {
        String::new()
    }
}

/// A probe as the spec has it.
fn probe_words(name: &str, probe: &Probe) -> String {
    let Probe { asks, initial_delay_seconds, period_seconds, timeout_seconds, failure_threshold } = probe;
    let delay =
        if *initial_delay_seconds > 0 { format!("first after {initial_delay_seconds} s, ") } else { String::new() };
    let threshold = match failure_threshold {
        1 => "fails at the first failure".to_owned(),
        many => format!("fails after {many} failures in a row"),
    };
    format!("{name} probe: {asks}; {delay}every {period_seconds} s, {timeout_seconds} s to answer, {threshold}")
}
