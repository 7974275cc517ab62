//! The pods and workloads as a recording has shown them so far, to answer confirming reads from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::mapping;
use crate::gate::Fact;
use crate::gate::model::{Object, ResourceVersion, Selector, Source, Test, Workload, WorkloadKind};
use crate::gate::spec::{Pin, Plan};

/// What a LIST of the recording is worth to a gate.
#[derive(Debug)]
pub(super) enum Listing {
    /// It shows all that the gate asks for: the state of the collection, together with what it does not speak of.
    Whole(Vec<Fact>),
    /// It was narrowed to something else: news of single objects.
    Part(Vec<Fact>),
    /// It is older than what was shown before.
    Outdated,
}

/// The objects by source and UID.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    objects: BTreeMap<Source, BTreeMap<String, Object>>,
    /// The version at which an object was deleted, by UID: what is older was told before that.
    gone: BTreeMap<String, ResourceVersion>,
}

impl Mirror {
    /// Takes in what a watch or a single read told. Returns false for what is older than what is known: it is no news.
    pub fn take(&mut self, fact: &Fact, raw: &RawValue) -> bool {
        match fact {
            Fact::Seen(object) => {
                let (Some(uid), Some(source)) = (uid(object), source(object)) else { return true };
                if self.is_old(source, uid, version(object)) {
                    return false;
                }
                self.gone.remove(uid);
                self.objects.entry(source).or_default().insert(uid.to_owned(), (**object).clone());
            }
            Fact::Gone { source, uid } => {
                self.objects.entry(*source).or_default().remove(uid);
                self.gone.insert(uid.clone(), mapping::version_of(raw));
            }
            _ => {}
        }
        true
    }

    fn is_old(&self, source: Source, uid: &str, version: ResourceVersion) -> bool {
        let known = self.objects.get(&source).and_then(|objects| objects.get(uid));
        known.is_some_and(|known| version.is_older_than(self::version(known)))
            || self.gone.get(uid).is_some_and(|gone| version.is_older_than(*gone))
    }

    /// Takes in a LIST of the pods or of a kind of workload, narrowed by a selector or not.
    pub fn list(
        &mut self,
        source: Source,
        objects: Vec<Object>,
        selector: Option<&Narrowed>,
        body: &RawValue,
        plan: &Plan,
    ) -> Listing {
        let listed = mapping::version_of(body);
        let is_meant = |object: &Object| selector.is_none_or(|selector| selector.takes(object));
        let known = self.objects.get(&source).into_iter().flat_map(BTreeMap::values);
        let is_outdated = known.filter(|object| is_meant(object)).any(|object| listed.is_older_than(version(object)))
            || objects.iter().any(|object| uid(object).is_some_and(|uid| self.is_old(source, uid, version(object))));
        if is_outdated {
            return Listing::Outdated;
        }
        let pinned = plan.workload.as_ref().and_then(|pin| self.pinned(pin).cloned());
        let is_whole = selector.is_none_or(|selector| source == Source::Pods && selector.covers(plan, pinned.as_ref()));
        let known = self.objects.entry(source).or_default();
        let still_there: BTreeSet<&str> = objects.iter().filter_map(uid).collect();
        let gone: Vec<String> = known
            .iter()
            .filter(|(uid, object)| is_meant(object) && !still_there.contains(uid.as_str()))
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in &gone {
            known.remove(uid);
            // A version of its own is not known: it was gone by the time of this LIST.
            self.gone.insert(uid.clone(), listed);
        }
        for object in &objects {
            if let Some(uid) = uid(object) {
                self.gone.remove(uid);
                known.insert(uid.to_owned(), object.clone());
            }
        }
        if is_whole {
            let objects = known.values().cloned().collect();
            return Listing::Whole(vec![Fact::Listed { source, objects }]);
        }
        let news = objects.into_iter().map(|object| Fact::Seen(Box::new(object)));
        Listing::Part(news.chain(gone.into_iter().map(|uid| Fact::Gone { source, uid })).collect())
    }

