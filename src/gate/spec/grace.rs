//! How long a cause that can pass may last before it counts.

use std::time::Duration;

/// The causes whose patience a manifest may set (`grace:`). This is the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grace {
    /// The image is missing or may not be pulled.
    ImagePull,
    /// The registry does not answer, or not well.
    Registry,
    /// A `ConfigMap`, `Secret` or key is missing, or the container cannot be created from its spec.
    Config,
    /// No node takes the pod.
    Unschedulable,
    /// A volume is not there, not bound, not attached or not mounted.
    Volume,
    /// A `ResourceQuota` forbids the pod.
    Quota,
    /// An admission check forbids the pod.
    Admission,
    /// The node cannot build the pod's sandbox.
    Sandbox,
}

impl Grace {
    /// Every grace, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::ImagePull,
        Self::Registry,
        Self::Config,
        Self::Unschedulable,
        Self::Volume,
        Self::Quota,
        Self::Admission,
        Self::Sandbox,
    ];

    /// The key as the manifest spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImagePull => "ImagePull",
            Self::Registry => "Registry",
            Self::Config => "Config",
            Self::Unschedulable => "Unschedulable",
            Self::Volume => "Volume",
            Self::Quota => "Quota",
            Self::Admission => "Admission",
            Self::Sandbox => "Sandbox",
        }
    }

    /// How long the cause may last where the manifest is silent. `None`: until the end of the wait period.
    #[must_use]
    pub const fn default_patience(self) -> Option<Duration> {
        match self {
            Self::ImagePull => Some(Duration::ZERO),
            Self::Config => Some(Duration::from_secs(15)),
            Self::Registry | Self::Unschedulable | Self::Volume | Self::Quota | Self::Admission | Self::Sandbox => None,
        }
    }
}
