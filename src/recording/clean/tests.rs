use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Cleaner, DIGEST, text};
use crate::gate::model::{Object, Source, TemplateParts};
use crate::recording::line::Entry;
use crate::recording::mapping;
use crate::recording::reader::Reader;

/// Stands in every place in which a secret can be.
const MARK: &str = "zq7marker";

fn cleaned(value: &Value) -> Value {
    Cleaner::default().object(&RawValue::from_string(value.to_string()).unwrap())
}

fn handler() -> Value {
    json!({
        "exec": {"command": ["sh", "-c", format!("curl -u {MARK}")]},
        "httpGet": {
            "path": format!("/health?token={MARK}#{MARK}"), "port": 8080, "scheme": "HTTP",
            "httpHeaders": [{"name": "Authorization", "value": MARK}, {"name": MARK, "value": "x"}],
        },
    })
}

fn container(name: &str) -> Value {
    let probe = || {
        let mut probe = handler();
        probe["periodSeconds"] = 5.into();
        probe
    };
    json!({
        "name": name, "image": "shop/app:v1", "command": ["/app", MARK], "args": ["--password", MARK],
        "env": [
            {"name": "PLAIN", "value": MARK},
            {"name": "REFERRED", "valueFrom": {"secretKeyRef": {"name": "kept-secret-name", "key": "kept-key"}}},
        ],
        "envFrom": [{"secretRef": {"name": "kept-source"}}],
        "livenessProbe": probe(), "readinessProbe": probe(), "startupProbe": probe(),
        "lifecycle": {"postStart": handler(), "preStop": handler()},
        "volumeMounts": [{"name": "v", "mountPath": "/data"}],
        "securityContext": {"runAsUser": 1000, "windowsOptions": {"gmsaCredentialSpec": MARK}},
        "somethingNew": {"of": {"tomorrow": MARK}},
    })
}

fn annotations() -> Value {
    json!({
        "kubectl.kubernetes.io/last-applied-configuration": MARK, "vault.hashicorp.com/agent-inject-template": MARK,
        "checksum/config": MARK, "kubernetes.io/change-cause": format!("kubectl set env TOKEN={MARK}"), MARK: "x",
        "deployment.kubernetes.io/revision": "7",
    })
}

fn pod_spec() -> Value {
    let volume = |name: &str, source: Value| json!({"name": name, "source-of-it": {}, name: source});
    json!({
        "nodeName": "node1", "restartPolicy": "Always",
        "containers": [container("app")], "initContainers": [container("init")], "ephemeralContainers": [container("debug")],
        "volumes": [
            volume("csi", json!({"driver": "kept.csi.driver", "readOnly": true, "volumeAttributes": {"key": MARK}, "nodePublishSecretRef": {"name": MARK}})),
            volume("flexVolume", json!({"driver": "kept/flex", "options": {"password": MARK}})),
            volume("iscsi", json!({"targetPortal": "1.2.3.4", "iqn": MARK, "initiatorName": MARK})),
            volume("azureFile", json!({"shareName": MARK})),
            volume("cephfs", json!({"user": MARK, "monitors": [MARK]})),
            volume("nfs", json!({"server": MARK, "path": MARK})),
            volume("ephemeral", json!({"volumeClaimTemplate": {"metadata": {"annotations": annotations()}}})),
            volume("secret", json!({"secretName": "kept-volume-secret", "items": [{"key": MARK, "path": MARK}]})),
            volume("projected", json!({"sources": [{"secret": {"name": "kept-projected", "items": [{"key": MARK}]}}, {"other": {"x": MARK}}]})),
        ],
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": [MARK]}],
        "dnsConfig": {"searches": [MARK]},
    })
}

fn metadata() -> Value {
    json!({
        "name": "thing", "namespace": "shop", "uid": "1-2", "generation": 3, "resourceVersion": "9",
        "labels": {"app": "thing"}, "annotations": annotations(), "creationTimestamp": "2026-11-21T03:00:00Z",
        "managedFields": [{"manager": MARK, "fieldsV1": {MARK: {}}}],
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "owner", "uid": "3", "controller": true}],
    })
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "thing"}, "annotations": annotations()}, "spec": pod_spec()})
}

fn of_kind(kind: &str, mut more: Value) -> Value {
    more["kind"] = kind.into();
    more["apiVersion"] = "v1".into();
    more["metadata"] = metadata();
    more
}

