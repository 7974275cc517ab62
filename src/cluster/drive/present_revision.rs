//! The revision that a workload has at this very moment, read anew: before anything is done because of what an older one did.

use std::time::Duration;

use tokio::time::Instant;

use super::confirm::read_owner;
use crate::cluster::api::{Connection, Failure, RequestCounter};
use crate::gate::spec::{Pin, Revision};

/// Reads the revision that a pinned workload has; `None` where it is not there, or is on its way out. That of a Rollout with a
/// `workloadRef`, and that of a Canary, has the template of the workload that they refer to, which is a second read.
///
/// # Errors
/// Where it cannot be read within `patience`.
pub async fn present_revision(
    connection: &Connection,
    namespace: &str,
    pin: &Pin,
    patience: Duration,
) -> Result<Option<Revision>, Failure> {
    let (deadline, requests) = (Instant::now() + patience, RequestCounter::default());
    let read = |kind, name: String| {
        let requests = &requests;
        async move { read_owner(connection, namespace, kind, &name, deadline, patience, requests).await }
    };
    let Some(own) = read(pin.kind, pin.name.clone()).await?.filter(|own| !own.deleting) else { return Ok(None) };
    let template = match own.refers_to() {
        None => own.template.fingerprint,
        Some(referred) => match read(referred.kind, referred.name.clone()).await?.filter(|referred| !referred.deleting)
        {
            Some(referred) => referred.template.fingerprint,
            None => return Ok(None),
        },
    };
    Ok(Some(Revision { uid: own.uid, fingerprint: template }))
}