    /// The workload whose pods a pin means: the one of that kind and name, or the target of that Canary.
    fn pinned(&self, pin: &Pin) -> Option<&Workload> {
        let named = |kind, name: &str| self.workloads(kind).find(|workload| workload.name == name);
        let pinned = named(pin.kind, &pin.name)?;
        if pin.kind != WorkloadKind::Canary {
            return Some(pinned);
        }
        let target = pinned.refers_to()?;
        named(target.kind, &target.name)
    }

    /// Returns true if there is a workload of that kind and name.
    pub fn has(&self, kind: WorkloadKind, name: &str) -> bool {
        self.workloads(kind).any(|workload| workload.name == name)
    }

    fn workloads(&self, kind: WorkloadKind) -> impl Iterator<Item = &Workload> {
        let all = self.objects.get(&Source::Workloads(kind)).into_iter().flat_map(BTreeMap::values);
        all.filter_map(|object| match object {
            Object::Workload(workload) => Some(workload.as_ref()),
            _ => None,
        })
    }

    /// The answer to a confirming read of the pods and these owners.
    pub fn confirm(&self, owners: &[(WorkloadKind, String)]) -> Fact {
        let pods = self.objects.get(&Source::Pods).into_iter().flat_map(BTreeMap::values);
        let pods = pods.filter_map(|object| match object {
            Object::Pod(pod) => Some(pod.as_ref().clone()),
            _ => None,
        });
        let owners = owners
            .iter()
            .filter_map(|(kind, name)| self.workloads(*kind).find(|workload| workload.name == *name).cloned());
        Fact::Confirmed { pods: pods.collect(), owners: owners.collect(), kinds: Vec::new() }
    }
}

/// What narrowed a LIST.
#[derive(Debug)]
pub(super) enum Narrowed {
    /// A label selector.
    Labels(Selector),
    /// Something that cannot be read, or that is not about labels.
    Otherwise,
}

impl Narrowed {
    fn takes(&self, object: &Object) -> bool {
        match (self, object) {
            (Self::Labels(selector), Object::Pod(pod)) => selector.matches(&pod.labels),
            // Of other objects the labels are not kept: what is not in the answer may be there all the same.
            _ => false,
        }
    }

    /// Returns true if it takes every pod that the gate is about: those of its selector, or those that the pinned
    /// workload can own.
    fn covers(&self, plan: &Plan, pinned: Option<&Workload>) -> bool {
        let Self::Labels(selector) = self else { return false };
        if plan.workload.is_some() {
            let labels = pinned.map(|workload| {
                if workload.match_labels.is_empty() { &workload.template.labels } else { &workload.match_labels }
            });
            return labels.is_some_and(|labels| {
                selector.requirements().iter().all(|requirement| match &requirement.test {
                    Test::Equals(value) => labels.get(&requirement.key) == Some(value),
                    Test::In(values) => labels.get(&requirement.key).is_some_and(|value| values.contains(value)),
                    Test::Exists => labels.contains_key(&requirement.key),
                    Test::NotEquals(_) | Test::NotIn(_) | Test::Absent => false,
                })
            });
        }
        selector.requirements().iter().all(|requirement| plan.selector.requirements().contains(requirement))
    }
}

fn uid(object: &Object) -> Option<&str> {
    match object {
        Object::Pod(pod) => Some(&pod.uid),
        Object::Workload(workload) => Some(&workload.uid),
        Object::Event(_) | Object::Node(_) => None,
    }
}

fn source(object: &Object) -> Option<Source> {
    match object {
        Object::Pod(_) => Some(Source::Pods),
        Object::Workload(workload) => Some(Source::Workloads(workload.kind)),
        Object::Event(_) | Object::Node(_) => None,
    }
}

fn version(object: &Object) -> ResourceVersion {
    match object {
        Object::Pod(pod) => pod.resource_version,
        Object::Workload(workload) => workload.resource_version,
        Object::Event(_) | Object::Node(_) => ResourceVersion::default(),
    }
}
