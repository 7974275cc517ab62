//! Random lives of pods: resizes in place, restart policies and rules of containers, statuses that contradict themselves,
//! pods that end as a whole and are replaced, ends that their node brings about.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{
    ContainerState, Object, Phase, Pod, PodResize, Resize, RestartPolicy, RestartRule, Source, Workload,
};
use crashgate::gate::result::{Code, Outcome, Verdict};
use proptest::prelude::*;

use super::{cases, plan_with};
use crate::scenario::Scenario;
use crate::scenario::objects::{Bend, deployment, ended, pod, replica_set};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// The exit code after which a rule of its own restarts a container of policy Never.
const RULED: i32 = 42;

#[derive(Debug, Clone, Copy)]
enum Contradiction {
    Pending,
    NotReady,
    Waiting,
    NoStatus,
}

/// How a pod ends as a whole.
#[derive(Debug, Clone, Copy)]
enum Whole {
    Exit,
    DiskLimit,
    Completed,
    ByItsNode,
    Unexplained,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Wait(u16),
    /// A new pod, Ready. `ruled`: its container has policy Never and a rule.
    Come {
        place: usize,
        ruled: bool,
    },
    /// The container ends and is restarted.
    Crash {
        place: usize,
        memory: bool,
    },
    /// The container ends, and the next attempt is not there yet.
    Down {
        place: usize,
    },
    /// Other resources are asked for. `restarts`: the policy asks for a restart.
    Resize {
        place: usize,
        restarts: bool,
        stuck: bool,
    },
    /// A resize that was stuck is taken up.
    Taken(usize),
    /// A resize is applied, with the restart where its policy asks for one.
    Applied(usize),
    /// The container's end is lost with its node, or its sandbox, and it runs again.
    Rebooted {
        place: usize,
        nameless: bool,
    },
    Contradict(usize, Contradiction),
    Over(usize, Whole),
    Gone(usize),
    Again(usize),
    Listed,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let place = || 0..NAMES.len();
    let contradiction = prop_oneof![
        Just(Contradiction::Pending),
        Just(Contradiction::NotReady),
        Just(Contradiction::Waiting),
        Just(Contradiction::NoStatus),
    ];
    let whole = prop_oneof![
        Just(Whole::Exit),
        Just(Whole::DiskLimit),
        Just(Whole::Completed),
        Just(Whole::ByItsNode),
        Just(Whole::Unexplained),
    ];
    prop_oneof![
        8 => (1_u16..100).prop_map(Wait),
        5 => (place(), any::<bool>()).prop_map(|(place, ruled)| Come { place, ruled }),
        2 => (place(), any::<bool>()).prop_map(|(place, memory)| Crash { place, memory }),
        1 => place().prop_map(|place| Down { place }),
        3 => (place(), any::<bool>(), any::<bool>()).prop_map(|(place, restarts, stuck)| Resize { place, restarts, stuck }),
        1 => place().prop_map(Taken),
        3 => place().prop_map(Applied),
        2 => (place(), any::<bool>()).prop_map(|(place, nameless)| Rebooted { place, nameless }),
        2 => (place(), contradiction).prop_map(|(place, what)| Contradict(place, what)),
        2 => (place(), whole).prop_map(|(place, how)| Over(place, how)),
        2 => place().prop_map(Gone),
        2 => place().prop_map(Again),
        1 => Just(Listed),
    ]
}

/// Begins with as many Ready pods as are wanted, more often than not.
fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    (any::<bool>(), any::<bool>(), prop::collection::vec(happening(), 0..24)).prop_map(|(well, ruled, tail)| {
        let begin = (0..2).filter(|_| well).map(|place| Happening::Come { place, ruled });
        begin.chain(tail).collect()
    })
}

/// What is true of a pod, whatever its status says.
#[derive(Debug, Default, Clone)]
struct Truth {
    /// Attempts so far, beyond the first.
    restarts: u32,
    /// Ends that nothing but the app brought about.
    crashes: u32,
    /// Of them, kills for memory.
    kills: u32,
    /// Resizes that asked for a restart and were not stuck, at some time.
    resizes: u32,
    /// The resize that was asked for last restarts, and is still to be applied.
    open: bool,
    stuck: bool,
    amount: u32,
    well: bool,
    since: Duration,
}

