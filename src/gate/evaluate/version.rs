//! What speaks for the gated version: a version label, or else the images of the containers that are the app's.
//!
//! A label decides where there is one, for and against: an image tag never outvotes it. Images speak only where it is
//! plain whose they are, for the tag of a sidecar may be the version by chance.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::model::{Container, Pod, Role, Template, TemplateContainer, Test, Workload, WorkloadKind, image_ref};
use crate::gate::spec::Plan;

/// What a pod template, or a pod, says about its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is the gated version.
    Gated,
    /// It is another one: the value of its version label, or the tag or digest of its image.
    Other(String),
    /// It is not the template of the manifest: how they differ.
    OtherTemplate(String),
    /// Nothing tells: why not.
    Nothing(String),
}

/// A container, as far as it can speak for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaker<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its part in the pod.
    pub role: Role,
    /// Its image.
    pub image: &'a str,
}

impl<'a> From<&'a TemplateContainer> for Speaker<'a> {
    fn from(container: &'a TemplateContainer) -> Self {
        Self { name: &container.name, role: container.role, image: &container.image }
    }
}

impl<'a> From<&'a Container> for Speaker<'a> {
    fn from(container: &'a Container) -> Self {
        Self { name: &container.name, role: container.role, image: &container.image }
    }
}

/// What a workload's template says. Where the plan holds the images of a manifest, all of them must be there, by the
/// names of their containers; containers beside them were injected and say nothing.
#[must_use]
pub fn of_workload(workload: &Workload, plan: &Plan) -> Said {
    let template = &workload.template;
    if let Some(why) = is_another_revision(workload, plan) {
        return Said::OtherTemplate(why.to_owned());
    }
    let Some(manifest) = &plan.template else {
        let speakers = template.containers.iter().map(Speaker::from).collect();
        let names = [plan.app.as_str(), workload.name.as_str()];
        return said(&template.labels, speakers, template.main_container.as_deref(), &names, plan);
    };
    let label = template.labels.get(&plan.version_label);
    if let Some(label) = label.filter(|label| **label != plan.version) {
        return Said::Other(label.clone());
    }
    let mut differences: Vec<String> =
        manifest.images.iter().filter_map(|(name, wanted)| difference(template, name, wanted)).collect();
    if manifest.version_label && label.is_none() {
        differences.push(format!("it has no label {}", plan.version_label));
    }
    if differences.is_empty() { Said::Gated } else { Said::OtherTemplate(differences.join("; ")) }
}

/// Why this workload, pinned by its name, has another revision than the gated one; `None` where it has that one, or where the
/// plan names none.
fn is_another_revision(workload: &Workload, plan: &Plan) -> Option<&'static str> {
    let revision = plan.revision.as_ref()?;
    let is_pinned =
        || plan.workload.as_ref().is_some_and(|pin| (pin.kind, &pin.name) == (workload.kind, &workload.name));
    // The template of a Canary is that of its target, which has a UID of its own.
    let is_target_of_pin = || {
        let pin = plan.workload.as_ref().filter(|pin| pin.kind == WorkloadKind::Canary);
        let referrer = workload.referrer.as_ref();
        pin.zip(referrer).is_some_and(|(pin, referrer)| (pin.kind, &pin.name) == (referrer.kind, &referrer.name))
    };
    if workload.uid == revision.uid || is_target_of_pin() {
        (workload.template.fingerprint != revision.fingerprint).then_some("its pod template was changed")
    } else {
        is_pinned().then_some("it was deleted and created anew")
    }
}

/// What a pod by itself says, where its owner's template cannot be read or there is no owner.
#[must_use]
pub fn of_pod(pod: &Pod, plan: &Plan) -> Said {
    let speakers = pod.containers.iter().map(Speaker::from).collect();
    said(&pod.labels, speakers, pod.main_container.as_deref(), &[plan.app.as_str()], plan)
}

/// What the version of a workload's template is called, whichever it is: its version label, or else the tag or digest of
/// the image of the app's own container. `None` where nothing tells.
#[must_use]
pub fn name_of(workload: &Workload, plan: &Plan) -> Option<String> {
    let template = &workload.template;
    let speakers = template.containers.iter().map(Speaker::from).collect();
    name(&template.labels, speakers, template.main_container.as_deref(), plan)
}

/// The same of a pod by itself.
#[must_use]
pub fn name_of_pod(pod: &Pod, plan: &Plan) -> Option<String> {
    name(&pod.labels, pod.containers.iter().map(Speaker::from).collect(), pod.main_container.as_deref(), plan)
}

fn name(
    labels: &BTreeMap<String, String>,
    speakers: Vec<Speaker<'_>>,
    main: Option<&str>,
    plan: &Plan,
) -> Option<String> {
    if let Some(label) = labels.get(&plan.version_label) {
        return Some(label.clone());
    }
    let Own { containers, is_sure } = own(speakers, main, &[plan.app.as_str()], &plan.ignore_containers);
    let told = containers.first().filter(|_| is_sure).and_then(|speaker| tells(speaker.image).next());
    told.map(str::to_owned)
}

/// True where the pod cannot be of this template as it is: a label of the template has another value on it, or it runs
/// [another image](runs_another_image).
#[must_use]
pub fn contradicts(pod: &Pod, template: &Template) -> bool {
    let has = |(key, value): (&String, &String)| pod.labels.get(key) == Some(value);
    !template.labels.iter().all(has) || runs_another_image(pod, template)
}

