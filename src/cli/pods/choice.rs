//! Which pods are meant by the words of a command line: by their own names, or by the workload that made them.

use std::fmt;

use crate::feed::owner::Owner;
use crate::gate::Sight;
use crate::gate::model::{Pod, WorkloadKind, is_dns_name};
use crate::manifest::asked;

/// What kubectl calls pods.
pub(in crate::cli) const POD_WORDS: [&str; 3] = ["pod", "pods", "po"];
/// What kubectl calls a `CronJob`, whose pods its Jobs own.
const CRON_JOB_WORDS: [&str; 3] = ["cronjob", "cronjobs", "cj"];
/// Kinds that choose pods and own none.
const WITHOUT_PODS: [&str; 8] = ["canary", "canaries", "service", "services", "svc", "node", "nodes", "no"];

/// The pods that one word stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// The pod of this name.
    Pod(String),
    /// Those that a workload made: its kind in lower case, and its name.
    Workload(String, String),
}

impl Choice {
    /// Reads the words as kubectl does: `web-0 web-1`, `deployment/web`, `deploy web`.
    ///
    /// # Errors
    ///
    /// What is wrong with a word, and what to write instead.
    pub(super) fn read(words: &[String]) -> Result<Vec<Self>, String> {
        match words {
            [kind, names @ ..]
                if !names.is_empty() && is_kind(kind) && words.iter().all(|word| !word.contains('/')) =>
            {
                names.iter().map(|name| Self::of(kind, name)).collect()
            }
            _ => words.iter().map(|word| Self::one(word)).collect(),
        }
    }

    fn one(word: &str) -> Result<Self, String> {
        match word.split_once('/') {
            Some((kind, name)) => Self::of(kind, name),
            None if is_dns_name(word) => Ok(Self::Pod(word.to_owned())),
            None => Err(format!("`{word}` cannot be the name of a pod")),
        }
    }

    fn of(kind: &str, name: &str) -> Result<Self, String> {
        let lower = kind.to_lowercase();
        if !is_dns_name(name) {
            return Err(format!("`{kind}/{name}` is not KIND/NAME; write it as in `deployment/checkout`"));
        }
        if POD_WORDS.contains(&lower.as_str()) {
            return Ok(Self::Pod(name.to_owned()));
        }
        if CRON_JOB_WORDS.contains(&lower.as_str()) {
            return Ok(Self::Workload("cronjob".to_owned(), name.to_owned()));
        }
        let bare = lower.split('.').next().unwrap_or_default();
        if WITHOUT_PODS.contains(&bare) {
            return Err(format!(
                "a {bare} owns no pods: name the workload that does, as in `deployment/{name}`, or choose by label with `-l`"
            ));
        }
        match asked::workload("KIND/NAME", &format!("{lower}/{name}")) {
            Ok(pin) => Ok(Self::Workload(pin.kind.lower().to_owned(), pin.name)),
            // Pods may have an owner of any kind. One that is nearly a known one is a slip of the pen.
            Err(error) if is_slip(&lower) => Err(error),
            Err(_) => Ok(Self::Workload(lower, name.to_owned())),
        }
    }

    /// True for a pod that is meant.
    pub(super) fn takes(&self, pod: &Pod) -> bool {
        match self {
            Self::Pod(name) => pod.name == *name,
            Self::Workload(kind, name) => Owner::of(pod).is_some_and(|owner| is_of(&owner, kind, name)),
        }
    }

    /// What exists and has a similar name: pods, or the owners of pods.
    pub(super) fn near(&self, pods: &[Sight]) -> Vec<String> {
        /// As many are named.
        const MOST: usize = 3;
        let wanted = self.to_string();
        let name = |sight: &Sight| match self {
            Self::Pod(_) => Some(sight.pod.name.clone()),
            Self::Workload(..) => {
                Owner::of(&sight.pod).map(|owner| format!("{}/{}", owner.kind.to_lowercase(), owner.name))
            }
        };
        let mut near: Vec<(f64, String)> = pods
            .iter()
            .filter_map(name)
            .map(|name| (strsim::normalized_damerau_levenshtein(&wanted, &name), name))
            .filter(|(likeness, _)| *likeness > 0.5)
            .collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        near.dedup();
        near.into_iter().take(MOST).map(|(_, name)| name).collect()
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(name) => write!(f, "{name}"),
            Self::Workload(kind, name) => write!(f, "{kind}/{name}"),
        }
    }
}

