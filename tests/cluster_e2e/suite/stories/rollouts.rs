//! One version beside or after another: canaries, rolling updates, what supersedes, blocks or hides a version.

use crate::suite::ask::check;
use crate::suite::condition::Condition::{Ready, Restarted};
use crate::suite::expect::Holds::{Container, ExitStatus, Names, ReadyPods, Shows};
use crate::suite::expect::{failed, healthy, nothing_matched, superseded};
use crate::suite::objects::{CRASHES, NEVER_READY, SERVES, container, deployment, deployment_of, pod, probed, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

#[expect(clippy::too_many_lines, reason = "a list of stories, one after the other")]
pub fn stories() -> Vec<Story> {
    let serving = |app: &str, version: &str, replicas| deployment(app, version, replicas, pod([probed(SERVES)]));
    let beside = |version: &str, script: &str| {
        deployment_of(&format!("checkout-{version}"), "checkout", version, 1, pod([container("app", script)]))
    };
    vec![
        Story::new(
            "canary-crash",
            "beside 2 healthy replicas of v1, the only replica of v2 crashes",
            check("checkout", "v2").timed(),
            failed(&["CrashLoop"]).holds([Names("checkout-v2-"), Container("app"), ExitStatus(1)]),
        )
        .applying([deployment_of("checkout-v1", "checkout", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=checkout,version=v1", count: 2 }))
        .applying([beside("v2", CRASHES)])
        .recorded("canary-crash"),
        Story::new(
            "old-version-crashes",
            "v1 crashes again and again in a Deployment of its own; v2 is healthy",
            check("checkout", "v2").timed(),
            healthy().holds([ReadyPods(2)]),
        )
        .applying([beside("v1", CRASHES)])
        .before(Step::until(Restarted { pods: "app=checkout,version=v1" }))
        .applying([deployment_of("checkout-v2", "checkout", "v2", 2, pod([probed(SERVES)]))])
        .recorded("old-version-crashes-new-fine"),
        Story::new(
            "rolling-update-stuck",
            "v1 is healthy; the template changes to v2, which crashes, while v1 still serves",
            check("payments", "v2").timed(),
            failed(&["CrashLoop"]).holds([Container("app"), ExitStatus(1)]),
        )
        .applying([serving("payments", "v1", 2)])
        .before(Step::until(Ready { pods: "app=payments,version=v1", count: 2 }))
        .applying([deployment("payments", "v2", 2, pod([probed(CRASHES)]))])
        .after(Step::soon(Ready { pods: "app=payments,version=v1", count: 2 }))
        .recorded("rolling-update-stuck"),
        Story::new(
            "rolling-update",
            "v1 is healthy; the template changes to v2, which is healthy too",
            check("checkout", "v2").timed(),
            healthy().holds([ReadyPods(2)]),
        )
        .applying([serving("checkout", "v1", 2)])
        .before(Step::until(Ready { pods: "app=checkout,version=v1", count: 2 }))
        .applying([serving("checkout", "v2", 2)]),
        Story::new(
            "superseded",
            "while crashgate waits for v2, v3 replaces it",
            check("cart", "v2").timed(),
            superseded(&["Superseded"]).holds([Shows("v3")]),
        )
        .applying([deployment("cart", "v2", 2, pod([probed(NEVER_READY)]))])
        .during(Step::Named("app=cart,version=v2"))
        .during(Step::Apply(vec![serving("cart", "v3", 2)]))
        .recorded("superseded"),
        Story::new(
            "workload-deleted",
            "while crashgate waits, the Deployment is deleted",
            check("cart", "v2").timed(),
            superseded(&["WorkloadDeleted"]),
        )
        .applying([deployment("cart", "v2", 1, pod([probed(NEVER_READY)]))])
        .during(Step::Named("app=cart,version=v2"))
        .during(Step::Kubectl("delete deployment cart --wait=false")),
        Story::new(
            "scaled-up",
            "2 healthy replicas are scaled to 5 while crashgate watches",
            check("search", "v1").and("--stable-for 12s --wait-period 60s"),
            healthy().holds([ReadyPods(5)]),
        )
        .applying([serving("search", "v1", 2)])
        .during(Step::Named("app=search"))
        .during(Step::Kubectl("scale deployment search --replicas=5"))
        .recorded("scaled-up"),
        Story::new(
            "scaled-to-zero",
            "the Deployment wants no pods",
            check("search", "v1").and("--stable-for 5s --wait-period 10s"),
            nothing_matched(&["ScaledToZero"]),
        )
        .applying([serving("search", "v1", 0)])
        .recorded("zero-replicas"),
        Story::new(
            "paused",
            "the template changes to v2 while the Deployment is paused",
            check("cart", "v2").and("--stable-for 5s --wait-period 20s"),
            nothing_matched(&["Paused"]),
        )
        .applying([serving("cart", "v1", 1)])
        .before(Step::until(Ready { pods: "app=cart,version=v1", count: 1 }))
        .applying([{
            let mut paused = serving("cart", "v2", 1);
            paused["spec"] = with(paused["spec"].take(), "paused", true);
            paused
        }])
        .recorded("paused-deployment"),
        Story::new(
            "wrong-version",
            "v1 runs, and v9 is asked for: the labels that are near are named",
            check("checkout", "v9").and("--stable-for 5s --wait-period 10s"),
            nothing_matched(&["NothingMatched"]).holds([Shows("version=v1")]),
        )
        .applying([serving("checkout", "v1", 1)])
        .recorded("healthy"),
    ]
}
