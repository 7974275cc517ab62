//! Do the stable pods differ among themselves?

use super::alternatives::Direction;
use super::counts::{Counts, Interval};
use super::odds_test::OddsTest;
use super::test::Test;

/// The comparison of the stable pods with themselves: an A/A test.
///
/// [`OddsTest`] takes requests for independent. Where they fail in crowds (one bad node, one bad shard, retries), two groups
/// of the same pods differ by more than chance, and so would any canary. This shows in the stable pods, split into two
/// halves that stay the same: once they are proven to differ, in whichever direction, no comparison with them is worth
/// anything, and it must be left undecided.
///
/// Two groups of pods that do not differ are told apart with a probability of at most 5 % (2.5 % a direction), however long
/// one looks. That they are not told apart is no proof that they do not differ: what is slight enough stays unseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    directions: [OddsTest; 2],
}

/// E from which on the halves are told apart: 1/α for 2.5 % in each direction.
const E_DIFFERS: f64 = 40.0;

impl Guard {
    /// Returns a guard that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { directions: [Direction::Over, Direction::Under].map(|direction| OddsTest::new(1.0, direction)) }
    }

    /// Takes what both halves counted in one scrape interval.
    pub fn take(&mut self, first: Counts, second: Counts) {
        for test in &mut self.directions {
            test.take(&Interval { canary: first, stable: second });
        }
    }

    /// Have the halves been told apart at any look?
    #[must_use]
    pub fn differs(&self) -> bool {
        self.ln_e() >= E_DIFFERS.ln()
    }

    /// Returns the highest ln E so far, of either direction.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.directions.iter().map(Test::max_ln_e).fold(0.0, f64::max)
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}
