//! What the service tells of itself: figures for a monitoring system, and whose request a line of the log belongs to.

mod metrics;
pub mod trace;

pub use metrics::{Metrics, Notified, Now, OPEN_METRICS, Waiting};
