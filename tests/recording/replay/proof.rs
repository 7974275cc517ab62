//! What a recording proves, and what it does not: silence, selectors, namespaces, order, torn ends.

use std::path::Path;
use std::time::Duration;

use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::{Outcome, Verdict};
use crashgate::gate::spec::{Pin, Plan};
use crashgate::recording::reader::Reader;
use crashgate::recording::replay::replay;
use serde_json::{Value, json};

const KINDS: [(&str, &str); 5] = [
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
];

/// A recording that is being written: web v2 in namespace shop.
#[derive(Clone)]
pub struct Tape {
    header: Value,
    pub lines: Vec<Value>,
}

pub fn path(resource: &str) -> String {
    let group = KINDS
        .iter()
        .find(|(_, kind)| *kind == resource)
        .map_or("api/v1".to_owned(), |(group, _)| format!("apis/{group}/v1"));
    format!("/{group}/namespaces/shop/{resource}")
}

fn metadata(name: &str, version: u64, owner: Option<(&str, &str)>) -> Value {
    let owners: Vec<Value> = owner
        .map(|(kind, name)| json!({"kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true}))
        .into_iter()
        .collect();
    json!({"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": version.to_string(),
        "labels": {"app": "web", "version": "v2"}, "ownerReferences": owners, "generation": 1})
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web", "version": "v2"}}, "spec": {"containers": [{"name": "app", "image": "web:v2"}]}})
}

pub fn deployment(version: u64, replicas: u32) -> Value {
    json!({"metadata": metadata("web", version, None),
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template()},
        "status": {"observedGeneration": 1, "updatedReplicas": replicas, "availableReplicas": replicas}})
}

pub fn replica_set(version: u64, replicas: u32) -> Value {
    json!({"metadata": metadata("web-1", version, Some(("Deployment", "web"))),
        "spec": {"replicas": replicas, "template": template()},
        "status": {"observedGeneration": 1, "availableReplicas": replicas}})
}

pub fn pod(name: &str, version: u64, ready: bool) -> Value {
    let status = if ready { "True" } else { "False" };
    json!({"metadata": metadata(name, version, Some(("ReplicaSet", "web-1"))),
        "spec": {"nodeName": "n", "restartPolicy": "Always", "containers": [{"name": "app", "image": "web:v2"}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": status, "lastTransitionTime": format!("t{ready}")}],
            "containerStatuses": [{"name": "app", "ready": ready, "restartCount": 0, "containerID": format!("c-{name}"), "state": {"running": {}}}]}})
}

impl Tape {
    pub fn new() -> Self {
        let header = json!({"crashgateRecording": 1, "startedAt": "2026-11-21T03:09:56Z", "namespace": "shop"});
        Self { header, lines: Vec::new() }
    }

    /// Every kind of workload and the pods are listed at the start; the app is well.
    pub fn well() -> Self {
        Self::well_with(&[pod("a", 12, true)])
    }

    /// The same with these pods.
    pub fn well_with(pods: &[Value]) -> Self {
        let mut tape = Self::new();
        let count = u32::try_from(pods.len()).unwrap();
        for (_, kind) in KINDS {
            let items = match kind {
                "deployments" => vec![deployment(10, count)],
                "replicasets" => vec![replica_set(11, count)],
                _ => vec![],
            };
            tape.list(0, kind, 20, items);
        }
        tape.list(0, "pods", 20, pods);
        tape
    }

    /// By a recorder that lists again to prove its watches, as `--record` writes it.
    pub fn proving(mut self) -> Self {
        self.header["recorder"] = "crashgate 0.1.0".into();
        self
    }

    pub fn line(&mut self, seconds: f64, mut line: Value) -> &mut Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        let at = (seconds * 1000.0).round() as u64;
        line["t"] = at.into();
        self.lines.push(line);
        self
    }

    pub fn list(
        &mut self,
        seconds: impl Into<f64>,
        resource: &str,
        version: u64,
        items: impl AsRef<[Value]>,
    ) -> &mut Self {
        let body = json!({"metadata": {"resourceVersion": version.to_string()}, "items": items.as_ref()});
        self.line(seconds.into(), json!({"list": {"path": path(resource), "body": body}}))
    }

    pub fn event(
        &mut self,
        seconds: impl Into<f64>,
        resource: &str,
        kind: &str,
        object: impl Into<Value>,
    ) -> &mut Self {
        let object: Value = object.into();
        self.line(seconds.into(), json!({"event": {"path": path(resource), "type": kind, "object": object}}))
    }

    pub fn closed(&mut self, seconds: impl Into<f64>, resource: &str) -> &mut Self {
        self.line(seconds.into(), json!({"closed": {"path": path(resource)}}))
    }

    pub fn fail(&mut self, seconds: impl Into<f64>, resource: &str, status: u16) -> &mut Self {
        self.line(seconds.into(), json!({"fail": {"path": path(resource), "status": status}}))
    }

    /// The recorder goes on for so long: a line about nothing that matters comes now and then.
    pub fn until(&mut self, seconds: u32) -> &mut Self {
        let last = self.lines.last().map_or(0, |line| line["t"].as_u64().unwrap() / 1000);
        for at in (u32::try_from(last).unwrap() + 1..=seconds).step_by(20).chain([seconds]) {
            self.line(f64::from(at), json!({"note": "still here"}));
        }
        self
    }

    pub fn text(&self) -> String {
        let lines = self.lines.iter().map(Value::to_string).collect::<Vec<_>>();
        format!("{}\n{}\n", self.header, lines.join("\n"))
    }

    pub fn judged(&self, plan: Plan) -> Outcome {
        judged(&self.text(), plan)
    }
}

pub fn judged(text: &str, plan: Plan) -> Outcome {
    let mut reader = Reader::new(Path::new("tape.ndjson"), text.as_bytes()).unwrap();
    replay(&mut reader, vec![plan], &mut |_, _, _| {}).unwrap().remove(0)
}

pub fn plan() -> Plan {
    let mut plan = Plan::new("web", "v2", "shop");
    plan.stable_for = Duration::from_secs(10);
    plan.wait_period = Duration::from_secs(40);
    plan.delay = Duration::from_secs(2);
    plan
}

fn lead(outcome: &Outcome) -> String {
    let lead = outcome.findings.first().map(|finding| format!("{}: {}", finding.code, finding.message));
    format!("{} {}", outcome.verdict, lead.unwrap_or_default())
}

fn assert_inconclusive(outcome: &Outcome, words: &str) {
    assert_eq!((outcome.verdict, outcome.verdict.exit_code()), (Verdict::Inconclusive, 7), "{}", lead(outcome));
    assert!(lead(outcome).contains(words), "{}", lead(outcome));
}

#[test]
fn silence_of_a_watch_that_goes_on_is_proof() {
    let outcome = Tape::well().until(60).judged(plan());
    assert_eq!(lead(&outcome), "healthy ");
    assert_eq!(outcome.decided_after, Duration::from_secs(10));
}

#[test]
fn silence_after_a_watch_closed_is_none() {
    for resource in ["pods", "deployments", "replicasets", "jobs"] {
        let outcome = Tape::well().closed(5, resource).until(60).judged(plan());
        assert_inconclusive(&outcome, &format!("StaleData: the watch of the {resource} ended"));
        // Not even in the moment before that is known: what the confirming read asks for cannot be had.
        let outcome = Tape::well().closed(9.9, resource).until(60).judged(plan());
        assert_eq!(
            outcome.verdict == Verdict::Healthy,
            matches!(resource, "replicasets" | "jobs"),
            "{resource}: {}",
            lead(&outcome)
        );
    }
}

#[test]
fn a_watch_that_closed_and_was_listed_again_is_proof_anew() {
    let mut tape = Tape::well();
    tape.closed(5, "pods").list(6, "pods", 30, vec![pod("a", 12, true)]).until(60);
    let outcome = tape.judged(plan());
    assert_eq!((lead(&outcome).as_str(), outcome.decided_after), ("healthy ", Duration::from_secs(10)));
    let mut tape = Tape::well();
    tape.closed(5, "pods").event(6, "pods", "MODIFIED", pod("a", 31, true)).until(60);
    assert_inconclusive(&tape.judged(plan()), "the watch of the pods ended");
}

#[test]
fn a_watch_that_is_opened_again_goes_on() {
    let opened = |seconds: f64| {
        let mut tape = Tape::well();
        tape.closed(5, "pods");
        tape.line(seconds, json!({"opened": {"path": path("pods"), "resourceVersion": "20"}})).until(60);
        tape.judged(plan())
    };
    for seconds in [6.0, 8.5] {
        let outcome = opened(seconds);
        assert_eq!(
            (lead(&outcome).as_str(), outcome.decided_after),
            ("healthy ", Duration::from_secs(10)),
            "{seconds}"
        );
    }
    // It goes on from what was told, and an older LIST told the past.
    let mut tape = Tape::well();
    tape.event(3, "pods", "MODIFIED", pod("a", 30, false)).list(4, "pods", 20, vec![pod("a", 12, true)]);
    tape.line(5.0, json!({"opened": {"path": path("pods"), "resourceVersion": "20"}})).until(60);
    assert_inconclusive(&tape.judged(plan()), "before what it had shown already");
}

#[test]
fn a_refusal_of_what_was_listed_is_followed_up_by_lists_or_not_at_all() {
    for (resource, status) in [("pods", 403), ("deployments", 403), ("pods", 500), ("replicasets", 410), ("pods", 401)]
    {
        let outcome = Tape::well().fail(5, resource, status).until(60).judged(plan());
        assert_inconclusive(&outcome, &format!("a request about the {resource} was answered with {status}"));
    }
    // Polling: each LIST is good until the next is due.
    let mut polled = Tape::well();
    polled.fail(0, "pods", 403);
    for second in 1..=30 {
        polled.list(second * 2, "pods", 20, vec![pod("a", 12, true)]);
    }
    let outcome = polled.judged(plan());
    assert_eq!(lead(&outcome), "healthy ");
    assert!(outcome.decided_after >= Duration::from_secs(10), "{:?}", outcome.decided_after);
    let mut given_up = Tape::well();
    given_up.fail(0, "pods", 403);
    for second in 1..=4 {
        given_up.list(second * 2, "pods", 20, vec![pod("a", 12, true)]);
    }
    assert_inconclusive(&given_up.until(60).judged(plan()), "the pods may not be watched");
}

#[test]
fn a_recorder_that_proves_its_watches_must_have_done_so_after_the_window() {
    let outcome = Tape::well().proving().until(60).judged(plan());
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}", lead(&outcome));
    let mut proven = Tape::well().proving();
    proven.list(12, "pods", 30, vec![pod("a", 12, true)]).until(60);
    assert_eq!(lead(&proven.judged(plan())), "healthy ");
    // What the confirming read told of the owner comes before the pass, also where it was written after the LIST.
    let mut changed = Tape::well().proving();
    let mut other = deployment(31, 1);
    other["spec"]["template"]["metadata"]["labels"]["version"] = "v3".into();
    changed.list(12, "pods", 30, vec![pod("a", 12, true)]);
    changed.line(12.2, json!({"get": {"path": format!("{}/web", path("deployments")), "body": other}})).until(60);
    assert_eq!(changed.judged(plan()).verdict, Verdict::Superseded);
}

#[test]
fn a_hole_in_the_recording_is_no_time_of_stability() {
    let mut tape = Tape::well();
    tape.lines.retain(|line| !line["list"]["path"].as_str().unwrap().ends_with("/pods"));
    tape.list(0, "pods", 20, vec![pod("a", 12, false)]).event(5, "pods", "MODIFIED", pod("a", 30, true));
    tape.line(600.0, json!({"note": "awake again"})).until(700);
    let mut patient = plan();
    (patient.wait_period, patient.stable_for) = (Duration::from_mins(5), Duration::from_mins(2));
    assert_inconclusive(&tape.judged(patient), "not a single line for 90 s");
}

#[test]
fn lists_that_were_narrowed_prove_nothing_about_other_labels() {
    let narrowed = |selector: &str| {
        let mut tape = Tape::well();
        for line in &mut tape.lines {
            if line["list"]["path"].as_str().unwrap().ends_with("/pods") {
                line["list"]["query"] = json!({"labelSelector": selector});
            }
        }
        tape.until(60);
        tape
    };
    for selector in ["app=web,version=v2", "app=web", "version=v2", "app==web"] {
        assert_eq!(lead(&narrowed(selector).judged(plan())), "healthy ", "{selector}");
    }
    for selector in
        ["app=web,version=v2,track=stable", "tier=front", "app=web,version!=v1", "app in (web,db)", "((", "app=other"]
    {
        let outcome = narrowed(selector).judged(plan());
        assert_inconclusive(&outcome, "the recording lists only the pods with");
    }
    let mut other = plan();
    other.app = "db".to_owned();
    other.selector = "app=db,version=v2".parse().unwrap();
    assert_inconclusive(&narrowed("app=web,version=v2").judged(other), "says nothing of those with app=db,version=v2");
    let mut pinned = plan();
    pinned.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    assert_eq!(lead(&narrowed("app=web").judged(pinned.clone())), "healthy ");
    assert_inconclusive(&narrowed("app=web,version=v2").judged(pinned), "says nothing of those of deployment/web");
    // A narrowed LIST of workloads says nothing of the workloads that are not in it.
    let mut tape = Tape::well();
    for line in &mut tape.lines {
        if line["list"]["path"].as_str().unwrap().ends_with("/statefulsets") {
            line["list"]["query"] = json!({"labelSelector": "app=web"});
        }
    }
    assert_inconclusive(&tape.until(60).judged(plan()), "the recording lists only the statefulsets with");
    let mut tape = Tape::well();
    for line in &mut tape.lines {
        if line["list"]["path"].as_str().unwrap().ends_with("/pods") {
            line["list"]["query"] = json!({"fieldSelector": "spec.nodeName=n"});
        }
    }
    assert_inconclusive(&tape.until(60).judged(plan()), "the recording lists only the pods with");
}

#[test]
fn an_older_list_proves_nothing_and_takes_nothing_back() {
    // The pod that was told not ready is not ready again because a lagging server says so.
    let mut tape = Tape::well();
    tape.event(3, "pods", "MODIFIED", pod("a", 30, false));
    tape.list(4, "pods", 20, vec![pod("a", 12, true)]).until(60);
    let outcome = tape.judged(plan());
    assert_ne!(outcome.verdict, Verdict::Healthy, "{}", lead(&outcome));
    assert!(lead(&outcome).contains("before what it had shown already"), "{}", lead(&outcome));
    // A pod that is gone does not come back by it.
    let mut tape = Tape::well();
    tape.event(3, "pods", "DELETED", pod("a", 30, true));
    tape.list(4, "pods", 20, vec![pod("a", 12, true)]).until(60);
    assert_ne!(tape.judged(plan()).verdict, Verdict::Healthy);
    // A pod that the older list does not have is not gone: it crashed, and that stands.
    let mut tape = Tape::well();
    tape.event(3, "pods", "ADDED", pod("b", 30, false)).list(4, "pods", 20, vec![pod("a", 12, true)]).until(60);
    assert_ne!(tape.judged(plan()).verdict, Verdict::Healthy);
}

#[test]
fn an_older_line_of_a_watch_is_passed_over() {
    let mut tape = Tape::well();
    tape.event(3, "pods", "MODIFIED", pod("a", 30, false)).event(4, "pods", "MODIFIED", pod("a", 12, true)).until(60);
    let outcome = tape.judged(plan());
    assert_eq!(outcome.verdict, Verdict::TimedOut, "{}", lead(&outcome));
    let mut tape = Tape::well();
    tape.event(3, "pods", "DELETED", pod("a", 30, true)).event(4, "pods", "ADDED", pod("a", 12, true)).until(60);
    assert_ne!(tape.judged(plan()).verdict, Verdict::Healthy, "what is gone is not back by its past");
    // The same label set again, told as new: that is no past.
    let mut tape = Tape::well();
    tape.event(3, "pods", "DELETED", pod("a", 30, true)).event(4, "pods", "ADDED", pod("a", 31, true)).until(60);
    assert_eq!(lead(&tape.judged(plan())), "healthy ");
}

#[test]
fn versions_that_are_no_numbers_are_never_older() {
    let mut tape = Tape::well();
    let mut crashed = pod("a", 0, false);
    crashed["metadata"]["resourceVersion"] = "opaque".into();
    tape.event(3, "pods", "MODIFIED", crashed).until(60);
    assert_eq!(tape.judged(plan()).verdict, Verdict::TimedOut);
}

#[test]
fn objects_of_another_namespace_are_no_evidence() {
    let elsewhere = |mut object: Value| {
        object["metadata"]["namespace"] = "other".into();
        object
    };
    let mut tape = Tape::well();
    tape.lines.pop();
    tape.list(0, "pods", 20, vec![elsewhere(pod("a", 12, true))]).until(60);
    assert_eq!(tape.judged(plan()).verdict, Verdict::TimedOut);
    let mut tape = Tape::well();
    tape.lines.pop();
    tape.list(0, "pods", 20, vec![]).event(1, "pods", "ADDED", elsewhere(pod("a", 30, true))).until(60);
    assert_eq!(tape.judged(plan()).verdict, Verdict::TimedOut);
}

#[test]
fn a_page_of_a_list_is_not_the_list() {
    let mut tape = Tape::well();
    for line in &mut tape.lines {
        line["list"]["body"]["metadata"]["continue"] = "token".into();
    }
    assert_inconclusive(&tape.until(60).judged(plan()), "one page of several");
}

#[test]
fn a_recording_of_another_namespace_says_which_it_is_of() {
    let mut other = plan();
    other.namespace = "elsewhere".to_owned();
    let outcome = Tape::well().until(60).judged(other.clone());
    assert_inconclusive(&outcome, "the recording holds nothing of namespace elsewhere; it is of shop");
    // Also where it is short.
    assert_inconclusive(&Tape::well().until(5).judged(other), "nothing of namespace elsewhere");
}

#[test]
fn a_recording_without_pods_or_without_anything_is_never_a_pass() {
    let mut tape = Tape::well();
    tape.lines.pop();
    assert_inconclusive(&tape.until(60).judged(plan()), "pods");
    assert_inconclusive(&Tape::new().judged(plan()), "the recording ended after 0.0 s");
    assert_inconclusive(&Tape::new().until(60).judged(plan()), "could not be listed");
    let mut only_words = Tape::new();
    only_words.line(1.0, json!({"gate": {"verdict": "healthy"}})).until(60);
    assert_inconclusive(&only_words.judged(plan()), "could not be listed");
}

#[test]
fn no_prefix_of_a_recording_passes_before_the_whole_does() {
    let text = Tape::well().until(9).text();
    let lines: Vec<&str> = text.lines().collect();
    for count in 1..=lines.len() {
        let whole = lines[..count].join("\n");
        for text in [format!("{whole}\n"), format!("{whole}\n{{\"t\":60000,\"no")] {
            let outcome = judged(&text, plan());
            assert_eq!(outcome.verdict, Verdict::Inconclusive, "{count} lines: {}", lead(&outcome));
        }
    }
}

#[test]
fn lists_told_twice_say_nothing_new() {
    let mut tape = Tape::well();
    let twice: Vec<Value> = tape.lines.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
    tape.lines = twice;
    let outcome = tape.until(60).judged(plan());
    assert_eq!((lead(&outcome).as_str(), outcome.decided_after), ("healthy ", Duration::from_secs(10)));
}
