//! Names out of a recording to try commands with.

use serde_json::Value;

use super::collection::What;
use super::timeline::Timeline;

/// Names to try commands with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The recording's namespace.
    pub namespace: String,
    /// A selector of the newest pods, as `app=checkout,version=v2`; `None` where no pod was recorded.
    pub selector: Option<String>,
    /// The newest pod of the recording that is still there at its end.
    pub pod: Option<String>,
    /// A workload, as `deployment/checkout` or `rollout/checkout`.
    pub workload: Option<String>,
}

/// Labels that controllers add: they tell revisions and ordinals apart, not apps.
const MADE_BY_CONTROLLERS: [&str; 11] = [
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "apps.kruise.io/",
    "lifecycle.apps.kruise.io/",
    "controller-revision-hash",
    "pod-template-generation",
    "apps.kubernetes.io/pod-index",
    "statefulset.kubernetes.io/pod-name",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io",
];

/// What a gate is asked about, the kinds first that have others below them.
const WORKLOADS: [&str; 7] = ["rollouts", "clonesets", "canaries", "daemonsets", "deployments", "statefulsets", "jobs"];

impl Sample {
    pub(super) fn of(timeline: &Timeline) -> Self {
        let mut sample = Self { namespace: timeline.header.namespace.clone(), ..Self::default() };
        if let Some(pods) = timeline.pods() {
            let last = pods.at(timeline.end_ms).objects;
            let added =
                pods.changes.iter().rev().filter(|change| change.what == What::Added).map(|change| &change.object);
            // As it is at the end: an update in place changes the labels of a pod.
            let newest = added.clone().find_map(|pod| last.get(&pod.key())).or_else(|| last.values().next_back());
            sample.pod = newest.map(|pod| pod.name.clone());
            sample.selector = newest.or_else(|| added.clone().next()).and_then(|pod| selector(&pod.value));
        }
        sample.workload = WORKLOADS.iter().find_map(|plural| {
            let collections = timeline.collections.values();
            collections.filter(|collection| collection.kind.resource.plural == *plural).find_map(|collection| {
                let change = collection.changes.iter().rev().find(|change| change.what == What::Added)?;
                Some(format!("{}/{}", collection.kind.singular(), change.object.name))
            })
        });
        sample
    }
}

fn selector(pod: &Value) -> Option<String> {
    let labels = pod.pointer("/metadata/labels")?.as_object()?;
    let own = labels.iter().filter(|(key, _)| !MADE_BY_CONTROLLERS.iter().any(|made| key.starts_with(made)));
    let terms: Vec<String> = own.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    (!terms.is_empty()).then(|| terms.join(","))
}
