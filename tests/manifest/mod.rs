//! Manifests of gates, through `crashgate validate`.

mod live;
mod validate;
