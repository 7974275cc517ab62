//! The progress of a gate of many pods in a log: it grows with what there is to tell, not with the pods.

use std::time::Duration;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::Sink;
use crashgate::gate::model::{Pod, Role, Source};
use crashgate::gate::result::{GateEvent, PodState, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::report::human::Human;

use super::build::{Kept, printer, sink};
use crate::scenario::objects::{self, Bend as _};
use crate::scenario::{self, Scenario};

/// A step in the life of a pod: when, in seconds, and what it is like from then on.
type Step = (f64, Bent);
/// What becomes of a healthy pod.
type Bent = fn(Pod) -> Pod;

const CRASHES: [Step; 9] = [
    (1.0, |pod| pod.creating()),
    (3.0, |pod| pod.unready()),
    (5.0, |pod| pod.terminated("app", 1, "Error")),
    (6.0, |pod| pod.restarted("app", 1, 1, "Error").unready()),
    (8.0, |pod| pod.restarted("app", 1, 1, "Error").terminated("app", 1, "Error")),
    (12.0, |pod| pod.restarted("app", 1, 1, "Error").waiting("app", "CrashLoopBackOff", "back-off 10s")),
    (20.0, |pod| pod.restarted("app", 2, 1, "Error").unready()),
    (22.0, |pod| pod.restarted("app", 2, 1, "Error").terminated("app", 1, "Error")),
    (25.0, |pod| pod.restarted("app", 2, 1, "Error").waiting("app", "CrashLoopBackOff", "back-off 20s")),
];

const BECOMES_READY: [Step; 3] = [(1.0, |pod| pod.creating()), (3.0, |pod| pod.unready()), (5.0, |pod| pod)];

/// Everything that is written while so many pods live like this, one a twentieth of a second after the other.
fn told(plan: &Plan, pods: u32, life: &[Step]) -> Vec<String> {
    let (printer, _, stderr) = printer();
    let mut human = sink(Human::new(printer));
    human.begin(&Target::default(), std::slice::from_ref(plan));
    let mut story = Scenario::new(plan.clone());
    let owner = objects::deployment("web", "v2", pods);
    let set = objects::replica_set(&owner);
    story.workload(owner).workload(set.clone());
    let mut steps: Vec<(f64, u32, Bent)> = (0..pods)
        .flat_map(|number| life.iter().map(move |(at, bend)| (at + f64::from(number) / 20.0, number, *bend)))
        .collect();
    steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut second = 0.0;
    for (at, number, bend) in steps {
        while second < at {
            story.at(second);
            hear(&mut human, &mut story, second);
            second += 1.0;
        }
        story.at(at).pod(bend(objects::pod(&set, &format!("web-{number:02}"))));
        hear(&mut human, &mut story, at);
    }
    while story.ended().is_none() {
        story.at(second);
        hear(&mut human, &mut story, second);
        second += 1.0;
        story.list(Source::Pods);
    }
    lines(&stderr)
}

fn hear(human: &mut impl Sink, story: &mut Scenario, now: f64) {
    let events = story.gate.take_events();
    if events.is_empty() {
        human.idle(Duration::from_secs_f64(now));
    }
    for (at, event) in events {
        human.event(0, at, &event);
    }
}

fn lines(stderr: &Kept) -> Vec<String> {
    stderr.text().lines().skip(2).map(str::to_owned).collect()
}

/// The plan of a gate that goes on whatever crashes.
fn patient() -> Plan {
    let mut plan = scenario::plan();
    plan.max_restarts = 100;
    plan.wait_period = Duration::from_mins(1);
    plan
}

/// How many pods the lines with these words speak of, each line of its own pod or of so many others.
fn pods_in(lines: &[String], words: &str) -> usize {
    let with_words = lines.iter().filter(|line| line.contains(words));
    let others = |line: &String| line.split_once(" other pods: ")?.0.rsplit(' ').next()?.parse::<usize>().ok();
    with_words.map(|line| others(line).unwrap_or(1)).sum()
}

fn place(lines: &[String], words: &str) -> usize {
    lines.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("no `{words}` in {lines:#?}"))
}

#[test]
fn sixty_crashing_pods_are_hardly_more_lines_than_six() {
    let (six, sixty) = (told(&patient(), 6, &CRASHES), told(&patient(), 60, &CRASHES));
    assert!(sixty.len() <= 60 && sixty.len() <= six.len() + 10, "{} and {}: {sixty:#?}", six.len(), sixty.len());
    for words in ["first seen", "starting", "exit code 1 (1 crash"] {
        assert_eq!(pods_in(&sixty, words), 60, "{words}: {sixty:#?}");
    }
    // The first of each kind is told when it happens, by its name.
    for line in [
        "    +5.0s  web-00: container app ended: exit code 1 (1 crash, 100 allowed)",
        "   +12.0s  web-00: app: CrashLoopBackOff",
    ] {
        assert!(sixty.iter().any(|told| told == line), "{line}: {sixty:#?}");
    }
    let last = place(&sixty, "57 other pods: container app ended: exit code 1 (up to 3 crashes each, 100 allowed)");
    assert!(last < place(&sixty, "decided: timed-out"), "{sixty:#?}");
}

#[test]
fn what_is_held_back_is_told_before_the_decision_that_it_brings() {
    let mut plan = patient();
    plan.max_restarts = 0;
    let sixty = told(&plan, 60, &CRASHES);
    assert_eq!((pods_in(&sixty, "first seen"), pods_in(&sixty, "ended: exit code 1 (1 crash")), (60, 1), "{sixty:#?}");
    assert_eq!(place(&sixty, "decided: failed"), sixty.len() - 1, "{sixty:#?}");
}

