//! Factorials and what is made of them, for numbers of any size and with a fraction.

use std::f64::consts::TAU;

/// From here on, Stirling's series is exact to 10⁻¹⁵ with five members.
const LARGE: f64 = 16.0;

/// Returns ln C(n, k), the ways to choose k of n, whole numbers below 2^53. It is exact to a few units in the last place of
/// its largest part, which is about k ln(n/k); the difference of three ln Γ would be worse by the size of ln Γ(n).
pub(super) fn ln_choose(n: f64, k: f64) -> f64 {
    let k = k.min(n - k);
    if k < LARGE {
        let (mut ways, mut chosen) = (1.0, 0.0);
        while chosen < k {
            ways *= (n - chosen) / (chosen + 1.0);
            chosen += 1.0;
        }
        return ways.ln();
    }
    let rest = n - k;
    let entropy = k * (n / k).ln() - rest * (-k / n).ln_1p();
    entropy + 0.5 * (n / (TAU * k * rest)).ln() + series(n) - series(k) - series(rest)
}

/// Returns ln Γ(x) for x > 0.
pub(super) fn ln_gamma(x: f64) -> f64 {
    // Γ(x) = Γ(x + k) / (x (x+1) … (x+k−1)).
    let (mut large, mut product) = (x, 1.0);
    while large < LARGE {
        product *= large;
        large += 1.0;
    }
    (large - 0.5) * large.ln() - large + 0.5 * TAU.ln() + series(large) - product.ln()
}

/// Stirling's series: ln Γ(x) less (x − ½) ln x − x + ½ ln 2π, for large x.
fn series(x: f64) -> f64 {
    let square = (x * x).recip();
    let sum = 1.0 / 1680.0 - square / 1188.0;
    let sum = 1.0 / 1260.0 - square * sum;
    let sum = 1.0 / 360.0 - square * sum;
    (1.0 / 12.0 - square * sum) / x
}
