//! The shares that the counts leave possible.

use super::combinations::ln_gamma;
use super::counts::{Counts, real};

/// Returns the lowest and the highest share of bad requests that these counts leave possible: at any number of looks, the
/// true share has been within all of the intervals with a probability of at least 1 − `alpha`. For pictures; decisions rest
/// on the tests.
///
/// A share p is left out once the beta-binomial mixture E(p) = B(a+n−x, b+x) / (B(a, b) p^x (1−p)^(n−x)) reaches 1/α, where
/// a = r/p, b = r/(1−p), and r is chosen so that the interval is narrowest at `t_opt` requests. See Howard et
/// al., "Time-uniform Chernoff bounds via nonnegative supermartingales", 2020, and the package confseq.
///
/// Without requests, or with an `alpha` that is not between 0 and 1, every share is possible.
#[must_use]
pub fn confidence_sequence(counts: Counts, alpha: f64, t_opt: u64) -> (f64, f64) {
    let Some(share) = counts.share().filter(|_| alpha > 0.0 && alpha < 1.0) else { return (0.0, 1.0) };
    let is_left_out = |p: f64| ln_mixture(counts, p, real(t_opt.max(1))) >= -alpha.ln();
    let lowest = if counts.bad() == 0 { 0.0 } else { border(0.0, share, is_left_out) };
    let highest = if counts.bad() == counts.total() { 1.0 } else { border(1.0, share, is_left_out) };
    (lowest, highest)
}

/// Returns where the shares that are left out end, between one that is and one that is not.
fn border(mut out: f64, mut within: f64, is_left_out: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..64 {
        let middle = f64::midpoint(out, within);
        if is_left_out(middle) { out = middle } else { within = middle }
    }
    out
}

/// Returns ln E(p) for 0 < p < 1.
fn ln_mixture(counts: Counts, p: f64, t_opt: f64) -> f64 {
    /// The α for which the interval is narrowest at `t_opt`, as in confseq.
    const ALPHA_OPT: f64 = 0.05;
    let variance = p * (1.0 - p);
    let ln = -2.0 * ALPHA_OPT.ln();
    let r = (t_opt * variance / (ln + ln.ln_1p()) - variance).max(1e-3 * variance);
    let (a, b) = (r / p, r / (1.0 - p));
    let (bad, good) = (real(counts.bad()), real(counts.total() - counts.bad()));
    ln_beta(a + good, b + bad) - ln_beta(a, b) - bad * p.ln() - good * (-p).ln_1p()
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}
