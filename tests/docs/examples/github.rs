//! The workflow and its action, step by step, as GitHub's runner executes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::job::Step;
use super::{env, list, text, yaml};
use crate::docs::release_host::VERSION;

/// What came of a job.
#[derive(Default)]
pub struct Run {
    pub failed: bool,
    pub said: String,
    /// The outputs of the step `gate`.
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
    /// What the step that keeps artifacts was told to keep.
    pub kept: Vec<String>,
}

/// What expressions may ask for, by its whole name.
type Context = BTreeMap<String, String>;

pub fn run(folder: &Path) -> Run {
    let workflow = yaml("ci-examples/github/workflow.yml");
    let job = &workflow["jobs"]["deploy"];
    let kubeconfig = fs::read_to_string(folder.join("kubeconfig")).unwrap();
    let mut context =
        Context::from([("github.sha".to_owned(), "v1".to_owned()), ("secrets.KUBECONFIG_DATA".to_owned(), kubeconfig)]);
    let mut job_env = env(&job["env"], &|text| filled_in(text, &context));
    // The job has to say itself where its kubeconfig is.
    job_env.extend(runner(folder, "/nonexistent"));
    let mut run = Run::default();
    for step in list(&job["steps"], "steps") {
        let condition = step["if"].as_str().unwrap_or("success()");
        context.insert("failure()".to_owned(), run.failed.to_string());
        context.insert("success()".to_owned(), (!run.failed).to_string());
        context.insert("cancelled()".to_owned(), "false".to_owned());
        // A condition that asks for no status asks for success.
        let asks =
            ["success()", "failure()", "cancelled()", "always()"].iter().any(|status| condition.contains(status));
        if !holds(inner(condition), &context) || (!asks && run.failed) {
            continue;
        }
        match step["uses"].as_str() {
            Some(uses) if uses == format!("OWNER/crashgate@v{VERSION}") => {
                let with = env(&step["with"], &|text| filled_in(text, &context));
                let outputs = action(&with, false, folder, &job_env, &context, &mut run);
                let id = text(&step["id"], "the id");
                for (name, value) in &outputs {
                    context.insert(format!("steps.{id}.outputs.{name}"), value.clone());
                }
                run.outputs = outputs;
            }
            Some(uses) if uses.starts_with("actions/upload-artifact@") => {
                run.kept =
                    filled_in(text(&step["with"]["path"], "path"), &context).lines().map(str::to_owned).collect();
            }
            Some(uses) => assert!(uses.starts_with("actions/checkout@"), "{uses}"),
            None => execute(step, true, folder, &job_env, &context, &mut run),
        }
        // What a step wrote there is in the environment of the next.
        let written = fs::read_to_string(folder.join("GITHUB_ENV")).unwrap();
        job_env.extend(
            written.lines().map(|line| line.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
    }
    run.summary = fs::read_to_string(folder.join("GITHUB_STEP_SUMMARY")).unwrap();
    run
}

/// What the runner tells every step.
fn runner(folder: &Path, kubeconfig: &str) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let mut set = |name: &str, value: String| env.insert(name.to_owned(), value);
    set("CI", "true".to_owned());
    set("GITHUB_ACTIONS", "true".to_owned());
    set("KUBECONFIG", kubeconfig.to_owned());
    set("RUNNER_TEMP", folder.join("temp").display().to_string());
    set("GITHUB_WORKSPACE", folder.display().to_string());
    for name in ["GITHUB_ENV", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"] {
        set(name, folder.join(name).display().to_string());
        fs::write(folder.join(name), "").unwrap();
    }
    fs::create_dir(folder.join("temp")).unwrap();
    env
}

/// The action alone, with these inputs.
pub fn gate(folder: &Path, with: &[(&str, &str)], has_crashgate: bool) -> Run {
    let mut run = Run::default();
    let mut env = runner(folder, "kubeconfig");
    env.insert("VERSION".to_owned(), "v1".to_owned());
    let with = with.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    run.outputs = action(&with, has_crashgate, folder, &env, &Context::new(), &mut run);
    run
}

/// A step with `run:`; a shell that is not named is `bash -e`, one that is has `pipefail` too.
fn execute(
    step: &Value,
    has_crashgate: bool,
    folder: &Path,
    job_env: &BTreeMap<String, String>,
    context: &Context,
    run: &mut Run,
) {
    let fill_in = |text: &str| filled_in(text, context);
    let mut env: BTreeMap<String, String> = job_env.clone();
    env.extend(super::env(&step["env"], &fill_in));
    let options = if step["shell"] == "bash" { "set -eo pipefail" } else { "set -e" };
    let script = fill_in(text(&step["run"], "a step runs something"));
    let path = fs::read_to_string(folder.join("GITHUB_PATH")).unwrap().lines().rev().map(str::to_owned).collect();
    let step = Step::new(format!("{options}\n{script}"), env).with_path(path);
    let (code, said) = if has_crashgate { step } else { step.without_crashgate() }.run(folder);
    run.said += &said;
    run.failed |= code != 0;
}

/// The action's steps, and its outputs.
fn action(
    with: &BTreeMap<String, String>,
    has_crashgate: bool,
    folder: &Path,
    job_env: &BTreeMap<String, String>,
    context: &Context,
    run: &mut Run,
) -> BTreeMap<String, String> {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let mut inner_context = context.clone();
    for (name, input) in action["inputs"].as_object().unwrap() {
        let value = with.get(name).cloned().unwrap_or_else(|| text(&input["default"], "a default").to_owned());
        inner_context.insert(format!("inputs.{name}"), value);
    }
    assert!(with.keys().all(|name| action["inputs"].get(name).is_some()), "{with:?}");
    for step in list(&action["runs"]["steps"], "steps") {
        if run.failed {
            break;
        }
        let id = step["id"].as_str().unwrap_or("none");
        let output = folder.join(format!("output-{id}"));
        fs::write(&output, "").unwrap();
        let mut env = job_env.clone();
        env.insert("GITHUB_OUTPUT".to_owned(), output.display().to_string());
        env.insert("GITHUB_ACTION_PATH".to_owned(), env!("CARGO_MANIFEST_DIR").to_owned());
        assert!(step["shell"].is_string(), "a composite action names its shells");
        execute(step, has_crashgate, folder, &env, &inner_context, run);
        for (name, value) in crate::report::documents::read_outputs(&fs::read_to_string(&output).unwrap()) {
            inner_context.insert(format!("steps.{id}.outputs.{name}"), value);
        }
    }
    let outputs = action["outputs"].as_object().unwrap();
    outputs
        .iter()
        .map(|(name, output)| (name.clone(), filled_in(text(&output["value"], "value"), &inner_context)))
        .collect()
}

/// The text with every `${{ … }}` replaced by what it asks for.
fn filled_in(text: &str, context: &Context) -> String {
    let mut parts = text.split("${{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        let name = name.trim();
        match context.get(name) {
            Some(value) => out += value,
            // A step that was not reached has no outputs.
            None => assert!(name.starts_with("steps."), "nobody knows {name} in {text}"),
        }
        out += rest;
    }
    out
}

fn inner(condition: &str) -> &str {
    condition.trim().trim_start_matches("${{").trim_end_matches("}}").trim()
}

/// Whether a condition holds: `!`, `==`, `&&`, `||`, parentheses, names and texts in quotes. What is not known is empty.
fn holds(condition: &str, context: &Context) -> bool {
    let mut depth = 0;
    for operator in ["||", "&&"] {
        for (place, c) in condition.char_indices() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 && condition[place..].starts_with(operator) {
                let (left, right) = (holds(&condition[..place], context), holds(&condition[place + 2..], context));
                return if operator == "||" { left || right } else { left && right };
            }
        }
    }
    let condition = condition.trim();
    if let Some(rest) = condition.strip_prefix('!') {
        return !holds(rest, context);
    }
    if let Some(inside) = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return holds(inside, context);
    }
    let value = |operand: &str| match operand.trim().strip_prefix('\'') {
        Some(quoted) => quoted.trim_end_matches('\'').to_owned(),
        None => context.get(operand.trim()).cloned().unwrap_or_default(),
    };
    match condition.split_once("==") {
        Some((left, right)) => value(left) == value(right),
        None => !["", "false"].contains(&value(condition).as_str()),
    }
}

#[test]
fn conditions_are_read_as_they_are_meant() {
    let context = Context::from([("a.b".to_owned(), "x".to_owned()), ("f()".to_owned(), "false".to_owned())]);
    for (condition, expected) in [
        ("a.b", true),
        ("!a.b", false),
        ("f()", false),
        ("!f() && a.b", true),
        ("a.b == 'x' && (f() || a.b == 'y')", false),
        ("f() && a.b || a.b == 'x'", true),
        ("nobody.knows", false),
    ] {
        assert_eq!(holds(condition, &context), expected, "{condition}");
    }
}
