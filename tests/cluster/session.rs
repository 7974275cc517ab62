//! The session: what gates cost, what they are told, and how they end.

use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::drive::Run;
use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::model::{Object, Source, WorkloadKind};
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Pin;
use crashgate::gate::{Fact, Want};

use super::stub::{Counting, Fake, Reply, Step, Stub, json, line, listed, object, pod_line, status};

async fn judge(stub: &Stub, gates: Vec<Fake>) -> Run {
    let mut sink = Counting::default();
    let connection = stub.connection();
    let run = judge_deciders(connection, gates, &mut sink, never()).await;
    assert_eq!((sink.begun, sink.ended), (1, 1));
    run
}

fn facts_of(fake: &Fake) -> super::stub::Facts {
    Arc::clone(&fake.facts)
}

#[tokio::test(start_paused = true)]
async fn a_quiet_gate_keeps_to_its_budget() {
    let stub = Stub::quiet();
    let connection = stub.connection();
    connection.version().await.unwrap();
    let mut sink = Counting::default();
    // Not at a moment at which the budget earns a token: a request that begins as all ends is counted, and never asked.
    let run = judge_deciders(Arc::clone(&connection), vec![Fake::until(602)], &mut sink, never()).await;
    let asks = stub.asks();
    let between = |from: u64, to: u64| asks.iter().filter(|ask| (from..to).contains(&(ask.at.as_secs()))).count();
    assert_eq!(between(0, 1), 15, "7 lists, 7 watches and the version");
    // Until the watches come to their ends, which what was saved until then pays for.
    for start in (10..280).step_by(10) {
        assert!(between(start, start + 10) <= 2, "{} requests from {start} s on", between(start, start + 10));
    }
    for (second, allowed) in (0..600).map(|second| (second, 16 + 2 * (second + 1) / 10)) {
        assert!(between(0, second + 1) as u64 <= allowed, "{second} s");
    }
    // No source goes unproven for longer than its turn of eight delays; where all seven watches are opened again in
    // between, these take what three and a half delays earn, and what is kept for the urgent takes one more.
    let longest_without = |resource: &str| {
        let mut at: Vec<Duration> = stub.of("LIST", resource).iter().map(|ask| ask.at).collect();
        at.push(Duration::from_mins(10));
        at.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap().as_secs()
    };
    // A watch that was just opened again may wait for its proof until the second `delay`.
    assert!(longest_without("pods") <= 20, "pods: {}", longest_without("pods"));
    for resource in ["deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "events"] {
        assert!(longest_without(resource) <= 125, "{resource}: {}", longest_without(resource));
    }
    assert_eq!(run.gates[0].requests, asks.len() as u64);
    assert!(sink.idle > 500);
}

