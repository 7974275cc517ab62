//! Random clusters with Jobs and hook Jobs beside a Deployment, nodes that die and come back, and answers from the past.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{JobEnd, Node, Object, Pod, ResourceVersion, Source, Workload, WorkloadKind};
use crashgate::gate::result::Verdict;
use proptest::prelude::*;

use super::{cases, plan_with};
use crate::scenario::Scenario;
use crate::scenario::objects::{Bend, deployment, job, pod, replica_set};

const PODS: [&str; 2] = ["a", "b"];
const NODES: [&str; 2] = ["n1", "n2"];

/// What becomes of a Job.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Runs,
    Completes,
    Fails,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Time passes, in tenths of a second.
    Wait(u16),
    /// The Deployment is applied.
    Apply,
    /// A pod is there and Ready, anew where it was not; on a node that is down it is not.
    Ready(usize),
    Unready(usize),
    /// A Job under the same labels; a hook or not.
    Job {
        hook: bool,
        step: Step,
    },
    /// A node does not answer any more: none of its pods is Ready.
    Dies(usize),
    /// It answers again, and its pods are Ready again.
    Back(usize),
    /// The pods are listed by a server that lags behind: as they were when all began, all Ready.
    ListedFromThePast,
    /// A pod is told as it was, Ready.
    SeenFromThePast(usize),
    /// Everything is listed as it is.
    Listed,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let place = 0..2_usize;
    let step = prop::sample::select(vec![Step::Runs, Step::Completes, Step::Completes, Step::Fails]);
    prop_oneof![
        6 => (1_u16..120).prop_map(Wait),
        1 => Just(Apply),
        5 => place.clone().prop_map(Ready),
        1 => place.clone().prop_map(Unready),
        2 => (any::<bool>(), step).prop_map(|(hook, step)| Job { hook, step }),
        1 => place.clone().prop_map(Dies),
        1 => place.clone().prop_map(Back),
        1 => Just(ListedFromThePast),
        1 => place.prop_map(SeenFromThePast),
        2 => Just(Listed),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    (any::<bool>(), prop::collection::vec(happening(), 0..20)).prop_map(|(well, tail)| {
        let begin = [Happening::Apply, Happening::Ready(0), Happening::Ready(1)];
        begin.into_iter().filter(|_| well).chain(tail).collect()
    })
}

struct World {
    story: Scenario,
    version: u64,
    down: [bool; 2],
    /// Since when each pod has been Ready.
    ready_since: [Option<Duration>; 2],
    /// What became of the Job and of the hook Job, and since when.
    jobs: [Option<(Step, Duration)>; 2],
    now: Duration,
}

impl World {
    fn new(stable_tenths: u64) -> Self {
        let story = Scenario::new(plan_with(0, stable_tenths));
        Self { story, version: 10, down: [false; 2], ready_since: [None; 2], jobs: [None; 2], now: Duration::ZERO }
    }

    fn web(&self) -> Option<Workload> {
        self.story.workloads.values().find(|workload| workload.kind == WorkloadKind::Deployment).cloned()
    }

    fn next_version(&mut self) -> ResourceVersion {
        self.version += 1;
        ResourceVersion::parse(&self.version.to_string())
    }

    fn put(&mut self, mut workload: Workload) {
        workload.resource_version = self.next_version();
        self.story.workload(workload);
    }

    fn make(&self, place: usize) -> Option<Pod> {
        let mut made = pod(&replica_set(&self.web()?), PODS[place]);
        made.node = Some(NODES[place].to_owned());
        Some(made)
    }

    /// A pod becomes Ready or not. Where it was so, nothing but its version changes.
    fn ready(&mut self, place: usize, ready: bool) {
        let Some(made) = self.make(place) else { return };
        let stamp = if ready { self.ready_since[place].unwrap_or(self.now) } else { self.now };
        let mut told = if ready { made.ready_since(&format!("{stamp:?}")) } else { made.unready() };
        told.resource_version = self.next_version();
        self.ready_since[place] = ready.then_some(stamp);
        self.story.pod(told);
    }

    fn node(&mut self, place: usize, ready: bool) {
        self.down[place] = !ready;
        let name = NODES[place].to_owned();
        let troubles = if ready { Vec::new() } else { vec!["Ready is Unknown".to_owned()] };
        let node = Node { uid: name.clone(), name, ready: Some(ready), message: None, troubles, architecture: None };
        self.story.tell(Fact::Seen(Box::new(Object::Node(node.into()))));
    }

    /// A pod as it was before anything that is known of it.
    fn past(&self, place: usize) -> Option<Pod> {
        let mut past = self.make(place)?;
        past.resource_version = ResourceVersion::parse("1");
        Some(past)
    }

