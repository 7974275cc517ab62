//! How the live assessment takes in what changed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::attribution::Owner;
use super::super::followed_kinds::{self, InPlay};
use super::super::{assessment, rollout};
use super::due::CauseMark;
use super::group::{Generation, Order, Standing};
use super::placed::{GroupId, Part, Place, Placed};
use super::placement::{self, Lineage};
use super::sums::step;
use super::{Changes, LiveAssessment, NewCause};
use crate::gate::memory::Needs;
use crate::gate::model::{Source, WorkloadKind};
use crate::gate::result::FirstSeen;
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, Delta, PodHistory};

/// The work of one update.
struct Update<'a> {
    state: &'a ClusterState,
    plan: &'a Plan,
    now: Duration,
    /// The pods to be placed.
    pods: BTreeSet<String>,
    /// The marks of causes that were there, and those that are.
    before: Vec<CauseMark>,
    after: Vec<(CauseMark, NewCause)>,
    changes: Changes,
}

impl LiveAssessment {
    /// Takes in what changed.
    pub fn update(&mut self, delta: Delta, state: &ClusterState, plan: &Plan, now: Duration) -> Changes {
        let Delta { pods, workloads, custom_owners } = delta;
        let changes = Changes { workloads, ..Changes::default() };
        let mut update = Update { state, plan, now, pods, before: Vec::new(), after: Vec::new(), changes };
        let denied = WorkloadKind::ALL.map(|kind| state.sources.is_denied(Source::Workloads(kind)));
        if std::mem::replace(&mut self.denied, denied) != denied {
            self.look_at_all(&mut update);
        }
        self.look_at_workloads(&mut update);
        update.changes.groups.extend(custom_owners.into_iter().map(GroupId::Unreadable));
        self.count_revisions(&mut update);
        let looked_at = self.place_all(&mut update);
        let groups = std::mem::take(&mut update.changes.groups);
        for id in &groups {
            self.assess(id, &mut update);
        }
        update.changes.groups = groups;
        self.settle_causes(&mut update);
        self.sort(looked_at, &mut update);
        self.settle_needs(state, plan);
        update.changes
    }

    /// What may be read changed: everything is looked at again.
    fn look_at_all(&mut self, update: &mut Update<'_>) {
        update.pods.extend(update.state.pods.keys().chain(update.state.fallen.keys()).cloned());
        update.changes.groups.extend(self.groups.iter().map(|(id, _)| id.clone()));
        self.lineages.clear();
    }

    /// Looks at the workloads that changed, and at those whose pods may have another place by that: the `ReplicaSet`s
    /// below and beside them.
    fn look_at_workloads(&mut self, update: &mut Update<'_>) {
        let (state, plan) = (update.state, update.plan);
        let mut touched: BTreeSet<&str> = BTreeSet::new();
        for uid in &update.changes.workloads {
            touched.insert(uid);
            touched.extend(state.replica_sets_of(uid).map(|below| below.uid.as_str()));
        }
        for uid in &touched {
            self.groups.look_at(uid, state, plan);
        }
        let mut pods = Vec::new();
        for uid in &touched {
            if self.is_above_changed(uid, state, plan) {
                pods.extend(state.pods_of(uid).map(str::to_owned));
            }
        }
        // What was said about a workload, or of its ReplicaSets, concerns the group alone.
        update.changes.groups.extend(touched.iter().map(|uid| GroupId::Workload((*uid).to_owned())));
        update.pods.extend(pods);
    }

    /// Returns true if anything changed for the pods of this controller that decides on their place, and keeps it up.
    fn is_above_changed(&mut self, uid: &str, state: &ClusterState, plan: &Plan) -> bool {
        if state.pods_of(uid).next().is_none() {
            // Once it has pods again, these are placed as they come.
            self.lineages.remove(uid);
            return false;
        }
        let lineage = state.workload(uid).map(|workload| Lineage::of(workload, &self.groups, state, plan));
        match (lineage, self.lineages.get(uid)) {
            (Some(lineage), Some(known)) if lineage == *known => false,
            (Some(lineage), _) => {
                self.lineages.insert(uid.to_owned(), lineage);
                true
            }
            (None, _) => {
                self.lineages.remove(uid);
                true
            }
        }
    }

