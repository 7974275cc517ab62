//! A small cluster whose story is written down beforehand: what is there at which second, and when nobody answers.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::drive::Hub;
use crashgate::cluster::signals::{self, Stop};
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::spec::Pin;
use crashgate::serve::{Call, GateView, Gates, Mode, Plans, Registry, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::cluster::stub::{Ask, Reply, Step, Stub, status};

/// The version of the first change; every later one has the next.
const FIRST: usize = 1_000;

/// A change: when, of which collection, the UID of the object, and the object; `None` once it is gone.
#[derive(Clone)]
struct Change {
    at: Duration,
    resource: &'static str,
    uid: String,
    object: Option<Value>,
}

/// A story.
#[derive(Clone, Default)]
pub struct World {
    changes: Vec<Change>,
    /// From when to when nobody answers, and watches are cut.
    away: Vec<(Duration, Duration)>,
    /// From when to when watches are cut once, and nothing else is amiss.
    cuts: Vec<Duration>,
    /// The pods may not be listed in this time.
    forbidden: Vec<(Duration, Duration)>,
}

pub fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

impl World {
    /// What is there from this second on.
    pub fn at(mut self, at: f64, objects: impl IntoIterator<Item = Value>) -> Self {
        for object in objects {
            let resource = match object["kind"].as_str().unwrap() {
                "Pod" => "pods",
                "Deployment" => "deployments",
                "ReplicaSet" => "replicasets",
                "StatefulSet" => "statefulsets",
                "DaemonSet" => "daemonsets",
                "Rollout" => "rollouts",
                other => panic!("{other}"),
            };
            let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
            self.changes.push(Change { at: seconds(at), resource, uid, object: Some(object) });
        }
        self
    }

    /// What is not there any more.
    pub fn gone(mut self, at: f64, resource: &'static str, uid: &str) -> Self {
        self.changes.push(Change { at: seconds(at), resource, uid: uid.to_owned(), object: None });
        self
    }

    pub fn away(mut self, from: f64, to: f64) -> Self {
        self.away.push((seconds(from), seconds(to)));
        self
    }

    pub fn cut(mut self, at: f64) -> Self {
        self.cuts.push(seconds(at));
        self
    }

    pub fn forbidden(mut self, from: f64, to: f64) -> Self {
        self.forbidden.push((seconds(from), seconds(to)));
        self
    }

    /// The server of this story, which begins now.
    pub fn serve(mut self) -> Stub {
        self.changes.sort_by_key(|change| change.at);
        Stub::new(move |ask| {
            if self.away.iter().any(|(from, to)| (*from..*to).contains(&ask.at)) {
                return Some(Reply::Hangup);
            }
            if ask.resource == "pods" && self.forbidden.iter().any(|(from, to)| (*from..*to).contains(&ask.at)) {
                return (ask.verb != "LOG").then(|| status(403, "pods is forbidden"));
            }
            self.answer(ask)
        })
    }

    fn answer(&self, ask: &Ask) -> Option<Reply> {
        let now = self.now(ask);
        match ask.verb {
            "LIST" if self.has(&ask.resource) => {
                let items: Vec<&Value> = now.values().collect();
                let version = (FIRST + self.changes.iter().filter(|change| change.at <= ask.at).count()).to_string();
                let kind = format!("{}List", singular(&ask.resource));
                let list = json!({
                    "kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items
                });
                Some(crate::cluster::stub::json(200, &list.to_string()))
            }
            "WATCH" if self.has(&ask.resource) => Some(Reply::Stream(self.stream(ask))),
            "GET" if self.has(&ask.resource) => {
                let name = ask.path.rsplit('/').next().unwrap();
                let object = now.values().find(|object| object["metadata"]["name"] == name)?;
                Some(crate::cluster::stub::json(200, &object.to_string()))
            }
            "LOG" => Some(Reply::Whole(200, "text/plain", "panic: no database\n".to_owned())),
            _ => None,
        }
    }

    fn has(&self, resource: &str) -> bool {
        self.changes.iter().any(|change| change.resource == resource)
    }

    /// What is there of a collection, by UID.
    fn now(&self, ask: &Ask) -> BTreeMap<&str, Value> {
        let mut there = BTreeMap::new();
        for (place, change) in self.changes.iter().enumerate() {
            if change.at > ask.at || change.resource != ask.resource {
                continue;
            }
            match &change.object {
                Some(object) => there.insert(change.uid.as_str(), versioned(object, place)),
                None => there.remove(change.uid.as_str()),
            };
        }
        there
    }

    /// What a watch tells from its version on, until it is cut.
    fn stream(&self, ask: &Ask) -> Vec<Step> {
        let from: usize = ask
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("resourceVersion="))
            .and_then(|version| version.parse().ok())
            .unwrap_or(FIRST);
        let cuts = self.away.iter().map(|(from, _)| *from).chain(self.cuts.iter().copied());
        let cut = cuts.filter(|cut| *cut > ask.at).min();
        let mut steps = Vec::new();
        let mut now = ask.at;
        let mut wait = |steps: &mut Vec<Step>, until: Duration| {
            if let Some(time) = until.checked_sub(now) {
                steps.push(Step::Wait(u64::try_from(time.as_millis()).unwrap()));
                now = until;
            }
        };
        for (place, change) in self.changes.iter().enumerate() {
            if FIRST + place < from || change.resource != ask.resource {
                continue;
            }
            if cut.is_some_and(|cut| change.at >= cut) {
                break;
            }
            wait(&mut steps, change.at);
            let before = self.changes[..place].iter().rev().find(|other| other.uid == change.uid);
            let (kind, object) = match (&change.object, before.and_then(|before| before.object.as_ref())) {
                (Some(object), Some(_)) => ("MODIFIED", object),
                (Some(object), None) => ("ADDED", object),
                (None, Some(before)) => ("DELETED", before),
                (None, None) => continue,
            };
            let line = json!({"type": kind, "object": versioned(object, place)});
            steps.push(Step::Line(line.to_string()));
        }
        match cut {
            Some(cut) => {
                wait(&mut steps, cut);
                steps.push(Step::Cut);
            }
            None => steps.push(Step::Hang),
        }
        steps
    }
}

