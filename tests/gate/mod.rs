//! The rules of the gate, one at a time: what counts, when it counts, and what is said.

mod batches;
mod corners;
mod diagnose;
mod evaluate;
mod memory;
mod run;
mod state;
mod state_machine;
mod statistics;

use std::time::Duration;

use crashgate::gate::model::{Pod, Probe, Workload};
use crashgate::gate::result::{Code, Outcome, Verdict};

use crate::scenario::objects::{Bend, deployment, pod, readiness_probe, replica_set};
use crate::scenario::{Scenario, lead, plan};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A Deployment `web` at v2 and its `ReplicaSet`, listed and told.
fn web(story: &mut Scenario, replicas: u32) -> Workload {
    let web = deployment("web", "v2", replicas);
    let set = replica_set(&web);
    story.workload(web).workload(set.clone());
    set
}

/// The one pod `a` of a Deployment of one, bent in some way at 1 s: how that ends.
fn one_pod(bend: impl FnOnce(Pod) -> Pod) -> Outcome {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(bend(pod(&set, "a")));
    story.ends().clone()
}

#[track_caller]
fn assert_says(outcome: &Outcome, verdict: Verdict, code: Code, words: &[&str]) {
    assert_eq!(outcome.verdict, verdict, "{:?}", outcome.findings);
    let lead = lead(outcome);
    assert_eq!(lead.code, code, "{:?}", outcome.findings);
    let all = format!("{} {}", lead.message, lead.next_step);
    for word in words {
        assert!(all.contains(word), "{word:?} in {all:?}");
    }
}

fn killed_by(kind: &str, message: &str) -> Outcome {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut probed = pod(&set, "a");
    let probe = Probe { asks: "GET /alive on port 80".to_owned(), ..readiness_probe() };
    if kind == "Liveness" {
        probed.containers[0].probes.liveness = Some(probe);
    } else {
        probed.containers[0].probes.startup = Some(probe);
    }
    story.at(1.0).pod(probed.clone());
    story.event("a", Some("app"), "Unhealthy", &format!("{kind} probe failed: HTTP probe failed with statuscode: 500"));
    story.at(3.0).event("a", Some("app"), "Killing", message);
    story.at(4.0).pod(probed.restarted("app", 1, 137, "Error"));
    story.ends().clone()
}