#[test]
fn sixty_ready_pods_are_hardly_more_lines_than_six() {
    let (six, sixty) = (told(&patient(), 6, &BECOMES_READY), told(&patient(), 60, &BECOMES_READY));
    assert!(sixty.len() <= 30 && sixty.len() <= six.len() + 6, "{} and {}: {sixty:#?}", six.len(), sixty.len());
    for words in ["first seen", "starting", ": ready", ": running, not ready"] {
        assert_eq!(pods_in(&sixty, words), 60, "{words}: {sixty:#?}");
    }
    // All of it is told before the line that it leads to.
    let opened = place(&sixty, "everything is ready and must stay so until");
    assert!(sixty[opened..].iter().all(|line| !line.contains(" other pods: ")), "{sixty:#?}");
}

#[test]
fn a_gate_of_one_pod_has_a_line_for_each_change() {
    let one = told(&patient(), 1, &CRASHES);
    let changes: Vec<&str> = one.iter().map(|line| line.split_once("s  ").unwrap().1).collect();
    let expected = [
        "0 of 1 pod ready",
        "web-00: first seen",
        "web-00: starting",
        "web-00: running, not ready",
        "web-00: container app ended: exit code 1 (1 crash, 100 allowed)",
        "web-00: app ended: exit code 1",
        "web-00: running, not ready",
        "web-00: container app ended: exit code 1 (2 crashes, 100 allowed)",
        "web-00: app ended: exit code 1",
        "web-00: app: CrashLoopBackOff",
        "web-00: running, not ready",
        "web-00: container app ended: exit code 1 (3 crashes, 100 allowed)",
        "web-00: app ended: exit code 1",
        "web-00: app: CrashLoopBackOff",
        "decided: timed-out",
    ];
    assert_eq!(changes, expected);
}

/// What is written of these events of one gate.
fn log(events: impl IntoIterator<Item = (u64, GateEvent)>) -> Vec<String> {
    let (printer, _, stderr) = printer();
    let mut human = sink(Human::new(printer));
    human.begin(&Target::default(), &[patient()]);
    for (at, event) in events {
        human.event(0, Duration::from_millis(at), &event);
    }
    human.event(0, Duration::from_hours(1), &GateEvent::Decided { verdict: Verdict::TimedOut });
    lines(&stderr)
}

#[test]
fn pods_that_each_say_it_in_their_own_words_are_of_one_kind_where_they_differ_in_names_and_numbers() {
    let crash = |pod: u32, how: String| GateEvent::Crash {
        pod: format!("web-{pod}"),
        container: "app".to_owned(),
        role: Role::App,
        how,
        crashes: 1,
        allowed: 0,
    };
    let disturbed = |pod: u32| GateEvent::PodState {
        pod: format!("web-{pod}"),
        state: PodState::Disturbed(format!("web-{pod} evicted: threshold 100Mi, available {pod}Ki")),
    };
    let lines = log((0..500).map(|pod| (u64::from(pod), disturbed(pod))));
    assert_eq!(lines.len(), 3 + 1 + 1, "{lines:#?}");
    assert!(lines[3].contains("497 other pods: web-499 evicted: threshold 100Mi, available 499Ki"), "{lines:#?}");
    // Another exit code is another kind of news.
    let lines = log((0..12).map(|pod| (u64::from(pod), crash(pod, format!("exit code {}", pod % 2)))));
    assert_eq!(lines.len(), 3 + 3 + 2 + 1, "{lines:#?}");
}

#[test]
fn however_many_kinds_of_news_there_are_the_log_stays_bounded() {
    let word =
        |number: u32| number.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect::<String>();
    let state = |pod: u32| GateEvent::PodState { pod: format!("web-{pod}"), state: PodState::Disturbed(word(pod)) };
    let lines = log((0..5000).map(|pod| (0, state(pod))));
    assert!(lines.len() <= 110, "{}", lines.len());
    assert!(
        lines[lines.len() - 2].contains("4897 other pods: ejjj, and more of other kinds"),
        "{:#?}",
        &lines[lines.len() - 4..]
    );
}

#[test]
fn what_goes_on_for_an_hour_is_told_once_a_minute() {
    let ready = |second: u32| (1000 * u64::from(second), GateEvent::Progress { ready: second % 50, wanted: Some(60) });
    let other = |second: u32| (1000 * u64::from(second) + 500, GateEvent::PodAppeared { pod: format!("web-{second}") });
    let lines = log((0..3600).flat_map(|second| [ready(second), other(second)]));
    let of = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert!((60..75).contains(&of("other pods: first seen")), "{lines:#?}");
    assert!((60..75).contains(&of("of 60 pods ready")), "{lines:#?}");
    assert_eq!(pods_in(&lines, "first seen"), 3600);
}

#[test]
fn several_pods_that_flap_in_turn_do_not_fill_the_log_with_stability_windows() {
    let until = Duration::from_mins(150);
    let events = (0..900_u32).flat_map(|turn| {
        let (at, pod) = (2000 * u64::from(turn), format!("web-{}", turn % 60));
        let why = format!("pod {pod} is not ready any more");
        let opened = (at + 1000, GateEvent::WindowOpened { until });
        [(at, GateEvent::PodAppeared { pod }), (at, GateEvent::WindowBroken { why }), opened]
    });
    let lines = log(events);
    let windows = lines.iter().filter(|line| line.contains("stab") || line.contains("must stay so")).count();
    assert!(windows <= 50, "{windows}: {lines:#?}");
}
