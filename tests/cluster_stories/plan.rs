//! The plan: enough stories, each with an expectation that can fail, of objects that Kubernetes knows.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crashgate::gate::result::{Code, Verdict};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, PersistentVolumeClaim, ResourceQuota, ResourceRequirements, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::suite::act::placed;
use crate::suite::expect::Holds;
use crate::suite::objects::{PART_OF, namespace};
use crate::suite::run::chosen;
use crate::suite::sandbox::recording;
use crate::suite::step::Step;
use crate::suite::stories::all;
use crate::suite::{objects, plan, play};

#[test]
fn there_are_enough_stories_and_each_is_about_something_else() {
    let stories = all();
    let played = chosen(&stories, &[]);
    assert!(played.len() >= 60, "{}", played.len());
    let names: BTreeSet<&str> = stories.iter().map(|story| story.name).collect();
    assert_eq!(names.len(), stories.len(), "a name is there twice");
    let whats: BTreeSet<&str> = stories.iter().map(|story| story.what).collect();
    assert_eq!(whats.len(), stories.len(), "two stories say the same of themselves");
    for name in names {
        let namespace = format!("crashgate-e2e-abc123-{name}");
        let is_label = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(namespace.len() <= 63 && is_label, "{namespace} is no name for a namespace");
    }
    assert!(
        chosen(&stories, &["wrong".to_owned()]).iter().all(|story| !story.hidden),
        "hidden ones are not found by a part"
    );
}

#[test]
fn every_story_expects_something_that_can_fail_and_that_crashgate_can_say() {
    for story in all() {
        let (name, expect) = (story.name, &story.expect);
        assert!(expect.verdict.is_some() || !expect.holds.is_empty() || expect.exit_code != 0, "{name} cannot fail");
        for code in expect.codes.iter().chain(expect.skip_on.as_ref().map(|(code, _)| code)) {
            assert!(Code::from_name(code).is_some(), "{name}: {code}");
        }
        for holds in &expect.holds {
            if let Holds::Warning(code) = holds {
                let explained = Command::new(play::program()).args(["explain", code]).output().unwrap();
                assert!(explained.status.success(), "{name}: {code}");
            }
        }
        let is_run = story.ask.command() == "run";
        match expect.verdict {
            Some("healthy") => assert_eq!((expect.exit_code, expect.codes.len()), (0, 0), "{name}"),
            Some("interrupted") => assert_eq!(expect.exit_code, 143, "{name}"),
            Some(verdict) if !is_run => {
                let mut verdicts = expect.codes.iter().map(|code| Code::from_name(code).unwrap().row().verdict);
                assert!(
                    verdicts.all(|of_code| i32::from(of_code.exit_code()) == expect.exit_code),
                    "{name}: {verdict}"
                );
                assert!(!expect.codes.is_empty(), "{name}: a no needs a cause");
                assert_ne!(expect.exit_code, i32::from(Verdict::Healthy.exit_code()), "{name}");
            }
            _ => {}
        }
    }
}

#[test]
fn every_time_that_is_allowed_is_longer_than_the_gate_itself_may_take() {
    let seconds = |words: &[String], flag: &str| -> u64 {
        let place = words.iter().position(|word| word == flag);
        place.map_or(0, |place| words[place + 1].trim_end_matches('s').parse().unwrap())
    };
    for story in all() {
        let words = &story.ask.words;
        let longest = seconds(words, "--wait-period") + seconds(words, "--stable-for") + seconds(words, "--for");
        let within = story.expect.within.as_secs();
        // What is decided at once may be asked for sooner than at the end of the wait.
        let is_at_once = matches!(story.expect.verdict, Some("failed" | "superseded" | "interrupted"));
        assert!(within >= longest + 5 || (is_at_once && within >= 60), "{}: {within} s of {longest} s", story.name);
        assert!(within <= 150, "{}: {within} s", story.name);
    }
}

