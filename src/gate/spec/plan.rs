//! The plan: one validated gate, ready to be judged. `manifest/` makes plans; nothing here parses text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::grace::Grace;
use super::metrics::Metrics;
use super::pod_order::PodOrder;
use crate::gate::model::{Selector, WorkloadKind};

/// One app at one version under judgement, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The app's name, as people say it.
    pub app: String,
    /// The version that must come up.
    pub version: String,
    /// The namespace that holds the pods.
    pub namespace: String,
    /// A pass rests on data proven no older than this; also the polling interval where watching is not allowed.
    pub delay: Duration,
    /// How long the app may take to become healthy, that is to begin its last stability window.
    pub wait_period: Duration,
    /// How long the app must stay healthy without a break before it passes. Zero passes on first sight.
    pub stable_for: Duration,
    /// Crashes allowed per container, counted since the pod was created.
    pub max_restarts: u32,
    /// The one workload that the gate is pinned to, if any.
    pub workload: Option<Pin>,
    /// Which pods are the app's. Unused for finding pods where a workload is pinned.
    pub selector: Selector,
    /// The label key that holds the version (`labels.version` of the manifest).
    pub version_label: String,
    /// What the workload manifest says of its pod template, where the plan was made from one: the pinned workload must
    /// have it.
    pub template: Option<ManifestTemplate>,
    /// The one revision of the pinned workload that is judged, where a gate is about what ran when it was first asked for.
    pub revision: Option<Revision>,
    /// A floor for the number of pods; the target is the larger of this and what the owners ask for.
    pub replicas: Option<u32>,
    /// How much of the target must be ready. Absent: all of it, and every live pod.
    pub min_ready: Option<MinReady>,
    /// How long a cause may last before it counts, where the manifest says so.
    pub grace: BTreeMap<Grace, Duration>,
    /// Containers whose state and crashes decide nothing.
    pub ignore_containers: BTreeSet<String>,
    /// How far a progressive workload must have come.
    pub until: Until,
    /// A pod that must end with 0 once the app is stable, before the gate passes.
    pub smoke: Option<PodOrder>,
    /// What is checked of the metrics.
    pub metrics: Option<Metrics>,
}

impl Plan {
    /// A plan with every default of the manifest, for `app` at `version` in `namespace`.
    #[must_use]
    pub fn new(app: &str, version: &str, namespace: &str) -> Self {
        Self {
            app: app.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            delay: Self::DEFAULT_DELAY,
            wait_period: Self::DEFAULT_WAIT_PERIOD,
            stable_for: Self::DEFAULT_STABLE_FOR,
            max_restarts: 0,
            workload: None,
            selector: Selector::equals([("app", app), ("version", version)]),
            version_label: "version".to_owned(),
            template: None,
            revision: None,
            replicas: None,
            min_ready: None,
            grace: BTreeMap::new(),
            ignore_containers: BTreeSet::new(),
            until: Until::Step,
            smoke: None,
            metrics: None,
        }
    }

    /// `delay` where the manifest is silent.
    pub const DEFAULT_DELAY: Duration = Duration::from_secs(10);
    /// `waitPeriod` where the manifest is silent.
    pub const DEFAULT_WAIT_PERIOD: Duration = Duration::from_mins(1);
    /// `stableFor` where the manifest is silent.
    pub const DEFAULT_STABLE_FOR: Duration = Duration::from_secs(30);
}

/// The workload that a gate is pinned to (`workload: deployment/checkout`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pin {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name in the gate's namespace.
    pub name: String,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// What tells the pod template of a workload manifest from those of its earlier deploys. An admission webhook may add to
/// a template, and so only what the manifest says is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestTemplate {
    /// The images of all containers by the containers' names, init containers among them.
    pub images: BTreeMap<String, String>,
    /// The version stands in a label of the template.
    pub version_label: bool,
}

/// One revision of a workload: this object with this pod template. Another template, and an object of the same name that was
/// created anew, are other revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// `metadata.uid` of the workload that has the template.
    pub uid: String,
    /// The fingerprint of its pod template. Fingerprints are only equal or not.
    pub fingerprint: u64,
}

/// How far a workload that is delivered in steps must have come (`until`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The pods that the present step asks for are enough.
    Step,
    /// The new revision must have become the stable one.
    Promoted,
}

impl Until {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Step, Self::Promoted];

    /// The value as a manifest spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Promoted => "promoted",
        }
    }
}

/// How much of the target must be ready (`minReady`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    /// So many pods.
    Count(u32),
    /// So much of the target, 1 to 100; a fraction of a pod counts as a whole one.
    Percent(u8),
}

impl MinReady {
    /// How many pods of `target` must be ready; never more than the target.
    #[must_use]
    pub fn of(self, target: u32) -> u32 {
        match self {
            Self::Count(count) => count.min(target),
            Self::Percent(percent) => {
                let pods = (u64::from(target) * u64::from(percent.min(100))).div_ceil(100);
                u32::try_from(pods).unwrap_or(target)
            }
        }
    }
}
