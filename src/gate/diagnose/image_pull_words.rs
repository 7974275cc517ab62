//! Telling why an image could not be pulled: the reference taken apart, the registry's answer, what to do.

use super::image_pull;
use crate::gate::model::{Container, image_ref};
use crate::gate::result::Code;

/// The words that say why: those of the state where they do, else those of the event.
#[must_use]
pub fn quoted<'a>(state: &'a str, event: Option<&'a str>, reference: &str) -> &'a str {
    if image_pull::read_pull_error(state, reference).is_some() { state } else { event.unwrap_or(state) }
}

/// What is wrong with the image, as the rest of a sentence that begins with the container.
#[must_use]
pub fn in_words(code: Code, quoted: &str, reference: &str) -> String {
    let answer = answer(quoted, reference);
    let parts = image_ref::split(reference);
    let (registry, repository) = parts.home();
    let what = parts.what();
    match code {
        Code::ImageNameInvalid => {
            let why = quoted
                .rsplit_once("invalid reference format")
                .map_or("", |(_, why)| why.trim_start_matches([':', ' ']));
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            format!("has an image reference that cannot be parsed, `{reference}`{why}")
        }
        Code::ImageNeverPull => {
            format!("needs image {reference}, which is not on the node, and imagePullPolicy Never forbids to pull it")
        }
        Code::ImageNotFound if is_about_platform(quoted) => {
            format!(
                "needs image {reference}, which registry {registry} has, but not for the node's processor: {answer}"
            )
        }
        Code::ImageNotFound => format!(
            "needs image {reference}, but registry {registry} has no {what} of repository {repository}; it says: {answer}"
        ),
        Code::ImagePullDenied => format!(
            "needs image {reference}, but registry {registry} refuses access to repository {repository}; it says: {answer}"
        ),
        _ if answer.is_empty() => format!("cannot get image {reference}, and its node does not say why"),
        _ => format!("cannot get image {reference} from registry {registry}: {answer}"),
    }
}

/// What to do about it.
#[must_use]
pub fn advice(code: Code, quoted: &str, container: &Container, pod: &str, namespace: &str) -> String {
    let Container { name, image: reference, .. } = container;
    let parts = image_ref::split(reference);
    let (registry, repository) = parts.home();
    match code {
        Code::ImageNotFound if is_about_platform(quoted) => format!(
            "Build and push {reference} for the nodes' processors (`docker buildx build --platform …`): `kubectl get nodes -L kubernetes.io/arch`"
        ),
        Code::ImageNotFound => format!(
            "Push {} of {}, or correct `image:` of container {name}. The tags that exist: `crane ls {}`, or `skopeo list-tags docker://{}`",
            parts.what(),
            parts.name,
            parts.name,
            parts.name
        ),
        Code::ImagePullDenied => format!(
            "Give the pod an `imagePullSecrets` entry for {registry} that may read {repository}. What it has: `kubectl get pod -n {namespace} {pod} -o jsonpath='{{.spec.imagePullSecrets}}'`"
        ),
        Code::ImageNameInvalid => format!(
            "Correct `image:` of container {name}: registry/repository:tag, the repository in lower case; then deploy again."
        ),
        Code::ImageNeverPull => {
            format!("Load {reference} onto the node, or set `imagePullPolicy: IfNotPresent` of container {name}.")
        }
        Code::RegistryUnavailable => format!(
            "Check {registry} and the network between it and the node, then run the gate again. The pod's events: `kubectl describe pod -n {namespace} {pod}`"
        ),
        _ => code.row().next_step.to_owned(),
    }
}

fn is_about_platform(quoted: &str) -> bool {
    let text = quoted.to_lowercase();
    ["no match for platform", "no matching manifest for"].iter().any(|phrase| text.contains(phrase))
}

