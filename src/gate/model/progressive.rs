//! What only the objects of progressive delivery say: a Rollout of Argo Rollouts, a `CloneSet` of `OpenKruise`, a Canary of
//! Flagger.

use std::fmt;

use super::workload_kind::WorkloadKind;

/// Another workload of the same namespace, by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadRef {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name, in the same namespace.
    pub name: String,
}

impl WorkloadRef {
    /// The copy of a Canary's target that Flagger makes for the stable version.
    #[must_use]
    pub fn primary(&self) -> Self {
        Self { kind: self.kind, name: format!("{}-primary", self.name) }
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// Which generation a status speaks of. Argo Rollouts writes it as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObservedGeneration {
    /// The field is absent: nothing was observed.
    #[default]
    Never,
    /// The number of the spec, or of the workload that is referred to.
    Is(i64),
    /// A text that is no number. Controllers before 0.10 wrote a hash of the spec.
    NotANumber,
}

/// What a Rollout asks for and says, beside its template and counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "fields of the API, each by itself")]
pub struct RolloutState {
    /// `spec.workloadRef`, where it is of a kind that the gate reads.
    pub workload_ref: Option<WorkloadRef>,
    /// `spec.workloadRef` is there: the template is not the Rollout's own.
    pub has_workload_ref: bool,
    /// `spec.paused`: a person paused it.
    pub paused: bool,
    /// `spec.strategy.blueGreen` is there.
    pub blue_green: bool,
    /// `spec.strategy.canary.steps`, as far as the gate reads them.
    pub steps: Vec<Step>,
    /// `status.observedGeneration`.
    pub observed: ObservedGeneration,
    /// `status.workloadObservedGeneration`: the generation of the workload that it refers to.
    pub workload_observed: ObservedGeneration,
    /// `metadata.generation` of the workload that it refers to, once that is known.
    pub workload_generation: Option<i64>,
    /// `status.currentPodHash`: the value of `rollouts-pod-template-hash` on the `ReplicaSet` and pods of the newest template.
    pub pod_hash: Option<String>,
    /// `status.stableRS`: the same of the version that is promoted.
    pub stable_hash: Option<String>,
    /// `status.phase`.
    pub phase: Option<RolloutPhase>,
    /// `status.message`.
    pub message: Option<String>,
    /// `status.abort`.
    pub aborted: bool,
    /// `status.controllerPause`: the controller itself paused it.
    pub controller_pause: bool,
    /// `status.pauseConditions[].reason`.
    pub pauses: Vec<String>,
    /// `status.currentStepIndex`: how many steps are done.
    pub step: Option<u32>,
    /// `status.canary.weights.canary.weight`: the share of the traffic in percent, where the Rollout routes it.
    pub routed_weight: Option<u32>,
    /// The condition `Progressing` is False: its reason and message.
    pub stopped: Option<(String, String)>,
    /// The condition `InvalidSpec` is True: its message.
    pub invalid_spec: Option<String>,
    /// The analysis runs of the update: name, phase and message of each.
    pub analyses: Vec<AnalysisStatus>,
}

impl RolloutState {
    /// Returns true if the newest template is the one that is promoted: its `ReplicaSet` is the stable one.
    #[must_use]
    pub fn is_promoted(&self) -> bool {
        self.pod_hash.is_some() && self.pod_hash == self.stable_hash && self.phase == Some(RolloutPhase::Healthy)
    }

    /// Returns true if it waits at a step, or before it switches over, until a person or the clock lets it go on.
    #[must_use]
    pub fn is_paused_by_strategy(&self) -> bool {
        self.pauses.iter().any(|reason| reason == "CanaryPauseStep" || reason == "BlueGreenPause")
    }

    /// The reason for which it waits for a person to judge what an analysis or an experiment could not.
    #[must_use]
    pub fn inconclusive_pause(&self) -> Option<&str> {
        self.pauses.iter().map(String::as_str).find(|reason| reason.starts_with("Inconclusive"))
    }

    /// The step that it is at, by its place from 0; `None` where it has none, or has done them all.
    #[must_use]
    pub fn current_step(&self) -> Option<(usize, &Step)> {
        let place = usize::try_from(self.step?).ok()?;
        Some((place, self.steps.get(place)?))
    }

