//! The crashes of all containers of a pod, and when the ends of its containers count at all.

use std::collections::BTreeSet;

use super::crash::CrashLedger;
use super::disruption;
use super::pod::{ContainerState, Pod, RestartPolicy, Role};

/// The crash ledgers of a pod's containers. Those that never ended have none: most pods need no room here.
#[derive(Debug, Clone, Default)]
pub struct CrashBook {
    ledgers: Vec<(Box<str>, CrashLedger)>,
}

impl CrashBook {
    /// Counts the ends that the pod shows now. `resized` are the containers that a resize was about to restart at the
    /// look before (see [`resizing`]): the resize and its restart can be over in one step.
    pub fn observe(&mut self, pod: &Pod, resized: &BTreeSet<String>) {
        // Ends of a pod on its way out are no crashes, nor those of sidecars whose app has finished.
        if pod.deleting || disruption::disturbed(pod).is_some() {
            return;
        }
        let finished = pod.restart_policy != RestartPolicy::Always && app_has_ended(pod);
        for container in &pod.containers {
            if finished && container.role == Role::Sidecar {
                continue;
            }
            let resizing = pod.resizing || container.resize_restarts || resized.contains(&container.name);
            if let Some((_, ledger)) = self.ledgers.iter_mut().find(|(name, _)| **name == *container.name) {
                ledger.observe(container, pod.restart_policy, resizing);
                continue;
            }
            let mut ledger = CrashLedger::default();
            ledger.observe(container, pod.restart_policy, resizing);
            if ledger != CrashLedger::default() {
                self.ledgers.push((container.name.as_str().into(), ledger));
            }
        }
    }

    /// The ledger of a container that has ended at some time.
    #[must_use]
    pub fn of(&self, container: &str) -> Option<&CrashLedger> {
        self.ledgers.iter().find(|(name, _)| **name == *container).map(|(_, ledger)| ledger)
    }
}

/// The containers that an in-place resize may restart now.
#[must_use]
pub fn resizing(pod: &Pod) -> BTreeSet<String> {
    let containers = pod.containers.iter();
    let may = containers.filter(|container| pod.resizing || container.resize_restarts);
    may.map(|container| container.name.clone()).collect()
}

fn app_has_ended(pod: &Pod) -> bool {
    let mut apps = pod.containers.iter().filter(|container| container.role == Role::App);
    apps.all(|container| {
        container.status.as_ref().is_some_and(|status| matches!(status.state, ContainerState::Terminated(_)))
    })
}
