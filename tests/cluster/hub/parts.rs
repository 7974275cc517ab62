//! Of one watch of all pods each gate hears what a watch with its own selector would tell.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::drive::Hub;
use crashgate::gate::Fact;
use crashgate::gate::model::{Object, Source};
use tokio::time::sleep;

use super::{join, outcome, town::list};
use crate::cluster::stub::{Facts, Fake, Reply, Step, Stub, json, line};

/// A pod with this label `app`.
fn pod(uid: &str, app: &str, version: u32) -> String {
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{uid}","namespace":"shop","uid":"{uid}","resourceVersion":"{version}","labels":{{"app":"{app}"}}}},"spec":{{"containers":[]}},"status":{{}}}}"#
    )
}

/// A gate of this app that ends after so many seconds, and what it was told.
fn hearing(app: &str, seconds: u64) -> (Fake, Facts) {
    let mut fake = Fake::until(seconds);
    fake.plan.selector = format!("app={app}").parse().unwrap();
    let facts = Arc::clone(&fake.facts);
    (fake, facts)
}

/// What it was told of pods, in words.
fn of_pods(facts: &Facts) -> Vec<String> {
    let words = |fact: &Fact| match fact {
        Fact::Listed { source: Source::Pods, objects } => {
            let mut uids: Vec<&str> = objects.iter().map(Object::uid).collect();
            uids.sort_unstable();
            Some(format!("listed {}", uids.join(" ")).trim_end().to_owned())
        }
        Fact::Seen(object) => match &**object {
            Object::Pod(pod) => Some(format!("seen {}", pod.uid)),
            _ => None,
        },
        Fact::Gone { source: Source::Pods, uid } => Some(format!("gone {uid}")),
        Fact::Lost { source: Source::Pods, .. } => Some("lost".to_owned()),
        Fact::Resumed { source: Source::Pods } => Some("resumed".to_owned()),
        _ => None,
    };
    facts.lock().unwrap().iter().filter_map(|(_, fact)| words(fact)).collect()
}

