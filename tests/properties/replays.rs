//! Recordings of a random cluster with watches that close, lists from the past and lines told twice: a replay never
//! passes what was not well.

use std::sync::LazyLock;
use std::time::Duration;

use crashgate::gate::result::Verdict;
use proptest::prelude::*;
use serde_json::Value;

use super::cases;
use crate::recording::replay::proof::{Tape, judged, plan, pod};

const PODS: [&str; 2] = ["a", "b"];

/// The lists of the beginning, with pods that are not Ready and with such that are.
static BEGINNINGS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [false, true].map(|ready| {
        let text = Tape::well_with(&[pod("a", 12, ready), pod("b", 12, ready)]).text();
        text.split_once('\n').unwrap().1.trim_end().to_owned()
    })
});

/// What happens in the cluster, or between it and the recorder.
#[derive(Debug, Clone)]
enum Happening {
    /// Time passes, in tenths of a second.
    Wait(u16),
    /// A pod is Ready, anew where it was not.
    Ready(usize),
    /// A pod is not Ready.
    Unready(usize),
    /// A container ended and runs again.
    Crash(usize),
    /// A watch ends, and what changes is not told until the next list: of the pods or of the Deployments.
    Closed { pods: bool },
    /// A request about the pods fails.
    Failed(u16),
    /// The pods, or the Deployments, are listed as they are.
    Listed { pods: bool },
    /// The pods are listed as they were at the start, by a server that lags behind.
    ListedAsBefore,
    /// A line of the watch from the past.
    ToldAsBefore(usize),
    /// A pod is told again as it is.
    Again(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let place = 0..PODS.len();
    prop_oneof![
        6 => (1_u16..120).prop_map(Wait),
        4 => place.clone().prop_map(Ready),
        2 => place.clone().prop_map(Unready),
        1 => place.clone().prop_map(Crash),
        1 => any::<bool>().prop_map(|pods| Closed { pods }),
        1 => prop::sample::select(vec![401_u16, 403, 410, 500]).prop_map(Failed),
        2 => any::<bool>().prop_map(|pods| Listed { pods }),
        1 => Just(ListedAsBefore),
        1 => place.clone().prop_map(ToldAsBefore),
        1 => place.prop_map(Again),
    ]
}

#[derive(Debug, Clone, Copy)]
struct Truth {
    ready: bool,
    restarts: u32,
    version: u64,
    stamp: u32,
    /// Since when it is Ready without an end of its container.
    since: Duration,
}

/// The true cluster and the tape on which it is recorded.
struct World {
    tape: Tape,
    pods: [Truth; 2],
    /// The moments at which something was not as it should be any more, or is again: when, and whether all is well.
    well: Vec<(Duration, Option<Duration>)>,
    /// How the pods were at the start.
    began_ready: bool,
    blind: bool,
    version: u64,
    tenths: u32,
}

impl World {
    fn new(proving: bool, ready: bool) -> Self {
        // The lists of the beginning are always the same, and put in front at the end.
        let mut tape = Tape::new();
        if proving {
            tape = tape.proving();
        }
        let truth = Truth { ready, restarts: 0, version: 12, stamp: 0, since: Duration::ZERO };
        let mut world = Self {
            tape,
            pods: [truth; 2],
            well: Vec::new(),
            began_ready: ready,
            blind: false,
            version: 100,
            tenths: 0,
        };
        world.look();
        world
    }

    fn now(&self) -> Duration {
        Duration::from_millis(u64::from(self.tenths) * 100)
    }

