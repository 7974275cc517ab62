//! From what was said of metrics to the metrics of a plan.

use std::collections::BTreeSet;

use crate::gate::spec::{Metrics, Pin, StableArm};

use super::{finish_check, finish_source};
use crate::manifest::diagnostics::{Message, Place, Problems};
use crate::manifest::draft::Draft;
use crate::manifest::duration;

/// Returns the metrics that the draft asks for; `None` where it asks for none, and where something about them was
/// reported, now or before.
pub(in crate::manifest) fn finish(draft: &mut Draft, problems: &mut Problems) -> Option<Metrics> {
    if draft.metrics.left_out {
        return None;
    }
    let place = match draft.mentions.get("metrics") {
        Some(Err(_)) => return None,
        Some(Ok(Some(place))) => *place,
        _ => {
            without_metrics(draft, problems);
            return None;
        }
    };
    source(draft, place, problems);
    checks(draft, place, problems);
    stable(draft, problems);
    if draft.place("metrics.podLabels").is_some()
        && draft.metrics.pod_labels.namespace.as_ref() == Some(&draft.metrics.pod_labels.pod)
    {
        let message = Message::new(
            "`podLabels` names the same label for the namespace and for the pod",
            "write both as the series have them, as in `{namespace: namespace, pod: pod}`",
        );
        draft.report("metrics.podLabels", message, problems);
    }
    let stable_for = draft.plan.stable_for;
    if draft.metrics.watch_for.is_none() && stable_for.is_zero() && !draft.has("watchFor") {
        let message = Message::new(
            "metrics are watched for `stableFor` where nothing else is said, and that is 0s",
            "say how long they are watched at most, as in `watchFor: 5m`",
        );
        let reported = problems.report(place, message);
        draft.mention("watchFor", Err(reported));
    }
    if ["metrics", "watchFor", "stable"].iter().any(|path| !draft.is_sound(path)) {
        return None;
    }
    // Every check was judged before: none of them has anything wrong with it.
    let checks = draft.metrics.checks.iter().filter_map(|check| finish_check::check(check).ok()).collect();
    let said = &draft.metrics;
    Some(Metrics {
        source: said.source.clone(),
        pod_labels: said.pod_labels.clone(),
        checks,
        watch_for: said.watch_for.unwrap_or(stable_for).max(stable_for),
        stable: said.stable.clone().unwrap_or(StableArm::Previous),
        dry: said.dry,
    })
}

/// What only metrics give a meaning.
fn without_metrics(draft: &mut Draft, problems: &mut Problems) {
    for (path, what) in
        [("watchFor", "how long metrics are watched"), ("stable", "which pods metrics are compared with")]
    {
        if draft.place(path).is_some() {
            let message = Message::new(
                format!("`{path}` says {what}, and the gate has no `metrics`"),
                "remove it, or add `metrics` with a source and checks",
            );
            draft.report(path, message, problems);
        }
    }
}

fn source(draft: &mut Draft, metrics: Place, problems: &mut Problems) {
    if !draft.is_sound("metrics.source") {
        return;
    }
    let example = "add `source: {url: 'http://prometheus.monitoring:9090'}`";
    if !draft.has("metrics.source.url") {
        let place = draft.place("metrics.source").unwrap_or(metrics);
        let message = Message::new("`metrics` does not say where to ask: there is no `source.url`", example);
        let reported = problems.report(place, message);
        draft.mention("metrics.source", Err(reported));
        return;
    }
    for (key, message) in finish_source::wrong(&draft.metrics.source) {
        draft.report(&format!("metrics.source.{key}"), message, problems);
    }
}

fn checks(draft: &mut Draft, metrics: Place, problems: &mut Problems) {
    if !draft.has("metrics.checks") {
        let message = Message::new(
            "`metrics` has no `checks`, and would check nothing",
            "add one, as in `checks: [{name: errors, bad: 'http_requests_total{$pods,code=~\"5..\"}', total: \
             'http_requests_total{$pods}', max: 1%}]`",
        );
        let reported = problems.report(metrics, message);
        draft.mention("metrics.checks", Err(reported));
    }
    let mut names = BTreeSet::new();
    for index in 0..draft.metrics.checks.len() {
        let path = format!("metrics.checks[{index}]");
        if let Some(name) = draft.metrics.checks[index].name.clone()
            && !names.insert(name.clone())
        {
            let message = Message::new(
                format!("two checks are called `{name}`"),
                "give each a name of its own: reports and recordings tell them apart by it",
            );
            draft.report(&format!("{path}.name"), message, problems);
        }
        // What was refused before need not be told twice, nor what follows from it.
        if !draft.is_sound(&path) {
            continue;
        }
        for (key, message) in finish_check::check(&draft.metrics.checks[index]).err().unwrap_or_default() {
            let path = key.map_or_else(|| path.clone(), |key| format!("{path}.{key}"));
            draft.report(&path, message, problems);
        }
    }
}

fn stable(draft: &mut Draft, problems: &mut Problems) {
    let Some(arm) = draft.metrics.stable.clone().filter(|_| draft.is_sound("stable")) else { return };
    let wrong = if draft.has("stable.version") && draft.has("stable.selector") {
        Some(Message::new(
            "`stable` has a `version` and a `selector`, and each says which pods are meant",
            "keep one of them; a selector can name the version too",
        ))
    } else if matches!(&arm, StableArm::Version(version) if *version == draft.plan.version) {
        Some(Message::new(
            "`stable` is the version that is gated, which would be compared with itself",
            "write the version that serves the rest of the traffic, or `stable: previous`",
        ))
    } else if matches!((&arm, &draft.plan.workload), (StableArm::Workload(kind, name), Some(pin)) if (*kind, name) == (pin.kind, &pin.name))
    {
        Some(Message::new(
            "`stable` is the workload that is gated, which would be compared with itself",
            "write `stable: previous` for its older pods, or the workload that serves the rest of the traffic",
        ))
    } else if draft.place("stable").is_some()
        && arm != StableArm::Previous
        && !draft.metrics.checks.iter().any(|check| check.versus)
        && draft.is_sound("metrics.checks")
    {
        Some(Message::new(
            "`stable` says which pods metrics are compared with, and no check compares",
            "add `versus: stable` to a check, or remove `stable`",
        ))
    } else {
        None
    };
    if let Some(message) = wrong {
        draft.report("stable", message, problems);
    }
}

/// What the line that sums up a plan says of its metrics.
pub(in crate::manifest) fn summary(metrics: &Metrics) -> String {
    let names: Vec<&str> = metrics.checks.iter().map(|check| check.name.as_str()).collect();
    let mut line = format!("metrics: {}; watched for up to {}", names.join(", "), duration::format(metrics.watch_for));
    if metrics.compares() {
        line.push_str("; compared with ");
        line.push_str(&match &metrics.stable {
            StableArm::Previous => "the previous pods".to_owned(),
            StableArm::Workload(kind, name) => Pin { kind: *kind, name: name.clone() }.to_string(),
            StableArm::Version(version) => ["version ", version].concat(),
            StableArm::Selector(selector) => ["the pods ", &selector.to_string()].concat(),
        });
    }
    if metrics.dry {
        line.push_str("; told only (dry)");
    }
    line
}
