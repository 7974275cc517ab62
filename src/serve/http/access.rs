//! What a caller may do, and where.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Flagger's `check`.
    Check,
    /// Flagger's `hold`.
    Hold,
    /// Flagger's `rollback`.
    Rollback,
    /// Flagger's `event`.
    Event,
    /// The gates of `/v1/gates`: call, look at, forget, and their reports.
    Gates,
    /// Running a pod.
    Runs,
    /// The page for people, and the metrics.
    Page,
}

impl Right {
    /// Every one, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::Check, Self::Hold, Self::Rollback, Self::Event, Self::Gates, Self::Runs, Self::Page];

    /// The spelling in a file of tokens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Hold => "hold",
            Self::Rollback => "rollback",
            Self::Event => "event",
            Self::Gates => "gates",
            Self::Runs => "runs",
            Self::Page => "page",
        }
    }
}

/// Some names, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every name.
    All,
    /// These alone.
    Names(BTreeSet<String>),
}

impl Scope {
    /// The scope of a list, in which `*` stands for every name.
    #[must_use]
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().collect();
        if names.contains("*") { Self::All } else { Self::Names(names) }
    }

    /// Is this name one of them?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.contains(name),
        }
    }
}

/// What one caller may do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// In which namespaces.
    pub namespaces: Scope,
    /// With which plans.
    pub plans: Scope,
    /// What.
    pub may: BTreeSet<Right>,
}

impl Access {
    /// Returns true where the caller may do this there. `None` where no namespace or no plan is meant in particular.
    #[must_use]
    pub fn allows(&self, right: Right, namespace: Option<&str>, plan: Option<&str>) -> bool {
        self.may.contains(&right)
            && namespace.is_none_or(|name| self.namespaces.has(name))
            && plan.is_none_or(|name| self.plans.has(name))
    }
}