/// The registry's words without the layers through which they came, and without the reference, which was said already.
fn answer<'a>(message: &'a str, reference: &str) -> &'a str {
    const LAYERS: [&str; 4] =
        ["failed to resolve image: ", "failed to resolve reference ", "failed to copy: ", " desc = "];
    let message = message
        .strip_prefix("Back-off pulling image ")
        .map_or(message, |rest| rest.split_once(": ").map_or("", |(_, cause)| cause));
    let said = LAYERS.iter().find_map(|layer| message.split_once(layer)).map_or(message, |(_, rest)| rest).trim();
    let said = said.trim_start_matches('"');
    let rest = said.strip_prefix(reference).map(|rest| rest.trim_start_matches(['"', ':', ' ']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(said)
}

#[cfg(test)]
mod tests {
    use super::{advice, answer, in_words, quoted};
    use crate::gate::model::{Container, Probes, Role};
    use crate::gate::result::Code;

    const IMAGE: &str = "registry:5000/shop/cart:1.8.4";

    #[test]
    fn the_reference_is_taken_apart_and_the_answer_kept() {
        let said = format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{IMAGE}\": failed to resolve image: {IMAGE}: not found"
        );
        assert_eq!(
            in_words(Code::ImageNotFound, &said, IMAGE),
            "needs image registry:5000/shop/cart:1.8.4, but registry registry:5000 has no tag 1.8.4 of repository shop/cart; it says: not found"
        );
        assert_eq!(
            in_words(Code::ImagePullDenied, "pull access denied, insufficient_scope: authorization failed", "shop/x"),
            "needs image shop/x, but registry docker.io refuses access to repository shop/x; it says: pull access denied, insufficient_scope: authorization failed"
        );
        assert_eq!(
            in_words(Code::ImageNotFound, "no match for platform in manifest: not found", "a:1"),
            "needs image a:1, which registry docker.io has, but not for the node's processor: no match for platform in manifest: not found"
        );
        assert_eq!(
            in_words(
                Code::ImageNameInvalid,
                "couldn't parse image name \"A::b\": invalid reference format: no",
                "A::b"
            ),
            "has an image reference that cannot be parsed, `A::b`: no"
        );
    }

    #[test]
    fn where_nobody_says_why_that_is_said() {
        let words = |quoted: &str| in_words(Code::RegistryUnavailable, quoted, IMAGE);
        assert_eq!(
            words("Back-off pulling image \"registry:5000/shop/cart:1.8.4\""),
            format!("cannot get image {IMAGE}, and its node does not say why")
        );
        assert_eq!(words("i/o timeout"), format!("cannot get image {IMAGE} from registry registry:5000: i/o timeout"));
    }

    #[test]
    fn what_to_do_depends_on_the_registrys_answer() {
        let container = Container {
            name: "app".to_owned(),
            role: Role::App,
            image: IMAGE.to_owned(),
            restart_policy: None,
            memory_limit: None,
            requests: std::collections::BTreeMap::new(),
            restart_rules: Vec::new(),
            resize: None,
            in_place: None,
            probes: Probes::default(),
            status: None,
        };
        for (code, quoted, part) in [
            (Code::ImageNotFound, "not found", "Push tag 1.8.4 of registry:5000/shop/cart"),
            (Code::ImageNotFound, "no match for platform in manifest", "Build and push"),
            (Code::ImagePullDenied, "denied", "`imagePullSecrets` entry for registry:5000 that may read shop/cart"),
            (Code::ImageNameInvalid, "", "Correct `image:` of container app"),
            (Code::ImageNeverPull, "", "Load registry:5000/shop/cart:1.8.4 onto the node"),
            (Code::RegistryUnavailable, "", "Check registry:5000 and the network between it and the node"),
        ] {
            let said = advice(code, quoted, &container, "a", "shop");
            assert!(said.contains(part), "{code}: {said}");
        }
    }

    #[test]
    fn a_bare_back_off_is_explained_by_the_event() {
        let back_off = format!("Back-off pulling image \"{IMAGE}\"");
        let event = "Failed to pull image: not found";
        assert_eq!(quoted(&back_off, Some(event), IMAGE), event);
        assert_eq!(quoted(&back_off, None, IMAGE), back_off);
        assert_eq!(answer(&back_off, IMAGE), "");
    }
}
