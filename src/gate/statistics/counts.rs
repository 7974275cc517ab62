//! What was counted.

/// Requests of one arm, and how many of them were bad. `bad` is never more than `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    total: u64,
    bad: u64,
}

impl Counts {
    /// Returns these counts; `None` where more is bad than there is. That is no share of anything: the two were counted of
    /// different things, and to cut it down to 100 % would convict without a cause.
    #[must_use]
    pub fn new(total: u64, bad: u64) -> Option<Self> {
        (bad <= total).then_some(Self { total, bad })
    }

    /// All requests.
    #[must_use]
    pub fn total(self) -> u64 {
        self.total
    }

    /// Those of them that were bad.
    #[must_use]
    pub fn bad(self) -> u64 {
        self.bad
    }

    /// Returns the bad ones as a share of all, 0 to 1; `None` where there were no requests.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.total > 0).then(|| real(self.bad) / real(self.total))
    }

    /// Returns both counted together. Beyond what an integer holds, the sums stay where they are.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { total: self.total.saturating_add(other.total), bad: self.bad.saturating_add(other.bad) }
    }
}

/// What both arms counted in one scrape interval. The same interval for both: that is what makes a rate of errors that
/// rises and falls for everybody cancel out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// The pods under judgement.
    pub canary: Counts,
    /// Those that they are compared with.
    pub stable: Counts,
}

/// Returns the nearest number with a fraction: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 requests the last digit does not count")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}
