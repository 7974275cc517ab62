//! What a finding says: its words, its advice, its evidence.

use crashgate::gate::model::{ContainerState, Pod, Probe, Role};
use crashgate::gate::result::{Code, Evidence, EvidenceKind, Outcome, Verdict};

use crate::gate::{assert_says, one_pod, web};
use crate::scenario::objects::{Bend, container, deployment, pod, readiness_probe};
use crate::scenario::{Scenario, lead, plan};

fn evidence(outcome: &Outcome, kind: EvidenceKind) -> Vec<&str> {
    let of_kind = |piece: &&Evidence| piece.kind == kind;
    lead(outcome).evidence.iter().filter(of_kind).map(|piece| piece.text.as_str()).collect()
}

/// The pod after its container could not be started with these words.
fn start_failed(pod: Pod, said: Option<&str>) -> Pod {
    let mut pod = pod.terminated("app", 128, "StartError");
    let ContainerState::Terminated(ended) = &mut pod.containers[0].status.as_mut().unwrap().state else { panic!() };
    ended.message = said.map(str::to_owned);
    pod
}

/// The pod `a` with probes, killed by one of them with this exit code.
fn killed(kind: &str, exit_code: i32) -> Outcome {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut pod = pod(&set, "a");
    let probe = Probe { asks: "GET /alive".to_owned(), ..readiness_probe() };
    pod.containers[0].probes.liveness = Some(probe.clone());
    pod.containers[0].probes.startup = Some(probe);
    let message = format!("Container app failed {} probe, will be restarted", kind.to_lowercase());
    story.at(1.0).pod(pod.clone().unready()).event("a", Some("app"), "Killing", &message);
    story.at(2.0).pod(pod.terminated("app", exit_code, "Error"));
    story.ends().clone()
}

#[test]
fn a_crash_advises_by_its_kind() {
    let advice = |outcome: Outcome| lead(&outcome).next_step.clone();
    let zero = advice(one_pod(|pod| pod.terminated("app", 0, "Completed")));
    assert!(zero.contains("stay in the foreground"), "{zero}");
    let one = advice(one_pod(|pod| pod.terminated("app", 1, "Error")));
    assert!(one.starts_with("Fix the error in the last log lines."), "{one}");
    let liveness = advice(killed("Liveness", 143));
    assert!(liveness.starts_with("Correct `livenessProbe` of app"), "{liveness}");
    let startup = advice(killed("Startup", 143));
    assert!(startup.starts_with("Correct `startupProbe` of app"), "{startup}");
    let start = advice(one_pod(|pod| start_failed(pod, Some("exec: \"serve\": executable file not found in $PATH"))));
    assert!(start.contains("serve") && start.contains("command"), "{start}");
    let unknown = advice(one_pod(|pod| start_failed(pod, None)));
    assert_eq!(unknown, Code::StartFailed.row().next_step);
}

#[test]
fn a_sigkill_by_a_probe_is_told_from_one_for_memory() {
    let said = |exit_code| lead(&killed("Liveness", exit_code)).message.clone();
    assert!(said(137).contains("(exit code 137, not out of memory)"), "{}", said(137));
    assert!(said(143).contains("(exit code 143)"), "{}", said(143));
}

#[test]
fn what_the_runtime_said_of_a_start_is_evidence_where_it_said_something() {
    let outcome = one_pod(|pod| start_failed(pod, Some("exec format error")));
    assert_eq!(evidence(&outcome, EvidenceKind::Status), ["StartError: exec format error"]);
    assert!(evidence(&one_pod(|pod| start_failed(pod, Some(""))), EvidenceKind::Status).is_empty());
    assert_says(&outcome, Verdict::Failed, Code::StartFailed, &["exec format error; ", "architecture"]);
    let other = one_pod(|pod| start_failed(pod, Some("permission denied")));
    assert!(!lead(&other).message.contains("architecture"), "{}", lead(&other).message);
}

#[test]
fn a_container_that_cannot_be_created_is_advised_by_what_was_said() {
    let outcome = one_pod(|pod| {
        let said = "container has runAsNonRoot and image will run as root";
        pod.waiting("app", "CreateContainerConfigError", said)
    });
    assert_eq!(lead(&outcome).code, Code::StartFailed);
    assert!(lead(&outcome).next_step.contains("runAsUser"), "{}", lead(&outcome).next_step);
}

#[test]
fn an_image_that_nothing_is_said_of_has_no_evidence() {
    let bare = one_pod(|pod| pod.waiting("app", "InvalidImageName", ""));
    assert!(evidence(&bare, EvidenceKind::Status).is_empty(), "{:?}", lead(&bare).evidence);
    let quoted = one_pod(|pod| pod.waiting("app", "InvalidImageName", "invalid reference format"));
    assert_eq!(evidence(&quoted, EvidenceKind::Status), ["invalid reference format"]);
}

