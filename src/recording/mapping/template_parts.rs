//! A pod template in short, from its JSON: see [`TemplateParts`].
//!
//! Values that may hold secrets are fingerprinted and never kept: those of environment variables, commands, arguments,
//! headers, annotations. Of arguments the names of long flags are kept, which say what changed without its value.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use serde_json::{Map, Value};

use super::value_hash::{POD_SPEC_DIGEST, hash_value};
use crate::gate::model::TemplateParts;

/// The longest value that is shown, in characters. Images with a digest fit.
const LONGEST: usize = 200;
/// Fields at whatever depth whose values are not shown.
const HIDDEN: [&str; 7] = ["command", "args", "exec", "httpHeaders", "value", "data", "content"];
/// What the API server fills in: that it is there is as good as that it is not.
const DEFAULTS: [(&str, &str); 15] = [
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("imagePullPolicy", "IfNotPresent"),
    ("imagePullPolicy", "Always"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("restartPolicy", "Always"),
    ("terminationGracePeriodSeconds", "30"),
    ("failureThreshold", "3"),
    ("successThreshold", "1"),
    ("periodSeconds", "10"),
    ("timeoutSeconds", "1"),
    ("initialDelaySeconds", "0"),
    ("scheme", "HTTP"),
    ("protocol", "TCP"),
];

/// The parts of a template.
pub(super) fn template_parts(template: &Value) -> TemplateParts {
    let mut parts = Parts::default();
    if let Some(spec) = template["spec"].as_object() {
        for (key, value) in spec {
            match (key.as_str(), value) {
                ("initContainers" | "containers", Value::Array(containers)) => {
                    containers.iter().filter_map(Value::as_object).for_each(|container| parts.container(container));
                }
                ("volumes", Value::Array(volumes)) => {
                    volumes.iter().filter_map(Value::as_object).for_each(|volume| parts.volume(volume));
                }
                // It says the same as `serviceAccountName`.
                ("serviceAccount", _) => {}
                _ => parts.value("", key, value),
            }
        }
    }
    let metadata = &template["metadata"];
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "pod-template-hash" | "rollouts-pod-template-hash") {
            parts.add("", format!("label {key}"), value, value.as_str().unwrap_or_default());
        }
    }
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        if key != POD_SPEC_DIGEST {
            parts.add("", format!("annotation {key}"), value, "");
        }
    }
    parts.packed()
}

/// The parts by container and name, each with the fingerprint of its values and what is shown of them.
#[derive(Default)]
struct Parts(BTreeMap<(String, String), (DefaultHasher, String)>);

impl Parts {
    fn add(&mut self, container: &str, name: String, value: &Value, shown: &str) {
        let part = self.0.entry((container.to_owned(), name)).or_default();
        hash_value(value, &|text| text, &mut part.0);
        if part.1.is_empty() {
            part.1 = shown.chars().take(LONGEST).collect();
        }
    }

    fn container(&mut self, container: &Map<String, Value>) {
        let of = container.get("name").and_then(Value::as_str).unwrap_or_default();
        for (key, value) in container {
            match (key.as_str(), value) {
                ("name", _) => {}
                ("command" | "args", Value::Array(words)) => self.words(of, key, words),
                ("env", Value::Array(variables)) => {
                    for variable in variables.iter().filter_map(Value::as_object) {
                        let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
                        let from = variable.get("valueFrom").map(reference).unwrap_or_default();
                        self.add(of, format!("env {name}"), &Value::Object(variable.clone()), &from);
                    }
                }
                ("envFrom", Value::Array(sources)) => {
                    let shown: Vec<String> = sources.iter().map(reference).collect();
                    self.add(of, "envFrom".to_owned(), value, &shown.join(", "));
                }
                ("ports", Value::Array(ports)) => {
                    for port in ports {
                        let number = port["containerPort"].to_string();
                        self.add(of, format!("port {number}"), port, port["name"].as_str().unwrap_or_default());
                    }
                }
                ("volumeMounts", Value::Array(mounts)) => {
                    for mount in mounts {
                        let path = mount["mountPath"].as_str().unwrap_or_default();
                        self.add(of, format!("mount {path}"), mount, mount["name"].as_str().unwrap_or_default());
                    }
                }
                ("resources", Value::Object(resources)) => {
                    resources.iter().for_each(|(key, value)| self.value(of, key, value));
                }
                _ => self.value(of, key, value),
            }
        }
    }

