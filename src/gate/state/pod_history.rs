//! A pod followed over time: what it is now, and what it went through.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::gate::diagnose::{
    CrashBook, CrashLedger, Seen, disruption, image_pull, pod_causes, pod_failure, restart_policy, times,
};
use crate::gate::memory::EventIndex;
use crate::gate::model::{Container, ContainerState, Phase, Pod, RestartPolicy, Role};
use crate::gate::result::{Cause, Code, FirstSeen, Place};
use crate::gate::spec::Plan;

/// A pod and its history, as far as rules need it.
#[derive(Debug, Clone)]
pub struct PodHistory {
    /// The pod as it was last seen.
    pub pod: Arc<Pod>,
    crashes: CrashBook,
    first_seen: FirstSeen,
    /// What the last failed pull of each container meant.
    pulls: BTreeMap<String, Code>,
    /// What the state of each container that waits said last, and how much had been said by then.
    waits: BTreeMap<String, (Cause, u64)>,
    /// How it ended as a whole, by its own fault. Remembered when it is deleted after that.
    failure: Option<Cause>,
    /// How often it lost its readiness.
    lost_ready: u32,
    causes: Vec<Cause>,
    /// How often its causes were derived: all that can be told of it is the same until they are again.
    revision: u64,
}

/// What the rules about a pod look at beside the pod itself.
#[derive(Clone, Copy)]
pub struct RuleContext<'a> {
    /// What was said about it.
    pub event_index: &'a EventIndex,
    /// The plan.
    pub plan: &'a Plan,
    /// Whether its node is ready, where that is known.
    pub node_ready: Option<bool>,
    /// The time since the gate began.
    pub now: Duration,
}

impl PodHistory {
    /// A pod seen for the first time.
    #[must_use]
    pub fn new(pod: Arc<Pod>, around: RuleContext<'_>) -> Self {
        let mut history = Self {
            pod,
            crashes: CrashBook::default(),
            first_seen: FirstSeen::default(),
            pulls: BTreeMap::new(),
            waits: BTreeMap::new(),
            failure: None,
            lost_ready: 0,
            causes: Vec::new(),
            revision: 0,
        };
        history.rederive_causes(around);
        history
    }

    /// Takes in a newer state of the same pod.
    pub fn observe(&mut self, pod: Arc<Pod>, around: RuleContext<'_>) {
        let (was, is) = (self.pod.is_ready(), pod.is_ready());
        let transition = |pod: &Pod| pod.ready.as_ref().and_then(|ready| ready.since.clone());
        match (was, is) {
            (true, false) => self.lost_ready += 1,
            // Ready before and after, and yet it changed in between.
            (true, true) if transition(&self.pod) != transition(&pod) => self.lost_ready += 1,
            _ => {}
        }
        self.pod = pod;
        self.rederive_causes(around);
    }

