//! Tests of report.

mod blocks;
mod build;
pub mod documents;
pub mod hostile;
mod json;
mod live;
mod progress;

pub use build::Kept;
