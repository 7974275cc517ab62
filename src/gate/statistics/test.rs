//! What every test against a hypothesis can say.

use super::alternatives::ALTERNATIVES;
use super::wealth::Wealth;

/// A hypothesis, and the evidence against it so far.
pub trait Test {
    /// What one scrape interval shows.
    type Seen;

    /// Returns, for each alternative, ln of how much likelier this is under it than under the hypothesis. Under the
    /// hypothesis each ratio has an expectation of at most 1, whatever was seen before.
    fn ln_ratios(&self, seen: &Self::Seen) -> [f64; ALTERNATIVES];

    /// Returns how many requests of the canary this is.
    fn requests(seen: &Self::Seen) -> u64;

    /// The evidence so far.
    fn wealth(&self) -> &Wealth;

    /// The evidence so far, to be changed.
    fn wealth_mut(&mut self) -> &mut Wealth;

    /// Takes one more scrape interval.
    fn take(&mut self, seen: &Self::Seen) {
        let ln_ratios = self.ln_ratios(seen);
        self.wealth_mut().take(&ln_ratios);
    }

    /// Returns ln E as it is.
    fn ln_e(&self) -> f64 {
        self.wealth().ln_e()
    }

    /// Returns the highest ln E so far: what was proven at one look stays proven. This is what is held against
    /// [`Allocation::ln_threshold`](super::Allocation::ln_threshold).
    fn max_ln_e(&self) -> f64 {
        self.wealth().max_ln_e()
    }

    /// Returns how many more requests of the canary it takes until ln E, as it is, is at the threshold, if all that comes is
    /// like `typical` (all intervals so far counted together, or a clean one). 0 where it is there already; `None` where such
    /// requests never prove it. Begins that are yet to come are left out of account: they can only make it sooner.
    ///
    /// ln E is convex in the number of such intervals (the logarithm of a sum of exponentials of straight lines). So below
    /// the threshold it crosses it at most once, and halving finds the place.
    fn more_needed(&self, typical: &Self::Seen, ln_threshold: f64) -> Option<u64> {
        /// More than any gate will ever see.
        const MOST: f64 = 1e15;
        if self.ln_e() >= ln_threshold {
            return Some(0);
        }
        let requests = super::counts::real(Self::requests(typical));
        let ln_ratios = self.ln_ratios(typical);
        let is_proven = |more: f64| self.wealth().ln_e_after(more / requests, &ln_ratios) >= ln_threshold;
        if requests < 1.0 || !is_proven(MOST) {
            return None;
        }
        let (mut too_few, mut enough) = (0.0, MOST);
        while enough - too_few > 1.0 {
            let middle = f64::midpoint(too_few, enough).floor();
            if is_proven(middle) { enough = middle } else { too_few = middle }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to MOST")]
        Some(enough as u64)
    }
}