struct Town {
    story: Scenario,
    set: Workload,
    truths: [Option<Truth>; NAMES.len()],
    /// Pods that ended as a whole by their own fault.
    fallen: u32,
    born: u32,
    stamps: u32,
    now: Duration,
    well_since: Option<Duration>,
}

impl Town {
    fn new(max_restarts: u32, stable_tenths: u64) -> Self {
        let mut story = Scenario::new(plan_with(max_restarts, stable_tenths));
        let web = deployment("web", "v2", 2);
        let set = replica_set(&web);
        story.workload(web).workload(set.clone());
        Self {
            story,
            set,
            truths: Default::default(),
            fallen: 0,
            born: 0,
            stamps: 0,
            now: Duration::ZERO,
            well_since: None,
        }
    }

    /// The UID of the pod that is at this place now.
    fn uid(&self, place: usize) -> Option<String> {
        let prefix = format!("{}-", NAMES[place]);
        self.story.pods.keys().find(|uid| uid.starts_with(&prefix)).cloned()
    }

    /// Bends a pod that runs, as one whose truth is known.
    fn bend(&mut self, place: usize, bend: impl FnOnce(Pod, &mut Truth) -> Pod) {
        let Some(known) = self.uid(place).and_then(|uid| self.story.pods.get(&uid)).cloned() else { return };
        let Some(mut truth) = self.truths[place].clone() else { return };
        if matches!(known.phase, Some(Phase::Failed | Phase::Succeeded)) {
            return;
        }
        let before = self.truths[place].as_ref().map(|truth| (truth.restarts, truth.well));
        let changed = bend(known, &mut truth);
        if before != Some((truth.restarts, truth.well)) {
            truth.since = self.now;
        }
        self.truths[place] = Some(truth);
        self.story.pod(changed);
    }

    /// The pod with its container running and Ready, after this end.
    fn running(&mut self, pod: Pod, truth: &mut Truth, exit_code: i32, reason: &str) -> Pod {
        self.stamps += 1;
        truth.well = true;
        let stamp = format!("t{}", self.stamps);
        let mut pod = pod;
        pod.phase = Some(Phase::Running);
        if pod.containers[0].status.is_none() {
            pod.containers[0].status =
                crate::scenario::objects::container("app", crashgate::gate::model::Role::App).status;
        }
        let pod = if truth.restarts == 0 { pod } else { pod.restarted("app", truth.restarts, exit_code, reason) };
        pod.ready_since(&stamp)
    }

    fn again(&mut self, place: usize, exit_code: i32, reason: &str, count: impl FnOnce(&mut Truth)) {
        let Some(known) = self.uid(place).and_then(|uid| self.story.pods.get(&uid)).cloned() else { return };
        let Some(mut truth) = self.truths[place].clone() else { return };
        if matches!(known.phase, Some(Phase::Failed | Phase::Succeeded)) {
            return;
        }
        truth.restarts += 1;
        count(&mut truth);
        let pod = self.running(known, &mut truth, exit_code, reason);
        self.bend(place, |_, kept| {
            *kept = truth;
            pod
        });
    }

    fn come(&mut self, place: usize, ruled: bool) {
        if let Some(uid) = self.uid(place) {
            self.story.pod_gone(&uid);
        }
        self.born += 1;
        self.stamps += 1;
        let mut fresh =
            pod(&self.set, &format!("{}-{}", NAMES[place], self.born)).ready_since(&format!("t{}", self.stamps));
        if ruled {
            fresh.containers[0].restart_policy = Some(RestartPolicy::Never);
            let rule = RestartRule { restarts: true, all_but: false, exit_codes: vec![RULED] };
            fresh.containers[0].restart_rules = vec![rule];
        }
        self.truths[place] = Some(Truth { well: true, since: self.now, ..Truth::default() });
        self.story.pod(fresh);
    }

    fn resize(&mut self, place: usize, restarts: bool, stuck: bool) {
        self.bend(place, |mut pod, truth| {
            // A resize that restarts is asked for anew only once the one before is applied.
            if !truth.open {
                truth.amount += 1;
                (truth.open, truth.stuck) = (restarts, stuck);
                truth.resizes += u32::from(restarts && !stuck);
                let asked = Resize { asked: format!("{}Mi", truth.amount), applied: false };
                pod.containers[0].resize = restarts.then_some(asked);
                pod.resize = if stuck { PodResize::Stuck } else { PodResize::InProgress };
            }
            pod
        });
    }

