//! Do the stable pods differ among themselves?

use super::alternatives::Direction;
use super::counts::{Counts, Interval};
use super::odds_test::OddsTest;
use super::test::Test;
use super::wealth::{Wealth, ln_sum_exp};

/// The comparison of the stable pods with themselves: an A/A test.
///
/// [`OddsTest`] takes requests for independent. Where they fail in crowds (one bad node, one bad shard, retries), two groups
/// of the same pods differ by more than chance, and so would any canary. This shows in the stable pods, split into two
/// halves that stay the same: once they are proven to differ, no comparison with them is worth anything, and it must be
/// left undecided.
///
/// Three bettors share the wealth, so that E is the mean of three: that the first half is the worse one, that the second
/// is, and that in each interval one of them is, now this and now that. The last one finds crowds, which take no sides.
/// Halves that do not differ are told apart with a probability of at most 5 %, however long one looks.
///
/// Until enough is seen to tell the halves apart, what speaks for a difference counts already, and doubly: see
/// [`Guard::ln_threshold`]. That only ever asks for more proof, so the bounds of the tests are kept.
///
/// That the halves are not told apart is no proof that they do not differ. Crowds in the first intervals, before any half
/// can have shown them, are not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    first_worse: OddsTest,
    second_worse: OddsTest,
    now_this_now_that: Wealth,
    highest: f64,
}

/// E from which on the halves are told apart: 1/α for 5 %.
const E_DIFFERS: f64 = 20.0;

impl Guard {
    /// Returns a guard that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            first_worse: OddsTest::new(1.0, Direction::Over),
            second_worse: OddsTest::new(1.0, Direction::Under),
            now_this_now_that: Wealth::at_once(),
            highest: 0.0,
        }
    }

    /// Takes what both halves counted in one scrape interval.
    pub fn take(&mut self, first: Counts, second: Counts) {
        let seen = Interval { canary: first, stable: second };
        let mut either = self.first_worse.ln_ratios(&seen);
        for (one, other) in either.iter_mut().zip(self.second_worse.ln_ratios(&seen)) {
            *one = ln_mean_exp([*one, other]);
        }
        self.now_this_now_that.take(&either);
        self.first_worse.take(&seen);
        self.second_worse.take(&seen);
        let bettors = [self.first_worse.ln_e(), self.second_worse.ln_e(), self.now_this_now_that.ln_e()];
        self.highest = self.highest.max(ln_mean_exp(bettors));
    }

    /// Have the halves been told apart at any look?
    #[must_use]
    pub fn differs(&self) -> bool {
        self.highest >= E_DIFFERS.ln()
    }

    /// Returns the highest ln E so far, 0 at the least.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.highest
    }

    /// Returns the ln E from which on a comparison with the stable pods has proven what it is to prove, where `alone` would
    /// be enough without this guard: twice [`Guard::ln_e`] more; infinite once the halves have been told apart.
    #[must_use]
    pub fn ln_threshold(&self, alone: f64) -> f64 {
        if self.differs() { f64::INFINITY } else { alone + 2.0 * self.highest }
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the logarithm of the mean of these, which are logarithms themselves.
#[expect(clippy::cast_precision_loss, reason = "there are two or three")]
fn ln_mean_exp<const N: usize>(parts: [f64; N]) -> f64 {
    ln_sum_exp(parts) - (N as f64).ln()
}
