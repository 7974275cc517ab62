//! API servers that go away, and what they told before.

use std::time::Duration;

use crashgate::gate::model::{Source, TroubleKind, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

pub(super) const API_SERVER_GONE_FOR_A_WHILE: Case = Case {
    happens: "The API server is away for 4 s in the middle of the window, and nothing changed meanwhile.",
    others: "fail at the first error, or start over",
    verdict: Verdict::Healthy,
    code: None,
    because: "A gap is bridged where UIDs, container IDs, restart counts and readiness are what they were.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark().at(9.0).list_all();
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(11), "the window went on");
        outcome
    },
};

pub(super) const API_SERVER_GONE_TO_THE_END: Case = Case {
    happens: "All was Ready, then the API server is away to the end.",
    others: "pass on what was last seen",
    verdict: Verdict::Inconclusive,
    code: Some(Code::ClusterUnreachable),
    because: "No verdict without fresh data.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
        ends(&mut story)
    },
};

pub(super) const EVENTS_OF_AN_EARLIER_POD: Case = Case {
    happens: "An old event FailedMount is about an earlier pod of the same name.",
    others: "blame it: two of them",
    verdict: Verdict::Healthy,
    code: None,
    because: "Events are attributed by UID.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.event(
            "earlier-uid",
            None,
            "FailedMount",
            "MountVolume.SetUp failed for volume \"t\" : secret \"t\" not found",
        );
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a").creating()).at(5.0).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const CONFIRMING_READ_IS_NEVER_ANSWERED: Case = Case {
    happens: "All was well for the whole window, and the last read, which should confirm it, gets no answer.",
    others: "pass: nobody reads once more",
    verdict: Verdict::Inconclusive,
    code: Some(Code::StaleData),
    because: "No pass without a fresh read at its end.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a"));
        let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::Gate::new(plan()));
        gate.advance(Duration::from_mins(10));
        let outcome = gate.outcome().unwrap().clone();
        assert_eq!(outcome.decided_after, Duration::from_secs(70), "the wait period and ten seconds more");
        outcome
    },
};

pub(super) const HALF_WATCH: Case = Case {
    happens: "The watch of Deployments breaks and cannot be resumed, pods are still watched.",
    others: "pass on half of the picture",
    verdict: Verdict::Inconclusive,
    code: Some(Code::StaleData),
    because: "Every source that a verdict rests on must be fresh.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(2.0);
        story.lose(Source::Workloads(WorkloadKind::Deployment), TroubleKind::Stale);
        ends(&mut story)
    },
};
