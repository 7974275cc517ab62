//! Readiness, and how long it must last.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{Phase, Role};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out};
use crate::scenario::objects::{Bend, container, pod, readiness_probe};
use crate::scenario::{Scenario, lead, plan};

pub(super) const FLAPPING_RESETS_THE_DEADLINE: Case = Case {
    happens: "Readiness comes and goes every 6 s, and each time the Deployment starts its deadline anew.",
    others: "hang: those that trust the Deployment's own deadline",
    verdict: Verdict::TimedOut,
    code: Some(Code::ReadinessFlapping),
    because: "The wait period is the gate's own clock.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        for turn in 0..12_u32 {
            let start = f64::from(turn) * 6.0;
            if start > 58.0 {
                break;
            }
            story.at(start + 0.5).pod(pod(&set, "web-a").ready_since(&format!("t{turn}")));
            story.at(start + 5.5).pod(pod(&set, "web-a").unready());
        }
        ends(&mut story)
    },
};

pub(super) const SIDECAR_IS_NOT_READY: Case = Case {
    happens: "A native sidecar never gets ready, the app runs.",
    others: "time-out that never says which container",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "The finding names the sidecar.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut with_sidecar = pod(&set, "a");
        with_sidecar.containers.insert(0, container("proxy", Role::Sidecar));
        let mut unready = with_sidecar.unready();
        unready.containers[1].status.as_mut().unwrap().ready = true;
        story.pod(unready);
        let outcome = ends(&mut story);
        assert_eq!(lead(&outcome).place.container.as_deref(), Some("proxy"));
        outcome
    },
};

pub(super) const OWN_WAIT_PERIOD: Case = Case {
    happens: "progressDeadlineSeconds is 600, the wait period 60 s.",
    others: "hang for ten minutes",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "The gate's own wait period holds.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a").unready());
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_mins(1));
        outcome
    },
};

pub(super) const READY_BY_ONE_WORD_ONLY: Case = Case {
    happens: "The condition Ready is True, while the container's status says that it waits.",
    others: "pass: Ready is True",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "A status that contradicts itself proves nothing.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let ready = pod(&set, "a").ready;
        let mut both = pod(&set, "a").waiting("app", "ContainerCreating", "");
        (both.ready, both.phase) = (ready, Some(Phase::Running));
        story.at(1.0).pod(both);
        ends(&mut story)
    },
};

pub(super) const MEASURED_TOO_SHORT: Case = Case {
    happens: "The data ends while all is still well, before the stability window is full.",
    others: "pass: an analysis that was ended before it measured",
    verdict: Verdict::Inconclusive,
    code: Some(Code::RecordingEnded),
    because: "Too little was seen to say yes.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(9.0).tell(Fact::RecordingEnded);
        ends(&mut story)
    },
};

pub(super) const READINESS_PROBE_IS_NAMED: Case = Case {
    happens: "The app runs, and its readiness endpoint answers 404 for ever.",
    others: "time-out without a word on why",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "The finding names the probe and its last answer.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut unready = pod(&set, "a").unready();
        unready.containers[0].probes.readiness = Some(readiness_probe());
        story.pod(unready);
        story.event("a", Some("app"), "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404");
        let outcome = ends(&mut story);
        let message = &lead(&outcome).message;
        assert!(message.contains("GET /ready on port 8080") && message.contains("statuscode: 404"), "{message}");
        outcome
    },
};
