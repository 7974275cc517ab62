//! Tests of report.

mod blocks;
mod build;
pub mod ci_log;
pub mod documents;
pub mod hostile;
pub mod hostile_recordings;
mod human_output;
mod json;
mod live;
mod many_pods;
mod metrics;
mod names;
mod page;
mod progress;
mod redaction;
mod redaction_shapes;

pub use build::{Kept, sink};
