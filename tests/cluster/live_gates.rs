//! Gates of what runs now: the workload is waited for, its first sight makes the plan, and the budget holds.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::{self, Connection};
use crashgate::cluster::drive::{
    Expecting, LateGate, Planning, Run, judge_deciders, namespace, rehearse_deciders, whole_namespace,
};
use crashgate::cluster::{Stop, never};
use crashgate::gate::Release;
use crashgate::gate::model::{Workload, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::{ManifestTemplate, Pin, Plan};
use crashgate::manifest::{Key, Live, Overrides, Target};
use crashgate::sandbox::{Begin, Options, Running, Sandbox};
use tokio::sync::watch;

use super::stub::{Ask, Counting, Reply, Stub, json, status};

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
    let target = api::Target { server: "memory".to_owned(), ..api::Target::default() };
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
    assert_eq!(running.requests().len(), 2 * (WorkloadKind::ALL.len() + 1), "each kind and the pods");
}

#[tokio::test(start_paused = true)]
async fn an_empty_namespace_is_nothing_matched_and_never_healthy() {
    let stub = Stub::quiet();
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    assert_eq!(verdict(&run), (Verdict::NothingMatched, Code::NothingMatched, "namespace shop has no workload at all"));
    assert_eq!((run.verdict(), run.duration.as_secs()), (Verdict::NothingMatched, 60));
    assert_eq!(run.target.server, "https://stub.example");
    let (asked, kinds) = (stub.asks().len(), WorkloadKind::ALL.len() + 1);
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
async fn a_custom_kind_that_may_not_be_listed_matters_only_where_something_shows_that_it_is_there() {
    let refuses =
        |ask: &Ask| matches!(&*ask.resource, "rollouts" | "clonesets" | "canaries").then(|| status(403, "u may not"));
    let stub = Stub::new(move |ask| refuses(ask));
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    assert_eq!(verdict(&run).0, Verdict::NothingMatched);
    let stub = Stub::new(move |ask| {
        let pod = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"cart-1","namespace":"shop","uid":"p","resourceVersion":"4","ownerReferences":[{"apiVersion":"apps.kruise.io/v1alpha1","kind":"CloneSet","name":"cart","uid":"c","controller":true}]},"spec":{"containers":[]}}]}"#;
        if ask.resource == "pods" { Some(json(200, pod)) } else { refuses(ask) }
    });
    let run = namespace::workloads(&stub.connection(), &all("shop"), never()).await.unwrap_err();
    assert_eq!((verdict(&run).0, verdict(&run).1), (Verdict::Inconclusive, Code::Forbidden), "{run:?}");
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

/// Plans as `check --all` makes them.
struct Plans {
    live: Live,
    namespace: String,
    /// The names of those that came late.
    late: Vec<String>,
}

impl Planning for Plans {
    fn plan(&mut self, workload: &Workload, is_late: bool) -> Plan {
        if is_late {
            self.late.push(workload.name.clone());
        }
        self.live.present(&self.namespace, workload).plan
    }

    fn looked(&mut self, _: &Release) {}
}

fn all_with(flags: &[(Key, &str)]) -> Live {
    let mut overrides = Overrides::default();
    for (key, text) in flags {
        overrides.set(*key, text);
    }
    Live::read(&[], true, false, overrides).unwrap().unwrap()
}

/// Judges a recording's whole namespace. Gives the names of the workloads that came late, too.
async fn all_of(recording: &str, flags: &[(Key, &str)]) -> (Run, Vec<String>) {
    let (running, connection, namespace, length) = played(recording);
    let live = all_with(flags);
    let all = live.unseen(&namespace);
    let mut plans = Plans { live, namespace, late: Vec::new() };
    let mut sink = Counting::default();
    running.start();
    let run = whole_namespace::judge(connection, all, &mut plans, Some(length), &mut sink, never()).await;
    assert_eq!((sink.begun, sink.ended), (1, 1), "{recording}");
    (run, plans.late)
}

