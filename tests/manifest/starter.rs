//! The gate files that `crashgate init` writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crashgate::gate::model::{Object, Source, Workload, WorkloadKind};
use crashgate::gate::spec::Pin;
use crashgate::manifest::{Key, Loaded, Overrides, Starter, load};
use crashgate::recording::line::Entry;
use crashgate::recording::mapping;
use crashgate::recording::reader::Reader;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::recording::replay::{Row, outcome, rows};

/// Every template that a workload of the recording has had, with the workload as it was then.
fn workloads(recording: &str) -> Vec<(Workload, Value)> {
    let path = format!("tests/recordings/{recording}.ndjson");
    let mut reader = Reader::open(path.as_ref()).unwrap();
    let mut found: BTreeMap<(String, u64), (Workload, Value)> = BTreeMap::new();
    while let Some(line) = reader.next_line().unwrap() {
        if let Entry::Event { path, object, .. } = &line.entry
            && let Some((source @ Source::Workloads(_), _)) = mapping::source_of(path)
            && let Ok(Object::Workload(workload)) = mapping::object(source, object)
            && workload.controller.is_none()
        {
            let raw = serde_json::from_str(object.get()).unwrap();
            found.insert((workload.uid.clone(), workload.template.fingerprint), (Arc::unwrap_or_clone(workload), raw));
        }
    }
    found.into_values().collect()
}

/// The plans of a text, with this version and these flags.
fn read(yaml: &str, version: &str, flags: &str) -> Vec<Loaded> {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(file.path(), yaml).unwrap();
    let mut overrides = Overrides::default();
    let mut words = flags.split_whitespace();
    while let (Some(flag), Some(text)) = (words.next(), words.next()) {
        overrides.set(Key::ALL.into_iter().find(|key| key.flag() == Some(flag)).unwrap(), text);
    }
    let sources = [crashgate::manifest::Source::named(file.path().to_owned())];
    let env = |name: &str| (name == "VERSION").then(|| version.to_owned());
    let loaded = load(&sources, &overrides, &env);
    loaded.unwrap_or_else(|problems| panic!("{problems}\n{yaml}")).gates
}

fn pin_of(workload: &Workload) -> Pin {
    Pin { kind: workload.kind, name: workload.name.clone() }
}

/// The flags of a row as expected.tsv means them.
fn flags_of(row: &Row) -> String {
    let defaults = [("--delay", "2s"), ("--stable-for", "10s"), ("--wait-period", "60s")];
    let unset = defaults.iter().filter(|(flag, _)| !row.flags.contains(flag));
    let unset = unset.flat_map(|(flag, text)| [*flag, *text]);
    unset.chain(row.flags.split_whitespace()).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_workload_of_each_recording_gets_a_valid_gate_that_judges_it_as_it_should_be() {
    let mut judged = 0;
    for row in rows().into_iter().filter(|row| row.recording != "nothing-matches") {
        let mut of_row = 0;
        for (workload, raw) in workloads(&row.recording) {
            let starter =
                Starter { pin: &pin_of(&workload), namespace: &workload.namespace, pods: &workload, raw: &raw };
            if workload.template.containers.is_empty() || starter.version().as_deref() != Some(&row.plan.version) {
                continue;
            }
            let labels = &workload.template.labels;
            if labels.get("app") != Some(&row.plan.app) {
                continue;
            }
            let gates = read(&starter.yaml(), &row.plan.version, &flags_of(&row));
            let [Loaded { plan, .. }] = &gates[..] else { panic!("{}: {} gates", row.recording, gates.len()) };
            let outcome = outcome(&row.recording, plan.clone());
            assert!(row.allows(&outcome), "{}: {:?}\n{}", row.recording, outcome.findings, starter.yaml());
            of_row += 1;
        }
        assert!(of_row > 0, "{}: no workload of version {}", row.recording, row.plan.version);
        judged += of_row;
    }
    assert!(judged >= 70, "{judged}");
}

/// A Deployment with these labels and this image on its template.
fn deployment(labels: &Value, image: &str) -> (Workload, Value) {
    let raw = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "1"},
        "spec": {"replicas": 3, "progressDeadlineSeconds": 600, "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
            "name": "main", "image": image,
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "initialDelaySeconds": 20, "periodSeconds": 5},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}, "initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 3},
        }]}}},
    });
    let body = RawValue::from_string(raw.to_string()).unwrap();
    let Ok(Object::Workload(workload)) = mapping::object(Source::Workloads(WorkloadKind::Deployment), &body) else {
        panic!("no workload: {raw}")
    };
    (Arc::unwrap_or_clone(workload), raw)
}

