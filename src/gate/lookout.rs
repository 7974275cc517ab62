//! Which revision one workload has, told by what is seen of it: a look without a judgement.
//!
//! A gate ends with its verdict and learns nothing of the workload after that. Whoever acts on a verdict must know whether it
//! is still about what runs.

use std::sync::Arc;
use std::time::Duration;

use crate::gate::Fact;
use crate::gate::evaluate::revision_name::revision_name;
use crate::gate::memory::Needs;
use crate::gate::model::{Object, Source, Workload, WorkloadKind, WorkloadRef};
use crate::gate::spec::{Pin, Plan, Revision};
use crate::gate::state::ClusterState;

/// A workload with the revision that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWorkload {
    /// The workload as it was when it got this revision, with its pod template: that of a Rollout with a `workloadRef`, and
    /// that of a Canary, stand in the workload that they refer to.
    pub workload: Workload,
    /// What its controller calls the revision, once it has named it.
    pub name: Option<String>,
}

impl SeenWorkload {
    /// The revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        Revision { uid: self.workload.uid.clone(), fingerprint: self.workload.template.fingerprint }
    }

    /// True where the controller calls the revision so. That of a `CloneSet` may be called by the hash at its end (feature
    /// `CloneSetShortHash`).
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let is_short = |whole: &str| whole.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'));
        self.name.as_deref().is_some_and(|own| {
            own == name || (self.workload.kind == WorkloadKind::CloneSet && !name.is_empty() && is_short(own))
        })
    }
}

/// How a workload is seen at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WorkloadSight {
    /// Nothing is known of this moment: nobody answered yet, or what was known has grown old.
    #[default]
    Blind,
    /// It is not there, or on its way out.
    Absent,
    /// It is there.
    Seen(Arc<SeenWorkload>),
}

/// Follows one workload by its kind and name.
#[derive(Debug)]
pub struct Lookout {
    plan: Plan,
    pin: Pin,
    state: ClusterState,
    needs: Needs,
    sight: WorkloadSight,
}

impl Lookout {
    /// Looks out for this workload of the namespace. Nothing was seen yet.
    #[must_use]
    pub fn new(namespace: &str, pin: &Pin) -> Self {
        Self {
            plan: Plan::new(&pin.name, "", namespace),
            pin: pin.clone(),
            state: ClusterState::default(),
            needs: Needs::These(kinds(pin.kind).iter().copied().collect()),
            sight: WorkloadSight::Blind,
        }
    }

    /// The kinds of workloads that must be followed for it.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// How the workload is seen now.
    #[must_use]
    pub fn sight(&self) -> &WorkloadSight {
        &self.sight
    }

    /// Takes in what a fact says of the workload and its revision. Returns true where that is seen in another way now.
    pub fn observe(&mut self, now: Duration, fact: &Fact) -> bool {
        let state = &mut self.state;
        match fact {
            Fact::Listed { source, objects } if follows(self.pin.kind, *source) => {
                let objects: Vec<Object> =
                    objects.iter().filter(|object| concerns(&self.pin, object)).cloned().collect();
                // An answer that is older than what was seen already is proof of nothing.
                if state.is_outdated(&objects) {
                    state.sources.rested(*source);
                } else {
                    state.sources.listed(*source, now);
                    state.replace_all(*source, objects, &self.plan, now);
                }
            }
            Fact::Seen(object) if concerns(&self.pin, object) => {
                state.apply((**object).clone(), &self.plan, now);
            }
            Fact::Confirmed { owners, .. } => {
                for owner in owners {
                    let object = Object::Workload(Arc::new(owner.clone()));
                    if concerns(&self.pin, &object) {
                        state.apply(object, &self.plan, now);
                    }
                }
            }
            Fact::Gone { source, uid } if follows(self.pin.kind, *source) => {
                state.remove(*source, uid);
            }
            Fact::Lost { source, trouble } => {
                state.sources.lost(*source, trouble.clone(), now);
            }
            Fact::Resumed { source } => {
                state.sources.resumed(*source);
            }
            Fact::Rested { source } => state.sources.rested(*source),
            Fact::Denied { source, message } => {
                state.sources.denied(*source, message.clone());
            }
            _ => return false,
        }
        // Nothing is evaluated.
        drop(state.take_delta());
        let sight = self.look();
        let is_news = sight != self.sight;
        if is_news {
            self.sight = sight;
        }
        is_news
    }