    /// Derives the causes anew, after the pod or what was said about it changed.
    pub fn rederive_causes(&mut self, around: RuleContext<'_>) {
        self.revision += 1;
        let sandbox_changed = around.event_index.newest(&self.pod.uid, "SandboxChanged");
        self.crashes.observe(&self.pod, sandbox_changed.and_then(|said| said.last_seen.as_deref()));
        if self.failure.is_none() {
            self.failure = pod_failure::own(&self.pod, around.plan, around.now);
        }
        self.causes.clear();
        if self.is_left_out() {
            return;
        }
        let mut first_seen = std::mem::take(&mut self.first_seen);
        for container in &self.pod.containers {
            if around.plan.ignore_containers.contains(&container.name) {
                continue;
            }
            if has_started(container) {
                first_seen.forget_start_of(&container.name);
                self.pulls.remove(&container.name);
            }
            let none = CrashLedger::default();
            let ledger = self.crashes.of(&container.name).unwrap_or(&none);
            let seen = self.seen(container, ledger, around);
            let remembered = self.remembered_pull(container, around.event_index);
            let crash = if self.ends_decide(container, ledger) { seen.crash(&mut first_seen) } else { None };
            let mut waiting = seen.waiting(&mut first_seen, remembered);
            match &waiting {
                Some(cause) => {
                    self.waits.insert(container.name.clone(), (cause.clone(), around.event_index.order()));
                }
                // Between two tries the state says nothing for a moment; the cause still stands.
                None if is_blank_wait(container) => waiting = self.last_wait(container, around.event_index).cloned(),
                None => {
                    self.waits.remove(&container.name);
                }
            }
            if let Some(cause) = &waiting
                && is_pull(cause.code)
            {
                self.pulls.insert(container.name.clone(), cause.code);
            }
            // A start that failed is told as a crash and as a waiting reason: once is enough.
            let told_twice =
                crash.as_ref().zip(waiting.as_ref()).is_some_and(|(crash, waiting)| crash.code == waiting.code);
            self.causes.extend(crash);
            if !told_twice {
                self.causes.extend(waiting);
            }
        }
        let RuleContext { event_index, plan, node_ready, now } = around;
        if self.pod.scheduled.as_ref().is_some_and(|condition| condition.status)
            && !pod_causes::waits_for_its_sandbox(&self.pod)
        {
            first_seen.forget_own();
        }
        self.causes.extend(pod_causes::scheduling(&self.pod, event_index, &plan.namespace, now, &mut first_seen));
        self.causes.extend(pod_causes::volumes(&self.pod, event_index, plan, now, &mut first_seen));
        self.causes.extend(pod_causes::sandbox(&self.pod, event_index, now, &mut first_seen));
        self.causes.extend(pod_causes::node(&self.pod, node_ready, now, &mut first_seen));
        if self.pod.controller.is_none() {
            self.causes.extend(pod_causes::failed(&self.pod, plan, now, &mut first_seen));
        }
        self.first_seen = first_seen;
    }

    fn seen<'a>(&'a self, container: &'a Container, ledger: &'a CrashLedger, around: RuleContext<'a>) -> Seen<'a> {
        Seen { pod: &self.pod, container, ledger, event_index: around.event_index, plan: around.plan, now: around.now }
    }

    /// What the last failed pull meant where the state does not say it: the event knows, and what was guessed before it came
    /// must not hide it.
    fn remembered_pull(&self, container: &Container, event_index: &EventIndex) -> Option<Code> {
        let said = event_index.pull_failure(&self.pod.uid, &container.name);
        let read = said.and_then(|said| image_pull::read_pull_error(&said.message, &container.image));
        read.or_else(|| self.pulls.get(&container.name).copied())
    }

    /// What kept the container waiting when its state last said it, unless the pod has moved on since: the kubelet makes a
    /// container once all that it needs is there, and pulls its image once the volumes are.
    fn last_wait(&self, container: &Container, event_index: &EventIndex) -> Option<&Cause> {
        let (cause, order) = self.waits.get(&container.name)?;
        let past: &[&str] =
            if is_pull(cause.code) { &["Pulled", "Created", "Started"] } else { &["Pulling", "Created", "Started"] };
        let said = |reason: &&str| event_index.newest_of(&self.pod.uid, reason, &container.name);
        let moved_on = past.iter().filter_map(said).any(|said| said.order > *order);
        (!moved_on).then_some(cause)
    }

    /// True where an end of this container can fail the gate: a Job's own conditions decide, not its containers. An app
    /// container that is not restarted leaves the decision to the phase of its pod.
    fn ends_decide(&self, container: &Container, ledger: &CrashLedger) -> bool {
        let of_a_job = self.pod.controller.as_ref().is_some_and(|owner| owner.kind == "Job");
        let is_restarted = || restart_policy::policy(container, self.pod.restart_policy) != RestartPolicy::Never;
        !of_a_job && (container.role == Role::Init || ledger.crashes() > 0 || is_restarted())
    }

    /// How often its causes were derived.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The causes that stand now.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// How the pod ended as a whole by its own fault, once it did; remembered when it is deleted after that.
    #[must_use]
    pub fn failure(&self) -> Option<&Cause> {
        self.failure.as_ref()
    }

