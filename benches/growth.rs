//! How the cost of one fact grows with the number of pods: changes, not repeats, at 100, 1,000 and 10,000 pods.
//!
//! `cargo bench --bench growth` prints a table: microseconds of one fact, and how many times the cost at 100 pods it is.
//! The median of small batches is shown, so that a busy machine does not spoil it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends where it is surprised")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use crashgate::gate::model::{ClusterEvent, Object, Pod, Role, Source, Workload, WorkloadKind};
use crashgate::gate::spec::{Grace, Plan};
use crashgate::gate::{Fact, Gate};

use objects::{Bend, container, deployment, pod, replica_set};

#[expect(dead_code, reason = "the objects of the tests' stories; not all are needed here")]
#[path = "../tests/scenario/objects.rs"]
mod objects;

const SIZES: [u32; 3] = [100, 1_000, 10_000];
/// Facts of one batch.
const BATCH: usize = 20;
/// How long one cell of the table is measured.
const BUDGET: Duration = Duration::from_millis(1_500);

/// A cluster of one Deployment, and the gate that watches it.
struct Cluster {
    gate: Gate,
    web: Workload,
    pods: Vec<Pod>,
    turn: usize,
}

impl Cluster {
    /// A Deployment of so many pods, each bent as the scenario wants it at the beginning.
    fn new(size: u32, bend: impl Fn(usize, Pod) -> Pod) -> Self {
        let mut plan = Plan::new("web", "v2", "shop");
        plan.wait_period = Duration::from_hours(100);
        plan.stable_for = Duration::from_hours(50);
        plan.grace.insert(Grace::ImagePull, Duration::from_hours(90));
        let web = deployment("web", "v2", size);
        let set = replica_set(&web);
        let pods: Vec<Pod> = (0..size as usize).map(|number| bend(number, healthy(&set, number))).collect();
        let mut gate = Gate::new(plan);
        let mut list = |source, objects| gate.observe(Duration::ZERO, Fact::Listed { source, objects });
        for kind in WorkloadKind::ALL {
            let objects = [&web, &set].into_iter().filter(|workload| workload.kind == kind).cloned();
            list(Source::Workloads(kind), objects.map(|object| Object::Workload(object.into())).collect());
        }
        list(Source::Events, Vec::new());
        list(Source::Pods, pods.iter().cloned().map(|object| Object::Pod(object.into())).collect());
        Self { gate, web, pods, turn: 0 }
    }

    /// The median time of one fact, in microseconds. That the facts come to be is not the gate's work.
    fn time(mut self, fact: impl Fn(&mut Self) -> Fact) -> f64 {
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < BUDGET || times.len() < 5 {
            let facts: Vec<Fact> = (0..BATCH)
                .map(|_| {
                    self.turn += 1;
                    fact(&mut self)
                })
                .collect();
            let began = Instant::now();
            for fact in facts {
                self.gate.observe(Duration::from_millis(1), fact);
                black_box(self.gate.take_events());
            }
            times.push(began.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(BATCH).unwrap()));
        }
        assert_eq!(self.gate.outcome(), None, "the gate is to be measured, not to decide");
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    /// The pod whose turn it is. A stride spreads the turns over all of them.
    fn next(&mut self) -> &mut Pod {
        let place = self.turn * 7919 % self.pods.len();
        &mut self.pods[place]
    }
}

fn healthy(set: &Workload, number: usize) -> Pod {
    let mut pod = pod(set, &format!("web-{number:05}"));
    pod.uid = format!("5f1c3c56-0000-4000-8000-{number:012}");
    pod.node = Some(format!("node-{}", number / 50));
    pod.containers.push(container("proxy", Role::Sidecar));
    pod
}

fn seen(pod: &Pod) -> Fact {
    Fact::Seen(Box::new(Object::Pod(pod.clone().into())))
}

fn image_trouble(pod: Pod, reason: &str) -> Pod {
    let message = "Back-off pulling image \"registry.example:5000/shop/web:v2\": ErrImagePull: not found";
    pod.waiting("app", reason, message)
}

fn said(pod: &Pod, turn: usize, reason: &str, message: &str) -> Fact {
    Fact::Seen(Box::new(Object::Event(
        ClusterEvent {
            uid: format!("event-of-{}", pod.uid),
            object_kind: "Pod".to_owned(),
            object_name: pod.name.clone(),
            object_uid: pod.uid.clone(),
            container: Some("app".to_owned()),
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count: u32::try_from(turn).unwrap(),
            last_seen: None,
        }
        .into(),
    )))
}

/// A pod becomes ready, or not ready again; one never is, so that the rollout is never over.
fn rolling_out(size: u32) -> f64 {
    let cluster = Cluster::new(size, |number, pod| if number % 2 == 0 { pod.unready() } else { pod });
    cluster.time(|cluster| {
        let stamp = format!("2026-11-21T03:00:00.{:06}Z", cluster.turn);
        let pod = cluster.next();
        let was_ready = pod.is_ready();
        *pod = if was_ready || pod.name == "web-00000" {
            pod.clone().unready()
        } else {
            let mut again = pod.clone().ready_since(&stamp);
            for status in again.containers.iter_mut().filter_map(|container| container.status.as_mut()) {
                status.ready = true;
            }
            again
        };
        pod.message = Some(stamp);
        seen(pod)
    })
}