fn singular(resource: &str) -> &'static str {
    match resource {
        "pods" => "Pod",
        "deployments" => "Deployment",
        "replicasets" => "ReplicaSet",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        "rollouts" => "Rollout",
        other => panic!("{other}"),
    }
}

/// The object at the change of this place.
fn versioned(object: &Value, place: usize) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = (FIRST + place + 1).to_string().into();
    object
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}})
}

/// A Deployment of `replicas` pods with this image, all of them up to date. Its generation is that of the image.
pub fn deployment(uid: &str, image: &str, replicas: u32) -> Value {
    let generation: i64 = image.rsplit(':').next().unwrap().parse().unwrap();
    json!({
        "kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"name": "web", "namespace": "shop", "uid": uid, "generation": generation},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image)},
        "status": {
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas
        }
    })
}

/// The `ReplicaSet` of that image.
pub fn replica_set(owner: &str, image: &str, replicas: u32) -> Value {
    let number = image.rsplit(':').next().unwrap();
    let hash = hash(image);
    let mut template = template(image);
    template["metadata"]["labels"]["pod-template-hash"] = hash.as_str().into();
    json!({
        "kind": "ReplicaSet", "apiVersion": "apps/v1",
        "metadata": {
            "name": format!("web-{hash}"), "namespace": "shop", "uid": format!("{owner}-{hash}"), "generation": 1,
            "annotations": {"deployment.kubernetes.io/revision": number},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner, "controller": true
            }]
        },
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web", "pod-template-hash": hash}},
            "template": template
        },
        "status": {"observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
    })
}

/// What the Deployment controller calls the template with this image.
pub fn hash(image: &str) -> String {
    format!("hash{}", image.rsplit(':').next().unwrap())
}

/// How a pod is.
#[derive(Clone, Copy)]
pub enum Is {
    Ready,
    NotReady,
    Crashed,
}