    /// Why the pod is left out although it is of the right revision; `None` where it is not disturbed.
    #[must_use]
    pub fn disturbed(&self) -> Option<String> {
        disruption::disturbed(&self.pod)
    }

    /// True where the pod neither passes nor fails: on its way out, disturbed, or a controlled pod that has ended and
    /// that its controller replaces.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.pod.deleting || self.disturbed().is_some() || self.is_tombstone()
    }

    /// True where the pod has ended and its controller, which wants it to run, replaces it.
    fn is_tombstone(&self) -> bool {
        let ended = matches!(self.pod.phase, Some(Phase::Failed | Phase::Succeeded));
        ended && self.pod.controller.as_ref().is_some_and(|owner| owner.kind != "Job")
    }

    /// True where its readiness comes and goes. Once lost is not enough: it may be gone for good, or be a restart.
    #[must_use]
    pub fn flaps(&self) -> bool {
        self.lost_ready >= 2
    }

    /// The crash ledgers of the containers that have ended at some time.
    pub fn ledgers(&self) -> impl Iterator<Item = (&Container, &CrashLedger)> {
        self.pod.containers.iter().filter_map(|container| Some((container, self.crashes.of(&container.name)?)))
    }

    /// What keeps it from being ready, for the end of the wait: the container that is not, or the pod itself.
    #[must_use]
    pub fn not_ready(&self, around: RuleContext<'_>) -> Cause {
        let code = if self.flaps() { Code::ReadinessFlapping } else { Code::NotReady };
        let unready = self.pod.containers.iter().find(|container| {
            container.role != Role::Init && !container.status.as_ref().is_some_and(|status| status.ready)
        });
        let unfinished_init = self.pod.containers.iter().find(|container| {
            container.role == Role::Init
                && container.status.as_ref().is_some_and(|status| matches!(status.state, ContainerState::Running))
        });
        let suspect = unfinished_init.or(unready).or_else(|| {
            let probed = |container: &&Container| container.probes.readiness.is_some();
            if self.flaps() { self.pod.containers.iter().find(probed) } else { None }
        });
        if let Some(container) = suspect {
            let ledger = self.crashes.of(&container.name).cloned().unwrap_or_default();
            return self.seen(container, &ledger, around).not_ready(code, self.lost_ready);
        }
        if self.flaps() {
            let message = format!("the pod lost its readiness {}", times(self.lost_ready));
            return Cause::new(code, Place::of_pod(&self.pod), message, around.now);
        }
        if self.pod.says_ready() {
            let phase = self.pod.phase.map_or_else(|| "unknown".to_owned(), |phase| phase.to_string());
            let message = format!("the pod's condition Ready is True, but its phase is {phase}");
            return Cause::new(code, Place::of_pod(&self.pod), message, around.now);
        }
        let ready = self.pod.ready.as_ref();
        let why = ready.and_then(|ready| ready.message.clone().or_else(|| ready.reason.clone()));
        let why = why.unwrap_or_else(|| "the kubelet has not reported its readiness".to_owned());
        Cause::new(code, Place::of_pod(&self.pod), format!("the pod is not ready: {why}"), around.now)
    }
}

/// True once a container has got past the stage of images, configuration and start.
fn has_started(container: &Container) -> bool {
    container.status.as_ref().is_some_and(|status| matches!(status.state, ContainerState::Running))
}

/// True where a container waits and its state says nothing of a cause.
fn is_blank_wait(container: &Container) -> bool {
    container.status.as_ref().is_some_and(|status| match &status.state {
        ContainerState::Waiting { reason, .. } => {
            reason.as_deref().is_none_or(|reason| matches!(reason, "ContainerCreating" | "PodInitializing"))
        }
        _ => false,
    })
}

fn is_pull(code: Code) -> bool {
    matches!(code, Code::ImageNotFound | Code::ImagePullDenied | Code::RegistryUnavailable)
}
