//! Building a client from a configuration that was chosen.

use std::time::Duration;

use kube::{Client, Config};

use super::connect_error::ConnectError;
use super::credential;
use super::credential::{Credential, CredentialError};
use super::kubeconfig::Chosen;
use super::proxy::without_credentials;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take to build the client: the library may still run the commands of a legacy `auth-provider`.
const BUILD_TIMEOUT: Duration = Duration::from_secs(30);

pub(in crate::cluster) fn server_of(config: &Config) -> String {
    without_credentials(&config.cluster_url.to_string()).trim_end_matches('/').to_owned()
}

/// Has the credentials, and builds the client. A plugin may take `patience`.
pub(in crate::cluster) async fn build(
    mut chosen: Chosen,
    patience: Duration,
) -> Result<(Client, Credential), ConnectError> {
    let taken = credential::take(&mut chosen.config.auth_info, patience).await;
    let credential = taken.map_err(|error| match error {
        CredentialError::Plugin(error) => ConnectError::Plugin(error),
        CredentialError::Unusable(reason) => {
            ConnectError::Client { server: server_of(&chosen.config), origin: chosen.origin.clone(), reason }
        }
    })?;
    Ok((client_of(chosen).await?, credential))
}

/// Builds the client on a thread of its own: what the library does for a legacy `auth-provider` blocks, and must hold
/// up neither this task nor the end of the process.
pub(in crate::cluster) async fn client_of(chosen: Chosen) -> Result<Client, ConnectError> {
    let Chosen { mut config, origin, .. } = chosen;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Each request has its own limit, and watches live by their silence.
    config.read_timeout = None;
    // Fifteen silent retries would hide what happens and defeat the budget.
    config.default_retry = false;
    if config.cluster_url.scheme_str() == Some("http") {
        // No TLS, so no system certificates are needed, which minimal images do not have.
        config.root_cert = Some(Vec::new());
    }
    let server = server_of(&config);
    let failed = |reason: String| ConnectError::Client { server: server.clone(), origin: origin.clone(), reason };
    let (answer, answered) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name("client".to_owned())
        .spawn(move || {
            let _entered = runtime.enter();
            // The receiver is gone where this took too long.
            let _ = answer.send(Client::try_from(config));
        })
        .map_err(|error| failed(format!("no thread to build the client on: {error}")))?;
    match tokio::time::timeout(BUILD_TIMEOUT, answered).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(error))) => Err(failed(credential::words_of(&error))),
        Ok(Err(_)) => Err(failed("the client could not be built".to_owned())),
        Err(_) => Err(failed(format!("no answer within {} s", BUILD_TIMEOUT.as_secs()))),
    }
}