/// A pod of that `ReplicaSet`.
pub fn pod(name: &str, owner: &str, image: &str, is: Is) -> Value {
    let hash = hash(image);
    let ready = matches!(is, Is::Ready);
    // What a transition of the condition leaves behind.
    let since = if ready { "2026-11-21T03:00:00Z" } else { "2026-11-21T04:00:00Z" };
    let (restarts, state) = match is {
        Is::Ready | Is::NotReady => (0, json!({"running": {"startedAt": "2026-11-21T03:00:00Z"}})),
        Is::Crashed => (
            1,
            json!({"terminated": {
                "exitCode": 1, "reason": "Error", "containerID": "containerd://0",
                "startedAt": "2026-11-21T03:00:00Z", "finishedAt": "2026-11-21T03:01:00Z"
            }}),
        ),
    };
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("u-{name}"),
            "labels": {"app": "web", "pod-template-hash": hash},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("web-{hash}"),
                "uid": format!("{owner}-{hash}"), "controller": true
            }]
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "image": image}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }, "lastTransitionTime": since}],
            "containerStatuses": [{
                "name": "web", "ready": ready, "restartCount": restarts, "state": state, "lastState": {},
                "image": image, "imageID": "", "containerID": format!("containerd://{name}-{restarts}")
            }]
        }
    })
}

/// All of a revision with one pod, ready.
pub fn revision(uid: &str, image: &str) -> Vec<Value> {
    let pod = pod(&format!("web-{}", hash(image)), uid, image, Is::Ready);
    vec![deployment(uid, image, 1), replica_set(uid, image, 1), pod]
}

/// A service over a story.
pub struct Service {
    pub registry: Registry,
    pub stub: Stub,
    pub start: Instant,
    pub folder: TempDir,
    pub plans: Arc<Plans>,
}

/// The plan `p` of most tests: a proof every 5 s, 30 s to become healthy, and 10 s to stay so.
pub const PLAN: &str = "delay: 5s\nwaitPeriod: 30s\nstableFor: 10s\n";

impl Service {
    pub fn new(world: World) -> Self {
        Self::with(world, PLAN, Settings::default(), signals::never())
    }

    pub fn with(world: World, plan: &str, settings: Settings, stop: Stop) -> Self {
        let start = Instant::now();
        let stub = world.serve();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("p.yaml"), plan).unwrap();
        let plans = Arc::new(Plans::open(folder.path().to_owned(), |_| None).unwrap());
        let hub = Arc::new(Hub::new(stub.connection()));
        let registry = Registry::new(hub, Arc::clone(&plans), settings, stop).unwrap();
        Self { registry, stub, start, folder, plans }
    }

    pub fn call(&self, call: &Call) -> watch::Receiver<GateView> {
        self.registry.call(call.clone()).unwrap()
    }

    /// How the gate of this call stands.
    pub fn now(&self, call: &Call) -> GateView {
        self.call(call).borrow().clone()
    }

    /// How it stands at this second.
    pub async fn at(&self, at: f64, call: &Call) -> GateView {
        self.until(at).await;
        self.now(call)
    }

    pub async fn until(&self, at: f64) {
        sleep_until(self.start + seconds(at)).await;
    }

    /// Every view that differs from the one before in what `told` says of it, up to this second.
    pub async fn story(&self, until: f64, call: &Call) -> Vec<String> {
        let mut receiver = self.call(call);
        let mut story: Vec<String> = Vec::new();
        let end = self.start + seconds(until);
        loop {
            let said = words(&receiver.borrow_and_update());
            if story.last().is_none_or(|last| last.split_once(' ').unwrap().1 != said) {
                story.push(format!("{} {said}", self.start.elapsed().as_secs()));
            }
            tokio::select! {
                biased;
                changed = receiver.changed() => changed.unwrap(),
                () = sleep_until(end) => return story,
            }
        }
    }
}

/// A view in a word or two.
pub fn words(view: &GateView) -> String {
    let verdict = view.verdict.map_or("pending", |verdict| verdict.name());
    let current = if view.is_current { " current" } else { "" };
    format!("{verdict}{current}")
}

pub fn why(view: &GateView) -> String {
    view.why.line().to_string()
}

/// A call of the plan `p` for `deployment/web` in `shop`.
pub fn call() -> Call {
    Call {
        plan: "p".to_owned(),
        namespace: "shop".to_owned(),
        workload: Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() }),
        revision: None,
        run: None,
        mode: Mode::Standing,
    }
}