    /// A command or its arguments: as a whole, and each long flag by its name. A value may follow its flag as a word of
    /// its own.
    fn words(&mut self, of: &str, key: &str, words: &[Value]) {
        self.add(of, key.to_owned(), &Value::Array(words.to_vec()), "");
        for (place, word) in words.iter().enumerate() {
            let Some(flag) = word.as_str().and_then(long_flag) else { continue };
            let next = words.get(place + 1).filter(|next| {
                let is_flag = next.as_str().is_some_and(|next| next.starts_with('-'));
                !is_flag && word.as_str() == Some(flag)
            });
            let whole = Value::Array([Some(word), next].into_iter().flatten().cloned().collect());
            self.add(of, format!("{key} {flag}"), &whole, "");
        }
    }

    fn volume(&mut self, volume: &Map<String, Value>) {
        let name = volume.get("name").and_then(Value::as_str).unwrap_or_default();
        let source = volume.iter().find(|(key, _)| *key != "name");
        let shown = source.map_or_else(String::new, |(kind, source)| {
            let named = ["name", "secretName", "claimName"].into_iter().find_map(|key| source[key].as_str());
            named.map_or_else(|| kind.clone(), |named| format!("{kind} {named}"))
        });
        self.add("", format!("volume {name}"), &Value::Object(volume.clone()), &shown);
    }

    /// Whatever else there is, by the path of each value.
    fn value(&mut self, of: &str, path: &str, value: &Value) {
        match value {
            Value::Object(fields) if !is_hidden(path) => {
                fields.iter().for_each(|(key, value)| self.value(of, &format!("{path}.{key}"), value));
            }
            Value::Array(items) if items.is_empty() => {}
            Value::Object(_) | Value::Array(_) => self.add(of, path.to_owned(), value, ""),
            Value::Null => {}
            scalar => {
                let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
                let key = path.rsplit('.').next().unwrap_or_default();
                if !DEFAULTS.contains(&(key, &*text)) {
                    self.add(of, path.to_owned(), scalar, if is_hidden(path) { "" } else { &text });
                }
            }
        }
    }

    fn packed(self) -> TemplateParts {
        let parts = self.0.iter().map(|((container, name), (hasher, shown))| {
            (container.as_str(), name.as_str(), hasher.clone().finish(), shown.as_str())
        });
        TemplateParts::of(parts)
    }
}

fn is_hidden(path: &str) -> bool {
    path.split('.').any(|key| HIDDEN.contains(&key))
}

/// The name of a long flag, without the value that may be part of the word.
fn long_flag(word: &str) -> Option<&str> {
    let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
    let name = flag.strip_prefix("--")?;
    let is_name = !name.is_empty() && name.len() <= 60;
    (is_name && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))).then_some(flag)
}

