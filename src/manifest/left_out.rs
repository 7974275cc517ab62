//! Objects of a manifest that are not gated. None of them is passed over in silence: who asks hears of each.

use std::fmt;

use super::origin::Origin;

/// An object of a manifest that is not gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it is written.
    pub origin: Origin,
    /// Its kind and name: `Job migrate`.
    pub name: String,
    /// Why it is not gated.
    pub why: Why,
}

/// Why an object is not gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No pod template is anywhere in it.
    NoPodTemplate,
    /// It makes pods by the clock, not by the deploy.
    ByTheClock,
    /// It holds a template or a pattern that others use.
    Template,
    /// Another object of the cluster made it, and is judged in its place: of that kind.
    MadeBy(String),
    /// Its pod template is used by another workload, which is gated in its place: kind and name.
    LendsTemplate(String),
    /// It steers the rollout of another workload, and has no pods of its own.
    Steers {
        /// Kind and name of that workload.
        target: String,
        /// That workload is gated.
        is_gated: bool,
    },
    /// A hook of a deploy tool, which runs it and waits for its end.
    Hook {
        /// `Helm` or `Argo CD`.
        tool: String,
        /// When it runs: `pre-install,pre-upgrade`.
        events: String,
    },
}

impl Why {
    /// True where that is a matter of course, and need not be told each time.
    #[must_use]
    pub const fn is_routine(&self) -> bool {
        match self {
            Self::NoPodTemplate | Self::ByTheClock | Self::Template | Self::MadeBy(_) => true,
            Self::Steers { is_gated, .. } => *is_gated,
            Self::LendsTemplate(_) | Self::Hook { .. } => false,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPodTemplate => f.write_str("it has no pod template"),
            Self::ByTheClock => f.write_str("its pods come by the clock, not with the deploy"),
            Self::Template => f.write_str("it is a template for others"),
            Self::MadeBy(kind) => write!(f, "a {kind} made it, and is judged in its place"),
            Self::LendsTemplate(borrower) => {
                write!(f, "its pod template is that of {borrower}, which is gated in its place")
            }
            Self::Steers { target, is_gated: true } => write!(f, "it steers the rollout of {target}, which is gated"),
            Self::Steers { target, is_gated: false } => {
                write!(f, "it steers the rollout of {target}, which is not gated by this file")
            }
            Self::Hook { tool, events } => write!(f, "it is a hook of {tool} ({events})"),
        }
    }
}
