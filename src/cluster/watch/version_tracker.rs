//! The versions of a source: which version of each object its watch has told of, and whether a LIST agrees with that.
//!
//! What a LIST owes is found by equality of versions. Their order only tells what is past already.

use std::collections::{HashMap, HashSet};

use crate::gate::model::ResourceVersion;

/// What the watch has told so far.
#[derive(Debug, Default)]
pub struct VersionTracker {
    known: HashMap<String, String>,
    /// The version at which the watch told that an object is gone.
    gone: HashMap<String, ResourceVersion>,
    in_flight: Option<InFlight>,
}

/// What the watch told while a LIST was under way.
#[derive(Debug, Default)]
struct InFlight {
    before: HashMap<String, String>,
    seen: HashSet<(String, String)>,
    gone: HashSet<String>,
}

/// What a LIST showed and the watch has not told yet. It may be on its way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// By UID: the version that must be told, or `None` where the deletion must be.
    objects: HashMap<String, Option<String>>,
}

impl Missing {
    /// Nothing is missing.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.objects.is_empty()
    }

    /// How many objects the watch still owes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_settled()
    }

    /// The watch told of this version of an object.
    pub fn told(&mut self, uid: &str, version: &str) {
        if self.objects.get(uid).is_some_and(|missing| missing.as_deref() == Some(version)) {
            self.objects.remove(uid);
        }
    }

    /// The watch told that an object is gone: whatever was missing of it came before that.
    pub fn told_gone(&mut self, uid: &str) {
        self.objects.remove(uid);
    }
}

impl VersionTracker {
    /// Begins anew with what a LIST showed (UID and version of each object).
    pub fn replace(&mut self, objects: &[(String, String)]) {
        self.known = objects.iter().cloned().collect();
        self.gone.clear();
        self.in_flight = None;
    }

    /// No object is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns true if a version of an object is older than what is known of it, or than its deletion: a watch that goes
    /// on at another API server can tell the past once more.
    #[must_use]
    pub fn is_past(&self, uid: &str, version: &str) -> bool {
        let version = ResourceVersion::parse(version);
        self.known.get(uid).is_some_and(|known| version.is_older_than(ResourceVersion::parse(known)))
            || self.gone.get(uid).is_some_and(|gone| version.is_older_than(*gone))
    }

    /// The watch told of this version of an object.
    pub fn told(&mut self, uid: &str, version: &str) {
        self.gone.remove(uid);
        self.known.insert(uid.to_owned(), version.to_owned());
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.seen.insert((uid.to_owned(), version.to_owned()));
        }
    }

    /// The watch told that an object is gone, by this version.
    pub fn told_gone(&mut self, uid: &str, version: &str) {
        self.known.remove(uid);
        self.gone.insert(uid.to_owned(), ResourceVersion::parse(version));
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.gone.insert(uid.to_owned());
        }
    }

    /// A LIST is asked for now: what the watch tells from here on may be newer or older than its answer.
    pub fn list_asked(&mut self) {
        self.in_flight = Some(InFlight { before: self.known.clone(), ..InFlight::default() });
    }

    /// True where a LIST shows exactly the versions that are known now.
    #[must_use]
    pub fn is_exactly(&self, listed: &[(String, String)]) -> bool {
        listed.len() == self.known.len() && listed.iter().all(|(uid, version)| self.known.get(uid) == Some(version))
    }

    /// What the answer of that LIST shows and the watch has not told.
    pub fn compare(&mut self, listed: &[(String, String)]) -> Missing {
        let in_flight =
            self.in_flight.take().unwrap_or_else(|| InFlight { before: self.known.clone(), ..InFlight::default() });
        let mut missing = Missing::default();
        for (uid, version) in listed {
            let told = in_flight.before.get(uid) == Some(version)
                || in_flight.seen.contains(&(uid.clone(), version.clone()))
                || in_flight.gone.contains(uid);
            if !told {
                missing.objects.insert(uid.clone(), Some(version.clone()));
            }
        }
        let listed: HashSet<&str> = listed.iter().map(|(uid, _)| uid.as_str()).collect();
        for uid in in_flight.before.keys() {
            if !listed.contains(uid.as_str()) && !in_flight.gone.contains(uid) {
                missing.objects.insert(uid.clone(), None);
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::VersionTracker;

    fn objects(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(uid, version)| ((*uid).to_owned(), (*version).to_owned())).collect()
    }

    fn versions(pairs: &[(&str, &str)]) -> VersionTracker {
        let mut versions = VersionTracker::default();
        versions.replace(&objects(pairs));
        versions
    }

    #[test]
    fn a_list_that_shows_what_was_told_owes_nothing() {
        let mut versions = versions(&[("a", "1"), ("b", "2")]);
        versions.told("a", "3");
        versions.list_asked();
        assert!(versions.compare(&objects(&[("b", "2"), ("a", "3")])).is_settled());
    }

    #[test]
    fn what_the_watch_did_not_tell_is_owed_until_it_does() {
        let mut versions = versions(&[("a", "1"), ("b", "2"), ("c", "3")]);
        versions.list_asked();
        let mut missing = versions.compare(&objects(&[("a", "9"), ("c", "3"), ("d", "4")]));
        assert_eq!(missing.len(), 3, "a changed, b gone, d new: {missing:?}");
        missing.told("a", "8");
        assert_eq!(missing.len(), 3, "an older version is on the way, and the one listed is still missing");
        missing.told("a", "9");
        missing.told("d", "4");
        missing.told_gone("b");
        assert!(missing.is_settled());
    }

    #[test]
    fn the_past_is_known_by_its_versions() {
        let mut versions = versions(&[("a", "9")]);
        versions.told("a", "10");
        assert!(versions.is_past("a", "9") && !versions.is_past("a", "10") && !versions.is_past("a", "11"));
        versions.told_gone("a", "12");
        assert!(versions.is_past("a", "11"), "it is gone, and not back");
        assert!(!versions.is_past("a", "13"), "it has the labels again");
        assert!(!versions.is_past("b", "1") && !versions.is_past("a", "new"));
    }

    #[test]
    fn what_the_watch_told_while_the_list_was_under_way_is_not_owed() {
        let mut versions = versions(&[("a", "1"), ("b", "2"), ("c", "3")]);
        versions.list_asked();
        versions.told("a", "5"); // the answer may be from before this…
        versions.told_gone("b", "6"); // …or from before this…
        versions.told("d", "6"); // …or this.
        assert!(versions.compare(&objects(&[("a", "1"), ("b", "2"), ("c", "3")])).is_settled());
        versions.list_asked();
        versions.told("a", "7");
        versions.told("a", "8");
        assert!(versions.compare(&objects(&[("a", "7"), ("c", "3"), ("d", "6")])).is_settled());
    }
}
