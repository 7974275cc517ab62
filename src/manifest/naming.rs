//! What a gate of a workload is called, as its pod template alone tells it.

use std::collections::BTreeSet;

use crate::gate::evaluate::{Speaker, version};
use crate::gate::model::Workload;
use crate::gate::spec::Pin;

use super::definitions::Key;
use super::present::label;
use super::workload::{APP_LABELS, VERSION_LABELS, version_of_image};

/// What a gate of a workload is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The app: the value of its label, or else the workload's name.
    pub app: String,
    /// The key of the label of the template that has the app.
    pub app_label: Option<&'static str>,
    /// The version: the value of its label, or else the tag or digest that all images of the app's own containers have.
    /// `None` where neither tells it.
    pub version: Option<String>,
    /// The key of the label of the template that has the version.
    pub version_label: Option<&'static str>,
}

impl Naming {
    /// The names that a workload goes by. `workload` has the pod template, which for a Rollout with a `workloadRef` or a Canary
    /// is that of the workload it refers to.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        let app = label(workload, &APP_LABELS);
        let version = label(workload, &VERSION_LABELS);
        let name = app.map_or(&*workload.name, |(_, app)| app).to_owned();
        Self {
            app_label: app.and_then(|(key, _)| APP_LABELS.into_iter().find(|known| *known == key)),
            version: version.map(|(_, version)| version.to_owned()).or_else(|| version_of_images(workload, &name)),
            version_label: version.and_then(|(key, _)| VERSION_LABELS.into_iter().find(|known| *known == key)),
            app: name,
        }
    }

    /// Returns true where labels alone find the pods of each version.
    #[must_use]
    pub const fn has_labels(&self) -> bool {
        self.app_label.is_some() && self.version_label.is_some()
    }

    /// The keys of labels that are not those that a gate goes by where nothing is said of them, as `(app, KEY)` and
    /// `(version, KEY)`.
    #[must_use]
    pub fn other_labels(&self) -> Vec<(&'static str, &'static str)> {
        let both = [("app", self.app_label), ("version", self.version_label)];
        both.into_iter().filter_map(|(name, key)| Some((name, key.filter(|key| *key != name)?))).collect()
    }

    /// What flags have to say for a gate of this version in that namespace; `None` where the version is not told. `pin` is the
    /// workload that the gate is pinned to where labels do not find its pods.
    #[must_use]
    pub fn flags(&self, pin: &Pin, namespace: &str) -> Option<Vec<(Key, String)>> {
        let mut flags = vec![
            (Key::App, self.app.clone()),
            (Key::Version, self.version.clone()?),
            (Key::Namespace, namespace.to_owned()),
        ];
        let labels = self.other_labels().into_iter().map(|(name, key)| (Key::Labels, format!("{name}={key}")));
        flags.extend(labels);
        if !self.has_labels() {
            flags.push((Key::Workload, pin.to_string()));
        }
        Some(flags)
    }
}

/// The version that all images of the app's own containers have.
fn version_of_images(workload: &Workload, app: &str) -> Option<String> {
    let template = &workload.template;
    let all: Vec<Speaker<'_>> = template.containers.iter().map(Speaker::from).collect();
    let names = [app, workload.name.as_str()];
    let own = version::own(all, template.main_container.as_deref(), &names, &BTreeSet::new());
    let mut versions: Vec<&str> =
        own.containers.iter().map(|container| version_of_image(container.image)).collect::<Option<_>>()?;
    versions.dedup();
    match versions[..] {
        [version] if own.is_sure && is_plain(version) => Some(version.to_owned()),
        _ => None,
    }
}

/// True for text of the characters that tags and digests are made of.
fn is_plain(version: &str) -> bool {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || "._-+:".contains(c);
    !version.is_empty() && version.len() <= 200 && version.chars().all(is_of_it)
}