/// True where a container of the pod has another tag or digest of the same repository than the template asks for: the
/// image of a pod can be changed in place, and its controller does not mind. What an admission webhook does (another
/// registry, a digest, an image for a placeholder) is no change.
#[must_use]
pub fn runs_another_image(pod: &Pod, template: &Template) -> bool {
    template.containers.iter().any(|asked| {
        let own = pod.containers.iter().find(|container| container.name == asked.name);
        own.is_some_and(|own| own.image != asked.image && is_another_of_its_repository(&own.image, &asked.image))
    })
}

fn is_another_of_its_repository(one: &str, other: &str) -> bool {
    let (one, other) = (image_ref::split(one), image_ref::split(other));
    let repository = |name: &str| name.rsplit_once('/').map_or(name, |(_, last)| last).to_owned();
    let differ = |one: Option<&str>, other: Option<&str>| one.is_some() && other.is_some() && one != other;
    repository(one.name) == repository(other.name) && (differ(one.tag, other.tag) || differ(one.digest, other.digest))
}

/// How the live container of this name differs from that of the manifest; `None` where it does not.
fn difference(template: &Template, name: &str, wanted: &str) -> Option<String> {
    let live = template.containers.iter().find(|container| container.name == name);
    match live {
        None => Some(format!("it has no container {name}")),
        Some(live) if is_same_image(wanted, &live.image) => None,
        Some(live) => Some(format!("container {name} has the image {} instead of {wanted}", live.image)),
    }
}

/// True where the live image is the one that the manifest names. An admission webhook may have added the digest to a
/// tag; that of `latest`, or of no tag at all, may be any day's.
fn is_same_image(wanted: &str, live: &str) -> bool {
    if wanted == live {
        return true;
    }
    let (wanted, live) = (image_ref::split(wanted), image_ref::split(live));
    wanted.digest.is_none()
        && wanted.tag.is_some_and(|tag| tag != "latest")
        && (wanted.name, wanted.tag) == (live.name, live.tag)
}

fn said(
    labels: &BTreeMap<String, String>,
    speakers: Vec<Speaker<'_>>,
    main: Option<&str>,
    names: &[&str],
    plan: &Plan,
) -> Said {
    if let Some(label) = labels.get(&plan.version_label) {
        return if *label == plan.version { Said::Gated } else { Said::Other(label.clone()) };
    }
    if plan.workload.is_none() && names_the_version(plan) {
        return Said::Gated;
    }
    let Own { containers: speakers, is_sure } = own(speakers, main, names, &plan.ignore_containers);
    let carries = |speaker: &Speaker<'_>| tells(speaker.image).any(|told| told == plan.version);
    let label = &plan.version_label;
    if speakers.is_empty() {
        return Said::Nothing(format!("no label {label}, and no container to read the version from"));
    }
    if speakers.iter().all(carries) {
        return Said::Gated;
    }
    if !is_sure && speakers.iter().any(carries) {
        let images: Vec<_> = speakers.iter().map(|speaker| format!("{} ({})", speaker.name, speaker.image)).collect();
        return Said::Nothing(format!(
            "no label {label}, and it is unclear which container is the app's: {}; list the others in ignoreContainers",
            images.join(", ")
        ));
    }
    let told: Vec<&str> = speakers.iter().filter_map(|speaker| tells(speaker.image).next()).collect();
    match speakers.as_slice() {
        _ if !told.is_empty() => Said::Other(told.join(", ")),
        [speaker, ..] => {
            Said::Nothing(format!("no label {label}, and the image {} has neither tag nor digest", speaker.image))
        }
        [] => Said::Nothing(format!("no label {label}")),
    }
}

/// True where the selector itself asks for the version in some label: whatever matches it carries the version.
fn names_the_version(plan: &Plan) -> bool {
    let asks_for_it = |test: &Test| match test {
        Test::Equals(value) => *value == plan.version,
        Test::In(values) => values.len() == 1 && values.contains(&plan.version),
        Test::NotEquals(_) | Test::NotIn(_) | Test::Exists | Test::Absent => false,
    };
    plan.version != plan.app && plan.selector.requirements().iter().any(|asked| asks_for_it(&asked.test))
}

/// The containers that are the app's own.
#[derive(Debug)]
pub struct Own<'a> {
    /// The containers, or all that could be where that cannot be told.
    pub containers: Vec<Speaker<'a>>,
    /// False where it cannot be told.
    pub is_sure: bool,
}

/// The app's own containers among all of a pod, by the first of these that finds one: the annotation
/// `kubectl.kubernetes.io/default-container` (`main`), the container's name, its repository's name, and there being only
/// one. Init containers, native sidecars and the `ignored` ones come beside the app.
#[must_use]
pub fn own<'a>(
    mut containers: Vec<Speaker<'a>>,
    main: Option<&str>,
    names: &[&str],
    ignored: &BTreeSet<String>,
) -> Own<'a> {
    containers.retain(|container| container.role == Role::App && !ignored.contains(container.name));
    let is_main = |container: &Speaker<'_>| main == Some(container.name);
    let is_called_so = |container: &Speaker<'_>| names.contains(&container.name);
    let is_of_its_repository = |container: &Speaker<'_>| {
        let name = image_ref::split(container.image).name;
        names.contains(&name.rsplit_once('/').map_or(name, |(_, last)| last))
    };
    let tests: [&dyn Fn(&Speaker<'_>) -> bool; 3] = [&is_main, &is_called_so, &is_of_its_repository];
    for test in tests {
        if containers.iter().any(test) {
            containers.retain(test);
            return Own { containers, is_sure: true };
        }
    }
    Own { is_sure: containers.len() <= 1, containers }
}

/// What an image tells of its version: its tag and its digest, whole.
fn tells(image: &str) -> impl Iterator<Item = &str> {
    let parts = image_ref::split(image);
    parts.tag.into_iter().chain(parts.digest)
}