/// Versions that are there from the beginning, with what they end with: the flags, the exit code and the cause's code.
#[tokio::test(start_paused = true)]
async fn every_recording_is_judged_as_a_whole_as_it_is_by_its_own_gate() {
    let expected = std::fs::read_to_string("tests/recordings/expected.tsv").unwrap();
    let mut judged = 0;
    for row in expected.lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [name, app, version, codes, cause, flags] = columns[..] else { panic!("{row}") };
        let mut all = vec![(Key::Delay, "2s"), (Key::StableFor, "10s")];
        let words: Vec<&str> = flags.split_whitespace().collect();
        let known = words.chunks(2).all(|pair| {
            let key = Key::ALL.into_iter().find(|key| key.flag() == Some(pair[0])).unwrap();
            let is_of_all = !matches!(key, Key::Selector | Key::Workload | Key::App | Key::Labels);
            all.push((key, pair[1]));
            is_of_all
        });
        // There the image is changed under the same version: another template is another gate.
        if !known || name == "image-fixed" && codes == "0" {
            continue;
        }
        let (run, _) = all_of(name, &all).await;
        for gate in run.gates.iter().filter(|gate| (&*gate.plan.app, &*gate.plan.version) == (app, version)) {
            let (code, lead) = (gate.outcome.verdict.exit_code(), gate.outcome.findings.first());
            assert!(codes.split('|').any(|allowed| allowed == code.to_string()), "{row}: {code} {lead:?}");
            let lead = lead.map_or("-", |finding| finding.code.name());
            let is_right = cause == "-" || regex::Regex::new(cause).unwrap().is_match(lead);
            assert!(is_right, "{row}: {lead}");
            judged += 1;
        }
    }
    assert!(judged > 45, "{judged}");
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_the_others_are_judged_is_judged_too_before_all_of_it_passes() {
    let (run, late) = all_of("canary-crash", &[(Key::Delay, "2s"), (Key::StableFor, "20s")]).await;
    let told: Vec<_> = run.gates.iter().map(|gate| (&*gate.plan.version, gate.outcome.verdict)).collect();
    assert_eq!(told, [("v1", Verdict::Healthy), ("v2", Verdict::Failed)]);
    assert_eq!((run.verdict(), late), (Verdict::Failed, vec!["checkout-v2".to_owned()]));
    let [first, second] = [0, 1].map(|place| run.gates[place].outcome.decided_after);
    assert!(first <= second && second <= run.duration, "{first:?} {second:?} {:?}", run.duration);
}

