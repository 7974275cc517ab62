//! Factorials and what is made of them, by Stirling's series, for numbers of any size and with a fraction.

use std::f64::consts::TAU;

/// Returns ln C(n, k), the ways to choose k of n, to a few units in the last place of its largest part, which is about
/// k ln(n/k). The difference of three ln Γ would be worse by the size of ln Γ(n).
pub(super) fn ln_choose(n: f64, k: f64) -> f64 {
    let k = k.min(n - k);
    if k <= 0.0 {
        return 0.0;
    }
    let rest = n - k;
    let entropy = k * (n / k).ln() - rest * (-k / n).ln_1p();
    entropy + 0.5 * (n / (TAU * k * rest)).ln() + stirling_rest(n) - stirling_rest(k) - stirling_rest(rest)
}

/// Returns ln Γ(x) for x > 0.
pub(super) fn ln_gamma(x: f64) -> f64 {
    stirling(x) + stirling_rest(x)
}

/// Stirling's formula: (x − ½) ln x − x + ½ ln 2π.
fn stirling(x: f64) -> f64 {
    (x - 0.5) * x.ln() - x + 0.5 * TAU.ln()
}

/// Returns ln Γ(x) less Stirling's formula, for x > 0: the same as ln x! less x ln x − x + ½ ln 2πx.
fn stirling_rest(x: f64) -> f64 {
    /// From here on five members of the series are exact to 10⁻¹⁵.
    const LARGE: f64 = 16.0;
    if x >= LARGE {
        let square = (x * x).recip();
        let series = 1.0 / 1188.0;
        let series = 1.0 / 1680.0 - square * series;
        let series = 1.0 / 1260.0 - square * series;
        let series = 1.0 / 360.0 - square * series;
        return (1.0 / 12.0 - square * series) / x;
    }
    // Γ(x) = Γ(x + k) / (x (x+1) … (x+k−1)).
    let (mut large, mut product) = (x, 1.0);
    while large < LARGE {
        product *= large;
        large += 1.0;
    }
    stirling(large) - stirling(x) - product.ln() + stirling_rest(large)
}
