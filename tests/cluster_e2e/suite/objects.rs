//! The Kubernetes objects of stories. Their containers need no more than a busybox: `sh`, `sleep`, `mkdir`, `tail`.
//!
//! Probes run commands, so that no story depends on the cluster's network.

use serde_json::{Map, Value, json};

/// The label of everything that the suite makes. What has it in a namespace of the suite may be removed.
pub const PART_OF: (&str, &str) = ("app.kubernetes.io/part-of", "crashgate-e2e");

/// A server that is ready two seconds after its start, and stays so.
pub const SERVES: &str =
    "echo INFO starting; sleep 2 & wait $!; echo ok > /tmp/ready; echo INFO listening; sleep 100000 & wait $!";
/// A server that never becomes ready.
pub const NEVER_READY: &str = "echo INFO starting; sleep 100000 & wait $!";
/// A process that ends two seconds after its start.
pub const CRASHES: &str = "echo INFO starting; sleep 2; echo 'fatal: DATABASE_URL is not set' >&2; exit 1";

/// A container that runs this script. SIGTERM ends it with 0, as long as it is in `wait`.
pub fn container(name: &str, script: &str) -> Value {
    json!({
        "name": name, "image": "{image}", "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", format!("trap 'exit 0' TERM; mkdir -p /tmp; {script}")],
    })
}

/// The container `app` with this script and a readiness probe on what [`SERVES`] writes.
pub fn probed(script: &str) -> Value {
    with(container("app", script), "readinessProbe", probe("test -f /tmp/ready", 1, 3))
}

/// A probe that runs a command of the shell. A loaded node gets five seconds for it.
pub fn probe(command: &str, period: u32, failures: u32) -> Value {
    json!({
        "exec": {"command": ["/bin/sh", "-c", command]},
        "periodSeconds": period, "failureThreshold": failures, "timeoutSeconds": 5,
    })
}

/// The same object with one more field.
pub fn with(mut object: Value, field: &str, value: impl Into<Value>) -> Value {
    object[field] = value.into();
    object
}

/// The specification of a pod with these containers, which ends within two seconds and knows no token.
pub fn pod(containers: impl IntoIterator<Item = Value>) -> Value {
    json!({
        "containers": containers.into_iter().collect::<Vec<_>>(),
        "terminationGracePeriodSeconds": 2, "automountServiceAccountToken": false, "enableServiceLinks": false,
    })
}

/// The labels of an app at a version.
fn labels(app: &str, version: &str) -> Value {
    json!({"app": app, "version": version, PART_OF.0: PART_OF.1})
}

fn object(api_version: &str, kind: &str, name: &str, fields: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": {PART_OF.0: PART_OF.1}},
    });
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
    object
}

fn template(app: &str, version: &str, pod: Value) -> Value {
    with(json!({"metadata": {"labels": labels(app, version)}}), "spec", pod)
}

/// A Deployment that is named after its app.
pub fn deployment(app: &str, version: &str, replicas: u32, pod: Value) -> Value {
    let mut deployment = deployment_of(app, app, version, replicas, pod);
    // One Deployment through all versions of the app: its selector must not know the version.
    deployment["spec"]["selector"] = json!({"matchLabels": {"app": app}});
    deployment
}

/// A Deployment of one version, beside those of others.
pub fn deployment_of(name: &str, app: &str, version: &str, replicas: u32, pod: Value) -> Value {
    object(
        "apps/v1",
        "Deployment",
        name,
        json!({"spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": app, "version": version}},
            "template": template(app, version, pod),
        }}),
    )
}

/// A StatefulSet.
pub fn stateful_set(app: &str, version: &str, replicas: u32, pod: Value) -> Value {
    object(
        "apps/v1",
        "StatefulSet",
        app,
        json!({"spec": {
            "replicas": replicas, "serviceName": app,
            "selector": {"matchLabels": {"app": app}},
            "template": template(app, version, pod),
        }}),
    )
}

/// A DaemonSet.
pub fn daemon_set(app: &str, version: &str, pod: Value) -> Value {
    object(
        "apps/v1",
        "DaemonSet",
        app,
        json!({"spec": {
            "selector": {"matchLabels": {"app": app}},
            "template": template(app, version, pod),
        }}),
    )
}

/// A Job that is tried once.
pub fn job(app: &str, version: &str, pod: Value) -> Value {
    let pod = with(pod, "restartPolicy", "Never");
    object("batch/v1", "Job", app, json!({"spec": {"backoffLimit": 0, "template": template(app, version, pod)}}))
}

/// A ConfigMap.
pub fn config_map(name: &str, data: &Value) -> Value {
    object("v1", "ConfigMap", name, json!({"data": data}))
}

/// A quota on the number of pods.
pub fn pod_quota(name: &str, pods: u32) -> Value {
    object("v1", "ResourceQuota", name, json!({"spec": {"hard": {"pods": pods.to_string()}}}))
}

/// A claim of this storage class.
pub fn claim(name: &str, class: &str) -> Value {
    object(
        "v1",
        "PersistentVolumeClaim",
        name,
        json!({"spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "1Gi"}},
        }}),
    )
}

/// A service account with the right to do this with what a gate reads, or without any right where there are no verbs.
pub fn reader(name: &str, verbs: &[&str]) -> Vec<Value> {
    let account = object("v1", "ServiceAccount", name, json!({}));
    if verbs.is_empty() {
        return vec![account];
    }
    let rule = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let rules = [
        rule("", &["pods", "events", "pods/log"]),
        rule("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"]),
        rule("batch", &["jobs"]),
    ];
    let allowed = object("rbac.authorization.k8s.io/v1", "Role", name, json!({"rules": rules}));
    let binding = object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "{ns}"}],
        }),
    );
    vec![account, allowed, binding]
}

/// A namespace of the suite.
pub fn namespace(name: &str, run: &str, pod_security: &str) -> Value {
    let mut labels = Map::new();
    labels.insert(PART_OF.0.to_owned(), PART_OF.1.into());
    labels.insert("crashgate-e2e/run".to_owned(), run.into());
    labels.insert("pod-security.kubernetes.io/enforce".to_owned(), pod_security.into());
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}
