//! The live assessment held against one from scratch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::super::assessment::Assessment;
use super::super::attribution::GroupHead;
use super::super::fingerprint::PodFingerprint;
use super::due::{CauseKey, CauseMark};
use super::group::{Order, Standing};
use super::placed::{Part, Place};
use super::{GroupId, LiveAssessment};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

/// A group as both tell of it: its name, the UIDs of its pods by their part, and how it stands.
type Told = (String, [Vec<String>; 3], String);

impl LiveAssessment {
    /// The first thing in which it differs from an assessment from scratch, in words.
    ///
    /// # Errors
    ///
    /// Where it differs: a fault of the gate itself.
    pub fn check(&self, full: &Assessment<'_>, state: &ClusterState, plan: &Plan) -> Result<(), String> {
        same("groups", &self.told(state, plan), &told(full))?;
        let unattributed = full.attribution.unattributed.iter().map(|(history, _)| history.pod.uid.clone());
        same("unattributed pods", &self.unattributed, &unattributed.collect::<BTreeSet<_>>())?;
        let progress = (!full.statuses.is_empty()).then_some((full.ready, full.wanted));
        same("progress", &self.progress(plan), &progress)?;
        same("all well", &self.all_well(plan), &full.all_well())?;
        same("all done", &self.all_done(plan), &full.all_done())?;
        same("what is lacking", &self.lacking(state, plan), &full.lacking())?;
        same("needs", &self.needs, &full.needs)?;
        let (mut keys, mut moments) = (BTreeMap::<CauseKey, u32>::new(), BTreeMap::new());
        for mark in full.causes.iter().map(|cause| CauseMark::of(cause, plan)) {
            *keys.entry(mark.key).or_default() += 1;
            mark.counts_at.into_iter().for_each(|at| *moments.entry(at).or_default() += 1);
        }
        same("causes", self.due.keys(), &keys)?;
        same("moments at which causes count", &self.due.all_moments(), &moments)?;
        let own: BTreeMap<&str, &PodFingerprint> =
            self.placed.iter().filter_map(|(uid, placed)| Some((uid.as_str(), placed.fingerprint.as_ref()?))).collect();
        let fingerprints: BTreeMap<String, PodFingerprint> = full
            .attribution
            .pods()
            .map(|history| (history.pod.uid.clone(), PodFingerprint::of(&history.pod, plan)))
            .collect();
        same("fingerprints", &own, &fingerprints.iter().map(|(uid, print)| (uid.as_str(), print)).collect())
    }

    fn told(&self, state: &ClusterState, plan: &Plan) -> Vec<Told> {
        let mut groups: Vec<(&Order, &GroupId, &Standing)> = self
            .groups
            .iter()
            .filter_map(|(id, group)| group.standing.as_ref().map(|standing| (&standing.order, id, standing)))
            .collect();
        groups.sort_by_key(|(order, ..)| *order);
        let told = groups.into_iter().map(|(_, id, standing)| {
            let head = self.groups.head(id, state, plan);
            let pods = |part: Part| {
                let is_of_it = |place: &Place| matches!(place, Place::Group(own, its) if own == id && *its == part);
                let all = self.placed.iter().filter(|(_, placed)| is_of_it(&placed.place));
                all.map(|(uid, _)| uid.clone()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
            };
            let failed = self.groups.get(id).into_iter().flat_map(|group| &group.failed);
            let failed = failed.filter(|_| head.is_some_and(GroupHead::replaces_failed_pods));
            let failed = failed.map(|(_, uid)| uid.clone()).collect();
            let name = head.map_or_else(String::new, GroupHead::name);
            (name, [pods(Part::Counts), pods(Part::LeftOut), failed], format!("{:?}", standing.status))
        });
        told.collect()
    }
}

fn told(full: &Assessment<'_>) -> Vec<Told> {
    let uids = |pods: &[&PodHistory]| pods.iter().map(|history| history.pod.uid.clone()).collect::<Vec<_>>();
    let groups = full.attribution.groups.iter().zip(&full.statuses);
    groups
        .map(|(group, status)| {
            let pods = [uids(&group.pods), uids(&group.left_out), uids(&group.failed)];
            (group.name(), pods, format!("{status:?}"))
        })
        .collect()
}

fn same<T: PartialEq + Debug>(what: &str, live: &T, full: &T) -> Result<(), String> {
    if live == full { Ok(()) } else { Err(format!("{what}: live {live:?}, from scratch {full:?}")) }
}
