//! The connection to a source of metrics: its TLS and its proxy. The HTTP client is the one that talks to Kubernetes: it
//! knows the proxies that the cluster's client knows, and follows no redirect.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::AuthInfo;
use kube::{Client, Config};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::endpoint::Endpoint;
use super::source_error::SourceError;
use crate::cluster::api::ProxyVariables;
use crate::gate::spec::MetricsSource;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepares the connection; relative paths begin at `folder`. Nothing is asked.
///
/// # Errors
///
/// Where a certificate, a key or the proxy cannot be used.
pub(super) fn client(
    source: &MetricsSource,
    endpoint: &Endpoint,
    folder: &Path,
    proxies: &ProxyVariables,
) -> Result<Client, SourceError> {
    let mut config = Config::new(endpoint.base.clone());
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Each request has its own limit.
    config.read_timeout = None;
    config.write_timeout = None;
    config.default_retry = false;
    config.disable_compression = true;
    config.proxy_url = proxies.decide(&endpoint.base, None)?;
    config.accept_invalid_certs = source.insecure;
    config.root_cert = match &source.ca {
        Some(file) => Some(authorities(&folder.join(file))?),
        // Without a certificate to verify, no system certificates are needed, which minimal images do not have.
        None if source.insecure || endpoint.base.scheme_str() == Some("http") => Some(Vec::new()),
        None => None,
    };
    config.auth_info = match (&source.cert, &source.key) {
        (None, None) => AuthInfo::default(),
        (Some(cert), Some(key)) => identity(folder.join(cert), folder.join(key))?,
        _ => return Err(SourceError::Keys("`cert` and `key` need each other")),
    };
    // What the library says here may tell bytes of a key, but for these.
    Client::try_from(config).map_err(|error| match error {
        kube::Error::RustlsTls(kube::client::RustlsTlsError::AddRootCertificate(error)) => {
            SourceError::Client(format!("a certificate to trust cannot be used: {error}"))
        }
        _ if source.cert.is_some() => SourceError::Keys("`cert` and `key` do not belong together"),
        _ => SourceError::Client("the client cannot be built".to_owned()),
    })
}

fn authorities(path: &Path) -> Result<Vec<Vec<u8>>, SourceError> {
    let certificates = certificates("ca", path)?;
    Ok(certificates.into_iter().map(|certificate| certificate.to_vec()).collect())
}

fn identity(cert: PathBuf, key: PathBuf) -> Result<AuthInfo, SourceError> {
    certificates("cert", &cert)?;
    if let Err(error) = PrivateKeyDer::from_pem_file(&key) {
        return Err(unusable("key", &key, &error, "is no private key in PEM"));
    }
    let path = |path: PathBuf| Some(path.to_string_lossy().into_owned());
    Ok(AuthInfo { client_certificate: path(cert), client_key: path(key), ..AuthInfo::default() })
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SourceError> {
    let what = "is no certificate in PEM";
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unusable(key, path, &error, what))?;
    if certificates.is_empty() {
        return Err(SourceError::File { key, path: path.to_owned(), why: what.to_owned() });
    }
    Ok(certificates)
}

/// What is said of a file: nothing of its content.
fn unusable(key: &'static str, path: &Path, error: &rustls::pki_types::pem::Error, what: &str) -> SourceError {
    let why = match error {
        rustls::pki_types::pem::Error::Io(error) => format!("cannot be read: {error}"),
        _ => what.to_owned(),
    };
    SourceError::File { key, path: path.to_owned(), why }
}
