//! Gates of what runs, and of what is deployed from a file.

use crate::suite::ask::ask;
use crate::suite::condition::Condition::Ready;
use crate::suite::expect::Holds::{Gates, Names, ReadyPods, Says};
use crate::suite::expect::{failed, healthy};
use crate::suite::objects::{CRASHES, SERVES, container, deployment, deployment_of, pod, probed};
use crate::suite::step::Step;
use crate::suite::story::{Rehearsal, Story};

pub fn stories() -> Vec<Story> {
    let checkout = || deployment("checkout", "v1", 3, pod([probed(SERVES)]));
    vec![
        Story::new(
            "live-workload",
            "a running Deployment is gated by its present template",
            ask("check deployment/checkout -n {ns} --delay 2s").timed(),
            healthy().holds([ReadyPods(3), Says("v1")]),
        )
        .applying([checkout()])
        .recorded("healthy"),
        Story::new(
            "live-all",
            "every workload of the namespace is gated: one is healthy, one crashes",
            ask("check --all -n {ns} --delay 2s").timed(),
            failed(&["CrashLoop"]).holds([Gates(2), Names("checkout-v2-")]),
        )
        .applying([deployment_of("checkout", "checkout", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=checkout,version=v1", count: 2 }))
        .applying([deployment_of("checkout-v2", "checkout", "v2", 1, pod([container("app", CRASHES)]))])
        .rehearsed(Rehearsal { recording: Some("canary-crash"), at: Some("15s"), ..Rehearsal::default() }),
        Story::new(
            "file-before-apply",
            "crashgate reads the Deployment's own manifest, and runs before it is applied",
            ask("check -f {objects} -n {ns} --delay 2s").timed().objects(vec![checkout()]),
            healthy().holds([ReadyPods(3)]),
        )
        .during(Step::Written("checkout"))
        .during(Step::Apply(vec![checkout()]))
        .recorded("healthy"),
        Story::new(
            "file-after-apply",
            "crashgate reads the manifest of a Deployment that was just applied, and crashes",
            ask("check -f {objects} -n {ns} --delay 2s").timed().objects(vec![deployment(
                "payments",
                "v1",
                2,
                pod([container("app", CRASHES)]),
            )]),
            failed(&["CrashLoop"]).holds([Names("payments-")]),
        )
        .applying([deployment("payments", "v1", 2, pod([container("app", CRASHES)]))])
        .recorded("crash-loop"),
    ]
}
