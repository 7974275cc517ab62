//! A synthetic cluster: many pods that change all the time, served as the API serves them, page by page and as a watch.
//! It knows what a feed must tell of each change. Tests use it in memory, the benchmark on loopback.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::sync::watch;

/// What a feed must tell: the pod's name, and the name of the event.
pub type Expected = (String, &'static str);

#[derive(Debug, Clone, Copy)]
struct Pod {
    running: bool,
    ready: bool,
    version: u64,
}

struct Inner {
    version: u64,
    /// Watches from before this version have expired.
    oldest: u64,
    next: u64,
    seed: u64,
    /// By serial number, which is the order of names too.
    pods: BTreeMap<u64, Pod>,
    log: VecDeque<(u64, Bytes)>,
    /// What paged lists show, by their version.
    snapshots: BTreeMap<u64, BTreeMap<u64, Pod>>,
    lists: usize,
    watches: usize,
}

/// The cluster.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Mutex<Inner>>,
    /// How many lines a watch gets before it breaks.
    cut_after: usize,
    /// The newest version, and how often all watches were broken.
    told: Arc<watch::Sender<(u64, u64)>>,
}

impl Fleet {
    /// So many pods, all of them Running and Ready.
    pub fn new(pods: u64, cut_after: usize) -> Self {
        let inner = Inner {
            version: pods + 1000,
            oldest: 0,
            next: pods,
            seed: 1,
            pods: (0..pods).map(|serial| (serial, Pod { running: true, ready: true, version: serial + 1 })).collect(),
            log: VecDeque::new(),
            snapshots: BTreeMap::new(),
            lists: 0,
            watches: 0,
        };
        let told = watch::Sender::new((inner.version, 0));
        Self { inner: Arc::new(Mutex::new(inner)), cut_after, told: Arc::new(told) }
    }

    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Lists and watches that were begun.
    pub fn requests(&self) -> (usize, usize) {
        let inner = self.inner.lock().unwrap();
        (inner.lists, inner.watches)
    }

    /// One change of one pod: it starts, loses or regains its readiness, goes, or a new one comes.
    pub fn change(&self) -> Expected {
        let mut inner = self.inner.lock().unwrap();
        // A generator of numbers that need not be good: Knuth's constants.
        inner.seed = inner.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = inner.seed >> 33;
        if draw.is_multiple_of(10) {
            let serial = inner.next;
            inner.next += 1;
            return self.put(&mut inner, serial, Pod { running: false, ready: false, version: 0 }, "created");
        }
        let at = usize::try_from(draw).unwrap() % inner.pods.len();
        let (serial, pod) = inner.pods.iter().nth(at).map(|(serial, pod)| (*serial, *pod)).unwrap();
        match (draw % 10, pod) {
            (1, _) => self.remove(&mut inner, serial),
            (_, Pod { running: false, .. }) => self.put(&mut inner, serial, Pod { running: true, ..pod }, "phase"),
            (_, Pod { ready: false, .. }) => self.put(&mut inner, serial, Pod { ready: true, ..pod }, "ready"),
            _ => self.put(&mut inner, serial, Pod { ready: false, ..pod }, "not-ready"),
        }
    }

    /// Deletes the oldest pods and creates as many.
    fn replace(&self, count: u64) -> Vec<Expected> {
        let mut inner = self.inner.lock().unwrap();
        let mut expected = Vec::new();
        for _ in 0..count {
            let oldest = *inner.pods.keys().next().unwrap();
            expected.push(self.remove(&mut inner, oldest));
            let serial = inner.next;
            inner.next += 1;
            expected.push(self.put(&mut inner, serial, Pod { running: false, ready: false, version: 0 }, "created"));
        }
        expected
    }

