//! Manifests of gates, through `crashgate validate`.

mod charts;
mod live;
mod metrics;
mod validate;
