//! The wealth of a bettor against the hypothesis.

use std::f64::consts::PI;

use super::alternatives::ALTERNATIVES;

/// What a bettor has made of 1 by betting against the hypothesis: E, as the sum of what stands on each alternative and
/// what is not bet yet.
///
/// A bet on an alternative multiplies what stands on it by a likelihood ratio, whose expectation is at most 1 under the
/// hypothesis; money that is moved from one alternative to another, or from the reserve, changes no sum. So E is a
/// supermartingale that begins at 1, and Ville's inequality holds for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wealth {
    ln_on: [f64; ALTERNATIVES],
    /// What is not bet yet, between 0 and 1.
    reserve: f64,
    /// How many begins there were.
    begins: f64,
    highest: f64,
}

impl Wealth {
    /// Returns 1, all of it bet from the first interval on.
    pub(super) fn at_once() -> Self {
        Self { ln_on: [ln_each(1.0); ALTERNATIVES], reserve: 0.0, begins: 1.0, highest: 0.0 }
    }

    /// Returns 1, of which 6/π² is bet from the first interval on; the rest waits for later begins.
    pub(super) fn in_portions() -> Self {
        let first = portion(1.0);
        Self { ln_on: [ln_each(first); ALTERNATIVES], reserve: 1.0 - first, begins: 1.0, highest: 0.0 }
    }

    /// Bets the next portion of the reserve too, from the next interval on.
    pub(super) fn begin_another(&mut self) {
        self.begins += 1.0;
        let next = portion(self.begins).min(self.reserve);
        self.reserve -= next;
        self.ln_on = self.ln_on.map(|ln_on| ln_sum_exp([ln_on, ln_each(next)]));
    }

    /// Takes what each alternative's likelihood ratio was, as its logarithm.
    pub(super) fn take(&mut self, ln_ratios: &[f64; ALTERNATIVES]) {
        for (ln_on, ln_ratio) in self.ln_on.iter_mut().zip(ln_ratios) {
            *ln_on += ln_ratio;
        }
        self.highest = self.highest.max(self.ln_e());
    }

    /// Returns ln E as it is.
    #[must_use]
    pub fn ln_e(&self) -> f64 {
        self.ln_e_after(1.0, &[0.0; ALTERNATIVES])
    }

    /// Returns the highest ln E so far, 0 at the least. What was proven at one look stays proven.
    #[must_use]
    pub fn max_ln_e(&self) -> f64 {
        self.highest
    }

    /// Returns ln E as it would be after `times` intervals with these ratios, more of a whole number or less.
    pub(super) fn ln_e_after(&self, times: f64, ln_ratios: &[f64; ALTERNATIVES]) -> f64 {
        let mut parts = [self.reserve.ln(); ALTERNATIVES + 1];
        for ((part, ln_on), ln_ratio) in parts.iter_mut().zip(self.ln_on).zip(ln_ratios) {
            *part = ln_on + times * ln_ratio;
        }
        ln_sum_exp(parts)
    }
}

/// Returns the portion of the wealth that the `begin`th begin gets: 6/(π²k²), which sums to 1 over all k.
fn portion(begin: f64) -> f64 {
    6.0 / (PI * begin).powi(2)
}

/// Returns the logarithm of what each alternative gets of this amount.
#[expect(clippy::cast_precision_loss, reason = "there are eight")]
fn ln_each(amount: f64) -> f64 {
    (amount / ALTERNATIVES as f64).ln()
}

/// Returns ln Σ exp without leaving the range of floats on the way.
pub(super) fn ln_sum_exp<const N: usize>(parts: [f64; N]) -> f64 {
    let most = parts.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    most + parts.into_iter().map(|part| (part - most).exp()).sum::<f64>().ln()
}
