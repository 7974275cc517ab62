//! A recording as a Kubernetes API on loopback, by itself and under a gate.

pub mod api;
mod custom_resources;
mod kubectl;
pub mod metrics_recording;
mod metrics_rehearsal;
mod prometheus;
mod rehearsal;
