//! The life of a created pod: each state that is told of it, and when. Pure.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::script::{Course, Fate};

/// The node that every pod runs on.
const NODE: &str = "node1";
/// How long the scheduler takes.
const SCHEDULING_MS: u64 = 5;
/// How long after the end of its container a pod's phase tells it: a real kubelet takes about a second.
const PHASE_MS: u64 = 100;
/// How long the kubelet takes to try a pull, and to tell that it waits before the next try.
const PULL_MS: u64 = 50;

/// A state of the pod.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    /// How long after the creation, in milliseconds.
    pub after_ms: u64,
    /// `spec.nodeName` is there.
    pub on_node: bool,
    /// `status`.
    pub status: Value,
}

/// What is created: as much as its life depends on.
pub(super) struct Birth<'a> {
    /// When, in the recording's time.
    pub at: Timestamp,
    /// Names and images of the containers.
    pub containers: &'a [(String, String)],
    /// `spec.activeDeadlineSeconds`.
    pub deadline_ms: Option<u64>,
    /// Makes container IDs.
    pub uid: &'a str,
}

/// When the container starts and ends, in milliseconds since the creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start_ms: u64,
    /// `None`: never.
    pub end_ms: Option<u64>,
    /// The deadline ended it.
    pub cut_short: bool,
}

impl Birth<'_> {
    /// When the container runs.
    pub fn span(&self, course: &Course) -> Span {
        let start_ms = course.after_ms.max(2 * SCHEDULING_MS);
        let end_ms = course.lasts_ms.map(|lasts| start_ms.saturating_add(lasts));
        // The deadline counts from the kubelet's first sight of the pod.
        let deadline = self.deadline_ms.map(|deadline| deadline.saturating_add(2 * SCHEDULING_MS));
        match deadline {
            Some(deadline) if end_ms.is_none_or(|end| end > deadline) => {
                Span { start_ms, end_ms: Some(deadline), cut_short: true }
            }
            _ => Span { start_ms, end_ms, cut_short: false },
        }
    }

    /// Every state, in order. A refused pod has none.
    pub fn stages(&self, fate: &Fate) -> Vec<Stage> {
        let pending =
            Stage { after_ms: 0, on_node: false, status: json!({"phase": "Pending", "qosClass": "BestEffort"}) };
        let mut stages = vec![pending];
        match fate {
            Fate::Refused(_) => return Vec::new(),
            Fate::Unschedulable(said) => {
                let condition = json!({"type": "PodScheduled", "status": "False", "lastProbeTime": null,
                    "lastTransitionTime": self.time(SCHEDULING_MS), "reason": "Unschedulable", "message": said});
                let status = json!({"phase": "Pending", "conditions": [condition], "qosClass": "BestEffort"});
                stages.push(Stage { after_ms: SCHEDULING_MS, on_node: false, status });
            }
            Fate::NoImage(said) => {
                stages.extend(self.accepted());
                let back_off = |image: &str| format!("Back-off pulling image \"{image}\": ErrImagePull: {said}");
                stages.push(self.waiting(PULL_MS, "ErrImagePull", &|_| said.clone()));
                stages.push(self.waiting(2 * PULL_MS, "ImagePullBackOff", &back_off));
                stages.push(self.waiting(20_000, "ErrImagePull", &|_| said.clone()));
                stages.push(self.waiting(20_200, "ImagePullBackOff", &back_off));
                stages.extend(self.deadline(false));
            }
            Fate::NoConfig(said) => {
                stages.extend(self.accepted());
                stages.push(self.waiting(PULL_MS, "CreateContainerConfigError", &|_| said.clone()));
                stages.extend(self.deadline(false));
            }
            Fate::Runs(course) => {
                stages.extend(self.accepted());
                stages.extend(self.running(course));
            }
        }
        if let Some(end) = stages.iter().position(|stage| stage.status["phase"] == "Failed") {
            stages.truncate(end + 1);
        }
        stages
    }

    fn accepted(&self) -> [Stage; 2] {
        let condition = condition("PodScheduled", true, &self.time(SCHEDULING_MS), None);
        let status = json!({"phase": "Pending", "conditions": [condition], "qosClass": "BestEffort"});
        let creating = json!({"waiting": {"reason": "ContainerCreating"}});
        [
            Stage { after_ms: SCHEDULING_MS, on_node: true, status },
            self.stage(2 * SCHEDULING_MS, "Pending", false, &|_| creating.clone()),
        ]
    }

    fn waiting(&self, after_ms: u64, reason: &str, message: &dyn Fn(&str) -> String) -> Stage {
        self.stage(
            after_ms,
            "Pending",
            false,
            &|image| json!({"waiting": {"reason": reason, "message": message(image)}}),
        )
    }

    fn running(&self, course: &Course) -> Vec<Stage> {
        let span = self.span(course);
        let started = self.time(span.start_ms);
        let mut stages = Vec::new();
        // A deadline may pass before the container starts.
        if span.end_ms.is_none_or(|end| end > span.start_ms) || !span.cut_short {
            stages.push(self.stage(span.start_ms, "Running", true, &|_| json!({"running": {"startedAt": started}})));
        }
        let Some(end_ms) = span.end_ms else { return stages };
        let finished = self.time(end_ms);
        let (exit_code, reason) = match (span.cut_short, &course.reason) {
            (true, _) => (137, "Error"),
            (false, Some(reason)) => (course.exit_code, reason.as_str()),
            (false, None) if course.exit_code == 0 => (0, "Completed"),
            (false, None) => (course.exit_code, "Error"),
        };
        let mut ended = json!({"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": finished,
            "containerID": self.container_id()});
        if let (Some(message), false) = (&course.message, span.cut_short) {
            ended["message"] = message.as_str().into();
        }
        let terminated = json!({"terminated": ended});
        if span.cut_short {
            stages.extend(self.deadline(true));
            return stages;
        }
        stages.push(self.stage(end_ms, "Running", false, &|_| terminated.clone()));
        let phase = if exit_code == 0 { "Succeeded" } else { "Failed" };
        stages.push(self.stage(end_ms + PHASE_MS, phase, false, &|_| terminated.clone()));
        stages
    }

    /// The end that the deadline makes, where there is one.
    fn deadline(&self, started: bool) -> Option<Stage> {
        let after_ms = self.deadline_ms?.saturating_add(2 * SCHEDULING_MS);
        let time = self.time(after_ms);
        let ended = json!({"terminated": {"exitCode": 137, "reason": "Error", "startedAt": time, "finishedAt": time,
            "containerID": self.container_id()}});
        let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
        let mut last =
            self.stage(after_ms, "Failed", false, &|_| if started { ended.clone() } else { waiting.clone() });
        last.status["reason"] = "DeadlineExceeded".into();
        last.status["message"] = "Pod was active on the node longer than the specified deadline".into();
        Some(last)
    }

    fn stage(&self, after_ms: u64, phase: &str, ready: bool, state: &dyn Fn(&str) -> Value) -> Stage {
        let time = self.time(after_ms);
        let is_over = matches!(phase, "Succeeded");
        let unready = if is_over { Some("PodCompleted") } else { Some("ContainersNotReady") };
        let reason = if ready { None } else { unready };
        let scheduled = condition("PodScheduled", true, &self.time(SCHEDULING_MS), None);
        let conditions = json!([
            condition("PodReadyToStartContainers", phase == "Running", &time, None),
            condition("Initialized", true, &time, None),
            condition("Ready", ready, &time, reason),
            condition("ContainersReady", ready, &time, reason),
            scheduled,
        ]);
        let statuses: Vec<Value> = self
            .containers
            .iter()
            .map(|(name, image)| {
                let state = state(image);
                let mut status = json!({"name": name, "state": state, "lastState": {}, "ready": ready, "restartCount": 0,
                    "image": image, "imageID": "", "started": ready});
                if state.get("waiting").is_none() {
                    status["containerID"] = self.container_id().into();
                }
                status
            })
            .collect();
        let status = json!({"observedGeneration": 1, "phase": phase, "conditions": conditions, "hostIP": "10.244.0.1",
            "startTime": self.time(2 * SCHEDULING_MS), "containerStatuses": statuses, "qosClass": "BestEffort"});
        Stage { after_ms, on_node: true, status }
    }

    fn container_id(&self) -> String {
        format!("containerd://{}", self.uid.replace('-', "").repeat(2))
    }

    fn time(&self, after_ms: u64) -> String {
        let after = SignedDuration::from_millis(i64::try_from(after_ms).unwrap_or(i64::MAX));
        format!("{:.0}", self.at.checked_add(after).unwrap_or(self.at))
    }
}

