//! Events about pods that a gate was never shown, kept for the moment in which it is.
//!
//! In a namespace of many apps most events are about the pods of others: they decide nothing, and are what a gate would
//! hold most of. A pod can come to a gate later than what was said about it, though, and a change of its labels can make it
//! the gate's own. So nothing is thrown away: the events are held as they were told, in common with all other gates, and
//! handed over before the pod is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::gate::Fact;
use crate::gate::model::{ClusterEvent, Object, Source};

/// The kind of object whose events are withheld until it is known.
const POD: &str = "Pod";

/// Events about pods that a gate was never shown.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    /// The UIDs of the pods that it was shown.
    shown: HashSet<String>,
    /// By the UID of the pod, in the order in which they are to be told.
    events: HashMap<String, Vec<Arc<ClusterEvent>>>,
    /// The UID of the pod, by that of the event: what has expired must go without a search.
    pods: HashMap<String, String>,
}

impl Withheld {
    /// Takes what is withheld out of a fact: what is left of it, and the events that have to be told before. `None` where
    /// nothing is left.
    pub fn sift(&mut self, fact: Fact) -> (Vec<Arc<ClusterEvent>>, Option<Fact>) {
        match fact {
            Fact::Seen(object) => match &*object {
                Object::Event(event) if self.is_withheld(event) => {
                    self.hold(Arc::clone(event));
                    (Vec::new(), None)
                }
                Object::Pod(pod) => (self.show(&pod.uid), Some(Fact::Seen(object))),
                _ => (Vec::new(), Some(Fact::Seen(object))),
            },
            Fact::Listed { source: Source::Pods, objects } => {
                let told = objects.iter().flat_map(|pod| self.show(pod.uid())).collect();
                (told, Some(Fact::Listed { source: Source::Pods, objects }))
            }
            Fact::Listed { source: Source::Events, objects } => {
                // What is not in it has expired.
                self.events.clear();
                self.pods.clear();
                let (mut withheld, mut told) = (Vec::new(), Vec::new());
                for object in objects {
                    match object {
                        Object::Event(event) if self.is_withheld(&event) => withheld.push(event),
                        object => told.push(object),
                    }
                }
                // The order of a list says nothing.
                withheld.sort_by(|one, other| (&one.last_seen, &one.uid).cmp(&(&other.last_seen, &other.uid)));
                for event in withheld {
                    self.hold(event);
                }
                (Vec::new(), Some(Fact::Listed { source: Source::Events, objects: told }))
            }
            Fact::Gone { source: Source::Events, uid } => {
                self.expire(&uid);
                (Vec::new(), Some(Fact::Gone { source: Source::Events, uid }))
            }
            Fact::Confirmed { pods, owners, kinds } => {
                let told = pods.iter().flat_map(|pod| self.show(&pod.uid)).collect();
                (told, Some(Fact::Confirmed { pods, owners, kinds }))
            }
            fact => (Vec::new(), Some(fact)),
        }
    }

    /// The gate is shown a pod: returns what was said about it.
    fn show(&mut self, uid: &str) -> Vec<Arc<ClusterEvent>> {
        if self.shown.contains(uid) {
            return Vec::new();
        }
        self.shown.insert(uid.to_owned());
        let told = self.events.remove(uid).unwrap_or_default();
        for event in &told {
            self.pods.remove(&event.uid);
        }
        told
    }

    /// An event has expired. Gates that stand for days must not hold what was said in all that time.
    fn expire(&mut self, uid: &str) {
        let Some(pod) = self.pods.remove(uid) else { return };
        let Some(held) = self.events.get_mut(&pod) else { return };
        held.retain(|event| event.uid != uid);
        if held.is_empty() {
            self.events.remove(&pod);
        }
    }

    fn is_withheld(&self, event: &ClusterEvent) -> bool {
        event.object_kind == POD && !self.shown.contains(&event.object_uid)
    }

