//! Outages with all timings as they are by default (`delay` 10 s, 60 s to wait, 30 s to stay stable), in virtual time: a
//! healthy app passes, late by no more than the outage and five seconds, within its budget; and an app that broke while
//! nobody could look never does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::sandbox::{Begin, Faults, Options, Sandbox};

use super::stub::Counting;

/// How a gate ended, and what that took.
struct Said {
    outcome: Outcome,
    requests: u64,
}

/// Judges the recorded app with these faults, all else by default.
async fn judge(recording: &str, app: &str, faults: &str) -> Said {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{recording}.ndjson"));
    let sandbox = Sandbox::load(&path).unwrap();
    let plan = Plan::new(app, "v1", &sandbox.header().namespace);
    let defaults = (plan.delay, plan.wait_period, plan.stable_for);
    assert_eq!(defaults, (Duration::from_secs(10), Duration::from_mins(1), Duration::from_secs(30)));
    let faults = if faults.is_empty() { Faults::default() } else { format!("faults:\n{faults}").parse().unwrap() };
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, faults, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let run = judge_deciders(connection, vec![Gate::new(plan)], &mut Counting::default(), never()).await;
    Said { outcome: run.gates[0].outcome.clone(), requests: run.gates[0].requests }
}

async fn healthy(faults: &str) -> Said {
    judge("healthy", "checkout", faults).await
}

/// 16 to start, two in each `delay`, and the opening burst again once a minute. The version was not asked for here.
fn bound(outcome: &Outcome, bursts: u64) -> u64 {
    16 + 2 * (outcome.decided_after.as_secs() + 1) / 10 + 16 * bursts
}

/// Asserts a pass that is late by no more than `lost` seconds and five.
async fn passes(name: &str, faults: &str, lost: u64) {
    let without = healthy("").await.outcome.decided_after;
    let said = healthy(faults).await;
    let outcome = &said.outcome;
    let findings: Vec<&str> = outcome.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{name}: after {:?}: {findings:?}", outcome.decided_after);
    let latest = without + Duration::from_secs(lost + 5);
    assert!(outcome.decided_after <= latest, "{name}: {:?}, and {without:?} without", outcome.decided_after);
    let bursts = 1 + outcome.decided_after.as_secs() / 60;
    assert!(said.requests <= bound(outcome, bursts), "{name}: {} requests", said.requests);
}

#[tokio::test(start_paused = true)]
async fn without_a_fault_a_pass_costs_no_more_than_the_start_and_two_a_delay() {
    let said = healthy("").await;
    assert_eq!(said.outcome.verdict, Verdict::Healthy, "{:?}", said.outcome);
    assert!(said.outcome.decided_after < Duration::from_secs(39), "{:?}", said.outcome.decided_after);
    assert!(said.requests <= bound(&said.outcome, 0), "{}", said.requests);
    assert!(said.outcome.warnings.is_empty(), "{:?}", said.outcome.warnings);
}

