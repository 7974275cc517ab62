//! The owners of kinds that the gate does not know: their objects and `/scale` subresources, read by name.
//!
//! Nothing tells what changes in them, so they are read again every two `delay`s, and once more to confirm a pass. What a
//! kind is called in a path is asked once of the API server's discovery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Deserialize;
use tokio::time::sleep;

use super::services::Services;
use crate::cluster::api::{Failure, FailureKind, RequestCounter, Urgency};
use crate::gate::Fact;
use crate::gate::model::{ControllerRef, Scale, Unread};
use crate::recording::mapping;

/// An owner that could not be read for a moment is read again so soon.
const SOON: Duration = Duration::from_secs(2);

/// What the API calls a kind in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KindPath {
    /// `/apis/kafka.strimzi.io/v1beta2`.
    api: String,
    plural: String,
    has_scale: bool,
    namespaced: bool,
}

/// What discovery said of each kind: nothing where there is no such kind.
type Kinds = Arc<Mutex<HashMap<(String, String), Option<KindPath>>>>;

/// How the owners of one gate are read.
#[derive(Clone)]
pub(super) struct Reader {
    services: Services,
    requests: RequestCounter,
    namespace: String,
    kinds: Kinds,
}

/// The owners of one gate that are followed.
pub(in crate::cluster) struct CustomOwners {
    reader: Reader,
    delay: Duration,
    /// By UID.
    followed: HashMap<String, ControllerRef>,
    reads: FuturesUnordered<BoxFuture<'static, Fact>>,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    namespaced: Option<bool>,
}

impl CustomOwners {
    /// Nobody is followed yet.
    pub(super) fn new(services: Services, requests: RequestCounter, namespace: &str, delay: Duration) -> Self {
        let reader = Reader { services, requests, namespace: namespace.to_owned(), kinds: Kinds::default() };
        Self { reader, delay, followed: HashMap::new(), reads: FuturesUnordered::new() }
    }

    /// Follows these owners, and no others.
    pub(super) fn follow(&mut self, wanted: Vec<ControllerRef>) {
        self.followed.retain(|uid, _| wanted.iter().any(|owner| owner.uid == *uid));
        for owner in wanted {
            if !self.followed.contains_key(&owner.uid) {
                self.followed.insert(owner.uid.clone(), owner.clone());
                self.read_after(Duration::ZERO, owner);
            }
        }
    }

    /// The next thing that was read. Never ends while nobody is followed.
    pub(super) async fn next(&mut self) -> Fact {
        loop {
            let Some(fact) = self.reads.next().await else { return std::future::pending().await };
            let (uid, wait) = match &fact {
                Fact::OwnerRead(owner) => (owner.uid.clone(), self.delay * 2),
                Fact::OwnerUnread { uid, why: Unread::Failed(_) } => (uid.clone(), SOON),
                Fact::OwnerUnread { uid, .. } => (uid.clone(), self.delay * 8),
                _ => continue,
            };
            if let Some(owner) = self.followed.get(&uid).cloned() {
                self.read_after(wait, owner);
                return fact;
            }
        }
    }

    fn read_after(&self, wait: Duration, owner: ControllerRef) {
        let reader = self.reader.clone();
        let urgency = if wait.is_zero() { Urgency::Owners } else { Urgency::Proof };
        self.reads.push(Box::pin(async move {
            sleep(wait).await;
            reader.read(&owner, urgency).await
        }));
    }

    /// What reads them.
    pub(super) fn reader(&self) -> Reader {
        self.reader.clone()
    }
}

impl Reader {
    /// Reads these owners to confirm a pass.
    ///
    /// # Errors
    ///
    /// The words of a read that failed: then nothing is confirmed.
    pub(super) async fn read_all(&self, owners: &[ControllerRef]) -> Result<Vec<Fact>, String> {
        let mut facts = Vec::new();
        for owner in owners {
            match self.read(owner, Urgency::Confirmation).await {
                Fact::OwnerUnread { why: Unread::Failed(message), .. } => return Err(message),
                fact => facts.push(fact),
            }
        }
        Ok(facts)
    }

    /// Reads an owner and how many pods it asks for.
    pub(super) async fn read(&self, owner: &ControllerRef, urgency: Urgency) -> Fact {
        match self.try_read(owner, urgency).await {
            Ok(fact) => fact,
            Err(why) => Fact::OwnerUnread { uid: owner.uid.clone(), why },
        }
    }