#[test]
fn every_story_gates_for_longer_than_its_app_takes_to_fail() {
    // A container that lives for so many seconds must be watched for longer once it is ready.
    for (name, lives) in
        [("crash-late", 10), ("second-container-crash", 8), ("liveness-kill", 12), ("sidecar-crash", 4)]
    {
        let stories = all();
        let story = stories.iter().find(|story| story.name == name).unwrap();
        let place = story.ask.words.iter().position(|word| word == "--stable-for").unwrap();
        let stable: u64 = story.ask.words[place + 1].trim_end_matches('s').parse().unwrap();
        assert!(stable >= lives + 4, "{name}: {stable} s");
    }
}

#[test]
fn every_recording_is_there_and_the_plan_tells_every_story() {
    let stories = all();
    let played: Vec<_> = stories.iter().collect();
    let text = plan::plan(&played);
    for story in &stories {
        assert!(text.contains(&format!("{}: {}\n", story.name, story.what)), "{}", story.name);
        if let Some(name) = story.rehearsal.as_ref().and_then(|rehearsal| rehearsal.recording) {
            assert!(recording(name).exists(), "{name}");
        }
        for step in story.steps() {
            assert!(text.contains(&step.to_string()), "{step}");
        }
    }
    let rehearsed = chosen(&stories, &[]).iter().filter(|story| story.rehearsal.is_some()).count();
    assert!(rehearsed >= 45, "{rehearsed}");
}

