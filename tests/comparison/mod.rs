//! What other tools would have said of the same deployments, at which second. Their published rules, as small functions
//! over the objects that were recorded; `kubectl rollout status` is held to the real kubectl (`kubectl.rs`).
//!
//! `cargo test comparison` computes the tables of docs/comparison.md and compares them; `UPDATE_PAGES=1` writes them.

mod argo_cd;
mod helm;
mod krane;
mod kstatus;
mod kubectl;
mod kubectl_rules;
mod objects;
mod page;
mod skaffold;
mod story;
mod tools;