fn yaml(labels: &Value, image: &str) -> String {
    let (workload, raw) = deployment(labels, image);
    Starter { pin: &pin_of(&workload), namespace: "shop", pods: &workload, raw: &raw }.yaml()
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn labels_of_other_keys_are_named_and_pods_without_a_version_label_are_pinned() {
    let recommended =
        yaml(&json!({"app.kubernetes.io/name": "web", "app.kubernetes.io/version": "2.1"}), "shop/web:2.1");
    snapshot("init_recommended_labels", &recommended);
    let plan = &read(&recommended, "2.2", "")[0].plan;
    assert_eq!(plan.selector.to_string(), "app.kubernetes.io/name=web,app.kubernetes.io/version=2.2");
    assert_eq!(plan.workload, None);

    let unlabelled = yaml(&json!({"app": "web"}), "shop/web:2.1");
    snapshot("init_no_version_label", &unlabelled);
    let plan = &read(&unlabelled, "2.2", "")[0].plan;
    assert_eq!(plan.workload.as_ref().unwrap().to_string(), "deployment/web");
    assert_eq!(plan.version, "2.2");
}

#[test]
fn what_may_keep_a_gate_from_knowing_the_version_is_said() {
    let untold = yaml(&json!({"app": "web"}), "shop/web");
    assert!(untold.contains("# Nothing tells the version of these pods: main (shop/web)."), "{untold}");
    assert!(untold.contains("crashgate check deployment/web -n shop"), "{untold}");
    let fixed = yaml(&json!({"app": "web", "version": "v1"}), "shop/web:2.1");
    assert!(fixed.contains("# The label version is v1 now, and the image is main (shop/web:2.1)."), "{fixed}");
    let moving = yaml(&json!({"app": "web", "version": "2.1"}), "shop/web:2.1");
    assert!(!moving.contains("# The label version is"), "{moving}");
}

#[test]
fn hostile_names_labels_and_images_stay_in_their_place() {
    // Nothing of this can be in a real cluster; a server that lies can say it.
    let escape = "x\nversion: evil\n# \u{85}app: evil\u{2028}app: evil\u{1b}[2J ${HOME}";
    let honest = read(&yaml(&json!({"app": "web"}), "shop/web:2"), "v2", "")[0].plan.clone();
    for (labels, image) in [
        (json!({"app": escape, "version": escape}), "shop/web:2"),
        (json!({"app": "web"}), escape),
        (json!({"app": "web"}), &*format!("shop/web:{escape}")),
        (json!({"app": "web", "version": "v1"}), escape),
    ] {
        let text = yaml(&labels, image);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        let plan = &read(&text, "v2", "")[0].plan;
        assert_eq!((&*plan.app, &*plan.version, &*plan.namespace), ("web", "v2", "shop"), "{text}");
        let keys = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        assert!(keys.count() <= honest.app.len() + 7, "{text}");
    }
}

#[test]
fn values_that_yaml_would_read_as_something_else_are_quoted() {
    for app in ["1.10", "007", "true", "no", "null", "1e3", "A-b_c.d", "0x1f", "2026-11-21"] {
        let text = yaml(&json!({"app": app, "version": "v1"}), "shop/web:1");
        assert_eq!(read(&text, "v1", "")[0].plan.app, app, "{text}");
    }
}
