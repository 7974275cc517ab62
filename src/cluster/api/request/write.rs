//! The few requests with a body: a pod that is run is created and deleted, and reviews are asked for.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::body::{BIGGEST_BODY, collect, unreadable};
use super::exchange::Call;
use crate::cluster::api::Collection;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::gate::model::Source;

impl Connection {
    /// Creates a pod and gives its UID.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or did not answer: then the pod may be there all the same.
    pub async fn create_pod(&self, namespace: &str, pod: &Value, meter: &RequestCounter) -> Result<String, Failure> {
        let path = Collection::whole(Source::Pods, namespace).path();
        let answer = self.write(Method::POST, &path, pod, meter).await.and_then(|body| uid_of(&body));
        answer.map_err(|kind| Failure { request: format!("CREATE a pod in namespace {namespace}"), kind })
    }

    /// Deletes the pod of this name and UID, and no other.
    ///
    /// # Errors
    ///
    /// Where the server refuses or does not answer. A pod that is not there is an error too.
    pub async fn delete_pod(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        meter: &RequestCounter,
    ) -> Result<(), Failure> {
        let path = Collection::whole(Source::Pods, namespace).object_path(name);
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}});
        let answer = self.write(Method::DELETE, &path, &options, meter).await;
        answer.map(|_| ()).map_err(|kind| Failure { request: format!("DELETE pod {namespace}/{name}"), kind })
    }

    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        meter: &RequestCounter,
    ) -> Result<bytes::Bytes, FailureKind> {
        let deadline = Instant::now() + self.request_timeout;
        let (body, patience) = (body.to_string().into(), self.request_timeout);
        let call = Call { method, path_and_query: path, accept: "application/json", body, patience };
        let response = self.exchange(&call, meter).await?;
        collect(response.into_body(), BIGGEST_BODY, deadline, self.request_timeout).await
    }
}

fn uid_of(body: &[u8]) -> Result<String, FailureKind> {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        uid: String,
    }
    let object: Object = serde_json::from_slice(body).map_err(|error| unreadable(body, &error))?;
    Ok(object.metadata.uid)
}
