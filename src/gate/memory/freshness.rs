//! How far each source can be trusted now.

use std::collections::BTreeMap;
use std::time::Duration;

use super::needs::Needs;
use crate::gate::model::{Source, Trouble, WorkloadKind};

/// The state of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Listed, and nothing has spoken against it since.
    Fresh,
    /// Listed once, and not followed any more since no owner of its kind is in play.
    Resting,
    /// Not to be trusted until it is listed again.
    Lost {
        /// What happened.
        trouble: Trouble,
        /// When, as the time since the gate began.
        since: Duration,
    },
    /// This identity may not read it.
    Denied {
        /// The API server's words.
        message: String,
    },
}

/// The trust in every source that a gate reads. A source that was never heard of is not trusted either.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    states: BTreeMap<Source, Trust>,
    /// True once any source was listed: the API server has been reached.
    reached: bool,
    /// The longest time for which something that a verdict needs could not be seen and then could again.
    longest_gap: Duration,
}

impl Sources {
    /// The source was listed. True where it was lost before.
    pub fn listed(&mut self, source: Source, now: Duration) -> bool {
        self.reached = true;
        if let Some(Trust::Lost { since, .. }) = self.states.get(&source)
            && needed().any(|needed| needed == source)
        {
            self.longest_gap = self.longest_gap.max(now.saturating_sub(*since));
        }
        matches!(self.states.insert(source, Trust::Fresh), Some(Trust::Lost { .. }))
    }

    /// The watch of the source goes on where it had stopped. True where it was lost before. A source that was never
    /// listed has no such place.
    pub fn resumed(&mut self, source: Source) -> bool {
        let Some(state @ (Trust::Lost { .. } | Trust::Resting)) = self.states.get_mut(&source) else { return false };
        // All that happened meanwhile is told now, so this is no gap in which something can have come and gone.
        matches!(std::mem::replace(state, Trust::Fresh), Trust::Lost { .. })
    }

    /// The source is not followed any more.
    pub fn rested(&mut self, source: Source) {
        if let Some(state @ (Trust::Fresh | Trust::Lost { .. })) = self.states.get_mut(&source) {
            *state = Trust::Resting;
        }
    }

    /// The source was lost. True where it was not lost before.
    pub fn lost(&mut self, source: Source, trouble: Trouble, now: Duration) -> bool {
        let since = match self.states.get(&source) {
            Some(Trust::Lost { since, .. }) => *since,
            _ => now,
        };
        !matches!(self.states.insert(source, Trust::Lost { trouble, since }), Some(Trust::Lost { .. }))
    }

    /// The source may not be read. True where that is news.
    pub fn denied(&mut self, source: Source, message: String) -> bool {
        self.reached = true;
        !matches!(self.states.insert(source, Trust::Denied { message }), Some(Trust::Denied { .. }))
    }

    /// True where the source may not be read.
    #[must_use]
    pub fn is_denied(&self, source: Source) -> bool {
        matches!(self.states.get(&source), Some(Trust::Denied { .. }))
    }

    /// True where the source was listed and nothing has spoken against it since.
    #[must_use]
    pub fn is_fresh(&self, source: Source) -> bool {
        matches!(self.states.get(&source), Some(Trust::Fresh))
    }

    /// The longest time for which something that a verdict needs could not be seen.
    #[must_use]
    pub const fn longest_gap(&self) -> Duration {
        self.longest_gap
    }

    /// True where the API server has answered any LIST so far.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.reached
    }

    /// True where all that a verdict rests on is fresh: the pods, and every kind of workload that is needed and may be
    /// read at all. A kind that is not needed must have been listed once, for only that tells that it is not; but for a kind
    /// of a custom resource, which shows by the pods that refer to it.
    #[must_use]
    pub fn are_fresh(&self, needs: &Needs) -> bool {
        self.unfit(needs).is_none()
    }

    /// The first source that a verdict would need and that is not fresh, with its trouble; one of which no trouble is
    /// known only where there is no other: the pods of a pinned workload are not even asked for before it is found.
    #[must_use]
    pub fn unfit(&self, needs: &Needs) -> Option<(Source, Option<&Trouble>)> {
        let unfit = |source| match self.states.get(&source) {
            Some(Trust::Fresh) => None,
            Some(Trust::Resting) if !needs.include(source) => None,
            None if is_custom(source) && !(needs.include(source) && owns_pods(source)) => None,
            Some(Trust::Denied { .. }) if source != Source::Pods => None,
            Some(Trust::Lost { trouble, .. }) => Some((source, Some(trouble))),
            Some(Trust::Denied { .. } | Trust::Resting) | None => Some((source, None)),
        };
        let first = needed().find_map(unfit)?;
        let troubled = needed().filter_map(unfit).find(|(_, trouble)| trouble.is_some());
        Some(if first.1.is_none() { troubled.unwrap_or(first) } else { first })
    }

    /// The trouble that no waiting can mend, where there is one.
    #[must_use]
    pub fn hopeless(&self) -> Option<(Source, &Trouble)> {
        needed().find_map(|source| match self.states.get(&source) {
            Some(Trust::Lost { trouble, .. }) if trouble.hopeless => Some((source, trouble)),
            _ => None,
        })
    }

    /// The API server's words where the pods may not be listed.
    #[must_use]
    pub fn pods_denied(&self) -> Option<&str> {
        match self.states.get(&Source::Pods) {
            Some(Trust::Denied { message }) => Some(message),
            _ => None,
        }
    }
}

