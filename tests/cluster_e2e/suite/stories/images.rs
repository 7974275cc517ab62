//! Images that cannot be had.

use serde_json::Value;

use crate::suite::ask::check;
use crate::suite::condition::Condition::Waits;
use crate::suite::expect::Holds::{Container, Shows};
use crate::suite::expect::{failed, healthy, platform};
use crate::suite::objects::{SERVES, container, deployment, pod, probed, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

/// A Deployment of this image.
fn cart(image: &str, policy: &str) -> Value {
    let app = with(container("app", SERVES), "image", image);
    deployment("cart", "v2", 1, pod([with(app, "imagePullPolicy", policy)]))
}

pub fn stories() -> Vec<Story> {
    vec![
        Story::new(
            "image-never-pull",
            "the image is not on the node, and may not be pulled",
            check("cart", "v2").timed(),
            failed(&["ImageNeverPull"]).holds([Container("app"), Shows("crashgate-e2e.invalid/cart:v2")]),
        )
        .applying([cart("crashgate-e2e.invalid/cart:v2", "Never")]),
        Story::new(
            "image-name-invalid",
            "the image reference cannot be parsed",
            check("cart", "v2").timed(),
            failed(&["ImageNameInvalid"]).holds([Container("app")]),
        )
        .applying([cart("Shop/Cart:::v2", "IfNotPresent")])
        .recorded("invalid-image-name"),
        Story::new(
            "registry-unreachable",
            "nothing listens where the image's registry should be",
            check("cart", "v2").and("--stable-for 5s --wait-period 30s"),
            platform(&["RegistryUnavailable"]).holds([Container("app")]),
        )
        // A connection that is refused at once, by the node itself: no name is looked up.
        .applying([cart("127.0.0.1:1/shop/cart:v2", "IfNotPresent")]),
        Story::new(
            "image-fixed",
            "the image is wrong at first and corrected while crashgate waits, within the grace",
            check("cart", "v2").timed().and("--grace ImagePull=50s"),
            healthy(),
        )
        .applying([cart("Shop/Cart:::v2", "IfNotPresent")])
        .during(Step::until(Waits { pods: "app=cart", reason: "InvalidImageName" }))
        .during(Step::Named("app=cart"))
        .during(Step::Apply(vec![deployment("cart", "v2", 1, pod([probed(SERVES)]))]))
        .recorded("image-fixed"),
    ]
}

/// What needs a network. Nodes pull one image after the other, and without a network a pull can take half a minute: these
/// come last, so that they hold up no other story.
pub fn of_a_registry() -> Vec<Story> {
    vec![
        Story::new(
            "image-not-found",
            "the registry of the suite's image is asked for a tag that it does not have",
            check("cart", "v2").and("--stable-for 5s --wait-period 40s"),
            failed(&["ImageNotFound", "ImagePullDenied"])
                .holds([Container("app")])
                .skip_on("RegistryUnavailable", "the node reaches no registry"),
        )
        .applying([cart("{repository}:crashgate-e2e-no-such-tag", "Always")])
        .recorded("image-not-found"),
    ]
}
