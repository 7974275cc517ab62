//! Two thousand pods that change two hundred times a second, over watches that break: nothing is lost, nothing is told
//! twice. In virtual time; `cargo bench --bench watch` measures twenty thousand in real time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Collection;
use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::never;
use crashgate::cluster::{End, Followed, follow};
use crashgate::gate::model::Source;
use tokio::time::sleep;

use super::Heard;
use super::fleet::{EVERY, Expected, Fleet};

const PODS: u64 = 2_000;
const CHANGES: usize = 2_000;
/// A watch breaks after so many lines.
const CUT_AFTER: usize = 300;

fn by_pod(events: impl IntoIterator<Item = Expected>) -> BTreeMap<String, Vec<&'static str>> {
    let mut pods: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (pod, event) in events {
        pods.entry(pod).or_default().push(event);
    }
    pods
}

#[tokio::test(start_paused = true)]
async fn two_thousand_pods_under_change_lose_nothing_and_repeat_nothing() {
    let fleet = Fleet::new(PODS, CUT_AFTER);
    let client = kube::Client::new(fleet.router(), "default");
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(client, target, Duration::from_secs(10), "default"));
    let pods = Collection::whole(Source::Pods, "");
    let lasting = Some(Duration::from_mins(1));
    let followed = Followed { pods, until_crash: false, lasting, recording: None };
    let changes = async {
        // The pods are listed before they change: what was there before is not told.
        sleep(Duration::from_secs(1)).await;
        let mut expected = Vec::new();
        for _ in 0..CHANGES {
            expected.push(fleet.change());
            sleep(EVERY).await;
        }
        // Every watch breaks and its version has expired, while pods went and came: only a list can tell.
        sleep(Duration::from_secs(20)).await;
        expected.extend(fleet.replace_unseen(500));
        sleep(Duration::from_secs(20)).await;
        for _ in 0..CHANGES / 8 {
            expected.push(fleet.change());
            sleep(EVERY).await;
        }
        expected
    };
    let mut heard = Heard::default();
    let (end, expected) = tokio::join!(follow(&connection, &followed, &mut heard, never()), changes);
    assert_eq!(end, End::TimeIsUp, "{:?}", heard.noticed);
    let told = heard.events.iter().map(|event| (event.pod.name.clone(), event.change.name()));
    let (told, expected) = (by_pod(told), by_pod(expected));
    assert!(expected.len() > 1_500, "{} pods changed", expected.len());
    for (pod, events) in &expected {
        assert_eq!(told.get(pod), Some(events), "{pod}");
    }
    assert_eq!(told.len(), expected.len());
    let (_, watches) = fleet.requests();
    assert!(watches > CHANGES / CUT_AFTER, "{watches} watches");
}
