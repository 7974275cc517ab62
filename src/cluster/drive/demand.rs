//! What a gate needs of the sources that it shares with others, and what its confirming read will cost.

use std::time::Duration;

use super::decider::Decider;
use super::gate_driver::GateDriver;
use crate::cluster::api::request::pages_of;
use crate::cluster::watch::SourceHandle;
use crate::gate::memory::Needs;
use crate::gate::model::{Source, WorkloadKind};

impl<D: Decider> GateDriver<D> {
    /// Says which sources are needed, and when the read that confirms a pass will be.
    ///
    /// While nothing is known of the gated version every kind is needed; but a source waits a moment after its LIST to
    /// hear of it, and is told so only when all sources have been heard of: the kinds that own nothing here are then
    /// never watched at all.
    pub(super) fn arrange(&self) {
        let needs = self.gate.needs();
        // What is known by its signs alone is heard of once it was listed.
        let is_awaited = |source: &Source, handle: &SourceHandle| is_signed(*source, needs) && handle.is_unheard();
        let has_heard =
            |(source, handle): (&Source, &SourceHandle)| self.heard.contains(source) && !is_awaited(source, handle);
        let all_heard = self.handles.iter().all(has_heard);
        for (source, handle) in self.optional_sources() {
            let vote = match needs {
                Needs::All(_) if is_custom(*source) => {
                    Some(is_signed(*source, needs) || self.looks_for_custom(*source, handle))
                }
                Needs::All(_) => all_heard.then_some(true),
                Needs::These(_) => Some(needs.include(*source)),
            };
            handle.vote(self.seat.number, vote);
        }
        let kinds =
            WorkloadKind::ALL.into_iter().filter(|kind| self.is_readable(*kind) && !self.is_missing(*kind)).count();
        let cost = u32::try_from(kinds).unwrap_or(u32::MAX).saturating_add(pages_of(self.pods_listed));
        let confirms_at = self.gate.confirms_at().map(|at| (self.services.start + at, cost));
        self.services.budget.book(self.seat.number, confirms_at);
    }

    /// True where nothing of the gated version has been seen in half of the wait period, so that it may be a custom
    /// resource's that nothing else names. An API server without a kind is asked for it once.
    fn looks_for_custom(&self, source: Source, handle: &SourceHandle) -> bool {
        let is_late = self.now >= self.gate.plan().wait_period / 2;
        is_late && source != CANARIES && !handle.was_absent()
    }

    /// When a gate that has seen nothing begins to look for custom resources.
    pub(super) fn looks_further_at(&self) -> Option<Duration> {
        Some(self.gate.plan().wait_period / 2).filter(|at| self.now < *at && matches!(self.gate.needs(), Needs::All(_)))
    }

    /// Needs nothing any more.
    pub(super) fn leave(&self) {
        for (_, handle) in self.optional_sources() {
            handle.vote(self.seat.number, Some(false));
        }
        self.services.budget.book(self.seat.number, None);
    }

    /// The sources that a gate may do without. Pods and events every gate follows to its end.
    fn optional_sources(&self) -> impl Iterator<Item = (&Source, &SourceHandle)> {
        self.handles.iter().filter(|(source, _)| matches!(source, Source::Workloads(_)))
    }

    fn is_readable(&self, kind: WorkloadKind) -> bool {
        self.handles.get(&Source::Workloads(kind)).is_some_and(SourceHandle::is_readable)
    }

    /// The kinds whose state nobody has asked for within `delay`: a workload of the gate's labels may have come that no
    /// watch has told of.
    pub(super) fn unproven_kinds(&self) -> Vec<(WorkloadKind, SourceHandle)> {
        let delay = self.gate.plan().delay;
        let handle = |kind: WorkloadKind| Some((kind, self.handles.get(&Source::Workloads(kind))?.clone()));
        let kinds = WorkloadKind::ALL.into_iter().filter(|kind| !self.is_missing(*kind)).filter_map(handle);
        kinds.filter(|(_, handle)| handle.wants_proof(delay)).collect()
    }

    /// True for a kind of a custom resource of which nothing was ever seen, whether or not the API server has it.
    fn is_missing(&self, kind: WorkloadKind) -> bool {
        let source = Source::Workloads(kind);
        let is_there = self.handles.get(&source).is_some_and(|handle| !handle.was_absent() && !handle.is_unheard());
        kind.is_custom() && !(is_there && source != CANARIES) && !self.gate.needs().include(source)
    }
}

/// They own no pods: whom they matter to says so.
const CANARIES: Source = Source::Workloads(WorkloadKind::Canary);

fn is_custom(source: Source) -> bool {
    matches!(source, Source::Workloads(kind) if kind.is_custom())
}

/// True for a kind of custom resource of which something was seen, while nothing of the gated version was.
fn is_signed(source: Source, needs: &Needs) -> bool {
    matches!((source, needs), (Source::Workloads(kind), Needs::All(signs)) if signs.contains(&kind))
}