/// What is lost where JSON becomes a type and JSON again: fields that Kubernetes does not know there.
fn lost(original: &Value, kept: &Value, path: &str, lost_fields: &mut Vec<String>) {
    match (original, kept) {
        (Value::Object(original), Value::Object(kept)) => {
            for (key, value) in original {
                lost(value, kept.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"), lost_fields);
            }
        }
        (Value::Array(original), Value::Array(kept)) if original.len() == kept.len() => {
            for (place, (value, kept)) in original.iter().zip(kept).enumerate() {
                lost(value, kept, &format!("{path}[{place}]"), lost_fields);
            }
        }
        _ if original == kept => {}
        _ => lost_fields.push(path.to_owned()),
    }
}

fn lost_as<T: Serialize + DeserializeOwned>(object: &Value) -> Vec<String> {
    let typed: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object:#}"));
    let mut fields = Vec::new();
    lost(object, &serde_json::to_value(typed).unwrap(), "", &mut fields);
    fields
}

fn unknown_fields(object: &Value) -> Vec<String> {
    match object["kind"].as_str().unwrap() {
        "Deployment" => lost_as::<Deployment>(object),
        "StatefulSet" => lost_as::<StatefulSet>(object),
        "DaemonSet" => lost_as::<DaemonSet>(object),
        "Job" => lost_as::<Job>(object),
        "ConfigMap" => lost_as::<ConfigMap>(object),
        "ResourceQuota" => lost_as::<ResourceQuota>(object),
        "PersistentVolumeClaim" => lost_as::<PersistentVolumeClaim>(object),
        "ServiceAccount" => lost_as::<ServiceAccount>(object),
        "Role" => lost_as::<Role>(object),
        "RoleBinding" => lost_as::<RoleBinding>(object),
        "Namespace" => lost_as::<Namespace>(object),
        other => panic!("no type for {other}"),
    }
}

#[test]
fn every_object_is_one_that_kubernetes_knows_field_by_field_and_has_the_label_of_the_suite() {
    let mut count = 0;
    for story in all() {
        for object in story.steps().flat_map(Step::objects).chain(&story.ask.objects) {
            assert_eq!(unknown_fields(object), [""; 0], "{}: {object:#}", story.name);
            assert_eq!(object["metadata"]["labels"][PART_OF.0], PART_OF.1, "{}", story.name);
            let (wanted, labels) =
                (&object["spec"]["selector"]["matchLabels"], &object["spec"]["template"]["metadata"]["labels"]);
            for (key, value) in wanted.as_object().into_iter().flatten() {
                assert_eq!(&labels[key], value, "{}: its own pods must match its selector", story.name);
            }
            assert_ne!(object["kind"], "Namespace", "the suite alone makes namespaces");
            count += 1;
        }
        for step in story.steps() {
            if let Step::Resize { resources, .. } = step {
                assert_eq!(lost_as::<ResourceRequirements>(resources), [""; 0], "{}", story.name);
            }
        }
    }
    assert!(count > 60, "{count}");
    assert_eq!(unknown_fields(&namespace("crashgate-e2e-a-b", "a", "privileged")), [""; 0]);
    let mut misspelt = objects::deployment("a", "v1", 1, objects::pod([objects::probed(objects::SERVES)]));
    misspelt["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = Value::Bool(true);
    assert_eq!(unknown_fields(&misspelt), [".spec.template.spec.containers[0].readinesProbe"], "the test can fail");
}

#[test]
fn manifests_of_this_repository_are_applied_in_the_namespace_of_the_story_and_nowhere_else() {
    let mut count = 0;
    for story in all() {
        for step in story.steps() {
            let Step::ApplyFile(path) = step else { continue };
            let text = placed(&std::fs::read_to_string(path).unwrap(), "crashgate-e2e-a-b");
            for document in text.split("\n---\n") {
                let object: Value = serde_yaml::from_str(document).unwrap();
                assert_eq!(object["metadata"]["namespace"], "crashgate-e2e-a-b", "{path}: {document}");
                assert_eq!(object["metadata"]["labels"][PART_OF.0], PART_OF.1, "{path}: {document}");
                assert_eq!(unknown_fields(&object), [""; 0], "{path}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 11, "the three objects of rbac.yaml thrice, the two of rbac-run.yaml once");
}

#[test]
fn no_two_workloads_that_stand_side_by_side_select_the_same_pods() {
    for story in all() {
        let mut selectors: Vec<(String, &Value)> = Vec::new();
        for object in story.steps().flat_map(Step::objects) {
            let (name, selector) = (object["metadata"]["name"].to_string(), &object["spec"]["selector"]);
            if selector["matchLabels"].is_object() {
                let twin = selectors.iter().find(|(other, selected)| *selected == selector && *other != name);
                assert!(twin.is_none(), "{}: {name} and {twin:?}", story.name);
                selectors.push((name, selector));
            }
        }
    }
}

#[test]
fn crashgate_reads_every_workload_and_every_gate_of_the_stories() {
    for story in all() {
        let workloads = ["Deployment", "StatefulSet", "DaemonSet", "Job"].map(Value::from);
        let objects = story.steps().flat_map(Step::objects).chain(&story.ask.objects);
        let workloads = objects.filter(|object| workloads.contains(&object["kind"])).map(Value::to_string);
        let gate = story.ask.gate.map(|gate| gate.replace("{ns}", "shop"));
        let texts: Vec<String> = workloads.chain(gate).collect();
        if texts.is_empty() {
            continue;
        }
        let mut command = Command::new(play::program());
        command.args(["validate", "-f", "-", "-n", "shop"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let text = texts.join("\n---\n").replace("{image}", "busybox:1.36").replace("{repository}", "busybox");
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // A version that comes after another is a gate of the same name, and an image may be wrong on purpose.
        assert!(output.status.success(), "{}: {said}\n{text}", story.name);
    }
}

#[test]
fn every_command_line_is_one_that_crashgate_understands() {
    for story in all() {
        let words = story.ask.words.iter().map(|word| word.replace("{ns}", "shop").replace("{image}", "busybox:1.36"));
        let mut words: Vec<String> = words.collect();
        // Everything before it has been read, with its values, once help is asked for.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.insert(end, "--help".to_owned());
        let output = Command::new(play::program()).args(&words).output().unwrap();
        assert!(output.status.success(), "{}: {}", story.name, String::from_utf8_lossy(&output.stderr));
    }
}
