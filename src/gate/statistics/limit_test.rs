//! A share of bad requests against a limit.

use super::alternatives::{ALTERNATIVES, Direction};
use super::counts::{Counts, real};
use super::test::Test;
use super::wealth::Wealth;

/// Is the share of bad requests over the limit, or under it?
///
/// To prove "over", the hypothesis is that the share p is at most the limit p₀ in every interval; to prove "under", that it
/// is p₀ or more. The evidence is the mixture of Bernoulli likelihood ratios `E = ⅛ Σ Π (p_g/p₀)^x ((1−p_g)/(1−p₀))^(n−x)`,
/// where the odds of `p_g` are g times those of p₀ (over) or 1/g times (under); see A. Wald, *Sequential Analysis*, 1947, and
/// Robbins, "Statistical methods related to the law of the iterated logarithm", 1970, for mixtures. With odds, this is
/// `g^x / (1 + (g−1)p₀)^n`, and no `p_g` is ever more than 1.
///
/// At p the expectation of one request's ratio is (1 + (g−1)p)/(1 + (g−1)p₀): at most 1 for p ≤ p₀ where g > 1, and for
/// p ≥ p₀ where g < 1. So it is evidence against every share of the hypothesis, also against one that moves.
///
/// Assumes that requests are independent given their interval. The clean requests that prove "under" at α = 5 %: 76 for a
/// limit of 5 %, 383 for 1 %, 3,837 for 0.1 %.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitTest {
    limit: f64,
    direction: Direction,
    wealth: Wealth,
}

impl LimitTest {
    /// Returns the test of this limit, a share from 0 to 1. Against any other number nothing is ever proven.
    #[must_use]
    pub fn new(limit: f64, direction: Direction) -> Self {
        Self { limit, direction, wealth: Wealth::at_once() }
    }

    /// Can any counts prove this? Nothing is under 0 %, and nothing over 100 %.
    #[must_use]
    pub fn can_be_proven(&self) -> bool {
        match self.direction {
            Direction::Over => (0.0..1.0).contains(&self.limit),
            Direction::Under => self.limit > 0.0 && self.limit <= 1.0,
        }
    }

    /// Returns whether this cannot be while the hypothesis holds: a bad request where none may be, or a good one where all
    /// are bad.
    fn is_impossible(&self, counts: Counts) -> bool {
        match self.direction {
            Direction::Over => self.limit <= 0.0 && counts.bad() > 0,
            Direction::Under => self.limit >= 1.0 && counts.bad() < counts.total(),
        }
    }
}

impl Test for LimitTest {
    type Seen = Counts;

    fn ln_ratios(&self, counts: &Counts) -> [f64; ALTERNATIVES] {
        if !self.can_be_proven() {
            return [0.0; ALTERNATIVES];
        }
        if self.is_impossible(*counts) {
            return [f64::INFINITY; ALTERNATIVES];
        }
        let (total, bad) = (real(counts.total()), real(counts.bad()));
        self.direction.factors().map(|factor| {
            let (gained, paid) = (bad * factor.ln(), total * ((factor - 1.0) * self.limit).ln_1p());
            gained - paid - 4.0 * f64::EPSILON * (gained.abs() + paid.abs())
        })
    }

    fn requests(counts: &Counts) -> u64 {
        counts.total()
    }

    fn wealth(&self) -> &Wealth {
        &self.wealth
    }

    fn wealth_mut(&mut self) -> &mut Wealth {
        &mut self.wealth
    }
}
