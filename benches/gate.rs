//! How fast the gate takes in observations, and how fast whole recordings are replayed.
//!
//! `cargo bench` prints the times. The memory that a million repeats add is printed beside them (Linux only).

#![expect(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark ends where it is surprised")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crashgate::gate::model::{Object, Pod};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Gate};
use crashgate::recording::line::Entry;
use crashgate::recording::reader::Reader;
use crashgate::recording::{mapping, replay};
use criterion::{Criterion, criterion_group, criterion_main};

const MILLION: usize = 1_000_000;

/// A gate that has listed what the recording lists, and every state of its pods in order.
fn observed(name: &str) -> (Gate, Vec<Pod>) {
    let mut reader = Reader::open(&recording(name)).unwrap();
    let mut plan = Plan::new("search", "v1", &reader.header().namespace);
    plan.wait_period = Duration::from_hours(10);
    plan.max_restarts = u32::MAX;
    let mut gate = Gate::new(plan);
    let mut pods = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        let fact = match &line.entry {
            Entry::List { path, body, .. } => {
                mapping::source_of(path).map(|(source, _)| mapping::list(source, body).unwrap())
            }
            Entry::Event { path, kind, object } => {
                mapping::source_of(path).and_then(|(source, _)| mapping::event(source, kind, object).unwrap())
            }
            _ => None,
        };
        let Some(fact) = fact else { continue };
        if let Fact::Seen(object) = &fact
            && let Object::Pod(pod) = &**object
        {
            pods.push(pod.as_ref().clone());
        }
        gate.observe(Duration::ZERO, fact);
    }
    (gate, pods)
}

fn recording(name: &str) -> PathBuf {
    PathBuf::from(format!("tests/recordings/{name}.ndjson"))
}

/// A million observations of these pods in turn, and how long the gate took for them. That the facts come to be is not
/// its work, and not counted.
fn observe_million(gate: &mut Gate, pods: &[Pod]) -> Duration {
    const AT_ONCE: usize = 1000;
    let mut took = Duration::ZERO;
    for turn in (0..MILLION).step_by(AT_ONCE) {
        let fact = |at: usize| Fact::Seen(Box::new(Object::Pod(pods[at % pods.len()].clone().into())));
        let facts: Vec<Fact> = (turn..turn + AT_ONCE).map(fact).collect();
        let began = Instant::now();
        for fact in facts {
            gate.observe(Duration::from_millis(1), fact);
        }
        black_box(gate.take_events());
        took += began.elapsed();
    }
    took
}

/// The time of so many millions, each for a gate of its own.
fn millions(count: u64, pods: &[Pod]) -> Duration {
    (0..count).map(|_| observe_million(&mut observed("scaled-up").0, pods)).sum()
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
}

fn observations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a million pod observations");
    group.sample_size(10).measurement_time(Duration::from_secs(20));

    let (_, pods) = observed("scaled-up");
    let last: BTreeMap<String, Pod> = pods.iter().map(|pod| (pod.uid.clone(), pod.clone())).collect();
    let last: Vec<Pod> = last.into_values().collect();
    group.bench_function("repeats of 5 pods", |bencher| {
        bencher.iter_custom(|count| millions(count, &last));
    });
    group.bench_function("changes of 5 pods", |bencher| {
        bencher.iter_custom(|count| millions(count, &pods));
    });
    let many: Vec<Pod> = (0..500)
        .map(|number| {
            let mut pod = last[0].clone();
            pod.name = format!("search-{number}");
            pod.uid.clone_from(&pod.name);
            pod
        })
        .collect();
    group.bench_function("repeats of 500 pods", |bencher| {
        bencher.iter_custom(|count| millions(count, &many));
    });
    group.finish();

    let (mut gate, _) = observed("scaled-up");
    observe_million(&mut gate, &many);
    let before = resident_kib();
    for _ in 0..5 {
        observe_million(&mut gate, &many);
    }
    if let (Some(before), Some(after)) = (before, resident_kib()) {
        println!("resident after 1 million repeats of 500 pods: {before} KiB; after 6 million: {after} KiB");
    }
}

fn replays(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay");
    let table = std::fs::read_to_string("tests/recordings/expected.tsv").unwrap();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (name, app, version) = (columns[0], columns[1], columns[2]);
        group.sample_size(10).bench_function(format!("{name} {app} {version} {}", columns[5]), |bencher| {
            bencher.iter(|| {
                let mut reader = Reader::open(&recording(name)).unwrap();
                let plan = Plan::new(app, version, &reader.header().namespace);
                replay::replay(&mut reader, vec![plan], &mut |_, _, _| {}).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, observations, replays);
criterion_main!(benches);
