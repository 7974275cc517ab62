//! What must stay as it is in a pod for the stability window to go on.

use crate::gate::model::Pod;
use crate::gate::spec::Plan;

/// What must stay as it is in a pod for the window to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodFingerprint {
    /// The pod's name, for words.
    pub name: String,
    /// `lastTransitionTime` of the condition `Ready`, as the server wrote it.
    pub ready_since: Option<String>,
    containers: Vec<(String, Option<String>, u32)>,
}

impl PodFingerprint {
    /// The fingerprint of a pod as it is now.
    #[must_use]
    pub fn of(pod: &Pod, plan: &Plan) -> Self {
        let watched = pod.containers.iter().filter(|container| !plan.ignore_containers.contains(&container.name));
        Self {
            name: pod.name.clone(),
            ready_since: pod.ready.as_ref().and_then(|ready| ready.since.clone()),
            containers: watched
                .map(|container| {
                    let status = container.status.as_ref();
                    let id = status.and_then(|status| status.container_id.clone());
                    (container.name.clone(), id, status.map_or(0, |status| status.restart_count))
                })
                .collect(),
        }
    }
}
