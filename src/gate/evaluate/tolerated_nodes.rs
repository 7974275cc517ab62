//! How many nodes of a `DaemonSet` may be lost without a fault of the app.

use super::totals::GroupTotals;

/// The share of the wanted pods, one in so many, that may be lost with nodes that die while the gate looks. One always may.
const TOLERATED_SHARE: u32 = 10;

/// The nodes of a `DaemonSet` that do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostNodes {
    /// Those that have not answered since the gate began: they cannot be asked to run their pods.
    before: u32,
    /// Those that did answer since then, and do not any more.
    pub died: u32,
    /// How many of the wanted pods may be lost so.
    tolerated: u32,
}

impl LostNodes {
    /// The lost nodes under the pods of a `DaemonSet` that wants so many.
    #[must_use]
    pub fn of(totals: &GroupTotals, desired: u32) -> Self {
        let before = totals.lost.saturating_sub(totals.died);
        Self { before, died: totals.died, tolerated: (desired / TOLERATED_SHARE).max(1) }
    }

    /// True where more nodes died than can be taken for the ordinary course of things.
    #[must_use]
    pub const fn are_too_many(self) -> bool {
        self.died > self.tolerated
    }

    /// How many pods need not be there.
    #[must_use]
    pub const fn excused(self) -> u32 {
        if self.are_too_many() { self.before } else { self.before + self.died }
    }
}