    /// Counts the revisions of pods for the `DaemonSet`s whose newest is told by that. Where it changes, all their pods
    /// may have another place.
    fn count_revisions(&mut self, update: &mut Update<'_>) {
        let (state, plan) = (update.state, update.plan);
        let mut daemon_sets = BTreeSet::new();
        for uid in &update.pods {
            let history = state.pods.get(uid);
            let now = history.and_then(|history| placement::revision(history, state));
            let controller = history.and_then(|history| history.pod.controller.as_ref()).map(|owner| &owner.uid);
            let known = self.placed.get(uid);
            let before = known.and_then(|known| known.revision.as_ref());
            let known_controller = known.and_then(|known| known.controller.as_ref());
            if before == now.as_ref() && (before.is_none() || controller == known_controller) {
                continue;
            }
            if let Some((daemon_set, before)) = known_controller.zip(before) {
                self.groups.recount(daemon_set, Some(before), None);
                daemon_sets.insert(daemon_set.clone());
            }
            if let Some((daemon_set, now)) = controller.zip(now.as_ref()) {
                self.groups.recount(daemon_set, None, Some(now));
                daemon_sets.insert(daemon_set.clone());
            }
            let known = self.placed.entry(uid.clone()).or_default();
            known.revision = now;
        }
        for uid in daemon_sets {
            self.groups.look_at(&uid, state, plan);
            if self.is_above_changed(&uid, state, plan) {
                update.pods.extend(state.pods_of(&uid).map(str::to_owned));
            }
            update.changes.groups.insert(GroupId::Workload(uid));
        }
    }

    /// Places the pods, and those of the groups that are left out, or not any more, because of that. Returns all of them.
    fn place_all(&mut self, update: &mut Update<'_>) -> BTreeSet<String> {
        let mut looked_at = BTreeSet::new();
        loop {
            for uid in std::mem::take(&mut update.pods) {
                self.place(&uid, update);
                looked_at.insert(uid);
            }
            let may_read = !self.denied[WorkloadKind::ReplicaSet as usize];
            let changed = self.groups.hide(may_read, update.state, update.plan);
            if changed.is_empty() {
                return looked_at;
            }
            let is_of_one = |placed: &Placed| matches!(&placed.place, Place::Group(id, _) if changed.contains(id));
            let pods = self.placed.iter().filter(|(_, placed)| is_of_one(placed)).map(|(uid, _)| uid.clone());
            update.pods.extend(pods);
            update.changes.groups.extend(changed.iter().cloned());
        }
    }

