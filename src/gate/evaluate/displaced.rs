//! The workloads that carried the gated version: where one does not any more, the gate is superseded.

use std::collections::BTreeMap;
use std::time::Duration;

use super::live::{Changes, GroupId, LiveAssessment};
use super::version::Said;
use super::{attribution, version};
use crate::gate::model::{Workload, WorkloadKind};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, Place};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// The workloads whose template carried the gated version at some time, by UID: kind and name.
#[derive(Debug, Clone, Default)]
pub struct Carriers {
    carried: BTreeMap<String, (WorkloadKind, String)>,
}

impl Carriers {
    /// Remembers the workloads that have a group.
    pub fn note(&mut self, changes: &Changes, live: &LiveAssessment, state: &ClusterState) {
        for id in changes.groups.iter().filter(|id| live.has_group(id)) {
            // Deploy tools delete their hooks as they like.
            if let GroupId::Workload(uid) = id
                && let Some(workload) = state.workload(uid)
                && !workload.deleting
                && !workload.hook
                && !self.carried.contains_key(uid)
            {
                self.carried.insert(uid.clone(), (workload.kind, workload.name.clone()));
            }
        }
    }

    /// A workload that carried the version and, as of these changes, does not any more, or is not there any more. A
    /// version that was never seen is never displaced.
    #[must_use]
    pub fn displaced(&self, changes: &Changes, state: &ClusterState, plan: &Plan, now: Duration) -> Option<Cause> {
        let mut candidates = changes.workloads.iter().filter_map(|uid| Some((uid, self.carried.get(uid)?)));
        candidates.find_map(|(uid, (kind, name))| {
            let name = format!("{kind}/{name}");
            let place = Place { workload: Some(name.clone()), ..Place::default() };
            match state.workload(uid) {
                Some(workload) if workload.deleting && !workload.is_complete_job() => {
                    Some(Cause::new(Code::WorkloadDeleted, place, format!("{name} is being deleted"), now))
                }
                None => Some(Cause::new(Code::WorkloadDeleted, place, format!("{name} was deleted"), now)),
                Some(workload) if !attribution::carries(workload, plan) => {
                    let message = format!("{name} now runs {}", now_runs(workload, plan));
                    let mut cause = Cause::new(Code::Superseded, place, message, now);
                    let history = match kind {
                        WorkloadKind::Rollout => format!("kubectl get replicasets -n {}", plan.namespace),
                        WorkloadKind::CloneSet => format!("kubectl get controllerrevisions -n {}", plan.namespace),
                        _ => format!("kubectl rollout history -n {} {name}", plan.namespace),
                    };
                    cause.next_step =
                        format!("Nothing, if the newer deploy has its own gate. The rollouts since: `{history}`");
                    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: template_words(workload) });
                    Some(cause)
                }
                Some(_) => None,
            }
        })
    }
}

/// The template of a workload, as far as it tells versions apart.
fn template_words(workload: &Workload) -> String {
    let labels = workload.template.labels.iter().map(|(key, value)| format!("{key}={value}"));
    let mut parts = vec![format!("template labels {}", labels.collect::<Vec<_>>().join(","))];
    parts.extend(workload.template.containers.iter().map(|container| format!("image {}", container.image)));
    parts.extend(workload.revision.map(|revision| format!("revision {revision}")));
    parts.join("; ")
}

/// What a workload runs in place of the gated version: the labels that the gate asks for, as they are now.
fn now_runs(workload: &Workload, plan: &Plan) -> String {
    match version::of_workload(workload, plan) {
        Said::Other(version) => return format!("{version} instead of {}", plan.version),
        Said::OtherTemplate(differences) => {
            return format!("another template than the gated one: {differences}");
        }
        Said::Gated | Said::Nothing(_) => {}
    }
    let labels = &workload.template.labels;
    let asked = plan.selector.requirements().iter().map(|requirement| &requirement.key);
    let labels: Vec<_> = asked.filter_map(|key| labels.get(key).map(|value| format!("{key}={value}"))).collect();
    if labels.is_empty() { "a template without the gate's labels".to_owned() } else { labels.join(",") }
}
