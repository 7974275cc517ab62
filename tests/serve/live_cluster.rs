//! A cluster in memory, in the time of the test: an API server with LIST, GET and WATCH, a Deployment controller and a
//! kubelet. Tests deploy and scale, as a canary controller would, while gates look on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use crashgate::cluster::api::{Connection, Target};
use http::Request;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};

/// What becomes of the pods of a version.
#[derive(Debug, Clone, Copy)]
pub enum Life {
    /// Ready after so long, and for ever.
    Ready(Duration),
    /// Ready after the first time, and it exits with 1 so long after that, again and again.
    Crashes(Duration, Duration),
    /// No node takes it.
    Unschedulable,
}

/// An object of the API by its collection (`apps/v1/deployments`), its namespace and its name.
type Key = (String, String, String);

#[derive(Default)]
struct State {
    version: u64,
    objects: BTreeMap<Key, Value>,
    /// Changes by their versions, for watches that begin later.
    history: Vec<(u64, Key, Value)>,
    lives: BTreeMap<String, Life>,
    down: bool,
    created: u64,
    /// Application and version of every container that crashed.
    crashed: BTreeSet<(String, String)>,
    /// Since when all pods of an application and version are ready, and the longest time for which they were.
    ready: BTreeMap<(String, String), (Option<Instant>, Duration)>,
}

/// The cluster. Cheap to clone.
#[derive(Clone)]
pub struct LiveCluster {
    state: Arc<Mutex<State>>,
    changed: broadcast::Sender<()>,
}

/// The API server is not there.
#[derive(Debug, thiserror::Error)]
#[error("connection refused")]
struct Away;

impl LiveCluster {
    /// An empty one.
    pub fn new() -> Self {
        Self { state: Arc::default(), changed: broadcast::channel(16).0 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A connection without sockets.
    pub fn connection(&self) -> Arc<Connection> {
        let cluster = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let cluster = cluster.clone();
            async move { cluster.answer(request.uri()) }
        });
        let client = kube::Client::new(service, "default");
        let target = Target { server: "https://live.example".to_owned(), ..Target::default() };
        Arc::new(Connection::with_client(client, target, Duration::from_secs(10), "default"))
    }