/// A namespace in which each LIST of the Deployments shows one more that is healthy at once, or one more that is complete.
fn growing() -> Stub {
    Stub::new(|ask| {
        let jobs = (0..=ask.nth).map(|number| {
            format!(
                r#"{{"metadata":{{"name":"j{number}","namespace":"shop","uid":"j{number}","resourceVersion":"{}"}},"spec":{{"selector":{{"matchLabels":{{"j":"{number}"}}}},"template":{{"metadata":{{"labels":{{"j":"{number}"}}}},"spec":{{"containers":[{{"name":"a","image":"a:{number}"}}]}}}}}},"status":{{"conditions":[{{"type":"Complete","status":"True"}}]}}}}"#,
                ask.nth + 10
            )
        });
        let items = jobs.collect::<Vec<_>>().join(",");
        let version = ask.nth + 10;
        let list = format!(
            r#"{{"kind":"JobList","apiVersion":"batch/v1","metadata":{{"resourceVersion":"{version}"}},"items":[{items}]}}"#
        );
        (ask.resource == "jobs" && ask.verb == "LIST").then(|| json(200, &list))
    })
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_never_comes_to_rest_is_inconclusive_and_says_what_came_last() {
    let live = all_with(&[(Key::StableFor, "0s")]);
    let all = live.unseen("shop");
    let mut plans = Plans { live, namespace: "shop".to_owned(), late: Vec::new() };
    let mut sink = Counting::default();
    let run = whole_namespace::judge(growing().connection(), all, &mut plans, None, &mut sink, never()).await;
    assert_eq!((run.verdict(), sink.begun, sink.ended), (Verdict::Inconclusive, 1, 1));
    let (last, passed) = run.gates.split_last().unwrap();
    assert!(passed.iter().all(|gate| gate.outcome.verdict == Verdict::Healthy), "{passed:?}");
    let message = &last.outcome.findings[0].message;
    assert!(message.starts_with("namespace shop went on changing while its workloads were gated: job/j"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_pass_of_all_needs_the_last_look() {
    // Healthy until then, and after that nobody answers.
    let stub = Stub::new(|ask| {
        let list = r#"{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"j","namespace":"shop","uid":"j","resourceVersion":"4"},"spec":{"selector":{"matchLabels":{"j":"j"}},"template":{"metadata":{},"spec":{"containers":[{"name":"a","image":"a:1"}]}}},"status":{"conditions":[{"type":"Complete","status":"True"}]}}]}"#;
        match (ask.resource.as_str(), ask.verb, ask.nth) {
            // One to begin with, and one of the gate.
            ("deployments", "LIST", 2..) => Some(Reply::Hangup),
            ("jobs", "LIST", _) => Some(json(200, list)),
            _ => None,
        }
    });
    let live = all_with(&[(Key::StableFor, "0s")]);
    let all = live.unseen("shop");
    let mut plans = Plans { live, namespace: "shop".to_owned(), late: Vec::new() };
    let run = whole_namespace::judge(stub.connection(), all, &mut plans, None, &mut Counting::default(), never()).await;
    assert_eq!(run.verdict(), Verdict::Inconclusive, "{:?}", run.gates);
    assert_eq!(run.gates.last().unwrap().outcome.findings[0].code, Code::ClusterUnreachable);
}

/// Plans as `check KIND/NAME` makes them, and what was taken from the workload.
struct Present(Live, String, Heard);

impl Expecting for Present {
    fn plan(&mut self, workload: &Workload) -> Plan {
        let present = self.0.present(&self.1, workload);
        let images = present.plan.template.as_ref().map_or(0, |template| template.images.len());
        self.2.lock().unwrap().push(format!("{}; {images} image", present.taken));
        present.plan
    }

    fn absent(&mut self, near: &[String]) {
        self.2.lock().unwrap().push(format!("absent: {}", near.join("; ")));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_delivered_in_steps_is_gated_by_the_template_that_it_has_wherever_that_stands() {
    for (recording, word, ends) in [
        ("rollout-canary-crash", "rollout/payments", "rollout/payments now runs v2 instead of v1"),
        // Its template is that of the Deployment, and the Canary's that of its target.
        ("rollout-workloadref", "rollouts.argoproj.io/checkout", "rollout/checkout now runs v2 instead of v1"),
        ("cloneset-inplace", "cloneset/cart", "cloneset/cart now runs v2 instead of v1"),
        ("flagger-canary-ok", "canary/payments", ""),
    ] {
        let (running, connection, namespace, length) = played(recording);
        let mut flags = Overrides::default();
        flags.set(Key::Delay, "2s");
        flags.set(Key::StableFor, "10s");
        let live = Live::read(&[word.to_owned()], false, false, flags).unwrap().unwrap();
        let Target::One(pin) = live.target().clone() else { unreachable!() };
        let heard = Heard::default();
        let unseen = live.unseen(&namespace);
        let gate = LateGate::new(unseen, pin, Box::new(Present(live, namespace, Arc::clone(&heard))));
        running.start();
        let run = rehearse_deciders(connection, vec![gate], length, &mut Counting::default(), never()).await;
        assert_eq!(*heard.lock().unwrap(), ["version v1, from the label version of its template; 1 image"], "{word}");
        let outcome = &run.gates[0].outcome;
        match ends {
            "" => assert_eq!(outcome.verdict, Verdict::Healthy, "{word}: {outcome:?}"),
            _ => assert_eq!((outcome.verdict, &*outcome.findings[0].message), (Verdict::Superseded, ends), "{word}"),
        }
        let (asked, allowed) = (running.requests().len() as u64, 16 + run.duration.as_secs() + 1);
        assert!(asked <= allowed, "{word}: {asked} requests in {:?}", run.duration);
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_canary_the_target_and_its_primary_are_gated_with_all() {
    let (run, _) = all_of("flagger-canary-ok", &[(Key::Delay, "2s"), (Key::StableFor, "10s")]).await;
    let pins: Vec<_> = run.gates.iter().map(|gate| gate.plan.workload.as_ref().unwrap().to_string()).collect();
    assert_eq!(pins, ["deployment/payments", "deployment/payments-primary"]);
    assert_eq!(run.verdict(), Verdict::Healthy);
}

#[tokio::test(start_paused = true)]
async fn the_gates_of_a_namespace_share_their_sources() {
    const GATES: usize = 12;
    let job = |number: usize| {
        format!(
            r#"{{"metadata":{{"name":"j{number}","namespace":"shop","uid":"j{number}","resourceVersion":"4"}},"spec":{{"selector":{{"matchLabels":{{"j":"{number}"}}}},"template":{{"metadata":{{"labels":{{"j":"{number}"}}}},"spec":{{"containers":[{{"name":"a","image":"a:{number}"}}]}}}}}},"status":{{"conditions":[{{"type":"Complete","status":"True"}}]}}}}"#
        )
    };
    let items = (0..GATES).map(job).collect::<Vec<_>>().join(",");
    let list = format!(
        r#"{{"kind":"JobList","apiVersion":"batch/v1","metadata":{{"resourceVersion":"5"}},"items":[{items}]}}"#
    );
    let stub = Stub::new(move |ask| (ask.resource == "jobs" && ask.verb == "LIST").then(|| json(200, &list)));
    let live = all_with(&[(Key::StableFor, "0s")]);
    let all = live.unseen("shop");
    let mut plans = Plans { live, namespace: "shop".to_owned(), late: Vec::new() };
    let run = whole_namespace::judge(stub.connection(), all, &mut plans, None, &mut Counting::default(), never()).await;
    assert_eq!((run.gates.len(), run.verdict()), (GATES, Verdict::Healthy));
    // Each kind and the events once for all gates, and once for the confirming reads; the two looks; the pods of each gate,
    // listed, watched and confirmed.
    let kinds = WorkloadKind::ALL.len();
    let (asked, most) = (stub.asks().len(), 2 * (kinds + 1) + 3 * (kinds + 1) + 3 * GATES);
    assert!(asked <= most, "{asked} requests, {most} at most");
}
