//! What is asked of Prometheus, and what its answers are.

mod query;