/// What an environment variable, or all of them, come from: `secretKeyRef db/url`.
fn reference(from: &Value) -> String {
    let Some((kind, reference)) =
        from.as_object().and_then(|fields| fields.iter().find(|(_, value)| value.is_object()))
    else {
        return String::new();
    };
    let parts = ["name", "key", "fieldPath", "resource"].into_iter().filter_map(|key| reference[key].as_str());
    format!("{kind} {}", parts.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::template_parts;

    fn of(template: &serde_json::Value) -> Vec<String> {
        let parts = template_parts(template);
        parts.iter().map(|part| format!("{}|{}|{}", part.container, part.name, part.shown)).collect()
    }

    #[test]
    fn a_template_in_short_has_no_value_that_may_be_a_secret() {
        let template = json!({
            "metadata": {
                "labels": {"version": "v1", "pod-template-hash": "5949"},
                "annotations": {"vault": "hunter2", "crashgate.recording/pod-spec-digest": "1"}
            },
            "spec": {
                "restartPolicy": "Always",
                "terminationGracePeriodSeconds": 5,
                "securityContext": {},
                "volumes": [{"name": "config", "configMap": {"name": "checkout-config"}}, {"name": "tmp", "emptyDir": {}}],
                "containers": [{
                    "name": "app",
                    "image": "shop/web:1",
                    "command": ["/bin/sh", "-c", "hunter2"],
                    "args": ["--port=8080", "--password", "hunter2", "--verbose", "-phunter2", "--==hunter2"],
                    "env": [
                        {"name": "TOKEN", "value": "hunter2"},
                        {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}
                    ],
                    "envFrom": [{"configMapRef": {"name": "a"}}, {"prefix": "B_", "secretRef": {"name": "b"}}],
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    "resources": {"limits": {"memory": "64Mi"}, "requests": {}},
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP",
                        "httpHeaders": [{"name": "Authorization", "value": "hunter2"}]}, "periodSeconds": 2},
                    "livenessProbe": {"exec": {"command": ["test", "hunter2"]}},
                    "lifecycle": {"preStop": {"exec": {"command": ["hunter2"]}}}
                }]
            }
        });
        let expected = [
            "|annotation vault|",
            "|label version|v1",
            "|terminationGracePeriodSeconds|5",
            "|volume config|configMap checkout-config",
            "|volume tmp|emptyDir",
            "app|args|",
            "app|args --password|",
            "app|args --port|",
            "app|args --verbose|",
            "app|command|",
            "app|env TOKEN|",
            "app|env URL|secretKeyRef db/url",
            "app|envFrom|configMapRef a, secretRef b",
            "app|image|shop/web:1",
            "app|lifecycle.preStop.exec|",
            "app|limits.memory|64Mi",
            "app|livenessProbe.exec|",
            "app|mount /etc/app|config",
            "app|port 8080|",
            "app|readinessProbe.httpGet.httpHeaders|",
            "app|readinessProbe.httpGet.path|/ready",
            "app|readinessProbe.httpGet.port|8080",
            "app|readinessProbe.periodSeconds|2",
        ];
        assert_eq!(of(&template), expected);
    }

    #[test]
    fn parts_are_told_apart_by_all_of_their_value() {
        let print = |value: serde_json::Value| {
            let template = json!({"spec": {"containers": [value]}});
            template_parts(&template).iter().map(|part| part.fingerprint.to_owned()).collect::<Vec<_>>()
        };
        let env = |value: &str| json!({"name": "app", "env": [{"name": "A", "value": value}]});
        assert_ne!(print(env("one")), print(env("two")));
        let long = |end: &str| json!({"name": "app", "image": format!("{}{end}", "x".repeat(300))});
        assert_ne!(print(long("a")), print(long("b")));
        let flag = |value: &str| json!({"name": "app", "args": ["--port", value]});
        assert_ne!(print(flag("1"))[1], print(flag("2"))[1], "the value may be the next word");
        // Of several flags of one name every one counts.
        let flags = |value: &str| json!({"name": "app", "args": ["--peer=a", format!("--peer={value}")]});
        assert_ne!(print(flags("b"))[1], print(flags("c"))[1]);
    }

    #[test]
    fn a_template_that_is_too_large_is_not_known_at_all() {
        let variables: Vec<_> = (0..2000).map(|n| json!({"name": format!("VARIABLE_{n}"), "value": "x"})).collect();
        let parts = template_parts(&json!({"spec": {"containers": [{"name": "app", "env": variables}]}}));
        assert!(!parts.are_known() && parts.iter().next().is_none());
    }
}
