//! Which cluster is asked, from explicit configuration only.
//!
//! `--kubeconfig`, else `$KUBECONFIG`, else `~/.kube/config` where it exists, else the Pod's service account where there
//! is one. `--server` needs none of them. A file that was named must be there: a mistyped path never ends at another cluster. Only of a list of files in
//! `$KUBECONFIG` some may be missing, as with kubectl.

mod error;
pub(in crate::cluster) mod fault;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, ExecAuthCluster, ExecInteractiveMode, Kubeconfig, KubeconfigError as Library,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::connect_options::{ConnectOptions, KubeconfigOverrides, TokenSource};
pub use error::KubeconfigError;
use error::{joined, names as joined_names};
pub use fault::Fault;

use super::proxy::ProxyVariables;

/// What the surroundings say, read once so that tests can say something else.
#[derive(Debug, Clone, Default)]
pub struct ConfigEnv {
    /// `$KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The process runs in a Pod with a service account.
    pub in_pod: bool,
    /// The proxy variables.
    pub proxy: ProxyVariables,
}

impl ConfigEnv {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG"),
            home: std::env::home_dir(),
            in_pod: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() && Path::new(TOKEN).exists(),
            proxy: ProxyVariables::read(|name| std::env::var(name).ok()),
        }
    }
}

/// The names of the contexts of this process's kubeconfigs, where they can be read: to be suggested, and for nothing else.
#[must_use]
pub fn known_contexts() -> Vec<String> {
    let surroundings = ConfigEnv::of_process();
    let usual = surroundings.home.map(|home| home.join(".kube").join("config"));
    let paths: Vec<PathBuf> = match surroundings.kubeconfig.filter(|listed| !listed.is_empty()) {
        Some(listed) => std::env::split_paths(&listed).collect(),
        None => usual.into_iter().collect(),
    };
    let read = paths.into_iter().filter_map(|path| Kubeconfig::read_from(path).ok());
    read.flat_map(|kubeconfig| kubeconfig.contexts).map(|named| named.name).collect()
}

/// A cluster that was chosen, and how.
#[derive(Debug)]
pub struct Chosen {
    /// How to connect.
    pub config: Config,
    /// The context's name; empty in a Pod.
    pub context: String,
    /// The file or files, or `in-cluster`.
    pub origin: String,
    /// The credentials may be others when they are read again.
    pub renewable: bool,
}

/// Chooses the cluster.
///
/// # Errors
///
/// Where what was named does not exist or cannot be used, or nothing is configured.
pub fn choose(options: &ConnectOptions, surroundings: &ConfigEnv) -> Result<Chosen, KubeconfigError> {
    let mut chosen = choose_cluster(options, surroundings)?;
    // In the place of whom the kubeconfig names, groups and all.
    if let Some(user) = &options.impersonate {
        let auth = &mut chosen.config.auth_info;
        auth.impersonate = Some(user.clone());
        auth.impersonate_groups = Some(options.impersonate_groups.clone()).filter(|groups| !groups.is_empty());
        (auth.impersonate_uid, auth.impersonate_user_extra) = (None, None);
    }
    Ok(chosen)
}

fn choose_cluster(options: &ConnectOptions, surroundings: &ConfigEnv) -> Result<Chosen, KubeconfigError> {
    if options.in_cluster {
        if options.kubeconfig.is_some() || options.context.is_some() || options.overrides.server.is_some() {
            return Err(KubeconfigError::Conflict);
        }
        return in_pod(&options.overrides);
    }
    if let Some(path) = &options.kubeconfig {
        return from_files(vec![path.clone()], "--kubeconfig", options, surroundings);
    }
    let listed: Vec<PathBuf> = surroundings.kubeconfig.as_ref().map_or_else(Vec::new, |value| {
        std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
    });
    if !listed.is_empty() {
        return from_files(listed, "$KUBECONFIG", options, surroundings);
    }
    let usual = surroundings.home.as_ref().map(|home| home.join(".kube").join("config"));
    match usual {
        Some(path) if path.exists() => from_files(vec![path], "the home directory", options, surroundings),
        // What it says is all there is; a name in a file that is not there would lead elsewhere.
        _ if options.overrides.server.is_some() && options.context.is_none() => {
            from_kubeconfig(&Kubeconfig::default(), "--server".to_owned(), options, surroundings)
        }
        _ if surroundings.in_pod && options.context.is_none() => in_pod(&options.overrides),
        _ => Err(KubeconfigError::Nothing),
    }
}

fn in_pod(overrides: &KubeconfigOverrides) -> Result<Chosen, KubeconfigError> {
    for (flag, name) in [("--cluster", &overrides.cluster), ("--user", &overrides.user)] {
        if let Some(name) = name {
            let reason = format!("there is no kubeconfig that `{name}` could stand in; pass --kubeconfig");
            return Err(KubeconfigError::Flag { flag, reason });
        }
    }
    // Within the cluster nothing stands between, so no proxy is used.
    let mut config = Config::incluster().map_err(|error| KubeconfigError::InCluster(error.to_string()))?;
    if let Some(user) = given_user(overrides)? {
        config.auth_info = user;
    }
    if let Some(path) = &overrides.certificate_authority {
        config.root_cert = Some(authority(path)?);
    }
    if overrides.insecure {
        (config.root_cert, config.accept_invalid_certs) = (None, true);
    }
    if overrides.tls_server_name.is_some() {
        config.tls_server_name.clone_from(&overrides.tls_server_name);
    }
    Ok(Chosen { config, context: String::new(), origin: "in-cluster".to_owned(), renewable: true })
}