fn is_of(owner: &Owner, kind: &str, name: &str) -> bool {
    match kind {
        "replicaset" if owner.replica_set.as_deref() == Some(name) => true,
        // The controller of CronJobs names a Job after its CronJob and the time that it stands for.
        "cronjob" => {
            let time = owner.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            owner.kind == "Job" && time.is_some_and(|time| !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => owner.name == name && is_kind_of(&owner.kind, kind),
    }
}

/// True where an owner's kind is the one that was asked for, with or without its group. Custom resources of the name of a
/// Kubernetes kind are known with theirs alone.
fn is_kind_of(owner: &str, asked: &str) -> bool {
    let lower = owner.to_lowercase();
    let bare = asked.split('.').next().unwrap_or_default();
    lower == asked || (lower == bare && WorkloadKind::from_kind(owner).is_none())
}

fn is_kind(word: &str) -> bool {
    let lower = word.to_lowercase();
    let known = [&POD_WORDS[..], &CRON_JOB_WORDS, &WITHOUT_PODS].concat();
    known.contains(&lower.as_str()) || asked::workload("", &format!("{lower}/x")).is_ok()
}

fn is_slip(kind: &str) -> bool {
    WorkloadKind::ALL.into_iter().any(|known| {
        let distance = |known: &str| strsim::osa_distance(kind, known);
        distance(known.lower()).min(distance(known.plural())) <= 2
    })
}

#[cfg(test)]
mod tests {
    use super::{Choice, Owner, is_of};

    fn read(line: &str) -> Result<Vec<String>, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Ok(Choice::read(&words)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn words_are_read_as_kubectl_reads_them() {
        for (line, meant) in [
            ("web-0", &["web-0"][..]),
            ("web-0 web-1", &["web-0", "web-1"]),
            ("pod/web-0 deploy/web", &["web-0", "deployment/web"]),
            ("pods web-0 web-1", &["web-0", "web-1"]),
            ("deployments.apps/web", &["deployment/web"]),
            ("sts db", &["statefulset/db"]),
            ("deploy web api", &["deployment/web", "deployment/api"]),
            ("cj/backup", &["cronjob/backup"]),
            ("gameserver/arena", &["gameserver/arena"]),
            ("deploy", &["deploy"]),
        ] {
            assert_eq!(read(line), Ok(meant.iter().map(|word| (*word).to_owned()).collect()), "{line}");
        }
        for (line, part) in [
            ("deploymnt/web", "did you mean `deployment/web`?"),
            ("Web_0", "cannot be the name of a pod"),
            ("deployment/", "as in `deployment/checkout`"),
            ("svc/web", "owns no pods"),
            ("canary/web", "`deployment/web`"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn a_pod_is_of_its_replica_set_and_of_what_made_that() {
        let of = |word: &str, kind: &str, name: &str, replica_set: Option<&str>| {
            let owner =
                Owner { kind: kind.to_owned(), name: name.to_owned(), replica_set: replica_set.map(str::to_owned) };
            match Choice::one(word).unwrap() {
                Choice::Workload(kind, name) => is_of(&owner, &kind, &name),
                Choice::Pod(_) => false,
            }
        };
        let web = |word: &str| of(word, "Deployment", "web", Some("web-7d9c"));
        assert!(web("deployment/web") && web("rs/web-7d9c"));
        assert!(!web("deployment/we") && !web("rs/web") && !web("sts/web") && !web("rs/web-7d9"));
        let backup = |word: &str| of(word, "Job", "backup-29012345", None);
        assert!(backup("cronjob/backup") && backup("job/backup-29012345"));
        assert!(!backup("cronjob/back") && !backup("cronjob/backup-29012345"));
        assert!(!of("cronjob/backup", "Job", "backup-now", None));
        assert!(of("gameserver/arena", "GameServer", "arena", None));
        assert!(of("gameserver.agones.dev/arena", "GameServer", "arena", None));
        // Kinds of the same name in other groups are other kinds.
        assert!(of("statefulset.apps.kruise.io/db", "StatefulSet.apps.kruise.io", "db", None));
        assert!(!of("statefulset.apps.kruise.io/db", "StatefulSet", "db", None));
        assert!(!of("statefulset/db", "StatefulSet.apps.kruise.io", "db", None));
    }
}