fn planted() -> Vec<Value> {
    let workload = json!({"replicas": 2, "selector": {"matchLabels": {"app": "thing"}}, "template": template()});
    let mut all: Vec<Value> =
        ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Rollout", "CloneSet", "SomethingNew"]
            .into_iter()
            .map(|kind| of_kind(kind, json!({"spec": workload, "status": {"replicas": 2, "observedGeneration": 3}})))
            .collect();
    all.push(of_kind("Pod", json!({"spec": pod_spec(), "status": {"phase": "Running"}})));
    all.push(of_kind("PodTemplate", json!({"template": template()})));
    all.push(of_kind(
        "CronJob",
        json!({"spec": {"schedule": "@daily", "jobTemplate": {"metadata": metadata(), "spec": workload}}}),
    ));
    all.push(of_kind(
        "Node",
        json!({"spec": {"providerID": "x"}, "status": {"nodeInfo": {"architecture": "amd64", "machineID": MARK}}}),
    ));
    all.push(of_kind("Secret", json!({"data": {"password": MARK}, "stringData": {"password": MARK}})));
    all.push(of_kind("ConfigMap", json!({"data": {"password": MARK}, "binaryData": {"x": MARK}})));
    all.push(of_kind(
        "Canary",
        json!({"spec": {"analysis": {"webhooks": [{"metadata": {"cmd": MARK}, "url": MARK}], "metrics": [{"name": "m", "query": MARK}]}}}),
    ));
    all.push(of_kind(
        "AnalysisRun",
        json!({"spec": {"args": [{"name": "t", "value": MARK}], "metrics": [{"provider": {"web": {"headers": [{"value": MARK}]}}}]}}),
    ));
    all.push(of_kind(
        "Event",
        json!({
            "involvedObject": {"kind": "Pod", "name": "thing", "uid": "1"}, "reason": "Unhealthy", "type": "Warning", "count": 3,
            "message": format!("Liveness probe failed: Get \"http://10.0.0.1:8080/health?token={MARK}\": dial tcp"),
        }),
    ));
    all.push(of_kind(
        "Event",
        json!({"message": format!("Exec lifecycle hook ([/bin/sh -c login {MARK}]) for Container \"app\" in Pod \"p\" failed - error: command '/bin/sh -c login {MARK}' exited with 1")}),
    ));
    all.push(of_kind("Event", json!({"note": format!("command timed out: \"login {MARK}\" timed out after 1s")})));
    all
}

#[test]
fn no_secret_of_any_kind_in_any_place_goes_in() {
    for object in planted() {
        let kept = cleaned(&object).to_string();
        assert!(!kept.contains(MARK), "{kept}");
        for name in [
            "\"name\":\"thing\"",
            "\"uid\":\"1-2\"",
            "\"deployment.kubernetes.io/revision\":\"7\"",
            "\"controller\":true",
        ] {
            assert!(kept.contains(name), "{name}: {kept}");
        }
        let list =
            cleaned(&json!({"kind": "List", "metadata": {"resourceVersion": "5"}, "items": [object]})).to_string();
        assert!(!list.contains(MARK) && list.contains("\"resourceVersion\":\"5\""), "{list}");
        assert!(list.contains(&kept) || list.contains(DIGEST), "{list}");
    }
}

#[test]
fn names_and_references_stay() {
    let kept = cleaned(&of_kind("Pod", json!({"spec": pod_spec()})));
    let container = &kept["spec"]["containers"][0];
    assert_eq!(container["env"][0], json!({"name": "PLAIN", "value": "(masked)"}));
    assert_eq!(container["env"][1]["valueFrom"]["secretKeyRef"]["key"], "kept-key");
    assert_eq!(container["envFrom"][0]["secretRef"]["name"], "kept-source");
    assert_eq!((&container["args"], &container["command"]), (&json!(["(masked)"]), &json!(["(masked)"])));
    assert_eq!(container["livenessProbe"]["httpGet"], json!({"path": "/health", "port": 8080, "scheme": "HTTP"}));
    assert_eq!(container["livenessProbe"]["periodSeconds"], 5);
    assert_eq!(container["securityContext"]["runAsUser"], 1000);
    let text = kept["spec"]["volumes"].to_string();
    for name in ["kept.csi.driver", "kept/flex", "kept-volume-secret", "kept-projected", "\"iscsi\":{}"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[test]
fn templates_that_differ_only_in_what_is_left_out_stay_different() {
    let cleaner = Cleaner::default();
    let digest = |cleaner: &Cleaner, secret: &str, labels: Value| {
        let template = json!({
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "env": [{"name": "A", "value": secret}]}]},
        });
        let object = json!({"spec": {"template": template}}).to_string();
        let kept = cleaner.object(&RawValue::from_string(object).unwrap());
        kept["spec"]["template"]["metadata"]["annotations"][DIGEST].clone()
    };
    let one = digest(&cleaner, "one", json!({"app": "a"}));
    assert!(one.is_string());
    assert_eq!(
        digest(&cleaner, "one", json!({"app": "a", "pod-template-hash": "x"})),
        one,
        "a ReplicaSet's copy is the same"
    );
    assert_ne!(digest(&cleaner, "two", json!({"app": "a"})), one);
    assert_ne!(digest(&Cleaner::default(), "one", json!({"app": "a"})), one, "no other recording has the same digest");
    // What was cleaned before stays as it is.
    let object = |value: &Value| RawValue::from_string(value.to_string()).unwrap();
    let first = cleaner.object(&object(&of_kind("Deployment", json!({"spec": {"template": template()}}))));
    assert_eq!(Cleaner::default().object(&object(&first)), first);
}

