//! Which of Flagger's analyses a failure belongs to.
//!
//! A failure is final for its revision, and the revision is the pod template. But Flagger analyses the same template again
//! where only a `ConfigMap` or a Secret has changed, and what failed before that says nothing about it: it would be rolled back
//! at the first hook, for ever. The payload's `checksum` tells such analyses apart. It is opaque, it is that of the analysis
//! before at `confirm-rollout`, and its format may change: so it never parts calls of a gate that has not failed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, digest};

use crate::gate::result::Verdict;
use crate::serve::{GateId, GateView, Gates};

/// So many checksums are remembered of a gate, the newest ones.
const MOST: usize = 16;
/// Beyond so many gates those are let go that are forgotten.
const MANY: usize = 4_096;

/// The checksums that came while a gate had not failed.
#[derive(Debug, Default)]
pub(super) struct Analyses(Mutex<HashMap<GateId, Vec<String>>>);

impl Analyses {
    /// True where what the gate says is about the analysis with this checksum. Of a failure that is one in which the gate was
    /// asked before it failed.
    pub fn is_about(&self, view: &GateView, checksum: &str, gates: &dyn Gates) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = run_of(checksum);
        if view.verdict == Some(Verdict::Failed) {
            return known.get(&view.id).is_none_or(|heard| heard.contains(&name));
        }
        if known.len() >= MANY && !known.contains_key(&view.id) {
            known.retain(|id, _| gates.watch(id).is_some());
        }
        let heard = known.entry(view.id.clone()).or_default();
        if !heard.contains(&name) {
            if heard.len() == MOST {
                heard.remove(0);
            }
            heard.push(name);
        }
        true
    }
}

/// What a run of a gate is called that is about the analysis with this checksum alone.
pub(super) fn run_of(checksum: &str) -> String {
    let hash = digest(&SHA256, checksum.as_bytes());
    let hex: String = hash
        .as_ref()
        .iter()
        .take(8)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect();
    format!("analysis-{hex}")
}
