//! What is said with few rights: as a service account, with a token of its own.

use crate::suite::ask::{ask, check};
use crate::suite::condition::Condition::NoPods;
use crate::suite::expect::Holds::{ReadyPods, Shows, Stdout, Warning};
use crate::suite::expect::{exit, failed, healthy, inconclusive};
use crate::suite::objects::{CRASHES, SERVES, container, deployment, pod, probed, reader};
use crate::suite::step::Step;
use crate::suite::story::{Rehearsal, Story};

pub fn stories() -> Vec<Story> {
    let checkout = || deployment("checkout", "v1", 3, pod([probed(SERVES)]));
    vec![
        Story::new(
            "rights-least",
            "a service account with no more than manifests/rbac.yaml judges a healthy app",
            check("checkout", "v1").timed().acting_as("crashgate"),
            healthy().holds([ReadyPods(3)]),
        )
        .before(Step::ApplyFile("manifests/rbac.yaml"))
        .applying([checkout()]),
        Story::new(
            "rights-least-crash",
            "the same account names a crash with the last log lines",
            check("payments", "v1").timed().acting_as("crashgate"),
            failed(&["CrashLoop"]).holds([Shows("DATABASE_URL is not set")]),
        )
        .before(Step::ApplyFile("manifests/rbac.yaml"))
        .applying([deployment("payments", "v1", 1, pod([container("app", CRASHES)]))]),
        Story::new(
            "rights-no-watch",
            "the account may get and list, but not watch: crashgate polls, and says so",
            check("checkout", "v1").timed().acting_as("reader"),
            healthy().holds([ReadyPods(3), Warning("WatchForbidden")]),
        )
        .applying(reader("reader", &["get", "list"]))
        .applying([checkout()])
        .rehearsed(Rehearsal {
            recording: Some("healthy"),
            faults: Some("faults: [{verb: watch, fault: status, code: 403}]"),
            ..Rehearsal::default()
        }),
        Story::new(
            "rights-none",
            "the account may do nothing: crashgate says which rule is missing",
            check("checkout", "v1").and("--stable-for 5s --wait-period 15s").acting_as("nobody"),
            inconclusive(&["Forbidden"]).holds([Shows("resources: [\"pods\"]"), Warning("EventsForbidden")]),
        )
        .applying(reader("nobody", &[]))
        .applying([checkout()])
        .rehearsed(Rehearsal {
            recording: Some("healthy"),
            faults: Some(
                "faults: [{verb: list, fault: status, code: 403}, {verb: watch, fault: status, code: 403}, \
                 {verb: get, fault: status, code: 403}]",
            ),
            ..Rehearsal::default()
        }),
        Story::new(
            "rights-run",
            "a service account with no more than manifests/rbac-run.yaml runs a pod",
            ask("run {image} -n {ns} --security root --pull-policy IfNotPresent --timeout 90s -o raw --command -- /bin/sh -c")
                .word("echo out of the pod")
                .acting_as("crashgate"),
            exit(0).holds([Stdout("out of the pod\n")]).within(110),
        )
        .before(Step::ApplyFile("manifests/rbac.yaml"))
        .before(Step::ApplyFile("manifests/rbac-run.yaml"))
        .after(Step::soon(NoPods)),
    ]
}