#[tokio::test(start_paused = true)]
async fn gates_of_one_namespace_share_what_is_not_theirs_alone() {
    let stub = Stub::quiet();
    let mut other = Fake::until(5);
    other.plan.selector = "app=other".parse().unwrap();
    let run = judge(&stub, vec![Fake::until(5), other, Fake::until(5)]).await;
    assert_eq!(stub.asks().len(), 12 + 2 + 2, "the third gate has the selector of the first");
    assert_eq!(run.gates.iter().map(|gate| gate.requests).sum::<u64>(), 16);
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_told_without_a_storm_and_recovers() {
    let stub = Stub::new(|ask| (ask.at < Duration::from_mins(2)).then_some(Reply::Hang));
    let gate = Fake::until(240);
    let facts = facts_of(&gate);
    judge(&stub, vec![gate]).await;
    let during = stub.asks().iter().filter(|ask| ask.at < Duration::from_mins(2)).count();
    assert!(during <= 7 + 12, "one source asks while nobody answers: {during} requests in 2 minutes");
    let facts = facts.lock().unwrap();
    let listed_by = |source| {
        facts.iter().find(|(_, fact)| matches!(fact, Fact::Listed { source: s, .. } if *s == source)).map(|(at, _)| *at)
    };
    for source in [Source::Pods, Source::Events, Source::Workloads(WorkloadKind::Job)] {
        let at = listed_by(source).unwrap_or_else(|| panic!("{source} never came back"));
        assert!(at < Duration::from_secs(145), "{source} at {at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_is_confirmed_by_reads_of_its_own() {
    let stub = Stub::new(|ask| match (ask.verb, ask.path.rsplit('/').next().unwrap()) {
        ("LIST", "pods") => Some(listed("pods", 100, &[("a", 90), ("b", 91)])),
        ("LIST", "deployments") => Some(listed("deployments", 100, &[("web", 50), ("other", 51)])),
        _ => None,
    });
    let gate = Fake::until(3);
    let owners = vec![(WorkloadKind::Deployment, "web".to_owned()), (WorkloadKind::StatefulSet, "missing".to_owned())];
    *gate.want.lock().unwrap() = Want::Confirmation { owners, ticket: 1 };
    let facts = facts_of(&gate);
    judge(&stub, vec![gate]).await;
    let facts = facts.lock().unwrap();
    let confirmed: Vec<_> = facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Confirmed { pods, owners, kinds } => Some((pods.len(), owners.len(), kinds.len())),
            _ => None,
        })
        .collect();
    // No kind had been listed when it was asked for, so all are: with all that is of these kinds.
    assert_eq!(confirmed, [(2, 2, 5)], "asked once for one ticket; what is not found is not there");
    assert!(stub.asks().iter().all(|ask| ask.verb != "GET"));
    // The source's, the confirming one, and the source's anew: the confirming one may have been older than the watch.
    assert_eq!((stub.of("LIST", "pods").len(), stub.of("WATCH", "pods").len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_that_fails_is_a_loss_and_the_source_is_listed_again() {
    let stub = Stub::new(|ask| match (ask.verb, ask.resource.as_str()) {
        ("GET", _) => Some(status(500, "etcd")),
        ("LIST", "pods") if ask.nth > 0 => Some(listed("pods", 110, &[("a", 101)])),
        ("WATCH", "pods") => Some(Reply::Stream(vec![Step::Wait(2000), pod_line("ADDED", "a", 101), Step::Hang])),
        _ => None,
    });
    // Long enough for the budget: halfway through the wait it looks for custom resources too.
    let gate = Fake::until(90);
    let owners = vec![(WorkloadKind::Deployment, "web".to_owned())];
    let want = Arc::clone(&gate.want);
    // Once every kind was listed: then only the owner is read.
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        *want.lock().unwrap() = Want::Confirmation { owners, ticket: 1 };
    });
    let facts = facts_of(&gate);
    judge(&stub, vec![gate]).await;
    let source = Source::Workloads(WorkloadKind::Deployment);
    let facts = facts.lock().unwrap();
    let lost = facts.iter().position(|(_, fact)| matches!(fact, Fact::Lost { source: s, .. } if *s == source)).unwrap();
    assert!(stub.of("GET", "deployments").len() > 2, "asked for again before it is a loss");
    assert!(facts[lost..].iter().any(|(_, fact)| matches!(fact, Fact::Listed { source: s, .. } if *s == source)));
}

#[tokio::test(start_paused = true)]
async fn a_pinned_gate_watches_the_pods_that_its_workload_selects() {
    let stub = Stub::new(|ask| {
        (ask.verb == "WATCH" && ask.resource == "deployments" && ask.nth == 0).then(|| {
            Reply::Stream(vec![Step::Wait(4000), line("ADDED", &object("Deployment", "web", 101)), Step::Hang])
        })
    });
    let mut gate = Fake::until(8);
    gate.plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    let facts = facts_of(&gate);
    judge(&stub, vec![gate]).await;
    let pods = stub.of("LIST", "pods");
    assert_eq!(pods.len(), 1);
    assert_eq!((pods[0].at.as_secs(), pods[0].query.as_str()), (4, "limit=500&labelSelector=run%3Dweb"));
    let facts = facts.lock().unwrap();
    let of_pods: Vec<Duration> = facts
        .iter()
        .filter(|(_, fact)| matches!(fact, Fact::Listed { source: Source::Pods, .. }))
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(of_pods.len(), 2, "no pods while there is no workload, then its pods: {of_pods:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_workload_that_may_only_be_read_by_name_is() {
    let stub = Stub::new(|ask| match (ask.verb, ask.resource.as_str()) {
        ("LIST", "deployments") => Some(status(403, "no list")),
        ("GET", "deployments") => Some(json(200, &object("Deployment", "web", 101))),
        _ => None,
    });
    let mut gate = Fake::until(8);
    gate.plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    let facts = facts_of(&gate);
    judge(&stub, vec![gate]).await;
    assert_eq!(stub.of("LIST", "pods")[0].query, "limit=500&labelSelector=run%3Dweb");
    let facts = facts.lock().unwrap();
    assert!(
        facts.iter().any(|(_, fact)| matches!(fact, Fact::Seen(object) if matches!(**object, Object::Workload(_))))
    );
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_panics_proves_nothing_and_the_others_go_on() {
    let mut broken = Fake::until(100);
    broken.panics_at = Some(Duration::from_secs(2));
    let run = judge(&Stub::quiet(), vec![broken, Fake::until(20)]).await;
    assert_eq!(run.gates[0].outcome.verdict, Verdict::Inconclusive);
    assert_eq!(run.gates[0].outcome.findings.len(), 1);
    assert_eq!(run.gates[1].outcome.verdict, Verdict::Healthy);
    assert_eq!(run.verdict(), Verdict::Inconclusive);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_never_ends_is_ended() {
    let mut gate = Fake::until(0);
    gate.ends_at = None;
    let run = judge(&Stub::quiet(), vec![gate]).await;
    assert_eq!(run.gates[0].outcome.verdict, Verdict::Inconclusive);
    assert_eq!(run.duration.as_secs(), 60 + 30 + 30);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_all_gates_with_what_they_know() {
    let (sender, stop) = tokio::sync::watch::channel(None);
    let stub = Stub::quiet();
    let mut sink = Counting::default();
    let gates = vec![Fake::until(50), Fake::until(60)];
    let judged = judge_deciders(stub.connection(), gates, &mut sink, stop);
    let signal = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        sender.send(Some(Verdict::Terminated)).unwrap();
    };
    let (run, ()) = tokio::join!(judged, signal);
    assert!(run.gates.iter().all(|gate| gate.outcome.verdict == Verdict::Terminated));
    assert!(run.duration < Duration::from_secs(8), "{:?}", run.duration);
}