fn condition(kind: &str, status: bool, since: &str, reason: Option<&str>) -> Value {
    let mut condition = json!({"type": kind, "status": if status { "True" } else { "False" }, "lastProbeTime": null,
        "lastTransitionTime": since});
    if let Some(reason) = reason {
        condition["reason"] = reason.into();
    }
    condition
}

/// The node that pods run on.
pub(super) const fn node() -> &'static str {
    NODE
}

#[cfg(test)]
mod tests {
    use super::{Birth, Span};
    use crate::sandbox::pods::script::{Course, Fate};

    fn phases(deadline_ms: Option<u64>, course: Course) -> (Span, Vec<(u64, String)>) {
        let containers = [("run".to_owned(), "a".to_owned())];
        let birth =
            Birth { at: "2026-11-21T03:00:00Z".parse().unwrap(), containers: &containers, deadline_ms, uid: "0-1" };
        let span = birth.span(&course);
        let stages = birth.stages(&Fate::Runs(course));
        let told = stages.iter().map(|stage| (stage.after_ms, stage.status["phase"].as_str().unwrap().to_owned()));
        (span, told.collect())
    }

    #[test]
    fn a_container_starts_ends_and_its_pod_tells_it_a_little_later() {
        let course = Course { after_ms: 300, lasts_ms: Some(1000), ..Course::default() };
        let (_, told) = phases(None, course);
        let told: Vec<(u64, &str)> = told.iter().map(|(at, phase)| (*at, phase.as_str())).collect();
        let expected =
            [(0, "Pending"), (5, "Pending"), (10, "Pending"), (300, "Running"), (1300, "Running"), (1400, "Succeeded")];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_deadline_ends_what_would_not_end() {
        let (span, told) = phases(Some(2000), Course { lasts_ms: None, ..Course::default() });
        assert_eq!((span.end_ms, span.cut_short), (Some(2010), true));
        assert_eq!(told.last().unwrap(), &(2010, "Failed".to_owned()));
        let (span, told) = phases(Some(2000), Course { lasts_ms: Some(1), exit_code: 1, ..Course::default() });
        assert!(!span.cut_short);
        assert_eq!(told.last().unwrap().1, "Failed");
    }
}
