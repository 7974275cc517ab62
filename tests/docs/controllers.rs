//! The examples for progressive delivery hold against what the controllers' own definitions know: fields, their types, and
//! which are required. An API server drops a field that a definition does not have without a word.

use std::fs;

use crashgate::gate::result::Verdict;
use k8s_openapi::api::batch::v1::PodFailurePolicy;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::{Map, Value};

const FIELDS: &str = include_str!("controllers/fields.yaml");

/// What is wrong with `value`, whose fields are those of `known`, in a line each that names the place.
fn problems(value: &Value, known: &Value, place: &str, told: &mut Vec<String>) {
    match known {
        Value::String(kind) => {
            let holds = match kind.as_str() {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                "integer or string" => value.is_i64() || value.is_string(),
                "anything" => true,
                "strings" => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
                "kubernetes:PodTemplateSpec" => serde_json::from_value::<PodTemplateSpec>(value.clone())
                    .is_ok_and(|template| serde_json::to_value(&template).unwrap() == *value),
                other => panic!("fields.yaml: no such type: {other}"),
            };
            if !holds {
                told.push(format!("{place}: no {kind}"));
            }
        }
        Value::Array(item) => match value.as_array() {
            Some(items) => {
                for (number, value) in items.iter().enumerate() {
                    problems(value, &item[0], &format!("{place}[{number}]"), told);
                }
            }
            None => told.push(format!("{place}: no list")),
        },
        Value::Object(fields) => match value.as_object() {
            Some(object) => fields_of(object, fields, place, told),
            None => told.push(format!("{place}: no object")),
        },
        other => panic!("fields.yaml: {place}: {other}"),
    }
}

fn fields_of(object: &Map<String, Value>, fields: &Map<String, Value>, place: &str, told: &mut Vec<String>) {
    let name = |field: &str| field.trim_end_matches('!').to_owned();
    for (field, known) in fields {
        match object.get(&name(field)) {
            Some(value) => problems(value, known, &format!("{place}.{}", name(field)), told),
            None if field.ends_with('!') => told.push(format!("{place}.{} is required", name(field))),
            None => {}
        }
    }
    let unknown = object.keys().filter(|key| !fields.keys().any(|field| name(field) == **key));
    told.extend(unknown.map(|key| format!("{place}.{key} is not known")));
}

/// What a controller's definition says of a document.
fn refused(document: &Value) -> Vec<String> {
    let known: Value = serde_yaml::from_str(FIELDS).unwrap();
    let kind = document["kind"].as_str().unwrap();
    let mut told = Vec::new();
    if document["apiVersion"] != known[kind]["apiVersion"] {
        told.push(format!("{kind}: {}", document["apiVersion"]));
    }
    problems(&document["spec"], &known[kind]["spec"], "spec", &mut told);
    told
}

