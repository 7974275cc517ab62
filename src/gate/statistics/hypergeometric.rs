//! Fisher's noncentral hypergeometric distribution: of m bad requests, how many are the canary's?

use super::combinations::ln_choose;
use super::counts::{Interval, real};

/// The margins of one interval's table: what the distribution is conditional on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    canary: f64,
    stable: f64,
    bad: f64,
}

impl Table {
    /// Returns the margins of this interval; `None` where only one table has these margins, so that it says nothing, and
    /// where there are more requests than floats can count (2^53).
    pub(super) fn new(interval: &Interval) -> Option<Self> {
        let requests = interval.canary.plus(interval.stable);
        let [canary, stable] = [interval.canary, interval.stable].map(|arm| real(arm.total()));
        let table = Self { canary, stable, bad: real(requests.bad()) };
        (requests.total() < 1 << 53 && table.fewest() < table.most()).then_some(table)
    }

    /// The fewest bad requests that the canary can have.
    fn fewest(&self) -> f64 {
        (self.bad - self.stable).max(0.0)
    }

    /// The most bad requests that the canary can have.
    fn most(&self) -> f64 {
        self.bad.min(self.canary)
    }

    /// Returns `ln Σ C(N_c, x) C(N_s, m−x) ω^x` over all x that the margins allow: what makes probabilities of the terms.
    ///
    /// Each term is got from its neighbour, from the mode outwards, until they vanish. Where the distribution is wide, only
    /// every hth term is added up, and the sum multiplied by h = ⌊σ/4⌋: with φ the characteristic function, that is wrong by
    /// a share of at most `Σ |φ(2πk/h)|`, k = 1 … h−1. The distribution is that of a sum of independent Bernoulli variables
    /// (its generating polynomial has real roots alone), for which |φ(t)| ≤ exp(−2σ² sin²(t/2)): at most 4 e⁻¹²⁸ here. So the
    /// work has a bound, however many requests there are.
    pub(super) fn ln_sum(&self, omega: f64) -> f64 {
        /// Up to this standard deviation every term is added up.
        const NARROW: f64 = 32.0;
        let mean = self.mean(omega);
        let peak = mean.floor().clamp(self.fewest(), self.most());
        let ln_peak = self.ln_term(peak, omega);
        let deviation = self.deviation(mean);
        let sum = if deviation <= NARROW {
            self.sum_of_all(peak, omega)
        } else {
            self.sum_by_strides(peak, ln_peak, omega, (deviation / 4.0).floor())
        };
        ln_peak + sum.ln()
    }

    /// Returns by how much ln(sum(ω·factor)/sum(ω)) may be wrong at the most, for factors up to 50 either way.
    pub(super) fn rounding(&self, omega: f64) -> f64 {
        let choices = ln_choose(self.canary + self.stable, self.bad);
        8.0 * f64::EPSILON * (choices + self.bad * (1.0 + omega.ln().abs() + 50_f64.ln()))
    }

    fn ln_term(&self, x: f64, omega: f64) -> f64 {
        ln_choose(self.canary, x) + ln_choose(self.stable, self.bad - x) + x * omega.ln()
    }

    /// Returns the sum of all terms as multiples of the one at the peak.
    fn sum_of_all(&self, peak: f64, omega: f64) -> f64 {
        // A term as a multiple of the one before it.
        let ratio =
            |x: f64| omega * (self.canary - x + 1.0) * (self.bad - x + 1.0) / (x * (self.stable - self.bad + x));
        let mut sum = 1.0;
        let (mut term, mut x) = (1.0, peak);
        while x < self.most() && term > VANISHED * sum {
            x += 1.0;
            term *= ratio(x);
            sum += term;
        }
        (term, x) = (1.0, peak);
        while x > self.fewest() && term > VANISHED * sum {
            term /= ratio(x);
            x -= 1.0;
            sum += term;
        }
        sum
    }

    fn sum_by_strides(&self, peak: f64, ln_peak: f64, omega: f64, stride: f64) -> f64 {
        let mut sum = 1.0;
        for step in [stride, -stride] {
            let (mut term, mut x) = (1.0, peak + step);
            while x >= self.fewest() && x <= self.most() && term > VANISHED * sum {
                term = (self.ln_term(x, omega) - ln_peak).exp();
                sum += term;
                x += step;
            }
        }
        sum * stride
    }

    /// Returns where the odds ratio of the expected table is ω: next to the mode. It is the root of
    /// `(N_c − μ)(m − μ)ω = μ(N_s − m + μ)`.
    fn mean(&self, omega: f64) -> f64 {
        let half = (omega * (self.canary + self.bad) + self.stable - self.bad) / 2.0;
        let product = omega * self.canary * self.bad;
        let root = (half * half - (omega - 1.0) * product).max(0.0).sqrt();
        // Either way, two numbers of one sign are added: nothing cancels.
        let mean = if half > 0.0 { product / (half + root) } else { (root - half) / (1.0 - omega) };
        mean.clamp(self.fewest(), self.most())
    }

    /// Returns about the standard deviation, from the four cells of the expected table.
    fn deviation(&self, mean: f64) -> f64 {
        let cells = [mean, self.canary - mean, self.bad - mean, self.stable - self.bad + mean];
        cells.map(f64::recip).iter().sum::<f64>().recip().max(0.0).sqrt()
    }
}

/// What adds nothing to a sum: terms fall off ever faster from the mode.
const VANISHED: f64 = 1e-18;
