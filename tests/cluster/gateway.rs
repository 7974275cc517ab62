//! The gateway: pages, and what is counted and told of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::Collection;
use crashgate::cluster::api::RequestCounter;
use crashgate::cluster::api::with_retries;
use crashgate::cluster::api::{Failure, FailureKind};
use crashgate::gate::model::Source;
use tokio::time::Instant;

use super::stub::{Reply, Stub, json, listed, object, status};

fn page(uid: &str, next: &str) -> Reply {
    let item = object("Pod", uid, 5);
    json(
        200,
        &format!(r#"{{"kind":"PodList","metadata":{{"resourceVersion":"9","continue":"{next}"}},"items":[{item}]}}"#),
    )
}

#[tokio::test(start_paused = true)]
async fn a_list_is_read_to_its_last_page_and_begun_again_where_its_token_expired() {
    let stub = Stub::new(|ask| {
        Some(match (ask.nth, ask.query.contains("continue=")) {
            (0, false) => page("a", "T/1"),
            (1, true) => status(410, "the token expired"),
            (2, false) => page("a", "T2"),
            (3, true) => page("b", "T3"),
            (4, true) => page("c", ""),
            _ => panic!("{ask:?}"),
        })
    });
    let meter = RequestCounter::default();
    let listing = stub.connection().list(&Collection::whole(Source::Pods, "shop"), &meter).await.unwrap();
    let uids: Vec<&str> = listing.objects.iter().map(|(uid, _)| uid.as_str()).collect();
    assert_eq!(uids, ["a", "b", "c"]);
    assert_eq!(meter.count(), 5);
    assert!(stub.asks()[1].query.ends_with("continue=T%2F1"));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_always_expire_come_to_an_end() {
    let stub =
        Stub::new(|ask| Some(if ask.query.contains("continue=") { status(410, "expired") } else { page("a", "T") }));
    let answer = stub.connection().list(&Collection::whole(Source::Pods, "shop"), &RequestCounter::default()).await;
    assert!(matches!(answer, Err(Failure { kind: FailureKind::Expired(_), .. })));
    assert_eq!(stub.asks().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_three_times_and_what_does_not_once() {
    for (reply, tries) in [(500, 3), (429, 3), (403, 1), (404, 1), (410, 1)] {
        let stub = Stub::new(move |_| Some(status(reply, "no")));
        let connection = stub.connection();
        let (pods, meter) = (Collection::whole(Source::Pods, "shop"), RequestCounter::default());
        let deadline = Instant::now() + Duration::from_secs(10);
        assert!(with_retries(deadline, || connection.list(&pods, &meter)).await.is_err());
        assert_eq!((stub.asks().len(), meter.count()), (tries, tries as u64), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_a_failure_after_the_time_limit() {
    let stub = Stub::new(|_| Some(Reply::Hang));
    let before = Instant::now();
    let failure =
        stub.connection().list(&Collection::whole(Source::Pods, "shop"), &RequestCounter::default()).await.unwrap_err();
    assert_eq!(failure.to_string(), "LIST pods in namespace shop: no answer within 10 s");
    assert_eq!(before.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn an_object_of_another_kind_is_no_answer() {
    let stub = Stub::new(|_| Some(json(200, &object("Deployment", "a", 1))));
    let answer = stub.connection().get(&Collection::whole(Source::Pods, "shop"), "a", &RequestCounter::default()).await;
    assert!(matches!(answer, Err(Failure { kind: FailureKind::Undecodable(_), .. })));
}

#[tokio::test(start_paused = true)]
async fn a_recorder_hears_of_failures_and_watch_lines() {
    let stub = Stub::new(|ask| match ask.verb {
        "LIST" => Some(status(403, "no")),
        "WATCH" => Some(Reply::Stream(vec![super::stub::pod_line("ADDED", "a", 1)])),
        _ => Some(listed("pods", 1, &[])),
    });
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let writer = Arc::clone(&heard);
    let connection = Arc::try_unwrap(stub.connection()).unwrap().with_tap(Arc::new(Mutex::new(
        move |_, entry: &crashgate::recording::line::Entry| {
            let text = format!("{entry:?}");
            writer.lock().unwrap().push(text.split_whitespace().next().unwrap().to_owned());
        },
    )));
    let pods = Collection::whole(Source::Pods, "shop");
    let meter = RequestCounter::default();
    assert!(connection.list(&pods, &meter).await.is_err());
    let mut watch = connection.watch(&pods, "1", Duration::from_mins(1), &meter).await.unwrap();
    assert!(watch.next().await.unwrap().is_some());
    assert!(watch.next().await.unwrap().is_none());
    assert_eq!(*heard.lock().unwrap(), ["Fail", "Opened", "Event", "Closed"]);
}