    /// As [`Self::replace`], in a gap that only a list can show: all watches break, and none can go on where it was.
    pub fn replace_unseen(&self, count: u64) -> Vec<Expected> {
        let expected = self.replace(count);
        let mut inner = self.inner.lock().unwrap();
        inner.version += 1;
        inner.oldest = inner.version;
        inner.log.clear();
        self.told.send_modify(|(version, breaks)| (*version, *breaks) = (inner.version, *breaks + 1));
        expected
    }

    fn put(&self, inner: &mut Inner, serial: u64, pod: Pod, event: &'static str) -> Expected {
        inner.version += 1;
        let pod = Pod { version: inner.version, ..pod };
        let kind = if inner.pods.insert(serial, pod).is_none() { "ADDED" } else { "MODIFIED" };
        self.log(inner, kind, serial, pod);
        (name(serial), event)
    }

    fn remove(&self, inner: &mut Inner, serial: u64) -> Expected {
        inner.version += 1;
        if let Some(pod) = inner.pods.remove(&serial) {
            let pod = Pod { version: inner.version, ..pod };
            self.log(inner, "DELETED", serial, pod);
        }
        (name(serial), "deleted")
    }

    fn log(&self, inner: &mut Inner, kind: &str, serial: u64, pod: Pod) {
        let line = format!("{{\"type\":\"{kind}\",\"object\":{}}}\n", json(serial, pod));
        let version = inner.version;
        inner.log.push_back((version, line.into()));
        self.told.send_modify(|(told, _)| *told = version);
    }

    fn list(&self, query: &str) -> String {
        let parameter = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            found.map(str::to_owned)
        };
        let limit = parameter("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
        let mut inner = self.inner.lock().unwrap();
        // The token is the version and the serial number to go on from.
        let token = parameter("continue").map(|token| {
            let (version, serial) = token.split_once('-').unwrap();
            (version.parse::<u64>().unwrap(), serial.parse::<u64>().unwrap())
        });
        let (version, from) = token.unwrap_or_else(|| {
            let (version, pods) = (inner.version, inner.pods.clone());
            inner.snapshots.clear();
            inner.snapshots.insert(version, pods);
            inner.lists += 1;
            (version, 0)
        });
        let mut rest = inner.snapshots[&version].range(from..);
        let items: Vec<String> = rest.by_ref().take(limit).map(|(serial, pod)| json(*serial, *pod)).collect();
        let next = rest.next().map_or_else(String::new, |(serial, _)| format!("{version}-{serial}"));
        format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{version}","continue":"{next}"}},"items":[{}]}}"#,
            items.join(",")
        )
    }

    fn watch(&self, query: &str) -> Body {
        let version = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
        let from: u64 = version.unwrap().parse().unwrap();
        self.inner.lock().unwrap().watches += 1;
        let told = self.told.subscribe();
        let breaks = told.borrow().1;
        let state = Following { fleet: self.clone(), told, breaks, from, left: self.cut_after, is_over: false };
        Body::from_stream(futures::stream::unfold(state, |mut state| async move {
            let item = state.next().await?;
            Some((item, state))
        }))
    }
}

struct Following {
    fleet: Fleet,
    told: watch::Receiver<(u64, u64)>,
    breaks: u64,
    from: u64,
    left: usize,
    is_over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        loop {
            if self.is_over {
                return None;
            }
            let (_, breaks) = *self.told.borrow_and_update();
            if self.left == 0 || breaks != self.breaks {
                self.is_over = true;
                return Some(Err(std::io::ErrorKind::UnexpectedEof.into()));
            }
            let lines = {
                let inner = self.fleet.inner.lock().unwrap();
                if self.from < inner.oldest {
                    self.is_over = true;
                    let gone = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}"#;
                    return Some(Ok(format!("{gone}\n").into()));
                }
                let first = inner.log.partition_point(|(version, _)| *version <= self.from);
                let lines: Vec<(u64, Bytes)> = inner.log.iter().skip(first).take(self.left).cloned().collect();
                lines
            };
            if let Some((version, _)) = lines.last() {
                self.from = *version;
                self.left -= lines.len();
                let bytes: Vec<u8> = lines.iter().flat_map(|(_, line)| line.iter().copied()).collect();
                return Some(Ok(bytes.into()));
            }
            if self.told.changed().await.is_err() {
                return None;
            }
        }
    }
}

