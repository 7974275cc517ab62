//! A feed that is cut, refused and lied to tells what the uncut one tells. In virtual time.

use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Collection;
use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::never;
use crashgate::cluster::{End, Followed, follow};
use crashgate::gate::model::Source;
use crashgate::gate::result::Code;
use crashgate::sandbox::{Begin, Faults, Options, Sandbox};

use super::{Heard, by_pod, recording};
use crate::cluster::stub::{Reply, Step, Stub, listed, pod_line, status};

/// Longer than any recording, so that what was lost is found, however much the watch tells.
const LONG: Duration = Duration::from_mins(6);

fn followed(namespace: &str) -> Followed {
    let pods = Collection::whole(Source::Pods, namespace);
    Followed { pods, until_crash: false, lasting: Some(LONG), recording: None }
}

async fn heard(name: &str, script: &str) -> (Heard, usize) {
    let sandbox = Sandbox::load(&recording(name)).unwrap();
    let namespace = sandbox.header().namespace.clone();
    let faults: Faults = if script.is_empty() { Faults::default() } else { script.parse().unwrap() };
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, faults, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let mut heard = Heard::default();
    let end = follow(&connection, &followed(&namespace), &mut heard, never()).await;
    assert_eq!(end, End::TimeIsUp, "{name} under {script}: {:?}", heard.noticed);
    assert_eq!((heard.begun, heard.ended), (1, 1));
    let watches = running.requests().iter().filter(|request| request.query.contains("watch=true")).count();
    (heard, watches)
}

