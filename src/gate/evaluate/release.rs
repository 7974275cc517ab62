//! Which workloads of a namespace are gated where all of them are (`check --all`), and why the others are not.
//!
//! What is left out proves nothing, and is named: a workload without a wanted pod is neither healthy nor at fault, and what
//! another gated workload controls is judged with that one.

use std::collections::BTreeMap;
use std::fmt;

use crate::gate::model::{Detail, Phase, Pod, Workload, WorkloadKind};

/// The workloads of a namespace, parted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Those that are gated, by kind and name.
    pub gated: Vec<Workload>,
    /// Those that are not.
    pub left_out: Vec<LeftOut>,
}

/// A workload that is not gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Kind and name: `deployment/checkout`.
    pub name: String,
    /// Why not.
    pub why: Why,
}

/// Why a workload is not gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It wants no pod.
    ScaledToZero,
    /// A Job that is suspended, and so has no pod.
    Suspended,
    /// It carries an annotation of a hook.
    Hook,
    /// It has a deletion timestamp.
    Deleting,
    /// It has no pods of its own: it steers the rollout of another workload.
    Steers,
    /// Pods that no workload of a known kind owns: how many run or should.
    UnknownOwner(usize),
    /// A pod that nothing owns.
    Bare,
    /// It is controlled by another workload, which is judged in its place or runs by the clock: kind and name.
    ControlledBy(String),
}

impl Why {
    /// True where leaving it out is a matter of course, and need not be told each time.
    #[must_use]
    pub const fn is_routine(&self) -> bool {
        matches!(self, Self::Steers | Self::ControlledBy(_))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScaledToZero => f.write_str("it wants no pod"),
            Self::Suspended => f.write_str("it is suspended"),
            Self::Hook => f.write_str("it is a hook of Helm or Argo CD"),
            Self::Deleting => f.write_str("it is being deleted"),
            Self::UnknownOwner(1) => f.write_str("it has 1 pod, and is of a kind that cannot be gated as a whole yet"),
            Self::UnknownOwner(pods) => {
                write!(f, "it has {pods} pods, and is of a kind that cannot be gated as a whole yet")
            }
            Self::Bare => f.write_str("no workload owns it"),
            Self::Steers => f.write_str("it steers the rollout of another workload"),
            Self::ControlledBy(controller) => write!(f, "it is controlled by {controller}"),
        }
    }
}

impl Release {
    /// Names what else has pods that have not ended: owners of kinds that are not known, and pods without an owner.
    pub fn name_others(&mut self, pods: &[Pod]) {
        let has_ended = |pod: &Pod| matches!(pod.phase, Some(Phase::Succeeded | Phase::Failed));
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| !pod.deleting && !has_ended(pod)) {
            match &pod.controller {
                None => self.left_out.push(LeftOut { name: format!("pod/{}", pod.name), why: Why::Bare }),
                // The kubelet shows a node's own pods.
                Some(owner) if owner.kind == "Node" || is_gated_kind(&owner.kind) => {}
                Some(owner) => *owners.entry(format!("{} {}", owner.kind, owner.name)).or_default() += 1,
            }
        }
        let owners = owners.into_iter().map(|(name, pods)| LeftOut { name, why: Why::UnknownOwner(pods) });
        self.left_out.extend(owners);
        self.left_out.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

/// Parts the workloads of a namespace.
#[must_use]
pub fn release(workloads: impl IntoIterator<Item = Workload>) -> Release {
    let mut release = Release::default();
    let mut workloads: Vec<Workload> = workloads.into_iter().collect();
    lend_templates(&mut workloads);
    for workload in workloads {
        match left_out(&workload) {
            Some(why) => {
                let name = format!("{}/{}", workload.kind, workload.name);
                release.left_out.push(LeftOut { name, why });
            }
            None => release.gated.push(workload),
        }
    }
    release.gated.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    release.left_out.sort_by(|one, other| one.name.cmp(&other.name));
    release
}

/// Gives each Rollout with a `workloadRef` the template of the workload that it refers to.
fn lend_templates(workloads: &mut [Workload]) {
    for place in 0..workloads.len() {
        let Some(reference) = workloads[place].refers_to().filter(|_| workloads[place].kind == WorkloadKind::Rollout)
        else {
            continue;
        };
        let lender = workloads.iter().find(|one| one.kind == reference.kind && one.name == reference.name);
        if let Some(template) = lender.map(|lender| lender.template.clone()) {
            workloads[place].template = template;
        }
    }
}

fn left_out(workload: &Workload) -> Option<Why> {
    if let Some(controller) = &workload.controller
        && speaks_for(&controller.kind, workload.kind)
    {
        return Some(Why::ControlledBy(format!("{}/{}", controller.kind.to_lowercase(), controller.name)));
    }
    if workload.kind == WorkloadKind::Canary {
        return Some(Why::Steers);
    }
    if workload.hook {
        return Some(Why::Hook);
    }
    if workload.deleting {
        return Some(Why::Deleting);
    }
    match &workload.detail {
        Detail::Job { suspended: true, end: None, .. } => Some(Why::Suspended),
        Detail::Job { .. } => None,
        // Its number of pods is that of the nodes that fit, as the controller counted them for this very spec.
        Detail::DaemonSet { .. } if workload.observed_generation < workload.generation => None,
        _ => (workload.desired == Some(0)).then_some(Why::ScaledToZero),
    }
}

/// True where a workload of this kind need not be judged for what such a controller makes of it. What any other custom
/// resource controls is judged by itself: nothing else speaks for its pods.
fn speaks_for(controller: &str, kind: WorkloadKind) -> bool {
    // Their Jobs run by the clock, or judge a rollout: crashgate itself may be one of them.
    let makes_tasks = controller.contains("Cron") || controller == "AnalysisRun";
    is_gated_kind(controller) || (kind == WorkloadKind::Job && makes_tasks)
}

/// True for a kind of owner that is gated itself. Flagger's Canary is none: it controls the primary, whose pods are its own.
fn is_gated_kind(kind: &str) -> bool {
    WorkloadKind::from_kind(kind).is_some_and(|kind| kind != WorkloadKind::Canary)
}
