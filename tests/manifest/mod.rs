//! Manifests of gates, through `crashgate validate`.

mod blueprint;
mod charts;
mod live;
mod metrics;
mod starter;
mod validate;
