//! The hub: gates come and go, what they share, what they cost, and that each of them judges as it would alone.

mod memory;
mod outages;
mod parts;
mod recordings;
mod town;

use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::drive::{Decider, Hub, HubLimits, Joined, Joining};
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::{Outcome, Verdict};
use crashgate::gate::spec::{Pin, Plan};
use tokio::time::{Instant, sleep};

use self::town::Town;
use super::stub::{Fake, Stub};

/// A gate of an app of a town.
fn gate(namespace: &str, app: usize) -> Gate {
    Gate::new(Plan::new(&format!("app-{app}"), "v1", namespace))
}

/// A gate that is pinned to an app's Deployment.
fn pinned(namespace: &str, app: usize) -> Gate {
    let name = format!("app-{app}");
    let pin = Pin { kind: WorkloadKind::Deployment, name: name.clone() };
    Gate::new(Plan { workload: Some(pin), ..Plan::new(&name, "v1", namespace) })
}

fn join<D: Decider>(hub: &Hub, gate: D) -> Joined {
    hub.join(Joining { gate, metrics: None, recording_ends: None, stop: never() })
}

/// Waits for the end of a gate, and hears all that it says until then.
async fn outcome(mut joined: Joined) -> Outcome {
    while joined.emitted.recv().await.is_some() {}
    joined.outcome().await.unwrap()
}

fn town(town: Town) -> Stub {
    Stub::new(move |ask| town.answer(ask))
}

