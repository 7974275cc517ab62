//! What must hold for every sequence of observations: random stories, judged by an oracle that knows the true cluster.
//!
//! `CRASHGATE_PROPERTY_CASES=100000 cargo test properties` is the nightly setting; without it each property is tried on
//! 2,000 stories.

mod evaluated;
mod metrics;
mod owners;
mod pods;
mod replays;
mod rollouts;

use std::time::Duration;

use crashgate::gate::model::{Object, Phase, Pod, Source, TroubleKind, Workload, WorkloadKind};
use crashgate::gate::result::{Outcome, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::gate::{CONFIRM_LIMIT, Fact};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::{Scenario, plan};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What happens in the cluster, or between it and the gate.
#[derive(Debug, Clone)]
enum Happening {
    /// Time passes, in tenths of a second.
    Wait(u16),
    /// The Deployment is applied with so many replicas.
    Apply { replicas: u8 },
    /// The Deployment's template is changed to another version, or back.
    Template { gated: bool },
    /// The controller falls behind or catches up with the newest spec.
    Generation { behind: bool },
    /// The Deployment is deleted.
    Delete,
    /// A pod is there and Ready, anew where it was not.
    Ready(usize),
    /// A pod is there and not Ready.
    Unready(usize),
    /// A pod without any condition yet.
    Blank(usize),
    /// A container of a pod that runs ended and runs again.
    Crash(usize),
    /// A pod is on its way out.
    Deleting(usize),
    /// A pod is gone.
    Gone(usize),
    /// A pod is evicted.
    Evicted(usize),
    /// The watch of the pods is lost: nothing is told until the next list.
    Lost,
    /// The watch of a workload kind is lost.
    OwnersLost,
    /// Everything is listed anew.
    Listed,
    /// A pod is told again as it is.
    Again(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let place = 0..NAMES.len();
    prop_oneof![
        6 => (1_u16..120).prop_map(Wait),
        2 => (0_u8..4).prop_map(|replicas| Apply { replicas }),
        1 => prop::bool::weighted(0.7).prop_map(|gated| Template { gated }),
        1 => any::<bool>().prop_map(|behind| Generation { behind }),
        1 => Just(Delete),
        8 => place.clone().prop_map(Ready),
        2 => place.clone().prop_map(Unready),
        1 => place.clone().prop_map(Blank),
        1 => place.clone().prop_map(Crash),
        1 => place.clone().prop_map(Deleting),
        1 => place.clone().prop_map(Gone),
        1 => place.clone().prop_map(Evicted),
        1 => Just(Lost),
        1 => Just(OwnersLost),
        2 => Just(Listed),
        2 => place.prop_map(Again),
    ]
}

/// A story that begins well more often than not, so that passes are tried and not only failures.
fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let tail = prop::collection::vec(happening(), 0..24);
    (any::<bool>(), 1_u8..4, tail).prop_map(|(well, replicas, tail)| {
        let mut all = vec![];
        if well {
            all.push(Happening::Apply { replicas });
            all.extend((0..usize::from(replicas)).map(Happening::Ready));
        }
        all.extend(tail);
        all
    })
}

/// The true cluster, and since when it has been well without a break.
struct World {
    story: Scenario,
    /// The watch of the pods tells nothing.
    pods_blind: bool,
    /// The watch of the Deployments tells nothing.
    owners_blind: bool,
    stamps: u32,
    restarts: [u32; NAMES.len()],
    /// Since when there are enough Ready pods of the gated template, and only such.
    well_since: Option<Duration>,
    /// Since when each pod has been as it is: Ready, and not restarted.
    pod_since: [Duration; NAMES.len()],
    /// Pods that came while nothing could be seen. Such a one that is gone again before anything can be seen was never
    /// one of the expected pods: a gap is bridged by what is equal before and after it.
    came_unseen: [bool; NAMES.len()],
    now: Duration,
}

impl World {
    fn new(plan: Plan) -> Self {
        let story = Scenario::new(plan);
        Self {
            story,
            pods_blind: false,
            owners_blind: false,
            stamps: 0,
            restarts: [0; NAMES.len()],
            well_since: None,
            pod_since: [Duration::ZERO; NAMES.len()],
            came_unseen: [false; NAMES.len()],
            now: Duration::ZERO,
        }
    }

    fn web(&self) -> Option<Workload> {
        self.story.workloads.values().find(|workload| workload.kind == WorkloadKind::Deployment).cloned()
    }

    fn set_of(web: &Workload) -> Workload {
        let mut set = replica_set(web);
        set.uid = format!("{}-{}", set.uid, web.uid);
        set
    }

    /// Every change of a spec has a new generation, which the controller has taken up unless said otherwise.
    fn bump(&mut self, workload: &mut Workload) {
        self.stamps += 1;
        workload.generation = Some(i64::from(self.stamps));
        workload.observed_generation = workload.generation;
    }

    fn put(&mut self, workload: Workload) {
        if self.owners_blind && workload.kind == WorkloadKind::Deployment {
            self.story.workloads.insert(workload.uid.clone(), workload);
        } else {
            self.story.workload(workload);
        }
    }

    fn put_pod(&mut self, pod: Pod) {
        if self.pods_blind {
            self.story.pods.insert(pod.uid.clone(), pod);
        } else {
            self.story.pod(pod);
        }
    }

    fn bend(&mut self, place: usize, bend: impl FnOnce(Pod) -> Pod) {
        if let Some(pod) = self.story.pods.get(NAMES[place]).cloned() {
            self.put_pod(bend(pod));
        }
    }

    fn fresh_pod(&mut self, place: usize) -> Option<Pod> {
        let web = self.web()?;
        self.stamps += 1;
        let count = self.restarts[place];
        let fresh = pod(&Self::set_of(&web), NAMES[place]).ready_since(&format!("t{}", self.stamps));
        Some(if count == 0 { fresh } else { fresh.restarted("app", count, 1, "Error") })
    }

    /// A container that runs ends and runs again. The pod is ready again where it was before: a crash makes nothing better.
    fn crash(&mut self, place: usize) {
        let runs =
            |pod: &&Pod| !pod.deleting && pod.phase == Some(Phase::Running) && pod.containers[0].status.is_some();
        if let Some(known) = self.story.pods.get(NAMES[place]).filter(runs).cloned() {
            self.restarts[place] += 1;
            self.pod_since[place] = self.now;
            self.stamps += 1;
            let was_ready = known.is_ready();
            let again = known.restarted("app", self.restarts[place], 1, "Error");
            let stamp = format!("t{}", self.stamps);
            self.put_pod(if was_ready { again.ready_since(&stamp) } else { again.unready() });
        }
    }

    fn go(&mut self, happening: &Happening) {
        use Happening::*;
        match *happening {
            Wait(tenths) => {
                self.now += Duration::from_millis(u64::from(tenths) * 100);
                self.story.at(self.now.as_secs_f64());
            }
            Apply { replicas } => {
                let mut web = deployment("web", "v2", u32::from(replicas));
                if let Some(known) = self.web() {
                    web.template = known.template;
                }
                self.bump(&mut web);
                self.put(Self::set_of(&web));
                self.put(web);
            }
            Template { gated } => {
                if let Some(mut web) = self.web() {
                    web.template = deployment("web", if gated { "v2" } else { "v3" }, 1).template;
                    self.bump(&mut web);
                    self.put(Self::set_of(&web));
                    self.put(web);
                }
            }
            Generation { behind } => {
                if let Some(mut web) = self.web() {
                    self.bump(&mut web);
                    if behind {
                        web.observed_generation = Some(0);
                    }
                    self.put(web);
                }
            }
            Delete => {
                if let Some(web) = self.web() {
                    self.story.workloads.remove(&web.uid);
                    if !self.owners_blind {
                        self.story.workload_gone(WorkloadKind::Deployment, &web.uid);
                    }
                }
            }
            Ready(place) => {
                if let Some(fresh) = self.fresh_pod(place) {
                    self.pod_since[place] = self.now;
                    self.came_unseen[place] |= self.pods_blind && !self.story.pods.contains_key(NAMES[place]);
                    self.put_pod(fresh);
                }
            }
            Unready(place) => self.bend(place, Bend::unready),
            Blank(place) => self.bend(place, |mut pod| {
                pod.ready = None;
                pod.containers[0].status = None;
                pod
            }),
            Crash(place) => self.crash(place),
            Deleting(place) => self.bend(place, Bend::deleting),
            Evicted(place) => self.bend(place, |pod| pod.failed_by_node("Evicted")),
            Gone(place) => {
                // A pod that leaves breaks nothing by itself: whether enough others are left is asked below.
                self.restarts[place] = 0;
                self.came_unseen[place] = false;
                self.story.pods.remove(NAMES[place]);
                if !self.pods_blind {
                    self.story.pod_gone(NAMES[place]);
                }
            }
            Lost => {
                self.pods_blind = true;
                self.story.dark = true;
                self.story.lose(Source::Pods, TroubleKind::Unreachable);
            }
            OwnersLost => {
                self.owners_blind = true;
                self.story.dark = true;
                self.story.lose(Source::Workloads(WorkloadKind::Deployment), TroubleKind::Stale);
            }
            Listed => {
                (self.pods_blind, self.owners_blind) = (false, false);
                self.came_unseen = [false; NAMES.len()];
                self.story.list_all();
            }
            Again(place) => {
                if let Some(pod) = self.story.pods.get(NAMES[place]).cloned()
                    && !self.pods_blind
                {
                    self.story.pod(pod);
                }
            }
        }
        if !self.is_well() {
            self.well_since = None;
        } else if self.well_since.is_none() {
            self.well_since = Some(self.now);
        }
    }

    /// The pods that count in truth, by the simplest reading of what was asked for.
    fn live(&self) -> Vec<&Pod> {
        let Some(web) = self.web() else { return Vec::new() };
        let set = Self::set_of(&web);
        let counts = |pod: &&Pod| {
            pod.controller.as_ref().unwrap().uid == set.uid && !pod.deleting && pod.phase != Some(Phase::Failed)
        };
        self.story.pods.values().filter(counts).collect()
    }

    /// The oracle: the true cluster is as the plan wants it.
    fn is_well(&self) -> bool {
        let Some(web) = self.web() else { return false };
        let live = self.live();
        web.template.labels["version"] == "v2"
            && web.observed_generation >= web.generation
            && web.desired.is_some_and(|wanted| wanted > 0 && live.len() >= wanted as usize)
            && live.iter().all(|pod| pod.is_ready() || self.came_unseen[place_of(pod)])
    }

    /// Since when the true cluster has been as the plan wants it, without a break and with the same pods.
    fn unbroken_since(&self) -> Option<Duration> {
        let pods = self.live().into_iter().map(place_of);
        pods.map(|place| self.pod_since[place]).chain(self.well_since).max().filter(|_| self.well_since.is_some())
    }
}

fn place_of(pod: &Pod) -> usize {
    NAMES.iter().position(|name| *name == pod.uid).unwrap()
}

fn cases() -> Config {
    let cases = std::env::var("CRASHGATE_PROPERTY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    Config { cases, failure_persistence: None, ..Config::default() }
}

fn run(happenings: &[Happening], max_restarts: u32, stable_tenths: u64) -> Outcome {
    let mut world = World::new(plan_with(max_restarts, stable_tenths));
    for happening in happenings {
        world.go(happening);
    }
    world.story.ends().clone()
}

fn plan_with(max_restarts: u32, stable_tenths: u64) -> Plan {
    let mut plan = plan();
    plan.max_restarts = max_restarts;
    plan.wait_period = Duration::from_secs(30);
    plan.stable_for = Duration::from_millis(stable_tenths * 100);
    plan
}

fn told(outcome: &Outcome) -> (Verdict, Duration, Option<&'static str>) {
    (outcome.verdict, outcome.decided_after, outcome.findings.first().map(|finding| finding.code.name()))
}

proptest! {
    #![proptest_config(cases())]

    /// Never healthy unless the true cluster was well for the whole stability window, up to the confirming read.
    #[test]
    fn healthy_only_with_proof(all in happenings(), max_restarts in 0_u32..3, stable in 0_u64..150) {
        let mut world = World::new(plan_with(max_restarts, stable));
        for happening in &all {
            // Let time be checked in small steps, so that the oracle is asked at the very moment of the decision.
            let before = world.unbroken_since();
            let open = world.story.ended().is_none();
            world.go(happening);
            if let Some(outcome) = world.story.ended().filter(|_| open) {
                if outcome.verdict == Verdict::Healthy {
                    let since = if matches!(happening, Happening::Wait(_)) { before } else { world.unbroken_since() };
                    prop_assert!(world.is_well(), "{outcome:?}");
                    let since = since.expect("well, and so since some time");
                    prop_assert!(outcome.decided_after >= since + world.story.gate.plan().stable_for, "since {since:?}: {outcome:?}");
                    prop_assert!(world.story.confirmations > 0, "confirmed by a fresh read");
                    // Of the pods that are expected: one that crashed unseen and is on its way out is none of them.
                    let crashes = world.live().into_iter().map(|pod| world.restarts[place_of(pod)]);
                    prop_assert!(crashes.into_iter().all(|crashes| crashes <= max_restarts), "{outcome:?}");
                }
                return Ok(());
            }
        }
        let well = world.is_well();
        let since = world.unbroken_since();
        let outcome = world.story.ends();
        if outcome.verdict == Verdict::Healthy {
            prop_assert!(well, "{outcome:?}");
            prop_assert!(outcome.decided_after >= since.unwrap() + Duration::from_millis(stable * 100), "{outcome:?}");
        }
    }

    /// A cluster that is well from some moment on, and seen, passes: the gate does not say no without a cause.
    #[test]
    fn well_and_seen_passes(replicas in 1_u8..4, ready_after in 1_u16..250, stable in 0_u64..150) {
        let mut all = vec![Happening::Apply { replicas }, Happening::Wait(ready_after)];
        all.extend((0..usize::from(replicas)).map(Happening::Ready));
        let outcome = run(&all, 0, stable);
        let expected = Duration::from_millis(u64::from(ready_after) * 100 + stable * 100);
        prop_assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, expected));
    }

    /// How the same facts are cut into pieces, repeated or ordered makes no difference.
    #[test]
    fn batching_does_not_matter(all in happenings(), max_restarts in 0_u32..2, stable in 0_u64..150) {
        let plain = run(&all, max_restarts, stable);
        let mut world = World::new(plan_with(max_restarts, stable));
        for happening in &all {
            match happening {
                Happening::Wait(tenths) => (0..*tenths).for_each(|_| world.go(&Happening::Wait(1))),
                other => world.go(other),
            }
            if !world.pods_blind {
                // Everything is told once more: each pod in reverse order, then whole lists, reversed.
                let pods: Vec<Pod> = world.story.pods.values().rev().cloned().collect();
                for pod in &pods {
                    world.story.tell(Fact::Seen(Box::new(Object::Pod(pod.clone().into()))));
                }
                let objects = pods.into_iter().map(|object| Object::Pod(object.into())).collect();
                world.story.tell(Fact::Listed { source: Source::Pods, objects });
            }
        }
        let cut = world.story.ends().clone();
        prop_assert_eq!(told(&plain), told(&cut));
    }

    /// Once decided, never changed.
    #[test]
    fn decided_once(all in happenings(), more in happenings(), stable in 0_u64..150) {
        let mut world = World::new(plan_with(0, stable));
        for happening in &all {
            world.go(happening);
        }
        let first = told(world.story.ends());
        world.now = world.now.max(Duration::from_secs(70));
        for happening in &more {
            world.go(happening);
        }
        let second = told(world.story.ends());
        prop_assert_eq!((first.0, first.1), (second.0, second.1));
    }

    /// A crash more never turns a failure into a pass.
    #[test]
    fn a_crash_never_helps(all in happenings(), at in any::<prop::sample::Index>(), whose in 0..NAMES.len(), max_restarts in 0_u32..2, stable in 0_u64..150) {
        let plain = run(&all, max_restarts, stable);
        let mut worse = all;
        worse.insert(at.index(worse.len() + 1), Happening::Crash(whose));
        let crashed = run(&worse, max_restarts, stable);
        if plain.verdict == Verdict::Failed {
            prop_assert_ne!(crashed.verdict, Verdict::Healthy);
        }
    }

    /// Every gate ends within the bound of the manifest: wait period, stability window and confirming read.
    #[test]
    fn bounded(all in happenings(), stable in 0_u64..150) {
        let outcome = run(&all, 1, stable);
        let bound = Duration::from_secs(30) + Duration::from_millis(stable * 100) + CONFIRM_LIMIT;
        prop_assert!(outcome.decided_after <= bound, "{outcome:?}");
        prop_assert!(outcome.verdict == Verdict::Healthy || !outcome.findings.is_empty(), "a cause for every no: {outcome:?}");
    }
}
