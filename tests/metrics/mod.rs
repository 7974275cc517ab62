//! What is asked of Prometheus, and what its answers are.

mod client;
mod gate_stories;
mod metric_servers;
mod query;
mod source;
mod story;
mod tls;
