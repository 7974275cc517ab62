//! The canary against the stable pods.

use super::alternatives::{ALTERNATIVES, Direction};
use super::counts::{Interval, real};
use super::hypergeometric::Table;
use super::test::Test;
use super::wealth::Wealth;

/// Are the canary's odds of a bad request more than ω₀ times those of the stable pods, or less?
///
/// To prove "over" (worse than `tolerate`), the hypothesis is that the odds ratio ω is at most ω₀ in every interval; to
/// prove "under" (not as bad as `harm`), that it is ω₀ or more. Of each interval only this is judged: of the m bad requests
/// of both arms, how many were the canary's? Given m and both totals, that number has Fisher's noncentral hypergeometric
/// distribution `f(x; ω) ∝ C(N_c, x) C(N_s, m−x) ω^x`: the common rate of errors has dropped out. `E = ⅛ Σ Π f(x; ω₀g)/f(x; ω₀)`,
/// g divided instead of multiplied for "under". See Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample
/// tests that allow for optional stopping", 2024, and the package safestats.
///
/// f has a monotone likelihood ratio in x. So the expectation of each ratio, which is 1 at ω₀, is at most 1 at every ω of the
/// hypothesis, and the product over intervals is evidence against all of them, under any share of traffic, and whatever the
/// common rate does from one interval to the next. To add up the intervals first would lose that: where a canary gets more
/// traffic while everybody's errors rise, the sums show a difference that no interval has (Simpson's paradox).
///
/// An interval in which one arm has no requests, or no request or every request is bad, says nothing. No approximation by
/// binomials is made: they are no evidence for ω₀ ≠ 1 where errors are common, and the exact sums are cheap enough.
///
/// Assumes that requests are independent given their interval, and that both arms get the same kind of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct OddsTest {
    omega: f64,
    direction: Direction,
    wealth: Wealth,
}

impl OddsTest {
    /// Returns the test of this odds ratio, from 10⁻⁶ to 10⁶. Against any other number nothing is ever proven.
    #[must_use]
    pub fn new(omega: f64, direction: Direction) -> Self {
        Self { omega, direction, wealth: Wealth::at_once() }
    }
}

impl Test for OddsTest {
    type Seen = Interval;

    fn ln_ratios(&self, interval: &Interval) -> [f64; ALTERNATIVES] {
        let table = Table::new(interval).filter(|_| (1e-6..=1e6).contains(&self.omega));
        let Some(table) = table else { return [0.0; ALTERNATIVES] };
        let (ln_sum, rounding) = (table.ln_sum(self.omega), table.rounding(self.omega));
        let bad = real(interval.canary.bad());
        self.direction
            .factors()
            .map(|factor| bad * factor.ln() - (table.ln_sum(self.omega * factor) - ln_sum) - rounding)
    }

    fn requests(interval: &Interval) -> u64 {
        interval.canary.total()
    }

    fn wealth(&self) -> &Wealth {
        &self.wealth
    }

    fn wealth_mut(&mut self) -> &mut Wealth {
        &mut self.wealth
    }
}
