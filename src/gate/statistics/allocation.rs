//! How α is shared out.

/// A bound on false alarms, shared out over everything that can raise one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allocation {
    alpha: f64,
    tests: usize,
}

impl Allocation {
    /// Returns `alpha` in equal shares for this many tests (1 at the least). By the union bound the probability that any of
    /// them raises a false alarm is then at most `alpha`, however they depend on each other.
    ///
    /// More than ½ is no bound and is taken for ½; what is no positive number leaves nothing to be proven.
    #[must_use]
    pub fn new(alpha: f64, tests: usize) -> Self {
        Self { alpha: if alpha > 0.0 { alpha.min(0.5) } else { 0.0 }, tests: tests.max(1) }
    }

    /// Returns the share of one test.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 tests")]
    pub fn share(self) -> f64 {
        self.alpha / self.tests as f64
    }

    /// Returns the ln E from which on one test has proven what it is to prove: ln(1/share).
    #[must_use]
    pub fn ln_threshold(self) -> f64 {
        -self.share().ln()
    }
}
