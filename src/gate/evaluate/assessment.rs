//! What follows from all that is known at one moment: who belongs to the gate, how each group stands, which causes stand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attribution::{Group, Owner, Scope};
use super::followed_kinds::needs_of;
use super::rollout::Standing;
use super::{owner_causes, rollout};
use crate::gate::memory::Needs;
use crate::gate::result::{Cause, FirstSights};
use crate::gate::spec::Plan;
use crate::gate::state::View;

/// The judgement of one moment.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// Who belongs to the gate.
    pub scope: Scope<'a>,
    /// How each group of the scope stands, in the same order.
    pub standings: Vec<Standing>,
    /// The causes that stand, of pods and of owners.
    pub causes: Vec<Cause>,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that are wanted, where every owner says it.
    pub wanted: Option<u32>,
    /// Where fewer pods are asked for by the owners than the plan's floor: that, in words.
    pub floor_shortfall: Option<String>,
    /// Where nothing but hooks of a deploy tool is there: their names.
    pub hooks_alone: Option<String>,
    /// True where what is there is all that there can be: a pinned workload, or pods without an owner. After a Job the
    /// app itself may still come.
    is_whole: bool,
    /// The kinds of workloads that must be followed.
    pub needs: Needs,
}

/// When the causes of each owner were first seen, by its UID.
pub type OwnerSights = BTreeMap<String, FirstSights>;

impl<'a> Judgement<'a> {
    /// Judges what is known now.
    #[must_use]
    pub fn of(view: &'a View, plan: &Plan, now: Duration, sights: &mut OwnerSights) -> Self {
        let scope = Scope::of(view, plan);
        let standings: Vec<_> = scope.groups.iter().map(|group| rollout::standing(group, plan, view)).collect();
        let mut causes: Vec<Cause> = scope.pods().flat_map(|track| track.causes().iter().cloned()).collect();
        let mut wanted = Some(0_u32);
        for group in &scope.groups {
            let group_wanted = rollout::wanted(group, view).or(if matches!(group.owner, Owner::Unreadable { .. }) {
                plan.replicas
            } else {
                None
            });
            wanted = wanted.zip(group_wanted).map(|(sum, more)| sum.saturating_add(more));
            // Each replacement may be Ready for a while: what ended stays a cause.
            if group.failures() > plan.max_restarts {
                causes.extend(group.failed.iter().filter_map(|track| track.failure().cloned()));
            }
            if let Owner::Workload(workload) = group.owner {
                let sights = sights.entry(workload.uid.clone()).or_default();
                causes.extend(owner_causes::creation(group, group_wanted, &plan.namespace, &view.book, now, sights));
                causes.extend(owner_causes::job_failure(group, &plan.namespace, now, sights));
            }
        }
        let ready = scope.groups.iter().map(Group::ready).sum();
        let floor = plan.replicas.unwrap_or(0);
        let needed = plan.min_ready.map_or(floor, |min_ready| min_ready.of(floor));
        let all_done = !standings.is_empty() && standings.iter().all(|standing| *standing == Standing::Done);
        // Only a Job that is asked for by its name is as good as so many pods.
        let needs_no_pod = all_done && plan.workload.is_some();
        let floor_shortfall = (!needs_no_pod && ready < needed)
            .then(|| format!("{ready} pods are ready, and the gate wants at least {needed} (replicas: {floor})"));
        let wanted = wanted.map(|wanted| wanted.max(floor)).filter(|_| !scope.groups.is_empty());
        let is_whole = plan.workload.is_some()
            || scope.groups.iter().all(|group| matches!(group.owner, Owner::Nobody) && !group.is_hook(plan));
        let hooks_alone = hooks_alone(&scope, plan);
        let needs = needs_of(&scope, plan);
        Self { scope, standings, causes, ready, wanted, floor_shortfall, hooks_alone, is_whole, needs }
    }

    /// True where all that belongs to the gate is as it should be, proven by at least one pod or finished Job.
    #[must_use]
    pub fn all_well(&self) -> bool {
        !self.standings.is_empty()
            && self.scope.unattributed.is_empty()
            && self.floor_shortfall.is_none()
            && self.hooks_alone.is_none()
            && self.standings.iter().all(|standing| matches!(standing, Standing::Well | Standing::Done))
    }

    /// True where nothing is left that must stay as it is, and nothing more can come: a pinned Job that is complete, bare
    /// pods that have succeeded.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.is_whole && self.all_well() && self.standings.iter().all(|standing| *standing == Standing::Done)
    }

    /// What is lacking first, in words, for why a window broke and for a heartbeat.
    #[must_use]
    pub fn lacking(&self) -> Option<String> {
        let short = self.standings.iter().find_map(|standing| match standing {
            Standing::Short(shortfall) => Some(shortfall.why.clone()),
            Standing::Well | Standing::Done => None,
        });
        let unattributed = self.scope.unattributed.first();
        short
            .or_else(|| self.floor_shortfall.clone())
            .or_else(|| self.hooks_alone.as_ref().map(|hooks| format!("only {hooks} exists so far, which is a hook")))
            .or_else(|| unattributed.map(|track| format!("the owner of pod {} has not been seen yet", track.pod.name)))
            .or_else(|| self.standings.is_empty().then(|| "no pod of this version exists yet".to_owned()))
    }
}

/// The names of the hooks, where there is nothing else.
fn hooks_alone(scope: &Scope<'_>, plan: &Plan) -> Option<String> {
    if scope.groups.is_empty() || !scope.groups.iter().all(|group| group.is_hook(plan)) {
        return None;
    }
    let names: Vec<_> = scope.groups.iter().map(Group::name).collect();
    Some(names.join(", "))
}
