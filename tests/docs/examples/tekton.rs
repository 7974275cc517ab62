//! Tekton's Task: no package has its schema, so its fields are written down here, as `tekton.dev/v1` has them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{EnvVar, SecurityContext};
use serde::Deserialize;
use serde_json::Value;

use super::job::{Job, Step};
use super::yaml;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Task {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    description: String,
    params: Vec<Param>,
    workspaces: Vec<Workspace>,
    steps: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Param {
    name: String,
    description: String,
    default: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workspace {
    name: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Container {
    name: String,
    image: String,
    working_dir: String,
    env: Vec<EnvVar>,
    command: Vec<String>,
    args: Vec<String>,
    security_context: SecurityContext,
}

fn task() -> Task {
    serde_json::from_value(yaml("ci-examples/tekton-task.yaml")).unwrap()
}

/// What stands between `$(` and `)`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("$(").skip(1).map(|rest| rest.split_once(')').unwrap().0)
}

/// The step as Tekton executes it: no shell, its variables filled in, in the workspace.
pub fn job() -> Job {
    let task = task();
    let defaults: BTreeMap<&str, &str> =
        task.spec.params.iter().map(|param| (param.name.as_str(), param.default.as_deref().unwrap_or("v1"))).collect();
    let fill_in = |text: &str| {
        defaults.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$(params.{name})"), value))
    };
    let steps = task.spec.steps.iter().map(|step| {
        let env = step.env.iter().map(|var| (var.name.clone(), fill_in(var.value.as_deref().unwrap())));
        let words = step.command.iter().chain(&step.args).map(|word| fill_in(word));
        Step::of_words(words.collect(), env.collect())
    });
    Job { steps: steps.collect(), kept: vec!["crashgate.xml".to_owned(), "crashgate.html".to_owned()] }
}

#[test]
fn tekton_knows_every_field_and_every_variable_of_the_task() {
    let task = task();
    assert_eq!((task.api_version.as_str(), task.kind.as_str()), ("tekton.dev/v1", "Task"));
    assert!(!task.metadata.name.is_empty() && !task.spec.description.is_empty());
    assert!(task.spec.params.iter().all(|param| !param.description.is_empty()));
    let mut known: BTreeSet<String> = task.spec.params.iter().map(|param| format!("params.{}", param.name)).collect();
    for workspace in &task.spec.workspaces {
        assert!(!workspace.description.is_empty());
        known.insert(format!("workspaces.{}.path", workspace.name));
    }
    let mut used = BTreeSet::new();
    for step in &task.spec.steps {
        assert!(!step.name.is_empty() && !step.image.is_empty());
        let env = step.env.iter().filter_map(|var| var.value.as_deref());
        let texts =
            step.command.iter().chain(&step.args).map(String::as_str).chain(env).chain([step.working_dir.as_str()]);
        used.extend(texts.flat_map(variables).map(str::to_owned));
        assert_eq!(step.security_context.allow_privilege_escalation, Some(false));
        assert_eq!(step.security_context.run_as_non_root, Some(true));
        // What the types of Kubernetes do not know would be lost on the way back.
        let written = yaml("ci-examples/tekton-task.yaml")["spec"]["steps"][0]["securityContext"].clone();
        assert_eq!(serde_json::to_value(&step.security_context).unwrap(), written);
    }
    assert_eq!(used, known, "every variable is declared, and none in vain");
    let broken: Result<Task, _> = serde_json::from_value({
        let mut task: Value = yaml("ci-examples/tekton-task.yaml");
        task["spec"]["steps"][0]["comand"] = "x".into();
        task
    });
    assert!(broken.is_err(), "a field that is none is found");
}