    fn look(&self) -> WorkloadSight {
        let is_fresh = |kind: WorkloadKind| self.state.sources.is_fresh(Source::Workloads(kind));
        if !is_fresh(self.pin.kind) {
            return WorkloadSight::Blind;
        }
        let named = |kind: WorkloadKind, name: &str| {
            let reference = WorkloadRef { kind, name: name.to_owned() };
            self.state.workload_named(&reference).filter(|workload| !workload.deleting)
        };
        let Some(own) = named(self.pin.kind, &self.pin.name) else { return WorkloadSight::Absent };
        let referred = own.refers_to().map(|reference| (reference, named(reference.kind, &reference.name)));
        let holder = match referred {
            None => own,
            Some((reference, Some(referred))) if is_fresh(reference.kind) => referred,
            Some(_) => return WorkloadSight::Blind,
        };
        // The controller of a Canary's pods is that of its target.
        let named_by = if own.kind == WorkloadKind::Canary { holder } else { own };
        let name = revision_name(named_by, &self.state);
        if let WorkloadSight::Seen(known) = &self.sight
            && (known.workload.uid == own.uid)
            && known.workload.template.fingerprint == holder.template.fingerprint
            && known.name == name
        {
            return self.sight.clone();
        }
        let workload = Workload { template: holder.template.clone(), ..own.clone() };
        WorkloadSight::Seen(Arc::new(SeenWorkload { workload, name }))
    }
}

/// The kinds that tell of the revision of a workload of this kind.
const fn kinds(kind: WorkloadKind) -> &'static [WorkloadKind] {
    match kind {
        WorkloadKind::Deployment => &[WorkloadKind::Deployment, WorkloadKind::ReplicaSet],
        WorkloadKind::Rollout => &[WorkloadKind::Rollout, WorkloadKind::ReplicaSet, WorkloadKind::Deployment],
        WorkloadKind::Canary => {
            &[WorkloadKind::Canary, WorkloadKind::Deployment, WorkloadKind::DaemonSet, WorkloadKind::ReplicaSet]
        }
        WorkloadKind::ReplicaSet => &[WorkloadKind::ReplicaSet],
        WorkloadKind::StatefulSet => &[WorkloadKind::StatefulSet],
        WorkloadKind::DaemonSet => &[WorkloadKind::DaemonSet],
        WorkloadKind::Job => &[WorkloadKind::Job],
        WorkloadKind::CloneSet => &[WorkloadKind::CloneSet],
    }
}

/// True for a collection that is looked at. What the controller of a `DaemonSet` calls its revision stands on the pods alone.
fn follows(kind: WorkloadKind, source: Source) -> bool {
    match source {
        Source::Pods => matches!(kind, WorkloadKind::DaemonSet | WorkloadKind::Canary),
        Source::Workloads(of) => kinds(kind).contains(&of),
        Source::Events | Source::Nodes => false,
    }
}

/// True for an object that may tell of the revision of this workload.
fn concerns(pin: &Pin, object: &Object) -> bool {
    let is_referrer = || matches!(pin.kind, WorkloadKind::Canary | WorkloadKind::Rollout);
    match object {
        Object::Workload(workload) if workload.kind == pin.kind => workload.name == pin.name,
        Object::Workload(workload) if !kinds(pin.kind).contains(&workload.kind) => false,
        Object::Workload(workload) if workload.kind == WorkloadKind::ReplicaSet => {
            workload.controller.as_ref().is_some_and(|owner| owner.name == pin.name || is_referrer())
        }
        Object::Workload(_) => is_referrer(),
        Object::Pod(pod) => {
            let owner = pod.controller.as_ref().filter(|owner| owner.kind == "DaemonSet");
            follows(pin.kind, Source::Pods) && owner.is_some_and(|owner| owner.name == pin.name || is_referrer())
        }
        Object::Event(_) | Object::Node(_) => false,
    }
}
