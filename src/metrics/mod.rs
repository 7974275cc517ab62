//! The only room that talks to Prometheus, and to what speaks as it does (Thanos, Mimir, `VictoriaMetrics`).
//!
//! What may live here: the text of a query, and one request with its answer. What may not: what a number means (`gate/`),
//! and when it is asked for (`cluster/drive/`).

pub mod query;
