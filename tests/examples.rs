//! The examples do what they say: Kubernetes knows every field, and every command in them judges a cluster.

use std::fs;
use std::path::Path;
use std::process::Command;

use crashgate::sandbox::{Options, Sandbox};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The document once through the type: what the type does not know is lost, and so differs.
fn known<T: Serialize + DeserializeOwned>(document: &Value) {
    let object: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&object).unwrap(), document);
}

#[test]
fn kubernetes_knows_every_field_of_every_manifest() {
    let mut checked = 0;
    for file in
        ["manifests/rbac.yaml", "manifests/rbac-run.yaml", "manifests/job.yaml", "ci-examples/argocd-postsync.yaml"]
    {
        for text in fs::read_to_string(file).unwrap().split("\n---\n") {
            let document: Value = serde_yaml::from_str(text).unwrap();
            match document["kind"].as_str().unwrap() {
                "ServiceAccount" => known::<ServiceAccount>(&document),
                "Role" => known::<Role>(&document),
                "RoleBinding" => known::<RoleBinding>(&document),
                "ConfigMap" => known::<ConfigMap>(&document),
                "Job" => known::<Job>(&document),
                other => panic!("{file}: no type for {other}"),
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 8);
}

/// The shell lines with crashgate in them, and what they need before them.
fn script(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    if text.contains("command: [\"crashgate\"]") {
        let arguments = text.lines().find_map(|line| line.trim().strip_prefix("args: ")).unwrap();
        let arguments: Vec<String> = serde_json::from_str(arguments).unwrap();
        return format!("crashgate {}", arguments.join(" "));
    }
    let lines = text.lines().map(|line| line.trim().trim_start_matches("- "));
    let own =
        lines.filter(|line| ["crashgate check", "mkdir ", "export VERSION"].iter().any(|part| line.starts_with(part)));
    // Buildkite fills in `$NAME` itself and leaves `$$NAME` to the shell.
    own.collect::<Vec<_>>().join("\n").replace("$$", "$")
}

const EXAMPLES: [&str; 9] = [
    "ci-examples/github/action.yml",
    "ci-examples/gitlab/crashgate.yml",
    "ci-examples/Jenkinsfile",
    "ci-examples/azure-pipelines.yml",
    "ci-examples/circleci.yml",
    "ci-examples/buildkite.yml",
    "ci-examples/tekton-task.yaml",
    "ci-examples/argocd-postsync.yaml",
    "manifests/job.yaml",
];

/// What the README shows for a system is what is executed here.
#[test]
fn every_command_of_the_readme_for_a_system_is_one_of_its_example() {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, section) = readme.split_once("## In your CI system").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let commands: Vec<&str> = section.lines().filter(|line| line.starts_with("crashgate check ")).collect();
    assert!(commands.len() >= 6);
    for command in commands {
        assert!(EXAMPLES.iter().any(|file| script(file).contains(command)), "{command}");
    }
}

#[test]
fn every_command_of_every_example_judges_a_cluster() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = |recording: &str| {
        let sandbox = Sandbox::load(Path::new(recording)).unwrap();
        // The cluster is as it was at the end of the recording.
        let options = Options { offset: sandbox.length(), ..Options::default() };
        runtime.block_on(sandbox.serve(options)).unwrap()
    };
    let good = served("tests/recordings/healthy.ndjson");
    let bad = served("tests/recordings/crash-loop.ndjson");
    let cases = [(&good, "checkout", "rec-healthy", 0), (&bad, "payments", "rec-crash-loop", 1)];
    let binary = Path::new(env!("CARGO_BIN_EXE_crashgate"));
    let mut running = Vec::new();
    for file in EXAMPLES {
        let script = script(file);
        assert!(script.contains("crashgate check -f"), "{file}: {script}");
        for (cluster, app, namespace, exit_code) in cases {
            let folder = tempfile::tempdir().unwrap();
            let gate = format!("app: {app}\nversion: ${{VERSION}}\nnamespace: {namespace}\ndelay: 1s\nstableFor: 1s\n");
            fs::write(folder.path().join("gate.yaml"), gate).unwrap();
            fs::write(folder.path().join("kubeconfig"), cluster.kubeconfig_yaml()).unwrap();
            let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
            let mut command = Command::new("sh");
            command.args(["-e", "-c", &script]).current_dir(folder.path());
            for name in ["GITHUB_ACTIONS", "GITLAB_CI", "HTTPS_PROXY", "https_proxy"] {
                command.env_remove(name);
            }
            command.envs([("PATH", path.as_str()), ("KUBECONFIG", "kubeconfig"), ("VERSION", "v1")]);
            command.envs([("GATE_FILE", "gate.yaml"), ("REPORTS", "reports")]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            running.push((file, script.clone(), folder, exit_code, command.spawn().unwrap()));
        }
    }
    for (file, script, folder, exit_code, child) in running {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit_code), "{file}: {said}");
        let reports = script.split_whitespace().filter_map(|word| word.split_once('=').filter(|_| word.contains('.')));
        for (_, path) in reports.filter(|(kind, _)| ["junit", "html", "markdown", "gitlab"].contains(kind)) {
            let path = path.replace("\"$REPORTS", "reports").replace('"', "");
            assert!(folder.path().join(&path).metadata().unwrap().len() > 50, "{file}: {path}");
        }
    }
}
