//! The analysis of Argo Rollouts, executed as its Job executes it: on Rollouts at a step, with the arguments that they give.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crashgate::sandbox::{Options, Sandbox};
use serde_json::Value;

use super::job::Step;
use super::{list, text};

/// The command of the Job, with the arguments filled in and less patience than a cluster needs.
fn words(arguments: &BTreeMap<&str, &str>) -> Vec<String> {
    let file = fs::read_to_string("manifests/argo-rollouts.yaml").unwrap();
    let template: Value = serde_yaml::from_str(file.split("\n---\n").next().unwrap()).unwrap();
    let container = &template["spec"]["metrics"][0]["provider"]["job"]["spec"]["template"]["spec"]["containers"][0];
    let words = list(&container["command"], "command").iter().chain(list(&container["args"], "args"));
    let fill_in = |word: &Value| {
        let word = text(word, "a word").to_owned();
        let word =
            arguments.iter().fold(word, |word, (name, value)| word.replace(&format!("{{{{args.{name}}}}}"), value));
        match word.split_once('=') {
            Some((flag @ ("--wait-period" | "--stable-for"), _)) => format!("{flag}=1s"),
            _ => word,
        }
    };
    words.map(fill_in).chain(["--delay=1s".to_owned()]).collect()
}

#[test]
fn the_analysis_lets_a_healthy_step_go_on_and_ends_one_that_crashes_or_was_aborted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (recording, app, exit_code, said) in [
        ("rollout-canary-step", "checkout", 0, "HEALTHY"),
        ("rollout-canary-crash", "payments", 1, "CrashLoop"),
        ("rollout-aborted", "search", 1, "RolloutAborted"),
    ] {
        let sandbox = Sandbox::load(Path::new(&format!("tests/recordings/{recording}.ndjson"))).unwrap();
        let options = Options { offset: sandbox.length(), ..Options::default() };
        let running = runtime.block_on(sandbox.serve(options)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kubeconfig"), running.kubeconfig_yaml()).unwrap();
        let namespace = format!("rec-{recording}");
        let arguments = BTreeMap::from([("app", app), ("version", "v2"), ("namespace", namespace.as_str())]);
        let (code, told) = Step::of_words(words(&arguments), BTreeMap::new()).run(folder.path());
        assert_eq!(code, exit_code, "{recording}: {told}");
        assert!(told.contains(said), "{recording}: {told}");
    }
}
