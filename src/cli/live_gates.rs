//! `check KIND/NAME` and `check --all`: gates of what runs in the cluster now.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::api::Connection;
use crate::cluster::drive::{Expecting, LateGate, Run, Sink, namespace, session};
use crate::cluster::signals::Stop;
use crate::gate::Release;
use crate::gate::model::{Object, Workload};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate};
use crate::manifest::{Live, Target};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// Judges what is asked for of a namespace. `length` is how long a recording goes on that is played back.
pub(super) async fn judge(
    live: &Live,
    namespace: &str,
    connection: Arc<Connection>,
    length: Option<Duration>,
    told: &mut Told<'_>,
    stop: Stop,
) -> Run {
    let unseen = live.unseen(namespace);
    match live.target() {
        // The version that is waited for is known: a gate like any other that is pinned.
        Target::One(_) if live.names_version() => {
            drive(vec![Gate::new(unseen)], connection, length, told.sink, stop).await
        }
        Target::One(pin) => {
            let header = Header { live: live.clone(), namespace: namespace.to_owned(), printer: told.printer.clone() };
            let gate = LateGate::new(unseen, pin.clone(), Box::new(header));
            drive(vec![gate], connection, length, told.sink, stop).await
        }
        Target::All => {
            let began = tokio::time::Instant::now();
            let release = match namespace::workloads(&connection, &unseen, stop.clone()).await {
                Ok(release) => release,
                Err(run) => {
                    told.sink.begin(&run.target, &[unseen]);
                    told.sink.end(&run);
                    return *run;
                }
            };
            told.left_out(&release);
            let gates = release.gated.into_iter().map(|workload| {
                let present = live.present(namespace, &workload);
                told.printer.say(&taken(&workload, &present.taken));
                gate(present.plan, workload)
            });
            let gates = gates.collect();
            // What is left of the recording.
            let length = length.map(|length| length.saturating_sub(began.elapsed()));
            drive(gates, connection, length, told.sink, stop).await
        }
    }
}

/// The gate of a workload as it was seen: a rollout that follows supersedes it.
fn gate(plan: Plan, workload: Workload) -> Gate {
    let mut gate = Gate::new(plan);
    gate.observe(Duration::ZERO, Fact::Seen(Box::new(Object::Workload(workload))));
    gate
}

async fn drive<D: crate::cluster::drive::Decider>(
    gates: Vec<D>,
    connection: Arc<Connection>,
    length: Option<Duration>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    match length {
        Some(length) => session::rehearse_deciders(connection, gates, length, sink, stop).await,
        None => session::judge_deciders(connection, gates, sink, stop).await,
    }
}

/// Who hears of a run.
pub(super) struct Told<'a> {
    /// All that a run is told to.
    pub(super) sink: &'a mut dyn Sink,
    /// What is said before it begins.
    pub(super) printer: Printer,
    /// Say what is left out as a matter of course, too.
    pub(super) verbose: bool,
}

impl Told<'_> {
    fn left_out(&self, release: &Release) {
        for left_out in release.left_out.iter().filter(|left_out| self.verbose || !left_out.why.is_routine()) {
            let why = Untrusted::name(&left_out.why.to_string()).line();
            self.printer.clone().say(&safe!("{} is left out: {}", Untrusted::name(&left_out.name).line(), why));
        }
    }
}

/// What was taken from a workload, as the header of the output says it.
fn taken(workload: &Workload, taken: &str) -> SafeText {
    let name = format!("{}/{}", workload.kind, workload.name);
    safe!("{}: {}", Untrusted::name(&name).line(), Untrusted::name(taken).line())
}

/// Makes the plan of the one workload, and says what was taken from it.
struct Header {
    live: Live,
    namespace: String,
    printer: Printer,
}

impl Expecting for Header {
    fn plan(&mut self, workload: &Workload) -> Plan {
        let present = self.live.present(&self.namespace, workload);
        self.printer.say(&taken(workload, &present.taken));
        present.plan
    }

    fn absent(&mut self, near: &[String]) {
        let Target::One(pin) = self.live.target() else { return };
        self.printer.say(&safe!(
            "{} is not there yet; {}",
            Untrusted::name(&pin.to_string()).line(),
            Untrusted::name(&near.join("; ")).line()
        ));
    }
}
