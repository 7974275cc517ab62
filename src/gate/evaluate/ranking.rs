//! One leading cause, the symptoms that it explains folded under it, the same cause on many pods told once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::gate::result::{Cause, Code, Finding, Verdict};

/// Orders causes into findings: those that fit the verdict first, then by the catalogue's order of root causes, then by
/// when they were first seen. The same cause on several pods becomes one finding.
#[must_use]
pub fn rank(mut causes: Vec<Cause>, verdict: Verdict) -> Vec<Finding> {
    drop_symptoms(&mut causes);
    let key = |cause: &Cause| {
        (
            cause.code.row().verdict != verdict,
            cause.code,
            cause.since,
            cause.place.pod.clone(),
            cause.place.container.clone(),
        )
    };
    causes.sort_by_key(key);
    let mut findings: Vec<Finding> = Vec::new();
    let mut places: BTreeMap<(Code, Option<String>, String), usize> = BTreeMap::new();
    for cause in causes {
        let essence = (cause.code, cause.place.container.clone(), essence(&cause));
        if let (Some(place), Some(pod)) = (places.get(&essence), &cause.place.pod) {
            let first = &mut findings[*place];
            if first.place.pod.as_ref() != Some(pod) {
                first.also.push(pod.clone());
            }
        } else {
            places.entry(essence).or_insert(findings.len());
            findings.push(cause.into_finding());
        }
    }
    findings
}

/// What makes two causes the same: for crashes the code alone (pods of one template crash alike, a second sooner or
/// later), else the message too.
fn essence(cause: &Cause) -> String {
    match cause.code {
        Code::CrashLoop | Code::OomKilled | Code::LivenessProbeFailed | Code::StartupProbeFailed => {
            cause.exit_status.map_or_else(String::new, |status| status.to_string())
        }
        Code::NotReady | Code::ReadinessFlapping => String::new(),
        _ => cause.essence.clone(),
    }
}

/// Drops what a deeper cause explains: a pod whose image is missing is not ready either, and an owner lacks ready pods
/// because of what its pods lack.
fn drop_symptoms(causes: &mut Vec<Cause>) {
    let explained: BTreeSet<String> =
        causes.iter().filter(|cause| !is_symptom(cause.code)).filter_map(|cause| cause.place.pod.clone()).collect();
    let has_telling_cause = causes.iter().any(|cause| !is_symptom(cause.code) || cause.place.pod.is_some());
    causes.retain(|cause| {
        !is_symptom(cause.code)
            || match &cause.place.pod {
                Some(pod) => !explained.contains(pod),
                None => !has_telling_cause,
            }
    });
}

fn is_symptom(code: Code) -> bool {
    matches!(code, Code::NotReady | Code::ReadinessFlapping)
}

/// The verdict that the causes which count by `now` demand, if they demand one: the app's fault before the platform's.
#[must_use]
pub fn decisive(causes: &[Cause], due: impl Fn(&Cause) -> Option<Duration>, now: Duration) -> Option<Verdict> {
    let counts = |cause: &&Cause| due(cause).is_some_and(|at| at <= now);
    causes
        .iter()
        .filter(counts)
        .map(|cause| cause.code.row().verdict)
        .filter(|verdict| matches!(verdict, Verdict::Failed | Verdict::Platform))
        .min_by_key(|verdict| *verdict != Verdict::Failed)
}
