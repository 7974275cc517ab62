//! Twenty gates of one namespace while the API server is away: each keeps its verdict.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::Hub;
use crashgate::gate::Gate;
use crashgate::gate::result::{Outcome, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::sandbox::{Begin, Faults, Options, Sandbox};

use super::{join, outcome};

const GATES: usize = 20;

struct Said {
    outcomes: Vec<Outcome>,
    requests: usize,
}

/// Twenty gates of the recorded app, each with a selector of its own.
async fn judge(recording: &str, app: &str, faults: &str) -> Said {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{recording}.ndjson"));
    let sandbox = Sandbox::load(&path).unwrap();
    let namespace = sandbox.header().namespace.clone();
    let faults = if faults.is_empty() { Faults::default() } else { format!("faults:\n{faults}").parse().unwrap() };
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, faults, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let hub = Hub::new(connection);
    let joined = (0..GATES).map(|number| {
        let mut plan = Plan::new(app, "v1", &namespace);
        plan.selector = format!("app={app},version=v1,not-{number}!=x").parse().unwrap();
        join(&hub, Gate::new(plan))
    });
    let outcomes = futures::future::join_all(joined.collect::<Vec<_>>().into_iter().map(outcome)).await;
    Said { outcomes, requests: running.request_count().try_into().unwrap() }
}

async fn all_pass(faults: &str, lost: u64) {
    let slowest = |said: &Said| said.outcomes.iter().map(|outcome| outcome.decided_after).max().unwrap();
    let without = slowest(&judge("healthy", "checkout", "").await);
    let said = judge("healthy", "checkout", faults).await;
    for outcome in &said.outcomes {
        let findings: Vec<&str> = outcome.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(outcome.verdict, Verdict::Healthy, "{faults}: after {:?}: {findings:?}", outcome.decided_after);
    }
    let late = slowest(&said);
    assert!(said.requests <= 60, "{faults}: {} requests", said.requests);
    assert!(late <= without + Duration::from_secs(lost + 5), "{faults}: {late:?}, and {without:?} without");
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_costs_none_of_twenty_gates_its_verdict() {
    for at in [0, 5, 9, 20, 34, 37] {
        all_pass(&format!("- {{at: {at}s, fault: restart, lasts: 4s}}"), 4).await;
    }
    for at in [1, 12, 30] {
        all_pass(&format!("- {{at: {at}s, for: 100ms, verb: watch, fault: cut}}"), 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_dark_is_found_by_each_of_twenty_gates() {
    for (recording, app) in [("late-crash", "checkout"), ("crash-loop", "payments"), ("liveness-kill", "payments")] {
        for at in [3, 12, 24] {
            for outcome in judge(recording, app, &format!("- {{at: {at}s, fault: restart, lasts: 4s}}")).await.outcomes
            {
                assert_eq!(outcome.verdict, Verdict::Failed, "{recording} at {at} s: {:?}", outcome.findings);
            }
        }
    }
}