fn is_custom(source: Source) -> bool {
    matches!(source, Source::Workloads(kind) if kind.is_custom())
}

/// A Canary owns none: without it nothing passes that would not pass with it.
fn owns_pods(source: Source) -> bool {
    source != Source::Workloads(WorkloadKind::Canary)
}

fn needed() -> impl Iterator<Item = Source> {
    std::iter::once(Source::Pods).chain(WorkloadKind::ALL.into_iter().map(Source::Workloads))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Sources;
    use crate::gate::memory::Needs;
    use crate::gate::model::{Source, Trouble, TroubleKind, WorkloadKind};

    #[test]
    fn the_longest_gap_is_that_of_what_a_verdict_needs() {
        let seconds = Duration::from_secs;
        let trouble = || Trouble { kind: TroubleKind::Stale, message: String::new(), hopeless: false };
        let mut sources = Sources::default();
        for (source, from, to) in
            [(Source::Pods, 1, 3), (Source::Pods, 5, 6), (Source::Events, 1, 9), (Source::Nodes, 1, 9)]
        {
            sources.lost(source, trouble(), seconds(from));
            sources.listed(source, seconds(to));
        }
        assert_eq!(sources.longest_gap(), seconds(2));
        // Lost again while it was lost: one gap.
        sources.lost(Source::Pods, trouble(), seconds(10));
        sources.lost(Source::Pods, trouble(), seconds(14));
        sources.listed(Source::Pods, seconds(15));
        assert_eq!(sources.longest_gap(), seconds(5));
    }

    #[test]
    fn workloads_that_may_not_be_read_are_done_without_and_pods_are_not() {
        let mut sources = Sources::default();
        for kind in WorkloadKind::ALL {
            sources.denied(Source::Workloads(kind), String::new());
        }
        assert!(!sources.are_fresh(&Needs::EVERYTHING), "the pods were never listed");
        sources.listed(Source::Pods, Duration::ZERO);
        assert!(sources.are_fresh(&Needs::EVERYTHING));
        sources.denied(Source::Pods, String::new());
        assert!(!sources.are_fresh(&Needs::EVERYTHING));
    }

    #[test]
    fn a_kind_that_rests_is_fit_until_it_is_needed_and_one_never_listed_is_not() {
        let jobs = Source::Workloads(WorkloadKind::Job);
        let deployments = Needs::These([WorkloadKind::Deployment].into());
        let mut sources = Sources::default();
        for source in std::iter::once(Source::Pods).chain(WorkloadKind::BUILT_IN.map(Source::Workloads)) {
            assert!(!sources.are_fresh(&deployments), "{source} was never listed");
            sources.listed(source, Duration::ZERO);
        }
        sources.rested(jobs);
        assert!(sources.are_fresh(&deployments));
        assert_eq!(sources.unfit(&Needs::EVERYTHING), Some((jobs, None)), "nothing tells what changed since");
        let trouble = Trouble { kind: TroubleKind::Stale, message: String::new(), hopeless: false };
        sources.lost(jobs, trouble, Duration::ZERO);
        assert!(!sources.are_fresh(&deployments), "the confirming read could not list it");
        assert!(sources.resumed(jobs));
        assert!(sources.are_fresh(&Needs::EVERYTHING));
        assert!(!Sources::default().resumed(jobs), "nothing was ever listed from which it could go on");
        // Of a kind that most API servers do not have nothing need be heard, until a pod refers to it.
        assert!(!sources.are_fresh(&Needs::These([WorkloadKind::Rollout].into())));
    }
}
