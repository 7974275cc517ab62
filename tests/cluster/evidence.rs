//! Evidence: the right log, or the reason why there is none, within its limits.

use std::time::Duration;

use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::Fact;
use crashgate::gate::model::Object;
use crashgate::gate::result::{Code, EvidenceKind, Finding, LogWanted, Place, Verdict};

use super::stub::{Ask, Counting, Fake, Reply, Stub, listed, status};

fn finding(previous: bool) -> Finding {
    Finding {
        code: Code::CrashLoop,
        place: Place { pod: Some("p".to_owned()), pod_uid: Some("u".to_owned()), ..Place::default() },
        message: String::new(),
        exit_status: Some(1),
        restarts: Some(1),
        next_step: String::new(),
        also: Vec::new(),
        log: Some(LogWanted { pod: "p".to_owned(), container: "app".to_owned(), attempt: 1, previous }),
        evidence: Vec::new(),
    }
}

fn text(body: &str) -> Reply {
    Reply::Whole(200, "text/plain", body.to_owned())
}

/// Runs a gate that fails at 1 s, with this finding, and gives its evidence, the log requests and how long they took.
async fn collect(
    previous: bool,
    mut log: impl FnMut(&Ask) -> Reply + Send + 'static,
) -> (EvidenceKind, String, Vec<Ask>, Duration) {
    let stub = Stub::new(move |ask| (ask.verb == "LOG").then(|| log(ask)));
    let mut gate = Fake::until(1);
    gate.verdict = Verdict::Failed;
    gate.findings = vec![finding(previous)];
    let run = judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    let mut evidence = run.gates[0].outcome.findings[0].evidence.clone();
    assert_eq!(evidence.len(), 1);
    let evidence = evidence.remove(0);
    let asks = stub.asks().into_iter().filter(|ask| ask.verb == "LOG").collect();
    (evidence.kind, evidence.text, asks, run.duration.saturating_sub(Duration::from_secs(1)))
}

#[tokio::test(start_paused = true)]
async fn the_log_that_was_asked_for_is_taken() {
    let (kind, words, asks, _) = collect(true, |_| text("panic: no database\n")).await;
    assert_eq!((kind, words.as_str()), (EvidenceKind::Log, "panic: no database"));
    assert_eq!(asks.len(), 1);
    assert_eq!(asks[0].path, "/api/v1/namespaces/shop/pods/p/log");
    assert_eq!(asks[0].query, "container=app&tailLines=200&limitBytes=65536&previous=true");
    let (_, _, asks, _) = collect(false, |_| text("x")).await;
    assert!(!asks[0].query.contains("previous"));
}

