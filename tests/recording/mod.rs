//! Recordings: what is judged from them, and what is written into them.

mod metrics;
mod recorded;
pub mod replay;
mod replayed_metrics;
mod subject;
