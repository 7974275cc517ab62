//! Every workload of a namespace, each by its own gate: `check --all`.
//!
//! What is created or changed while the gates run is no part of them, and a pass would leave it out. So a pass is followed
//! by one more look, and what has come meanwhile is gated too, round after round.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::run_report::Run;
use super::run_sink::Sink;
use super::{namespace, session, unconnected};
use crate::cluster::api::{Connection, Target};
use crate::cluster::signals::Stop;
use crate::gate::model::{Object, Workload};
use crate::gate::result::{GateEvent, Verdict};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate, Release};

/// A namespace that changes for longer than this is never judged as a whole.
const MOST_ROUNDS: usize = 5;

/// Makes the plans of the workloads, and hears what becomes of the others.
pub trait Planning {
    /// Makes the plan of a workload. `is_late` says that it came or changed while others were judged.
    fn plan(&mut self, workload: &Workload, is_late: bool) -> Plan;
    /// Hears what is there and what of it is left out.
    fn looked(&mut self, release: &Release);
}

/// Judges every workload of the namespace of `all`, a plan that stands for them all. A recording that is played back goes
/// on for `length`.
pub async fn judge(
    connection: Arc<Connection>,
    all: Plan,
    planning: &mut dyn Planning,
    length: Option<Duration>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    let began = Instant::now();
    let mut rounds = Rounds { sink, begun: false, run: None };
    let mut judged: HashSet<(String, u64)> = HashSet::new();
    let mut looked = namespace::workloads(&connection, &all, stop.clone()).await;
    for round in 0.. {
        let release = match looked {
            Ok(release) => release,
            Err(run) => {
                rounds.add(*run, began.elapsed(), Duration::ZERO);
                break;
            }
        };
        if round == 0 {
            planning.looked(&release);
        }
        let is_new = |workload: &Workload| !judged.contains(&key(workload));
        let fresh: Vec<Workload> = release.gated.into_iter().filter(is_new).collect();
        if fresh.is_empty() {
            break;
        }
        if round == MOST_ROUNDS {
            let names: Vec<String> = fresh.iter().map(|one| format!("{}/{}", one.kind, one.name)).collect();
            let after = began.elapsed();
            let run = unconnected::restless(all.clone(), &names, connection.target(), after);
            rounds.add(run, after, Duration::ZERO);
            break;
        }
        judged.extend(fresh.iter().map(key));
        let gates = fresh.into_iter().map(|workload| gate(planning.plan(&workload, round > 0), workload)).collect();
        let offset = began.elapsed();
        let run = match length.map(|length| length.saturating_sub(offset)) {
            Some(rest) => {
                session::rehearse_deciders(Arc::clone(&connection), gates, rest, &mut rounds, stop.clone()).await
            }
            None => session::judge_deciders(Arc::clone(&connection), gates, &mut rounds, stop.clone()).await,
        };
        rounds.add(run, began.elapsed(), offset);
        if rounds.verdict() != Some(Verdict::Healthy) {
            break;
        }
        looked = namespace::once_more(&connection, &all, stop.clone()).await;
    }
    rounds.end(all)
}

/// What tells a workload from one that was judged: itself, and its pod template.
fn key(workload: &Workload) -> (String, u64) {
    (workload.uid.clone(), workload.template.fingerprint)
}

/// The gate of a workload as it was seen: a rollout that follows supersedes it.
fn gate(plan: Plan, workload: Workload) -> Gate {
    let mut gate = Gate::new(plan);
    gate.observe(Duration::ZERO, Fact::Seen(Box::new(Object::Workload(workload.into()))));
    gate
}

/// Makes one run of several, for sinks that know of one beginning and one end. What happens in later rounds is told at the
/// end alone.
struct Rounds<'s> {
    sink: &'s mut dyn Sink,
    begun: bool,
    /// The rounds so far.
    run: Option<Run>,
}

impl Rounds<'_> {
    /// Adds a round that began at `offset` and ended `now`.
    fn add(&mut self, mut round: Run, now: Duration, offset: Duration) {
        for gate in &mut round.gates {
            gate.outcome.decided_after += offset;
        }
        match &mut self.run {
            Some(run) => run.gates.append(&mut round.gates),
            None => self.run = Some(round),
        }
        if let Some(run) = &mut self.run {
            run.duration = now;
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        self.run.as_ref().map(Run::verdict)
    }

    /// Ends the run for the sinks. `all` stands for the namespace where there was no gate.
    fn end(self, all: Plan) -> Run {
        let run = self.run.unwrap_or_else(|| unconnected::ended(vec![all], Verdict::Inconclusive));
        if !self.begun {
            let plans: Vec<Plan> = run.gates.iter().map(|gate| gate.plan.clone()).collect();
            self.sink.begin(&run.target, &plans);
        }
        self.sink.end(&run);
        run
    }
}

impl Sink for Rounds<'_> {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        if !mem::replace(&mut self.begun, true) {
            self.sink.begin(target, plans);
        }
    }

    fn event(&mut self, gate: usize, at: Duration, event: &GateEvent) {
        if self.run.is_none() {
            self.sink.event(gate, at, event);
        }
    }

    fn idle(&mut self, at: Duration) {
        self.sink.idle(at);
    }

    fn end(&mut self, _: &Run) {}
}
