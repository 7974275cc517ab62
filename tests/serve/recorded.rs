//! Gates that stand, over recordings of real clusters.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::Hub;
use crashgate::cluster::signals;
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Pin;
use crashgate::sandbox::{Begin, Options, Sandbox};
use crashgate::serve::{Call, GateView, Gates, Mode, Plans, Registry, Settings};
use tokio::time::{Instant, sleep_until};

use super::world::words;
use crate::recording::replay::{Row, rows};

fn pin(row: &Row) -> Pin {
    let kind = match row.recording.split_once('-').map_or("", |(kind, _)| kind) {
        "statefulset" => WorkloadKind::StatefulSet,
        "daemonset" => WorkloadKind::DaemonSet,
        "job" => WorkloadKind::Job,
        "rollout" => WorkloadKind::Rollout,
        "cloneset" => WorkloadKind::CloneSet,
        "flagger" => WorkloadKind::Canary,
        _ => WorkloadKind::Deployment,
    };
    // Two workloads run side by side there.
    let is_one_of_two = ["canary-crash", "canary-healthy", "old-version-crashes-new-fine"].contains(&&*row.recording);
    let name = if is_one_of_two { format!("{}-{}", row.plan.app, row.plan.version) } else { row.plan.app.clone() };
    Pin { kind, name }
}

/// The plan of a row as a file says it.
fn yaml(row: &Row, with_version: bool) -> String {
    let plan = &row.plan;
    let mut text = format!(
        "delay: {}s\nwaitPeriod: {}s\nstableFor: {}s\nmaxRestarts: {}\n",
        plan.delay.as_secs(),
        plan.wait_period.as_secs(),
        plan.stable_for.as_secs(),
        plan.max_restarts
    );
    if with_version {
        writeln!(text, "version: {}", plan.version).unwrap();
    }
    if !plan.grace.is_empty() {
        text += "grace:\n";
        for (grace, time) in &plan.grace {
            writeln!(text, "  {}: {}s", grace.name(), time.as_secs()).unwrap();
        }
    }
    if plan.until == crashgate::gate::spec::Until::Promoted {
        text += "until: promoted\n";
    }
    text
}

/// What is told of a call, and the last view.
async fn story(row: &Row, with_version: bool, mode: Mode, longer: Duration) -> (Vec<String>, GateView) {
    let path = Path::new("tests/recordings").join(format!("{}.ndjson", row.recording));
    let sandbox = Sandbox::load(&path).unwrap();
    let length = sandbox.length();
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.yaml"), yaml(row, with_version)).unwrap();
    let plans = Arc::new(Plans::open(folder.path().to_owned(), |_| None).unwrap());
    let hub = Arc::new(Hub::new(connection));
    let registry = Registry::new(hub, plans, Settings::default(), signals::never()).unwrap();
    running.start();
    let start = Instant::now();
    let call = Call {
        plan: "p".to_owned(),
        namespace: row.plan.namespace.clone(),
        workload: Some(pin(row)),
        revision: None,
        run: None,
        mode,
    };
    let mut receiver = registry.call(call).unwrap();
    let mut story: Vec<String> = Vec::new();
    loop {
        let view = receiver.borrow_and_update().clone();
        let said = words(&view);
        if story.last().is_none_or(|last| last.split_once(' ').unwrap().1 != said) {
            story.push(format!("{} {said}", start.elapsed().as_secs()));
        }
        if mode == Mode::Once && view.verdict.is_some() {
            return (story, view);
        }
        tokio::select! {
            biased;
            changed = receiver.changed() => changed.unwrap(),
            () = sleep_until(start + length + longer) => return (story, view),
        }
    }
}

/// How a story is told where its seconds do not matter.
fn course(story: &[String]) -> String {
    let mut said: Vec<&str> = story.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    said.dedup();
    said.join(" ")
}

fn row(recording: &str) -> Row {
    rows().into_iter().find(|row| row.recording == recording).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_recording_is_judged_once_as_the_table_says() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for row in rows() {
        let (story, view) = story(&row, true, Mode::Once, Duration::from_mins(2)).await;
        let code = view.verdict.map(Verdict::exit_code);
        if !code.is_some_and(|code| row.exit_codes.contains(&code)) {
            wrong.push(format!("{} {}: {story:?}, and not {:?}", row.recording, row.plan.version, row.exit_codes));
        }
        judged += 1;
    }
    assert!(wrong.is_empty() && judged >= 72, "{judged}: {wrong:#?}");
}

/// Recordings, how long all of them must stay well in a round, and what is told of a gate without a version that stands over
/// the whole of them and a minute longer.
const STANDING: [(&str, u64, &str); 12] = [
    ("healthy", 10, "pending healthy"),
    ("crash-loop", 10, "pending failed"),
    // It passes, and crashes after that.
    ("crash-once-per-40s", 5, "pending healthy failed"),
    ("second-container-late-crash", 5, "pending healthy failed"),
    // The image is changed under the same version, to one that can be pulled: another gate.
    ("image-fixed", 10, "pending failed pending healthy"),
    // Whoever waits hears of the revision that followed.
    ("superseded", 10, "pending healthy"),
    ("readiness-flaps", 10, "pending timed-out healthy"),
    ("quota-no-pods", 10, "pending platform"),
    ("zero-replicas", 10, "pending nothing-matched"),
    ("nothing-matches", 10, "pending nothing-matched"),
    ("daemonset-healthy", 10, "pending healthy"),
    ("job-completes", 10, "pending healthy"),
];

#[tokio::test(start_paused = true)]
async fn gates_stand_over_recordings_of_real_clusters() {
    let mut wrong = Vec::new();
    for (recording, stable_for, expected) in STANDING {
        let mut row = row(recording);
        row.plan.stable_for = Duration::from_secs(stable_for);
        let (story, _) = story(&row, false, Mode::Standing, Duration::from_mins(1)).await;
        if course(&story) != expected {
            wrong.push(format!("{recording}: {story:?}, and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What controllers of every kind call their revisions.
#[tokio::test(start_paused = true)]
async fn a_revision_is_called_as_its_controller_calls_it() {
    const NAMES: [(&str, &str); 7] = [
        ("healthy", "767d7b6f95"),
        ("statefulset-second-crashes", "ledger-69c4d7c6b7"),
        ("daemonset-healthy", "7d94c57877"),
        ("rollout-canary-step", "66bf74479"),
        ("rollout-workloadref", "6df79f9cf8"),
        ("cloneset-inplace", "cart-7795764476"),
        ("flagger-canary-ok", "6d8fb95c85"),
    ];
    for (recording, name) in NAMES {
        // It stands so on the pods of the recording, and nothing else is called so.
        let told = fs::read_to_string(format!("tests/recordings/{recording}.ndjson")).unwrap();
        assert!(told.contains(name), "{recording}");
        let (_, view) = story(&row(recording), false, Mode::Standing, Duration::from_mins(1)).await;
        assert_eq!(view.revision.as_deref(), Some(name), "{recording}");
    }
    let (_, view) = story(&row("job-completes"), false, Mode::Standing, Duration::ZERO).await;
    let fingerprint = view.revision.unwrap();
    assert!(fingerprint.len() == 16 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()), "{fingerprint}");
}