fn documents(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.split("\n---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect()
}

fn document(file: &str, kind: &str) -> Value {
    documents(file).into_iter().find(|document| document["kind"] == kind).unwrap()
}

fn analysis_job() -> Value {
    let template = document("manifests/argo-rollouts.yaml", "AnalysisTemplate");
    template["spec"]["metrics"][0]["provider"]["job"]["spec"].clone()
}

#[test]
fn the_controllers_know_every_field_of_the_examples() {
    let mut checked = Vec::new();
    for file in [
        "manifests/argo-rollouts.yaml",
        "manifests/flagger.yaml",
        "manifests/argo-rollouts/analysis-template.yaml",
        "manifests/argo-rollouts/rollout.yaml",
        "manifests/flagger/canary.yaml",
    ] {
        for document in documents(file) {
            assert_eq!(refused(&document), Vec::<String>::new(), "{file}");
            checked.push(document["kind"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(checked, ["AnalysisTemplate", "Rollout", "Canary", "AnalysisTemplate", "Rollout", "Canary"]);
}

#[test]
fn a_field_that_is_none_one_of_another_type_and_one_that_is_missing_are_found() {
    let mut template = document("manifests/argo-rollouts.yaml", "AnalysisTemplate");
    let metric = &mut template["spec"]["metrics"][0];
    metric["timeout"] = "5m".into();
    metric["count"] = true.into();
    let job = &mut metric["provider"]["job"]["spec"];
    job["podFailurePolicy"]["rules"][1].as_object_mut().unwrap().remove("onPodConditions");
    job["template"]["spec"]["restartpolicy"] = "Never".into();
    let place = "spec.metrics[0]";
    assert_eq!(
        refused(&template),
        [
            format!("{place}.count: no integer or string"),
            format!("{place}.provider.job.spec.podFailurePolicy.rules[1].onPodConditions is required"),
            format!("{place}.provider.job.spec.template: no kubernetes:PodTemplateSpec"),
            format!("{place}.timeout is not known"),
        ]
    );
}

/// By the rules of `batch/v1`: the first rule that fits decides, and what no rule fits counts against `backoffLimit`.
#[test]
fn the_analysis_ends_at_once_by_exit_codes_about_the_version_and_asks_again_by_the_others() {
    let job = analysis_job();
    let policy: PodFailurePolicy = serde_json::from_value(job["podFailurePolicy"].clone()).unwrap();
    let container = job["template"]["spec"]["containers"][0]["name"].as_str();
    let action = |code: i32| {
        let fits = |rule: &&k8s_openapi::api::batch::v1::PodFailurePolicyRule| {
            rule.on_exit_codes.as_ref().is_some_and(|codes| {
                assert_eq!((codes.operator.as_str(), codes.container_name.as_deref()), ("In", container));
                codes.values.contains(&code)
            })
        };
        policy.rules.iter().find(fits).map_or("Count", |rule| rule.action.as_str())
    };
    for verdict in Verdict::ALL {
        let expected = match verdict {
            Verdict::Failed | Verdict::Usage | Verdict::NothingMatched | Verdict::Superseded => "FailJob",
            _ => "Count",
        };
        assert_eq!(action(verdict.exit_code().into()), expected, "{verdict:?}");
    }
    let disrupted = policy.rules.first().unwrap();
    assert_eq!((disrupted.action.as_str(), disrupted.on_exit_codes.is_none()), ("Ignore", true));
    let condition = &disrupted.on_pod_conditions.as_ref().unwrap()[0];
    assert_eq!((condition.type_.as_str(), condition.status.as_deref()), ("DisruptionTarget", Some("True")));
    for rule in &policy.rules {
        let both = rule.on_exit_codes.is_some() && rule.on_pod_conditions.as_ref().is_some_and(|list| !list.is_empty());
        assert!(!both, "a Job refuses a rule by both");
    }
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never", "a policy by exit codes requires it");
}

/// Settings under which Argo Rollouts takes a gate that said no, or nothing, for a yes.
#[test]
fn the_analysis_is_measured_once_and_tolerates_nothing() {
    let template = document("manifests/argo-rollouts.yaml", "AnalysisTemplate");
    let metrics = template["spec"]["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 1);
    for (field, value) in [("count", 1), ("failureLimit", 0), ("inconclusiveLimit", 0)] {
        assert_eq!(metrics[0][field], value, "{field}");
    }
    assert!(metrics[0].get("interval").is_none() && template["spec"].get("dryRun").is_none());
    // The name of the Job is UID.metric.number, and must fit into a label.
    assert!(metrics[0]["name"].as_str().unwrap().len() <= 63 - 36 - 3);
}

#[test]
fn the_analysis_may_run_as_long_as_all_its_gates_may() {
    let job = analysis_job();
    let seconds = |flag: &str| {
        let words = job["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
        let value = words.iter().find_map(|word| word.as_str().unwrap().strip_prefix(flag)).unwrap();
        humantime::parse_duration(value).unwrap().as_secs()
    };
    let gates = job["backoffLimit"].as_u64().unwrap() + 1;
    // A gate's confirming read and evidence, the start of its pod, and the Job's back-off of 10 s, then 20 s.
    let longest = gates * (seconds("--wait-period=") + seconds("--stable-for=") + 15 + 30) + 30;
    assert!(job["activeDeadlineSeconds"].as_u64().unwrap() > longest, "{longest} s");
}

#[test]
fn the_rollout_gives_the_analysis_every_argument_and_no_other() {
    let template = document("manifests/argo-rollouts.yaml", "AnalysisTemplate");
    let rollout = document("manifests/argo-rollouts.yaml", "Rollout");
    let names = |args: &Value| {
        let mut names: Vec<String> =
            args.as_array().unwrap().iter().map(|arg| arg["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let declared = names(&template["spec"]["args"]);
    let mut used: Vec<String> = Vec::new();
    for part in template["spec"]["metrics"].to_string().split("{{args.").skip(1) {
        let name = part.split_once("}}").unwrap().0.to_owned();
        if !used.contains(&name) {
            used.push(name);
        }
    }
    used.sort();
    assert_eq!(used, declared);
    let canary = &rollout["spec"]["strategy"]["canary"];
    let steps = canary["steps"].as_array().unwrap();
    let analyses: Vec<&Value> =
        steps.iter().map(|step| &step["analysis"]).chain([&canary["analysis"]]).filter(|it| !it.is_null()).collect();
    assert_eq!(analyses.len(), 2, "one in the background and one at a step");
    for analysis in analyses {
        assert_eq!(analysis["templates"][0]["templateName"], template["metadata"]["name"]);
        assert_eq!(names(&analysis["args"]), declared);
        for arg in analysis["args"].as_array().unwrap() {
            // What a path leads to is there: a Rollout whose path leads nowhere is refused as a whole.
            let Some(path) = arg["valueFrom"]["fieldRef"]["fieldPath"].as_str() else { continue };
            let pointer = format!("/{}", path.replace('.', "/"));
            assert!(rollout.pointer(&pointer).is_some_and(Value::is_string), "{path}");
        }
    }
    assert_eq!(rollout["spec"]["progressDeadlineAbort"], true, "else a canary that never is available waits for ever");
}

#[test]
fn flaggers_hooks_ask_the_gates_that_the_pipeline_opens_and_closes() {
    let canary = document("manifests/flagger.yaml", "Canary");
    let script = fs::read_to_string("ci-examples/flagger.sh").unwrap();
    let hooks = canary["spec"]["analysis"]["webhooks"].as_array().unwrap();
    let told: Vec<(&str, &str)> = hooks
        .iter()
        .map(|hook| {
            let path = hook["url"].as_str().unwrap().rsplit('/').nth(1).unwrap();
            (hook["type"].as_str().unwrap(), path)
        })
        .collect();
    assert_eq!(told, [("confirm-promotion", "gate"), ("rollback", "rollback")]);
    for (_, gate) in told {
        let at = |what: &str| script.find(what).unwrap_or_else(|| panic!("{what}"));
        let order = [
            at(&format!("hook {gate}/close")),
            at("kubectl apply"),
            at("crashgate check"),
            at(&format!("hook {gate}/open")),
        ];
        assert!(order.is_sorted(), "closed before the deploy, opened after the verdict: {order:?}");
    }
    let name = |key: &str| canary["metadata"][key].as_str().unwrap();
    assert!(script.contains(&format!(r#"{{"name": "{}", "namespace": "{}"}}"#, name("name"), name("namespace"))));
    for hook in hooks {
        // A path is Flagger's own gate; the root of the load tester executes what it is sent.
        assert!(hook.get("metadata").is_none() && hook["url"].as_str().unwrap().ends_with("/check"));
    }
}