#[tokio::test(start_paused = true)]
async fn twenty_gates_that_join_at_once_share_one_watch_of_each_kind_and_all_pass_in_time() {
    for pins in [false, true] {
        let stub = town(Town::default());
        let hub = Hub::new(stub.connection());
        let began = Instant::now();
        let joined: Vec<Joined> =
            (0..20).map(|app| join(&hub, if pins { pinned("shop", app) } else { gate("shop", app) })).collect();
        let outcomes = futures::future::join_all(joined.into_iter().map(outcome)).await;
        for outcome in &outcomes {
            assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
        }
        let last = outcomes.iter().map(|outcome| outcome.decided_after).max().unwrap();
        assert!(last < Duration::from_secs(31), "confirmed within a second of its window's end: {last:?}");
        assert!(began.elapsed() < Duration::from_secs(33));
        let watches = |resource: &str| stub.of("WATCH", resource).len();
        assert_eq!((watches("pods"), watches("deployments"), watches("replicasets"), watches("events")), (1, 1, 1, 1));
        let pods = &stub.of("WATCH", "pods")[0];
        assert!(!pods.query.contains("labelSelector"), "{pods:?}");
        // One confirming LIST of its pods each, and GETs of its owners.
        let confirming = stub.of("LIST", "pods").iter().filter(|ask| ask.query.contains("labelSelector")).count();
        assert_eq!(confirming, 20);
        let asked = stub.asks().len();
        assert!(asked <= 45, "{asked} requests of twenty gates: alone they would have made more than 400");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_joins_later_costs_nothing_until_its_pass_is_confirmed() {
    for pins in [false, true] {
        let stub = town(Town::default());
        let hub = Hub::new(stub.connection());
        let make = |app| if pins { pinned("shop", app) } else { gate("shop", app) };
        let first = join(&hub, make(0));
        sleep(Duration::from_secs(5)).await;
        let before = stub.asks().len();
        let second = join(&hub, make(1));
        sleep(Duration::from_secs(4)).await;
        let new: Vec<_> = stub.asks().split_off(before);
        // The kinds that rest are asked for by a gate of labels: one of its own may have come.
        let rested = ["statefulsets", "daemonsets", "jobs"];
        let is_free = |resource: &str| pins || !rested.contains(&resource);
        let paid: Vec<_> = new.iter().filter(|ask| is_free(&ask.resource)).collect();
        assert!(paid.is_empty(), "pinned {pins}: {paid:#?}");
        let (first, second) = tokio::join!(outcome(first), outcome(second));
        assert_eq!((first.verdict, second.verdict), (Verdict::Healthy, Verdict::Healthy));
        assert!(second.decided_after < Duration::from_secs(31), "{:?}", second.decided_after);
        assert_eq!(stub.of("WATCH", "pods").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_gate_of_a_namespace_ends_its_watches_at_once() {
    let stub = town(Town::default());
    let hub = Hub::new(stub.connection());
    let one = join(&hub, gate("shop", 0));
    let other = join(&hub, gate("shop", 1));
    let elsewhere = join(&hub, gate("market", 0));
    sleep(Duration::from_secs(5)).await;
    // The kinds that own nothing here rest.
    assert_eq!(stub.open(), 8, "pods, events, Deployments and ReplicaSets of two namespaces");
    drop(one);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(stub.open(), 8, "another one hears of them");
    drop(other);
    sleep(Duration::from_millis(10)).await;
    assert_eq!((stub.open(), hub.sources()), (4, 10));
    let asked = stub.asks().len();
    assert_eq!(outcome(elsewhere).await.verdict, Verdict::Healthy, "whose namespace is another");
    sleep(Duration::from_millis(10)).await;
    assert_eq!((stub.open(), hub.sources()), (0, 0));
    assert!(stub.asks()[asked..].iter().all(|ask| ask.path.contains("/market/")));
    // Who comes after that begins anew.
    let again = join(&hub, gate("shop", 0));
    assert_eq!(outcome(again).await.verdict, Verdict::Healthy);
    assert_eq!(stub.of("WATCH", "pods").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_the_last_gate_of_its_kind_leaves_is_ended_while_others_go_on() {
    let stub = town(Town::default());
    let hub = Hub::new(stub.connection());
    // One whose workload is not there hears of no pods at all.
    let mut waiting = Plan::new("app-99", "v1", "shop");
    waiting.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "app-99".to_owned() });
    let _waiting = join(&hub, Gate::new(waiting));
    let passing = join(&hub, gate("shop", 0));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(hub.sources(), 10);
    drop(passing);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(hub.sources(), 9, "nobody hears of the pods");
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_dropped_has_no_say_any_more_and_its_booking_goes_with_it() {
    let stub = town(Town::default());
    let hub = Hub::new(stub.connection());
    // It never says what it needs, and so needs all kinds.
    let greedy = join(&hub, Fake::until(500));
    let modest = join(&hub, gate("shop", 0));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(stub.open(), 7, "every kind is watched");
    drop(greedy);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stub.open(), 4, "what only the other one needed rests");
    assert_eq!(outcome(modest).await.verdict, Verdict::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_panics_is_inconclusive_and_the_others_go_on() {
    let stub = town(Town::default());
    let hub = Hub::new(stub.connection());
    let mut broken = Fake::until(100);
    broken.panics_at = Some(Duration::from_secs(2));
    let (broken, whole) = (join(&hub, broken), join(&hub, gate("shop", 0)));
    let (broken, whole) = tokio::join!(outcome(broken), outcome(whole));
    assert_eq!((broken.verdict, broken.findings.len()), (Verdict::Inconclusive, 1));
    assert!(broken.findings[0].message.contains("crashgate itself failed"), "{:?}", broken.findings);
    assert_eq!(whole.verdict, Verdict::Healthy);
    sleep(Duration::from_millis(10)).await;
    assert_eq!((stub.open(), hub.sources()), (0, 0), "nothing is kept for it");
}

#[tokio::test(start_paused = true)]
async fn the_times_of_a_gate_are_since_it_joined() {
    let stub = town(Town::default());
    let hub = Hub::new(stub.connection());
    let _first = join(&hub, Fake::until(1000));
    sleep(Duration::from_mins(5)).await;
    let began = Instant::now();
    let second = join(&hub, pinned("shop", 3));
    assert_eq!(second.begun, began);
    let outcome = outcome(second).await;
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    assert!(outcome.decided_after < Duration::from_secs(31), "{:?}", outcome.decided_after);
    assert!(began.elapsed() < Duration::from_secs(33));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_keeps_to_its_bound_however_many_gates_join() {
    let stub = town(Town::default());
    let limits = HubLimits { namespace_burst: 16, namespace_per_second: 1.0, ..HubLimits::default() };
    let hub = Hub::with_limits(stub.connection(), limits);
    let joined: Vec<Joined> = (0..20).map(|app| join(&hub, gate("shop", app))).collect();
    let outcomes = futures::future::join_all(joined.into_iter().map(outcome)).await;
    assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::Healthy));
    let asks = stub.asks();
    for second in 0..90 {
        let until = asks.iter().filter(|ask| ask.at.as_secs() <= second).count() as u64;
        assert!(until <= 16 + second + 1, "{until} requests in {second} s");
    }
    let last = outcomes.iter().map(|outcome| outcome.decided_after).max().unwrap();
    // Twenty confirming lists and what they share, less what the bucket holds, one a second.
    assert!(last > Duration::from_secs(35) && last < Duration::from_secs(50), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn fifty_namespaces_that_are_followed_at_once_keep_to_the_bound_for_all() {
    let stub = town(Town { apps: 1, ..Town::default() });
    let limits = HubLimits { burst: 60, per_second: 20.0, ..HubLimits::default() };
    let hub = Hub::with_limits(stub.connection(), limits);
    let joined: Vec<Joined> = (0..50).map(|number| join(&hub, gate(&format!("n{number}"), 0))).collect();
    let outcomes = futures::future::join_all(joined.into_iter().map(outcome)).await;
    for outcome in &outcomes {
        assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    }
    let asks = stub.asks();
    for second in 0..120 {
        let until = asks.iter().filter(|ask| ask.at.as_secs() <= second).count() as u64;
        assert!(until <= 60 + 20 * (second + 1), "{until} requests in {second} s");
    }
}

/// A connection of its own for a gate that is alone.
async fn alone(stub: &Stub, gate: Gate) -> Outcome {
    let mut sink = super::stub::Counting::default();
    let run = crashgate::cluster::drive::judge_deciders(stub.connection(), vec![gate], &mut sink, never()).await;
    run.gates[0].outcome.clone()
}

#[tokio::test(start_paused = true)]
async fn a_session_has_the_pods_selected_by_the_api_server() {
    let stub = town(Town::default());
    assert_eq!(alone(&stub, gate("shop", 0)).await.verdict, Verdict::Healthy);
    let pods: Vec<_> = stub.asks().into_iter().filter(|ask| ask.resource == "pods").collect();
    assert!(pods.iter().all(|ask| ask.query.contains("labelSelector")), "{pods:#?}");
}

/// Keeps a hub's type in its shape for those who build on it.
#[test]
fn a_hub_can_be_shared_between_tasks() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Arc<Hub>>();
    is_shared::<Joined>();
}
