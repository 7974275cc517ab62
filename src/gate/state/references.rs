//! Workloads that refer to each other by name: a Rollout to the workload whose template it uses, a Canary to its target.
//!
//! What one of them has from another is worked out when either changes, so that no rule has to look for it: the template
//! and generation behind a `workloadRef`, and who refers to a workload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::Index;
use crate::gate::model::{Detail, Workload, WorkloadKind, WorkloadRef};

/// Who has which name, and who refers to it.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// The UIDs of the workloads of each kind and name. There can be two for a moment, where one takes the place of another.
    named: Index,
    /// The UIDs of the Rollouts and Canaries that refer to each kind and name.
    referrers: Index,
    canaries: usize,
    /// Rollouts whose template is that of another workload.
    workload_refs: usize,
}

impl References {
    /// Adds a workload, and returns the UIDs of those that something of it may be known for. `workloads` are the others.
    pub fn add(&mut self, workload: &Workload, workloads: &BTreeMap<String, Arc<Workload>>) -> BTreeSet<String> {
        let own = key(&workload.reference());
        self.named.add(&own, &workload.uid);
        for key in referred_keys(workload) {
            self.referrers.add(&key, &workload.uid);
        }
        self.canaries += usize::from(workload.kind == WorkloadKind::Canary);
        self.workload_refs += usize::from(has_workload_ref(workload));
        self.concerned(workload, workloads)
    }

    /// Takes a workload out, and returns the UIDs of those that something of it may be known for.
    pub fn take(&mut self, workload: &Workload, workloads: &BTreeMap<String, Arc<Workload>>) -> BTreeSet<String> {
        let own = key(&workload.reference());
        self.named.take(&own, &workload.uid);
        for key in referred_keys(workload) {
            self.referrers.take(&key, &workload.uid);
        }
        self.canaries -= usize::from(workload.kind == WorkloadKind::Canary);
        self.workload_refs -= usize::from(has_workload_ref(workload));
        self.concerned(workload, workloads)
    }

    /// Those that this workload refers to, those that refer to it, and what those refer to: the target of a Canary is judged
    /// with its primary beside it.
    fn concerned(&self, workload: &Workload, workloads: &BTreeMap<String, Arc<Workload>>) -> BTreeSet<String> {
        let referrers = self.referrers.get(&key(&workload.reference())).filter_map(|uid| workloads.get(uid));
        let referrers = referrers.map(Arc::as_ref);
        let mut concerned = BTreeSet::new();
        for one in referrers.chain([workload]) {
            concerned.insert(one.uid.clone());
            if let Some(reference) = one.refers_to() {
                concerned.extend(self.named.get(&key(reference)).map(str::to_owned));
            }
        }
        concerned.remove(&workload.uid);
        concerned
    }

    /// Fills in what a workload has from others. Where the template behind a `workloadRef` is not there, that which was
    /// `known` last stays.
    pub fn resolve(
        &self,
        workload: &mut Arc<Workload>,
        known: Option<&Workload>,
        workloads: &BTreeMap<String, Arc<Workload>>,
    ) {
        let own = workload.reference();
        let referrers = self.referrers.get(&key(&own)).filter_map(|uid| workloads.get(uid));
        let mut referrers = referrers.filter(|one| !one.deleting && one.refers_to() == Some(&own));
        let referrer = referrers.next().map(|one| one.reference());
        // One that stays as it was told is shared with whoever else was told of it.
        if workload.referrer != referrer {
            Arc::make_mut(workload).referrer = referrer;
        }
        let Detail::Rollout(rollout) = &workload.detail else { return };
        let Some(reference) = &rollout.workload_ref else { return };
        let named = self.named(reference, workloads);
        let Some(lender) = named.or(known) else { return };
        let generation = named.map_or(rollout.workload_generation, |named| named.generation);
        if workload.template == lender.template && rollout.workload_generation == generation {
            return;
        }
        let template = lender.template.clone();
        let workload = Arc::make_mut(workload);
        workload.template = template;
        if let Detail::Rollout(rollout) = &mut workload.detail {
            rollout.workload_generation = generation;
        }
    }

    /// The workload of this kind and name, one that is not being deleted before others.
    #[must_use]
    pub fn named<'a>(
        &self,
        reference: &WorkloadRef,
        workloads: &'a BTreeMap<String, Arc<Workload>>,
    ) -> Option<&'a Workload> {
        let all = self.named.get(&key(reference)).filter_map(|uid| workloads.get(uid)).map(Arc::as_ref);
        all.min_by_key(|workload| workload.deleting)
    }

    /// True where a Canary is there.
    #[must_use]
    pub fn has_canaries(&self) -> bool {
        self.canaries > 0
    }

    /// True where a Rollout is there whose template is that of another workload.
    #[must_use]
    pub fn has_workload_refs(&self) -> bool {
        self.workload_refs > 0
    }
}

fn has_workload_ref(workload: &Workload) -> bool {
    matches!(&workload.detail, Detail::Rollout(rollout) if rollout.has_workload_ref)
}

/// The kinds and names that a workload refers to: of a Canary its target, and the primary beside it.
fn referred_keys(workload: &Workload) -> Vec<String> {
    let Some(reference) = workload.refers_to() else { return Vec::new() };
    let primary = (workload.kind == WorkloadKind::Canary).then(|| key(&reference.primary()));
    std::iter::once(key(reference)).chain(primary).collect()
}

fn key(reference: &WorkloadRef) -> String {
    reference.to_string()
}
