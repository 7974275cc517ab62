//! `watch` and `pods`.

use crate::suite::ask::ask;
use crate::suite::condition::Condition::Ready;
use crate::suite::expect::Holds::{Event, Says};
use crate::suite::expect::exit;
use crate::suite::objects::{CRASHES, NEVER_READY, SERVES, container, deployment, pod, probed};
use crate::suite::step::Step;
use crate::suite::story::{Rehearsal, Story};

pub fn stories() -> Vec<Story> {
    vec![
        Story::new(
            "watch-until-crash",
            "a feed ends with 1 at the first crash loop",
            ask("watch -n {ns} --until-crash --for 120s -o json"),
            exit(1).holds([Event("created"), Event("ended"), Event("crash-loop")]).within(150),
        )
        .during(Step::Written("Watching namespace"))
        .during(Step::Apply(vec![deployment("payments", "v1", 1, pod([container("app", CRASHES)]))]))
        .recorded("crash-loop"),
        Story::new(
            "watch-deletion",
            "a feed tells of a pod that is deleted, and of its replacement",
            ask("watch -n {ns} --for 25s -o json --inventory {dir}/inventory.json"),
            exit(0).holds([Event("terminating"), Event("deleted"), Event("created")]),
        )
        .applying([deployment("checkout", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=checkout", count: 2 }))
        .during(Step::Named("app=checkout"))
        .during(Step::Kubectl("delete pod {pod:app=checkout} --wait=false"))
        .recorded("pod-deleted-by-user"),
        Story::new(
            "pods-all-running",
            "every pod runs and is ready",
            ask("pods -n {ns} --all-running"),
            exit(0).holds([Says("all 2 pods")]),
        )
        .applying([deployment("checkout", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=checkout", count: 2 }))
        .rehearsed(Rehearsal { recording: Some("pod-evicted"), at: Some("30s"), ..Rehearsal::default() }),
        Story::new(
            "pods-not-running",
            "pods run, but are not ready",
            ask("pods -n {ns} --all-running"),
            exit(1).holds([Says("search-")]),
        )
        .applying([deployment("search", "v1", 2, pod([probed(NEVER_READY)]))])
        .rehearsed(Rehearsal { recording: Some("never-ready"), at: Some("20s"), ..Rehearsal::default() }),
    ]
}
