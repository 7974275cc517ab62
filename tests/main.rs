//! The integration tests, in one binary. Folders are named after those of `src/` that they test; beside them stand what
//! goes through all of it (`edge_cases`, `properties`, `chaos`, `fuzz`), what is held about the sources and the documents
//! (`architecture`, `docs`), and `scenario`, which the tests of the gate are written with.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]
#![expect(clippy::print_stdout, reason = "a test that fails shows what it saw")]

mod architecture;
mod chaos;
mod cli;
mod cluster;
mod cluster_stories;
mod comparison;
mod docs;
mod edge_cases;
mod feed;
mod fuzz;
mod gate;
mod manifest;
mod metrics;
mod properties;
mod recording;
mod report;
mod sandbox;
mod scenario;
mod serve;
mod small_worlds;
// Played by a binary of its own on a real cluster; what holds of it without one is tested here.
#[path = "cluster_e2e/suite/mod.rs"]
#[expect(dead_code, reason = "its first line belongs to that binary")]
mod suite;
mod trial;