    /// Places one pod: its share in every count is taken off, and put on where it belongs now.
    fn place(&mut self, uid: &str, update: &mut Update<'_>) {
        let Update { state, plan, .. } = *update;
        self.placements += 1;
        let live = state.pods.get(uid);
        let history = live.or_else(|| state.fallen.get(uid));
        let now = match (live, history) {
            (Some(history), _) => Some(Placed::of(history, &self.groups, state, plan)),
            (None, fallen) => fallen.map(|history| Placed::of_fallen(history, &self.groups, state, plan)),
        };
        self.note_lineage(history, state, plan);
        if now.as_ref() == self.placed.get(uid) && !now.as_ref().is_some_and(is_judged_by_itself) {
            return;
        }
        let known = match &now {
            Some(now) => self.placed.insert(uid.to_owned(), now.clone()),
            None => self.placed.remove(uid),
        };
        let known = known.unwrap_or_default();
        let now_placed = now.as_ref();
        self.groups.take(uid, &known);
        self.count_unattributed(uid, &known, false);
        if let Some(now) = now_placed {
            self.groups.add(uid, now);
            self.count_unattributed(uid, now, true);
        }
        for placed in [Some(&known), now_placed].into_iter().flatten() {
            let groups = &mut update.changes.groups;
            if let Place::Group(id, _) = &placed.place {
                groups.insert(id.clone());
            }
            groups.extend(placed.top.iter().chain(&placed.controller).map(|uid| GroupId::Workload(uid.clone())));
        }
        let fingerprint = now_placed.and_then(|now| now.fingerprint.as_ref());
        if known.fingerprint.as_ref() != fingerprint {
            update.changes.fingerprints.push((uid.to_owned(), known.fingerprint));
        }
        let causes = now_placed.map(|now| now.causes.as_slice()).unwrap_or_default();
        if known.causes != causes {
            let order = now_placed.and_then(|now| self.order_of(&now.place)).unwrap_or_default();
            let marks = causes.iter().enumerate();
            let marks = marks.map(|(at, mark)| (mark.clone(), NewCause::OfPod(order.clone(), uid.to_owned(), at)));
            update.after.extend(marks);
            update.before.extend(known.causes);
        }
    }

    /// Remembers what is above a pod that is there.
    fn note_lineage(&mut self, history: Option<&PodHistory>, state: &ClusterState, plan: &Plan) {
        let controller = history.and_then(|history| history.pod.controller.as_ref());
        if let Some(workload) = controller.and_then(|controller| state.workload(&controller.uid))
            && !self.lineages.contains_key(&workload.uid)
        {
            self.lineages.insert(workload.uid.clone(), Lineage::of(workload, &self.groups, state, plan));
        }
    }

    fn count_unattributed(&mut self, uid: &str, placed: &Placed, adds: bool) {
        let Place::Unattributed(kind) = placed.place else { return };
        if adds {
            self.unattributed.insert(uid.to_owned());
        } else {
            self.unattributed.remove(uid);
        }
        step(&mut self.sums.unseen_kinds[kind as usize], adds);
    }

    fn order_of(&self, place: &Place) -> Option<Order> {
        if let Place::Group(id, _) = place { Some(self.groups.order(id)) } else { None }
    }

    /// Says anew how one group stands.
    fn assess(&mut self, id: &GroupId, update: &mut Update<'_>) {
        let standing = self.standing(id, update);
        let Some(group) = self.groups.get_mut(id) else { return };
        let known = std::mem::replace(&mut group.standing, standing.clone());
        if known != standing {
            if let Some(known) = &known {
                self.sums.count(id, known, false);
            }
            if let Some(standing) = &standing {
                self.sums.count(id, standing, true);
            }
            let generation = |standing: &Option<Standing>| standing.as_ref().and_then(|standing| standing.generation);
            if let GroupId::Workload(uid) = id
                && generation(&known) != generation(&standing)
            {
                update.changes.generations.push((uid.clone(), generation(&known)));
            }
            if let Some(standing) = standing {
                let marks = standing.marks.into_iter().enumerate();
                let place = |at| NewCause::OfGroup(standing.order.clone(), id.clone(), at);
                update.after.extend(marks.map(|(at, mark)| (mark, place(at))));
            }
            update.before.extend(known.into_iter().flat_map(|known| known.marks));
        }
        self.groups.tidy(id);
    }