    fn applied(&mut self, place: usize) {
        let Some(truth) = self.truths[place].clone() else { return };
        if truth.stuck {
            return;
        }
        self.bend(place, |mut pod, truth| {
            truth.open = false;
            pod.resize = PodResize::Settled;
            if let Some(resize) = &mut pod.containers[0].resize {
                resize.applied = true;
            }
            pod
        });
    }

    /// The restart and the new amounts are told in one step, as the kubelet does.
    fn applied_by_restart(&mut self, place: usize) {
        let Some(known) = self.uid(place).and_then(|uid| self.story.pods.get(&uid)).cloned() else { return };
        let Some(mut truth) = self.truths[place].clone() else { return };
        if matches!(known.phase, Some(Phase::Failed | Phase::Succeeded)) {
            return;
        }
        truth.restarts += 1;
        truth.open = false;
        let mut pod = self.running(known, &mut truth, 143, "Error");
        pod.resize = PodResize::Settled;
        if let Some(resize) = &mut pod.containers[0].resize {
            resize.applied = true;
        }
        self.bend(place, |_, kept| {
            *kept = truth;
            pod
        });
    }

    fn contradict(&mut self, place: usize, what: Contradiction) {
        self.bend(place, |mut pod, truth| {
            truth.well = false;
            match what {
                Contradiction::Pending => pod.phase = Some(Phase::Pending),
                Contradiction::NoStatus => pod.containers[0].status = None,
                Contradiction::NotReady | Contradiction::Waiting => {
                    if let Some(status) = &mut pod.containers[0].status {
                        status.ready = false;
                        if matches!(what, Contradiction::Waiting) {
                            status.state = ContainerState::Waiting { reason: None, message: None };
                        }
                    }
                }
            }
            pod
        });
    }

    fn whole(&mut self, place: usize, how: Whole) {
        let mut fell = false;
        self.bend(place, |pod, truth| {
            truth.well = false;
            fell = matches!(how, Whole::Exit | Whole::DiskLimit | Whole::Completed);
            let mut pod = pod;
            if pod.containers[0].status.is_none() {
                pod.containers[0].status =
                    crate::scenario::objects::container("app", crashgate::gate::model::Role::App).status;
            }
            match how {
                Whole::Exit => pod.over(Phase::Failed, 1),
                Whole::DiskLimit => pod.evicted("Usage of EmptyDir volume \"cache\" exceeds the limit \"10Mi\". "),
                Whole::Completed => pod.over(Phase::Succeeded, 0),
                Whole::ByItsNode => pod.failed_by_node("NodeShutdown"),
                Whole::Unexplained => {
                    let mut pod = pod.unready();
                    pod.phase = Some(Phase::Failed);
                    pod.containers[0].status = None;
                    pod
                }
            }
        });
        self.fallen += u32::from(fell);
    }

