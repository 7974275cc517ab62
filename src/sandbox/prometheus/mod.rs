//! The answers of a metrics source, served as Prometheus' API serves them, beside Kubernetes' API.
//!
//! A plain selector (`metric{…}`, `metric{…}[1m]`) is answered from all samples that the recording has, up to the moment
//! of the playback: other windows, pods and limits than the recorded ones can be asked for. Any other query is answered as
//! it was when the same one was recorded last. Times are moved to the playback's, as those of objects are.

mod answer;
mod asked;
mod store;

pub(super) use answer::{Behind, answer, is_query};
pub(super) use store::Metrics;

/// The path in front of the API, as proxies have one. The API answers without it too.
pub(super) const PREFIX: &str = "/prometheus";
