//! The runs of the matrix.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::connect::Connection;
use crashgate::cluster::session::judge_machines;
use crashgate::cluster::signals::never;
use crashgate::gate::code::Code;
use crashgate::gate::machine::Gate;
use crashgate::gate::outcome::Outcome;
use crashgate::gate::plan::Plan;
use crashgate::gate::verdict::Verdict;
use crashgate::report::run::Target;
use crashgate::sandbox::{Begin, Faults, Options, Sandbox};

use super::faults::{Fault, Moment, all, script};
use crate::cluster::stub::Counting;

/// A recording, and what is gated in it.
pub struct Story {
    pub name: &'static str,
    app: &'static str,
    version: &'static str,
    wait: u64,
    /// Before ready, in the window, the confirming list; where there is none, when what happens can be missed.
    moments: [u64; 3],
    pub verdict: Verdict,
    pub code: Option<Code>,
}

pub const STORIES: [Story; 6] = [
    Story {
        name: "healthy",
        app: "checkout",
        version: "v1",
        wait: 20,
        moments: [4_000, 12_000, 17_950],
        verdict: Verdict::Healthy,
        code: None,
    },
    Story {
        name: "crash-loop",
        app: "payments",
        version: "v1",
        wait: 60,
        moments: [1_500, 3_500, 4_400],
        verdict: Verdict::Failed,
        code: Some(Code::CrashLoop),
    },
    Story {
        name: "slow-start",
        app: "search",
        version: "v1",
        wait: 40,
        moments: [20_000, 38_000, 43_900],
        verdict: Verdict::Healthy,
        code: None,
    },
    Story {
        name: "never-ready",
        app: "search",
        version: "v1",
        wait: 60,
        moments: [5_000, 30_000, 58_500],
        verdict: Verdict::TimedOut,
        code: Some(Code::NotReady),
    },
    Story {
        name: "superseded",
        app: "cart",
        version: "v2",
        wait: 30,
        moments: [11_000, 15_000, 19_000],
        verdict: Verdict::Superseded,
        code: Some(Code::Superseded),
    },
    Story {
        name: "nothing-matches",
        app: "checkout",
        version: "v9",
        wait: 10,
        moments: [2_000, 5_000, 8_500],
        verdict: Verdict::NothingMatched,
        code: Some(Code::NothingMatched),
    },
];

/// A fault at a moment on a recording.
pub type Cell = (usize, usize, usize);

/// Every cell, by story, fault and moment.
pub fn cells() -> Vec<Cell> {
    let faults = all().count();
    let mut cells = Vec::new();
    for story in 0..STORIES.len() {
        for fault in 0..faults {
            cells.extend((0..Moment::ALL.len()).map(|moment| (story, fault, moment)));
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
                    let fault = all().nth(fault).unwrap();
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
    Plan {
        delay: Duration::from_secs(2),
        stable_for: Duration::from_secs(10),
        wait_period: Duration::from_secs(story.wait),
        ..Plan::new(story.app, story.version, &sandbox.header().namespace)
    }
}

/// What the gate says in a cell, in short; an error where that is not what it may say.
fn told(sandbox: &Sandbox, story: &Story, fault: &Fault, moment: Moment) -> Result<String, String> {
    let script = script(fault, moment, story.moments);
    let faults: Faults = script.parse().unwrap();
    let plan = plan(sandbox, story);
    let bound = plan.wait_period + plan.stable_for + Duration::from_secs(10);
    let (outcome, took) = judge(sandbox.clone(), plan, faults);
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
    let whole = !explained.contains("inside of crashgate") && !explained.contains("crashgate itself");
    if !((as_without || could_not_see) && in_time && whole) {
        return Err(explained);
    }
    Ok(match lead.filter(|_| could_not_see) {
        Some(code) => format!("inconclusive, {code}"),
        None => outcome.verdict.to_string(),
    })
}

fn judge(sandbox: Sandbox, plan: Plan, faults: Faults) -> (Outcome, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let running = sandbox.in_memory(Options { begin: Begin::WhenTold, faults, ..Options::default() });
        let target = Target { server: "memory".to_owned(), ..Target::default() };
        let connection =
            Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
        running.start();
        let run = judge_machines(connection, vec![Gate::new(plan)], &mut Counting::default(), never()).await;
        (run.gates[0].outcome.clone(), run.duration)
    })
}
