//! What is asked of Prometheus, and what its answers are.

mod client;
mod query;
mod source;
mod tls;
