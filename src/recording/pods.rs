//! The pods of a recording in virtual time: what a feed would have been told of them.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use super::line::{Entry, Line};
use super::reader::{ReadError, Reader};
use super::replay::fact_of;
use crate::gate::Fact;
use crate::gate::model::{Object, Pod, Selector, Source};

/// Tells all that a recording says of the pods of a namespace (empty: of all of them) that a selector takes, each fact
/// with the time since the recording began. `tell` ends it by answering false.
///
/// # Errors
///
/// Where the recording cannot be read.
pub fn play<R: Read>(
    reader: &mut Reader<R>,
    namespace: &str,
    selector: Option<&Selector>,
    tell: &mut dyn FnMut(Duration, Fact) -> bool,
) -> Result<(), ReadError> {
    let mut pods = Pods { selector, known: BTreeMap::new(), listed: false };
    while let Some(Line { at_ms, entry }) = reader.next_line()? {
        for fact in pods.facts(&entry, namespace) {
            if !tell(Duration::from_millis(at_ms), fact) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The pods of the selection as they were told so far: their labels, by UID.
struct Pods<'a> {
    selector: Option<&'a Selector>,
    known: BTreeMap<String, BTreeMap<String, String>>,
    listed: bool,
}

impl Pods<'_> {
    fn facts(&mut self, entry: &Entry, namespace: &str) -> Vec<Fact> {
        match fact_of(entry, namespace) {
            Some(Fact::Listed { source: Source::Pods, objects }) => {
                let pods = objects.into_iter().filter_map(pod).filter(|pod| self.takes(pod)).collect();
                let asked = match entry {
                    Entry::List { selector: Some(selector), .. } => selector.parse().ok(),
                    _ => None,
                };
                self.listed(pods, asked.as_ref())
            }
            Some(Fact::Seen(object)) => pod(*object).and_then(|pod| self.seen(pod)).into_iter().collect(),
            Some(Fact::Gone { source: Source::Pods, uid }) => self.gone(uid).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn takes(&self, pod: &Pod) -> bool {
        self.selector.is_none_or(|selector| selector.matches(&pod.labels))
    }

    /// A LIST that was asked with a selector says nothing of other pods: after the first it is news of single ones.
    fn listed(&mut self, pods: Vec<Pod>, asked: Option<&Selector>) -> Vec<Fact> {
        let begins = !std::mem::replace(&mut self.listed, true);
        let listed: BTreeMap<String, BTreeMap<String, String>> =
            pods.iter().map(|pod| (pod.uid.clone(), pod.labels.clone())).collect();
        let Some(asked) = asked.filter(|_| !begins) else {
            self.known = listed;
            return vec![Fact::Listed {
                source: Source::Pods,
                objects: pods.into_iter().map(|object| Object::Pod(object.into())).collect(),
            }];
        };
        let is_missing =
            |(uid, labels): &(&String, &BTreeMap<_, _>)| !listed.contains_key(*uid) && asked.matches(labels);
        let missing: Vec<String> = self.known.iter().filter(is_missing).map(|(uid, _)| uid.clone()).collect();
        let mut facts: Vec<Fact> = missing.into_iter().filter_map(|uid| self.gone(uid)).collect();
        facts.extend(pods.into_iter().filter_map(|pod| self.seen(pod)));
        facts
    }

    /// A pod whose labels no longer match has left the selection, as a watch with a selector tells it.
    fn seen(&mut self, pod: Pod) -> Option<Fact> {
        if !self.takes(&pod) {
            return self.gone(pod.uid);
        }
        self.known.insert(pod.uid.clone(), pod.labels.clone());
        Some(Fact::Seen(Box::new(Object::Pod(pod.into()))))
    }

    fn gone(&mut self, uid: String) -> Option<Fact> {
        self.known.remove(&uid).map(|_| Fact::Gone { source: Source::Pods, uid })
    }
}

fn pod(object: Object) -> Option<Pod> {
    match object {
        Object::Pod(pod) => Some(Arc::unwrap_or_clone(pod)),
        _ => None,
    }
}
