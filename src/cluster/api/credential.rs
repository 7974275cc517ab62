//! Who asks: the token, or the certificate of a credential plugin, that goes with every request.
//!
//! The client library is given neither tokens nor plugins. It puts a token into a header as it stands (a line break at
//! its end is a panic), runs plugins without a limit, and its errors quote what a plugin wrote, its arguments and its
//! environment.

mod plugin;

use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};

use super::kubeconfig::fault::unloaded;

pub use self::plugin::{PluginError, PluginTrouble};

/// A token file is read again after this time, as kubectl does: the kubelet replaces it.
const FILE_LIFE: SignedDuration = SignedDuration::from_mins(1);
/// What expires is replaced so long before.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// What a request carries.
#[derive(Clone, Default)]
pub(in crate::cluster) struct Credential {
    /// The value of the header `Authorization`; marked as sensitive.
    pub bearer: Option<HeaderValue>,
    /// When it is to be had anew.
    pub renew_at: Option<Timestamp>,
}

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub(in crate::cluster) enum CredentialError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// Something in the kubeconfig or in a file that it names.
    #[error("{0}")]
    Unusable(String),
}

/// Takes the credential out of a user's entry, so that the client library finds none of it there. A plugin's client
/// certificate stays in the entry, where the library expects one.
///
/// # Errors
///
/// Where a token cannot be read or sent, or the plugin gives none.
pub(in crate::cluster) async fn take(user: &mut AuthInfo, patience: Duration) -> Result<Credential, CredentialError> {
    let token = token_of(user);
    let (file, exec) = (user.token_file.take(), user.exec.take());
    user.token = None;
    // The order is that of the client library.
    if user.auth_provider.is_some() || (user.username.is_some() && user.password.is_some()) {
        return Ok(Credential::default());
    }
    if !token.trim().is_empty() {
        return Ok(Credential { bearer: Some(bearer(&token, "the token in the kubeconfig")?), renew_at: None });
    }
    if let Some(file) = file {
        return of_file(Path::new(&file));
    }
    match exec {
        Some(exec) => of_plugin(&exec, user, patience).await,
        None => Ok(Credential::default()),
    }
}

