//! A Kubernetes manifest in the place of a gate: app, version, namespace and pin come from the workload itself.

use crate::gate::evaluate::{Speaker, version};
use crate::gate::model::{Role, TemplateContainer, WorkloadKind, image_ref, is_dns_name};
use crate::gate::spec::{ManifestTemplate, Until};

use super::definitions::Key;
use super::diagnostics::{Message, Place, Problems, Reported, quoted};
use super::draft::Draft;
use super::node::{Node, Value};
use super::objects::Template;
use super::overrides::Overrides;
use super::references::Reference;

/// The label keys that hold an app's name, the best one first.
pub(super) const APP_LABELS: [&str; 2] = ["app.kubernetes.io/name", "app"];
/// The label keys that hold an app's version, the best one first.
pub(super) const VERSION_LABELS: [&str; 2] = ["app.kubernetes.io/version", "version"];

/// Reads a workload. What a flag says is not asked of it.
pub(super) fn read(
    kind: WorkloadKind,
    root: &Node,
    template: Template<'_>,
    flags: &Overrides,
    problems: &mut Problems,
) -> Draft {
    let mut reader = Reader { flags, draft: flags.draft(), problems, broken_template: None };
    let name = root.at(&["metadata", "name"]);
    if !kind.can_be_promoted() {
        // The flag is for those of the file that are delivered in steps. For all others a whole rollout is what is asked.
        reader.draft.plan.until = Until::Step;
    }
    if !flags.has(Key::Workload) {
        match name.and_then(Node::text).filter(|name| is_dns_name(name)) {
            Some(name) => reader.take(Key::Workload, &format!("{kind}/{name}"), root.place),
            None => reader.refuse(
                Key::Workload,
                name.map_or(root.place, |name| name.place),
                format!("the {} has no usable `metadata.name`, by which its pods are found", kind.kind()),
                "give it a name of lower-case letters, digits, `-` and `.`, or give `--workload`",
            ),
        }
    }
    // The object that has the template.
    let pods = match template {
        Template::Own => Some(root),
        Template::Lent(lender) => lender,
    };
    if !flags.has(Key::App) {
        reader.app(kind, pods.unwrap_or(root), name);
    }
    if let Some(pods) = pods {
        let containers = reader.containers(kind, pods);
        let version_label = reader.version(pods, name, &containers);
        let images = containers.into_iter().map(|container| (container.name, container.image)).collect();
        reader.draft.plan.template = Some(ManifestTemplate { images, version_label });
    } else if !flags.has(Key::Version) {
        let lender = Reference::read(root, &["workloadRef"]).map_or_else(String::new, |lender| lender.words());
        reader.refuse(
            Key::Version,
            root.at(&["spec", "workloadRef"]).map_or(root.place, |node| node.place),
            format!("the {} has its pod template in {lender}, which is not in this file", kind.kind()),
            "add that object to the file, or give `--version`",
        );
    }
    match root.at(&["metadata", "namespace"]) {
        _ if flags.has(Key::Namespace) => {}
        Some(namespace) => reader.take(Key::Namespace, namespace.text().unwrap_or_default(), namespace.place),
        None => reader.refuse(
            Key::Namespace,
            name.map_or(root.place, |name| name.place),
            format!("the {} has no `metadata.namespace`", kind.kind()),
            "add it, or give `--namespace shop`",
        ),
    }
    reader.draft
}

struct Reader<'r> {
    flags: &'r Overrides,
    draft: Draft,
    problems: &'r mut Problems,
    /// A container of the template lacks something, or there is none.
    broken_template: Option<Reported>,
}

