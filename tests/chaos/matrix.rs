//! The runs of the matrix.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::sandbox::{Begin, Faults, Options, Sandbox};

use super::faults::{Fault, Moment, On, of, script};
use crate::cluster::stub::Counting;

/// A recording, and what is gated in it.
pub struct Story {
    pub name: &'static str,
    app: &'static str,
    version: &'static str,
    /// Where the gate begins.
    from: u64,
    /// Before ready, in the window, the confirming list; where there is none, when what happens can be missed.
    moments: [u64; 3],
    /// When it passes without a fault, in milliseconds since it began.
    passes_at: Option<u64>,
    pub verdict: Verdict,
    pub code: Option<Code>,
}

impl Story {
    /// What goes wrong in it.
    pub fn faults(&self) -> Vec<&'static Fault> {
        of(self.name.starts_with("rollout-"))
    }
}

pub const STORIES: [Story; 7] = [
    Story {
        name: "healthy",
        app: "checkout",
        version: "v1",
        from: 0,
        moments: [4_000, 20_000, 38_000],
        passes_at: Some(38_066),
        verdict: Verdict::Healthy,
        code: None,
    },
    Story {
        name: "crash-loop",
        app: "payments",
        version: "v1",
        from: 0,
        moments: [1_500, 3_500, 4_400],
        passes_at: None,
        verdict: Verdict::Failed,
        code: Some(Code::CrashLoop),
    },
    Story {
        name: "slow-start",
        app: "search",
        version: "v1",
        from: 0,
        moments: [20_000, 45_000, 63_900],
        passes_at: Some(63_950),
        verdict: Verdict::Healthy,
        code: None,
    },
    Story {
        name: "never-ready",
        app: "search",
        version: "v1",
        from: 0,
        moments: [5_000, 30_000, 58_500],
        passes_at: None,
        verdict: Verdict::TimedOut,
        code: Some(Code::NotReady),
    },
    Story {
        name: "superseded",
        app: "cart",
        version: "v2",
        from: 0,
        moments: [11_000, 15_000, 19_000],
        passes_at: None,
        verdict: Verdict::Superseded,
        code: Some(Code::Superseded),
    },
    Story {
        name: "nothing-matches",
        app: "checkout",
        version: "v9",
        from: 0,
        moments: [2_000, 30_000, 58_500],
        passes_at: None,
        verdict: Verdict::NothingMatched,
        code: Some(Code::NothingMatched),
    },
    Story {
        name: "rollout-canary-step",
        app: "checkout",
        version: "v2",
        // Right after the deploy, as gates are: the Rollout is there, and no pod of this version yet.
        from: 11_900,
        moments: [13_000, 30_000, 45_700],
        passes_at: Some(33_850),
        verdict: Verdict::Healthy,
        code: None,
    },
];

/// A fault at a moment on a recording.
pub type Cell = (usize, usize, usize);

/// Every cell, by story, fault and moment.
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (place, story) in STORIES.iter().enumerate() {
        for fault in 0..story.faults().len() {
            cells.extend((0..Moment::ALL.len()).map(|moment| (place, fault, moment)));
        }
    }
    cells
}

/// Runs the cells, side by side, and gives what was said in each.
pub fn run(cells: &[Cell]) -> BTreeMap<Cell, Result<String, String>> {
    let sandboxes: Vec<Sandbox> = STORIES.iter().map(|story| load(story.name)).collect();
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (story, fault, moment) = *cell;
                    let fault = STORIES[story].faults()[fault];
                    let said = told(&sandboxes[story], &STORIES[story], fault, Moment::ALL[moment]);
                    results.lock().unwrap().insert(*cell, said);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn load(name: &str) -> Sandbox {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{name}.ndjson"));
    Sandbox::load(&path).unwrap()
}

fn plan(sandbox: &Sandbox, story: &Story) -> Plan {
    // All timings as they are by default: `delay` 10 s, 60 s to wait, 30 s to stay stable.
    Plan::new(story.app, story.version, &sandbox.header().namespace)
}

/// What the gate says in a cell, in short; an error where that is not what it may say.
fn told(sandbox: &Sandbox, story: &Story, fault: &Fault, moment: Moment) -> Result<String, String> {
    let script = script(fault, moment, story.from, story.moments);
    let faults: Faults = script.parse().unwrap();
    let plan = plan(sandbox, story);
    let bound = plan.wait_period + plan.stable_for + Duration::from_secs(10);
    let last_look = (plan.wait_period + plan.stable_for + Duration::from_secs(5)).saturating_sub(plan.delay);
    let from = Duration::from_millis(story.from);
    let (outcome, took, requests) = judge(sandbox.clone(), plan, from, faults);
    let lead = outcome.findings.first().map(|finding| finding.code);
    let explained = format!(
        "{} × {} × {}: {} {lead:?} after {:?} ({took:?}): {:?}\n{script}",
        story.name,
        fault.words,
        moment.words(),
        outcome.verdict,
        outcome.decided_after,
        outcome.findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(),
    );
    let blind = [Code::ClusterUnreachable, Code::Unauthorized, Code::Forbidden, Code::StaleData];
    let as_without = outcome.verdict == story.verdict && lead == story.code;
    let could_not_see = outcome.verdict == Verdict::Inconclusive && lead.is_some_and(|code| blind.contains(&code));
    let in_time = outcome.decided_after <= bound && took <= bound + Duration::from_secs(5);
    // Evidence after a failure is outside of the budget, so a pass is what is counted.
    let seconds = outcome.decided_after.as_secs();
    let earned = 16 + 2 * (seconds + 1) / 10 + 16 * (1 + seconds / 60);
    let affordable = outcome.verdict != Verdict::Healthy || requests <= earned;
    let whole = !explained.contains("inside of crashgate") && !explained.contains("crashgate itself");
    // A version that came and went between two lists was never seen where watches are given up.
    let was_between_lists = story.verdict == Verdict::Superseded
        && outcome.verdict == Verdict::NothingMatched
        && (matches!(fault.on, On::Opening | On::Lines) || fault.words == "404");
    if !((as_without || could_not_see || was_between_lists) && in_time && affordable && whole) {
        return Err(format!("{requests} requests, {explained}"));
    }
    if let Some(usual) = story.passes_at.filter(|_| as_without && moment != Moment::ForGood) {
        let late = outcome.decided_after.saturating_sub(Duration::from_millis(usual));
        // What the watch of an owner lost without a sign is seen at the latest by the look before the wait period ends.
        let is_seen_at_last = fault.on == On::Lines && outcome.decided_after <= last_look;
        if late > fault.lateness() && !is_seen_at_last {
            return Err(format!("late by {late:?}, {explained}"));
        }
    }
    Ok(match lead.filter(|_| could_not_see) {
        Some(code) => format!("inconclusive, {code}"),
        None => outcome.verdict.to_string(),
    })
}

fn judge(sandbox: Sandbox, plan: Plan, offset: Duration, faults: Faults) -> (Outcome, Duration, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let running = sandbox.in_memory(Options { begin: Begin::WhenTold, offset, faults, ..Options::default() });
        let target = Target { server: "memory".to_owned(), ..Target::default() };
        let connection =
            Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
        running.start();
        let run = judge_deciders(connection, vec![Gate::new(plan)], &mut Counting::default(), never()).await;
        (run.gates[0].outcome.clone(), run.duration, run.gates[0].requests)
    })
}