    /// How a group stands; `None` where it is none of the gate's.
    fn standing(&mut self, id: &GroupId, update: &Update<'_>) -> Option<Standing> {
        let Update { state, plan, now, .. } = *update;
        let head = self.groups.head(id, state, plan)?;
        let totals = self.groups.totals(id, state);
        let workload = if let Owner::Workload(workload) = head.owner { Some(workload) } else { None };
        let failed: Vec<&PodHistory> = if head.replaces_failed_pods() {
            let failed = self.groups.get(id).into_iter().flat_map(|group| &group.failed);
            failed.filter_map(|(_, uid)| state.pods.get(uid).or_else(|| state.fallen.get(uid))).collect()
        } else {
            Vec::new()
        };
        let placed = &self.placed;
        let pods = workload.into_iter().flat_map(|workload| state.pods_of(&workload.uid));
        let counts = |uid: &&str| {
            workload.zip(placed.get(*uid)).is_some_and(|(workload, placed)| placed.counts_in(&workload.uid))
        };
        let pods = pods.filter(counts).filter_map(|uid| state.pods.get(uid));
        let mut nobodys = FirstSeen::default();
        let first_seen = match workload {
            Some(workload) if self.first_seen.contains_key(&workload.uid) => self.first_seen.get_mut(&workload.uid),
            Some(workload) => Some(self.first_seen.entry(workload.uid.clone()).or_default()),
            None => None,
        };
        let first_seen = first_seen.unwrap_or(&mut nobodys);
        let causes = assessment::group_causes((head, &totals), pods, &failed, plan, state, now, first_seen);
        Some(Standing {
            order: self.groups.order(id),
            status: rollout::status(head, &totals, plan, state),
            marks: causes.iter().map(|cause| CauseMark::of(cause, plan)).collect(),
            causes,
            wanted: assessment::wanted_of(head, &totals, plan, state),
            ready: totals.ready,
            is_hook: head.is_hook(plan),
            is_all_there_can_be: assessment::is_all_there_can_be(head, plan),
            kind: workload.map(|workload| workload.kind),
            is_at_zero: workload.is_some_and(followed_kinds::is_at_zero),
            generation: workload.map(|workload| Generation(workload.generation)),
        })
    }

    /// Tells the causes that stand now from those that stood before.
    fn settle_causes(&mut self, update: &mut Update<'_>) {
        let after = std::mem::take(&mut update.after);
        let new = after.iter().filter(|(mark, _)| !self.due.has(&mark.key)).map(|(_, place)| place.clone());
        update.changes.new_causes = new.collect();
        update.changes.new_causes.sort();
        for mark in &update.before {
            self.due.take(mark);
        }
        for (mark, _) in &after {
            self.due.add(mark);
        }
    }

    /// Puts the pods that were looked at in the order in which they are told of.
    fn sort(&self, looked_at: BTreeSet<String>, update: &mut Update<'_>) {
        let mut shown = Vec::new();
        for uid in looked_at {
            let place = self.placed.get(&uid).map(|placed| &placed.place);
            match place {
                Some(Place::Group(id, part @ (Part::Counts | Part::LeftOut))) if !self.groups.is_hidden(id) => {
                    shown.push((self.groups.order(id), *part, uid));
                }
                _ => update.changes.hidden.push(uid),
            }
        }
        shown.sort();
        update.changes.shown = shown.into_iter().map(|(.., uid)| uid).collect();
    }

    fn settle_needs(&mut self, state: &ClusterState, plan: &Plan) {
        let has = |counts: [usize; WorkloadKind::ALL.len()]| counts.map(|count| count > 0);
        let sums = &self.sums;
        let in_play = InPlay {
            speaks: sums.of_no_job > 0,
            owners: has(sums.kinds),
            unseen: has(sums.unseen_kinds),
            canary_may_speak: state.has_canaries() || sums.at_zero > 0,
            has_workload_refs: state.has_workload_refs(),
            signs: followed_kinds::signs_in(state),
        };
        if self.in_play != in_play || matches!(self.needs, Needs::All(_)) {
            self.in_play = in_play;
            self.needs = in_play.needs(plan);
        }
    }
}

/// True for a pod whose group looks at more of it than its counts.
fn is_judged_by_itself(placed: &Placed) -> bool {
    matches!(placed.place, Place::Group(GroupId::Nobody(_) | GroupId::Unreadable(_), _))
}
