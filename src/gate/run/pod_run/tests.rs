//! What each life of a pod means.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{PodRun, Stage, refused};
use crate::gate::Fact;
use crate::gate::model::{
    ClusterEvent, Condition, Container, ContainerState, ContainerStatus, Ended, Object, Phase, Pod, PodResize, Probes,
    ResourceVersion, RestartPolicy, Role, Source, Trouble, TroubleKind,
};
use crate::gate::result::{CONTAINER, Code, EvidenceKind, Finding, PodEnd, Verdict};
use crate::gate::spec::{PodOrder, Security};

fn pod(state: ContainerState) -> Pod {
    let status =
        ContainerStatus { ready: false, started: None, restart_count: 0, container_id: None, state, last: None };
    let container = Container {
        name: CONTAINER.to_owned(),
        role: Role::App,
        image: "tool:1".to_owned(),
        restart_policy: None,
        memory_limit: None,
        requests: BTreeMap::new(),
        restart_rules: Vec::new(),
        resize: None,
        in_place: None,
        probes: Probes::default(),
        status: Some(status),
    };
    Pod {
        name: "p".to_owned(),
        namespace: "n".to_owned(),
        uid: "u".to_owned(),
        resource_version: ResourceVersion::default(),
        labels: BTreeMap::new(),
        controller: None,
        deleting: false,
        hook: false,
        main_container: None,
        created: None,
        phase: Some(Phase::Pending),
        reason: None,
        message: None,
        node: Some("n".to_owned()),
        restart_policy: RestartPolicy::Never,
        ready: None,
        in_place_ready: None,
        scheduled: Some(Condition { status: true, since: None, reason: None, message: None }),
        disruption: None,
        sandbox_ready: None,
        resize: PodResize::Settled,
        claims: Vec::new(),
        containers: vec![container],
    }
}

fn ended(exit_code: i32, reason: &str) -> ContainerState {
    ContainerState::Terminated(Ended {
        exit_code,
        signal: None,
        reason: Some(reason.to_owned()),
        message: None,
        container_id: None,
        started_at: None,
        finished_at: None,
        ran_seconds: None,
    })
}

fn waiting(reason: &str, message: &str) -> ContainerState {
    ContainerState::Waiting { reason: Some(reason.to_owned()), message: Some(message.to_owned()) }
}

fn run() -> PodRun {
    PodRun::new(&PodOrder { timeout: Duration::from_mins(1), ..PodOrder::new("tool:1") }, "shop", "u")
}

fn seen(pods: Vec<Pod>) -> Option<PodEnd> {
    let mut run = run();
    for (second, pod) in pods.into_iter().enumerate() {
        run.observe(Duration::from_secs(second as u64), Fact::Seen(Box::new(Object::Pod(pod.into()))));
    }
    run.advance(Duration::from_mins(2));
    run.end().cloned()
}

