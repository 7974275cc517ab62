//! `crashgate watch -A` over twenty thousand pods with two hundred changes a second, in real time over loopback.
//!
//! `cargo bench --bench watch` prints what was lost (nothing), how long it took from a change to its line, and how much
//! memory the process held (Linux only). `cargo bench --bench watch -- 2000 10` does it with 2,000 pods for ten seconds.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends where it is surprised")]

#[path = "../tests/feed/fleet.rs"]
mod fleet;

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use fleet::{EVERY, Expected, Fleet};
use serde_json::Value;

/// A watch breaks after so many lines: it must go on by itself.
const CUT_AFTER: usize = 1_500;
/// So many pods are replaced in the gap.
const GAP: u64 = 500;
/// What is told so long after the last change is taken for lost.
const PATIENCE: Duration = Duration::from_secs(15);

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (pods, seconds) = match numbers[..] {
        [pods, seconds] => (pods, seconds),
        _ => (20_000, 60),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fleet = Fleet::new(pods, CUT_AFTER);
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let config = kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let router = fleet.router();
    runtime.spawn(async move { axum::serve(listener, router).await });

    let mut child = Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(["watch", "-A", "-o", "json", "--kubeconfig", config.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let mut notices = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = notices.find(|line| line.as_ref().unwrap().starts_with("Watching")).unwrap().unwrap();
    println!("{first}; listed after {:.2} s", began.elapsed().as_secs_f64());
    // What it has to say beside its lines: a break that a list had to mend, for one.
    std::thread::spawn(move || notices.for_each(|line| println!("  {}", line.unwrap_or_default())));
    let listed = memory(&child);
    let told = lines(&mut child);

    let (happened, changes) = mpsc::channel();
    let count = usize::try_from(seconds * 1000).unwrap() / usize::try_from(EVERY.as_millis()).unwrap();
    let changing = fleet.clone();
    runtime.spawn(async move {
        let mut ticks = tokio::time::interval(EVERY);
        for _ in 0..count {
            ticks.tick().await;
            // Before the change, so that no time is left out.
            let at = Instant::now();
            happened.send((changing.change(), at)).unwrap();
        }
        // The kubelet's pace over; now a gap that only a list can tell of.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let at = Instant::now();
        for expected in changing.replace_unseen(GAP) {
            happened.send((expected, at)).unwrap();
        }
    });
    let mut outcome = compare(&changes, &told);
    let (lists, watches) = fleet.requests();
    let gap = outcome.latencies.split_off(count.min(outcome.latencies.len()));
    println!(
        "{count} changes in {seconds} s over {watches} watches and {lists} lists, and {} in a gap: {} told, {} lost, {} told that never were",
        GAP * 2,
        outcome.latencies.len() + gap.len(),
        outcome.lost,
        outcome.surplus
    );
    report("from a change to its line", outcome.latencies);
    report("from the gap to the lines that tell of it, by a list", gap);
    if let (Some(listed), Some(now)) = (listed, memory(&child)) {
        println!("resident once listed {} MiB, at the end {} MiB, at most {} MiB", listed.now, now.now, now.most);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

struct Outcome {
    latencies: Vec<Duration>,
    lost: usize,
    surplus: usize,
}

/// Matches what was told with what happened, pod by pod and in order.
fn compare(changes: &mpsc::Receiver<(Expected, Instant)>, told: &mpsc::Receiver<(Expected, Instant)>) -> Outcome {
    let mut open: BTreeMap<String, VecDeque<(&'static str, Instant)>> = BTreeMap::new();
    let mut outcome = Outcome { latencies: Vec::new(), lost: 0, surplus: 0 };
    let mut expected = 0;
    loop {
        let line = told.recv_timeout(PATIENCE);
        for ((pod, event), at) in changes.try_iter() {
            expected += 1;
            open.entry(pod).or_default().push_back((event, at));
        }
        let Ok(((pod, event), read)) = line else { break };
        // A line can be quicker than the word that it must come.
        while open.get(&pod).is_none_or(VecDeque::is_empty) {
            let Ok(((pod, event), at)) = changes.recv_timeout(Duration::from_secs(1)) else { break };
            expected += 1;
            open.entry(pod).or_default().push_back((event, at));
        }
        match open.get_mut(&pod).and_then(VecDeque::pop_front) {
            Some((wanted, at)) if wanted == event => outcome.latencies.push(read.saturating_duration_since(at)),
            wanted => {
                println!("{pod}: {event} was told, and {:?} was to come", wanted.map(|(wanted, _)| wanted));
                outcome.surplus += 1;
            }
        }
        if outcome.latencies.len() + outcome.surplus == expected {
            match changes.try_recv() {
                // A word that came meanwhile is one more to wait for.
                Ok(((pod, event), at)) => {
                    expected += 1;
                    open.entry(pod).or_default().push_back((event, at));
                }
                Err(mpsc::TryRecvError::Disconnected) => break,
                Err(mpsc::TryRecvError::Empty) => {}
            }
        }
    }
    for (pod, events) in open.iter().filter(|(_, events)| !events.is_empty()).take(5) {
        println!("{pod}: never told: {:?}", events.iter().map(|(event, _)| event).collect::<Vec<_>>());
    }
    outcome.lost = open.values().map(VecDeque::len).sum();
    outcome
}

/// The lines of stdout, each with the moment at which it was read.
fn lines(child: &mut Child) -> mpsc::Receiver<(Expected, Instant)> {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines() {
            let Ok(line) = line else { return };
            let read = Instant::now();
            let event: Value = serde_json::from_str(&line).unwrap();
            let names = ["created", "phase", "ready", "not-ready", "deleted"];
            let name = names.into_iter().find(|name| event["event"] == *name).unwrap_or("another");
            if sender.send(((event["pod"].as_str().unwrap().to_owned(), name), read)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn report(what: &str, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let at = |percent: usize| {
        let place = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
        latencies.get(place).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    };
    println!("{what}: median {:.1} ms, 99 % within {:.1} ms, all within {:.1} ms", at(50), at(99), at(100));
}

struct Memory {
    now: u64,
    most: u64,
}

fn memory(child: &Child) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let mib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
    };
    Some(Memory { now: mib("VmRSS:")?, most: mib("VmHWM:")? })
}

fn kubeconfig(server: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(
        file,
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], users: [{{name: u, user: {{token: t}}}}], clusters: [{{name: c, cluster: {{server: '{server}'}}}}]}}"
    )
    .unwrap();
    file
}
