//! The whole text of verdict blocks, at the width of a CI log and of a narrow terminal.

use std::time::Duration;

use crashgate::cluster::drive::Run;
use crashgate::gate::model::Role;
use crashgate::gate::result::{Code, EvidenceKind, Finding, Notice, Outcome, SmokePassed, Verdict};

use super::build::{With as _, finding, gate, outcome, pod, run, verdict_of, warning};

/// Compares the block at both widths with the snapshots of that name, and checks what holds of every block.
fn check(name: &str, run: &Run) {
    for columns in [100, 60] {
        let text = verdict_of(run, columns);
        let blocks = run.gates.len();
        assert!(text.lines().count() <= 25 * blocks + 2 * blocks, "{name} is too long:\n{text}");
        for line in text.lines() {
            // A command to copy stands whole on a line of its own.
            let is_command = line.trim().starts_with('`') && line.trim_end_matches('.').ends_with('`');
            let words = if is_command { 1 } else { line.trim().split(' ').count() };
            assert!(line.chars().count() <= columns || words <= 3, "too wide: {line}");
            assert_eq!(line, line.trim_end(), "blanks at the end of a line");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(format!("{name}-{columns}"), text);
        });
    }
}

fn crash_loop() -> Finding {
    finding(Code::CrashLoop, "Container app ended with exit code 1, 2 s after its start: 1 crash, 0 are allowed.")
        .in_pod("payments-5949ff565-fnj7t", Some("node1"))
        .in_container(Role::App, "app")
        .of("deployment/payments")
        .also(&["payments-5949ff565-m5qgg"])
        .proof(EvidenceKind::Log, "payments v1 is starting\nreading the environment\nfatal: DATABASE_URL is not set\n")
        .proof(EvidenceKind::Event, "BackOff: Back-off restarting failed container app in pod payments-5949ff565-fnj7t_rec-crash-loop(9c5bbfa5-e144-4213-9545-80286b30b780)")
        .next("Read the last words of the container; mend what they name. `kubectl -n rec-crash-loop logs payments-5949ff565-fnj7t -c app --previous` shows the whole log.")
}

#[test]
fn crash_loop_with_a_log() {
    let mut outcome = outcome(Verdict::Failed, 4470, vec![crash_loop()]);
    outcome.pods = vec![
        pod("payments-5949ff565-fnj7t", "ended, exit code 1", false, 0, Some("node1")),
        pod("payments-5949ff565-m5qgg", "ended, exit code 1", false, 0, Some("node1")),
    ];
    check("crash-loop", &run(vec![gate("payments", "v1", "rec-crash-loop", outcome)]));
}

#[test]
fn a_long_log_and_many_findings_stay_on_one_screen() {
    let log: String = (1..=400).fold(String::new(), |log, n| {
        log + &format!("2026-01-02T03:04:{:02}Z INFO  worker {n}: took a job from the queue\n", n % 60)
    });
    let log = log
        + "java.lang.IllegalStateException: no broker answers at kafka.shop.svc:9092\n"
        + &"    at com.example.shop.Broker.connect(Broker.java:88)\n".repeat(30);
    let mut first = crash_loop()
        .proof(EvidenceKind::TerminationMessage, "no broker answers\nat kafka.shop.svc:9092")
        .proof(EvidenceKind::Probe, "liveness: GET /health on port 8080 every 10 s, 3 failures count");
    first.evidence[0].text = log;
    let mut findings = vec![first];
    for n in 0..8 {
        let message = "The pod runs, but its condition Ready is False: containers with unready status: [app]";
        findings.push(finding(Code::NotReady, message).in_pod(&format!("payments-5949ff565-{n}xxxx"), Some("node2")));
    }
    let mut outcome = outcome(Verdict::Failed, 64_470, findings);
    outcome.pods = (0..9)
        .map(|n| {
            pod(
                &format!("payments-5949ff565-{n}xxxx"),
                if n == 0 { "CrashLoopBackOff" } else { "running, not ready" },
                false,
                n,
                Some("node2"),
            )
        })
        .collect();
    outcome.wanted = Some(9);
    outcome.warnings =
        (0..7).map(|n| warning(Notice::NodesForbidden, &format!("nodes cannot be read ({n})"))).collect();
    check("long-log", &run(vec![gate("payments", "v1", "shop", outcome)]));
}

#[test]
fn out_of_memory() {
    let cause = finding(Code::OomKilled, "Container app outgrew its memory limit of 32Mi and was killed (OOMKilled, exit code 137): 1 crash, 0 are allowed.")
        .in_pod("ledger-6f9c7d5b8-qk2wz", Some("node1"))
        .in_container(Role::App, "app")
        .proof(EvidenceKind::Log, "ledger v1 is starting\nloading 48 MiB of accounts\n")
        .next("Raise `resources.limits.memory` of container app above 32Mi, or make the app use less.");
    let mut outcome = outcome(Verdict::Failed, 3310, vec![cause]);
    outcome.pods = vec![pod("ledger-6f9c7d5b8-qk2wz", "OOMKilled", false, 0, Some("node1"))];
    outcome.wanted = Some(1);
    check("oom-killed", &run(vec![gate("ledger", "v1", "rec-oom-killed", outcome)]));
}