    fn seconds(&self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    fn object(&self, place: usize) -> Value {
        let Truth { ready, restarts, version, stamp, .. } = self.pods[place];
        let mut object = pod(PODS[place], version, ready);
        object["status"]["conditions"][1]["lastTransitionTime"] = format!("t{stamp}").into();
        let status = &mut object["status"]["containerStatuses"][0];
        status["restartCount"] = restarts.into();
        status["containerID"] = format!("c-{restarts}").into();
        if restarts > 0 {
            status["lastState"]["terminated"] =
                serde_json::json!({"exitCode": 1, "reason": "Error", "containerID": format!("c-{}", restarts - 1)});
        }
        object
    }

    fn change(&mut self, place: usize, ready: bool, crash: bool) {
        self.version += 1;
        let now = self.now();
        let truth = &mut self.pods[place];
        if crash || (ready && !truth.ready) {
            truth.since = now;
        }
        if crash || ready != truth.ready {
            truth.stamp += 1;
        }
        truth.restarts += u32::from(crash);
        (truth.ready, truth.version) = (ready, self.version);
        self.look();
        self.told(place);
    }

    fn told(&mut self, place: usize) {
        if !self.blind {
            let (at, object) = (self.seconds(), self.object(place));
            self.tape.event(at, "pods", "MODIFIED", object);
        }
    }

    /// Keeps since when all is well.
    fn look(&mut self) {
        let all = self.pods.iter().all(|truth| truth.ready && truth.restarts == 0);
        let since = self.pods.iter().map(|truth| truth.since).max().filter(|_| all);
        self.well.push((self.now(), since));
    }

    fn go(&mut self, happening: &Happening) {
        use Happening::*;
        let at = self.seconds();
        match *happening {
            Wait(tenths) => self.tenths += u32::from(tenths),
            Ready(place) => self.change(place, true, false),
            Unready(place) => self.change(place, false, false),
            Crash(place) => self.change(place, self.pods[place].ready, true),
            Closed { pods } => {
                self.blind |= pods;
                self.tape.closed(at, if pods { "pods" } else { "deployments" });
            }
            Failed(status) => {
                self.blind = true;
                self.tape.fail(at, "pods", status);
            }
            Listed { pods: true } => {
                self.blind = false;
                self.version += 1;
                let items: Vec<Value> = (0..PODS.len()).map(|place| self.object(place)).collect();
                self.tape.list(at, "pods", self.version, items);
            }
            Listed { pods: false } => {
                self.version += 1;
                self.tape.list(at, "deployments", self.version, [crate::recording::replay::proof::deployment(10, 2)]);
            }
            // Nothing on the tape would tell that it is from the past.
            ListedAsBefore if self.blind => {}
            ListedAsBefore => {
                self.tape.list(at, "pods", 20, PODS.map(|name| pod(name, 12, self.began_ready)));
            }
            ToldAsBefore(place) => {
                self.tape.event(at, "pods", "MODIFIED", pod(PODS[place], 11, true));
            }
            Again(place) => self.told(place),
        }
    }

    fn text(&self) -> String {
        let text = self.tape.text();
        let (header, lines) = text.split_once('\n').unwrap();
        format!("{header}\n{}\n{lines}", BEGINNINGS[usize::from(self.began_ready)])
    }

    /// Since when all was well at a moment: before, between and after the things that happened in that very moment.
    fn well_at(&self, moment: Duration) -> Vec<Option<Duration>> {
        let before = self.well.iter().rev().find(|(at, _)| *at < moment).or(self.well.first());
        let within = self.well.iter().filter(|(at, _)| *at == moment);
        before.into_iter().chain(within).map(|(_, since)| *since).collect()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_replay_passes_only_what_was_well(
        all in prop::collection::vec(happening(), 0..20),
        proving in any::<bool>(),
        ready in prop::bool::weighted(0.7),
        stable in 0_u64..150,
    ) {
        let mut world = World::new(proving, ready);
        for happening in &all {
            world.go(happening);
        }
        world.go(&Happening::Wait(600));
        let at = world.seconds();
        world.tape.line(at, serde_json::json!({"note": "recording ended"}));
        let mut plan = plan();
        plan.stable_for = Duration::from_millis(stable * 100);
        let outcome = judged(&world.text(), plan.clone());
        if outcome.verdict == Verdict::Healthy {
            let long_enough = |since: Option<Duration>| since.is_some_and(|since| outcome.decided_after >= since + plan.stable_for);
            let looks = world.well_at(outcome.decided_after);
            prop_assert!(looks.iter().copied().any(long_enough), "{looks:?}: {outcome:?}\n{}", world.text());
        }
    }
}
