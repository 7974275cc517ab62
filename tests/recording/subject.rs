//! What a recording says that it is about, and which gates contradict it.

use std::collections::BTreeSet;
use std::path::Path;

use crashgate::gate::spec::{Pin, Plan};
use crashgate::manifest::Key;
use crashgate::recording::reader::Reader;
use crashgate::recording::subject::Subject;

use super::replay::rows;

pub fn subject(name: &str) -> Subject {
    let path = Path::new("tests/recordings").join(format!("{name}.ndjson"));
    Subject::read(&mut Reader::open(&path).unwrap()).unwrap()
}

/// A recording of these lines, in namespace `shop`.
fn of(lines: &[serde_json::Value]) -> Subject {
    let header = r#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:00:00Z","namespace":"shop"}"#;
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let text = format!("{header}\n{}", lines.join("\n"));
    Subject::read(&mut Reader::new(Path::new("made.ndjson"), text.as_bytes()).unwrap()).unwrap()
}

/// A line in which a Deployment is seen, with these labels and this image on its template.
fn deployment(at: u64, name: &str, labels: &serde_json::Value, image: &str) -> serde_json::Value {
    serde_json::json!({"t": at, "event": {
        "path": "/apis/apps/v1/namespaces/shop/deployments", "type": "ADDED", "object": {
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": "2026-11-21T02:00:00Z"},
            "spec": {"replicas": 1, "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}},
    }}})
}

fn flags(subject: &Subject) -> Vec<String> {
    let choices = subject.choices(None, None);
    choices
        .iter()
        .map(|choice| {
            let flags = choice.flags.iter().map(|(key, text)| format!("{} {text}", key.flag().unwrap()));
            flags.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn every_recording_names_the_gate_of_its_newest_row() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.recording.as_str()).collect();
    for name in names {
        let of_it = || rows.iter().filter(|row| row.recording == name);
        let choices = subject(name).choices(None, None);
        if name == "nothing-matches" {
            assert!(choices.is_empty(), "an empty namespace is about nothing: {choices:?}");
            continue;
        }
        let [choice] = &choices[..] else { panic!("{name}: {choices:#?}") };
        let newest = of_it().map(|row| row.plan.version.as_str()).max().unwrap();
        assert_eq!(
            (choice.app.as_str(), choice.version.as_deref()),
            (&*of_it().next().unwrap().plan.app, Some(newest)),
            "{name}"
        );
        assert_eq!(choice.namespace, of_it().next().unwrap().plan.namespace, "{name}");
        assert_eq!(choice.flags.len(), 3, "{name} needs no more than app, version and namespace: {:?}", choice.flags);
    }
}

#[test]
fn no_row_of_the_table_contradicts_its_recording() {
    for row in rows() {
        assert_eq!(subject(&row.recording).contradicts(&row.plan), None, "{}", row.recording);
    }
}

#[test]
fn a_gate_of_another_app_version_or_namespace_contradicts_the_recording_and_both_are_named() {
    let subject = subject("crash-loop");
    for (app, version, namespace, sentence) in [
        ("web", "v1", "rec-crash-loop", "the gate is about app web, and the recording about payments"),
        ("payments", "v2", "rec-crash-loop", "the gate is about payments in version v2, and the recording about v1"),
        ("payments", "v1", "shop", "the gate is about namespace shop, and the recording about rec-crash-loop"),
        ("web", "v2", "shop", "the gate is about namespace shop, and the recording about rec-crash-loop"),
    ] {
        assert_eq!(subject.contradicts(&Plan::new(app, version, namespace)).as_deref(), Some(sentence));
    }
    let pinned = |name: &str, version: &str| {
        let kind = crashgate::gate::model::WorkloadKind::Deployment;
        let pin = Some(Pin { kind, name: name.to_owned() });
        subject.contradicts(&Plan { workload: pin, ..Plan::new("payments", version, "rec-crash-loop") })
    };
    assert_eq!(pinned("payments", "v1"), None);
    assert_eq!(
        pinned("web", "v1").as_deref(),
        Some("the gate is about workload deployment/web, and the recording about deployment/payments")
    );
    assert_eq!(
        pinned("payments", "v2").as_deref(),
        Some("the gate is about deployment/payments in version v2, and the recording about v1")
    );
}

#[test]
fn a_selector_of_its_own_and_an_empty_recording_contradict_nothing() {
    let other = Plan { selector: "tier=web".parse().unwrap(), ..Plan::new("web", "v2", "rec-crash-loop") };
    assert_eq!(subject("crash-loop").contradicts(&other), None);
    assert_eq!(subject("nothing-matches").contradicts(&Plan::new("web", "v2", "rec-nothing-matches")), None);
}

#[test]
fn each_version_that_a_recording_shows_can_be_gated() {
    let stuck = subject("rolling-update-stuck");
    for version in ["v1", "v2"] {
        assert_eq!(stuck.contradicts(&Plan::new("payments", version, "rec-rolling-update-stuck")), None);
    }
    assert_eq!(
        stuck.contradicts(&Plan::new("payments", "v3", "rec-rolling-update-stuck")).as_deref(),
        Some("the gate is about payments in version v3, and the recording about v1, v2")
    );
}

#[test]
fn labels_of_other_keys_and_a_pin_are_named_where_they_are_needed() {
    let recommended = serde_json::json!({"app.kubernetes.io/name": "web", "app.kubernetes.io/version": "2.1"});
    assert_eq!(
        flags(&of(&[deployment(1, "web", &recommended, "shop/web:2.1")])),
        [
            "--app web --version 2.1 --namespace shop --labels app=app.kubernetes.io/name --labels version=app.kubernetes.io/version"
        ]
    );
    let plain = serde_json::json!({"app": "web"});
    assert_eq!(
        flags(&of(&[deployment(1, "web", &plain, "shop/web:2.1")])),
        ["--app web --version 2.1 --namespace shop --workload deployment/web"]
    );
    let untold = of(&[deployment(1, "web", &plain, "shop/web")]).choices(None, None);
    assert_eq!((untold[0].version.as_deref(), untold[0].flags.len()), (None, 0), "no tag tells a version");
    assert_eq!(untold[0].pin.as_ref().unwrap().to_string(), "deployment/web");
}

#[test]
fn several_apps_are_several_choices_and_an_app_or_a_namespace_narrows_them() {
    let labels = |app: &str| serde_json::json!({"app": app, "version": "v1"});
    let both =
        of(&[deployment(1, "web", &labels("web"), "web:1"), deployment(2, "worker", &labels("worker"), "worker:1")]);
    assert_eq!(flags(&both), ["--app web --version v1 --namespace shop", "--app worker --version v1 --namespace shop"]);
    assert_eq!(both.choices(Some("worker"), None).len(), 1);
    assert_eq!(both.choices(Some("worker"), Some("elsewhere")), []);
}

#[test]
fn what_a_run_was_recorded_for_comes_before_what_its_traffic_shows() {
    let labels = serde_json::json!({"app": "web", "version": "v1"});
    let gate = |version: &str, selector: &str| {
        serde_json::json!({"t": 9, "gate": {"verdict": "nothing-matched", "gates": [
            {"app": "web", "version": version, "namespace": "shop", "selector": selector}]}})
    };
    let web = deployment(1, "web", &labels, "web:1");
    let asked = of(&[web.clone(), gate("v9", "app=web,version=v9")]);
    assert_eq!(flags(&asked), ["--app web --version v9 --namespace shop"]);
    assert_eq!(asked.contradicts(&Plan::new("web", "v9", "shop")), None, "the run found nothing, and so may this one");
    assert!(asked.contradicts(&Plan::new("web", "v8", "shop")).is_some());
    let own = of(&[web.clone(), gate("v9", "tier=web")]);
    assert_eq!(flags(&own), ["--app web --version v9 --namespace shop --selector tier=web"]);
    let masked = of(&[web, gate("***", "app=web,version=***")]);
    assert_eq!(flags(&masked), ["--app web --version v1 --namespace shop"], "what is masked cannot be asked again");
    assert_eq!(Key::App.flag(), Some("--app"));
}
