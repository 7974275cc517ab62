//! Who made a pod.

use crate::gate::model::Pod;

/// The label by which a Deployment tells the pods of one template from those of another.
pub(super) const TEMPLATE_HASH: &str = "pod-template-hash";

/// The workload that a pod was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its kind as the API spells it: `Deployment`, `StatefulSet`, `Job`, `Rollout`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The `ReplicaSet` in between, where a Deployment made the pod through one.
    pub replica_set: Option<String>,
}

impl Owner {
    /// The owner of a pod, from its controllerRef; `None` for a pod that nobody controls.
    ///
    /// A Deployment names each `ReplicaSet` after itself and the hash that its pods carry as a label, so it is known
    /// without being read. A `ReplicaSet` that stands by itself has pods without that label.
    #[must_use]
    pub fn of(pod: &Pod) -> Option<Self> {
        let controller = pod.controller.as_ref()?;
        let deployment = (controller.kind == "ReplicaSet").then(|| pod.labels.get(TEMPLATE_HASH)).flatten();
        let deployment = deployment
            .and_then(|hash| controller.name.strip_suffix(hash.as_str())?.strip_suffix('-'))
            .filter(|name| !name.is_empty());
        Some(match deployment {
            Some(name) => Self {
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
                replica_set: Some(controller.name.clone()),
            },
            None => Self { kind: controller.kind.clone(), name: controller.name.clone(), replica_set: None },
        })
    }
}
