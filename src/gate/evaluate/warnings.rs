//! What is raised on the way and told beside the verdict: what says the same of many pods is told once, with their number.

use std::collections::BTreeSet;

use crate::gate::diagnose::rbac;
use crate::gate::model::Source;
use crate::gate::result::{Notice, Warning, WarningCode};

/// How many pods are named.
const NAMED: usize = 3;

/// A warning as it is raised: about one pod, or about nothing that others could be beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The warning by itself.
    pub warning: Warning,
    /// Where it is about a pod: its name, and what is said of several of them.
    of: Option<Of>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Of {
    pod: String,
    /// The sentence about several pods, with [`PODS`] where they are named.
    several: String,
}

/// Stands for the pods in a sentence about several of them.
pub const PODS: &str = "{pods}";

impl Remark {
    /// A warning about one pod. Those of one code whose sentence about `several` pods is the same are told as one.
    #[must_use]
    pub fn of_pod(code: impl Into<WarningCode>, pod: &str, one: String, several: String) -> Self {
        Self { warning: Warning { code: code.into(), message: one }, of: Some(Of { pod: pod.to_owned(), several }) }
    }
}

impl From<Warning> for Remark {
    fn from(warning: Warning) -> Self {
        Self { warning, of: None }
    }
}

/// All that was raised so far.
#[derive(Debug, Clone, Default)]
pub struct Remarks {
    raised: Vec<Remark>,
    /// Code and words of each remark.
    known: BTreeSet<(&'static str, String)>,
    /// The sources that may not be read.
    denied: BTreeSet<Source>,
}

impl Remarks {
    /// Takes in a remark. True where it is new.
    pub fn add(&mut self, remark: Remark) -> bool {
        let is_new = self.known.insert((remark.warning.code.name(), remark.warning.message.clone()));
        if is_new {
            self.raised.push(remark);
        }
        is_new
    }

    /// Takes in that a source may not be read, and returns the warning to tell of it by itself.
    pub fn deny(&mut self, source: Source) -> Warning {
        self.denied.insert(source);
        denied(&[source])
    }

    /// What the reader of the outcome is told, one line for each fact.
    #[must_use]
    pub fn told(&self) -> Vec<Warning> {
        let mut codes: Vec<(Notice, Vec<Source>)> = Vec::new();
        for source in &self.denied {
            match codes.iter_mut().find(|(code, _)| *code == code_of(*source)) {
                Some((_, sources)) => sources.push(*source),
                None => codes.push((code_of(*source), vec![*source])),
            }
        }
        let mut told: Vec<Warning> = codes.iter().map(|(_, sources)| denied(sources)).collect();
        let mut groups: Vec<(&Remark, Vec<&str>)> = Vec::new();
        for remark in &self.raised {
            let is_same = |known: &Remark| {
                let same_words =
                    known.of.as_ref().zip(remark.of.as_ref()).is_some_and(|(one, other)| one.several == other.several);
                known.warning.code == remark.warning.code && same_words
            };
            let pod = remark.of.as_ref().map(|of| of.pod.as_str());
            match groups.iter_mut().find(|(first, _)| is_same(first)) {
                Some((_, pods)) => pods.extend(pod.filter(|pod| !pods.contains(pod))),
                None => groups.push((remark, pod.into_iter().collect())),
            }
        }
        told.extend(groups.into_iter().map(|(first, pods)| match &first.of {
            Some(of) if pods.len() > 1 => {
                Warning { code: first.warning.code, message: of.several.replace(PODS, &several(&pods)) }
            }
            _ => first.warning.clone(),
        }));
        told
    }
}

/// Several pods in a few words: `59 pods (a, b, c and 56 more)`.
#[must_use]
pub fn several(pods: &[impl AsRef<str>]) -> String {
    format!("{} pods ({})", pods.len(), named(pods))
}

/// The first of some pods, and how many more there are: `a, b, c and 56 more`.
#[must_use]
pub fn named(pods: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = pods.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = pods.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

fn code_of(source: Source) -> Notice {
    match source {
        Source::Events => Notice::EventsForbidden,
        Source::Nodes => Notice::NodesForbidden,
        Source::Pods | Source::Workloads(_) => Notice::OwnersForbidden,
    }
}

/// The warning that tells of sources that may not be read.
#[must_use]
pub fn denied(sources: &[Source]) -> Warning {
    let names: Vec<&str> = sources.iter().map(|source| source.resource()).collect();
    let message = format!(
        "this identity may not list {}; the rule to add to its Role: `{}`",
        names.join(", "),
        rbac::rule_for(sources)
    );
    let code = sources.first().map_or(Notice::OwnersForbidden, |source| code_of(*source));
    Warning { code: code.into(), message }
}

#[cfg(test)]
mod tests {
    use super::{Remark, Remarks};
    use crate::gate::model::{Source, WorkloadKind};
    use crate::gate::result::{Notice, Warning};

    fn told(warnings: &Remarks) -> Vec<String> {
        warnings.told().into_iter().map(|warning| format!("{}: {}", warning.code, warning.message)).collect()
    }

    #[test]
    fn what_says_the_same_of_many_pods_is_one_line_with_their_number() {
        let mut warnings = Remarks::default();
        let left = |pod: &str, why: &str| {
            Remark::of_pod(Notice::WatchSilent, pod, format!("pod {pod} {why}"), format!("{{pods}} {why}"))
        };
        for pod in ["a", "b", "c", "d", "e"] {
            assert!(warnings.add(left(pod, "left")));
            assert!(!warnings.add(left(pod, "left")), "the same again");
        }
        assert!(warnings.add(left("f", "was taken")));
        assert!(warnings.add(left("a", "left again")));
        assert!(warnings.add(Warning { code: Notice::WatchResumed.into(), message: "x".to_owned() }.into()));
        let expected = [
            "WatchSilent: 5 pods (a, b, c and 2 more) left",
            "WatchSilent: pod f was taken",
            "WatchSilent: pod a left again",
            "WatchResumed: x",
        ];
        assert_eq!(told(&warnings), expected);
    }

    #[test]
    fn the_rights_that_are_missing_are_one_rule_to_paste() {
        let mut warnings = Remarks::default();
        for kind in [WorkloadKind::ReplicaSet, WorkloadKind::Deployment, WorkloadKind::Job] {
            let alone = warnings.deny(Source::Workloads(kind));
            assert!(alone.message.contains(Source::Workloads(kind).resource()), "{alone:?}");
        }
        warnings.deny(Source::Nodes);
        let expected = [
            "OwnersForbidden: this identity may not list deployments, replicasets, jobs; the rule to add to its Role: `{apiGroups: [\"apps\", \"batch\"], resources: [\"deployments\", \"replicasets\", \"jobs\"], verbs: [\"get\", \"list\", \"watch\"]}`",
            "NodesForbidden: this identity may not list nodes; the rule to add to its Role: `{apiGroups: [\"\"], resources: [\"nodes\"], verbs: [\"get\", \"list\", \"watch\"]}`",
        ];
        assert_eq!(told(&warnings), expected);
    }
}
