//! The only room that talks to Prometheus, and to what speaks as it does (Thanos, Mimir, `VictoriaMetrics`).
//!
//! What may live here: the text of a query, and one request with its answer. What may not: what a number means (`gate/`),
//! and when it is asked for (`cluster/drive/`).

mod answer;
pub mod client;
mod credentials;
mod endpoint;
mod exchange;
mod failure;
pub mod query;
pub mod source_error;
mod transport;

pub use client::MetricsClient;
pub use source_error::SourceError;