    fn hold(&mut self, event: Arc<ClusterEvent>) {
        let held = self.events.entry(event.object_uid.clone()).or_default();
        // One that is said again takes the place of what it was.
        held.retain(|known| known.uid != event.uid);
        self.pods.insert(event.uid.clone(), event.object_uid.clone());
        held.push(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Withheld;
    use crate::gate::Fact;
    use crate::gate::model::{ClusterEvent, Object, Source};

    fn event(uid: &str, kind: &str, of: &str, count: u32) -> Object {
        Object::Event(Arc::new(ClusterEvent {
            uid: uid.to_owned(),
            object_kind: kind.to_owned(),
            object_name: of.to_owned(),
            object_uid: of.to_owned(),
            container: None,
            reason: "BackOff".to_owned(),
            message: String::new(),
            warning: true,
            count,
            last_seen: Some(format!("2026-11-21T03:00:0{count}Z")),
        }))
    }

    fn seen(object: Object) -> Fact {
        Fact::Seen(Box::new(object))
    }

    fn pod(uid: &str) -> Fact {
        let body = format!(
            r#"{{"metadata":{{"name":"{uid}","namespace":"shop","uid":"{uid}","resourceVersion":"1"}},"spec":{{"containers":[]}}}}"#
        );
        let raw = serde_json::value::RawValue::from_string(body).unwrap();
        seen(crate::recording::mapping::object(Source::Pods, &raw).unwrap())
    }

    /// What is told: the events that come before it, and whether it is told itself.
    fn told(withheld: &mut Withheld, fact: Fact) -> (Vec<String>, bool) {
        let (before, rest) = withheld.sift(fact);
        (before.iter().map(|event| format!("{} {}", event.uid, event.count)).collect(), rest.is_some())
    }

    #[test]
    fn what_was_said_about_a_pod_is_told_before_the_pod_once_it_comes() {
        let mut withheld = Withheld::default();
        for held in [event("1", "Pod", "a", 1), event("2", "Pod", "b", 1), event("3", "Pod", "a", 2)] {
            assert_eq!(told(&mut withheld, seen(held)), (vec![], false));
        }
        assert_eq!(told(&mut withheld, seen(event("1", "Pod", "a", 3))), (vec![], false));
        assert_eq!(told(&mut withheld, pod("a")), (vec!["3 2".to_owned(), "1 3".to_owned()], true));
        assert_eq!(told(&mut withheld, seen(event("1", "Pod", "a", 4))), (vec![], true), "it is known now");
        assert_eq!(told(&mut withheld, pod("a")), (vec![], true));
    }

    #[test]
    fn what_is_said_about_anything_else_is_told_at_once() {
        let mut withheld = Withheld::default();
        for kind in ["ReplicaSet", "Deployment", "PersistentVolumeClaim", "Node", ""] {
            assert_eq!(told(&mut withheld, seen(event("1", kind, "a", 1))), (vec![], true), "{kind}");
        }
    }

    #[test]
    fn what_has_expired_is_not_held_any_more() {
        let mut withheld = Withheld::default();
        for held in [event("1", "Pod", "a", 1), event("2", "Pod", "a", 1), event("3", "Pod", "b", 1)] {
            told(&mut withheld, seen(held));
        }
        for uid in ["1", "3", "unknown"] {
            let gone = Fact::Gone { source: Source::Events, uid: uid.to_owned() };
            assert_eq!(told(&mut withheld, gone), (vec![], true), "the gate may know it");
        }
        assert_eq!((withheld.events.len(), withheld.pods.len()), (1, 1));
        assert_eq!(told(&mut withheld, pod("a")), (vec!["2 1".to_owned()], true));
        assert!(withheld.events.is_empty() && withheld.pods.is_empty());
    }

    #[test]
    fn a_list_of_events_replaces_what_is_held_and_tells_the_rest() {
        let mut withheld = Withheld::default();
        told(&mut withheld, seen(event("0", "Pod", "a", 1)));
        let objects = vec![event("3", "Pod", "a", 3), event("2", "ReplicaSet", "r", 1), event("1", "Pod", "a", 2)];
        let (before, rest) = withheld.sift(Fact::Listed { source: Source::Events, objects });
        assert!(before.is_empty());
        assert!(matches!(rest, Some(Fact::Listed { objects, .. }) if objects.len() == 1 && objects[0].uid() == "2"));
        let listed = |objects| Fact::Listed { source: Source::Pods, objects };
        let Fact::Seen(a) = pod("a") else { panic!() };
        assert_eq!(told(&mut withheld, listed(vec![*a])), (vec!["1 2".to_owned(), "3 3".to_owned()], true));
    }
}
