//! Gates of what runs now: the workload is waited for, its first sight makes the plan, and the budget holds.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::{Expecting, LateGate, Run, judge_deciders, namespace, rehearse_deciders};
use crashgate::cluster::{Stop, never};
use crashgate::gate::model::{Workload, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::{ManifestTemplate, Pin, Plan};
use crashgate::sandbox::{Begin, Options, Running, Sandbox};
use tokio::sync::watch;

use super::stub::{Counting, Reply, Stub, json, status};

/// What was heard, in order.
type Heard = Arc<Mutex<Vec<String>>>;

/// Makes a plan of the images that it is shown, and says what it hears.
struct Listening(Plan, Heard);

impl Expecting for Listening {
    fn plan(&mut self, workload: &Workload) -> Plan {
        let images = workload.template.containers.iter().map(|one| (one.name.clone(), one.image.clone()));
        let version = workload.template.labels.get("version").cloned().unwrap_or_default();
        self.1.lock().unwrap().push(format!("{} {version}", workload.name));
        Plan {
            version,
            template: Some(ManifestTemplate { images: images.collect(), version_label: true }),
            ..self.0.clone()
        }
    }

    fn absent(&mut self, near: &[String]) {
        self.1.lock().unwrap().push(format!("absent: {}", near.join("; ")));
    }
}

fn unseen(namespace: &str, name: &str) -> (Plan, Pin) {
    let pin = Pin { kind: WorkloadKind::Deployment, name: name.to_owned() };
    (Plan { workload: Some(pin.clone()), ..Plan::new(name, "unknown", namespace) }, pin)
}

fn late(namespace: &str, name: &str, bend: fn(&mut Plan)) -> (LateGate, Heard) {
    let (mut plan, pin) = unseen(namespace, name);
    bend(&mut plan);
    let heard = Heard::default();
    (LateGate::new(plan.clone(), pin, Box::new(Listening(plan, Arc::clone(&heard)))), heard)
}

fn played(recording: &str) -> (Running, Arc<Connection>, String, Duration) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{recording}.ndjson"));
    let sandbox = Sandbox::load(&path).unwrap();
    let (namespace, length) = (sandbox.header().namespace.clone(), sandbox.length());
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    (running, connection, namespace, length)
}

fn verdict(run: &Run) -> (Verdict, Code, &str) {
    let outcome = &run.gates[0].outcome;
    (outcome.verdict, outcome.findings[0].code, &outcome.findings[0].message)
}