#[test]
fn image_not_found_on_three_pods() {
    let cause = finding(Code::ImageNotFound, "The registry has no image registry.shop.example/shop/cart:1.8.4.")
        .in_pod("cart-787495c9cc-hjwp4", Some("node1"))
        .in_container(Role::App, "app")
        .also(&["cart-787495c9cc-p2dgc", "cart-787495c9cc-x9s8l"])
        .proof(EvidenceKind::Event, "Failed: Failed to pull image \"registry.shop.example/shop/cart:1.8.4\": rpc error: code = NotFound desc = failed to pull and unpack image \"registry.shop.example/shop/cart:1.8.4\": failed to resolve image: registry.shop.example/shop/cart:1.8.4: not found");
    let mut outcome = outcome(Verdict::Failed, 5620, vec![cause]);
    outcome.pods = ["hjwp4", "p2dgc", "x9s8l"]
        .map(|end| pod(&format!("cart-787495c9cc-{end}"), "ErrImagePull", false, 0, Some("node1")))
        .to_vec();
    outcome.wanted = Some(3);
    check("image-not-found", &run(vec![gate("cart", "v2", "rec-image-not-found", outcome)]));
}

#[test]
fn config_missing() {
    let cause = finding(Code::ConfigMissing, "ConfigMap checkout-config does not exist in namespace shop.")
        .in_pod("checkout-f76f88c9-998qf", Some("node1"))
        .in_container(Role::Init, "migrate")
        .also(&["a", "b", "c", "d", "e"].map(|end| match end {
            "a" => "checkout-f76f88c9-b69cq",
            "b" => "checkout-f76f88c9-c11aa",
            "c" => "checkout-f76f88c9-d22bb",
            "d" => "checkout-f76f88c9-e33cc",
            _ => "checkout-f76f88c9-f44dd",
        }))
        .proof(EvidenceKind::Event, "Failed: Error: configmap \"checkout-config\" not found")
        .next("Create ConfigMap checkout-config in namespace shop, or correct `envFrom:` of container migrate.");
    let mut outcome = outcome(Verdict::Failed, 17_320, vec![cause]);
    outcome.wanted = Some(6);
    outcome.pods = vec![
        pod("checkout-f76f88c9-998qf", "CreateContainerConfigError", false, 0, Some("node1")),
        pod("checkout-f76f88c9-b69cq", "CreateContainerConfigError", false, 0, Some("node1")),
    ];
    check("config-missing", &run(vec![gate("checkout", "v1", "shop", outcome)]));
}

#[test]
fn quota_with_no_pod() {
    let cause = finding(Code::QuotaExceeded, "ResourceQuota team-quota allows 0 pods, so that none can be created.")
        .of("deployment/cart")
        .proof(EvidenceKind::Status, "ReplicaFailure: pods \"cart-5dc768b957-j2ckk\" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=0, limited: pods=0")
        .next("Raise the quota: `kubectl -n rec-quota-no-pods describe quota team-quota` shows what is used.");
    check(
        "quota",
        &run(vec![gate("cart", "v1", "rec-quota-no-pods", outcome(Verdict::Platform, 60_030, vec![cause]))]),
    );
}

