//! Who made a pod.

use crate::gate::model::Pod;

/// Who makes pods through a `ReplicaSet` of its own, with the label that tells the pods of one template from those of another
/// and whose value ends the `ReplicaSet`'s name.
const THROUGH_REPLICA_SETS: [(&str, &str); 2] =
    [("Rollout", "rollouts-pod-template-hash"), ("Deployment", "pod-template-hash")];

/// True for a label that tells the owner of a pod.
pub(super) fn is_told_by(label: &str) -> bool {
    THROUGH_REPLICA_SETS.iter().any(|(_, known)| *known == label)
}

/// The workload that a pod was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its kind as the API spells it: `Deployment`, `StatefulSet`, `Job`, `Rollout`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The `ReplicaSet` in between, where a Deployment or a `Rollout` made the pod through one.
    pub replica_set: Option<String>,
}

impl Owner {
    /// The owner of a pod, from its controllerRef; `None` for a pod that nobody controls.
    ///
    /// A Deployment or a `Rollout` names each `ReplicaSet` after itself and the hash that its pods carry as a label, so it is
    /// known without being read. A `ReplicaSet` that stands by itself has pods without that label.
    #[must_use]
    pub fn of(pod: &Pod) -> Option<Self> {
        let controller = pod.controller.as_ref()?;
        let above = THROUGH_REPLICA_SETS.iter().find_map(|(kind, label)| {
            let hash = pod.labels.get(*label).filter(|_| controller.kind == "ReplicaSet")?;
            let name = controller.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
            (!name.is_empty()).then_some((*kind, name))
        });
        Some(match above {
            Some((kind, name)) => {
                Self { kind: kind.to_owned(), name: name.to_owned(), replica_set: Some(controller.name.clone()) }
            }
            None => Self { kind: controller.kind.clone(), name: controller.name.clone(), replica_set: None },
        })
    }
}
