//! What happens to healthy pods, and is not the app's fault.

use serde_json::json;

use crate::suite::ask::check;
use crate::suite::condition::Condition::Ready;
use crate::suite::expect::Holds::{ReadyPods, Warning};
use crate::suite::expect::healthy;
use crate::suite::objects::{SERVES, deployment, pod, probed, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

pub fn stories() -> Vec<Story> {
    let resizable = |policy: &str| {
        let resources =
            json!({"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}});
        let app = with(probed(SERVES), "resources", resources);
        let policies = json!([
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "memory", "restartPolicy": policy},
        ]);
        deployment("cart", "v1", 1, pod([with(app, "resizePolicy", policies)]))
    };
    vec![
        Story::new(
            "evicted",
            "2 healthy replicas; one is evicted through the eviction API while crashgate watches, and replaced",
            check("cart", "v1").and("--stable-for 15s --wait-period 90s"),
            healthy().holds([ReadyPods(2), Warning("PodDisrupted")]).within(130),
        )
        .applying([deployment("cart", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=cart", count: 2 }))
        .during(Step::Named("app=cart"))
        .during(Step::Evict("app=cart"))
        .recorded("pod-evicted"),
        Story::new(
            "pod-deleted",
            "2 healthy replicas; a user deletes one pod while crashgate watches, and it is replaced",
            check("checkout", "v1").and("--stable-for 15s --wait-period 90s"),
            healthy().holds([ReadyPods(2)]).within(130),
        )
        .applying([deployment("checkout", "v1", 2, pod([probed(SERVES)]))])
        .before(Step::until(Ready { pods: "app=checkout", count: 2 }))
        .during(Step::Named("app=checkout"))
        .during(Step::Kubectl("delete pod {pod:app=checkout} --wait=false"))
        .recorded("pod-deleted-by-user"),
        Story::new(
            "resized",
            "the CPU of a healthy pod is resized in place: nothing is restarted",
            check("cart", "v1").and("--stable-for 25s --wait-period 60s"),
            healthy().holds([ReadyPods(1)]).within(120),
        )
        .since(33)
        .applying([resizable("NotRequired")])
        .before(Step::until(Ready { pods: "app=cart", count: 1 }))
        .during(Step::Named("app=cart"))
        .during(Step::Resize { pod: "app=cart", resources: json!({"limits": {"cpu": "300m"}}) }),
        Story::new(
            "resized-with-restart",
            "the memory of a healthy pod is resized in place, and its resizePolicy asks for a restart: that is no crash",
            check("cart", "v1").and("--stable-for 25s --wait-period 90s"),
            healthy().holds([ReadyPods(1), Warning("RestartExcused")]).within(150),
        )
        .since(33)
        .applying([resizable("RestartContainer")])
        .before(Step::until(Ready { pods: "app=cart", count: 1 }))
        .during(Step::Named("app=cart"))
        .during(Step::Resize { pod: "app=cart", resources: json!({"limits": {"memory": "96Mi"}}) }),
    ]
}
