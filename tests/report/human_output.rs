//! What a person reads at the end of each failing recording: the whole block, and the sentence that they need.

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::{GateRun, Run, Sink as _};
use crashgate::report::human::Human;
use crashgate::report::printer::{Look, Printer};

use crate::recording::replay::{Row, outcome, rows};
use crate::report::{Kept, sink};

/// Recording, and what its block must say. Line breaks count as blanks.
const SENTENCES: [(&str, &[&str]); 46] = [
    (
        "crash-loop",
        &[
            "container app ended with exit code 1, 2 s after its start",
            "fatal: DATABASE_URL is not set",
            "kubectl logs",
        ],
    ),
    ("crash-loop-exit-0", &["exit code 0", "although it should keep running", "stay in the foreground"]),
    (
        "oom-killed",
        &["container app was OOMKilled (exit code 137)", "memory limit of 32Mi", "`resources.limits.memory` of app"],
    ),
    (
        "image-not-found",
        &[
            "image registry.shop.example/shop/cart:1.8.4",
            "registry registry.shop.example has no tag 1.8.4 of repository shop/cart; it says: not found",
            "Push tag 1.8.4",
        ],
    ),
    ("invalid-image-name", &["`Shop/Cart:::v2`", "repository name (Cart) must be lowercase", "Correct `image:`"]),
    (
        "missing-configmap",
        &["needs ConfigMap checkout-config, which does not exist", "Create ConfigMap checkout-config in namespace"],
    ),
    (
        "missing-secret-volume",
        &["needs Secret payments-tls, which does not exist", "FailedMount", "Create Secret payments-tls in namespace"],
    ),
    (
        "bad-command",
        &[
            "could not be started",
            "/app/search-server: no such file or directory",
            "Correct `command:` of container app",
        ],
    ),
    (
        "init-crash",
        &["init container migrate ended with exit code 1", "relation accounts does not exist", "-c migrate --previous"],
    ),
    ("sidecar-crash", &["sidecar proxy ended with exit code 1", "cannot reach control plane at mesh.internal:15010"]),
    (
        "never-ready",
        &[
            "readiness probe does not succeed (GET /ready on port 8080): HTTP probe failed with statuscode: 404",
            "Unhealthy ×",
            "raise `waitPeriod`",
        ],
    ),
    (
        "liveness-kill",
        &[
            "killed (exit code 137, not out of memory) because its liveness probe failed (GET /healthz on port 8080)",
            "statuscode: 404",
            "every 2 s",
            "Correct `livenessProbe` of app",
        ],
    ),
    (
        "startup-probe-kill",
        &[
            "killed (exit code 0) because its startup probe failed (GET /started on port 8080)",
            "statuscode: 404",
            "failureThreshold",
        ],
    ),
    (
        "unschedulable-cpu",
        &[
            "the only node cannot run the pod: too little cpu (the pod asks for 64)",
            "`resources.requests.cpu` (now 64)",
        ],
    ),
    (
        "quota-no-pods",
        &[
            "deployment/cart cannot create its pods",
            "quota team-quota does not allow them (pods: 0 allowed, 0 used, 1 asked)",
            "kubectl describe resourcequota team-quota",
        ],
    ),
    ("late-crash", &["exit code 1, 13 s after its start", "fatal: lost connection to ledger-db:5432"]),
    ("one-crash-then-healthy", &["exit code 1", "dial tcp ledger-db:5432: connection refused"]),
    ("canary-crash", &["pod checkout-v2-", "fatal: DATABASE_URL is not set"]),
    ("rolling-update-stuck", &["payments v2", "fatal: unknown flag --enable-3ds"]),
    ("superseded", &["deployment/cart now runs v3 instead of v2", "version=v3", "kubectl rollout history"]),
    ("statefulset-second-crashes", &["pod ledger-1", "replication slot ledger_1 is already active", "Ready: 1 of 3"]),
    (
        "job-fails",
        &["job/ledger failed: BackoffLimitExceeded", "ended with exit code 1", "migration 0042_add_currency failed"],
    ),
    (
        "nothing-matches",
        &["app=checkout,version=v9", "namespace rec-nothing-matches has no workload at all", "--show-labels"],
    ),
    (
        "second-container-late-crash",
        &[
            "container audit-shipper ended with exit code 1, 25 s after its start",
            "broker audit-kafka:9092 closed the connection",
        ],
    ),
    (
        "sigkill-self",
        &["exit code 137 (SIGKILL: killed from outside, not by its memory limit)", "watchdog: no heartbeat"],
    ),
    ("segfault", &["exit code 139 (SIGSEGV: an invalid memory access), 2 s after its start"]),
    ("image-fixed", &["has no tag 1.8.4 of repository shop/cart; it says: not found", "Push tag 1.8.4"]),
    (
        "readiness-flaps",
        &["The same in 1 other pod", "container app lost its readiness 5 times (GET /ready on port 8080)"],
    ),
    (
        "init-crash-twice-then-fine",
        &["init container migrate ended with exit code 1, 1 s after its start", "ledger-db:5432 is starting up"],
    ),
    ("pvc-unbound", &["waits for its PersistentVolumeClaim ledger-data", "kubectl get storageclass"]),
    (
        "node-selector-no-node",
        &[
            "the only node cannot run the pod: labels that do not fit its nodeSelector or node affinity",
            "kubectl get nodes --show-labels",
        ],
    ),
    (
        "statefulset-on-delete",
        &[
            "statefulset/ledger updates pods only when they are deleted (updateStrategy OnDelete)",
            "Delete its pods of the old revision.",
            "kubectl get pods -n rec-statefulset-on-delete -L controller-revision-hash",
        ],
    ),
    ("recreate-strategy", &["payments v2", "fatal: unknown flag --enable-3ds"]),
    (
        "paused-deployment",
        &[
            "deployment/cart is paused, so no pod of its newest template is created",
            "kubectl rollout resume -n rec-paused-deployment deployment/cart",
        ],
    ),
    (
        "zero-replicas",
        &["deployment/search is scaled to 0", "kubectl scale -n rec-zero-replicas deployment/search --replicas=1"],
    ),
    (
        "liveness-kill-exit-0",
        &[
            "killed (exit code 0) because its liveness probe failed (GET /healthz on port 8080)",
            "SIGTERM received, draining",
            "fails after 2 failures in a row",
        ],
    ),
    ("node-lost", &["The same in 1 other pod", "node node1 does not respond, so the state of the pod is unknown"]),
    ("one-of-three-crashes", &["shard 7: checksum mismatch in segment 0x1f", "Ready: 1 of 3 pods"]),
    ("hostile-logs", &["container app ended with exit code 3", "password=*** token=***", "fatal: config rejected"]),
    ("old-version-crashes-new-fine", &["checkout v1", "fatal: DATABASE_URL is not set"]),
    (
        "exec-format-or-permission",
        &["could not be started: exec: \"/app/start.sh\": permission denied", "Make `/app/start.sh` executable"],
    ),
    ("exit-127", &["exit code 127 (command not found)", "/bin/sh: gunicorn: not found"]),
    ("crash-once-per-40s", &["exit code 1, 41 s after its start", "fatal: certificate of issuer-gw expired"]),
    ("rollout-canary-crash", &["container app ended with exit code 1", "fatal: DATABASE_URL is not set"]),
    (
        "rollout-aborted",
        &[
            "rollout/search aborted the update",
            "Metric \"error-rate\" assessed Failed due to failed (2) > failureLimit (1)",
            "kubectl describe rollout -n rec-rollout-aborted search",
        ],
    ),
    (
        "rollout-bluegreen-preview",
        &[
            "rollout/ledger has not promoted its newest template yet",
            "paused before it switches over to the new version",
        ],
    ),
];

