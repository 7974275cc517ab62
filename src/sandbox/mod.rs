//! A recording served as a read-only Kubernetes API on loopback.
//!
//! What may live here: the recording as a timeline of collections, the server that answers reads from it in the
//! recording's own timing, and the tables kubectl prints. What may not: connections to a real cluster, decisions, and
//! any write that changes what was recorded.
//!
//! ```text
//! load → timeline ─┬─ list, watch, logs, table ─ server ─ running
//!          clock ──┘
//! ```
//!
//! Every request passes `server::answer` once and every read of state goes through the timeline: what
//! disturbs requests ([`faults`]) stands in front of the one, what changes state belongs behind the other.

mod accept;
mod access;
mod clock;
mod connections;
mod discovery;
pub mod faults;
mod fields;
mod follow;
mod kind;
mod list;
mod load;
mod log_history;
mod logs;
mod path;
mod protobuf;
mod query;
mod running;
mod sample;
mod server;
mod shift;
mod status;
mod table;
mod timeline;
mod watch;

pub use faults::{Faults, FaultsError};
pub use running::{AtEnd, Begin, Options, Request, Running, Sandbox, ServeError};
pub use sample::Sample;
