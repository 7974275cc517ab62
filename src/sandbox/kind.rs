//! The kinds that the sandbox knows, recorded or not: what discovery tells and what an unrecorded collection is.

/// What a collection is called in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version, as `v1`.
    pub version: String,
    /// The plural, as `pods`.
    pub plural: String,
}

/// What discovery says of a resource.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    /// What it is called in a path.
    pub resource: Resource,
    /// What it is called in an object, as `Pod`.
    pub name: String,
    /// True where its objects live in namespaces.
    pub namespaced: bool,
    /// The short names that kubectl takes.
    pub short: &'static str,
    /// True where `kubectl get all` shows it.
    pub in_all: bool,
}

impl Resource {
    /// The group and version as objects spell it: `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The resource as error messages spell it: `deployments.apps`, `pods`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// True for a collection of the core group.
    pub fn is_core(&self, plural: &str) -> bool {
        self.group.is_empty() && self.plural == plural
    }
}

impl Kind {
    /// The kind of a recorded resource: as its `CustomResourceDefinition` has it, or else as its objects say.
    pub fn recorded(resource: Resource, kind: Option<&str>, namespaced: bool) -> Self {
        if let Some(known) = served().find(|known| known.resource == resource) {
            return known;
        }
        let custom = CUSTOM.iter().find(|(group, plural, ..)| *group == resource.group && *plural == resource.plural);
        let Some(&(_, _, name, short, in_all)) = custom else {
            let name = kind.map_or_else(|| guess_kind(&resource.plural), str::to_owned);
            return Self { resource, name, namespaced, short: "", in_all: false };
        };
        Self { resource, name: name.to_owned(), namespaced, short, in_all }
    }

    /// The singular that kubectl takes.
    pub fn singular(&self) -> String {
        self.name.to_lowercase()
    }
}

/// A plural gives no sure spelling of its kind; this one at least reads like it.
fn guess_kind(plural: &str) -> String {
    let singular = plural.strip_suffix('s').unwrap_or(plural);
    let mut letters = singular.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// group, plural, kind, namespaced, short names, in `all`. Every one of them is version `v1`.
const KNOWN: [(&str, &str, &str, bool, &str, bool); 20] = [
    ("", "configmaps", "ConfigMap", true, "cm", false),
    ("", "endpoints", "Endpoints", true, "ep", false),
    ("", "events", "Event", true, "ev", false),
    ("", "limitranges", "LimitRange", true, "limits", false),
    ("", "namespaces", "Namespace", false, "ns", false),
    ("", "nodes", "Node", false, "no", false),
    ("", "persistentvolumeclaims", "PersistentVolumeClaim", true, "pvc", false),
    ("", "persistentvolumes", "PersistentVolume", false, "pv", false),
    ("", "pods", "Pod", true, "po", true),
    ("", "replicationcontrollers", "ReplicationController", true, "rc", true),
    ("", "resourcequotas", "ResourceQuota", true, "quota", false),
    ("", "secrets", "Secret", true, "", false),
    ("", "serviceaccounts", "ServiceAccount", true, "sa", false),
    ("", "services", "Service", true, "svc", true),
    ("apps", "daemonsets", "DaemonSet", true, "ds", true),
    ("apps", "deployments", "Deployment", true, "deploy", true),
    ("apps", "replicasets", "ReplicaSet", true, "rs", true),
    ("apps", "statefulsets", "StatefulSet", true, "sts", true),
    ("batch", "cronjobs", "CronJob", true, "cj", true),
    ("batch", "jobs", "Job", true, "", true),
];

/// group, plural, kind, short names, in `all`, as the definitions of Argo Rollouts, `OpenKruise` and Flagger have them, in
/// whatever version. They are namespaced, and served only where they were recorded: other clusters do not have them.
const CUSTOM: [(&str, &str, &str, &str, bool); 4] = [
    ("apps.kruise.io", "clonesets", "CloneSet", "clone", false),
    ("argoproj.io", "analysisruns", "AnalysisRun", "ar", false),
    ("argoproj.io", "rollouts", "Rollout", "ro", false),
    ("flagger.app", "canaries", "Canary", "", true),
];

/// Every kind that is served even where nothing of it was recorded.
pub(super) fn served() -> impl Iterator<Item = Kind> {
    KNOWN.iter().map(|&(group, plural, kind, namespaced, short, in_all)| Kind {
        resource: Resource { group: group.to_owned(), version: "v1".to_owned(), plural: plural.to_owned() },
        name: kind.to_owned(),
        namespaced,
        short,
        in_all,
    })
}
