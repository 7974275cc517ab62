//! What is asked of Prometheus, and what its answers are.

mod client;
mod metric_servers;
mod query;
mod source;
mod tls;
