//! `StatefulSet` and `DaemonSet`.

use serde_json::json;

use crate::suite::ask::check;
use crate::suite::condition::Condition::Ready;
use crate::suite::expect::Holds::{Container, ExitStatus, Names, ReadyPods};
use crate::suite::expect::{failed, healthy, nothing_matched};
use crate::suite::objects::{SERVES, daemon_set, pod, probed, stateful_set, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

pub fn stories() -> Vec<Story> {
    let serving = |version: &str| stateful_set("ledger", version, 2, pod([probed(SERVES)]));
    let on_delete = |version: &str| {
        let mut set = serving(version);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        set
    };
    vec![
        Story::new(
            "statefulset-healthy",
            "a StatefulSet of 2 comes up in order",
            check("ledger", "v1").timed(),
            healthy().holds([ReadyPods(2)]),
        )
        .applying([serving("v1")]),
        Story::new(
            "statefulset-second-crashes",
            "ordinal 0 of a StatefulSet of 3 is fine, ordinal 1 crashes, ordinal 2 is never created",
            check("ledger", "v1").timed(),
            failed(&["CrashLoop"]).holds([Names("ledger-1"), Container("app"), ExitStatus(1)]),
        )
        .applying([stateful_set("ledger", "v1", 3, {
            let script = format!(
                "case $POD in *-1) sleep 2; echo 'fatal: replication slot is already active' >&2; exit 1;; esac; {SERVES}"
            );
            let name = json!({"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}});
            pod([with(probed(&script), "env", json!([name]))])
        })])
        .recorded("statefulset-second-crashes"),
        Story::new(
            "statefulset-on-delete",
            "the template of a StatefulSet that updates OnDelete changes to v2: no pod of v2 comes",
            check("ledger", "v2").and("--stable-for 5s --wait-period 25s"),
            nothing_matched(&["UpdateBlocked"]),
        )
        .applying([on_delete("v1")])
        .before(Step::until(Ready { pods: "app=ledger,version=v1", count: 2 }))
        .applying([on_delete("v2")])
        .recorded("statefulset-on-delete"),
        Story::new(
            "daemonset-healthy",
            "a DaemonSet becomes ready on every node that takes it",
            check("search", "v1").timed(),
            healthy(),
        )
        .applying([daemon_set("search", "v1", pod([probed(SERVES)]))])
        .recorded("daemonset-healthy"),
    ]
}
