//! A recording served as a Kubernetes API on loopback, and what it has of a metrics source as Prometheus' API beside it. It
//! is read-only, but for pods whose life a script tells.
//!
//! What may live here: the recording as a timeline of collections, the server that answers reads from it in the
//! recording's own timing, the tables kubectl prints, and the life of created pods ([`PodScript`]). What may not:
//! connections to a real cluster, decisions, and any write that changes what was recorded.
//!
//! ```text
//! load → timeline ─┬─ state ─┬─ list, watch, logs, table ─ server ─ faults ─ front ─ running
//!          clock ──┘  pods ──┘
//! ```
//!
//! Every request passes `front::handle` once and every read of state goes through the timeline: what
//! disturbs requests ([`faults`]) stands in front of the one, what changes state belongs behind the other.

mod accept;
mod access;
mod clock;
mod collection;
mod connections;
mod discovery;
pub mod faults;
mod fields;
mod follow;
mod front;
mod guard;
mod kind;
mod list;
mod load;
mod log_history;
mod log_options;
mod logs;
mod options;
mod partial_object;
mod path;
mod pods;
mod prometheus;
mod protobuf;
mod query;
mod requests;
mod running;
pub(crate) mod same_site;
mod sample;
mod script_error;
mod server;
mod shared;
mod shift;
mod span;
mod state;
mod status;
mod table;
mod timeline;
mod watch;

pub use faults::{Faults, FaultsError};
pub use options::{AtEnd, Begin, Options};
pub use pods::{PodScript, PodScriptError};
pub use requests::Request;
pub use running::{Running, Sandbox, ServeError};
pub use sample::Sample;
