//! Metrics: what the counts of both versions decide, and when.

mod compared;
mod shares;
mod stable_pods;
mod values;