/// The library keeps tokens in a type that shows them to its own serializer alone.
fn token_of(user: &AuthInfo) -> String {
    let entry = serde_json::to_value(user).unwrap_or_default();
    entry.get("token").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn of_file(path: &Path) -> Result<Credential, CredentialError> {
    let unusable = |why: String| CredentialError::Unusable(format!("the token file {}: {why}", path.display()));
    let token = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    if token.trim().is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    let bearer = bearer(&token, &format!("the token in {}", path.display()))?;
    Ok(Credential { bearer: Some(bearer), renew_at: Some(Timestamp::now() + FILE_LIFE) })
}

async fn of_plugin(exec: &ExecConfig, user: &mut AuthInfo, patience: Duration) -> Result<Credential, CredentialError> {
    let asked_at = Timestamp::now();
    let issued = plugin::run(exec, patience).await?;
    if let Some((certificate, key)) = issued.certificate {
        // The library reads base64 there.
        let encoded = |pem: String| k8s_openapi::ByteString(pem.into_bytes());
        let fields = serde_json::json!({
            "client-certificate-data": encoded(certificate), "client-key-data": encoded(key),
        });
        if let Ok(identity) = serde_json::from_value::<AuthInfo>(fields) {
            user.client_certificate_data = identity.client_certificate_data;
            user.client_key_data = identity.client_key_data;
        }
    }
    let command = exec.command.as_deref().unwrap_or_default();
    let bearer =
        issued.token.map(|token| bearer(&token, &format!("the token of the plugin `{command}`"))).transpose()?;
    Ok(Credential { bearer, renew_at: issued.expires.map(|end| end - leeway(asked_at, end)) })
}

/// A token that lives for seconds only is used for most of its life.
fn leeway(from: Timestamp, end: Timestamp) -> SignedDuration {
    (end.duration_since(from) / 5).clamp(SignedDuration::ZERO, LEEWAY)
}

/// The header of a token. Blanks and line breaks around it are no part of it: files end with one.
fn bearer(token: &str, what: &str) -> Result<HeaderValue, CredentialError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).map_err(|_| {
        CredentialError::Unusable(format!(
            "{what} contains a character that is not allowed in an HTTP header, such as a line break"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why the client library cannot make a client. What it says of credentials may quote them, so that is told in words of
/// ours.
pub(in crate::cluster) fn words_of(error: &kube::Error) -> String {
    use kube::client::AuthError as E;
    use kube::config::KubeconfigError as K;
    match error {
        kube::Error::Auth(error) => match error {
            E::AuthExecRun { out, .. } => {
                let code = out.status.code().map_or_else(String::new, |code| format!(" with exit code {code}"));
                format!(
                    "the command of the user's `auth-provider` failed{code}; use a credential plugin (`exec`) instead"
                )
            }
            E::AuthExec(_) => {
                "the user's `auth-provider` returned no token; use a credential plugin (`exec`) instead".to_owned()
            }
            E::InvalidBasicAuth(_) | E::InvalidBearerToken(_) => {
                "the user's credentials contain a character that is not allowed in an HTTP header".to_owned()
            }
            _ => "the user's credentials cannot be used".to_owned(),
        },
        kube::Error::InferKubeconfig(K::LoadClientCertificate(error)) => {
            format!("the client certificate: {}", unloaded(error))
        }
        kube::Error::InferKubeconfig(K::LoadClientKey(error)) => {
            format!("the key of the client certificate: {}", unloaded(error))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::{SignedDuration, Timestamp};
    use kube::config::AuthInfo;

    use super::{leeway, take};

    async fn header(entry: serde_json::Value) -> Result<Option<String>, String> {
        let mut user: AuthInfo = serde_json::from_value(entry).unwrap();
        let taken = take(&mut user, Duration::from_secs(5)).await.map_err(|error| error.to_string())?;
        assert!(user.token.is_none() && user.token_file.is_none() && user.exec.is_none());
        Ok(taken.bearer.map(|value| value.to_str().unwrap().to_owned()))
    }

    #[tokio::test]
    async fn line_breaks_around_a_token_are_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "\r\n from-a-file\n\n").unwrap();
        for (entry, expected) in [
            (serde_json::json!({"token": "abc\n"}), Some("Bearer abc")),
            (serde_json::json!({"token": " \t", "tokenFile": path}), Some("Bearer from-a-file")),
            (serde_json::json!({"tokenFile": path}), Some("Bearer from-a-file")),
            (serde_json::json!({"token": ""}), None),
            (serde_json::json!({}), None),
        ] {
            assert_eq!(header(entry.clone()).await.unwrap().as_deref(), expected, "{entry}");
        }
    }

    #[tokio::test]
    async fn a_token_that_no_header_can_carry_is_an_error_that_does_not_quote_it() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        for (entry, words) in [
            (serde_json::json!({"token": "hunter2\nhunter3"}), "not allowed in an HTTP header"),
            (serde_json::json!({"token": "hunter2\u{0}"}), "not allowed in an HTTP header"),
            (serde_json::json!({"tokenFile": empty}), "it is empty"),
            (serde_json::json!({"tokenFile": folder.path().join("missing")}), "missing: No such file"),
        ] {
            let error = header(entry).await.unwrap_err();
            assert!(error.contains(words) && !error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn what_expires_is_replaced_before_it_does() {
        let now = Timestamp::UNIX_EPOCH;
        let leeway_of = |seconds| leeway(now, now + SignedDuration::from_secs(seconds)).as_secs();
        assert_eq!((leeway_of(3600), leeway_of(100), leeway_of(5), leeway_of(-5)), (60, 20, 1, 0));
    }
}
