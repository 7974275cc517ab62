//! What is near where nothing matched: labels that differ by a letter, the version that runs instead.

use std::collections::BTreeMap;

use super::version::Said;
use super::{attribution, version};
use crate::gate::model::{Test, Workload};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// How many near ones are told.
const MOST: usize = 5;

/// Labels are near where so many edits make one of the other.
const NEAR: usize = 2;

/// What exists in the namespace near to what was asked for, each in a sentence.
#[must_use]
pub fn hints(state: &ClusterState, plan: &Plan) -> Vec<String> {
    let mut tops: Vec<&Workload> = state.workloads().filter(|workload| attribution::is_top(workload, plan)).collect();
    tops.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    let mut near = carriers(state, plan);
    near.extend(tops.iter().filter_map(|workload| nearness(workload, plan)));
    if tops.is_empty() && near.is_empty() {
        return vec![format!("namespace {} has no workload at all", plan.namespace)];
    }
    if near.is_empty() {
        let names: Vec<_> = tops.iter().take(MOST).map(|workload| attribution::name_of(workload)).collect();
        let more = if tops.len() > MOST { ", …" } else { "" };
        return vec![format!("namespace {} has {}{more}", plan.namespace, names.join(", "))];
    }
    near.truncate(MOST);
    near
}

/// Pods that carry the labels and do not count all the same: why not. A pin asks for no labels.
#[must_use]
pub fn carriers(state: &ClusterState, plan: &Plan) -> Vec<String> {
    let mut reasons = BTreeMap::<String, Vec<&str>>::new();
    for history in state.pods.values() {
        let pod = &history.pod;
        if plan.workload.is_some() || history.is_left_out() || !plan.selector.matches(&pod.labels) {
            continue;
        }
        let reason = match version::of_pod(pod, plan) {
            Said::Other(version) => format!("the pods that match the selector run {version}"),
            Said::OtherTemplate(why) | Said::Nothing(why) => {
                format!("the version of the pods that match the selector is unknown: {why}")
            }
            Said::Gated if attribution::is_of_schedule(pod, state, plan) => {
                "the pods that match the selector belong to Jobs of a CronJob, which are left out unless `workload` pins one"
                    .to_owned()
            }
            Said::Gated => match attribution::top_name(pod, state, plan) {
                Some(owner) => format!("the pods that match the selector are of an older revision of {owner}"),
                None => continue,
            },
        };
        reasons.entry(reason).or_default().push(&pod.name);
    }
    reasons
        .into_iter()
        .map(|(reason, pods)| {
            let more = if pods.len() > 2 { format!(" and {} more", pods.len() - 2) } else { String::new() };
            let shown: Vec<_> = pods.iter().take(2).copied().collect();
            format!("{reason} ({}{more})", shown.join(", "))
        })
        .collect()
}

/// What a workload that was asked for runs in place of the gated version.
fn running(workload: &Workload, plan: &Plan) -> String {
    let name = attribution::name_of(workload);
    match version::of_workload(workload, plan) {
        Said::Gated => format!("{name} has the version"),
        Said::Other(version) => format!("{name} runs {version}"),
        Said::OtherTemplate(differences) => format!("{name} is not what the manifest says: {differences}"),
        Said::Nothing(why) => format!("the version of {name} is unknown: {why}"),
    }
}

fn nearness(workload: &Workload, plan: &Plan) -> Option<String> {
    let name = attribution::name_of(workload);
    if let Some(pin) = &plan.workload {
        return if attribution::is_pinned(workload, pin) {
            Some(running(workload, plan))
        } else if workload.name == pin.name || is_near(&workload.name, &pin.name) {
            Some(format!("there is {name}"))
        } else {
            None
        };
    }
    if plan.selector.matches(&workload.template.labels) {
        return Some(running(workload, plan));
    }
    let labels = &workload.template.labels;
    let mut held = 0;
    let mut near = 0;
    let mut differences = Vec::new();
    for requirement in plan.selector.requirements() {
        let Test::Equals(wanted) = &requirement.test else { continue };
        match labels.get(&requirement.key) {
            Some(value) if value == wanted => held += 1,
            Some(value) => {
                near += u32::from(is_near(wanted, value));
                differences.push(format!("{}={value}", requirement.key));
            }
            // The same value under another key: `app.kubernetes.io/name` where `name` was asked for.
            None => {
                let like_it =
                    |key: &str| is_near(key, &requirement.key) || key.ends_with(&format!("/{}", requirement.key));
                if let Some((key, value)) = labels.iter().find(|(key, value)| *value == wanted && like_it(key)) {
                    near += 1;
                    differences.push(format!("{key}={value}"));
                }
            }
        }
    }
    let all_near = near as usize == differences.len();
    (!differences.is_empty() && (held > 0 || all_near)).then(|| format!("{name} has {}", differences.join(",")))
}

fn is_near(one: &str, other: &str) -> bool {
    strsim::levenshtein(one, other) <= NEAR
}