    /// Lets the API server go away, and come back.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
        let _ = self.changed.send(());
    }

    /// Says what becomes of the pods of a version.
    pub fn life(&self, version: &str, life: Life) {
        self.lock().lives.insert(version.to_owned(), life);
    }

    /// Applies a Deployment: its pods carry `app` and `version`. Where the version is another one than before, the pods of
    /// the old one go.
    pub fn deploy(&self, namespace: &str, name: &str, version: &str, replicas: u32) {
        let key = key("apps/v1/deployments", namespace, name);
        let old = self.lock().objects.get(&key).cloned();
        let number = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        let (generation, revision) = old.as_ref().map_or((1, 1), |old| {
            let is_new = old.pointer("/spec/template/metadata/labels/version") != Some(&json!(version));
            (number(old, "/metadata/generation") + 1, revision_of(old) + u64::from(is_new))
        });
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "generation": generation,
                "annotations": {"deployment.kubernetes.io/revision": revision.to_string()}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template(name, version)},
            "status": {"observedGeneration": generation},
        });
        self.put(key, deployment);
        self.control(namespace, name);
    }

    /// Scales a Deployment as it is.
    pub fn scale(&self, namespace: &str, name: &str, replicas: u32) {
        let deployment = self.lock().objects[&key("apps/v1/deployments", namespace, name)].clone();
        let version = deployment["spec"]["template"]["metadata"]["labels"]["version"].as_str().unwrap().to_owned();
        self.deploy(namespace, name, &version, replicas);
    }

    /// True where all pods that a Deployment wants are ready.
    pub fn is_ready(&self, namespace: &str, name: &str) -> bool {
        let state = self.lock();
        let deployment = &state.objects[&key("apps/v1/deployments", namespace, name)];
        let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        number("/status/readyReplicas") >= number("/spec/replicas")
    }

    /// True where a container of this version has crashed.
    pub fn has_crashed(&self, name: &str, version: &str) -> bool {
        self.lock().crashed.contains(&(name.to_owned(), version.to_owned()))
    }

    /// True where all pods of this version were ready together for so long, at some time.
    pub fn was_ready_for(&self, name: &str, version: &str, time: Duration) -> bool {
        let state = self.lock();
        state.ready.get(&(name.to_owned(), version.to_owned())).is_some_and(|(since, longest)| {
            longest.max(&since.map_or(Duration::ZERO, |since| since.elapsed())) >= &time
        })
    }

    /// Lets a pod of a Deployment lose its readiness, or have it again.
    pub fn set_ready(&self, namespace: &str, name: &str, ready: bool) {
        let pods: Vec<(Key, Value)> = self.pods_of(namespace, name);
        let (pod, object) = pods.into_iter().next().unwrap();
        self.put(pod, with_readiness(&object, ready));
        self.count(namespace, name);
    }

    fn pods_of(&self, namespace: &str, name: &str) -> Vec<(Key, Value)> {
        let state = self.lock();
        let is_of = |key: &Key, pod: &Value| {
            key.0 == "v1/pods" && key.1 == namespace && pod["metadata"]["labels"]["app"] == name
        };
        state.objects.iter().filter(|(key, pod)| is_of(key, pod)).map(|(key, pod)| (key.clone(), pod.clone())).collect()
    }

    /// What the Deployment controller does: the newest `ReplicaSet` gets all the pods, the others none.
    fn control(&self, namespace: &str, name: &str) {
        let deployment = self.lock().objects[&key("apps/v1/deployments", namespace, name)].clone();
        let version = deployment["spec"]["template"]["metadata"]["labels"]["version"].as_str().unwrap().to_owned();
        let hash = hash_of(&version);
        let replicas = deployment["spec"]["replicas"].as_u64().unwrap();
        let set_name = format!("{name}-{hash}");
        let set_key = key("apps/v1/replicasets", namespace, &set_name);
        let mut template = template(name, &version);
        template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
        let set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": set_name, "namespace": namespace, "generation": 1,
                "labels": template["metadata"]["labels"],
                "annotations": {"deployment.kubernetes.io/revision": revision_of(&deployment).to_string()},
                "ownerReferences": [owner("Deployment", name, &deployment)]},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name, "pod-template-hash": hash}}, "template": template},
            "status": {"observedGeneration": 1, "replicas": replicas},
        });
        self.put(set_key.clone(), set);
        let set = self.lock().objects[&set_key].clone();
        let (own, others): (Vec<_>, Vec<_>) = self
            .pods_of(namespace, name)
            .into_iter()
            .partition(|(_, pod)| pod["metadata"]["labels"]["pod-template-hash"] == *hash);
        for (pod, _) in others.into_iter().chain(own.iter().skip(usize::try_from(replicas).unwrap()).cloned()) {
            self.delete(&pod);
        }
        for _ in own.len()..usize::try_from(replicas).unwrap() {
            self.start_pod(namespace, name, &version, &set);
        }
        self.count(namespace, name);
    }

    /// Writes into the status of a Deployment how many of its pods are ready.
    fn count(&self, namespace: &str, name: &str) {
        let key = key("apps/v1/deployments", namespace, name);
        let Some(mut deployment) = self.lock().objects.get(&key).cloned() else { return };
        let hash = hash_of(deployment["spec"]["template"]["metadata"]["labels"]["version"].as_str().unwrap());
        let pods = self.pods_of(namespace, name);
        let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
        let updated = pods.iter().filter(|(_, pod)| pod["metadata"]["labels"]["pod-template-hash"] == *hash).count();
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap();
        let version = deployment["spec"]["template"]["metadata"]["labels"]["version"].as_str().unwrap().to_owned();
        let all_ready = wanted > 0 && updated == pods.len() && ready as u64 >= wanted;
        {
            let mut state = self.lock();
            for ((app, other), (since, longest)) in &mut state.ready {
                if app == name
                    && *other != version
                    && let Some(began) = since.take()
                {
                    *longest = (*longest).max(began.elapsed());
                }
            }
            let (since, longest) = state.ready.entry((name.to_owned(), version)).or_default();
            if let Some(began) = since.take_if(|_| !all_ready) {
                *longest = (*longest).max(began.elapsed());
            } else if all_ready {
                since.get_or_insert_with(Instant::now);
            }
        }
        let generation = deployment["metadata"]["generation"].clone();
        deployment["status"] = json!({
            "observedGeneration": generation, "replicas": pods.len(), "updatedReplicas": updated,
            "readyReplicas": ready, "availableReplicas": ready,
        });
        self.put(key, deployment);
        let set_key = self::key("apps/v1/replicasets", namespace, &format!("{name}-{hash}"));
        let Some(mut set) = self.lock().objects.get(&set_key).cloned() else { return };
        let own = |(_, pod): &&(Key, Value)| pod["metadata"]["labels"]["pod-template-hash"] == *hash;
        let own_ready = pods.iter().filter(own).filter(|(_, pod)| is_ready(pod)).count();
        set["status"] = json!({"observedGeneration": 1, "replicas": updated, "fullyLabeledReplicas": updated,
            "readyReplicas": own_ready, "availableReplicas": own_ready});
        self.put(set_key, set);
    }

    fn start_pod(&self, namespace: &str, name: &str, version: &str, set: &Value) {
        let (number, life) = {
            let mut state = self.lock();
            state.created += 1;
            (state.created, *state.lives.get(version).unwrap_or(&Life::Ready(Duration::from_secs(3))))
        };
        let set_name = set["metadata"]["name"].as_str().unwrap();
        let pod_name = format!("{set_name}-{number:05}");
        let unschedulable = matches!(life, Life::Unschedulable);
        let scheduled = if unschedulable {
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0/3 nodes are available: 3 Insufficient cpu.", "lastTransitionTime": stamp()})
        } else {
            json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp()})
        };
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod_name, "namespace": namespace, "creationTimestamp": stamp(),
                "labels": set["spec"]["template"]["metadata"]["labels"],
                "ownerReferences": [owner("ReplicaSet", set_name, set)]},
            "spec": {"containers": set["spec"]["template"]["spec"]["containers"], "restartPolicy": "Always"},
            "status": {"phase": "Pending", "conditions": [scheduled],
                "containerStatuses": [{"name": "app", "image": format!("registry.example/{name}:{version}"), "imageID": "",
                    "ready": false, "started": false, "restartCount": 0,
                    "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {}}]},
        });
        if unschedulable {
            pod["status"].as_object_mut().unwrap().remove("containerStatuses");
        } else {
            pod["spec"]["nodeName"] = json!("node1");
        }
        let pod_key = key("v1/pods", namespace, &pod_name);
        self.put(pod_key.clone(), pod);
        let (cluster, namespace, name) = (self.clone(), namespace.to_owned(), name.to_owned());
        tokio::spawn(async move { cluster.live(pod_key, life, &namespace, &name).await });
    }

    /// What the kubelet tells of a pod, until it is deleted.
    async fn live(&self, pod: Key, life: Life, namespace: &str, name: &str) {
        let (ready_after, lives_for) = match life {
            Life::Unschedulable => return,
            Life::Ready(after) => (after, None),
            Life::Crashes(after, lives_for) => (after, Some(lives_for)),
        };
        for restarts in 0_u64.. {
            sleep(if restarts == 0 { ready_after } else { Duration::from_secs(10 << restarts.min(5)) }).await;
            let Some(object) = self.lock().objects.get(&pod).cloned() else { return };
            let mut object = with_readiness(&object, true);
            let last = &object["status"]["containerStatuses"][0]["state"]["terminated"].clone();
            let status = &mut object["status"]["containerStatuses"][0];
            status["restartCount"] = json!(restarts);
            status["containerID"] = json!(format!("containerd://{}-{restarts}", pod.2));
            status["lastState"] = if last.is_null() { json!({}) } else { json!({"terminated": last}) };
            status["state"] = json!({"running": {"startedAt": stamp()}});
            object["status"]["phase"] = json!("Running");
            self.put(pod.clone(), object);
            self.count(namespace, name);
            let Some(lives_for) = lives_for else { return };
            sleep(lives_for).await;
            let Some(object) = self.lock().objects.get(&pod).cloned() else { return };
            let version = object["metadata"]["labels"]["version"].as_str().unwrap().to_owned();
            self.lock().crashed.insert((name.to_owned(), version));
            let mut object = with_readiness(&object, false);
            let status = &mut object["status"]["containerStatuses"][0];
            let id = status["containerID"].clone();
            status["state"] = json!({"terminated": {"exitCode": 1, "reason": "Error", "containerID": id,
                "startedAt": stamp(), "finishedAt": stamp()}});
            self.put(pod.clone(), object);
            self.count(namespace, name);
        }
    }

    /// Writes an object, with the next version.
    pub fn put(&self, key: Key, mut object: Value) {
        let mut state = self.lock();
        state.version += 1;
        let version = state.version;
        let old = state.objects.get(&key);
        let uid = old.map_or_else(|| json!(format!("uid-{version}")), |old| old["metadata"]["uid"].clone());
        let kind = if old.is_some() { "MODIFIED" } else { "ADDED" };
        object["metadata"]["uid"] = uid;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        state.history.push((version, key.clone(), json!({"type": kind, "object": object})));
        state.objects.insert(key, object);
        drop(state);
        let _ = self.changed.send(());
    }

    /// Deletes an object.
    pub fn delete(&self, key: &Key) {
        let mut state = self.lock();
        let Some(mut object) = state.objects.remove(key) else { return };
        state.version += 1;
        let version = state.version;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        state.history.push((version, key.clone(), json!({"type": "DELETED", "object": object})));
        drop(state);
        let _ = self.changed.send(());
    }

    fn answer(&self, uri: &http::Uri) -> Result<Response, Away> {
        let state = self.lock();
        if state.down {
            return Err(Away);
        }
        let path = uri.path();
        if path == "/version" {
            return Ok(whole(200, &json!({"gitVersion": "v1.35.6"})));
        }
        let path = path.trim_start_matches("/apis/").trim_start_matches("/api/");
        let parts: Vec<&str> = path.split('/').collect();
        let Some(place) = parts.iter().position(|part| *part == "namespaces") else { return Ok(missing(path)) };
        let query: BTreeMap<String, String> = uri.query().map_or_else(BTreeMap::new, |query| {
            serde_json::from_value(Value::Object(
                query
                    .split('&')
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(key, value)| (key.to_owned(), json!(decoded(value))))
                    .collect(),
            ))
            .unwrap()
        });
        let rest: Vec<&str> = parts[place + 1..].to_vec();
        let [namespace, resource, name @ ..] = rest.as_slice() else { return Ok(missing(path)) };
        let collection = format!("{}/{resource}", parts[..place].join("/"));
        if !SERVED.contains(&collection.as_str()) {
            return Ok(missing(path));
        }
        match name {
            [name] => Ok(match state.objects.get(&key(&collection, namespace, name)) {
                Some(object) => whole(200, object),
                None => missing(path),
            }),
            [_, "log"] => Ok(Response::builder().status(200).body(Body::from("DATABASE_URL is not set\n")).unwrap()),
            [] if query.get("watch").is_some_and(|watch| watch == "true") => {
                let from = query.get("resourceVersion").and_then(|from| from.parse().ok()).unwrap_or(state.version);
                drop(state);
                Ok(self.watch(collection, (*namespace).to_owned(), query.get("labelSelector").cloned(), from))
            }
            [] => {
                let selector = query.get("labelSelector");
                let takes = |key: &Key, object: &Value| {
                    key.0 == collection
                        && key.1 == *namespace
                        && selector.is_none_or(|selector| selects(selector, object))
                };
                let items: Vec<&Value> =
                    state.objects.iter().filter(|(key, object)| takes(key, object)).map(|(_, object)| object).collect();
                let kind = format!("{}List", kind_of(resource));
                Ok(whole(
                    200,
                    &json!({"kind": kind, "apiVersion": "v1",
                    "metadata": {"resourceVersion": state.version.to_string()}, "items": items}),
                ))
            }
            _ => Ok(missing(path)),
        }
    }

    fn watch(&self, collection: String, namespace: String, selector: Option<String>, from: u64) -> Response {
        let cluster = self.clone();
        let changed = self.changed.subscribe();
        let stream = futures::stream::unfold((from, changed), move |(mut from, mut changed)| {
            let (cluster, collection, namespace, selector) =
                (cluster.clone(), collection.clone(), namespace.clone(), selector.clone());
            async move {
                loop {
                    let lines = {
                        let state = cluster.lock();
                        if state.down {
                            return Some((
                                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
                                (from, changed),
                            ));
                        }
                        let is_news = |(version, key, change): &&(u64, Key, Value)| {
                            *version > from
                                && key.0 == collection
                                && key.1 == namespace
                                && selector.as_ref().is_none_or(|selector| selects(selector, &change["object"]))
                        };
                        let news = state.history.iter().filter(is_news).map(|(_, _, change)| change.to_string() + "\n");
                        let lines: String = news.collect();
                        from = state.version;
                        lines
                    };
                    if !lines.is_empty() {
                        return Some((Ok(Bytes::from(lines)), (from, changed)));
                    }
                    // Whoever was too slow to hear of each change looks at all of them.
                    let _ = changed.recv().await;
                }
            }
        });
        Response::builder()
            .status(200)
            .header("content-type", "application/json")
            .body(Body::from_stream(stream))
            .unwrap()
    }
}

