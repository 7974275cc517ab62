//! Which cluster is asked, from explicit configuration only.
//!
//! `--kubeconfig`, else `$KUBECONFIG`, else `~/.kube/config` where it exists, else the Pod's service account where there
//! is one. A file that was named must be there: a mistyped path never ends at another cluster. Only of a list of files in
//! `$KUBECONFIG` some may be missing, as with kubectl.

mod error;
pub(in crate::cluster) mod fault;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, ExecAuthCluster, ExecInteractiveMode, Kubeconfig, KubeconfigError as Library};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::connect_options::ConnectOptions;
pub use error::KubeconfigError;
use error::joined;
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
        if options.kubeconfig.is_some() || options.context.is_some() {
            return Err(KubeconfigError::Conflict);
        }
        return in_pod();
    }
    if let Some(path) = &options.kubeconfig {
        return from_files(vec![path.clone()], "--kubeconfig", options.context.as_deref(), surroundings);
    }
    let listed: Vec<PathBuf> = surroundings.kubeconfig.as_ref().map_or_else(Vec::new, |value| {
        std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
    });
    if !listed.is_empty() {
        return from_files(listed, "$KUBECONFIG", options.context.as_deref(), surroundings);
    }
    let usual = surroundings.home.as_ref().map(|home| home.join(".kube").join("config"));
    match usual {
        Some(path) if path.exists() => {
            from_files(vec![path], "the home directory", options.context.as_deref(), surroundings)
        }
        _ if surroundings.in_pod && options.context.is_none() => in_pod(),
        _ => Err(KubeconfigError::Nothing),
    }
}

fn in_pod() -> Result<Chosen, KubeconfigError> {
    // Within the cluster nothing stands between, so no proxy is used.
    let config = Config::incluster().map_err(|error| KubeconfigError::InCluster(error.to_string()))?;
    Ok(Chosen { config, context: String::new(), origin: "in-cluster".to_owned(), renewable: true })
}

fn from_files(
    paths: Vec<PathBuf>,
    named_by: &'static str,
    context: Option<&str>,
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
    from_kubeconfig(&merged, origin, context, surroundings)
}

