//! crashgate: a deployment gate for Kubernetes.
//!
//! The map of the house. Data flows one way:
//!
//! ```text
//! cluster/ or recording/ → observations → gate/ → gate events and outcome → report/ → exit code
//!                                       ↘ feed/ → feed events            ↗
//! ```
//!
//! - [`gate`]: the decision. Pure; imports none of the others.
//! - [`feed`]: what happens to pods, one event at a time. Pure; imports the gate alone.
//! - [`manifest`]: YAML and flags → plans.
//! - [`recording`]: the format, its readers and writers, and the mapping from the API's JSON to observations.
//! - [`metrics`]: the only room that talks to Prometheus.
//! - [`cluster`]: the only rooms that talk to Kubernetes.
//! - [`sandbox`]: a recording as a Kubernetes API on loopback.
//! - [`trial`]: recordings in, what other settings would have decided out.
//! - [`report`]: gate events and outcomes in, human text and files out.
//! - [`text`]: the ground floor: untrusted text masked and made inert. Every folder may import it; it imports none.
//! - [`serve`]: the gate as a service: HTTP in, gates out.
//! - [`cli`]: clap types and wiring.

pub mod cli;
pub mod cluster;
pub mod feed;
pub mod gate;
pub mod manifest;
pub mod metrics;
pub mod recording;
pub mod report;
pub mod sandbox;
pub mod serve;
pub mod text;
pub mod trial;
