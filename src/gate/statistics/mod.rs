//! What do counts prove? Pure: counts in, evidence out. Nothing of the gate is known here.
//!
//! A gate looks at its metrics again and again, and must be able to stop at any look. A test with a fixed sample size that
//! is looked at forty times cries wolf in a quarter of all healthy rollouts. So the evidence here is an *e-process*: a
//! number E that begins at 1 and, as long as the hypothesis under test holds, cannot be expected to grow. By Ville's
//! inequality (J. Ville, *Étude critique de la notion de collectif*, 1939) the probability that E *ever* reaches 1/α is
//! then at most α, however often and however long one looks, and whatever makes one stop. Introductions: Ramdas, Grünwald,
//! Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid inference", 2023; Howard et al.,
//! "Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021.
//!
//! - [`LimitTest`]: a share of bad requests against a limit, in either direction.
//! - [`OddsTest`]: the canary against the stable pods, interval by interval, in either direction.
//! - [`WithLateStarts`]: either of them, begun anew as time goes by, for what turns bad late.
//! - [`Guard`]: do the stable pods differ among themselves?
//! - [`Allocation`]: α shared out over everything that can fail.
//! - [`confidence_sequence`]: the shares that the counts leave possible, for the picture.
//!
//! **What may be claimed.** Of a failure: if requests are independent given their interval, and the hypothesis holds in
//! every interval (the share is never above the limit; the odds of a bad request are never more than `tolerate` times those
//! of the stable pods), the probability that the check ever fails is at most its share of α. Of a pass: the probability that
//! it ever passes is at most its share of α, if the share is at the limit or above, or the odds are `harm` times those of
//! the stable pods or more, in every interval.
//!
//! **What may not.** Nothing is said of what begins after the last look, of requests that fail in crowds (see [`Guard`]),
//! of arms that get different kinds of traffic, and of requests that no scrape saw.
//!
//! E is kept as its natural logarithm everywhere. Every rounding of the arithmetic is charged to the side that is to be
//! proven.

mod allocation;
mod alternatives;
mod combinations;
mod confidence_sequence;
mod counts;
mod guard;
mod hypergeometric;
mod late_starts;
mod limit_test;
mod odds_test;
mod test;
mod wealth;

pub use allocation::Allocation;
pub use alternatives::{ALTERNATIVES, Direction};
pub use confidence_sequence::confidence_sequence;
pub use counts::{Counts, Interval};
pub use guard::Guard;
pub use late_starts::WithLateStarts;
pub use limit_test::LimitTest;
pub use odds_test::OddsTest;
pub use test::Test;
pub use wealth::Wealth;