/// A server whose first watch of the pods says this; each list of them shows what `state` says then.
fn server(first: Vec<Step>, state: Arc<Mutex<Vec<String>>>) -> Stub {
    let mut first = Some(first);
    Stub::new(move |ask| match (ask.verb, ask.resource.as_str()) {
        ("LIST", "pods") => {
            Some(json(200, &list("Pod", 100 + u32::try_from(ask.nth).unwrap(), &state.lock().unwrap())))
        }
        ("WATCH", "pods") => first.take().map(Reply::Stream),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn a_pod_whose_labels_change_leaves_one_gate_and_comes_to_another() {
    let lines = vec![
        Step::Wait(1000),
        line("MODIFIED", &pod("a", "other", 101)),
        line("ADDED", &pod("c", "checkout", 102)),
        line("ADDED", &pod("x", "third", 103)),
        line("MODIFIED", &pod("c", "checkout", 104)),
        line("DELETED", &pod("x", "third", 105)),
        line("MODIFIED", &pod("a", "checkout", 106)),
        line("DELETED", &pod("a", "checkout", 107)),
        Step::Hang,
    ];
    let state = Arc::new(Mutex::new(vec![pod("a", "checkout", 90), pod("b", "other", 91), pod("z", "third", 92)]));
    let stub = server(lines, state);
    let hub = Hub::new(stub.connection());
    let (checkout, heard) = hearing("checkout", 5);
    let (other, heard_other) = hearing("other", 5);
    let (checkout, other) = (join(&hub, checkout), join(&hub, other));
    tokio::join!(outcome(checkout), outcome(other));
    assert_eq!(of_pods(&heard), ["listed a", "gone a", "seen c", "seen c", "seen a", "gone a"]);
    assert_eq!(of_pods(&heard_other), ["listed b", "seen a", "gone a"]);
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_later_is_told_what_the_watch_has_told_and_every_change_after_that_once() {
    let lines = vec![
        Step::Wait(1000),
        line("ADDED", &pod("c", "checkout", 101)),
        line("DELETED", &pod("a", "checkout", 102)),
        line("MODIFIED", &pod("b", "checkout", 103)),
        Step::Wait(2000),
        line("ADDED", &pod("d", "checkout", 104)),
        Step::Hang,
    ];
    let state = Arc::new(Mutex::new(vec![pod("a", "checkout", 90), pod("b", "other", 91)]));
    let stub = server(lines, state);
    let hub = Hub::new(stub.connection());
    let (first, heard_first) = hearing("checkout", 6);
    let first = join(&hub, first);
    sleep(Duration::from_secs(2)).await;
    let before = stub.of("LIST", "pods").len();
    let (second, heard) = hearing("checkout", 4);
    let second = join(&hub, second);
    tokio::join!(outcome(first), outcome(second));
    assert_eq!(of_pods(&heard), ["listed b c", "seen d"]);
    assert_eq!(of_pods(&heard_first), ["listed a", "seen c", "gone a", "seen b", "seen d"]);
    assert_eq!((before, stub.of("LIST", "pods").len()), (1, 1), "nobody listed the pods for it");
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_while_the_pods_cannot_be_seen_hears_so_and_of_all_of_them_afterwards() {
    let state = Arc::new(Mutex::new(vec![pod("a", "checkout", 90), pod("b", "other", 91)]));
    let listed = Arc::clone(&state);
    let stub = Stub::new(move |ask| match (ask.verb, ask.at.as_secs()) {
        ("LIST" | "WATCH", 5..12) => Some(Reply::Hangup),
        ("LIST", _) if ask.resource == "pods" => Some(json(200, &list("Pod", 100, &listed.lock().unwrap()))),
        ("WATCH", 0..5) => {
            Some(Reply::Stream(vec![Step::Wait(5000 - u64::try_from(ask.at.as_millis()).unwrap()), Step::Cut]))
        }
        _ => None,
    });
    let hub = Hub::new(stub.connection());
    let (first, heard_first) = hearing("checkout", 30);
    let first = join(&hub, first);
    sleep(Duration::from_secs(9)).await;
    let (second, heard) = hearing("checkout", 21);
    let second = join(&hub, second);
    tokio::join!(outcome(first), outcome(second));
    // To the first one the watch that is open again tells what it missed; the second one was never told of the rest.
    assert_eq!(of_pods(&heard_first)[..3], ["listed a", "lost", "resumed"], "{:?}", of_pods(&heard_first));
    assert_eq!(of_pods(&heard)[..2], ["lost", "listed a"], "{:?}", of_pods(&heard));
}

#[tokio::test(start_paused = true)]
async fn what_another_apps_pods_do_never_reaches_a_gate() {
    let mut lines = vec![Step::Wait(1000)];
    lines.extend((0..500).map(|number| line("ADDED", &pod(&format!("x{number}"), "noisy", 200 + number))));
    lines.push(Step::Hang);
    let state = Arc::new(Mutex::new(vec![pod("a", "checkout", 90)]));
    let stub = server(lines, state);
    let hub = Hub::new(stub.connection());
    let (quiet, heard) = hearing("checkout", 5);
    let (noisy, heard_noisy) = hearing("noisy", 5);
    let (quiet, noisy) = (join(&hub, quiet), join(&hub, noisy));
    tokio::join!(outcome(quiet), outcome(noisy));
    assert_eq!(of_pods(&heard), ["listed a"]);
    assert_eq!(of_pods(&heard_noisy).len(), 501);
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_requirement_takes_the_pods_that_the_api_server_would_take() {
    let state = Arc::new(Mutex::new(vec![pod("a", "checkout", 90), pod("b", "other", 91), pod("c", "third", 92)]));
    let stub = server(vec![Step::Hang], state);
    let hub = Hub::new(stub.connection());
    for (selector, listed) in [
        ("app=checkout", "listed a"),
        ("app!=checkout", "listed b c"),
        ("app in (checkout,third)", "listed a c"),
        ("app notin (checkout,third)", "listed b"),
        ("app", "listed a b c"),
        ("!app", "listed"),
        ("app,app!=other", "listed a c"),
        ("tier=front", "listed"),
        ("tier!=front", "listed a b c"),
    ] {
        let mut fake = Fake::until(1);
        fake.plan.selector = selector.parse().unwrap();
        let heard = Arc::clone(&fake.facts);
        outcome(join(&hub, fake)).await;
        assert_eq!(of_pods(&heard), [listed], "{selector}");
    }
}