impl Reader<'_> {
    fn app(&mut self, kind: WorkloadKind, root: &Node, name: Option<&Node>) {
        if let Some((key, label)) = template_label(root, &APP_LABELS) {
            if !self.flags.has_entry("labels.app") {
                key.clone_into(&mut self.draft.app_label);
            }
            self.take(Key::App, label.text().unwrap_or_default(), label.place);
        } else if let Some(name) = name {
            self.take(Key::App, name.text().unwrap_or_default(), name.place);
        } else {
            self.refuse(
                Key::App,
                root.place,
                format!("the {} has neither a `metadata.name` nor an app label on its pod template", kind.kind()),
                "add one of them, or give `--app checkout`",
            );
        }
    }

    /// Returns all containers of the template, init containers first. What one of them lacks is reported, and empty.
    fn containers(&mut self, kind: WorkloadKind, root: &Node) -> Vec<TemplateContainer> {
        let spec = root.at(&["spec", "template", "spec"]);
        let list = |key: &str| match spec.and_then(|spec| spec.get(key)).map(|list| &list.value) {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        let (init, app) = (list("initContainers"), list("containers"));
        if app.is_empty() {
            let place = root.at(&["spec", "template"]).or(root.get("spec")).map_or(root.place, |node| node.place);
            self.tell_template(
                place,
                format!("the {} has no container in `spec.template.spec.containers`", kind.kind()),
                "write the whole workload, as `helm template` or `kubectl get -o yaml` give it",
            );
        }
        let mut containers = Vec::new();
        for (item, is_init) in init.iter().map(|item| (item, true)).chain(app.iter().map(|item| (item, false))) {
            let restarts = item.get("restartPolicy").and_then(Node::text) == Some("Always");
            let role = match (is_init, restarts) {
                (true, true) => Role::Sidecar,
                (true, false) => Role::Init,
                (false, _) => Role::App,
            };
            let (name, image) = (self.word(item, "name"), self.word(item, "image"));
            containers.push(TemplateContainer { name, role, image });
        }
        containers
    }

    /// Returns the name or image of a container; empty where it has none, which is reported.
    fn word(&mut self, container: &Node, key: &str) -> String {
        let node = container.get(key);
        let place = node.map_or(container.place, |node| node.place);
        match node.and_then(Node::text).map(str::trim).filter(|text| !text.is_empty()) {
            None => {
                let sentence = format!("a container of the pod template has no `{key}`");
                self.tell_template(place, sentence, format!("give it `{key}`"));
                String::new()
            }
            Some(text) if text.contains("${") => {
                self.tell_template(
                    place,
                    format!("{} is a variable, and in a Kubernetes manifest nothing fills it in", quoted(text)),
                    "render the manifest first: kubectl would take it as it is",
                );
                String::new()
            }
            Some(text) => text.to_owned(),
        }
    }

    /// Reads the version. Returns true if a label of the template has it.
    fn version(&mut self, root: &Node, name: Option<&Node>, containers: &[TemplateContainer]) -> bool {
        let flags = self.flags;
        let asked = flags.version_label();
        let label = match asked {
            Some(key) => template_label(root, &[key]),
            None if flags.has(Key::Version) => template_label(root, &[Key::Version.name()]),
            None => template_label(root, &VERSION_LABELS),
        };
        if let Some(version) = flags.version() {
            // The label would speak against the flag in the cluster too, to the end of the wait.
            if let Some((key, label)) = label.filter(|(_, label)| label.text() != Some(version)) {
                self.refuse(
                    Key::Version,
                    label.place,
                    format!(
                        "`--version` is {}, and the label {key} of the pod template {}",
                        quoted(version),
                        quoted(label.text().unwrap_or_default())
                    ),
                    "leave out `--version`, or name the label that holds the version with `--labels version=KEY`",
                );
            }
            return label.is_some();
        }
        if flags.has(Key::Version) {
            // Said badly, which is reported with the flags.
            return false;
        }
        if let Some((key, label)) = label {
            if asked.is_none() {
                key.clone_into(&mut self.draft.plan.version_label);
            }
            self.take(Key::Version, label.text().unwrap_or_default(), label.place);
            return true;
        }
        self.version_of_image(root, name, containers);
        false
    }

    /// Reads the version from the image of the app's own container.
    fn version_of_image(&mut self, root: &Node, name: Option<&Node>, containers: &[TemplateContainer]) {
        let names: Vec<&str> = template_label(root, &APP_LABELS)
            .and_then(|(_, label)| label.text())
            .into_iter()
            .chain(name.and_then(Node::text))
            .collect();
        let main = root
            .at(&["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/default-container"])
            .and_then(Node::text);
        let all = containers.iter().map(Speaker::from).collect();
        let own = version::own(all, main, &names, self.flags.ignored_containers()).containers;
        if let Some(reported) = self.broken_template
            && (containers.is_empty() || own.iter().any(|container| container.image.is_empty()))
        {
            return self.draft.mention(Key::Version.name(), Err(reported));
        }
        let place_of = |container: &Speaker<'_>| image_place(root, container.name).unwrap_or(root.place);
        let mut versions: Vec<Option<&str>> = own.iter().map(|container| version_of_image(container.image)).collect();
        versions.dedup();
        match (own.as_slice(), versions.as_slice()) {
            ([first, ..], [Some(version)]) => self.take(Key::Version, version, place_of(first)),
            ([first, ..], [None]) => self.refuse(
                Key::Version,
                place_of(first),
                format!(
                    "the image {} has neither tag nor digest, and the template no version label",
                    quoted(first.image)
                ),
                "give the image a tag, label the template with `app.kubernetes.io/version`, or give `--version`",
            ),
            ([first, ..], _) => {
                let images: Vec<_> = own
                    .iter()
                    .map(|container| format!("{} ({})", quoted(container.name), quoted(container.image)))
                    .collect();
                self.refuse(
                    Key::Version,
                    place_of(first),
                    format!(
                        "it is unclear which of the containers {} is the app's, and so which image holds the version",
                        images.join(", ")
                    ),
                    "give `--version`, label the template with `app.kubernetes.io/version`, or name the container in the template's annotation `kubectl.kubernetes.io/default-container`",
                );
            }
            ([], _) => self.refuse(
                Key::Version,
                root.place,
                "every container is ignored, and the template has no version label".to_owned(),
                "give `--version`, or label the template with `app.kubernetes.io/version`",
            ),
        }
    }

    fn take(&mut self, key: Key, text: &str, place: Place) {
        if text.contains("${") {
            let flag = key.flag().unwrap_or(key.name());
            return self.refuse(
                key,
                place,
                format!("{} is a variable, and in a Kubernetes manifest nothing fills it in", quoted(text)),
                format!("render the manifest first (kubectl would take it as it is), or give `{flag}`"),
            );
        }
        let taken = self.draft.take(key.name(), key.name(), key.definition(), text);
        let mention = taken.map(|()| Some(place)).map_err(|message| self.problems.report(place, message));
        self.draft.mention(key.name(), mention);
    }

    fn refuse(&mut self, key: Key, place: Place, sentence: String, remedy: impl Into<String>) {
        let reported = self.problems.report(place, Message::new(sentence, remedy));
        self.draft.mention(key.name(), Err(reported));
    }

    fn tell_template(&mut self, place: Place, sentence: String, remedy: impl Into<String>) {
        self.broken_template = Some(self.problems.report(place, Message::new(sentence, remedy)));
    }
}

/// The first of these labels that the pod template carries.
fn template_label<'n, 'k>(root: &'n Node, keys: &[&'k str]) -> Option<(&'k str, &'n Node)> {
    let labels = root.at(&["spec", "template", "metadata", "labels"])?;
    keys.iter().find_map(|key| Some((*key, labels.get(key)?)))
}

/// Where the image of the container of that name stands.
fn image_place(root: &Node, name: &str) -> Option<Place> {
    let Value::List(items) = &root.at(&["spec", "template", "spec", "containers"])?.value else { return None };
    let item = items.iter().find(|item| item.get("name").and_then(Node::text).map(str::trim) == Some(name))?;
    item.get("image").map(|image| image.place)
}

/// The tag of an image, else its digest.
pub(super) fn version_of_image(image: &str) -> Option<&str> {
    let parts = image_ref::split(image);
    parts.tag.filter(|tag| !tag.is_empty()).or(parts.digest).filter(|version| !version.is_empty())
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
