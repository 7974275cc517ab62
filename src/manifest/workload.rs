//! A Kubernetes manifest in the place of a gate: app, version, namespace and pin come from the workload itself.

use crate::gate::selector::is_dns_name;
use crate::gate::workload::WorkloadKind;

use super::diagnostics::{Fault, Place, Problem, quoted};
use super::draft::{Draft, Label, Overrides};
use super::keys::Key;
use super::node::{Node, Value};

/// A document that carries `apiVersion` or `kind`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Object<'n> {
    /// A workload that can be gated.
    Workload(WorkloadKind, &'n Node),
    /// Anything else, by its kind.
    Other(&'n str),
}

/// The label keys that hold an app's name, the best one first.
const APP_LABELS: [&str; 2] = ["app.kubernetes.io/name", "app"];
/// The label keys that hold an app's version, the best one first.
const VERSION_LABELS: [&str; 2] = ["app.kubernetes.io/version", "version"];

/// The Kubernetes objects in a document: none where it is a gate, several where it is a List.
///
/// # Errors
/// An object without a kind or a version, and a workload of a version that is long gone.
pub(super) fn objects(root: &Node) -> Result<Vec<Object<'_>>, Problem> {
    let (api_version, kind) = (root.get("apiVersion"), root.get("kind"));
    let (api_version, kind) = match (api_version, kind) {
        (None, None) => return Ok(Vec::new()),
        (Some(api_version), Some(kind)) => (api_version, kind),
        (Some(half), None) | (None, Some(half)) => {
            return Err(Problem::at(
                half.place,
                Fault::new(
                    "a Kubernetes manifest has both `apiVersion` and `kind`, and a gate neither",
                    "add the other one, as in `apiVersion: apps/v1` and `kind: Deployment`, or remove this one",
                ),
            ));
        }
    };
    let (Some(group), Some(kind)) = (api_version.text(), kind.text()) else {
        let fault = Fault::new("`apiVersion` and `kind` must be texts", "write them as in `apiVersion: apps/v1`");
        return Err(Problem::at(root.place, fault));
    };
    if let (Some(Value::List(items)), true) = (root.get("items").map(|items| &items.value), kind.ends_with("List")) {
        return items.iter().map(objects).collect::<Result<Vec<_>, _>>().map(|all| all.into_iter().flatten().collect());
    }
    let known = WorkloadKind::from_kind(kind).filter(|kind| *kind != WorkloadKind::ReplicaSet);
    let Some(known) = known else { return Ok(vec![Object::Other(kind)]) };
    let wanted = if known == WorkloadKind::Job { "batch/v1" } else { "apps/v1" };
    if group == wanted {
        return Ok(vec![Object::Workload(known, root)]);
    }
    // A custom resource may well be called StatefulSet; only Kubernetes' own groups are meant here.
    if group.contains('.') {
        return Ok(vec![Object::Other(kind)]);
    }
    Err(Problem::at(
        api_version.place,
        Fault::new(format!("{} has no {kind}", quoted(group)), format!("write `apiVersion: {wanted}`")),
    ))
}

/// Reads a workload. What a flag says is not asked of it.
pub(super) fn read(kind: WorkloadKind, root: &Node, flags: &Overrides, problems: &mut Vec<Problem>) -> Draft {
    let mut reader = Reader { draft: Draft::default(), problems };
    let name = root.at(&["metadata", "name"]);
    match name.and_then(Node::text).filter(|name| is_dns_name(name)) {
        Some(name) => reader.take(Key::Workload, &format!("{kind}/{name}"), root.place),
        None if flags.has(Key::Workload) => {}
        None => {
            reader.draft.give(Key::Workload, None);
            reader.tell(
                name.map_or(root.place, |name| name.place),
                format!("the {} has no usable `metadata.name`, by which its pods are found", kind.kind()),
                "give it a name of small letters, digits, `-` and `.`, or give `--workload`",
            );
        }
    }
    if !flags.has(Key::App) {
        reader.app(root, name);
    }
    if !flags.has(Key::Version) {
        reader.version(root);
    }
    match root.at(&["metadata", "namespace"]) {
        _ if flags.has(Key::Namespace) => {}
        Some(namespace) => reader.take(Key::Namespace, namespace.text().unwrap_or_default(), namespace.place),
        None => {
            reader.draft.give(Key::Namespace, None);
            reader.tell(
                name.map_or(root.place, |name| name.place),
                format!("the {} has no `metadata.namespace`", kind.kind()),
                "add it, or give `--namespace shop`",
            );
        }
    }
    reader.draft
}