fn cause(end: Option<PodEnd>) -> (Verdict, Code) {
    match end {
        Some(PodEnd::Unrun { verdict, findings }) => (verdict, findings[0].code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_containers_own_end_is_the_end() {
    for (code, reason) in [(0, "Completed"), (42, "Error"), (137, "OOMKilled")] {
        let end = seen(vec![pod(ContainerState::Running), pod(ended(code, reason))]);
        assert!(matches!(end, Some(PodEnd::Exited(ended)) if ended.exit_code == code));
    }
}

#[test]
fn what_keeps_it_from_its_end_is_told_by_its_cause() {
    let not_found = "failed to resolve image: tool:1: not found";
    let root = "container has runAsNonRoot and image will run as root";
    let evicted = || Pod { phase: Some(Phase::Failed), reason: Some("Evicted".to_owned()), ..pod(ended(137, "Error")) };
    let table = [
        (pod(waiting("ErrImagePull", not_found)), Verdict::Failed, Code::ImageNotFound),
        (pod(waiting("CreateContainerConfigError", root)), Verdict::Failed, Code::StartFailed),
        (pod(ended(128, "StartError")), Verdict::Failed, Code::StartFailed),
        (pod(ended(137, "ContainerStatusUnknown")), Verdict::Platform, Code::PodDisrupted),
        (evicted(), Verdict::Platform, Code::PodDisrupted),
        (Pod { deleting: true, ..pod(ContainerState::Running) }, Verdict::Platform, Code::PodDisrupted),
        (pod(ContainerState::Running), Verdict::TimedOut, Code::NotEnded),
        (pod(waiting("ContainerCreating", "")), Verdict::TimedOut, Code::NotEnded),
        (
            Pod { reason: Some("DeadlineExceeded".to_owned()), ..pod(ended(137, "Error")) },
            Verdict::TimedOut,
            Code::NotEnded,
        ),
    ];
    for (pod, verdict, code) in table {
        assert_eq!(cause(seen(vec![pod.clone()])), (verdict, code), "{pod:?}");
    }
}

#[test]
fn a_cluster_that_is_not_heard_of_is_no_end_of_the_pod() {
    let mut run = run();
    let trouble = |hopeless| Trouble { kind: TroubleKind::Unreachable, message: "gone".to_owned(), hopeless };
    run.observe(Duration::ZERO, Fact::Seen(Box::new(Object::Pod(pod(ContainerState::Running).into()))));
    run.observe(Duration::from_secs(1), Fact::Lost { source: Source::Pods, trouble: trouble(false) });
    assert_eq!((run.end(), run.stage()), (None, Stage::Running));
    run.advance(Duration::from_mins(1));
    assert_eq!(cause(run.end().cloned()), (Verdict::Inconclusive, Code::ClusterUnreachable));
}

#[test]
fn a_pod_of_the_same_labels_is_not_this_one() {
    let mut run = run();
    let other = Pod { uid: "v".to_owned(), ..pod(ended(0, "Completed")) };
    run.observe(Duration::ZERO, Fact::Seen(Box::new(Object::Pod(other.clone().into()))));
    assert_eq!(run.end(), None);
    run.observe(Duration::ZERO, Fact::Listed { source: Source::Pods, objects: vec![Object::Pod(other.into())] });
    assert_eq!(cause(run.end().cloned()), (Verdict::Platform, Code::PodDisrupted));
}

#[test]
fn a_refusal_is_read() {
    let quota = "pods \"p\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3";
    assert_eq!(cause(Some(refused("shop", quota))), (Verdict::Platform, Code::QuotaExceeded));
    let rights =
        "pods is forbidden: User \"ci\" cannot create resource \"pods\" in API group \"\" in the namespace \"shop\"";
    assert_eq!(cause(Some(refused("shop", rights))), (Verdict::Inconclusive, Code::Forbidden));
    assert_eq!(cause(Some(refused("x", "namespaces \"x\" not found"))), (Verdict::Platform, Code::AdmissionDenied));
}

fn tell(pod: Pod) -> Fact {
    Fact::Seen(Box::new(Object::Pod(pod.into())))
}

fn event(object_uid: &str, reason: &str, message: &str) -> Fact {
    Fact::Seen(Box::new(Object::Event(
        ClusterEvent {
            uid: message.to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: "p".to_owned(),
            object_uid: object_uid.to_owned(),
            container: Some(CONTAINER.to_owned()),
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count: 1,
            last_seen: None,
        }
        .into(),
    )))
}

fn findings(run: &PodRun) -> Vec<Finding> {
    match run.end() {
        Some(PodEnd::Unrun { findings, .. }) => findings.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_its_own_deletion_ends_it() {
    let mut run = run();
    run.observe(Duration::ZERO, tell(pod(ContainerState::Running)));
    run.observe(Duration::ZERO, Fact::Gone { source: Source::Pods, uid: "v".to_owned() });
    assert_eq!(run.end(), None);
    run.observe(Duration::ZERO, Fact::Gone { source: Source::Pods, uid: "u".to_owned() });
    assert_eq!(cause(run.end().cloned()), (Verdict::Platform, Code::PodDisrupted));
    assert_eq!(findings(&run)[0].place.pod.as_deref(), Some("p"));
}

#[test]
fn what_no_waiting_mends_ends_it_at_once() {
    let trouble = Trouble { kind: TroubleKind::Unauthorized, message: "log in".to_owned(), hopeless: true };
    for (fact, code) in [
        (Fact::Lost { source: Source::Pods, trouble }, Code::Unauthorized),
        (Fact::Denied { source: Source::Pods, message: "no".to_owned() }, Code::Forbidden),
    ] {
        let mut run = run();
        run.observe(Duration::from_secs(1), fact);
        assert_eq!(cause(run.end().cloned()), (Verdict::Inconclusive, code));
    }
}

#[test]
fn a_pod_that_is_listed_is_seen() {
    let mut run = run();
    run.observe(
        Duration::ZERO,
        Fact::Listed { source: Source::Pods, objects: vec![Object::Pod(pod(ended(3, "Error")).into())] },
    );
    assert!(matches!(run.end(), Some(PodEnd::Exited(ended)) if ended.exit_code == 3));
    assert_eq!(run.stage(), Stage::Ended);
}

#[test]
fn an_event_that_says_why_changes_the_cause() {
    let mut run = run();
    run.observe(Duration::ZERO, tell(pod(waiting("ImagePullBackOff", ""))));
    assert_eq!(run.end(), None, "a registry may come back");
    run.observe(Duration::from_secs(1), event("u", "Failed", "Failed to pull image \"tool:1\": not found"));
    assert_eq!(cause(run.end().cloned()), (Verdict::Failed, Code::ImageNotFound));
}

#[test]
fn news_is_told_once() {
    let mut run = run();
    assert_eq!(run.news(), None, "nothing was seen");
    run.observe(Duration::ZERO, tell(pod(waiting("ContainerCreating", ""))));
    assert_eq!(run.news().as_deref(), Some("starting"));
    assert_eq!(run.news(), None);
    run.observe(Duration::ZERO, tell(pod(ContainerState::Running)));
    assert_eq!(run.news().as_deref(), Some("running"));
}

#[test]
fn events_about_the_pod_are_proof_each_once() {
    let mut run = run();
    run.observe(Duration::ZERO, tell(pod(ContainerState::Running)));
    run.advance(Duration::from_mins(1));
    let mut findings = findings(&run);
    assert_eq!(findings[0].place.container.as_deref(), Some(CONTAINER));
    let calm = match event("u", "Unhealthy", "all is well") {
        Fact::Seen(object) => match *object {
            Object::Event(event) => Fact::Seen(Box::new(Object::Event(
                ClusterEvent { warning: false, ..ClusterEvent::clone(&event) }.into(),
            ))),
            _ => panic!("an event"),
        },
        _ => panic!("an event"),
    };
    let facts = vec![
        event("u", "Unhealthy", "it coughs"),
        event("u", "Unhealthy", "it coughs"),
        event("v", "Unhealthy", "another coughs"),
        calm,
    ];
    run.add_events(&mut findings, facts);
    let said = findings[0].evidence.iter().filter(|piece| piece.kind == EvidenceKind::Event);
    assert_eq!(said.map(|piece| piece.text.as_str()).collect::<Vec<_>>(), ["Unhealthy: it coughs"]);
}

#[test]
fn root_is_advised_about_where_it_was_forbidden_here() {
    let advice = |security, why: &str| {
        let order = PodOrder { security, timeout: Duration::from_mins(1), ..PodOrder::new("tool:1") };
        let mut run = PodRun::new(&order, "shop", "u");
        run.observe(Duration::ZERO, tell(pod(waiting("CreateContainerConfigError", why))));
        run.advance(Duration::from_mins(2));
        findings(&run)[0].next_step.contains("--security root")
    };
    let root = "container has runAsNonRoot and image will run as root";
    assert!(advice(Security::Restricted, root));
    assert!(!advice(Security::Unset, root), "the cluster forbids it, not crashgate");
    assert!(!advice(Security::Restricted, "secret \"runAsNonRoot\" not found"), "another cause");
    assert_eq!(
        [Security::Restricted, Security::Root, Security::Unset].map(Security::name),
        ["restricted", "root", "unset"]
    );
}