    fn go(&mut self, happening: Happening) {
        use Happening::*;
        match happening {
            Wait(tenths) => {
                self.now += Duration::from_millis(u64::from(tenths) * 100);
                self.story.at(self.now.as_secs_f64());
            }
            Come { place, ruled } => self.come(place, ruled),
            Crash { place, memory } => {
                let known = self.uid(place).and_then(|uid| self.story.pods.get(&uid));
                let status = known.and_then(|pod| pod.containers[0].status.as_ref());
                // An attempt that was told to have ended by itself cannot be killed for memory after that.
                let is_over = status.is_some_and(|status| matches!(status.state, ContainerState::Terminated(_)));
                let memory = memory && !is_over;
                let (code, reason) = if memory { (137, "OOMKilled") } else { (RULED, "Error") };
                self.again(place, code, reason, |truth| {
                    truth.crashes += 1;
                    truth.kills += u32::from(memory);
                });
            }
            Down { place } => self.bend(place, |mut pod, truth| {
                truth.well = false;
                let running =
                    pod.containers[0].status.as_ref().is_some_and(|status| status.state == ContainerState::Running);
                if running {
                    let end = ended("app", truth.restarts, RULED, "Error");
                    let status = pod.containers[0].status.as_mut().expect("it runs");
                    (status.ready, status.state) = (false, ContainerState::Terminated(end));
                }
                pod.unready()
            }),
            Resize { place, restarts, stuck } => self.resize(place, restarts, stuck),
            Taken(place) => self.bend(place, |mut pod, truth| {
                if truth.stuck {
                    truth.stuck = false;
                    truth.resizes += u32::from(truth.open);
                    pod.resize = PodResize::InProgress;
                }
                pod
            }),
            Applied(place) => {
                let truth = self.truths[place].clone().unwrap_or_default();
                if truth.open && !truth.stuck {
                    self.applied_by_restart(place);
                } else {
                    self.applied(place);
                }
            }
            Rebooted { place, nameless } => {
                self.again(place, 255, "Unknown", |_| {});
                if nameless {
                    self.bend(place, |mut pod, _| {
                        if let Some(last) = pod.containers[0].status.as_mut().and_then(|status| status.last.as_mut()) {
                            (last.exit_code, last.container_id) = (137, None);
                            last.reason = Some("ContainerStatusUnknown".to_owned());
                        }
                        pod
                    });
                }
            }
            Contradict(place, what) => self.contradict(place, what),
            Over(place, how) => self.whole(place, how),
            Gone(place) => {
                if let Some(uid) = self.uid(place) {
                    self.truths[place] = None;
                    self.story.pod_gone(&uid);
                }
            }
            Again(place) => {
                if let Some(pod) = self.uid(place).and_then(|uid| self.story.pods.get(&uid)).cloned() {
                    self.story.pod(pod);
                }
            }
            Listed => {
                self.story.list_all();
            }
        }
        if !self.is_well() {
            self.well_since = None;
        } else if self.well_since.is_none() {
            self.well_since = Some(self.now);
        }
    }

    /// The truths of the pods that count: those that have not ended as a whole.
    fn live(&self) -> impl Iterator<Item = &Truth> {
        let is_live = |place: &usize| {
            let pod = self.uid(*place).and_then(|uid| self.story.pods.get(&uid));
            pod.is_some_and(|pod| !matches!(pod.phase, Some(Phase::Failed | Phase::Succeeded)))
        };
        (0..NAMES.len()).filter(is_live).filter_map(|place| self.truths[place].as_ref())
    }

    fn is_well(&self) -> bool {
        self.live().count() >= 2 && self.live().all(|truth| truth.well)
    }

    /// No more crashes, kills for memory and pods that ended by their own fault than are allowed. A resize that was taken
    /// up excuses one end at most, and no kill for memory.
    fn ends_are_allowed(&self, max_restarts: u32) -> bool {
        let is_allowed =
            |truth: &Truth| truth.kills <= max_restarts && truth.crashes.saturating_sub(truth.resizes) <= max_restarts;
        self.live().all(is_allowed) && self.fallen <= max_restarts
    }

    fn unbroken_since(&self) -> Option<Duration> {
        let pods = self.live().map(|truth| truth.since).max();
        self.well_since.map(|since| pods.map_or(since, |pods| pods.max(since)))
    }
}

fn run(happenings: &[Happening], max_restarts: u32, stable: u64) -> Outcome {
    let mut town = Town::new(max_restarts, stable);
    for happening in happenings {
        town.go(*happening);
    }
    town.story.ends().clone()
}

/// What happens to a pod that is not its own fault.
fn harmless() -> impl Strategy<Value = Vec<Happening>> {
    use Happening::*;
    let place = || 0..2_usize;
    let one = prop_oneof![
        4 => (1_u16..30).prop_map(|tenths| vec![Wait(tenths)]),
        2 => place().prop_map(|place| vec![Resize { place, restarts: true, stuck: false }, Applied(place)]),
        1 => place().prop_map(|place| vec![Resize { place, restarts: true, stuck: true }, Wait(5), Taken(place), Wait(5), Applied(place)]),
        1 => place().prop_map(|place| vec![Resize { place, restarts: false, stuck: false }, Applied(place)]),
        2 => (place(), any::<bool>()).prop_map(|(place, nameless)| vec![Rebooted { place, nameless }]),
        1 => place().prop_map(|place| vec![Over(place, Whole::ByItsNode), Come { place, ruled: false }]),
        1 => place().prop_map(|place| vec![Again(place), Listed]),
    ];
    prop::collection::vec(one, 0..12).prop_map(|steps| {
        let begin = (0..2).map(|place| Come { place, ruled: place == 1 });
        begin.chain(steps.into_iter().flatten()).collect()
    })
}

