//! The journal, and small promises.

use crashgate::gate::model::{Condition, JobEnd, Phase, Pod, Role, Source, WorkloadKind};
use crashgate::gate::result::{Code, GateEvent, PodState, Verdict};

use crate::gate::{seconds, web};
use crate::scenario::objects::{Bend, container, deployment, job, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn the_journal_tells_each_change_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found"));
    story.at(2.0).pod(pod(&set, "b").unready()).at(3.0).pod(pod(&set, "b")).at(4.0).pod(pod(&set, "b").deleting());
    story.at(5.0).pod_gone("b").at(6.0).pod(pod(&set, "a").waiting(
        "app",
        "CreateContainerConfigError",
        "secret \"t\" not found",
    ));
    let told: Vec<_> = story.gate.take_events().into_iter().map(|(_, event)| event).collect();
    let causes = told.iter().filter(|event| matches!(event, GateEvent::Cause { .. })).count();
    assert_eq!(causes, 1, "the same cause of the same pod: {told:#?}");
    let counts_at = told.iter().find_map(|event| match event {
        GateEvent::Cause { counts_at, .. } => *counts_at,
        _ => None,
    });
    assert_eq!(counts_at, Some(seconds(16)));
    let gone: Vec<_> = told.iter().filter(|event| matches!(event, GateEvent::PodGone { .. })).collect();
    assert_eq!(gone, [&GateEvent::PodGone { pod: "b".to_owned(), why: "deleted".to_owned() }]);
    let progress: Vec<_> = told.iter().filter(|event| matches!(event, GateEvent::Progress { .. })).collect();
    let of = |ready| GateEvent::Progress { ready, wanted: Some(2) };
    assert_eq!(progress, [&of(0), &of(1), &of(0)]);
    assert!(!told.iter().any(|event| matches!(event, GateEvent::Crash { .. })));
}

#[test]
fn crashes_are_told_as_they_add_up_and_not_those_of_ignored_containers() {
    let mut plan = plan();
    plan.max_restarts = 5;
    plan.ignore_containers.insert("noise".to_owned());
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let mut noisy = pod(&set, "a");
    noisy.containers.push(container("noise", Role::App));
    let noisy = noisy.restarted("noise", 7, 1, "Error");
    for count in [1, 1, 2] {
        story.pod(noisy.clone().restarted("app", count, 1, "Error"));
    }
    let told = story.gate.take_events().into_iter().filter_map(|(_, event)| match event {
        GateEvent::Crash { container, crashes, allowed, .. } => Some((container, crashes, allowed)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [("app".to_owned(), 1, 5), ("app".to_owned(), 2, 5)]);
}

#[test]
fn a_gate_says_what_it_still_lacks() {
    let mut story = Scenario::new(plan());
    assert_eq!(story.gate.lacking().as_deref(), Some("no pod of this version exists yet"));
    let set = web(&mut story, 1);
    assert_eq!(story.gate.lacking().as_deref(), Some("0 of the 1 pods that deployment/web needs are there"));
    story.pod(pod(&set, "a"));
    assert_eq!(story.gate.lacking(), None);
    story.ends();
    assert_eq!(story.gate.lacking(), None);
    let mut early = Scenario::new(plan());
    let orphan = pod(&replica_set(&deployment("web", "v2", 1)), "a");
    early.pod(orphan);
    assert_eq!(early.gate.lacking().as_deref(), Some("the owner of pod a has not been seen yet"));
}

#[test]
fn a_fresh_read_that_does_not_find_the_owner_any_more_is_a_deletion() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0);
    story.workloads.clear();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Superseded, Code::WorkloadDeleted));
    assert_eq!(outcome.decided_after, seconds(11));
}

#[test]
fn rights_are_named_with_their_group() {
    let mut story = Scenario::new(plan());
    story
        .denied(Source::Workloads(WorkloadKind::StatefulSet))
        .denied(Source::Workloads(WorkloadKind::Job))
        .denied(Source::Events);
    let words: Vec<_> = story.ends().warnings.iter().map(|warning| warning.message.clone()).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words[0].contains("apiGroups: [\"\"], resources: [\"events\"]"), "{words:?}");
    let owners = "apiGroups: [\"apps\", \"batch\"], resources: [\"statefulsets\", \"jobs\"]";
    assert!(words[1].contains(owners), "{words:?}");
}