async fn answer(State(fleet): State<Fleet>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let body = match request.uri().path() {
        "/version" => Body::from(r#"{"gitVersion":"v1.35.6"}"#),
        "/api/v1/pods" if query.contains("watch=true") => fleet.watch(query),
        "/api/v1/pods" => Body::from(fleet.list(query)),
        other => panic!("nobody asks for {other}"),
    };
    Response::builder().header("content-type", "application/json").body(body).unwrap()
}

pub fn name(serial: u64) -> String {
    format!("web-5949ff565-{serial:08}")
}

/// A pod of some six kilobytes as a real server tells it, `managedFields` and all.
fn json(serial: u64, pod: Pod) -> String {
    let (name, version) = (name(serial), pod.version);
    let namespace = format!("team-{}", serial % 40);
    let phase = if pod.running { "Running" } else { "Pending" };
    let ready = if pod.ready { "True" } else { "False" };
    let node = format!("node-{}", serial % 300);
    let state = if pod.running {
        r#"{"running":{"startedAt":"2026-11-21T03:10:13Z"}}"#
    } else {
        r#"{"waiting":{"reason":"ContainerCreating"}}"#
    };
    format!(
        concat!(
            r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","generateName":"web-5949ff565-","namespace":"{namespace}","uid":"uid-{serial:032}","#,
            r#""resourceVersion":"{version}","creationTimestamp":"2026-11-21T03:10:12Z","labels":{{"app":"web","pod-template-hash":"5949ff565","tier":"front","version":"v1"}},"#,
            r#""ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5949ff565","uid":"rs","controller":true,"blockOwnerDeletion":true}}],"managedFields":[{managed}]}},"#,
            r#""spec":{{"nodeName":"{node}","restartPolicy":"Always","containers":[{{"name":"app","image":"registry.example/team/web:1.2.3","resources":{{"limits":{{"cpu":"1","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"#,
            r#""readinessProbe":{{"httpGet":{{"path":"/ready","port":8080,"scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},"#,
            r#""livenessProbe":{{"httpGet":{{"path":"/live","port":8080,"scheme":"HTTP"}},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}}}}]}},"#,
            r#""status":{{"phase":"{phase}","conditions":[{{"type":"PodReadyToStartContainers","status":"True"}},{{"type":"Initialized","status":"True","lastTransitionTime":"2026-11-21T03:10:12Z"}},"#,
            r#"{{"type":"Ready","status":"{ready}","lastTransitionTime":"2026-11-21T03:10:12Z"}},{{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-11-21T03:10:12Z"}}],"#,
            r#""containerStatuses":[{{"name":"app","state":{state},"lastState":{{}},"ready":{is_ready},"restartCount":0,"image":"registry.example/team/web:1.2.3","imageID":"registry.example/team/web@sha256:0","containerID":"containerd://{serial:064}","started":true}}]}}}}"#,
        ),
        name = name,
        namespace = namespace,
        serial = serial,
        version = version,
        managed = MANAGED,
        node = node,
        phase = phase,
        ready = ready,
        is_ready = pod.ready,
        state = state,
    )
}

/// Two managers with the fields of a usual pod, which nobody needs and everybody is sent.
const MANAGED: &str = concat!(
    r#"{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-11-21T03:10:12Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{},"f:tier":{},"f:version":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"rs\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:readinessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}},"#,
    r#"{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-11-21T03:10:13Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"PodReadyToStartContainers\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"10.42.0.1\"}":{".":{},"f:ip":{}}},"f:startTime":{}}},"subresource":"status"}"#
);

/// So often a change comes.
pub const EVERY: Duration = Duration::from_millis(5);
