//! `DaemonSet`s and the nodes that they need.

use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends};
use crate::scenario::objects::{daemon_set, pod};
use crate::scenario::{Scenario, plan};

pub(super) const DAEMON_SET_ON_A_LOST_NODE: Case = Case {
    happens: "A DaemonSet wants 2 pods, and one node does not answer.",
    others: "hang",
    verdict: Verdict::Healthy,
    code: None,
    because: "A node that does not answer cannot be asked to run its pod.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut agent = daemon_set("agent", "v2", 2);
        agent.available = Some(1);
        story.workload(agent.clone()).pod(pod(&agent, "a"));
        let mut lost = pod(&agent, "b");
        lost.node = Some("node2".to_owned());
        lost.ready.as_mut().unwrap().status = false;
        story.pod(lost);
        let outcome = ends(&mut story);
        assert!(outcome.warnings.iter().any(|warning| warning.code == "NodeNotReady"), "{:?}", outcome.warnings);
        outcome
    },
};

pub(super) const DAEMON_SET_WHOSE_NODES_DIE: Case = Case {
    happens: "A DaemonSet is Ready on 5 nodes, and 4 of them die in the window.",
    others: "pass: what is left is Ready",
    verdict: Verdict::Platform,
    code: Some(Code::NodeNotReady),
    because: "One node, or one in ten, may die while the gate looks; more is a cause.",
    tell: || {
        let mut story = Scenario::new(plan());
        let agent = daemon_set("agent", "v2", 5);
        story.workload(agent.clone());
        let on = |node: u32| {
            let mut one = pod(&agent, &format!("agent-{node}"));
            one.node = Some(format!("node{node}"));
            one
        };
        story.pods((0..5).map(on)).at(5.0);
        for node in 1..5 {
            let mut lost = on(node);
            lost.ready.as_mut().unwrap().status = false;
            story.pod(lost);
        }
        ends(&mut story)
    },
};

pub(super) const DAEMON_SET_FITS_NO_NODE: Case = Case {
    happens: "A DaemonSet fits no node, so it wants 0 pods.",
    others: "pass: 0 of 0 are ready",
    verdict: Verdict::NothingMatched,
    code: Some(Code::ScaledToZero),
    because: "Nothing runs, so nothing is proven.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut agent = daemon_set("agent", "v2", 0);
        agent.available = Some(0);
        story.workload(agent);
        ends(&mut story)
    },
};
