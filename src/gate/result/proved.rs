//! What a pass proved beside that its pods were ready.

/// What a pass rests on beside pods that were ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proved {
    /// Crashes that were tolerated, of all containers together.
    pub crashes: u32,
    /// How many the plan allows each container.
    pub allowed: u32,
    /// The smoke run that passed.
    pub smoke: Option<SmokePassed>,
    /// The Rollouts that have promoted the version.
    pub promoted: Vec<String>,
}

/// A smoke run that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokePassed {
    /// Its image.
    pub image: String,
    /// How long its container ran, in seconds, by the kubelet's clock; `None` where it does not say.
    pub ran_seconds: Option<u64>,
}
