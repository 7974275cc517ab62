//! What is bet on: how much worse, or better, than the hypothesis says.

/// Which side of the hypothesis is to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More bad requests than the hypothesis allows: what fails a gate.
    Over,
    /// Fewer bad requests than the hypothesis demands: what passes one.
    Under,
}

/// How many alternatives are bet on at once.
pub const ALTERNATIVES: usize = 8;

/// By what the odds of a bad request are multiplied (over) or divided (under), against the odds of the hypothesis. The
/// first ones find small differences slowly, the last ones find outages in one interval. A mixture of all of them, each
/// with an eighth of the wealth, is at most ln 8 = 2.08 behind the best of them, known only in hindsight.
const FACTORS: [f64; ALTERNATIVES] = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0];

impl Direction {
    /// Returns by what the odds of the hypothesis are multiplied in each alternative.
    pub(super) fn factors(self) -> [f64; ALTERNATIVES] {
        match self {
            Self::Over => FACTORS,
            Self::Under => FACTORS.map(f64::recip),
        }
    }
}