#[tokio::test(start_paused = true)]
async fn a_text_that_only_says_that_there_is_no_log_is_none() {
    let no_log = "unable to retrieve container logs for containerd://abc";
    // It comes a moment later.
    let (kind, words, asks, _) = collect(true, move |ask| text(if ask.nth < 2 { no_log } else { "last words" })).await;
    assert_eq!((kind, words.as_str(), asks.len()), (EvidenceKind::Log, "last words", 3));
    // Or it is the other one.
    let (kind, words, asks, _) =
        collect(true, move |ask| text(if ask.query.contains("previous") { no_log } else { "last words" })).await;
    assert_eq!((kind, words.as_str(), asks.len()), (EvidenceKind::Log, "last words", 4));
    // Or it never comes.
    let (kind, words, asks, took) = collect(true, move |_| text(no_log)).await;
    assert_eq!((kind, asks.len()), (EvidenceKind::Missing, 4));
    assert_eq!(words, "no log of container app in pod p: the node could not read it");
    assert!(took <= Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_race_for_the_previous_log_is_won() {
    // First the text that is no log, then a refusal, then the log: as a real kubelet answers in the second after a crash.
    let answers = |ask: &Ask| match ask.nth {
        0 => text("unable to retrieve container logs for containerd://abc"),
        1 => status(400, "previous terminated container \"app\" in pod \"p\" not found"),
        _ => text("fatal: DATABASE_URL is not set\n"),
    };
    for previous in [true, false] {
        let (kind, words, asks, took) = collect(previous, answers).await;
        assert_eq!((kind, words.as_str(), asks.len()), (EvidenceKind::Log, "fatal: DATABASE_URL is not set", 3));
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    // The same where the log comes on the side that was asked for, after the other one has refused.
    let (kind, words, ..) = collect(true, |ask| match (ask.query.contains("previous"), ask.nth) {
        (true, 0) => text("unable to retrieve container logs for containerd://abc"),
        (true, 1) => status(500, "not yet"),
        (true, _) => text("last words"),
        (false, _) => status(400, "container is waiting to start"),
    })
    .await;
    assert_eq!((kind, words.as_str()), (EvidenceKind::Log, "last words"));
}

/// Runs a gate that fails because of its node, and gives its evidence and the node's requests.
async fn collect_node(answer: impl Fn() -> Reply + Send + 'static) -> (Vec<String>, Vec<Fact>, usize) {
    let stub = Stub::new(move |ask| (ask.path == "/api/v1/nodes/n1").then(&answer));
    let mut gate = Fake::until(1);
    gate.verdict = Verdict::Platform;
    let place = Place { node: Some("n1".to_owned()), ..finding(false).place };
    let of_node = || Finding { code: Code::NodeNotReady, place: place.clone(), log: None, ..finding(false) };
    gate.findings = vec![of_node(), of_node()];
    let facts = std::sync::Arc::clone(&gate.facts);
    let run = judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    let evidence = run.gates[0].outcome.findings.iter().flat_map(|finding| finding.evidence.clone());
    let evidence = evidence.map(|evidence| evidence.text).collect();
    let nodes = facts.lock().unwrap().iter().map(|(_, fact)| fact.clone()).collect();
    (evidence, nodes, stub.asks().iter().filter(|ask| ask.path == "/api/v1/nodes/n1").count())
}

#[tokio::test(start_paused = true)]
async fn a_node_that_may_be_to_blame_is_read_once() {
    const NODE: &str = r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","uid":"n","resourceVersion":"1"},"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status."},{"type":"DiskPressure","status":"False"}],"nodeInfo":{"architecture":"arm64"}}}"#;
    let (_, facts, asked) = collect_node(|| Reply::Whole(200, "application/json", NODE.to_owned())).await;
    assert_eq!(asked, 1, "two findings, one node");
    let node = facts.into_iter().find_map(|fact| match fact {
        Fact::Seen(object) => match *object {
            Object::Node(node) => Some(node),
            _ => None,
        },
        _ => None,
    });
    let node = node.unwrap();
    assert_eq!(node.troubles, ["Ready is Unknown (NodeStatusUnknown: Kubelet stopped posting node status.)"]);
    assert_eq!(node.architecture.as_deref(), Some("arm64"));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_may_not_be_read_costs_one_line() {
    let (evidence, ..) = collect_node(|| status(403, "forbidden")).await;
    let line = "no state of node n1: this identity may not read it; add to a ClusterRole the rule apiGroups: [\"\"], resources: [\"nodes\"], verbs: [get]";
    assert_eq!(evidence, [line]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_named_and_not_asked_for_again() {
    let (kind, words, asks, _) = collect(false, |_| status(403, "forbidden")).await;
    assert_eq!((kind, asks.len()), (EvidenceKind::Missing, 1));
    assert!(words.contains("resources: [\"pods/log\"], verbs: [get]"), "{words}");
    let (_, words, asks, _) = collect(false, |_| status(404, "not found")).await;
    assert!(words.ends_with("the pod is gone") && asks.len() == 1, "{words}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_not_there_is_looked_for_on_the_other_side() {
    let (kind, _, asks, _) = collect(true, |ask| {
        if ask.query.contains("previous") { status(400, "previous terminated container not found") } else { text("x") }
    })
    .await;
    assert_eq!((kind, asks.len()), (EvidenceKind::Log, 2));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_never_answers_costs_five_seconds() {
    let (kind, words, _, took) = collect(false, |_| Reply::Hang).await;
    assert_eq!(kind, EvidenceKind::Missing);
    assert!(words.ends_with("it did not arrive within 5 s"), "{words}");
    assert!(took <= Duration::from_millis(5100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_events_of_the_pod_are_read_and_never_as_a_whole_list() {
    let stub = Stub::new(|ask| match ask.verb {
        "LIST" if ask.query.contains("fieldSelector=involvedObject.uid%3Du") => Some(listed("events", 7, &[("e", 6)])),
        "LOG" => Some(text("x")),
        _ => None,
    });
    let mut gate = Fake::until(1);
    gate.verdict = Verdict::Failed;
    gate.findings = vec![finding(false)];
    let facts = std::sync::Arc::clone(&gate.facts);
    judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    assert!(facts.lock().unwrap().iter().any(|(_, fact)| matches!(fact, Fact::Seen(_))));
}

#[tokio::test(start_paused = true)]
async fn with_many_causes_the_logs_stay_few_and_the_rest_is_told() {
    let stub = Stub::new(|ask| (ask.verb == "LOG").then(|| text("last words")));
    let mut gate = Fake::until(1);
    gate.verdict = Verdict::Failed;
    gate.findings = (0..12).map(|_| finding(false)).collect();
    let run = judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    let kinds: Vec<_> = run.gates[0].outcome.findings.iter().map(|finding| finding.evidence[0].kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == EvidenceKind::Log).count(), 8);
    assert_eq!(kinds.iter().filter(|kind| **kind == EvidenceKind::Missing).count(), 4);
    assert_eq!(stub.asks().iter().filter(|ask| ask.verb == "LOG").count(), 8);
}