fn from_files(
    paths: Vec<PathBuf>,
    named_by: &'static str,
    options: &ConnectOptions,
    surroundings: &ConfigEnv,
) -> Result<Chosen, KubeconfigError> {
    let is_list = paths.len() > 1;
    let (mut read, mut missing) = (Vec::new(), Vec::new());
    let mut merged = Kubeconfig::default();
    for path in paths {
        let parse = |error: Library| KubeconfigError::Parse { path: path.clone(), fault: Fault::of(&error) };
        let one = match Kubeconfig::read_from(&path) {
            Ok(one) => one,
            Err(Library::ReadConfig(source, path)) => {
                // As kubectl does: of a list of files those that are there are read.
                if is_list && source.kind() == io::ErrorKind::NotFound {
                    missing.push(path);
                    continue;
                }
                return Err(KubeconfigError::Read { path, named_by, source });
            }
            Err(error) => return Err(parse(error)),
        };
        merged = merged.merge(one).map_err(parse)?;
        read.push(path);
    }
    if read.is_empty() && !missing.is_empty() {
        return Err(KubeconfigError::AllMissing { paths: missing, named_by });
    }
    let origin = joined(&read);
    from_kubeconfig(&merged, origin, options, surroundings)
}

fn from_kubeconfig(
    kubeconfig: &Kubeconfig,
    origin: String,
    options: &ConnectOptions,
    surroundings: &ConfigEnv,
) -> Result<Chosen, KubeconfigError> {
    let overrides = &options.overrides;
    let (name, mut context) = context_of(kubeconfig, &origin, options)?;
    let dangling = |what, missing: &str, known: Vec<String>| KubeconfigError::Dangling {
        origin: origin.clone(),
        context: name.clone(),
        what,
        name: missing.to_owned(),
        known: nearest_first(missing, known),
    };
    let missing_entry = |flag, missing: &str, known: Vec<String>| KubeconfigError::Flag {
        flag,
        reason: format!(
            "{origin} has no `{missing}`; the existing ones, the most similar first: {}",
            joined_names(&nearest_first(missing, known))
        ),
    };
    if let Some(cluster) = &overrides.cluster {
        context.cluster.clone_from(cluster);
    }
    if let Some(user) = &overrides.user {
        context.user = Some(user.clone());
    }
    let named = kubeconfig.clusters.iter().find(|named| named.name == context.cluster);
    let mut cluster = match named.and_then(|named| named.cluster.clone()) {
        Some(cluster) => cluster,
        None if overrides.server.is_some() && context.cluster.is_empty() => Cluster::default(),
        None => {
            let known = kubeconfig.clusters.iter().map(|named| named.name.clone()).collect();
            return Err(match &overrides.cluster {
                Some(cluster) => missing_entry("--cluster", cluster, known),
                None => dangling("cluster", &context.cluster, known),
            });
        }
    };
    override_cluster(&mut cluster, overrides)?;
    // The client library takes an unknown user for nobody at all, and asks anonymously.
    let mut user = match (given_user(overrides)?, context.user.as_deref().filter(|user| !user.is_empty())) {
        (Some(given), _) => given,
        (None, None) => AuthInfo::default(),
        (None, Some(user)) => {
            let Some(named) = kubeconfig.auth_infos.iter().find(|named| named.name == user) else {
                let known = kubeconfig.auth_infos.iter().map(|named| named.name.clone()).collect();
                return Err(match &overrides.user {
                    Some(user) => missing_entry("--user", user, known),
                    None => dangling("user", user, known),
                });
            };
            named.auth_info.clone().unwrap_or_default()
        }
    };
    let unusable =
        |reason: String| KubeconfigError::Cluster { origin: origin.clone(), cluster: context.cluster.clone(), reason };
    let url = server_url(cluster.server.as_deref().unwrap_or_default()).map_err(unusable)?;
    // Reads the authority's certificate from wherever it is, which nothing else that is public does.
    let info = ExecAuthCluster::try_from(&cluster).map_err(|error| {
        let why = match &error {
            Library::LoadCertificateAuthority(error) => fault::unloaded(error),
            other => Fault::of(other).to_string(),
        };
        unusable(format!("its certificate-authority: {why}"))
    })?;
    let mut config = Config::new(url.clone());
    config.root_cert = match &info.certificate_authority_data {
        Some(pem) => Some(certificates(pem).map_err(unusable)?),
        None => None,
    };
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    config.default_namespace = context.namespace.clone().unwrap_or_else(|| "default".to_owned());
    config.proxy_url = surroundings.proxy.decide(&url, cluster.proxy_url.as_deref())?;
    if let Some(exec) = &mut user.exec {
        // Nobody is there to answer a question.
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
        if exec.provide_cluster_info {
            exec.cluster = Some(info);
        }
    }
    let renewable = user.exec.is_some() || user.token.is_some() || user.token_file.is_some();
    config.auth_info = user;
    Ok(Chosen { config, context: name, origin, renewable })
}

