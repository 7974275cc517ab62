//! Which kubeconfig is taken, and what flags and variables put in its place.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Chosen, ConfigEnv, KubeconfigError, choose};
use crate::cluster::api::ProxyVariables;
use crate::cluster::api::{ConnectOptions, KubeconfigOverrides, TokenSource};

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
    assert!(matches!(choose(&options(Some(&bad), None), &ConfigEnv::default()), Err(KubeconfigError::Parse { .. })));
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

const TWO: &str = "current-context: prod\n\
        contexts:\n\
        - {name: prod, context: {cluster: main, user: ci, namespace: shop}}\n\
        clusters:\n\
        - {name: main, cluster: {server: 'https://main.example:6443', tls-server-name: main.example, insecure-skip-tls-verify: true}}\n\
        - {name: spare, cluster: {server: 'https://spare.example:6443'}}\n\
        users:\n\
        - {name: ci, user: {token: hunter2-ci}}\n\
        - {name: admin, user: {token: hunter2-admin}}\n";

fn overridden(overrides: KubeconfigOverrides) -> Result<Chosen, KubeconfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "two", TWO);
    choose(&ConnectOptions { overrides, ..options(Some(&path), None) }, &ConfigEnv::default())
}

fn token_of(chosen: &Chosen) -> String {
    let entry = serde_json::to_value(&chosen.config.auth_info).unwrap();
    entry["token"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn flags_take_the_place_of_what_the_kubeconfig_says_one_by_one() {
    let none = KubeconfigOverrides::default;
    let plain = overridden(none()).unwrap();
    assert_eq!(plain.config.tls_server_name.as_deref(), Some("main.example"));
    let server = overridden(KubeconfigOverrides { server: Some("https://127.0.0.1:1".to_owned()), ..none() }).unwrap();
    assert_eq!(server.config.cluster_url.to_string(), "https://127.0.0.1:1/");
    assert_eq!(server.config.tls_server_name, None, "the name was that of the other server");
    assert_eq!((token_of(&server).as_str(), server.config.default_namespace.as_str()), ("hunter2-ci", "shop"));
    let spare = overridden(KubeconfigOverrides { cluster: Some("spare".to_owned()), ..none() }).unwrap();
    assert_eq!(spare.config.cluster_url.to_string(), "https://spare.example:6443/");
    let admin = overridden(KubeconfigOverrides { user: Some("admin".to_owned()), ..none() }).unwrap();
    assert_eq!(token_of(&admin), "hunter2-admin");
    let token = TokenSource::Given("--token", " hunter2-given\n".to_owned());
    let given = overridden(KubeconfigOverrides { token: Some(token), ..none() }).unwrap();
    assert_eq!(token_of(&given), "hunter2-given");
    let file = TokenSource::File("/run/token".into());
    let from_file = overridden(KubeconfigOverrides { token: Some(file), ..none() }).unwrap();
    assert_eq!(from_file.config.auth_info.token_file.as_deref(), Some("/run/token"));
    assert_eq!((token_of(&from_file).as_str(), from_file.renewable), ("", true), "nobody else asks");
    let insecure = overridden(KubeconfigOverrides { insecure: true, ..none() }).unwrap();
    assert!(insecure.config.accept_invalid_certs && insecure.config.root_cert.is_none());
}

#[test]
fn a_server_needs_no_kubeconfig_but_a_context_does() {
    let overrides = KubeconfigOverrides {
        server: Some("https://api.example".to_owned()),
        token: Some(TokenSource::Given("--token", "hunter2".to_owned())),
        ..KubeconfigOverrides::default()
    };
    let options = ConnectOptions { overrides, ..ConnectOptions::default() };
    for in_pod in [false, true] {
        let chosen = choose(&options, &ConfigEnv { in_pod, ..ConfigEnv::default() }).unwrap();
        assert_eq!((chosen.origin.as_str(), chosen.context.as_str()), ("--server", ""));
        assert_eq!(token_of(&chosen), "hunter2");
    }
    let folder = tempfile::tempdir().unwrap();
    let without_context = file(folder.path(), "none", "contexts: []\n");
    let listed = ConfigEnv { kubeconfig: Some(without_context.into()), ..ConfigEnv::default() };
    assert_eq!(choose(&options, &listed).unwrap().config.cluster_url.to_string(), "https://api.example/");
    let named = ConnectOptions { context: Some("prod".to_owned()), ..options.clone() };
    assert!(matches!(choose(&named, &ConfigEnv::default()), Err(KubeconfigError::Nothing)));
    assert!(matches!(choose(&named, &listed), Err(KubeconfigError::UnknownContext { .. })));
    let in_cluster = ConnectOptions { in_cluster: true, ..options };
    assert!(matches!(choose(&in_cluster, &ConfigEnv::default()), Err(KubeconfigError::Conflict)));
}

#[test]
fn a_flag_that_cannot_be_used_is_named_without_its_secret_and_nobody_else_is_asked_as() {
    let given = |token: &str| KubeconfigOverrides {
        token: Some(TokenSource::Given("--token", token.to_owned())),
        ..KubeconfigOverrides::default()
    };
    let server = |url: &str| KubeconfigOverrides { server: Some(url.to_owned()), ..KubeconfigOverrides::default() };
    for (overrides, words) in [
        (given(""), "--token: the token is empty"),
        (given(" \n"), "--token: the token is empty"),
        (given("hunter2\nx"), "--token: the token contains a character"),
        (server("api.example:6443"), "--server: `api.example:6443` must be https://HOST:PORT"),
        (server("https://me:hunter2@[x"), "--server: "),
        (server(""), "--server: `` is not a URL"),
        (
            KubeconfigOverrides { cluster: Some("spar".to_owned()), ..KubeconfigOverrides::default() },
            "has no `spar`; the existing ones, the most similar first: spare, main",
        ),
        (
            KubeconfigOverrides { user: Some("admn".to_owned()), ..KubeconfigOverrides::default() },
            "has no `admn`; the existing ones, the most similar first: admin, ci",
        ),
        (
            KubeconfigOverrides {
                certificate_authority: Some("/nonexistent/ca.pem".into()),
                ..KubeconfigOverrides::default()
            },
            "--certificate-authority: cannot read /nonexistent/ca.pem",
        ),
    ] {
        assert!(!format!("{overrides:?}").contains("hunter2\nx"), "{overrides:?}");
        let error = overridden(overrides).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains(words) && !told.contains("hunter2"), "{words}: {told}");
    }
    let pod = |overrides| ConnectOptions { in_cluster: true, overrides, ..ConnectOptions::default() };
    let user = KubeconfigOverrides { user: Some("ci".to_owned()), ..KubeconfigOverrides::default() };
    let error = choose(&pod(user), &ConfigEnv::default()).unwrap_err().to_string();
    assert!(error.contains("--user: there is no kubeconfig"), "{error}");
}
