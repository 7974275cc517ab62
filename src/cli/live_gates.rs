//! `check KIND/NAME` and `check --all`: gates of what runs in the cluster now.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::api::Connection;
use crate::cluster::drive::{Decider, Expecting, LateGate, Planning, Run, Sink, session, whole_namespace};
use crate::cluster::signals::Stop;
use crate::gate::model::Workload;
use crate::gate::spec::Plan;
use crate::gate::{Gate, Release};
use crate::manifest::{Live, Target};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// Where it is judged, and who hears of it.
pub(super) struct Surroundings<'s> {
    /// The namespace.
    pub(super) namespace: &'s str,
    /// The connection to the cluster.
    pub(super) connection: Arc<Connection>,
    /// How long a recording goes on that is played back.
    pub(super) length: Option<Duration>,
    /// All that a run is told to.
    pub(super) sink: &'s mut dyn Sink,
    /// What is said before a gate begins.
    pub(super) printer: Printer,
    /// Say what is left out as a matter of course, too.
    pub(super) verbose: bool,
    /// Ends the gates early.
    pub(super) stop: Stop,
}

/// Judges what is asked for.
pub(super) async fn judge(live: &Live, around: Surroundings<'_>) -> Run {
    let unseen = live.unseen(around.namespace);
    match live.target() {
        // The version that is waited for is known: a gate like any other that is pinned.
        Target::One(_) if live.names_version() => {
            let Surroundings { connection, length, sink, stop, .. } = around;
            drive(vec![Gate::new(unseen)], connection, length, sink, stop).await
        }
        Target::One(pin) => {
            let Surroundings { namespace, connection, length, sink, printer, stop, .. } = around;
            let header = Header { live: live.clone(), namespace: namespace.to_owned(), printer };
            let gate = LateGate::new(unseen, pin.clone(), Box::new(header));
            drive(vec![gate], connection, length, sink, stop).await
        }
        Target::All => {
            let Surroundings { namespace, connection, length, sink, printer, verbose, stop } = around;
            let header = Header { live: live.clone(), namespace: namespace.to_owned(), printer };
            let mut planning = WholeNamespace { header, verbose };
            whole_namespace::judge(connection, unseen, &mut planning, length, sink, stop).await
        }
    }
}

/// Drives the gates, in a cluster or in a recording that goes on for so long.
async fn drive<D: Decider>(
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
        self.printer.mention(&taken(workload, &present.taken));
        present.plan
    }

    fn absent(&mut self, near: &[String]) {
        let Target::One(pin) = self.live.target() else { return };
        self.printer.mention(&safe!(
            "{} is not there yet; {}",
            Untrusted::name(&pin.to_string()).line(),
            Untrusted::name(&near.join("; ")).line()
        ));
    }
}

/// Makes the plans of a whole namespace, and says what is left out of it.
struct WholeNamespace {
    header: Header,
    verbose: bool,
}

impl Planning for WholeNamespace {
    fn plan(&mut self, workload: &Workload, is_late: bool) -> Plan {
        if is_late {
            let name = format!("{}/{}", workload.kind, workload.name);
            let name = Untrusted::name(&name).line();
            self.header.printer.mention(&safe!("{} came or changed meanwhile, and is gated too", name));
        }
        self.header.plan(workload)
    }

    fn looked(&mut self, release: &Release) {
        for left_out in release.left_out.iter().filter(|left_out| self.verbose || !left_out.why.is_routine()) {
            let (name, why) = (Untrusted::name(&left_out.name), Untrusted::name(&left_out.why.to_string()));
            self.header.printer.say(&safe!("{} is left out: {}", name.line(), why.line()));
        }
    }
}