    fn go(&mut self, happening: Happening) {
        use Happening::*;
        match happening {
            Wait(tenths) => {
                self.now += Duration::from_millis(u64::from(tenths) * 100);
                self.story.at(self.now.as_secs_f64());
            }
            Apply => {
                let web = deployment("web", "v2", 2);
                self.put(replica_set(&web));
                self.put(web);
            }
            Ready(place) => self.ready(place, !self.down[place]),
            Unready(place) => self.ready(place, false),
            Job { hook, step } => {
                let end = match step {
                    Step::Runs => None,
                    Step::Completes => Some(JobEnd::Complete),
                    Step::Fails => Some(JobEnd::Failed { reason: None, message: None }),
                };
                let known = &mut self.jobs[usize::from(hook)];
                // An end is for good.
                if matches!(known, Some((Step::Completes | Step::Fails, _))) {
                    return;
                }
                *known = Some((step, self.now));
                let mut made = job(if hook { "hook" } else { "migrate" }, "v2", end);
                made.hook = hook;
                self.put(made);
            }
            Dies(place) => {
                self.node(place, false);
                if self.story.pods.contains_key(PODS[place]) {
                    self.ready(place, false);
                }
            }
            Back(place) => {
                self.node(place, true);
                if self.story.pods.contains_key(PODS[place]) {
                    self.ready(place, true);
                }
            }
            ListedFromThePast => {
                let known = (0..2).filter(|place| self.story.pods.contains_key(PODS[*place]));
                let objects: Vec<_> =
                    known.filter_map(|place| self.past(place)).map(|object| Object::Pod(object.into())).collect();
                // A whole LIST without what is known is stopped before it comes here: by its own version.
                if !objects.is_empty() {
                    self.story.tell(Fact::Listed { source: Source::Pods, objects });
                }
            }
            SeenFromThePast(place) => {
                if let Some(past) = self.past(place).filter(|_| self.story.pods.contains_key(PODS[place])) {
                    self.story.tell(Fact::Seen(Box::new(Object::Pod(past.into()))));
                }
            }
            Listed => _ = self.story.list_all(),
        }
    }

    /// Since when the true cluster has been what may pass: the Deployment with both pods, and every Job complete; or,
    /// without a Deployment, a Job that is no hook.
    fn well_since(&self) -> Option<Duration> {
        let jobs = self.jobs.iter().flatten();
        if !jobs.clone().all(|(step, _)| *step == Step::Completes) {
            return None;
        }
        if self.web().is_some() {
            let [one, other] = self.ready_since;
            return Some(one?.max(other?));
        }
        self.jobs[0].map(|(_, since)| since)
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Never healthy unless the app was there and well for the whole stability window: no Job passes in its place while
    /// it is there, no hook ever does, and no answer from the past makes anything better.
    #[test]
    fn owners_pass_only_with_proof(all in happenings(), stable in 0_u64..150) {
        let mut world = World::new(stable);
        let stable = Duration::from_millis(stable * 100);
        for happening in all {
            let before = world.well_since();
            let open = world.story.ended().is_none();
            world.go(happening);
            if let Some(outcome) = world.story.ended().filter(|_| open) {
                if outcome.verdict == Verdict::Healthy {
                    let since = if matches!(happening, Happening::Wait(_)) { before } else { world.well_since() };
                    prop_assert!(since.is_some_and(|since| outcome.decided_after >= since + stable), "{since:?}: {outcome:?}");
                }
                return Ok(());
            }
        }
        let since = world.well_since();
        let outcome = world.story.ends();
        if outcome.verdict == Verdict::Healthy {
            prop_assert!(since.is_some_and(|since| outcome.decided_after >= since + stable), "{since:?}: {outcome:?}");
        }
        prop_assert!(outcome.verdict == Verdict::Healthy || !outcome.findings.is_empty(), "a cause for every no: {outcome:?}");
    }

    /// A Deployment that is well passes beside a Job that completes, at the moment at which it would without one.
    #[test]
    fn what_is_well_passes_beside_jobs(hook in any::<bool>(), first in any::<bool>(), ready_after in 1_u16..200, stable in 1_u64..150) {
        let mut world = World::new(stable);
        let completes = Happening::Job { hook, step: Step::Completes };
        if first {
            world.go(Happening::Job { hook, step: Step::Runs });
            world.go(completes);
        }
        world.go(Happening::Apply);
        world.go(Happening::Wait(ready_after));
        if !first {
            world.go(completes);
        }
        world.go(Happening::Ready(0));
        world.go(Happening::Ready(1));
        let expected = world.now + Duration::from_millis(stable * 100);
        let outcome = world.story.ends();
        prop_assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, expected), "{:?}", outcome.findings);
    }
}
