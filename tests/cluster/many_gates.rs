//! Two hundred gates in one process: what they share, and what they cost.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Plan;
use crashgate::sandbox::{Begin, Options, Sandbox};

use crate::cluster::stub::Counting;

const GATES: usize = 200;

#[tokio::test(start_paused = true)]
async fn two_hundred_gates_share_one_watch_of_each_selection() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/healthy.ndjson");
    let sandbox = Sandbox::load(&path).unwrap();
    let namespace = sandbox.header().namespace.clone();
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    // Ten selections, each of twenty gates.
    let gates = (0..GATES).map(|number| {
        let mut plan = Plan::new("checkout", "v1", &namespace);
        plan.selector = format!("app=checkout,version=v1,not-{}!=x", number % 10).parse().unwrap();
        (plan.wait_period, plan.stable_for) = (Duration::from_secs(20), Duration::from_secs(10));
        Gate::new(plan)
    });
    let run = judge_deciders(connection, gates.collect(), &mut Counting::default(), never()).await;
    assert!(run.gates.iter().all(|gate| gate.outcome.verdict == Verdict::Healthy));
    let mut watches: BTreeMap<(String, String), usize> = BTreeMap::new();
    for request in running.requests() {
        if request.query.contains("watch=true") {
            let selector = request.query.split("labelSelector=").nth(1).unwrap_or_default().to_owned();
            *watches.entry((request.path, selector)).or_default() += 1;
        }
    }
    assert_eq!(watches.len(), 6 + 10, "six kinds that all share, and the pods of each selection: {watches:?}");
    assert!(watches.values().all(|count| *count == 1), "{watches:?}");
    // 16 LISTs, 16 watches, what proves them, for each gate a confirming LIST of its pods, and one of each kind for all.
    let requests = running.request_count();
    assert!((232..=300).contains(&requests), "{requests}");
}

/// The most memory that the process ever held, in KiB, as the kernel counts it.
#[cfg(target_os = "linux")]
#[test]
fn two_hundred_gates_fit_into_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = String::new();
    for _ in 0..GATES {
        manifest.push_str("---\napp: payments\nversion: v1\nnamespace: rec-crash-loop\ndelay: 2s\n");
    }
    let path = folder.path().join("gates.yaml");
    std::fs::write(&path, manifest).unwrap();
    let mut child = crate::cli::crashgate(&["check", "-f", path.to_str().unwrap()])
        .args(["--rehearse", "tests/recordings/crash-loop.ndjson"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // The kernel's word goes with the process: the last one before its end counts.
    let mut kib: u64 = 0;
    let exit_code = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            kib = peak.trim().trim_end_matches(" kB").parse().unwrap();
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(exit_code, Some(1), "every gate ends with the crash of the recording");
    // Tests are built without optimisation, which makes code bigger and never what it holds smaller.
    assert!(kib > 0, "the process was seen");
    assert!(kib < 150 * 1024, "{kib} KiB");
    println!("200 gates: {} MiB at most, unoptimised", kib / 1024);
}
