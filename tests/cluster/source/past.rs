//! Answers from the past: an API server that lags behind the others, a cache in front of them.

use std::time::Duration;

use crashgate::cluster::api::RequestCounter;
use crashgate::cluster::drive::{Paid, Question, confirm};
use crashgate::gate::Fact;
use crashgate::gate::model::{Source, TroubleKind};

use super::{Arc, Budget, Collection, Link, Rig, Step, Stub, first_watch, json, line, listed, pod_line};

#[tokio::test(start_paused = true)]
async fn a_list_that_is_older_than_what_was_told_proves_nothing() {
    let mut watch = first_watch(vec![pod_line("MODIFIED", "a", 120), Step::Hang]);
    let mut rig = Rig::pods(move |ask| match (ask.verb, ask.nth) {
        ("LIST", 0 | 1) => Some(listed("pods", 100, &[("a", 90)])),
        ("LIST", _) => Some(listed("pods", 130, &[("a", 120)])),
        _ => watch(ask),
    });
    rig.expect(&["listed 1", "seen", "lost Stale", "listed 1"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_tells_the_past_once_more_says_nothing() {
    let lines = vec![
        pod_line("MODIFIED", "a", 120),
        pod_line("MODIFIED", "a", 110),
        pod_line("DELETED", "a", 130),
        pod_line("ADDED", "a", 115),
        pod_line("ADDED", "b", 131),
        Step::Hang,
    ];
    let mut watch = first_watch(lines);
    let mut rig = Rig::pods(move |ask| match ask.verb {
        "LIST" if ask.nth == 0 => Some(listed("pods", 100, &[("a", 90)])),
        "LIST" => Some(listed("pods", 140, &[("b", 131)])),
        _ => watch(ask),
    });
    rig.expect(&["listed 1", "seen", "gone", "seen", "listed 1"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_names_another_namespace_is_not_told() {
    let elsewhere = r#"{"kind":"Pod","metadata":{"name":"x","namespace":"other","uid":"x","resourceVersion":"105"},"spec":{"containers":[]}}"#;
    let mut watch = first_watch(vec![line("ADDED", elsewhere), pod_line("ADDED", "b", 106), Step::Hang]);
    let mut rig = Rig::pods(move |ask| match ask.verb {
        "LIST" if ask.nth == 0 => Some(json(
            200,
            &format!(r#"{{"kind":"PodList","metadata":{{"resourceVersion":"100"}},"items":[{elsewhere}]}}"#),
        )),
        "LIST" => Some(listed("pods", 140, &[("b", 106)])),
        _ => watch(ask),
    });
    rig.expect(&["listed 0", "seen", "listed 1"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_confirming_read_that_is_older_than_what_was_shown_is_none() {
    let stub = Stub::new(|ask| {
        (ask.verb == "LIST").then(|| listed("pods", if ask.nth == 0 { 120 } else { 110 }, &[("a", 100)]))
    });
    let (connection, meter) = (stub.connection(), RequestCounter::default());
    let budget = Arc::new(Budget::new([Duration::from_secs(10)]));
    let link = Link::new(Arc::clone(&budget));
    let paid = Paid { link: &link, budget: &budget, meter: &meter };
    let question = Question {
        namespace: "shop".to_owned(),
        pods: Some(Collection::whole(Source::Pods, "shop")),
        owners: Vec::new(),
        kinds: Vec::new(),
        delay: Duration::from_secs(10),
    };
    let read = || confirm(&connection, question.clone(), &paid, Duration::from_secs(10));
    assert!(matches!(read().await, Fact::Confirmed { pods, .. } if pods.len() == 1));
    let Fact::Lost { source: Source::Pods, trouble } = read().await else { panic!("an older LIST confirmed") };
    assert_eq!(trouble.kind, TroubleKind::Stale);
    assert!(trouble.message.contains("(resourceVersion 110) is older than what had been answered"), "{trouble:?}");
}
