//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]
#![expect(clippy::print_stdout, reason = "a test that fails shows what it saw")]

mod chaos;
mod cli;
mod cluster;
mod crowd;
mod edge_cases;
#[cfg(unix)]
mod examples;
mod feed;
mod fuzz;
mod manifest;
mod properties;
mod purity;
mod readme;
mod recorded;
mod rehearsal;
mod replay;
mod report;
mod rules;
mod run;
mod runner;
mod sandbox;
mod sentences;
mod story;
mod tls;
#[cfg(unix)]
mod unwritten;
mod vendors;
