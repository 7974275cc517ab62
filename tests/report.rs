//! Tests of report.

mod blocks;
mod build;
mod hostile;
mod json;
mod live;
mod progress;

pub use build::Kept;