proptest! {
    #![proptest_config(cases())]

    /// Never healthy unless every pod truly was, for the whole window, with no more crashes, kills and failed pods than
    /// are allowed: a resize excuses one end at most, and only one that is taken up.
    #[test]
    fn pods_pass_only_with_proof(all in happenings(), max_restarts in 0_u32..3, stable in 0_u64..150) {
        let mut town = Town::new(max_restarts, stable);
        for happening in &all {
            let before = town.unbroken_since();
            let open = town.story.ended().is_none();
            town.go(*happening);
            let Some(outcome) = town.story.ended().filter(|outcome| open && outcome.verdict == Verdict::Healthy) else { continue };
            let since = if matches!(happening, Happening::Wait(_)) { before } else { town.unbroken_since() };
            prop_assert!(town.is_well(), "{outcome:?}");
            let since = since.expect("well, and so since some time");
            prop_assert!(outcome.decided_after >= since + Duration::from_millis(stable * 100), "since {since:?}: {outcome:?}");
            prop_assert!(town.ends_are_allowed(max_restarts), "{outcome:?}");
        }
        let (ended_well, unbroken) = (town.is_well(), town.unbroken_since());
        let open = town.story.ended().is_none();
        let outcome = town.story.ends().clone();
        if outcome.verdict == Verdict::Healthy && open {
            prop_assert!(ended_well, "{outcome:?}");
            prop_assert!(outcome.decided_after >= unbroken.unwrap() + Duration::from_millis(stable * 100), "{outcome:?}");
            prop_assert!(town.ends_are_allowed(max_restarts), "{outcome:?}");
        }
    }

    /// What is not the app's fault never fails it: resizes that restart as they were asked to, reboots, pods that their
    /// nodes ended. And once it is over, what is well passes.
    #[test]
    fn what_is_not_the_apps_fault_never_fails_it(all in harmless(), stable in 0_u64..80) {
        let outcome = run(&all, 0, stable);
        prop_assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome);
    }

    /// Pods that end by their own fault more often than allowed fail the gate, however Ready their replacements are.
    #[test]
    fn pods_that_end_by_their_own_fault_fail(disk in prop::collection::vec(any::<bool>(), 1..6), gone in any::<bool>(), max_restarts in 0_u32..4) {
        let mut town = Town::new(max_restarts, 100);
        town.go(Happening::Come { place: 0, ruled: false });
        for disk in &disk {
            town.go(Happening::Come { place: 1, ruled: false });
            town.go(Happening::Wait(30));
            town.go(Happening::Over(1, if *disk { Whole::DiskLimit } else { Whole::Exit }));
            if gone {
                town.go(Happening::Gone(1));
            }
        }
        town.go(Happening::Come { place: 1, ruled: false });
        let outcome = town.story.ends();
        if disk.len() > max_restarts as usize {
            prop_assert_eq!(outcome.verdict, Verdict::Failed, "{:?}", outcome);
            prop_assert!(matches!(outcome.findings[0].code, Code::DiskLimitExceeded | Code::PodFailed), "{:?}", outcome);
        } else {
            prop_assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome);
            prop_assert!(!outcome.warnings.is_empty());
        }
    }

    /// Whether a state is told once or again and again makes no difference.
    #[test]
    fn telling_a_pod_again_makes_no_difference(all in happenings(), max_restarts in 0_u32..2, stable in 0_u64..150) {
        let plain = run(&all, max_restarts, stable);
        let mut town = Town::new(max_restarts, stable);
        for happening in &all {
            town.go(*happening);
            let pods: Vec<Pod> = town.story.pods.values().rev().cloned().collect();
            for pod in &pods {
                town.story.tell(Fact::Seen(Box::new(Object::Pod(pod.clone().into()))));
            }
            let objects = pods.into_iter().map(|object| Object::Pod(object.into())).collect();
            town.story.tell(Fact::Listed { source: Source::Pods, objects });
        }
        let again = town.story.ends();
        prop_assert_eq!((plain.verdict, plain.decided_after), (again.verdict, again.decided_after), "{:?} {:?}", plain, again);
    }
}