#[test]
fn a_superseding_template_is_told_and_whose_it_is() {
    let mut story = Scenario::new(plan());
    story.workload(deployment("web", "v2", 1)).at(1.0);
    let mut newer = deployment("web", "v3", 1);
    newer.revision = Some(2);
    story.workload(newer);
    let outcome = story.ends().clone();
    assert_eq!(lead(&outcome).place.workload.as_deref(), Some("deployment/web"));
    assert_eq!(
        evidence(&outcome, EvidenceKind::Status),
        ["template labels app=web,version=v3; image registry.example:5000/shop/web:v3; revision 2"]
    );
}

#[test]
fn a_shortfall_names_its_workload() {
    let mut story = Scenario::new(plan());
    web(&mut story, 1);
    assert_eq!(lead(story.ends()).place.workload.as_deref(), Some("deployment/web"));
}

#[test]
fn a_probe_named_late_sharpens_the_finding_of_its_own_container_alone() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut two = pod(&set, "a");
    two.containers.push(container("proxy", Role::App));
    story.at(1.0).pod(two.terminated("app", 137, "Error").terminated("proxy", 1, "Error"));
    assert_eq!(story.ended().unwrap().verdict, Verdict::Failed);
    story.at(1.1).event("a", Some("app"), "Killing", "Container app failed liveness probe, will be restarted");
    let findings: Vec<_> = story
        .ended()
        .unwrap()
        .findings
        .iter()
        .map(|finding| (finding.place.container.clone().unwrap(), finding.code))
        .collect();
    assert_eq!(
        findings,
        [("app".to_owned(), Code::LivenessProbeFailed), ("proxy".to_owned(), Code::CrashLoop)],
        "the more telling one leads"
    );
}

#[test]
fn a_volume_that_names_what_does_not_exist_says_what() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").creating());
    story.event("a", None, "FailedMount", "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found");
    let outcome = story.ends().clone();
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::ConfigMissing,
        &["a volume of the pod needs Secret web-tls, which does not exist", "correct the volume that refers to it"],
    );
}

#[test]
fn what_was_said_of_volumes_is_past_once_a_container_has_started() {
    let ends = |bend: fn(Pod) -> Pod| {
        let mut plan = plan();
        plan.max_restarts = 9;
        let mut story = Scenario::new(plan);
        let set = web(&mut story, 1);
        let mut one = bend(pod(&set, "a"));
        // An API server before 1.28 has no such condition.
        one.sandbox_ready = None;
        story.at(1.0).pod(one).event("a", None, "FailedMount", "timed out waiting for the condition");
        lead(story.ends()).code
    };
    assert_eq!(ends(Bend::creating), Code::VolumeUnavailable);
    assert_eq!(ends(Bend::unready), Code::NotReady, "it runs");
    let backs_off = |pod: Pod| pod.restarted("app", 1, 1, "Error").waiting("app", "CrashLoopBackOff", "back-off");
    assert_ne!(ends(backs_off), Code::VolumeUnavailable, "it has run");
}

#[test]
fn scheduling_gates_are_told_from_a_lack_of_nodes() {
    let ends = |reason: &str, message: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let mut one = pod(&set, "a").unschedulable(message);
        one.scheduled.as_mut().unwrap().reason = Some(reason.to_owned());
        story.at(1.0).pod(one);
        story.ends().clone()
    };
    let gated = ends("SchedulingGated", "");
    assert!(lead(&gated).next_step.contains("`spec.schedulingGates`"), "{}", lead(&gated).next_step);
    assert!(evidence(&gated, EvidenceKind::Status).is_empty(), "nothing was said");
    let full = ends("Unschedulable", "something that nobody has heard of");
    assert!(!lead(&full).next_step.contains("schedulingGates"), "{}", lead(&full).next_step);
    assert_eq!(
        evidence(&full, EvidenceKind::Status),
        ["PodScheduled=False Unschedulable: something that nobody has heard of"]
    );
}

#[test]
fn a_pod_that_failed_names_the_container_that_did() {
    let mut story = Scenario::new(plan());
    let mut bare = crate::scenario::objects::bare_pod("a");
    bare.restart_policy = crashgate::gate::model::RestartPolicy::Never;
    bare.containers.push(container("worker", Role::App));
    bare.phase = Some(crashgate::gate::model::Phase::Failed);
    story.at(1.0).pod(bare.terminated("app", 0, "Completed").terminated("worker", 3, "Error"));
    let outcome = story.ends().clone();
    assert_says(&outcome, Verdict::Failed, Code::PodFailed, &["container worker ended with exit code 3"]);
    assert_eq!(lead(&outcome).place.container.as_deref(), Some("worker"));
}

#[test]
fn names_are_spelled_as_kubernetes_does() {
    use crashgate::gate::model::WorkloadKind;
    use crashgate::gate::spec::{Grace, Pin};
    let pin = Pin { kind: WorkloadKind::StatefulSet, name: "db".to_owned() };
    assert_eq!(pin.to_string(), "statefulset/db");
    let graces = ["ImagePull", "Registry", "Config", "Unschedulable", "Volume", "Quota", "Admission", "Sandbox"];
    assert_eq!(Grace::ALL.map(Grace::name), graces);
    assert_eq!([Role::Init, Role::Sidecar, Role::App].map(Role::name), ["init", "sidecar", "app"]);
}