const NAMES: [&str; 6] =
    ["crash-loop", "job-fails", "pod-evicted", "statefulset-second-crashes", "superseded", "scaled-up"];

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_cut_goes_on_where_it_broke() {
    let cut = |at: u64| format!("- {{at: {at}ms, for: 200ms, verb: watch, fault: cut, after: 40}}\n");
    let every_second: String = (0..90).map(|second| cut(second * 1000 + 300)).collect();
    let scripts = [
        format!("faults:\n{every_second}"),
        "faults:\n- {at: 2s, fault: restart, lasts: 9s}\n- {at: 16s, fault: restart, lasts: 9s}\n".to_owned(),
        "faults:\n- {at: 2s, for: 200ms, verb: watch, fault: cut, after: 0}\n- {at: 2s, for: 6s, verb: watch, fault: drop}\n"
            .to_owned(),
        "faults:\n- {at: 4s, for: 200ms, verb: watch, fault: cut, after: 0}\n- {at: 4s, for: 1s, verb: watch, fault: status, code: 503}\n"
            .to_owned(),
        "faults:\n- {at: 1s, for: 30s, verb: watch, fault: duplicate}\n".to_owned(),
    ];
    for name in NAMES {
        let (whole, watches) = heard(name, "").await;
        assert!(whole.events.len() > 8 && watches <= 2, "{name}: {} events, {watches} watches", whole.events.len());
        for script in &scripts {
            let (cut, watches) = heard(name, script).await;
            assert_eq!(cut.events, whole.events, "{name} under {script}");
            assert!(watches > 2 || script.contains("duplicate"), "{name} under {script}: it was cut");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_has_expired_leads_to_a_list_and_a_comparison() {
    // In the stream, and as the answer to the watch that would go on.
    let scripts = [
        "faults:\n- {at: 2s, for: 28s, times: 1, verb: watch, fault: gone}\n- {at: 15s, times: 1, verb: watch, fault: gone}\n",
        "faults:\n- {at: 5s, for: 1s, times: 1, verb: watch, fault: cut, after: 0}\n- {at: 5s, for: 20s, times: 1, verb: watch, fault: expired}\n",
    ];
    for name in NAMES {
        let (whole, _) = heard(name, "").await;
        for script in scripts {
            let (cut, watches) = heard(name, script).await;
            assert_eq!(by_pod(&cut.events), by_pod(&whole.events), "{name} under {script}");
            assert!(watches > 2, "{name} under {script}: it was opened again");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_the_watch_lost_is_found() {
    let (whole, _) = heard("pod-evicted", "").await;
    let script = "faults:\n- {at: 15.2s, for: 200ms, verb: watch, path: '*/pods', fault: skip}\n";
    let (cut, _) = heard("pod-evicted", script).await;
    assert_eq!(by_pod(&cut.events), by_pod(&whole.events));
    assert_ne!(cut.events, whole.events, "it came late");
    assert!(cut.noticed.iter().any(|words| words.contains("silent")), "{:?}", cut.noticed);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_cannot_be_seen_is_no_quiet_one() {
    let blind = async |stub: Stub, lasting: Option<Duration>| {
        let followed = Followed { lasting, ..followed("shop") };
        let began = tokio::time::Instant::now();
        let end = follow(&stub.connection(), &followed, &mut Heard::default(), never()).await;
        let End::Blind(code, message) = end else { panic!("{end:?}") };
        (code, message, began.elapsed().as_secs())
    };
    let refuses =
        |code: u16, words: &'static str| Stub::new(move |ask| (ask.verb == "LIST").then(|| status(code, words)));
    let (code, message, after) = blind(refuses(403, "pods is forbidden"), None).await;
    assert_eq!((code, after), (Code::Forbidden, 0));
    assert!(message.contains("pods is forbidden") && message.contains("resources: [\"pods\"]"), "{message}");
    let (code, _, after) = blind(refuses(401, "Unauthorized"), None).await;
    assert_eq!((code, after), (Code::Unauthorized, 0));
    let (code, message, after) = blind(refuses(500, "etcd"), None).await;
    assert_eq!((code, after), (Code::ClusterUnreachable, 10), "{message}");
    let (code, _, after) = blind(refuses(500, "etcd"), Some(Duration::from_secs(3))).await;
    assert_eq!((code, after), (Code::ClusterUnreachable, 3), "a short time that saw nothing is no quiet one");
    let hangs = Stub::new(|ask| (ask.verb == "LIST").then_some(Reply::Hang));
    let (code, _, after) = blind(hangs, None).await;
    assert_eq!(code, Code::ClusterUnreachable);
    assert!(after <= 11, "{after} s");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_may_not_be_opened_is_replaced_by_lists() {
    let (whole, _) = heard("job-fails", "").await;
    let (polled, watches) = heard("job-fails", "faults:\n- {verb: watch, fault: status, code: 403}\n").await;
    assert_eq!(watches, 1);
    let ends = |heard: &Heard| heard.events.iter().filter(|event| event.change.name() == "ended").count();
    assert_eq!(ends(&polled), ends(&whole), "what is still to be seen is told");
    assert!(polled.noticed.iter().any(|words| words.contains("not watched")), "{:?}", polled.noticed);
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_or_the_recordings_end_ends_it() {
    let sandbox = Sandbox::load(&recording("crash-loop")).unwrap();
    let length = sandbox.length();
    for until_crash in [true, false] {
        let running = sandbox.clone().in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
        let target = Target { server: "memory".to_owned(), ..Target::default() };
        let client = running.client();
        let connection = Arc::new(Connection::with_client(client, target, Duration::from_secs(10), "default"));
        running.start();
        let followed = Followed { until_crash, lasting: None, recording: Some(length), ..followed("") };
        let mut heard = Heard::default();
        let end = follow(&connection, &followed, &mut heard, never()).await;
        if until_crash {
            assert_eq!(end, End::CrashLoop);
            assert_eq!(heard.events.last().unwrap().change.name(), "crash-loop", "nothing is told after it");
        } else {
            assert_eq!(end, End::RecordingEnded);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_broke_is_opened_again_from_its_last_version_and_no_list_is_needed() {
    let mut steps = Some(vec![pod_line("ADDED", "a", 101), pod_line("ADDED", "b", 102), Step::Cut]);
    let stub = Stub::new(move |ask| (ask.verb == "WATCH").then(|| steps.take().map(Reply::Stream)).flatten());
    let followed = Followed { lasting: Some(Duration::from_secs(5)), ..followed("shop") };
    let mut heard = Heard::default();
    assert_eq!(follow(&stub.connection(), &followed, &mut heard, never()).await, End::TimeIsUp);
    assert_eq!(heard.events.len(), 2, "{:?}", heard.events);
    let asks: Vec<_> = stub.asks().into_iter().map(|ask| (ask.verb, ask.query)).collect();
    assert_eq!(asks.iter().map(|(verb, _)| *verb).collect::<Vec<_>>(), ["LIST", "WATCH", "WATCH"]);
    assert!(asks[2].1.contains("resourceVersion=102&"), "{asks:?}");
    assert_eq!(heard.noticed, [""; 0], "so short a gap is no news");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_opens_the_watch_again_is_listed() {
    let stub = Stub::new(|ask| match (ask.verb, ask.nth) {
        ("WATCH", 0) => Some(Reply::Stream(vec![pod_line("ADDED", "a", 101), Step::Cut])),
        ("WATCH", _) => Some(status(500, "etcd")),
        ("LIST", 1) => Some(listed("pods", 200, &[("b", 150)])),
        _ => None,
    });
    let followed = Followed { lasting: Some(Duration::from_mins(2)), ..followed("shop") };
    let mut heard = Heard::default();
    follow(&stub.connection(), &followed, &mut heard, never()).await;
    let told: Vec<_> = heard.events.iter().map(|event| (event.pod.name.as_str(), event.change.name())).collect();
    assert_eq!(told[..3], [("a", "created"), ("a", "deleted"), ("b", "created")]);
    assert!(heard.noticed.iter().any(|words| words.contains("broke")), "{:?}", heard.noticed);
    let asks = stub.asks().len();
    assert!(asks < 80, "{asks} requests in two minutes");
}
