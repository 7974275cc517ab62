//! What was changed in the pod template of a version that did not come up, by the `ReplicaSet`s that are read anyway.

use std::collections::BTreeMap;

use super::attribution::OwnerGroup;
use super::serving;
use crate::gate::model::{Detail, TemplatePart, TemplateParts, Workload};
use crate::gate::result::{Changed, OlderRevision, TemplateChange, TemplateChanges};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// The changes since the revision that serves, or else since the last one before; `None` where there is none, where one of
/// the two templates is not known, or where nothing but the version's label was changed.
#[must_use]
pub fn changes(group: &OwnerGroup<'_>, owner: &Workload, state: &ClusterState, plan: &Plan) -> Option<TemplateChanges> {
    let newest = group.head().replica_set?;
    let before = before(group, owner, newest, state)?;
    let mut changes = between(&before.template.parts, &newest.template.parts)?;
    let label = format!("label {}", plan.version_label);
    changes.retain(|change| change.part != label);
    let from = OlderRevision { ready: ready(before), ..serving::revision(before, plan) };
    (!changes.is_empty()).then(|| TemplateChanges { workload: group.name(), from, changes })
}

/// The `ReplicaSet` to compare with: that of the stable template where a Rollout names it, else that with the most Ready pods,
/// else that of the last revision before the newest.
fn before<'a>(
    group: &OwnerGroup<'a>,
    owner: &Workload,
    newest: &Workload,
    state: &'a ClusterState,
) -> Option<&'a Workload> {
    let stable = if let Detail::Rollout(rollout) = &owner.detail { rollout.stable_hash.as_ref() } else { None };
    let is_stable = |set: &&Workload| set.template.labels.get("rollouts-pod-template-hash") == stable;
    let older = || serving::older_sets(group, owner, state);
    if stable.is_some() {
        return older().find(is_stable);
    }
    let serves = older().filter(|set| ready(set) > 0).max_by_key(|set| (ready(set), set.revision));
    let is_earlier = |set: &&Workload| set.revision.is_some() && set.revision < newest.revision;
    serves.or_else(|| older().filter(is_earlier).max_by_key(|set| set.revision))
}

fn ready(set: &Workload) -> u32 {
    if let Detail::ReplicaSet { ready: Some(ready), .. } = set.detail { ready } else { 0 }
}

/// What differs, the more telling first; `None` where one of the two is not known.
fn between(before: &TemplateParts, after: &TemplateParts) -> Option<Vec<TemplateChange>> {
    if !before.are_known() || !after.are_known() {
        return None;
    }
    let mut parts: BTreeMap<(&str, &str), [Option<TemplatePart<'_>>; 2]> = BTreeMap::new();
    for (side, template) in [before, after].into_iter().enumerate() {
        for part in template.iter() {
            parts.entry((part.container, part.name)).or_default()[side] = Some(part);
        }
    }
    let mut changes: Vec<TemplateChange> =
        parts.into_iter().filter_map(|((container, name), sides)| change(container, name, sides)).collect();
    // A flag that is named says more than that some argument was changed.
    let named: Vec<_> = changes
        .iter()
        .filter_map(|change| Some((change.container.clone(), change.part.split_once(" --")?.0.to_owned())))
        .collect();
    changes
        .retain(|change| !named.iter().any(|(container, part)| (container, part) == (&change.container, &change.part)));
    changes.sort_by_key(|change| rank(&change.part));
    Some(changes)
}

fn change(container: &str, name: &str, sides: [Option<TemplatePart<'_>>; 2]) -> Option<TemplateChange> {
    let how = match sides {
        [Some(before), Some(after)] if before.fingerprint == after.fingerprint => return None,
        [Some(_), Some(_)] => Changed::Changed,
        [None, Some(_)] => Changed::Added,
        [Some(_), None] => Changed::Removed,
        [None, None] => return None,
    };
    let [before, after] = sides.map(|side| side.map(|part| part.shown).filter(|shown| !shown.is_empty()));
    // What is shown of both may be the same, and only the rest differ.
    let (before, after) = if before == after { (None, None) } else { (before, after) };
    Some(TemplateChange {
        container: (!container.is_empty()).then(|| container.to_owned()),
        part: name.to_owned(),
        how,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    })
}

/// How telling a change is: what is run, with what, within which limits, how it is asked whether it is well; then the rest.
fn rank(part: &str) -> usize {
    const FIRST: [&str; 12] = [
        "image",
        "command",
        "args",
        "env",
        "limits",
        "requests",
        "startupProbe",
        "livenessProbe",
        "readinessProbe",
        "volume",
        "mount",
        "port",
    ];
    const LAST: [&str; 2] = ["label", "annotation"];
    let word = part.split([' ', '.']).next().unwrap_or_default();
    let word = if word == "envFrom" { "env" } else { word };
    let first = FIRST.iter().position(|known| *known == word);
    let last = || LAST.iter().position(|known| *known == word).map(|place| FIRST.len() + 1 + place);
    first.or_else(last).unwrap_or(FIRST.len())
}
