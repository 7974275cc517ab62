//! The recordings of progressive delivery, rehearsed: served as an API, judged by the real client and driver, in virtual
//! time; by their labels, and pinned.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::{GateRun, judge_deciders, rehearse};
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::{Pin, Plan};
use crashgate::sandbox::{Begin, Options, Sandbox};

use super::stub::{Counting, Stub, plan, status};
use crate::recording::replay::rows;

const KINDS: [&str; 3] = ["rollout-", "cloneset-", "flagger-"];

async fn judge(recording: &str, plan: Plan) -> GateRun {
    let path = Path::new("tests/recordings").join(format!("{recording}.ndjson"));
    let sandbox = Sandbox::load(&path).unwrap();
    let length = sandbox.length();
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let mut run = rehearse(connection, vec![plan], length, &mut Counting::default(), never()).await;
    run.gates.remove(0)
}

/// What a person would pin the gate to.
fn pin_of(recording: &str, app: &str) -> Pin {
    let kind = match recording.split_once('-').unwrap().0 {
        "rollout" => WorkloadKind::Rollout,
        "cloneset" => WorkloadKind::CloneSet,
        _ => WorkloadKind::Canary,
    };
    Pin { kind, name: app.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn every_recording_of_progressive_delivery_is_judged_live_as_the_table_says() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for row in rows().into_iter().filter(|row| KINDS.iter().any(|kind| row.recording.starts_with(kind))) {
        for pin in [None, Some(pin_of(&row.recording, &row.plan.app))] {
            let plan = Plan { workload: pin.clone(), ..row.plan.clone() };
            let delays = plan.delay.as_secs();
            let run = judge(&row.recording, plan).await;
            let outcome = &run.outcome;
            let seconds = outcome.decided_after.as_secs();
            // A failure may ask for its evidence beside that, and each pass for its confirming read.
            let allowed = 16 + 2 * (seconds / delays + 1) + 10 * outcome.findings.len() as u64 + 4;
            if !row.allows(outcome) || run.requests > allowed {
                let findings: Vec<&str> = outcome.findings.iter().map(|finding| finding.message.as_str()).collect();
                wrong.push(format!(
                    "{} {pin:?}: {} after {seconds} s, {} of {allowed} requests: {findings:?}",
                    row.recording, outcome.verdict, run.requests
                ));
            }
            judged += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged >= 20, "{judged}");
}

#[tokio::test(start_paused = true)]
async fn kinds_that_the_api_server_does_not_have_cost_a_request_at_most_and_no_word() {
    let stub = Stub::quiet();
    let run = judge_deciders(stub.connection(), vec![Gate::new(plan())], &mut Counting::default(), never()).await;
    let outcome = &run.gates[0].outcome;
    assert_eq!((outcome.verdict, outcome.warnings.len()), (Verdict::NothingMatched, 0), "{:?}", outcome.warnings);
    let asked = |resource: &str| (stub.of("LIST", resource).len(), stub.of("WATCH", resource).len());
    assert_eq!(asked("rollouts"), (1, 0), "nothing was found in half of the wait");
    assert_eq!(asked("clonesets"), (1, 0));
    assert_eq!(asked("canaries"), (0, 0), "no owner is there that one could be about");
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_missing_for_a_kind_that_nobody_uses_is_not_told() {
    let stub = Stub::new(|ask| {
        let is_custom = ["rollouts", "clonesets", "canaries"].contains(&ask.resource.as_str());
        is_custom.then(|| status(403, "forbidden"))
    });
    let run = judge_deciders(stub.connection(), vec![Gate::new(plan())], &mut Counting::default(), never()).await;
    let outcome = &run.gates[0].outcome;
    assert_eq!((outcome.verdict, outcome.warnings.len()), (Verdict::NothingMatched, 0), "{:?}", outcome.warnings);
}