/// The context that is asked for, by its name. There need be none where the server is given.
fn context_of(
    kubeconfig: &Kubeconfig,
    origin: &str,
    options: &ConnectOptions,
) -> Result<(String, Context), KubeconfigError> {
    let known_contexts = || kubeconfig.contexts.iter().map(|named| named.name.clone());
    let current = kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let asked = options.context.as_deref();
    let Some(name) = asked.or(current).filter(|name| !name.is_empty()) else {
        if asked.is_none() && options.overrides.server.is_some() {
            return Ok((String::new(), Context::default()));
        }
        return Err(KubeconfigError::NoContext { origin: origin.to_owned(), known: known_contexts().collect() });
    };
    let context = kubeconfig.contexts.iter().find(|named| named.name == name).and_then(|named| named.context.clone());
    let Some(context) = context else {
        let known = nearest_first(name, known_contexts());
        return Err(KubeconfigError::UnknownContext { origin: origin.to_owned(), name: name.to_owned(), known });
    };
    Ok((name.to_owned(), context))
}

/// Lays the flags over the entry of a cluster, as kubectl does: a name for the certificate is that of the server that was
/// given with it, and of an authority and none at all the flag holds.
fn override_cluster(cluster: &mut Cluster, overrides: &KubeconfigOverrides) -> Result<(), KubeconfigError> {
    let flag = |flag, reason| KubeconfigError::Flag { flag, reason };
    if let Some(server) = &overrides.server {
        server_url(server).map_err(|reason| flag("--server", reason.replacen("its server ", "", 1)))?;
        cluster.server = Some(server.clone());
        cluster.tls_server_name = None;
    }
    if let Some(name) = &overrides.tls_server_name {
        cluster.tls_server_name = Some(name.clone());
    }
    if let Some(path) = &overrides.certificate_authority {
        authority(path)?;
        cluster.certificate_authority = Some(path.to_string_lossy().into_owned());
        (cluster.certificate_authority_data, cluster.insecure_skip_tls_verify) = (None, None);
    }
    if overrides.insecure {
        (cluster.certificate_authority, cluster.certificate_authority_data) = (None, None);
        cluster.insecure_skip_tls_verify = Some(true);
    }
    Ok(())
}

/// The certificates of `--certificate-authority`.
fn authority(path: &Path) -> Result<Vec<Vec<u8>>, KubeconfigError> {
    let wrong = |reason: String| KubeconfigError::Flag { flag: "--certificate-authority", reason };
    let pem = std::fs::read(path).map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    certificates(&pem).map_err(|reason| wrong(reason.replacen("its certificate-authority", "the file", 1)))
}

/// Who asks where a token is given: nobody else, whatever the kubeconfig says. An empty token is an error and not nobody.
fn given_user(overrides: &KubeconfigOverrides) -> Result<Option<AuthInfo>, KubeconfigError> {
    match &overrides.token {
        None => Ok(None),
        Some(TokenSource::File(path)) => {
            Ok(Some(AuthInfo { token_file: Some(path.to_string_lossy().into_owned()), ..AuthInfo::default() }))
        }
        Some(TokenSource::Given(flag, token)) => {
            let wrong = |reason: &str| KubeconfigError::Flag { flag, reason: reason.to_owned() };
            let token = token.trim();
            if token.is_empty() {
                return Err(wrong("the token is empty"));
            }
            if http::HeaderValue::try_from(token).is_err() {
                return Err(wrong("the token contains a character that is not allowed in an HTTP header"));
            }
            let entry = serde_json::json!({ "token": token });
            serde_json::from_value(entry).map(Some).map_err(|_| wrong("the token cannot be used"))
        }
    }
}

/// A server's URL, with a scheme and a host.
pub(in crate::cluster) fn server_url(server: &str) -> Result<http::Uri, String> {
    let shown = crate::cluster::api::proxy::without_credentials(server);
    let url: http::Uri =
        server.trim().parse().map_err(|error| format!("its server `{shown}` is not a URL: {error}"))?;
    match (url.scheme_str(), url.host()) {
        (Some("https" | "http"), Some(host)) if !host.is_empty() => Ok(url),
        _ if server.trim().is_empty() => Err("it has no `server`".to_owned()),
        _ => Err(format!("its server `{shown}` must be https://HOST:PORT")),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let certificates: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|certificate| certificate.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("its certificate-authority is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("its certificate-authority holds no certificate".to_owned());
    }
    Ok(certificates)
}

fn nearest_first(name: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known: Vec<String> = known.into_iter().collect();
    known.sort_by(|a, b| strsim::jaro_winkler(name, b).total_cmp(&strsim::jaro_winkler(name, a)));
    known
}