/// Everything is well, and a pod changes in a way that breaks nothing.
fn all_well(size: u32) -> f64 {
    Cluster::new(size, |_, pod| pod).time(|cluster| {
        let turn = cluster.turn;
        let pod = cluster.next();
        pod.message = Some(turn.to_string());
        seen(pod)
    })
}

/// Everything is well, and a pod was not ready for a moment: the stability window starts again.
fn window_restarts(size: u32) -> f64 {
    Cluster::new(size, |_, pod| pod).time(|cluster| {
        let stamp = format!("2026-11-21T03:00:00.{:06}Z", cluster.turn);
        let pod = cluster.next();
        *pod = pod.clone().ready_since(&stamp);
        seen(pod)
    })
}

/// Everything is well, and a probe fails now and then.
fn events(size: u32) -> f64 {
    Cluster::new(size, |_, pod| pod).time(|cluster| {
        let turn = cluster.turn;
        let pod = cluster.next();
        said(pod, turn, "Unhealthy", "Readiness probe failed: 503")
    })
}

/// The image is nowhere to be had: each pod goes from one try to the next.
fn no_image(size: u32) -> f64 {
    let cluster = Cluster::new(size, |_, pod| image_trouble(pod, "ErrImagePull"));
    cluster.time(|cluster| {
        let turn = cluster.turn;
        let pod = cluster.next();
        let reason = if turn % 2 == 0 { "ErrImagePull" } else { "ImagePullBackOff" };
        *pod = image_trouble(pod.clone(), reason);
        pod.message = Some(turn.to_string());
        seen(pod)
    })
}

/// The Deployment counts its pods while it rolls out.
fn owner(size: u32) -> f64 {
    let cluster = Cluster::new(size, |number, pod| if number % 2 == 0 { pod.unready() } else { pod });
    cluster.time(|cluster| {
        cluster.web.updated = Some(u32::try_from(cluster.turn).unwrap() % size);
        Fact::Seen(Box::new(Object::Workload(cluster.web.clone().into())))
    })
}

/// The CPU time that was spent so far, for what takes so long that others are served in between (Linux; elsewhere the
/// time since the epoch).
fn spent() -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| std::time::UNIX_EPOCH.elapsed().unwrap(), Duration::from_nanos)
}

/// One LIST of so many pods, of each of which an event has told before; in milliseconds of CPU time.
fn first_list(size: u32) -> f64 {
    // So many lists that the clock of the CPU time sees them.
    let lists = 10_000 / size;
    let took: Duration = (0..lists)
        .map(|_| {
            let Cluster { mut gate, .. } = Cluster::new(0, |_, pod| pod);
            let web = deployment("web", "v2", size);
            let set = replica_set(&web);
            for workload in [web, set.clone()] {
                gate.observe(Duration::ZERO, Fact::Seen(Box::new(Object::Workload(workload.into()))));
            }
            let pods: Vec<Pod> = (0..size as usize).map(|number| healthy(&set, number).creating()).collect();
            for pod in &pods {
                let message = "MountVolume.SetUp failed for volume \"a\" : x";
                gate.observe(Duration::ZERO, said(pod, 1, "FailedMount", message));
            }
            let objects = pods.into_iter().map(|object| Object::Pod(object.into())).collect();
            let began = spent();
            gate.observe(Duration::ZERO, Fact::Listed { source: Source::Pods, objects });
            let events = black_box(gate.take_events());
            let took = spent().saturating_sub(began);
            assert!(gate.outcome().is_none() && events.len() > size as usize, "each pod is told of");
            took
        })
        .sum();
    took.as_secs_f64() * 1e3 / f64::from(lists)
}

/// Measures one cell of the table: the cost with so many pods.
type Scenario = fn(u32) -> f64;

fn main() {
    let scenarios: [(&str, Scenario); 7] = [
        ("rolling out, µs a fact", rolling_out),
        ("all well, µs a fact", all_well),
        ("all well, window restarts, µs", window_restarts),
        ("all well, events, µs a fact", events),
        ("no image for any pod, µs a fact", no_image),
        ("status of the Deployment, µs", owner),
        ("LIST, an event a pod, ms", first_list),
    ];
    println!("{:<34}{:>12}{:>12}{:>12}{:>16}", "pods", SIZES[0], SIZES[1], SIZES[2], "10,000 ÷ 100");
    for (name, scenario) in scenarios {
        let [few, more, many] = SIZES.map(scenario);
        println!("{name:<34}{few:>12.2}{more:>12.2}{many:>12.2}{:>16.1}", many / few);
    }
}