fn failing() -> Vec<Row> {
    rows().into_iter().filter(|row| !row.exit_codes.contains(&0)).collect()
}

fn block(row: &Row, columns: usize, whole: bool) -> String {
    let outcome = outcome(&row.recording, row.plan.clone());
    let run = Run {
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        duration: outcome.decided_after,
        target: Target::default(),
        gates: vec![GateRun { plan: row.plan.clone(), outcome, requests: 0 }],
    };
    let (stdout, stderr) = (Kept::default(), Kept::default());
    let printer = Printer::to(Box::new(stdout.clone()), Box::new(stderr)).with_look(Look { columns, ..Look::PLAIN });
    sink(Human::new(printer).whole(whole)).end(&run);
    stdout.text()
}

#[test]
fn every_failing_recording_has_its_block() {
    let rows = failing();
    assert!(rows.len() >= 45, "{}", rows.len());
    for row in rows {
        for columns in [100, 60] {
            let text = block(&row, columns, false);
            assert!(text.lines().count() <= 25, "{} is too long:\n{text}", row.recording);
            assert!(text.contains("  Next: "), "{} has no next step", row.recording);
            if columns == 100 {
                insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots/recordings" }, {
                    insta::assert_snapshot!(row.recording.clone(), text);
                });
            }
        }
    }
}

#[test]
fn every_failing_recording_says_the_sentence_that_is_needed() {
    for row in failing() {
        let (_, sentences) = SENTENCES
            .iter()
            .find(|(recording, _)| *recording == row.recording)
            .unwrap_or_else(|| panic!("{} has no sentence in the table", row.recording));
        assert!(!sentences.is_empty(), "{}", row.recording);
        for columns in [120, 60] {
            let text = block(&row, columns, false);
            // Proof stands behind a label and a bar, which are no part of a sentence.
            let plain: Vec<&str> =
                text.lines().map(|line| line.split_once('│').map_or(line, |(_, proof)| proof)).collect();
            let plain = plain.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            for sentence in *sentences {
                assert!(plain.contains(sentence), "{} at {columns}: `{sentence}` is not in\n{text}", row.recording);
            }
        }
    }
}

/// What stands in backticks.
fn commands(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(|command| format!("`{command}`")).collect()
}

#[test]
fn a_command_to_copy_stands_on_one_line_however_narrow_the_terminal() {
    let mut seen = 0;
    for row in failing() {
        let lead = outcome(&row.recording, row.plan.clone()).findings.remove(0);
        for (columns, whole) in [(40, false), (60, false), (100, false), (80, true)] {
            let text = block(&row, columns, whole);
            for command in commands(&lead.next_step) {
                seen += 1;
                let is_whole = text.lines().any(|line| line.contains(&command));
                assert!(is_whole, "{} at {columns}: {command} is not on one line of\n{text}", row.recording);
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn with_verbose_nothing_is_left_out() {
    // What one of them writes is made inert before it is shown, and so is not what it was.
    for row in failing().into_iter().filter(|row| row.recording != "hostile-logs") {
        let outcome = outcome(&row.recording, row.plan.clone());
        let text = block(&row, 120, true).split_whitespace().collect::<Vec<_>>().join(" ").replace(" │ ", " ");
        for finding in &outcome.findings {
            for piece in &finding.evidence {
                for line in piece.text.lines() {
                    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
                    assert!(text.contains(&line), "{}: `{line}` is not in\n{text}", row.recording);
                }
            }
        }
    }
}
