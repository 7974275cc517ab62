//! The recording format and its readers.
//!
//! What may live here: reading and writing recordings, the mapping from the API's JSON to observations (shared with
//! `cluster/`, which speaks of its traffic in the same terms), and the replay that feeds a gate from a file in virtual
//! time. What may not: decisions, connections.

mod clean;
mod custom_owners;
mod follow;
pub mod judged;
pub mod line;
pub mod log_store;
pub mod mapping;
mod mirror;
pub mod pods;
pub mod reader;
pub mod replay;
pub mod subject;
mod wire;
pub mod writer;