    async fn try_read(&self, owner: &ControllerRef, urgency: Urgency) -> Result<Fact, Unread> {
        let Some(path) = self.path_of(owner, urgency).await? else { return Err(Unread::Missing) };
        let object = path.object(&self.namespace, &owner.name);
        let rule = || path.rule(&owner.api_version);
        let body = self.get(&object, &rule, urgency).await?;
        let scale = if path.has_scale {
            let body = self.get(&format!("{object}/scale"), &rule, urgency).await?;
            mapping::scale(&body).map_err(|error| Unread::Failed(error.to_string()))?.1
        } else {
            Scale::None
        };
        let read = mapping::custom_owner(&body, scale).map_err(|error| Unread::Failed(error.to_string()))?;
        // Another object of the same name owns none of these pods.
        if read.uid == owner.uid { Ok(Fact::OwnerRead(Box::new(read))) } else { Err(Unread::Missing) }
    }

    async fn get(
        &self,
        path: &str,
        rule: &(dyn Fn() -> String + Sync),
        urgency: Urgency,
    ) -> Result<Box<serde_json::value::RawValue>, Unread> {
        self.services.budget.take(urgency).await;
        self.services.connection.get_path(path, &self.requests).await.map_err(|failure| unread(&failure, rule))
    }

    /// What the kind of an owner is called in a path; `None` where the API server does not have it.
    async fn path_of(&self, owner: &ControllerRef, urgency: Urgency) -> Result<Option<KindPath>, Unread> {
        // Kinds of one name are told apart by their group behind it.
        let kind = owner.kind.split('.').next().unwrap_or_default().to_owned();
        let key = (owner.api_version.clone(), kind);
        if let Some(known) = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        };
        let api = match key.0.split_once('/') {
            Some((group, version)) if is_name(group) && is_name(version) => format!("/apis/{group}/{version}"),
            None if is_name(&key.0) => format!("/api/{}", key.0),
            _ => return Err(Unread::Missing),
        };
        let found = match self.get(&api, &String::new, urgency).await {
            Ok(body) => {
                let list: Resources =
                    serde_json::from_str(body.get()).map_err(|error| Unread::Failed(format!("{api}: {error}")))?;
                list.path_of(&api, &key.1)
            }
            Err(Unread::Missing) => None,
            Err(why) => return Err(why),
        };
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        Ok(found)
    }
}

impl Resources {
    fn path_of(&self, api: &str, kind: &str) -> Option<KindPath> {
        let is_plural = |resource: &&Resource| resource.kind == kind && !resource.name.contains('/');
        let found = self.resources.iter().find(is_plural)?;
        let scale = format!("{}/scale", found.name);
        Some(KindPath {
            api: api.to_owned(),
            plural: found.name.clone(),
            has_scale: self.resources.iter().any(|resource| resource.name == scale),
            namespaced: found.namespaced.unwrap_or(true),
        })
    }
}

impl KindPath {
    fn object(&self, namespace: &str, name: &str) -> String {
        let Self { api, plural, namespaced, .. } = self;
        if *namespaced {
            format!("{api}/namespaces/{namespace}/{plural}/{name}")
        } else {
            format!("{api}/{plural}/{name}")
        }
    }

    /// The rule that a Role needs to read it.
    fn rule(&self, api_version: &str) -> String {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let plural = &self.plural;
        let resources =
            if self.has_scale { format!("\"{plural}\", \"{plural}/scale\"") } else { format!("\"{plural}\"") };
        format!("{{apiGroups: [\"{group}\"], resources: [{resources}], verbs: [\"get\"]}}")
    }
}

fn unread(failure: &Failure, rule: &(dyn Fn() -> String + Sync)) -> Unread {
    match &failure.kind {
        FailureKind::Forbidden(_) => Unread::Denied(rule()),
        FailureKind::NotFound(_) => Unread::Missing,
        _ => Unread::Failed(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Resource, Resources};

    #[test]
    fn discovery_says_what_a_kind_is_called_and_whether_it_has_a_scale() {
        let resource =
            |name: &str, kind: &str| Resource { name: name.to_owned(), kind: kind.to_owned(), namespaced: None };
        let resources = vec![
            resource("fleets", "Fleet"),
            resource("fleets/scale", "Scale"),
            resource("fleets/status", "Fleet"),
            resource("gameservers", "GameServer"),
        ];
        let list = Resources { resources };
        let fleet = list.path_of("/apis/agones.dev/v1", "Fleet").unwrap();
        assert_eq!(fleet.object("shop", "web"), "/apis/agones.dev/v1/namespaces/shop/fleets/web");
        assert_eq!(
            fleet.rule("agones.dev/v1"),
            r#"{apiGroups: ["agones.dev"], resources: ["fleets", "fleets/scale"], verbs: ["get"]}"#
        );
        assert!(!list.path_of("/apis/agones.dev/v1", "GameServer").unwrap().has_scale);
        assert_eq!(list.path_of("/apis/agones.dev/v1", "Unknown"), None);
    }
}
