//! Feeds of pods: what they say of each recording, that no gap shows in them, and what a user gets who asks for one.

mod faults;
pub mod fleet;
mod gaps;
mod long;
mod rights;
mod rules;
mod snapshots;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashgate::cluster::Listener;
use crashgate::feed::event::{Change, FeedEvent};
use crashgate::feed::machine::Feed;

/// Every recording, by name.
pub fn recordings() -> Vec<(String, PathBuf)> {
    let files = fs::read_dir("tests/recordings").unwrap().map(|entry| entry.unwrap().path());
    let mut recordings: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    recordings.sort();
    assert!(recordings.len() >= 32, "every recording is read: {}", recordings.len());
    recordings
}

pub fn recording(name: &str) -> PathBuf {
    Path::new("tests/recordings").join(format!("{name}.ndjson"))
}

/// What happened to each pod, in order. Between pods a list has an order of its own.
fn by_pod(events: &[FeedEvent]) -> BTreeMap<String, Vec<Change>> {
    let mut pods: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for event in events {
        let pod = &event.pod;
        pods.entry(format!("{}/{} {}", pod.namespace, pod.name, pod.uid)).or_default().push(event.change.clone());
    }
    pods
}

/// Hears everything.
#[derive(Default)]
struct Heard {
    events: Vec<FeedEvent>,
    noticed: Vec<String>,
    begun: usize,
    ended: usize,
}

impl Listener for Heard {
    fn begun(&mut self, _: &Feed) {
        self.begun += 1;
    }

    fn event(&mut self, _: Duration, event: &FeedEvent) -> bool {
        self.events.push(event.clone());
        true
    }

    fn noticed(&mut self, words: &str) {
        self.noticed.push(words.to_owned());
    }

    fn tick(&mut self, _: &Feed) {}

    fn ended(&mut self, _: &Feed) {
        self.ended += 1;
    }
}
