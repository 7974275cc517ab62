//! What a plan takes from its workload as it is in the cluster: app, version and images, where nothing was said of them.

use std::collections::BTreeMap;

use crate::gate::evaluate::{Speaker, version};
use crate::gate::model::{Selector, Workload, is_label_value};
use crate::gate::spec::{ManifestTemplate, Pin, Plan};

use super::definitions::Key;
use super::draft::Draft;
use super::values;
use super::workload::{APP_LABELS, VERSION_LABELS, version_of_image};

/// What stands for an app or a version that is not known, or is of several workloads.
pub(super) const UNKNOWN: &str = "unknown";

/// What was said before the workload was seen, and is not taken from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'s> {
    /// The app.
    pub app: bool,
    /// The version: then it is waited for, whatever runs.
    pub version: bool,
    /// The labels of the pods.
    pub selector: bool,
    /// The key of the label that holds the app.
    pub app_label: Option<&'s str>,
    /// The key of the label that holds the version.
    pub version_label: Option<&'s str>,
}

/// Takes from the workload what was not said of it, and pins the plan to it. Returns what was taken, in words: `version v2, from
/// the label version of its template`.
pub(super) fn take_from(workload: &Workload, plan: &mut Plan, said: &Said<'_>) -> String {
    let mut taken = Vec::new();
    let mut app_label = said.app_label.unwrap_or("app");
    if !said.app {
        plan.app.clone_from(&workload.name);
        let label = match said.app_label {
            Some(key) => label(workload, &[key]),
            None => label(workload, &APP_LABELS),
        };
        if let Some((key, app)) = label {
            app_label = key;
            app.clone_into(&mut plan.app);
            if app != workload.name {
                taken.push(format!("app {app}, from the label {key} of its template"));
            }
        }
    }
    if !said.version {
        let label = match said.version_label {
            Some(key) => label(workload, &[key]),
            None => label(workload, &VERSION_LABELS),
        };
        let (version, origin) = match label {
            Some((key, version)) => {
                key.clone_into(&mut plan.version_label);
                (version.to_owned(), format!("from the label {key} of its template"))
            }
            None => version_of_images(workload, plan),
        };
        taken.push(format!("version {version}, {origin}"));
        plan.version = version;
        let containers = &workload.template.containers;
        let images: BTreeMap<_, _> =
            containers.iter().map(|container| (container.name.clone(), container.image.clone())).collect();
        plan.template = Some(ManifestTemplate { images, version_label: label.is_some() });
    }
    if !said.selector {
        plan.selector = Selector::equals([(app_label, &*plan.app), (&plan.version_label, &plan.version)]);
    }
    plan.workload = Some(Pin { kind: workload.kind, name: workload.name.clone() });
    taken.join("; ")
}

impl Draft {
    /// Gives a key a value that stands for what is not known yet, where nothing was said of it.
    pub(super) fn fill(&mut self, key: Key, text: &str) {
        if !self.has(key.name()) {
            // Each of them is a value that was read well before.
            let _ = self.take(key.name(), key.name(), key.definition(), text);
        }
    }
}

/// The first of these labels that the pod template carries with a value.
pub(super) fn label<'w, 'k>(workload: &'w Workload, keys: &[&'k str]) -> Option<(&'k str, &'w str)> {
    let labels = &workload.template.labels;
    let read = |key: &&'k str| Some((*key, labels.get(*key)?.as_str()));
    keys.iter().filter_map(read).find(|(_, value)| !value.is_empty() && is_label_value(value))
}

/// The version as the image of the app's own container has it, and where it comes from. The gate goes by all images of the
/// template, so that this is only what the version is called.
fn version_of_images(workload: &Workload, plan: &Plan) -> (String, String) {
    let template = &workload.template;
    let all: Vec<Speaker<'_>> = template.containers.iter().map(Speaker::from).collect();
    let names = [plan.app.as_str(), workload.name.as_str()];
    let own = version::own(all, template.main_container.as_deref(), &names, &plan.ignore_containers);
    let Some(first) = own.containers.first() else {
        return (UNKNOWN.to_owned(), "for its template has no container that is not ignored".to_owned());
    };
    let which = match own.containers.len() {
        1 => format!("its container {}", first.name),
        several => format!("its container {}, the first of {several}", first.name),
    };
    match version_of_image(first.image).and_then(|version| values::line("version", version).ok()) {
        Some(version) => (version, format!("from the image of {which}")),
        // What the kubelet pulls then.
        None => ("latest".to_owned(), format!("for the image of {which} has no tag")),
    }
}
