//! Why the `PersistentVolumeClaim` of a pod is not bound: what was said about the claim, where the scheduler only says that
//! it waits for one.

use super::scheduling;
use crate::gate::memory::{ClaimSaid, EventIndex};
use crate::gate::model::Pod;

/// What is known of the claim that a pod waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it waits for, in words.
    pub message: String,
    /// What to do about it.
    pub next_step: String,
    /// The event about the claim.
    pub said: Option<String>,
}

/// What the pod waits for, of which the scheduler says this.
#[must_use]
pub fn of(pod: &Pod, event_index: &EventIndex, scheduler: &str, namespace: &str) -> Waiting {
    let quoted = scheduling::without_preemption(scheduler);
    // A claim that the scheduler names itself, else one of which something bad was said.
    let named = pod.claims.iter().find(|claim| scheduler.contains(&format!("\"{claim}\"")));
    let said = |claim: &String| event_index.claim(claim).filter(|said| !is_progress(said));
    let claim = named.or_else(|| pod.claims.iter().find(|claim| said(claim).is_some()));
    let Some(claim) = claim.or_else(|| pod.claims.first().filter(|_| pod.claims.len() == 1)) else {
        let claims = pod.claims.join(", ");
        let of = if claims.is_empty() { String::new() } else { format!(" (one of {claims})") };
        return Waiting {
            message: format!("the pod waits for its volume{of}: {quoted}"),
            next_step: format!("Find the claim that is not Bound, and why: `kubectl describe pvc -n {namespace}`"),
            said: None,
        };
    };
    let said = event_index.claim(claim);
    let why = said.map_or(quoted, |said| said.message.trim());
    Waiting {
        message: format!("the pod waits for its PersistentVolumeClaim {claim}: {why}"),
        next_step: advice(claim, why, namespace),
        said: said.map(|said| format!("{} of {claim}: {}", said.reason, said.message)),
    }
}

/// True for what is said of a claim on its way to a volume, which explains nothing.
fn is_progress(said: &ClaimSaid) -> bool {
    matches!(said.reason.as_str(), "Provisioning" | "ProvisioningSucceeded" | "Resizing")
}

fn advice(claim: &str, why: &str, namespace: &str) -> String {
    let look = format!("`kubectl describe pvc -n {namespace} {claim}`");
    let text = why.to_lowercase();
    let missing_class = text.contains("storageclass").then(|| why.split('"').nth(1)).flatten();
    if let Some(class) = missing_class.filter(|class| text.contains("not found") && !class.contains('`')) {
        return format!(
            "Create StorageClass {class}, or set `storageClassName` of claim {claim} to one that exists: `kubectl get storageclass`"
        );
    }
    if text.contains("no persistent volumes available") {
        return format!(
            "Set `storageClassName` of claim {claim}, make a StorageClass the default, or create a volume that fits: {look}"
        );
    }
    if text.contains("waiting for first consumer") || text.contains("to be scheduled") {
        return format!("The claim is bound once the pod is scheduled: see what prevents that: {look}");
    }
    if text.contains(&format!("\"{claim}\"")) && text.contains("not found") {
        return format!(
            "Create PersistentVolumeClaim {claim}, or correct the volume that refers to it: `kubectl get pvc -n {namespace}`"
        );
    }
    if text.contains("waiting for a volume to be created") {
        return format!("Check that the storage driver that provisions the volume is running: {look}");
    }
    format!("Check what the storage driver says about claim {claim}: {look}")
}