    /// The share of the traffic, or of the pods, that the new version has at its step, in percent.
    #[must_use]
    pub fn weight(&self) -> Option<u32> {
        let done = usize::try_from(self.step?).ok()?;
        let set = self.steps.iter().take(done.saturating_add(1)).rev().find_map(|step| match step {
            Step::SetWeight(weight) => Some(*weight),
            _ => None,
        });
        self.routed_weight.or(set)
    }
}

/// A step of a Rollout's canary strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `setWeight`, in percent.
    SetWeight(u32),
    /// `pause`: for so long, or until a person lets it go on.
    Pause(Option<String>),
    /// Any other.
    Other,
}

/// `status.phase` of a Rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutPhase {
    /// The newest template is promoted and available.
    Healthy,
    /// On its way.
    Progressing,
    /// Waiting for a person or the clock.
    Paused,
    /// Aborted, over its progress deadline, or not valid.
    Degraded,
    /// A phase that is not known: proof of nothing.
    Other(String),
}

impl RolloutPhase {
    /// The phase of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "Healthy" => Self::Healthy,
            "Progressing" => Self::Progressing,
            "Paused" => Self::Paused,
            "Degraded" => Self::Degraded,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for RolloutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Paused => "Paused",
            Self::Degraded => "Degraded",
            Self::Other(name) => name,
        })
    }
}

/// An `AnalysisRun` as the Rollout tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisStatus {
    /// Its name.
    pub name: String,
    /// Its phase: `Running`, `Successful`, `Failed`, `Error`, `Inconclusive`, …
    pub phase: String,
    /// Its message.
    pub message: Option<String>,
}

/// What a `CloneSet` asks for and says, beside its template and counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloneSetStatus {
    /// `status.updateRevision`: the value of `controller-revision-hash` on pods of the newest template, or what that ends with.
    pub update_revision: Option<String>,
    /// `status.currentRevision`: that of the pods which are not updated yet.
    pub current_revision: Option<String>,
    /// `spec.updateStrategy.partition` in pods: so many keep the old revision.
    pub partition: u32,
    /// `spec.updateStrategy.paused`.
    pub paused: bool,
    /// `spec.updateStrategy.type` is `OnDelete`.
    pub on_delete: bool,
}

/// What a Canary of Flagger says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CanaryStatus {
    /// `spec.targetRef`, where it is of a kind that the gate reads.
    pub target: Option<WorkloadRef>,
    /// `status.phase`.
    pub phase: Option<CanaryPhase>,
    /// `status.canaryWeight`: the share of the traffic in percent.
    pub weight: Option<u32>,
    /// The message of the condition `Promoted`.
    pub message: Option<String>,
    /// `status.lastTransitionTime` as the controller wrote it. For telling old analyses apart, never for a pass.
    pub since: Option<String>,
}

/// `status.phase` of a Canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanaryPhase {
    /// The primary is being made.
    Initializing,
    /// The primary is there; no analysis was run yet.
    Initialized,
    /// An analysis waits for a person or a webhook to begin.
    Waiting,
    /// An analysis is going on.
    Progressing,
    /// The analysis is over, and a person or a webhook has to let the promotion go on.
    WaitingPromotion,
    /// The primary gets the new spec.
    Promoting,
    /// The traffic goes back to the primary, and the target is scaled down.
    Finalising,
    /// The analysis passed and the primary has the new spec.
    Succeeded,
    /// The analysis failed, and the target is scaled down.
    Failed,
    /// A phase that is not known: proof of nothing.
    Other(String),
}

impl CanaryPhase {
    const NAMES: [(Self, &'static str); 9] = [
        (Self::Initializing, "Initializing"),
        (Self::Initialized, "Initialized"),
        (Self::Waiting, "Waiting"),
        (Self::Progressing, "Progressing"),
        (Self::WaitingPromotion, "WaitingPromotion"),
        (Self::Promoting, "Promoting"),
        (Self::Finalising, "Finalising"),
        (Self::Succeeded, "Succeeded"),
        (Self::Failed, "Failed"),
    ];

    /// The phase of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(phase, _)| phase)
    }
}

impl fmt::Display for CanaryPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::NAMES.into_iter().find(|(phase, _)| phase == self);
        match (known, self) {
            (Some((_, name)), _) => f.write_str(name),
            (None, Self::Other(name)) => f.write_str(name),
            (None, _) => Ok(()),
        }
    }
}
