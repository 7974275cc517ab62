//! `metrics`, `watchFor` and `stable`: what a gate asks Prometheus, and what a canary is compared with.
//!
//! The keys are defined as all others are. What single values mean is in `values` and `source_values`; what the keys of a
//! check or of the source mean together is told once the whole document was read, in `finish`, `finish_check` and
//! `finish_source`.

mod check_keys;
pub(super) mod draft;
pub(super) mod finish;
mod finish_check;
mod finish_source;
mod keys;
mod source_values;
mod stable;
mod values;

pub(super) use keys::METRICS;
pub(super) use stable::{STABLE, arm};