#[test]
fn a_failed_job_names_the_place_of_its_proof() {
    let mut story = Scenario::new(plan());
    story.workload(job("web", "v2", None));
    let mut failed = pod(&job("web", "v2", None), "web-a");
    failed.containers.insert(0, container("fetch", Role::Init));
    let mut failed = failed.terminated("app", 9, "Error").terminated("fetch", 0, "Completed");
    failed.phase = Some(Phase::Failed);
    story.pod(failed);
    let end = JobEnd::Failed { reason: Some("DeadlineExceeded".to_owned()), message: None };
    story.at(9.0).workload(job("web", "v2", Some(end)));
    let place = &lead(story.ends()).place;
    assert_eq!(
        (place.pod.as_deref(), place.container.as_deref(), place.role),
        (Some("web-a"), Some("app"), Some(Role::App))
    );
    assert_eq!(place.workload.as_deref(), Some("job/web"));
    let mut bare = Scenario::new(plan());
    bare.workload(job("web", "v2", Some(JobEnd::Failed { reason: None, message: None })));
    assert_eq!(lead(bare.ends()).place.workload.as_deref(), Some("job/web"), "without any pod left");
}

#[test]
fn many_workloads_are_not_all_listed_where_nothing_matched() {
    let message = |count: u32| {
        let mut plan = plan();
        plan.selector = "app=payments-of-another-team".parse().unwrap();
        let mut story = Scenario::new(plan);
        for number in 0..count {
            story.workload(deployment(&format!("web-{number}"), "v2", 1));
        }
        lead(story.ends()).message.clone()
    };
    assert!(message(5).ends_with("deployment/web-4"), "{}", message(5));
    assert!(message(6).ends_with("deployment/web-4, …"), "{}", message(6));
}

#[test]
fn crashes_that_were_told_are_not_told_again_when_another_pod_goes() {
    let mut plan = plan();
    plan.max_restarts = 5;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    let crashed = |name: &str| pod(&set, name).restarted("app", 1, 1, "Error");
    story.at(1.0).pods([crashed("a"), crashed("b")]).at(2.0).pod_gone("a").at(3.0).pod(crashed("b").unready());
    let told = story.gate.take_events();
    let seen: Vec<_> = told
        .iter()
        .filter_map(|(_, event)| match event {
            GateEvent::Crash { pod, .. } => Some(pod.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(seen, ["a", "b"]);
}

#[test]
fn each_state_of_a_pod_is_told_when_it_comes() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let one = || pod(&set, "a");
    story.at(1.0).pod(one().creating()).at(2.0).pod(one().unready()).at(3.0).pod(one().unready()).at(4.0).pod(one());
    let told = story.gate.take_events().into_iter().filter_map(|(at, event)| match event {
        GateEvent::PodState { state, .. } => Some((at.as_secs(), state)),
        _ => None,
    });
    let states = [(1, PodState::Starting), (2, PodState::NotReady), (4, PodState::Ready)];
    assert_eq!(told.collect::<Vec<_>>(), states);
}

#[test]
fn a_reason_that_reads_like_a_state_is_not_taken_for_one() {
    for reason in ["terminating", "ready"] {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let pod = pod(&set, "a");
        let condition = Condition { status: false, reason: Some(reason.to_owned()), message: None, since: None };
        story.at(1.0).pod(Pod { node: None, ready: None, scheduled: Some(condition), ..pod }).at(2.0).pod_gone("a");
        let why = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
            GateEvent::PodGone { why, .. } => Some(why),
            _ => None,
        });
        assert_eq!(why, Some(format!("it was {reason}")), "nobody deleted it, as far as was seen");
    }
}

#[test]
fn what_counts_at_once_is_told_by_the_decision_alone() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
    let told = story.gate.take_events();
    assert!(told.iter().any(|(_, event)| matches!(event, GateEvent::Decided { verdict: Verdict::Failed })));
    assert!(!told.iter().any(|(_, event)| matches!(event, GateEvent::Cause { .. })), "{told:?}");
}

#[test]
fn a_glance_is_told_where_it_differs() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let unready = || pod(&set, "a").unready();
    let mut otherwise = unready();
    otherwise.labels.insert("seen".to_owned(), "again".to_owned());
    story.at(1.0).pod(unready()).at(2.0).pod(otherwise).at(3.0).pod(pod(&set, "a"));
    let told = story.gate.take_events().into_iter().filter_map(|(at, event)| match event {
        GateEvent::PodGlance(glance) => Some((at.as_secs(), glance.containers_ready)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(1, 0), (3, 1)]);
}