#[tokio::test(start_paused = true)]
async fn a_workload_that_comes_a_moment_later_is_gated_as_it_is_first_seen_within_the_budget() {
    let (running, connection, namespace, length) = played("crash-loop");
    let (gate, heard) = late(&namespace, "payments", |_| ());
    let mut sink = Counting::default();
    running.start();
    let run = rehearse_deciders(connection, vec![gate], length, &mut sink, never()).await;
    assert_eq!(verdict(&run).0, Verdict::Failed);
    assert_eq!((run.gates[0].plan.version.as_str(), sink.begun, sink.ended), ("v1", 1, 1));
    assert_eq!(*heard.lock().unwrap(), ["payments v1"], "it comes before anybody is told that it is not there");
    let at_start = running.requests().iter().filter(|request| !request.path.contains("/log")).count();
    assert!(at_start <= 16, "{at_start} requests in 4.5 s");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_follows_supersedes_the_template_that_was_seen_first() {
    let (running, connection, namespace, length) = played("superseded");
    let (gate, _) = late(&namespace, "cart", |_| ());
    running.start();
    let run = rehearse_deciders(connection, vec![gate], length, &mut Counting::default(), never()).await;
    let (verdict, code, message) = verdict(&run);
    assert_eq!((verdict, code), (Verdict::Superseded, Code::Superseded), "{message}");
    assert!(message.contains("deployment/cart now runs v2 instead of v1"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_workload_that_never_comes_is_told_of_after_a_moment_and_nothing_matched_in_the_end() {
    let (running, connection, namespace, _) = played("crash-loop");
    let (gate, heard) = late(&namespace, "paymnts", |plan| plan.wait_period = Duration::from_secs(20));
    let mut sink = Counting::default();
    running.start();
    let run = judge_deciders(connection, vec![gate], &mut sink, never()).await;
    let (verdict, code, message) = verdict(&run);
    assert_eq!((verdict, code), (Verdict::NothingMatched, Code::NothingMatched));
    assert_eq!(
        message,
        format!("deployment/paymnts does not exist in namespace {namespace}; there is deployment/payments")
    );
    assert_eq!(*heard.lock().unwrap(), ["absent: there is deployment/payments"]);
    assert_eq!((run.duration.as_secs(), sink.begun, sink.ended), (20, 1, 1));
    let seen = running.requests().len();
    assert!(seen <= 16 + 2 * 2, "{seen}");
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_read_the_workload_is_inconclusive_with_the_rule() {
    let stub = Stub::new(|ask| (ask.verb != "VERSION").then(|| status(403, "u may not")));
    let (gate, heard) = late("shop", "checkout", |_| ());
    let run = judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    let (verdict, code, message) = verdict(&run);
    assert_eq!((verdict, code), (Verdict::Inconclusive, Code::Forbidden), "{message}");
    let rule = r#"it needs apiGroups: ["apps"], resources: ["deployments"], verbs: [get, list, watch]"#;
    assert!(message.contains("u may not") && message.contains(rule), "{message}");
    assert!(heard.lock().unwrap().is_empty(), "that it is not there is not known");
}

#[tokio::test(start_paused = true)]
async fn nobody_who_answers_is_inconclusive_in_bounded_time() {
    let stub = Stub::new(|_| Some(Reply::Hangup));
    let (gate, _) = late("shop", "checkout", |_| ());
    let run = judge_deciders(stub.connection(), vec![gate], &mut Counting::default(), never()).await;
    assert_eq!(verdict(&run).1, Code::ClusterUnreachable);
    assert!(run.duration < Duration::from_secs(15), "{:?}", run.duration);
}

fn all(namespace: &str) -> Plan {
    Plan::new("all workloads", "unknown", namespace)
}

#[tokio::test(start_paused = true)]
async fn a_namespace_is_listed_kind_by_kind_and_an_empty_one_is_looked_at_again() {
    let (running, connection, namespace, _) = played("crash-loop");
    running.start();
    let release = namespace::workloads(&connection, &all(&namespace), never()).await.unwrap();
    assert_eq!(release.gated.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["payments"]);
    // At once, and after two seconds.
    assert_eq!(running.requests().len(), 2 * WorkloadKind::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn an_empty_namespace_is_nothing_matched_and_never_healthy() {
    let stub = Stub::quiet();
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    assert_eq!(verdict(&run), (Verdict::NothingMatched, Code::NothingMatched, "namespace shop has no workload at all"));
    assert_eq!((run.verdict(), run.duration.as_secs()), (Verdict::NothingMatched, 60));
    assert_eq!(run.target.server, "https://stub.example");
    let (asked, kinds) = (stub.asks().len(), WorkloadKind::ALL.len());
    assert!(asked <= 2 * kinds + 2 * 6 + kinds, "two looks, two requests a delay, the last look: {asked}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_of_a_namespace_without_anything_to_gate_is_named() {
    let stub = Stub::new(|ask| {
        let idle = r#"{"kind":"DeploymentList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"idle","namespace":"shop","uid":"u","resourceVersion":"4"},"spec":{"replicas":0,"template":{}}}]}"#;
        (ask.resource == "deployments").then(|| json(200, idle))
    });
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    let message = "namespace shop has nothing that can be gated: deployment/idle (it wants no pod)";
    assert_eq!(verdict(&run), (Verdict::NothingMatched, Code::NothingMatched, message));
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_listed_leaves_all_of_it_open() {
    let stub = Stub::new(|ask| (ask.resource == "statefulsets").then(|| status(403, "u may not list statefulsets")));
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    let (verdict, code, message) = verdict(&run);
    assert_eq!((verdict, code, run.duration.as_secs()), (Verdict::Inconclusive, Code::Forbidden, 0));
    assert!(message.contains("u may not list statefulsets"), "{message}");
    assert!(message.contains("every kind must be readable: list on deployments, "), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_cannot_be_asked_for_is_inconclusive_in_bounded_time() {
    for reply in [|| Reply::Hangup, || Reply::Hang] {
        let stub = Stub::new(move |_| Some(reply()));
        let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
        assert_eq!((verdict(&run).0, verdict(&run).1), (Verdict::Inconclusive, Code::ClusterUnreachable));
        assert!(run.duration <= Duration::from_secs(22), "{:?}", run.duration);
    }
    // What a moment mends costs a moment.
    let stub = Stub::new(|ask| (ask.at < Duration::from_secs(3)).then_some(Reply::Hangup));
    let plan = Plan { wait_period: Duration::from_secs(10), ..all("shop") };
    let run = namespace::workloads(&stub.connection(), &plan, never()).await.unwrap_err();
    assert_eq!(verdict(&run).0, Verdict::NothingMatched);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_look_at_a_namespace() {
    let (sender, stop): (_, Stop) = watch::channel(None);
    let stub = Stub::quiet();
    let (connection, plan) = (stub.connection(), all("shop"));
    let look = namespace::workloads(&connection, &plan, stop);
    let signal = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        sender.send_replace(Some(Verdict::Terminated));
        std::future::pending::<()>().await;
    };
    let run = tokio::select! {
        run = look => run.unwrap_err(),
        () = signal => unreachable!(),
    };
    assert_eq!(run.verdict(), Verdict::Terminated);
}
