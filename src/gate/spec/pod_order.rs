//! What is asked for where one pod is to be run to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::grace::Grace;

/// One pod, to be run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodOrder {
    /// The pod's name; made up where there is none.
    pub name: Option<String>,
    /// The image.
    pub image: String,
    /// `command` of the container; the image's own where it is empty.
    pub command: Vec<String>,
    /// `args` of the container; the image's own where it is empty.
    pub args: Vec<String>,
    /// The container's environment, in order.
    pub env: Vec<(String, String)>,
    /// The service account whose token the pod gets; none where there is none.
    pub service_account: Option<String>,
    /// `resources.limits`, which are its requests too: `cpu`, `memory`, ….
    pub limits: BTreeMap<String, String>,
    /// `imagePullPolicy`; the API server's choice where there is none.
    pub pull_policy: Option<String>,
    /// What its processes may do.
    pub security: Security,
    /// How long it may take from its creation to its end.
    pub timeout: Duration,
    /// How long a cause may last before it counts.
    pub grace: BTreeMap<Grace, Duration>,
}

/// What the processes of the pod may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// What the Pod Security Standard `restricted` asks for: no root, no capabilities, no new privileges, the runtime's
    /// seccomp profile.
    #[default]
    Restricted,
    /// The same, but for root: many images run as root.
    Root,
    /// Nothing is said: the image's and the cluster's own defaults.
    Unset,
}

impl Security {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Restricted, Self::Root, Self::Unset];

    /// The spelling of flags and manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Root => "root",
            Self::Unset => "unset",
        }
    }
}

impl PodOrder {
    /// The time from creation to end where nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

    /// The image as it is, with nothing else said.
    #[must_use]
    pub fn new(image: &str) -> Self {
        Self {
            name: None,
            image: image.to_owned(),
            command: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            service_account: None,
            limits: BTreeMap::new(),
            pull_policy: None,
            security: Security::default(),
            timeout: Self::DEFAULT_TIMEOUT,
            // Nothing is deployed beside it that could come late.
            grace: BTreeMap::from([(Grace::Config, Duration::ZERO)]),
        }
    }
}
