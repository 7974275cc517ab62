//! The crashes of all containers of a pod, and when the ends of its containers count at all.

use super::crash::{Circumstances, CrashLedger};
use super::{disk_limit, disruption};
use crate::gate::model::{ContainerState, Pod, RestartPolicy, Role};

/// The crash ledgers of a pod's containers. Those that never ended have none: most pods need no room here.
#[derive(Debug, Clone, Default)]
pub struct CrashBook {
    ledgers: Vec<(Box<str>, CrashLedger)>,
    /// The pod was observed before.
    seen: bool,
}

impl CrashBook {
    /// Counts the ends that the pod shows now. `sandbox_changed` is when the kubelet last said that it replaces the pod's
    /// sandbox (event `SandboxChanged`).
    pub fn observe(&mut self, pod: &Pod, sandbox_changed: Option<&str>) {
        let at_first = !std::mem::replace(&mut self.seen, true);
        // Ends of a pod on its way out are no crashes, nor those of sidecars whose app has finished.
        if pod.deleting || disruption::disturbed(pod).is_some() || disk_limit::exceeded(pod).is_some() {
            return;
        }
        let around = Circumstances { policy: pod.restart_policy, resize: pod.resize, at_first, sandbox_changed };
        let finished = pod.restart_policy != RestartPolicy::Always && app_has_ended(pod);
        for container in &pod.containers {
            if finished && container.role == Role::Sidecar {
                continue;
            }
            if let Some((_, ledger)) = self.ledgers.iter_mut().find(|(name, _)| **name == *container.name) {
                ledger.observe(container, around);
                continue;
            }
            let mut ledger = CrashLedger::default();
            ledger.observe(container, around);
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

fn app_has_ended(pod: &Pod) -> bool {
    let mut apps = pod.containers.iter().filter(|container| container.role == Role::App);
    apps.all(|container| {
        container.status.as_ref().is_some_and(|status| matches!(status.state, ContainerState::Terminated(_)))
    })
}
