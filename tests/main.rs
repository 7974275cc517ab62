//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod cli;
mod cluster;
mod manifest;
mod purity;
mod replay;
mod report;
mod sandbox;
