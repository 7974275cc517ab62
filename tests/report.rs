//! Tests of report.

mod blocks;
mod build;
mod documents;
mod hostile;
mod json;
mod progress;
