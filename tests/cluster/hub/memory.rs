//! What many gates cost: memory, watches, requests.

use std::time::Duration;

use crashgate::cluster::drive::{Hub, Joined};
use crashgate::gate::result::Verdict;
use tokio::time::sleep;

use super::town::Town;
use super::{join, outcome, pinned, town};

/// Gates of each namespace.
const APPS: usize = 20;

/// The most memory that this process ever held, in MiB, as the kernel counts it.
#[cfg(target_os = "linux")]
fn most_held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Sees twenty gates in each of so many namespaces through to their pass, and returns the most memory that was held, in MiB:
/// that of the gates, of the server that they ask, and of tests that are built without optimisation.
#[cfg(target_os = "linux")]
async fn cost(namespaces: usize) -> u64 {
    // Each app with four pods, ten earlier revisions and what is said about each pod as it starts.
    let stub = town(Town { apps: APPS, pods: 4, old_sets: 10, events: 5 });
    let hub = Hub::new(stub.connection());
    let mut joined: Vec<Joined> = Vec::new();
    for app in 0..APPS {
        joined.extend((0..namespaces).map(|namespace| join(&hub, pinned(&format!("n{namespace}"), app))));
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(5)).await;
    let (watches, requests) = (stub.open(), stub.asks().len());
    assert_eq!(watches, 4 * namespaces, "pods, events, Deployments and ReplicaSets");
    assert!(requests <= 16 * namespaces, "{requests} requests: a gate that comes later costs none");
    let outcomes = futures::future::join_all(joined.into_iter().map(outcome)).await;
    assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::Healthy));
    let last = outcomes.iter().map(|outcome| outcome.decided_after).max().unwrap();
    // A thousand confirming lists and what they share, fifty a second.
    assert!(last <= Duration::from_mins(1), "all are confirmed in bounded time: {last:?}");
    let held = most_held();
    println!(
        "{} gates: {held} MiB at most, unoptimised; {watches} watches; {requests} requests before the first pass, {} in all; the last passed after {last:?}",
        outcomes.len(),
        stub.asks().len()
    );
    held
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
#[ignore = "needs a process of its own: cargo test --test it -- --ignored memory"]
async fn a_thousand_gates() {
    let held = cost(50).await;
    assert!(held < 350, "{held} MiB");
}
