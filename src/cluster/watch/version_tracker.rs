//! The ledger of a source: which version of each object its watch has told of, and whether a LIST agrees with that.
//!
//! What a LIST owes is found by equality of versions. Their order only tells what is past already.

use std::collections::{HashMap, HashSet};

use crate::gate::model::ResourceVersion;

/// What the watch has told so far.
#[derive(Debug, Default)]
pub struct Ledger {
    known: HashMap<String, String>,
    /// The version at which the watch told that an object is gone.
    gone: HashMap<String, ResourceVersion>,
    trail: Option<Trail>,
}

/// What the watch told while a LIST was under way.
#[derive(Debug, Default)]
struct Trail {
    before: HashMap<String, String>,
    seen: HashSet<(String, String)>,
    gone: HashSet<String>,
}

/// What a LIST showed and the watch has not told yet. It may be on its way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// By UID: the version that must be told, or `None` where the deletion must be.
    objects: HashMap<String, Option<String>>,
}

impl Owed {
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
        if self.objects.get(uid).is_some_and(|owed| owed.as_deref() == Some(version)) {
            self.objects.remove(uid);
        }
    }

    /// The watch told that an object is gone: whatever was owed of it came before that.
    pub fn told_gone(&mut self, uid: &str) {
        self.objects.remove(uid);
    }
}

impl Ledger {
    /// Begins anew with what a LIST showed (UID and version of each object).
    pub fn replace(&mut self, objects: &[(String, String)]) {
        self.known = objects.iter().cloned().collect();
        self.gone.clear();
        self.trail = None;
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
        if let Some(trail) = &mut self.trail {
            trail.seen.insert((uid.to_owned(), version.to_owned()));
        }
    }

    /// The watch told that an object is gone, by this version.
    pub fn told_gone(&mut self, uid: &str, version: &str) {
        self.known.remove(uid);
        self.gone.insert(uid.to_owned(), ResourceVersion::parse(version));
        if let Some(trail) = &mut self.trail {
            trail.gone.insert(uid.to_owned());
        }
    }

    /// A LIST is asked for now: what the watch tells from here on may be newer or older than its answer.
    pub fn list_asked(&mut self) {
        self.trail = Some(Trail { before: self.known.clone(), ..Trail::default() });
    }

    /// True where a LIST shows exactly the versions that are known now.
    #[must_use]
    pub fn is_exactly(&self, listed: &[(String, String)]) -> bool {
        listed.len() == self.known.len() && listed.iter().all(|(uid, version)| self.known.get(uid) == Some(version))
    }

    /// What the answer of that LIST shows and the watch has not told.
    pub fn compare(&mut self, listed: &[(String, String)]) -> Owed {
        let trail = self.trail.take().unwrap_or_else(|| Trail { before: self.known.clone(), ..Trail::default() });
        let mut owed = Owed::default();
        for (uid, version) in listed {
            let told = trail.before.get(uid) == Some(version)
                || trail.seen.contains(&(uid.clone(), version.clone()))
                || trail.gone.contains(uid);
            if !told {
                owed.objects.insert(uid.clone(), Some(version.clone()));
            }
        }
        let listed: HashSet<&str> = listed.iter().map(|(uid, _)| uid.as_str()).collect();
        for uid in trail.before.keys() {
            if !listed.contains(uid.as_str()) && !trail.gone.contains(uid) {
                owed.objects.insert(uid.clone(), None);
            }
        }
        owed
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    fn objects(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(uid, version)| ((*uid).to_owned(), (*version).to_owned())).collect()
    }

    fn ledger(pairs: &[(&str, &str)]) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.replace(&objects(pairs));
        ledger
    }

    #[test]
    fn a_list_that_shows_what_was_told_owes_nothing() {
        let mut ledger = ledger(&[("a", "1"), ("b", "2")]);
        ledger.told("a", "3");
        ledger.list_asked();
        assert!(ledger.compare(&objects(&[("b", "2"), ("a", "3")])).is_settled());
    }

    #[test]
    fn what_the_watch_did_not_tell_is_owed_until_it_does() {
        let mut ledger = ledger(&[("a", "1"), ("b", "2"), ("c", "3")]);
        ledger.list_asked();
        let mut owed = ledger.compare(&objects(&[("a", "9"), ("c", "3"), ("d", "4")]));
        assert_eq!(owed.len(), 3, "a changed, b gone, d new: {owed:?}");
        owed.told("a", "8");
        assert_eq!(owed.len(), 3, "an older version is on the way, and the one listed is still owed");
        owed.told("a", "9");
        owed.told("d", "4");
        owed.told_gone("b");
        assert!(owed.is_settled());
    }

    #[test]
    fn the_past_is_known_by_its_versions() {
        let mut ledger = ledger(&[("a", "9")]);
        ledger.told("a", "10");
        assert!(ledger.is_past("a", "9") && !ledger.is_past("a", "10") && !ledger.is_past("a", "11"));
        ledger.told_gone("a", "12");
        assert!(ledger.is_past("a", "11"), "it is gone, and not back");
        assert!(!ledger.is_past("a", "13"), "it has the labels again");
        assert!(!ledger.is_past("b", "1") && !ledger.is_past("a", "new"));
    }

    #[test]
    fn what_the_watch_told_while_the_list_was_under_way_is_not_owed() {
        let mut ledger = ledger(&[("a", "1"), ("b", "2"), ("c", "3")]);
        ledger.list_asked();
        ledger.told("a", "5"); // the answer may be from before this…
        ledger.told_gone("b", "6"); // …or from before this…
        ledger.told("d", "6"); // …or this.
        assert!(ledger.compare(&objects(&[("a", "1"), ("b", "2"), ("c", "3")])).is_settled());
        ledger.list_asked();
        ledger.told("a", "7");
        ledger.told("a", "8");
        assert!(ledger.compare(&objects(&[("a", "7"), ("c", "3"), ("d", "6")])).is_settled());
    }
}
