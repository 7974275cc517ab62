//! The pure feed: told by a watch, by repeats, or by lists alone, it says the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crashgate::feed::event::FeedEvent;
use crashgate::feed::machine::Feed;
use crashgate::gate::Fact;
use crashgate::gate::model::{Object, Pod, Source};
use crashgate::recording::pods;
use crashgate::recording::reader::Reader;

use super::{by_pod, recordings};

/// The facts about pods of a recording.
pub fn facts(path: &Path) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut take = |_: Duration, fact: Fact| {
        facts.push(fact);
        true
    };
    pods::play(&mut Reader::open(path).unwrap(), "", None, &mut take).unwrap();
    facts
}

fn fed(facts: impl IntoIterator<Item = Fact>) -> Vec<FeedEvent> {
    let mut feed = Feed::default();
    facts.into_iter().flat_map(|fact| feed.observe(fact)).collect()
}

/// The same state, told as the LIST that an API server would answer at each moment.
fn as_lists(facts: &[Fact]) -> Vec<Fact> {
    let mut pods: BTreeMap<String, Pod> = BTreeMap::new();
    let mut lists = Vec::new();
    for fact in facts {
        match fact {
            Fact::Listed { objects, .. } => {
                pods = objects.iter().map(pod).map(|pod| (pod.uid.clone(), pod)).collect();
            }
            Fact::Seen(object) => {
                let pod = pod(object);
                pods.insert(pod.uid.clone(), pod);
            }
            Fact::Gone { uid, .. } => {
                pods.remove(uid);
            }
            other => panic!("{other:?}"),
        }
        lists.push(Fact::Listed {
            source: Source::Pods,
            objects: pods.values().cloned().map(|object| Object::Pod(object.into())).collect(),
        });
    }
    lists
}

fn pod(object: &Object) -> Pod {
    match object {
        Object::Pod(pod) => pod.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_alone_tell_the_same_as_the_watch() {
    let mut told = 0;
    for (name, path) in recordings() {
        let facts = facts(&path);
        let watched = fed(facts.clone());
        told += watched.len();
        assert_eq!(by_pod(&fed(as_lists(&facts))), by_pod(&watched), "{name}");
    }
    assert!(told > 300, "{told} events in all");
}

#[test]
fn what_is_not_held_of_a_pod_is_not_missed() {
    let trimmed = |object: Object| match object {
        Object::Pod(mut pod) => {
            crashgate::feed::machine::trim(std::sync::Arc::make_mut(&mut pod));
            Object::Pod(pod)
        }
        other => other,
    };
    for (name, path) in recordings() {
        let facts = facts(&path);
        let lists = as_lists(&facts).into_iter().map(|fact| match fact {
            Fact::Listed { source, objects } => {
                Fact::Listed { source, objects: objects.into_iter().map(trimmed).collect() }
            }
            other => other,
        });
        let (told, whole) = (fed(lists), fed(as_lists(&facts)));
        assert_eq!(told, whole, "{name}");
    }
}

#[test]
fn what_is_told_again_says_nothing() {
    for (name, path) in recordings() {
        let facts = facts(&path);
        let lists = as_lists(&facts);
        // Each fact twice, and after it a list of what is known already.
        let again = facts.iter().zip(&lists).flat_map(|(fact, list)| [fact.clone(), fact.clone(), list.clone()]);
        assert_eq!(fed(again), fed(facts.clone()), "{name}");
    }
}

#[test]
fn a_gap_hides_no_restart_no_end_and_no_pod() {
    use crashgate::feed::event::Change;
    for (name, path) in recordings() {
        let facts = facts(&path);
        let lists = as_lists(&facts);
        let whole = fed(facts.clone());
        for gap in [3, 7, 20] {
            let sparse = lists.iter().step_by(gap).chain(lists.last()).cloned();
            let told = fed(lists.first().cloned().into_iter().chain(sparse));
            let newest = |events: &[FeedEvent]| {
                let mut restarts = BTreeMap::new();
                for event in events {
                    if let Change::Restarted { container, restarts: count } = &event.change {
                        restarts.insert((event.pod.uid.clone(), container.name.clone()), *count);
                    }
                }
                restarts
            };
            assert_eq!(newest(&told), newest(&whole), "{name}, one list in {gap}");
            // Its loop is over before the long gap is, and by then nothing tells more than that it was restarted.
            if name == "init-crash-twice-then-fine" && gap == 20 {
                continue;
            }
            let loops = |events: &[FeedEvent]| {
                let in_loop = events.iter().filter(|event| event.change.name() == "crash-loop");
                in_loop.map(|event| event.pod.uid.clone()).collect::<std::collections::BTreeSet<_>>()
            };
            assert_eq!(loops(&told), loops(&whole), "{name}, one list in {gap}");
        }
    }
}