#[test]
fn unschedulable() {
    let cause = finding(Code::Unschedulable, "No node takes the pod: 1 of 1 has too little cpu.")
        .in_pod("ledger-74cd6d5bfd-glwx7", None)
        .proof(EvidenceKind::Status, "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
    let mut outcome = outcome(Verdict::Platform, 60_000, vec![cause]);
    outcome.wanted = Some(1);
    outcome.pods = vec![pod("ledger-74cd6d5bfd-glwx7", "Unschedulable", false, 0, None)];
    check("unschedulable", &run(vec![gate("ledger", "v1", "rec-unschedulable-cpu", outcome)]));
}

#[test]
fn not_ready_with_its_probe() {
    let cause = finding(Code::NotReady, "The pod runs but was not ready within 1 m: the readiness probe answers 404.")
        .in_pod("search-5c79f98f6-rhrs9", Some("node1"))
        .in_container(Role::App, "app")
        .proof(
            EvidenceKind::Probe,
            "readiness: GET /ready on port 8080, every 2 s, time-out 1 s, 3 failures in a row count",
        )
        .proof(EvidenceKind::Event, "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404 (×29)")
        .proof(EvidenceKind::Missing, "the log could not be read: pods/log is forbidden");
    let mut outcome = outcome(Verdict::TimedOut, 60_000, vec![cause]);
    outcome.ready = 1;
    outcome.pods = vec![
        pod("search-5c79f98f6-rhrs9", "running, not ready", false, 0, Some("node1")),
        pod("search-5c79f98f6-x75vn", "ready", true, 1, Some("node1")),
    ];
    outcome.warnings = vec![warning(
        Notice::EventsForbidden,
        "This identity may not list events; add the rule `events: get, list, watch` to its Role.",
    )];
    check("not-ready", &run(vec![gate("search", "v1", "rec-never-ready", outcome)]));
}

#[test]
fn superseded() {
    let cause = finding(Code::Superseded, "deployment/cart runs v3 now; v2 was never ready.").of("deployment/cart");
    check(
        "superseded",
        &run(vec![gate("cart", "v2", "rec-superseded", outcome(Verdict::Superseded, 19_140, vec![cause]))]),
    );
}

#[test]
fn nothing_matched() {
    let cause = finding(Code::NothingMatched, "No pod has the labels app=checkout,version=v9, and no workload's template has.")
        .proof(EvidenceKind::Status, "deployment/checkout has app=checkout,version=v8\ndeployment/checkout-worker has app=checkout,component=worker,version=v8");
    let mut outcome = outcome(Verdict::NothingMatched, 60_000, vec![cause]);
    outcome.wanted = None;
    check("nothing-matched", &run(vec![gate("checkout", "v9", "rec-nothing-matches", outcome)]));
}

#[test]
fn inconclusive() {
    let cause =
        finding(Code::ClusterUnreachable, "Listing pods failed: connect to https://10.0.0.1:6443: connection refused.");
    let mut outcome = outcome(Verdict::Inconclusive, 60_000, vec![cause]);
    outcome.wanted = None;
    check("inconclusive", &run(vec![gate("checkout", "v1", "shop", outcome)]));
}

#[test]
fn healthy_with_a_warning() {
    let mut healthy = outcome(Verdict::Healthy, 38_320, Vec::new());
    (healthy.ready, healthy.wanted) = (2, Some(2));
    healthy.warnings = vec![warning(
        Notice::RestartTolerated,
        "Container app of pod payments-6c5d8f7b9-abcde crashed once (exit code 1); maxRestarts allows 1.",
    )];
    check("healthy", &run(vec![gate("payments", "v1", "shop", healthy)]));
}

/// A way to bend a run.
type Bent<'a> = &'a dyn Fn(&mut Run);

fn outcome_of(run: &mut Run) -> &mut Outcome {
    &mut run.gates[0].outcome
}

#[test]
fn a_pass_names_what_it_proved() {
    let said = |change: Bent<'_>| {
        let mut healthy = outcome(Verdict::Healthy, 38_320, Vec::new());
        (healthy.ready, healthy.wanted) = (3, Some(3));
        let mut run = run(vec![gate("payments", "v1", "shop", healthy)]);
        change(&mut run);
        let text = verdict_of(&run, 120);
        text.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ")
    };
    let ready = "3 of 3 pods ready, without a break for 30 s.";
    let table: [(Bent<'_>, String); 5] = [
        (&|_| {}, format!("{ready} No container crashed, and a final read confirmed it.")),
        (
            &|run| (outcome_of(run).proved.crashes, outcome_of(run).proved.allowed) = (2, 1),
            format!("{ready} 2 crashes tolerated (1 allowed for each container), and a final read confirmed it."),
        ),
        (
            &|run| {
                outcome_of(run).proved.smoke =
                    Some(SmokePassed { image: "shop/smoke:1".to_owned(), ran_seconds: Some(4) });
            },
            format!(
                "{ready} No container crashed, and a final read confirmed it. \
                 The smoke run of shop/smoke:1 ended with exit code 0 after 4 s."
            ),
        ),
        (
            &|run| outcome_of(run).proved.promoted = vec!["rollout/payments".to_owned()],
            format!("{ready} No container crashed, and a final read confirmed it. rollout/payments has promoted it."),
        ),
        (&|run| outcome_of(run).ready = 0, "Completed. A final read confirmed it.".to_owned()),
    ];
    for (change, expected) in table {
        assert_eq!(said(change), expected);
    }
}

#[test]
fn several_gates() {
    let mut healthy = outcome(Verdict::Healthy, 38_320, Vec::new());
    (healthy.ready, healthy.wanted) = (2, Some(2));
    let mut at_once = gate("web", "v7", "shop", healthy.clone());
    at_once.plan.stable_for = Duration::ZERO;
    let failed = outcome(Verdict::Failed, 4470, vec![crash_loop()]);
    let gates =
        vec![gate("checkout", "v2", "shop", healthy), gate("payments", "v1", "rec-crash-loop", failed), at_once];
    check("several-gates", &run(gates));
}

#[test]
fn interrupted() {
    let mut outcome = outcome(Verdict::Interrupted, 12_000, Vec::new());
    outcome.ready = 1;
    outcome.pods =
        vec![pod("web-0", "ready", true, 0, Some("node1")), pod("web-1", "pulling the image", false, 0, Some("node1"))];
    check("interrupted", &run(vec![gate("web", "v1", "shop", outcome)]));
}
