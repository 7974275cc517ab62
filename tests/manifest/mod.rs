//! Manifests of gates, through `crashgate validate`.

mod validate;
