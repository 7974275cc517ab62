//! `crashgate serve` with a thousand standing gates over fifty namespaces and four thousand pods, in real time over loopback.
//!
//! `cargo bench --bench serve` asks twenty times a second for ten minutes and prints how long the answers took, how much memory
//! the process held (Linux only), how many watches it had open and what it asked of the API server. `cargo bench --bench
//! serve -- 10 100 60` does it with ten namespaces and a hundred gates for sixty seconds.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends where it is surprised")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crashgate::sandbox::{Begin, Options, Sandbox};
use serde_json::{Value, json};

/// So many pods has each workload.
const REPLICAS: usize = 4;
/// Calls a second.
const RATE: u32 = 20;
/// The figures of the design.
const MOST_MEMORY_MIB: u64 = 300;
const MOST_WATCHES: usize = 300;
const SLOWEST: Duration = Duration::from_millis(50);

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (namespaces, gates, seconds) = match numbers[..] {
        [namespaces, gates, seconds] => (namespaces, gates, seconds),
        _ => (50, 1_000, 600),
    };
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("many.ndjson");
    std::fs::write(&recording, cluster(namespaces, gates / namespaces)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = Sandbox::load(&recording).unwrap();
    let running = runtime.block_on(sandbox.serve(Options { begin: Begin::Now, ..Options::default() })).unwrap();
    let config = folder.path().join("kubeconfig");
    std::fs::write(&config, running.kubeconfig_yaml()).unwrap();
    std::fs::create_dir(folder.path().join("plans")).unwrap();
    std::fs::write(folder.path().join("plans/default.yaml"), "waitPeriod: 2m\nstableFor: 30s\n").unwrap();

    let address = free_address();
    let child = Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(["serve", "--listen", &address, "--plans"])
        .arg(folder.path().join("plans"))
        .arg("--kubeconfig")
        .arg(&config)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let child = Ended(child);
    let began = Instant::now();
    while ask(&address, "GET", "/readyz", None).is_none_or(|(status, _)| status != 200) {
        assert!(began.elapsed() < Duration::from_secs(20), "it is never ready");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("ready after {:?}; {} MiB", began.elapsed(), child.memory_mib());

    let bodies: Vec<Value> = (0..gates)
        .map(|gate| json!({"plan": "default", "namespace": format!("ns{}", gate % namespaces), "workload": format!("deployment/app{}", gate / namespaces)}))
        .collect();
    let asked = Instant::now();
    for body in &bodies {
        let (status, _) = ask(&address, "POST", "/v1/gates", Some(body)).unwrap();
        assert_eq!(status, 200);
    }
    println!(
        "{gates} gates begun in {:?}; {} MiB, {} requests",
        asked.elapsed(),
        child.memory_mib(),
        running.request_count()
    );

    let (mut latencies, mut verdicts) = (Vec::new(), BTreeMap::<String, usize>::new());
    let (calls, mut peak) = (u32::try_from(seconds).unwrap() * RATE, 0);
    let start = Instant::now();
    let before = running.request_count();
    for call in 0..calls {
        let due = start + Duration::from_secs(1) / RATE * call;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let body = &bodies[(call as usize).wrapping_mul(7_919) % bodies.len()];
        let sent = Instant::now();
        let (status, answer) = ask(&address, "POST", "/v1/gates", Some(body)).unwrap();
        latencies.push(sent.elapsed());
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        *verdicts.entry(answer["verdict"].as_str().unwrap().to_owned()).or_default() += 1;
        if call % (RATE * 10) == 0 {
            peak = peak.max(child.memory_mib());
        }
        if call % (RATE * 60) == 0 {
            println!(
                "  {:>4} s: {} MiB, {} requests, {verdicts:?}",
                start.elapsed().as_secs(),
                child.memory_mib(),
                running.request_count()
            );
            verdicts.clear();
        }
    }
    latencies.sort();
    let at = |share: usize| latencies[(latencies.len() * share / 1000).min(latencies.len() - 1)];
    let requests = running.requests();
    let watches: BTreeSet<(&str, &str)> = requests
        .iter()
        .filter(|request| request.query.contains("watch=true"))
        .map(|request| (request.path.as_str(), selector(&request.query)))
        .collect();
    println!(
        "answers: median {:?}, p99 {:?} (promised {SLOWEST:?}), slowest {:?}",
        at(500),
        at(990),
        latencies.last().unwrap()
    );
    println!("memory: {peak} MiB (promised {MOST_MEMORY_MIB})");
    println!("watches, each counted once: {} (promised {MOST_WATCHES})", watches.len());
    let made = running.request_count() - before;
    println!(
        "requests to the API server after the start: {made}, {:.2} a second",
        f64::from(u32::try_from(made).unwrap()) / start.elapsed().as_secs_f64()
    );
    println!("the last calls: {verdicts:?}");
}

/// The value of `labelSelector`.
fn selector(query: &str) -> &str {
    query.split('&').find_map(|pair| pair.strip_prefix("labelSelector=")).unwrap_or_default()
}

/// The service, which ends with the benchmark.
struct Ended(Child);

impl Ended {
    /// What the process holds now.
    fn memory_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// One call on a connection of its own. `None` where nobody answers.
fn ask(address: &str, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// The recording of a cluster where all is well.
fn cluster(namespaces: usize, workloads: usize) -> String {
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut version = 1_000_u64;
    let mut meta = |name: &str, namespace: &str, labels: &Value, owner: Option<(&str, &str)>| {
        version += 1;
        let owners = owner.map(|(kind, name)| {
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("{namespace}-{kind}-{name}"), "controller": true}])
        });
        json!({"name": name, "namespace": namespace, "resourceVersion": version.to_string(), "generation": 1, "labels": labels,
            "creationTimestamp": "2026-11-22T09:00:00Z", "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": owners.unwrap_or(json!([]))})
    };
    for (namespace, workload) in
        (0..namespaces).flat_map(|namespace| (0..workloads).map(move |workload| (namespace, workload)))
    {
        let (namespace, app) = (format!("ns{namespace}"), format!("app{workload}"));
        let labels = json!({"app": app, "version": "v1"});
        let hashed = json!({"app": app, "version": "v1", "pod-template-hash": "abc123"});
        let container = json!({"name": "app", "image": format!("registry.example/{app}:v1")});
        let template = |labels: &Value| json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
        let counts = json!({"observedGeneration": 1, "replicas": REPLICAS, "updatedReplicas": REPLICAS, "readyReplicas": REPLICAS, "availableReplicas": REPLICAS});
        let set = format!("{app}-abc123");
        let with_uid = |kind: &str, name: &str, mut meta: Value| {
            meta["uid"] = json!(format!("{namespace}-{kind}-{name}"));
            meta
        };
        lists.entry("/apis/apps/v1/deployments").or_default().push(json!({
            "metadata": with_uid("Deployment", &app, meta(&app, &namespace, &labels, None)),
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": app}}, "template": template(&labels)}, "status": counts}));
        lists.entry("/apis/apps/v1/replicasets").or_default().push(json!({
            "metadata": with_uid("ReplicaSet", &set, meta(&set, &namespace, &hashed, Some(("Deployment", &app)))),
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": app}}, "template": template(&hashed)}, "status": counts}));
        for pod in 0..REPLICAS {
            let name = format!("{set}-{pod}");
            let condition =
                |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": "2026-11-22T09:00:05Z"});
            lists.entry("/api/v1/pods").or_default().push(json!({
                "metadata": with_uid("Pod", &name, meta(&name, &namespace, &hashed, Some(("ReplicaSet", &set)))),
                "spec": {"containers": [container], "nodeName": "node1", "restartPolicy": "Always"},
                "status": {"phase": "Running", "conditions": [condition("PodScheduled"), condition("Ready"), condition("ContainersReady")],
                    "containerStatuses": [{"name": "app", "image": format!("registry.example/{app}:v1"), "imageID": "sha256:1",
                        "containerID": format!("containerd://{namespace}-{name}"), "ready": true, "started": true, "restartCount": 0,
                        "state": {"running": {"startedAt": "2026-11-22T09:00:03Z"}}, "lastState": {}}]}}));
        }
    }
    let empty = ["/api/v1/events", "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets", "/apis/batch/v1/jobs"];
    for path in empty {
        lists.entry(path).or_default();
    }
    let mut text = json!({"crashgateRecording": 1, "startedAt": "2026-11-22T10:00:00Z", "serverVersion": "v1.35.6", "namespace": "",
        "title": "many", "description": "A large cluster where all is well."})
    .to_string();
    text.push('\n');
    for (path, items) in lists {
        let kind = match path.rsplit('/').next().unwrap() {
            "pods" => "PodList",
            "events" => "EventList",
            "deployments" => "DeploymentList",
            "replicasets" => "ReplicaSetList",
            "statefulsets" => "StatefulSetList",
            "daemonsets" => "DaemonSetList",
            _ => "JobList",
        };
        let api = path.trim_start_matches("/apis/").trim_start_matches("/api/").rsplit_once('/').unwrap().0;
        let body = json!({"kind": kind, "apiVersion": api, "metadata": {"resourceVersion": "100000"}, "items": items});
        writeln!(text, "{}", json!({"t": 1, "list": {"path": path, "body": body}})).unwrap();
    }
    text
}