/// The collections that are there.
const SERVED: [&str; 7] = [
    "v1/pods",
    "v1/events",
    "apps/v1/deployments",
    "apps/v1/replicasets",
    "apps/v1/statefulsets",
    "apps/v1/daemonsets",
    "batch/v1/jobs",
];

/// The key of an object.
pub fn key(collection: &str, namespace: &str, name: &str) -> Key {
    (collection.to_owned(), namespace.to_owned(), name.to_owned())
}

/// The template hash of a version.
pub fn hash_of(version: &str) -> String {
    format!("hash{}", version.replace('.', ""))
}

fn kind_of(resource: &str) -> &'static str {
    match resource {
        "pods" => "Pod",
        "events" => "Event",
        "deployments" => "Deployment",
        "replicasets" => "ReplicaSet",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        _ => "Job",
    }
}

fn template(name: &str, version: &str) -> Value {
    json!({"metadata": {"labels": {"app": name, "version": version}},
        "spec": {"containers": [{"name": "app", "image": format!("registry.example/{name}:{version}")}]}})
}

fn owner(kind: &str, name: &str, object: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": object["metadata"]["uid"], "controller": true})
}

fn revision_of(deployment: &Value) -> u64 {
    let annotation = &deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
    annotation.as_str().and_then(|revision| revision.parse().ok()).unwrap_or(1)
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["containerStatuses"][0]["ready"] == json!(true)
}

fn with_readiness(pod: &Value, ready: bool) -> Value {
    let mut pod = pod.clone();
    pod["status"]["containerStatuses"][0]["ready"] = json!(ready);
    pod["status"]["containerStatuses"][0]["started"] = json!(true);
    let status = if ready { "True" } else { "False" };
    pod["status"]["conditions"] = json!([
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp()},
        {"type": "Ready", "status": status, "lastTransitionTime": stamp()},
        {"type": "ContainersReady", "status": status, "lastTransitionTime": stamp()},
    ]);
    pod
}

/// A time as the API server writes it. Which one it is decides nothing.
fn stamp() -> Value {
    json!("2026-11-22T10:00:00Z")
}

fn selects(selector: &str, object: &Value) -> bool {
    selector.split(',').all(|pair| {
        pair.split_once('=')
            .is_some_and(|(key, value)| object["metadata"]["labels"][key] == json!(value.trim_start_matches('=')))
    })
}

fn decoded(text: &str) -> String {
    text.replace("%3D", "=").replace("%2C", ",").replace("%2F", "/")
}

fn whole(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn missing(path: &str) -> Response {
    let name = path.rsplit('/').next().unwrap_or_default();
    whole(
        404,
        &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": format!("{name} not found")}),
    )
}
