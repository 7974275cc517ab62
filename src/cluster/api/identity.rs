//! Whether the cluster is the one that was meant. A wrong one is refused before anything is judged.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::connect_error::ConnectError;
use super::connection::Connection;
use super::expect::Expect;
use super::failure::{Failure, FailureKind};
use super::request::with_retries;
use super::request_counter::RequestCounter;

/// A cluster that cannot be asked who it is, is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(10);

impl Connection {
    /// Asks the cluster for its UID and compares it with the expected one, where one is.
    ///
    /// # Errors
    ///
    /// Where it is another, or where the cluster does not say.
    pub async fn check_identity(&self, expect: &Expect) -> Result<(), ConnectError> {
        let Some(expected) = &expect.cluster_uid else { return Ok(()) };
        let uid = with_retries(Instant::now() + PATIENCE, || self.cluster_uid());
        match tokio::time::timeout(PATIENCE, uid).await {
            Ok(Ok(uid)) if uid.eq_ignore_ascii_case(expected) => Ok(()),
            Ok(Ok(uid)) => Err(ConnectError::WrongCluster {
                expected: expected.clone(),
                uid,
                server: self.target().server.clone(),
            }),
            Ok(Err(failure)) => Err(ConnectError::Unidentified(failure)),
            Err(_) => Err(ConnectError::Unidentified(failed(FailureKind::TimedOut(PATIENCE)))),
        }
    }

    async fn cluster_uid(&self) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Namespace {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            uid: String,
        }
        let meter = RequestCounter::default();
        let answer = self.read("/api/v1/namespaces/kube-system", &meter).await;
        self.count_unattributed(meter.count());
        let body = answer.map_err(failed)?;
        let namespace: Namespace = serde_json::from_slice(&body)
            .map_err(|error| failed(FailureKind::Undecodable(format!("it is no Namespace: {error}"))))?;
        Ok(namespace.metadata.uid)
    }
}

fn failed(kind: FailureKind) -> Failure {
    Failure { request: "GET the namespace kube-system, whose UID is the cluster's".to_owned(), kind }
}