#[tokio::test(start_paused = true)]
async fn one_cut_of_all_watches_costs_nothing() {
    for at in [0, 1, 3, 6, 9, 12, 20, 30, 37, 38] {
        passes(&format!("a cut at {at} s"), &format!("- {{at: {at}s, for: 100ms, verb: watch, fault: cut}}"), 0).await;
        passes(&format!("an end at {at} s"), &format!("- {{at: {at}s, for: 100ms, verb: watch, fault: truncate}}"), 0)
            .await;
        passes(&format!("410 at {at} s"), &format!("- {{at: {at}s, for: 100ms, verb: watch, fault: gone}}"), 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_for_four_seconds_costs_no_verdict() {
    for at in [0, 2, 5, 7, 9, 15, 25, 34, 36, 37, 38] {
        passes(&format!("away at {at} s"), &format!("- {{at: {at}s, fault: restart, lasts: 4s}}"), 4).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_outages_within_a_minute_cost_no_verdict() {
    let faults = "- {at: 10s, fault: restart, lasts: 4s}\n- {at: 30s, fault: restart, lasts: 4s}";
    // The second one earns no burst, and waits for what the budget earns.
    passes("two outages", faults, 20).await;
}

/// What a stopping API server was seen to do: it ends its watches within 20 s and takes no new requests, then nobody is
/// there for some seconds.
fn drain(at: u64, busy: bool) -> String {
    let mut rules: Vec<String> = ["pods", "deployments", "replicasets", "events"]
        .iter()
        .enumerate()
        .map(|(turn, kind)| {
            let at = at + 6 * turn as u64;
            format!("- {{at: {at}s, for: 100ms, verb: watch, path: '*/{kind}', fault: truncate}}")
        })
        .collect();
    if busy {
        rules.push(format!("- {{at: {at}s, for: 20s, fault: status, code: 429, retryAfter: 1s}}"));
    }
    rules.push(format!("- {{at: {}s, fault: restart, lasts: 5s}}", at + 20));
    rules.join("\n")
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_drains_before_it_restarts_costs_no_verdict() {
    for at in [5, 9, 12, 20, 30, 36] {
        passes(&format!("drain at {at} s"), &drain(at, false), 25).await;
        // One that refuses for 20 s while the pass is being confirmed can use up what the last seconds before the gate's end
        // would need: that verdict may be lost.
        if at < 36 {
            passes(&format!("busy drain at {at} s"), &drain(at, true), 25).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_cuts_every_stream_costs_no_verdict() {
    for seconds in [1, 5, 10, 20, 30] {
        let faults: Vec<String> = (1..100 / seconds)
            .map(|turn| format!("- {{at: {}s, for: 50ms, verb: watch, fault: cut}}", turn * seconds))
            .collect();
        // Where no watch lives long enough, lists tell of the owners in every second `delay`.
        let late = if seconds < 10 { 20 } else { 0 };
        passes(&format!("a cut every {seconds} s"), &faults.join("\n"), late).await;
    }
}

#[tokio::test(start_paused = true)]
async fn watches_that_are_of_no_use_cost_no_verdict() {
    // Without watches the pods are seen to be ready up to a `delay` later, and their owners up to two.
    for (name, fault) in [
        ("closed at their first line", "truncate"),
        ("cut at once", "cut"),
        ("410 as status", "expired"),
        ("410 in the stream", "gone"),
        ("too large version", "too-large-version"),
        ("forbidden", "status, code: 403"),
        ("never opened", "stall"),
        ("500 as status", "status, code: 500"),
    ] {
        passes(name, &format!("- {{verb: watch, fault: {fault}}}"), 20).await;
    }
    let said = healthy("- {verb: watch, fault: expired}").await;
    let mut told: Vec<&str> = said.outcome.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(
        told.iter().any(|words| words.starts_with("pods in namespace") && words.contains("listed every 10 s")),
        "{told:?}"
    );
    told.dedup();
    assert_eq!(told.len(), said.outcome.warnings.len(), "once each: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn rights_that_come_late_cost_no_verdict() {
    for seconds in [1, 3, 5] {
        passes("a late RoleBinding", &format!("- {{for: {seconds}s, fault: status, code: 403}}"), seconds + 3).await;
        passes("late credentials", &format!("- {{for: {seconds}s, fault: status, code: 401}}"), seconds + 3).await;
        let in_between = format!(
            "- {{at: 20s, for: {seconds}s, verb: watch, fault: cut}}\n- {{at: 20s, for: {seconds}s, fault: status, code: 403}}"
        );
        passes("a restarting server without its rules", &in_between, seconds + 3).await;
    }
    let said = healthy("- {fault: status, code: 403, message: 'pods is forbidden: User \"ci\"'}").await;
    let lead = &said.outcome.findings[0];
    assert_eq!((said.outcome.verdict, lead.code), (Verdict::Inconclusive, Code::Forbidden));
    assert!(lead.message.contains("User \"ci\""), "{}", lead.message);
    assert!(lead.next_step.contains("resources: [\"pods\"]"), "{}", lead.next_step);
    assert!(said.outcome.decided_after <= Duration::from_secs(10), "{:?}", said.outcome.decided_after);
    assert!(said.requests <= bound(&said.outcome, 0), "{}", said.requests);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_broke_while_nobody_could_look_never_passes() {
    // The crashes and the losses of readiness of these recordings happen in the dark, whenever it falls.
    for (recording, app, verdict) in [
        ("late-crash", "checkout", Verdict::Failed),
        ("crash-loop", "payments", Verdict::Failed),
        ("liveness-kill", "payments", Verdict::Failed),
    ] {
        let usual = judge(recording, app, "").await.outcome;
        assert_eq!(usual.verdict, verdict, "{recording}: {:?}", usual.findings);
        for at in (0..36).step_by(3) {
            for lasts in [2, 4, 8, 25] {
                let said = judge(recording, app, &format!("- {{at: {at}s, fault: restart, lasts: {lasts}s}}")).await;
                assert!(
                    said.outcome.verdict == verdict || said.outcome.verdict == Verdict::Inconclusive,
                    "{recording} in the dark from {at} s for {lasts} s: {}",
                    said.outcome.verdict
                );
                if lasts <= 4 {
                    assert_eq!(
                        said.outcome.verdict, verdict,
                        "{recording} at {at} s for {lasts} s: {:?}",
                        said.outcome.findings
                    );
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_watch_is_allowed_the_kinds_that_own_nothing_are_not_listed_again_and_again() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/healthy.ndjson");
    let sandbox = Sandbox::load(&path).unwrap();
    let mut plan = Plan::new("checkout", "v1", &sandbox.header().namespace);
    plan.stable_for = Duration::from_secs(200);
    let faults = "faults:\n- {verb: watch, fault: status, code: 403}\n".parse().unwrap();
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, faults, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let run = judge_deciders(connection, vec![Gate::new(plan)], &mut Counting::default(), never()).await;
    let outcome = &run.gates[0].outcome;
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    assert!(outcome.decided_after < Duration::from_secs(225), "{:?}", outcome.decided_after);
    assert!(run.gates[0].requests <= bound(outcome, 0), "{}", run.gates[0].requests);
    let lists = |resource: &str| {
        let is_list = |path: &str, query: &str| path.ends_with(resource) && !query.contains("watch=true");
        running.requests().iter().filter(|request| is_list(&request.path, &request.query)).count()
    };
    // The pods in each `delay`, what owns them in every second one; the others once, and once more to confirm.
    assert!(lists("/pods") >= 20 && lists("/deployments") >= 9 && lists("/replicasets") >= 9);
    for resource in ["/statefulsets", "/daemonsets", "/jobs"] {
        assert_eq!(lists(resource), 2, "{resource}");
    }
}