fn from_kubeconfig(
    kubeconfig: &Kubeconfig,
    origin: String,
    context: Option<&str>,
    surroundings: &ConfigEnv,
) -> Result<Chosen, KubeconfigError> {
    let known_contexts = || kubeconfig.contexts.iter().map(|named| named.name.clone());
    let Some(name) = context.or(kubeconfig.current_context.as_deref()).filter(|name| !name.is_empty()) else {
        return Err(KubeconfigError::NoContext { origin, known: known_contexts().collect() });
    };
    let Some(context) =
        kubeconfig.contexts.iter().find(|named| named.name == name).and_then(|named| named.context.as_ref())
    else {
        let known = nearest_first(name, known_contexts());
        return Err(KubeconfigError::UnknownContext { origin, name: name.to_owned(), known });
    };
    let dangling = |what, missing: &str, known: Vec<String>| KubeconfigError::Dangling {
        origin: origin.clone(),
        context: name.to_owned(),
        what,
        name: missing.to_owned(),
        known: nearest_first(missing, known),
    };
    let Some(cluster) =
        kubeconfig.clusters.iter().find(|named| named.name == context.cluster).and_then(|named| named.cluster.as_ref())
    else {
        let known = kubeconfig.clusters.iter().map(|named| named.name.clone()).collect();
        return Err(dangling("cluster", &context.cluster, known));
    };
    // The client library takes an unknown user for nobody at all, and asks anonymously.
    let mut user = match context.user.as_deref().filter(|user| !user.is_empty()) {
        None => AuthInfo::default(),
        Some(user) => {
            let Some(named) = kubeconfig.auth_infos.iter().find(|named| named.name == user) else {
                let known = kubeconfig.auth_infos.iter().map(|named| named.name.clone()).collect();
                return Err(dangling("user", user, known));
            };
            named.auth_info.clone().unwrap_or_default()
        }
    };
    let unusable =
        |reason: String| KubeconfigError::Cluster { origin: origin.clone(), cluster: context.cluster.clone(), reason };
    let url = server_url(cluster.server.as_deref().unwrap_or_default()).map_err(unusable)?;
    // Reads the authority's certificate from wherever it is, which nothing else that is public does.
    let info = ExecAuthCluster::try_from(cluster).map_err(|error| {
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
    let context = name.to_owned();
    Ok(Chosen { config, context, origin, renewable })
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Chosen, ConfigEnv, KubeconfigError, choose};
    use crate::cluster::api::ConnectOptions;
    use crate::cluster::api::ProxyVariables;

    const ONE: &str = r#"
apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {cluster: prod, user: ci, namespace: shop}
- name: staging
  context: {cluster: staging, user: ci}
- name: broken-user
  context: {cluster: prod, user: cj}
- name: broken-cluster
  context: {cluster: prodd, user: ci}
- name: no-scheme
  context: {cluster: no-scheme, user: ci}
clusters:
- name: prod
  cluster: {server: "https://user:secret@prod.example:6443"}
- name: staging
  cluster: {server: "https://staging.example", certificate-authority: missing.crt}
- name: no-scheme
  cluster: {server: "prod.example:6443"}
users:
- name: ci
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, interactiveMode: Always}
"#;

    fn options(path: Option<&Path>, context: Option<&str>) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: path.map(Path::to_owned),
            context: context.map(str::to_owned),
            ..ConnectOptions::default()
        }
    }

    fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn with(context: Option<&str>) -> Result<Chosen, KubeconfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "config", ONE);
        choose(&options(Some(&path), context), &ConfigEnv::default())
    }

    #[test]
    fn the_current_context_is_taken_and_its_plugin_asks_nobody() {
        let chosen = with(None).unwrap();
        assert_eq!(chosen.context, "prod");
        assert_eq!(chosen.config.default_namespace, "shop");
        let exec = chosen.config.auth_info.exec.unwrap();
        assert_eq!(exec.command.as_deref(), Some("get-token"));
        assert_eq!(exec.interactive_mode, Some(kube::config::ExecInteractiveMode::Never));
    }

    #[test]
    fn whoever_is_asked_as_replaces_whom_the_file_names() {
        let folder = tempfile::tempdir().unwrap();
        let user = "users: [{name: ci, user: {token: t, as: boss, as-groups: [admins]}}]\n";
        let text = format!("{}{user}", ONE.split("users:").next().unwrap());
        let path = file(folder.path(), "config", &text);
        let auth = |options: &ConnectOptions| choose(options, &ConfigEnv::default()).unwrap().config.auth_info;
        let named = auth(&options(Some(&path), None));
        assert_eq!(named.impersonate.as_deref(), Some("boss"));
        let asked = auth(&ConnectOptions { impersonate: Some("ci".to_owned()), ..options(Some(&path), None) });
        assert_eq!((asked.impersonate.as_deref(), asked.impersonate_groups), (Some("ci"), None));
    }

    #[test]
    fn wrong_names_are_answered_with_the_right_ones() {
        let error = with(Some("stagin")).unwrap_err().to_string();
        assert!(error.contains("no context `stagin`") && error.contains("first: staging, "), "{error}");
        let error = with(Some("broken-user")).unwrap_err().to_string();
        assert!(error.contains("names the user `cj`") && error.contains("first: ci"), "{error}");
        let error = with(Some("broken-cluster")).unwrap_err().to_string();
        assert!(error.contains("names the cluster `prodd`") && error.contains("first: prod, "), "{error}");
        let error = with(Some("no-scheme")).unwrap_err().to_string();
        assert!(error.contains("must be https://HOST:PORT"), "{error}");
        let error = with(Some("staging")).unwrap_err().to_string();
        assert!(error.contains("missing.crt"), "{error}");
    }

    #[test]
    fn a_named_file_that_is_missing_never_ends_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let good = file(folder.path(), "good", ONE);
        fs::create_dir(folder.path().join(".kube")).unwrap();
        file(&folder.path().join(".kube"), "config", ONE);
        let missing = folder.path().join("missing");
        let surroundings = ConfigEnv {
            home: Some(folder.path().to_owned()),
            in_pod: true,
            kubeconfig: Some(std::env::join_paths([&good, &missing]).unwrap()),
            proxy: ProxyVariables::default(),
        };
        let alone = ConfigEnv { kubeconfig: Some(missing.clone().into()), ..surroundings.clone() };
        let error = choose(&options(None, None), &alone).unwrap_err();
        assert!(matches!(&error, KubeconfigError::Read { path, named_by: "$KUBECONFIG", .. } if *path == missing));
        let error = choose(&options(Some(&missing), None), &ConfigEnv::default()).unwrap_err();
        assert!(error.to_string().contains("missing that --kubeconfig names"), "{error}");
        let empty = ConfigEnv { kubeconfig: Some("".into()), ..surroundings };
        assert!(choose(&options(None, None), &empty).unwrap().origin.ends_with("config"));
    }

    #[test]
    fn a_list_of_files_may_name_missing_ones_but_not_only_such() {
        let folder = tempfile::tempdir().unwrap();
        let good = file(folder.path(), "good", ONE);
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let listed = |paths: &[&Path]| ConfigEnv {
            kubeconfig: Some(std::env::join_paths(paths).unwrap()),
            home: Some(folder.path().to_owned()),
            in_pod: true,
            ..ConfigEnv::default()
        };
        let chosen = choose(&options(None, None), &listed(&[&one, &good, &other])).unwrap();
        assert_eq!((chosen.context.as_str(), chosen.origin), ("prod", good.display().to_string()));
        let error = choose(&options(None, None), &listed(&[&one, &other])).unwrap_err().to_string();
        assert!(error.contains("$KUBECONFIG"), "{error}");
        for missing in [one, other] {
            assert!(error.contains(&missing.display().to_string()), "{error}");
        }
        // What is there and cannot be read is no missing file.
        let unreadable = listed(&[&good, folder.path()]);
        assert!(matches!(choose(&options(None, None), &unreadable), Err(KubeconfigError::Read { .. })));
    }

    #[test]
    fn no_line_of_a_kubeconfig_is_ever_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let user = "users:\n- name: ci\n  user: {token: hunter2-token, password: hunter2-password}\n";
        for (broken, words) in [
            ("clusters: [\n", "this is not YAML"),
            ("\tx: y\n", "this is not YAML"),
            ("x: 'hunter2-open\n", "this is not YAML"),
            ("x: *hunter2\n", "alias"),
            ("users: hunter2-again\n", "column"),
            ("contexts: hunter2\n", "wrong type"),
            ("contexts: [{name: [hunter2]}]\n", "wrong type"),
            ("contexts: [{hunter2: hunter2}]\n", "no `name`"),
            ("clusters: [{name: c, cluster: {insecure-skip-tls-verify: hunter2}}]\n", "wrong type"),
            ("hunter2-no-colon\n", "line 4"),
            ("kind: [hunter2]\n", "wrong type"),
        ] {
            for text in [format!("{user}{broken}"), format!("{broken}{user}")] {
                let path = file(folder.path(), "broken", &text);
                let error = choose(&options(Some(&path), None), &ConfigEnv::default()).unwrap_err();
                let told = format!("{error} {error:?}");
                assert!(!told.contains("hunter2"), "{broken}: {told}");
                assert!(told.contains("broken is not a valid kubeconfig: line "), "{broken}: {told}");
            }
            let told = {
                let path = file(folder.path(), "broken", &format!("{user}{broken}"));
                choose(&options(Some(&path), None), &ConfigEnv::default()).unwrap_err().to_string()
            };
            assert!(told.contains(words), "{broken}: {told}");
        }
        // Authorities that cannot be read, and servers with a password.
        for cluster in [
            "certificate-authority-data: hunter2!!",
            "certificate-authority-data: aHVudGVyMg==",
            "server: 'https://user:hunter2@[x', certificate-authority-data: ''",
        ] {
            let text = format!(
                "current-context: c\ncontexts: [{{name: c, context: {{cluster: c}}}}]\nclusters: [{{name: c, cluster: {{server: 'https://x', {cluster}}}}}]\n"
            );
            let text = if cluster.contains("server") { text.replace("server: 'https://x', ", "") } else { text };
            let path = file(folder.path(), "broken", &text);
            let error = choose(&options(Some(&path), None), &ConfigEnv::default()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn files_are_merged_and_the_first_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let first = file(folder.path(), "first", "current-context: extra\n");
        let second = file(folder.path(), "second", ONE);
        let third = file(
            folder.path(),
            "third",
            "contexts: [{name: extra, context: {cluster: other, user: ci}}]\nclusters: [{name: other, cluster: {server: 'https://other.example'}}]\n",
        );
        let kubeconfig = Some(std::env::join_paths([first, second, third]).unwrap());
        let chosen = choose(&options(None, None), &ConfigEnv { kubeconfig, ..ConfigEnv::default() }).unwrap();
        assert_eq!(chosen.config.cluster_url.to_string(), "https://other.example/");
    }

    #[test]
    fn what_is_no_kubeconfig_and_what_is_nothing_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let bad = file(folder.path(), "bad", "contexts: 5\n");
        assert!(matches!(
            choose(&options(Some(&bad), None), &ConfigEnv::default()),
            Err(KubeconfigError::Parse { .. })
        ));
        let empty = file(folder.path(), "empty", "");
        assert!(matches!(
            choose(&options(Some(&empty), None), &ConfigEnv::default()),
            Err(KubeconfigError::NoContext { .. })
        ));
        assert!(matches!(choose(&options(None, None), &ConfigEnv::default()), Err(KubeconfigError::Nothing)));
        let in_pod = ConfigEnv { in_pod: true, ..ConfigEnv::default() };
        assert!(matches!(choose(&options(None, Some("prod")), &in_pod), Err(KubeconfigError::Nothing)));
        let conflict = ConnectOptions { in_cluster: true, ..options(Some(&bad), None) };
        assert!(matches!(choose(&conflict, &in_pod), Err(KubeconfigError::Conflict)));
    }
}