#[test]
fn messages_stay_readable() {
    for same in [
        "Back-off restarting failed container app in pod payments-1_shop(1-2)",
        "Readiness probe failed: Get \"http://10.42.0.8:8080/ready\": context deadline exceeded",
        "exec: \"nope\": executable file not found in $PATH",
        "see https://example.com/a/b (or not)",
    ] {
        assert_eq!(text(same), same);
    }
    assert_eq!(text("Get \"https://h:1/p?a=b&c\": EOF, http://x?y"), "Get \"https://h:1/p?***\": EOF, http://x?***");
}

/// What a rule reads of an object, but for what is left out on purpose: commands of probes, and the template's
/// fingerprints, its own and those of its parts.
fn read(source: Source, raw: &RawValue) -> Object {
    let mut object = mapping::object(source, raw).unwrap();
    match &mut object {
        Object::Pod(pod) => {
            for container in &mut Arc::make_mut(pod).containers {
                let probes = &mut container.probes;
                for probe in [&mut probes.readiness, &mut probes.liveness, &mut probes.startup].into_iter().flatten() {
                    if probe.asks.starts_with("the command") {
                        probe.asks.clear();
                    }
                }
            }
        }
        Object::Workload(workload) => {
            let workload = Arc::make_mut(workload);
            workload.template.fingerprint = 0;
            workload.template.promoted_fingerprint = 0;
            workload.template.parts = TemplateParts::default();
        }
        Object::Event(_) | Object::Node(_) => {}
    }
    object
}

#[test]
fn of_every_recorded_object_the_rules_read_the_same_before_and_after() {
    let cleaner = Cleaner::default();
    let mut objects = 0;
    for file in std::fs::read_dir("tests/recordings").unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ndjson") {
            continue;
        }
        let mut reader = Reader::open(Path::new(&path)).unwrap();
        while let Some(line) = reader.next_line().unwrap() {
            let (path_of, body) = match line.entry {
                Entry::List { path, body, .. } => (path, body),
                Entry::Event { path, object, kind } if kind == "ADDED" || kind == "MODIFIED" => (path, object),
                _ => continue,
            };
            let Some((source, _)) = mapping::source_of(&path_of) else { continue };
            let kept = RawValue::from_string(cleaner.object(&body).to_string()).unwrap();
            let items = |raw: &RawValue| -> Vec<Box<RawValue>> {
                mapping::items(raw)
                    .map_or_else(|_| vec![raw.to_owned()], |items| items.into_iter().map(ToOwned::to_owned).collect())
            };
            let (before, after) = (items(&body), items(&kept));
            assert_eq!(before.len(), after.len());
            for (before, after) in before.iter().zip(&after) {
                objects += 1;
                assert_eq!(read(source, before), read(source, after), "{}", path.display());
            }
        }
    }
    assert!(objects > 1000, "{objects}");
}

/// The names under which [`crate::recording::wire`] reads its fields.
fn read_names() -> Vec<String> {
    let mut renamed = None;
    let mut names = Vec::new();
    for line in include_str!("../wire.rs").lines().map(str::trim) {
        if let Some((_, rest)) = line.split_once("rename = \"") {
            renamed = rest.split('"').next().map(str::to_owned);
        } else if let Some((field, _)) = line.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
            let mut words = field.split('_');
            let first = words.next().unwrap_or_default().to_owned();
            let camel = words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..]);
            names.push(renamed.take().unwrap_or(camel));
        }
    }
    names
}

/// Those that hold numbers and truth values, which stay whatever they are called.
const SCALARS: [&str; 31] = [
    "generation",
    "controller",
    "initialDelaySeconds",
    "periodSeconds",
    "timeoutSeconds",
    "failureThreshold",
    "ready",
    "started",
    "restartCount",
    "exitCode",
    "signal",
    "replicas",
    "paused",
    "suspend",
    "completions",
    "parallelism",
    "start",
    "updatedReplicas",
    "availableReplicas",
    "readyReplicas",
    "desiredNumberScheduled",
    "updatedNumberScheduled",
    "numberAvailable",
    "code",
    "port",
    "count",
    "observedGeneration",
    "partition",
    "failed",
    "succeeded",
    "minReadySeconds",
];

/// Kinds of volumes that are read.
const VOLUMES: [&str; 2] = ["persistentVolumeClaim", "ephemeral"];

#[test]
fn every_field_that_is_read_has_a_rule() {
    let names = read_names();
    assert!(names.len() > 80, "{names:?}");
    for name in names {
        let is_annotation = name.contains('/') || name.contains("daemonset.template");
        let kept = if is_annotation { super::is_kept_annotation(&name) } else { super::rule_of(&name).is_some() };
        let in_volume = cleaned(&json!({"volumes": [{"name": "v", &name: {}}]}))["volumes"][0].get(&name).is_some();
        let is_scalar = SCALARS.contains(&name.as_str());
        assert!(
            kept || is_scalar || (VOLUMES.contains(&name.as_str()) && in_volume),
            "{name} is read, and would not be recorded: add it to src/recording/clean/fields.rs"
        );
    }
}
