//! The driver: a gate that is slower than its cluster decides on all that had arrived by then, and never on less.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::drive::Decider;
use crashgate::cluster::drive::{Run, judge_deciders};
use crashgate::cluster::{Stop, never};
use crashgate::gate::model::Object;
use crashgate::gate::result::{Evidence, GateEvent, Outcome, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Gate, Want};
use futures::FutureExt;

use super::stub::{Counting, Reply, Step, Stub, json, line, plan};

/// A gate that takes its time for each fact about a pod.
struct Slow {
    gate: Gate,
    for_each: Duration,
    /// When it was told of which pod.
    told: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Slow {
    fn new(plan: Plan, for_each: Duration) -> Self {
        Self { gate: Gate::new(plan), for_each, told: Arc::default() }
    }
}

impl Decider for Slow {
    fn plan(&self) -> &Plan {
        self.gate.plan()
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        if let Fact::Seen(object) = &fact
            && let Object::Pod(pod) = &**object
        {
            self.told.lock().unwrap().push((at, pod.name.clone()));
            // The clock goes on at once; what is awaited after that has no meaning here.
            let _ = tokio::time::advance(self.for_each).now_or_never();
        }
        self.gate.observe(at, fact);
    }

    fn advance(&mut self, now: Duration) {
        self.gate.advance(now);
    }

    fn wake_at(&self) -> Option<Duration> {
        self.gate.wake_at()
    }

    fn want(&self) -> Want {
        self.gate.want()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.gate.outcome()
    }

    fn end(&mut self, now: Duration, verdict: Verdict) {
        self.gate.end(now, verdict);
    }

    fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        self.gate.attach(place, evidence);
    }

    fn conclude(&mut self) {
        self.gate.conclude();
    }

    fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        self.gate.take_events()
    }
}

const PODS: u32 = 300;

/// A bare pod of the gated version.
fn pod(number: u32, version: u32, is_ready: bool, restarts: u32) -> String {
    let ready = if is_ready { "True" } else { "False" };
    let state = if restarts > 0 {
        r#"{"terminated":{"exitCode":1,"reason":"Error","containerID":"containerd://0"}}"#
    } else {
        r#"{"running":{"startedAt":"2026-11-21T03:00:00Z"}}"#
    };
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p{number}","namespace":"shop","uid":"u{number}","resourceVersion":"{version}","labels":{{"app":"checkout","version":"v1"}}}},"spec":{{"containers":[{{"name":"app","image":"web:1"}}]}},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"2026-11-21T03:00:00Z"}}],"containerStatuses":[{{"name":"app","ready":{is_ready},"restartCount":{restarts},"state":{state},"lastState":{{}},"image":"web:1","imageID":"","containerID":"containerd://{number}"}}]}}}}"#
    )
}

/// Three hundred pods: none is ready at first; their watch says at 10 s that all are. What comes after that is up to the
/// test, and a LIST shows the newest state from then on.
fn rollout(then: Vec<Step>) -> Stub {
    let mut then = Some(then);
    Stub::new(move |ask| match (ask.verb, ask.resource.as_str()) {
        ("LIST", "pods") => {
            let is_new = ask.at > Duration::from_secs(10);
            let items = (0..PODS).map(|number| {
                let version = if is_new { 1000 + number } else { 100 + number };
                pod(number, version, is_new, 0)
            });
            let version = if is_new { 2000 } else { 900 };
            Some(json(
                200,
                &format!(
                    r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"}},"items":[{}]}}"#,
                    items.collect::<Vec<_>>().join(",")
                ),
            ))
        }
        ("WATCH", "pods") if ask.nth == 0 => {
            let ready = (0..PODS).map(|number| line("MODIFIED", &pod(number, 1000 + number, true, 0)));
            let mut steps = vec![Step::Wait(10_000)];
            steps.extend(ready);
            steps.extend(then.take().unwrap_or_default());
            steps.push(Step::Hang);
            Some(Reply::Stream(steps))
        }
        _ => None,
    })
}

fn patient(seconds: u64) -> Plan {
    let (delay, wait_period) = (Duration::from_secs(5), Duration::from_secs(seconds));
    Plan { delay, wait_period, replicas: Some(PODS), ..plan() }
}

async fn judge(stub: &Stub, gate: Slow, stop: Stop) -> Run {
    judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), stop).await
}

#[tokio::test(start_paused = true)]
async fn what_was_told_before_the_end_of_the_wait_is_in_the_verdict_however_slow_the_gate_is() {
    // All of them are ready at 10 s; that is work until 40.6 s, and the wait ends at 40 s.
    let stub = rollout(Vec::new());
    let gate = Slow::new(patient(40), Duration::from_millis(102));
    let told = Arc::clone(&gate.told);
    let run = judge(&stub, gate, never()).await;
    let outcome = &run.gates[0].outcome;
    let asked: Vec<String> =
        stub.asks().iter().map(|ask| format!("{:?} {} {}", ask.at, ask.verb, ask.resource)).collect();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}: {asked:#?}", outcome.findings);
    assert_eq!((outcome.verdict.exit_code(), outcome.ready), (0, PODS));
    let told = told.lock().unwrap();
    let of_the_rollout = told.iter().take(PODS as usize);
    assert!(told.len() >= PODS as usize && of_the_rollout.clone().all(|(at, _)| at.as_secs() == 10), "{told:?}");
    let warnings: Vec<_> = outcome.warnings.iter().map(|warning| warning.code.name()).collect();
    assert_eq!(warnings, ["FellBehind"], "and whoever reads it knows why it came late: {:?}", outcome.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_past_is_judged_by_what_had_arrived_by_then_and_not_by_what_came_later() {
    // The last pod is ready 2 s after the end of the wait, which a slow gate hears of together with all the others.
    let late = vec![Step::Wait(12_000), line("MODIFIED", &pod(PODS, 3000, true, 0))];
    let stub = rollout(late);
    let plan = Plan { replicas: Some(PODS + 1), wait_period: Duration::from_secs(20), ..plan() };
    let run = judge(&stub, Slow::new(plan, Duration::from_millis(120)), never()).await;
    let outcome = &run.gates[0].outcome;
    assert_eq!((outcome.verdict, outcome.ready), (Verdict::TimedOut, PODS), "{:?}", outcome.findings);
    assert_eq!((outcome.verdict.exit_code(), outcome.decided_after.as_secs()), (3, 20));
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_slow_gate_with_all_that_had_arrived() {
    // One more pod is ready at 11 s, and the signal comes at 12 s: the gate is busy until 40 s, and then both wait for it.
    for attempt in 0..6 {
        let (sender, stop) = tokio::sync::watch::channel(None);
        let stub = rollout(vec![Step::Wait(1000), line("MODIFIED", &pod(PODS, 3000, true, 0))]);
        let gate = Slow::new(patient(60), Duration::from_millis(100));
        let signal = async {
            tokio::time::sleep(Duration::from_secs(12)).await;
            sender.send(Some(Verdict::Terminated)).unwrap();
        };
        let (run, ()) = tokio::join!(judge(&stub, gate, stop), signal);
        let outcome = &run.gates[0].outcome;
        assert_eq!((outcome.verdict, outcome.ready), (Verdict::Terminated, PODS + 1), "{attempt}");
        assert_eq!(outcome.verdict.exit_code(), 143);
    }
}