struct Reader<'r> {
    draft: Draft,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn app(&mut self, root: &Node, name: Option<&Node>) {
        if let Some((key, label)) = template_label(root, APP_LABELS) {
            self.label(Label::App, key, label);
        } else if let Some(name) = name {
            self.take(Key::App, name.text().unwrap_or_default(), name.place);
        } else {
            // That the workload has no name is told already.
            self.draft.give(Key::App, None);
        }
    }

    fn version(&mut self, root: &Node) {
        if let Some((key, label)) = template_label(root, VERSION_LABELS) {
            return self.label(Label::Version, key, label);
        }
        self.draft.give(Key::Version, None);
        let containers = root.at(&["spec", "template", "spec", "containers"]);
        let first = match containers.map(|containers| &containers.value) {
            Some(Value::List(items)) => items.first(),
            _ => None,
        };
        let Some(image) = first.and_then(|container| container.get("image")) else {
            return self.tell(
                containers.map_or(root.place, |containers| containers.place),
                "the pod template has no container with an image, and no version label".to_owned(),
                "give `--version`, or label the template with `app.kubernetes.io/version`",
            );
        };
        let text = image.text().unwrap_or_default();
        match version_of_image(text) {
            Some(version) => self.take(Key::Version, version, image.place),
            None => self.tell(
                image.place,
                format!("the image {} has neither tag nor digest, and the template no version label", quoted(text)),
                "give the image a tag, label the template with `app.kubernetes.io/version`, or give `--version`",
            ),
        }
    }

    fn label(&mut self, label: Label, key: &str, value: &Node) {
        let of = match label {
            Label::App => Key::App,
            Label::Version => Key::Version,
        };
        // The key was compared with a table: it is one.
        let _ = self.draft.set_label(label, key, key);
        self.take(of, value.text().unwrap_or_default(), value.place);
    }

    fn take(&mut self, key: Key, text: &str, place: Place) {
        self.draft.give(key, Some(place));
        if text.contains("${") {
            return self.tell(
                place,
                format!("{} is a variable, and in a Kubernetes manifest nothing fills it in", quoted(text)),
                format!("render the manifest first (kubectl would take it as it is), or give `{}`", key.flag()),
            );
        }
        if let Err(fault) = self.draft.set(key, key.name(), text) {
            self.problems.push(Problem::at(place, fault));
        }
    }

    fn tell(&mut self, place: Place, sentence: String, remedy: impl Into<String>) {
        self.problems.push(Problem::at(place, Fault::new(sentence, remedy)));
    }
}

/// The first of these labels that the pod template carries.
fn template_label<'n>(root: &'n Node, keys: [&'static str; 2]) -> Option<(&'static str, &'n Node)> {
    let labels = root.at(&["spec", "template", "metadata", "labels"])?;
    keys.into_iter().find_map(|key| Some((key, labels.get(key)?)))
}

/// The tag of an image, else its digest. `registry:5000/app` has a port and no tag.
fn version_of_image(image: &str) -> Option<&str> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    last.split_once(':').map(|(_, tag)| tag).or(digest).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::version_of_image;

    #[test]
    fn the_version_of_an_image_is_its_tag_or_digest() {
        for (image, version) in [
            ("nginx:1.27", Some("1.27")),
            ("nginx", None),
            ("registry:5000/app", None),
            ("registry:5000/app:1", Some("1")),
            ("registry:5000/team/app@sha256:abc", Some("sha256:abc")),
            ("ghcr.io/team/app:v2@sha256:abc", Some("v2")),
            ("nginx:", None),
            ("", None),
        ] {
            assert_eq!(version_of_image(image), version, "{image}");
        }
    }
}
