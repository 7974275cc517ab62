//! Owners of kinds that the gate does not know, as the single reads of a recording tell of them: the object and its
//! `/scale` are two answers, and together they are one fact.

use std::collections::BTreeMap;

use super::line::Entry;
use super::mapping;
use crate::gate::Fact;
use crate::gate::model::{CustomOwner, Scale};

/// By the path of the object.
#[derive(Debug, Default)]
pub(super) struct CustomOwners {
    read: BTreeMap<String, CustomOwner>,
    scales: BTreeMap<String, Scale>,
}

impl CustomOwners {
    /// What a line tells of such an owner in this namespace, where it does.
    pub fn take(&mut self, entry: &Entry, namespace: &str) -> Option<Fact> {
        let Entry::Get { path, body } = entry else { return None };
        let (api, rest) = path.split_once("/namespaces/")?;
        let (scope, rest) = rest.split_once('/')?;
        let is_object = |rest: &str| rest.split('/').count() == 2;
        if scope != namespace || !api.starts_with("/api") {
            return None;
        }
        if let Some(object) = path.strip_suffix("/scale").filter(|_| rest.split('/').count() == 3) {
            let (_, scale) = mapping::scale(body).ok()?;
            self.scales.insert(object.to_owned(), scale);
            let owner = self.read.get_mut(object)?;
            owner.scale = scale;
            return Some(Fact::OwnerRead(Box::new(owner.clone())));
        }
        let (collection, _) = path.rsplit_once('/')?;
        if !is_object(rest) || mapping::source_of(collection).is_some() {
            return None;
        }
        let scale = self.scales.get(path).copied().unwrap_or(Scale::Unread);
        let owner = mapping::custom_owner(body, scale).ok()?;
        self.read.insert(path.clone(), owner.clone());
        Some(Fact::OwnerRead(Box::new(owner)))
    }
}
