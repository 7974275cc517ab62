//! The rules of the gate, one at a time: what counts, when it counts, and what is said.

use std::time::Duration;

use crashgate::gate::code::{Code, Fault};
use crashgate::gate::finding::{Evidence, EvidenceKind};
use crashgate::gate::machine::Want;
use crashgate::gate::observation::{Fact, Node, Object, Source, Trouble, TroubleKind, Warning};
use crashgate::gate::outcome::{GateEvent, Outcome};
use crashgate::gate::plan::{Grace, MinReady, Pin};
use crashgate::gate::pod::{ContainerState, Phase, Pod, Probe, RestartPolicy, Role};
use crashgate::gate::verdict::Verdict;
use crashgate::gate::workload::{Detail, JobEnd, Workload, WorkloadKind};

use crate::story::objects::{
    Bend, bare_pod, container, daemon_set, deployment, job, pod, readiness_probe, replica_set, stateful_set,
};
use crate::story::{Story, lead, plan};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A Deployment `web` at v2 and its `ReplicaSet`, listed and told.
fn web(story: &mut Story, replicas: u32) -> Workload {
    let web = deployment("web", "v2", replicas);
    let set = replica_set(&web);
    story.workload(web).workload(set.clone());
    set
}

/// The one pod `a` of a Deployment of one, bent in some way at 1 s: how that ends.
fn one_pod(bend: impl FnOnce(Pod) -> Pod) -> Outcome {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(bend(pod(&set, "a")));
    story.ends().clone()
}

#[track_caller]
fn assert_says(outcome: &Outcome, verdict: Verdict, code: Code, words: &[&str]) {
    assert_eq!(outcome.verdict, verdict, "{:?}", outcome.findings);
    let lead = lead(outcome);
    assert_eq!(lead.code, code, "{:?}", outcome.findings);
    let all = format!("{} {}", lead.message, lead.next_step);
    for word in words {
        assert!(all.contains(word), "{word:?} in {all:?}");
    }
}

// Crashes.

#[test]
fn an_oom_kill_names_the_limit_and_without_one_says_so() {
    let outcome = one_pod(|mut pod| {
        pod.containers[0].memory_limit = Some("64Mi".to_owned());
        pod.terminated("app", 137, "OOMKilled")
    });
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::OomKilled,
        &["container app", "137", "memory limit of 64Mi", "above 64Mi"],
    );
    assert_eq!((lead(&outcome).exit_status, lead(&outcome).restarts), (Some(137), Some(0)));
    let outcome = one_pod(|pod| pod.terminated("app", 137, "OOMKilled"));
    assert_says(&outcome, Verdict::Failed, Code::OomKilled, &["no memory limit of its own"]);
}

#[test]
fn a_crash_says_how_it_ended_after_how_long_and_how_often() {
    let outcome = one_pod(|pod| pod.terminated("app", 127, "Error"));
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::CrashLoop,
        &["exit code 127 (command not found)", "2 s after its start"],
    );
    assert!(!lead(&outcome).message.contains("so far"), "{}", lead(&outcome).message);
    let outcome = one_pod(|pod| pod.restarted("app", 3, 1, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["exit code 1", "3 times so far"]);
    assert!(!lead(&outcome).message.contains("although"), "{}", lead(&outcome).message);
    let outcome = one_pod(|pod| pod.terminated("app", 0, "Completed"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["exit code 0", "although it should keep running"]);
}

#[test]
fn the_log_that_is_wanted_is_that_of_the_crashed_attempt() {
    let ended = one_pod(|pod| pod.terminated("app", 1, "Error"));
    let log = lead(&ended).log.clone().unwrap();
    assert_eq!((log.pod.as_str(), log.container.as_str(), log.attempt, log.previous), ("a", "app", 0, false));
    let running_again = one_pod(|pod| pod.restarted("app", 2, 1, "Error"));
    let log = lead(&running_again).log.clone().unwrap();
    assert_eq!((log.attempt, log.previous), (1, true));
}

#[test]
fn a_termination_message_is_evidence() {
    let outcome = one_pod(|pod| {
        let mut pod = pod.terminated("app", 1, "Error");
        let ContainerState::Terminated(ended) = &mut pod.containers[0].status.as_mut().unwrap().state else { panic!() };
        ended.message = Some("no such table: users".to_owned());
        pod
    });
    let expected = Evidence { kind: EvidenceKind::TerminationMessage, text: "no such table: users".to_owned() };
    assert!(lead(&outcome).evidence.contains(&expected), "{:?}", lead(&outcome).evidence);
}

#[test]
fn max_restarts_is_a_limit_per_container() {
    let mut plan = plan();
    plan.max_restarts = 2;
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    story
        .at(1.0)
        .pod(pod(&set, "a").restarted("app", 1, 1, "Error"))
        .at(3.0)
        .pod(pod(&set, "a").restarted("app", 2, 1, "Error"));
    story.at(5.0).still_open().pod(pod(&set, "a").restarted("app", 3, 1, "Error"));
    assert_eq!(story.ended().unwrap().decided_after, seconds(5));
}

#[test]
fn init_containers_must_succeed_and_sidecars_must_keep_running() {
    let with = |name: &'static str, role, exit_code| {
        one_pod(move |mut pod| {
            pod.containers.insert(0, container(name, role));
            let is_ready = pod.ready.clone();
            let mut pod = pod.terminated(name, exit_code, "Error");
            if exit_code == 0 {
                pod.ready = is_ready;
            }
            pod
        })
    };
    let outcome = with("migrate", Role::Init, 1);
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["init container migrate"]);
    assert_eq!(lead(&outcome).place.role, Some(Role::Init));
    assert_eq!(with("migrate", Role::Init, 0).verdict, Verdict::Healthy);
    assert_says(&with("proxy", Role::Sidecar, 0), Verdict::Failed, Code::CrashLoop, &["sidecar proxy"]);
}

#[test]
fn an_ignored_container_decides_nothing_and_is_told() {
    let mut plan = plan();
    plan.ignore_containers.insert("istio-proxy".to_owned());
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    let mut meshed = pod(&set, "a");
    meshed.containers.push(container("istio-proxy", Role::App));
    story.at(1.0).pod(meshed.clone()).at(4.0).pod(meshed.restarted("istio-proxy", 1, 1, "Error"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(11)), "the window went on");
    let told: Vec<_> =
        outcome.warnings.iter().map(|warning| (warning.code, warning.message.contains("istio-proxy"))).collect();
    assert_eq!(told, [("RestartTolerated", true)]);
}

#[test]
fn a_start_that_fails_counts_at_once_whatever_max_restarts_says() {
    let mut plan = plan();
    plan.max_restarts = 5;
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    let mut broken = pod(&set, "a").terminated("app", 128, "StartError");
    let ContainerState::Terminated(ended) = &mut broken.containers[0].status.as_mut().unwrap().state else { panic!() };
    ended.message =
        Some("runc create failed: unable to start container process: exec: \"/x\": no such file".to_owned());
    story.at(2.0).pod(broken);
    assert_eq!(story.ended().unwrap().decided_after, seconds(2));
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::StartFailed, &["could not be started: exec: \"/x\""]);
}

// Probes.

fn killed_by(kind: &str, message: &str) -> Outcome {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let mut probed = pod(&set, "a");
    let probe = Probe { asks: "GET /alive on port 80".to_owned(), ..readiness_probe() };
    if kind == "Liveness" {
        probed.containers[0].probes.liveness = Some(probe);
    } else {
        probed.containers[0].probes.startup = Some(probe);
    }
    story.at(1.0).pod(probed.clone());
    story.event("a", Some("app"), "Unhealthy", &format!("{kind} probe failed: HTTP probe failed with statuscode: 500"));
    story.at(3.0).event("a", Some("app"), "Killing", message);
    story.at(4.0).pod(probed.restarted("app", 1, 137, "Error"));
    story.ends().clone()
}

#[test]
fn a_probe_that_kills_is_named_with_its_last_answer() {
    let outcome = killed_by("Liveness", "Container app failed liveness probe, will be restarted");
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::LivenessProbeFailed,
        &["liveness probe failed (GET /alive on port 80)", "statuscode: 500", "137"],
    );
    assert!(
        lead(&outcome)
            .evidence
            .iter()
            .any(|evidence| evidence.kind == EvidenceKind::Probe && evidence.text.starts_with("liveness probe: "))
    );
    let outcome = killed_by("Startup", "Container app failed startup probe, will be restarted");
    assert_says(&outcome, Verdict::Failed, Code::StartupProbeFailed, &["startup probe failed (GET /alive on port 80)"]);
    let outcome = killed_by("Liveness", "Stopping container app");
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &[]);
}

#[test]
fn an_event_that_comes_after_the_decision_names_the_probe_and_changes_no_verdict() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(pod(&set, "a").restarted("app", 1, 137, "Error"));
    assert_eq!(lead(story.ended().unwrap()).code, Code::CrashLoop);
    story.event("other", Some("app"), "Killing", "Container app failed liveness probe, will be restarted");
    assert_eq!(lead(story.ended().unwrap()).code, Code::CrashLoop, "that is about another pod");
    story.event("a", Some("app"), "Killing", "Container app failed liveness probe, will be restarted");
    let outcome = story.ended().unwrap();
    assert_says(outcome, Verdict::Failed, Code::LivenessProbeFailed, &["liveness probe"]);
    assert_eq!(outcome.decided_after, seconds(4));
}

// Graces.

#[test]
fn a_grace_runs_from_first_sight_through_all_signs_of_the_cause() {
    let mut plan = plan();
    plan.grace.insert(Grace::ImagePull, seconds(20));
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    let said = "failed to resolve image: x: not found";
    story.at(1.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", said));
    story.at(9.0).pod(pod(&set, "a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
    story.at(15.0).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
    story.at(16.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", said)).at(20.9).still_open();
    let outcome = story.ends();
    assert_eq!((lead(outcome).code, outcome.decided_after), (Code::ImageNotFound, seconds(21)));
}

#[test]
fn a_grace_begins_anew_once_the_container_has_run() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let missing = || pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found");
    story.at(1.0).pod(missing()).at(10.0).pod(pod(&set, "a").unready()).at(20.0).pod(missing()).at(30.0).still_open();
    assert_eq!(story.ends().decided_after, seconds(35));
}

type Happens = fn(&mut Story, Pod);

#[test]
fn every_grace_can_be_set() {
    let cases: [(Grace, Happens, Code); 8] = [
        (
            Grace::ImagePull,
            |story, pod| {
                story.pod(pod.waiting("app", "ErrImagePull", "x: not found"));
            },
            Code::ImageNotFound,
        ),
        (
            Grace::Registry,
            |story, pod| {
                story.pod(pod.waiting("app", "ErrImagePull", "429 Too Many Requests"));
            },
            Code::RegistryUnavailable,
        ),
        (
            Grace::Config,
            |story, pod| {
                story.pod(pod.waiting("app", "CreateContainerConfigError", "secret \"s\" not found"));
            },
            Code::ConfigMissing,
        ),
        (
            Grace::Unschedulable,
            |story, pod| {
                story.pod(pod.unschedulable("0/1 nodes are available: 1 Insufficient cpu."));
            },
            Code::Unschedulable,
        ),
        (
            Grace::Volume,
            |story, pod| {
                story.pod(pod.unschedulable("pod has unbound immediate PersistentVolumeClaims"));
            },
            Code::VolumeUnavailable,
        ),
        (
            Grace::Quota,
            |story, _| {
                story.event("replicaset-web-v2", None, "FailedCreate", "pods \"x\" is forbidden: exceeded quota: q");
            },
            Code::QuotaExceeded,
        ),
        (
            Grace::Admission,
            |story, _| {
                story.event("replicaset-web-v2", None, "FailedCreate", "admission webhook \"w\" denied the request");
            },
            Code::AdmissionDenied,
        ),
        (
            Grace::Sandbox,
            |story, pod| {
                story.pod(pod.creating());
                story.event("a", None, "FailedCreatePodSandBox", "failed to set up sandbox: no IP addresses");
            },
            Code::SandboxFailed,
        ),
    ];
    for (grace, happens, code) in cases {
        let mut plan = plan();
        plan.grace.insert(grace, seconds(7));
        let mut story = Story::new(plan);
        let set = web(&mut story, 1);
        story.at(1.0);
        happens(&mut story, pod(&set, "a"));
        story.at(7.9).still_open();
        let outcome = story.ends();
        assert_eq!((lead(outcome).code, outcome.decided_after), (code, seconds(8)), "{grace:?}");
        assert_eq!(outcome.verdict, code.row().verdict);
    }
}

#[test]
fn what_has_no_grace_of_its_own_counts_at_the_end_of_the_wait() {
    let outcome = one_pod(|pod| pod.unschedulable("0/1 nodes are available: 1 Insufficient cpu. preemption: no help."));
    assert_says(&outcome, Verdict::Platform, Code::Unschedulable, &["too little cpu"]);
    assert_eq!(outcome.decided_after, seconds(60));
    assert!(!lead(&outcome).message.contains("preemption"), "{}", lead(&outcome).message);
}

// What only events tell.

#[test]
fn a_volume_that_is_missing_counts_until_the_sandbox_is_there() {
    let story_of = |message: &str| {
        let mut story = Story::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").creating()).event("a", None, "FailedMount", message);
        (story, set)
    };
    let secret = "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found";
    let (mut story, _) = story_of(secret);
    // The time-out that follows does not hide what is missing.
    story.at(2.0).event(
        "a",
        None,
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[tls]: timed out",
    );
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::ConfigMissing, &["Secret web-tls"]);
    assert_eq!(outcome.decided_after, seconds(16));

    let (mut story, set) = story_of(secret);
    story.at(9.0).pod(pod(&set, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    let (mut story, _) = story_of("MountVolume.MountDevice failed for volume \"pvc-1\" : rpc error: driver not found");
    assert_says(story.ends(), Verdict::Platform, Code::VolumeUnavailable, &["driver not found"]);
}

#[test]
fn a_refused_creation_stands_until_a_later_one_succeeds() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).event(
        &set.uid,
        None,
        "FailedCreate",
        "pods \"web-x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3",
    );
    story.at(20.0).event(&set.uid, None, "SuccessfulCreate", "Created pod: a").pod(pod(&set, "a").unready());
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &[]);
}

// The end of the wait.

#[test]
fn a_window_that_begins_in_time_may_end_after_the_wait() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(59.9).pod(pod(&set, "a")).at(65.0).still_open();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, Duration::from_millis(69_900)));

    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(60.1).pod(pod(&set, "a"));
    assert_eq!(story.ends().decided_after, seconds(60), "too late");
}

#[test]
fn a_window_that_breaks_after_the_wait_ends_it() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(55.0).pod(pod(&set, "a")).at(62.0).pod(pod(&set, "a").unready());
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::TimedOut, seconds(62)));

    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(55.0).pod(pod(&set, "a").ready_since("t1")).at(62.0).pod(pod(&set, "a").ready_since("t2"));
    let outcome = story.ends();
    assert_eq!(
        (outcome.verdict, lead(outcome).code, outcome.decided_after),
        (Verdict::TimedOut, Code::ReadinessFlapping, seconds(62))
    );
}

#[test]
fn a_pod_that_was_ready_once_and_lost_it_is_not_ready_and_twice_is_flapping() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").unready());
    assert_eq!(lead(story.ends()).code, Code::NotReady);

    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    for turn in 0..2 {
        story.at(f64::from(turn) * 10.0 + 1.0).pod(pod(&set, "a").ready_since(&turn.to_string()));
        story.at(f64::from(turn) * 10.0 + 5.0).pod(pod(&set, "a").unready());
    }
    let outcome = story.ends();
    assert_says(outcome, Verdict::TimedOut, Code::ReadinessFlapping, &["2 times"]);
}

#[test]
fn no_stability_asked_passes_on_first_sight() {
    let mut plan = plan();
    plan.stable_for = Duration::ZERO;
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    story.at(3.0).pod(pod(&set, "a"));
    assert_eq!(
        story.ended().map(|outcome| (outcome.verdict, outcome.decided_after)),
        Some((Verdict::Healthy, seconds(3)))
    );
    assert_eq!(story.confirmations, 1);
}

#[test]
fn not_ready_names_the_container_that_is_to_blame() {
    let outcome = one_pod(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        pod.unready()
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["init container migrate runs"]);
    let outcome = one_pod(|mut pod| {
        pod.ready.as_mut().unwrap().status = false;
        pod.ready.as_mut().unwrap().reason = Some("ReadinessGatesNotReady".to_owned());
        pod.ready.as_mut().unwrap().message =
            Some("the status of pod readiness gate \"lb\" is not \"True\"".to_owned());
        pod
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["readiness gate \"lb\""]);
    let outcome = one_pod(|pod| pod.waiting("app", "SomethingNew", ""));
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["is not running yet: SomethingNew"]);
}

// How many pods are wanted.

#[test]
fn min_ready_asks_for_a_part_of_the_target() {
    let run = |min_ready, ready: usize| {
        let mut plan = plan();
        plan.min_ready = Some(min_ready);
        let mut story = Story::new(plan);
        let mut deployed = deployment("web", "v2", 3);
        deployed.available = Some(u32::try_from(ready).unwrap());
        let set = replica_set(&deployed);
        let set = Workload { available: deployed.available, ..set };
        story.workload(deployed).workload(set.clone());
        for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
            story.pod(if place < ready { pod(&set, name) } else { pod(&set, name).unschedulable("no node") });
        }
        story.ends().clone()
    };
    assert_eq!(run(MinReady::Percent(60), 2).verdict, Verdict::Healthy);
    assert_eq!(
        run(MinReady::Percent(60), 2).warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
        ["Unschedulable"]
    );
    assert_eq!(run(MinReady::Percent(67), 2).verdict, Verdict::Platform);
    assert_eq!(run(MinReady::Count(1), 1).verdict, Verdict::Healthy);
    assert_eq!(run(MinReady::Count(2), 1).verdict, Verdict::Platform);
}

#[test]
fn replicas_is_a_floor() {
    let mut plan = plan();
    plan.replicas = Some(3);
    let mut story = Story::new(plan);
    let set = web(&mut story, 2);
    story.pod(pod(&set, "a")).pod(pod(&set, "b"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["2 pods are ready", "at least 3"]);
}

#[test]
fn a_daemon_set_on_delete_and_a_partition_above_all_block_the_update() {
    let mut story = Story::new(plan());
    let mut agent = daemon_set("agent", "v2", 2);
    agent.updated = Some(0);
    agent.detail = Detail::DaemonSet { on_delete: true, template_generation: Some("2".to_owned()) };
    story.workload(agent);
    assert_says(story.ends(), Verdict::NothingMatched, Code::UpdateBlocked, &["OnDelete"]);

    let mut story = Story::new(plan());
    let mut db = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    *partition = 5;
    story.workload(db);
    assert_says(story.ends(), Verdict::NothingMatched, Code::UpdateBlocked, &["partition 5"]);
}

#[test]
fn only_pods_of_the_newest_revision_count() {
    let mut story = Story::new(plan());
    let db = stateful_set("db", "v2", 1);
    let mut old = pod(&db, "db-0");
    old.labels.insert("controller-revision-hash".to_owned(), "db-v1".to_owned());
    story.workload(db).pod(old);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);

    let mut story = Story::new(plan());
    let agent = daemon_set("agent", "v2", 1);
    let mut old = pod(&agent, "x");
    old.labels.insert("pod-template-generation".to_owned(), "0".to_owned());
    story.workload(agent).pod(old);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn the_jobs_of_a_cron_job_are_left_out_unless_pinned() {
    let run = |pin: bool| {
        let mut plan = plan();
        plan.workload = pin.then(|| Pin { kind: WorkloadKind::Job, name: "nightly".to_owned() });
        let mut story = Story::new(plan);
        let mut nightly = job("nightly", "v2", Some(JobEnd::Complete));
        nightly.controller = Some(crashgate::gate::pod::ControllerRef {
            kind: "CronJob".to_owned(),
            name: "nightly".to_owned(),
            uid: "cron".to_owned(),
        });
        story.workload(nightly);
        story.ends().verdict
    };
    assert_eq!((run(false), run(true)), (Verdict::NothingMatched, Verdict::Healthy));
}

#[test]
fn a_job_that_failed_is_told_with_the_end_of_its_last_pod() {
    let mut story = Story::new(plan());
    story.workload(job("web", "v2", None));
    for (name, code) in [("web-a", 3), ("web-b", 4)] {
        let mut failed = pod(&job("web", "v2", None), name).terminated("app", code, "Error");
        failed.restart_policy = RestartPolicy::Never;
        failed.phase = Some(Phase::Failed);
        story.pod(failed);
    }
    let end = JobEnd::Failed { reason: Some("BackoffLimitExceeded".to_owned()), message: Some("two tries".to_owned()) };
    story.at(9.0).workload(job("web", "v2", Some(end)));
    let outcome = story.ends();
    assert_says(
        outcome,
        Verdict::Failed,
        Code::JobFailed,
        &["job/web failed: BackoffLimitExceeded (two tries)", "exit code 4", "kubectl logs -n shop web-b"],
    );
    assert_eq!((lead(outcome).exit_status, outcome.decided_after), (Some(4), seconds(9)));
    assert_eq!(outcome.findings.len(), 1, "its pods decide nothing: {:?}", outcome.findings);
}

#[test]
fn a_suspended_job_is_paused() {
    let mut story = Story::new(plan());
    let mut resting = job("web", "v2", None);
    resting.detail = Detail::Job { end: None, suspended: true, failed: 0, succeeded: 0 };
    story.workload(resting);
    assert_says(story.ends(), Verdict::NothingMatched, Code::Paused, &["job/web is suspended"]);
}

#[test]
fn a_bare_pod_is_ready_or_failed_by_itself() {
    let mut story = Story::new(plan());
    story.at(2.0).pod(bare_pod("lonely"));
    assert_eq!(story.ends().decided_after, seconds(12));
    let mut story = Story::new(plan());
    story.at(2.0).pod(bare_pod("lonely").unready());
    assert_eq!(lead(story.ends()).code, Code::NotReady);
    let mut story = Story::new(plan());
    story.at(2.0).pod(bare_pod("lonely").failed_by_node("Evicted"));
    assert_says(story.ends(), Verdict::Platform, Code::PodDisrupted, &["evicted by its node"]);
}

// Nodes.

#[test]
fn a_node_that_does_not_answer_is_the_platforms_fault() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let node = |ready| {
        Object::Node(Node {
            name: "node1".to_owned(),
            uid: "n".to_owned(),
            ready: Some(ready),
            message: None,
            troubles: Vec::new(),
            architecture: None,
        })
    };
    story.tell(Fact::Seen(Box::new(node(true)))).at(1.0).pod(pod(&set, "a").unready()).at(30.0);
    story.tell(Fact::Seen(Box::new(node(false))));
    assert_says(story.ends(), Verdict::Platform, Code::NodeNotReady, &["node1"]);

    // Only the node lifecycle controller takes readiness away without a reason.
    let outcome = one_pod(|mut pod| {
        pod.ready.as_mut().unwrap().status = false;
        pod
    });
    assert_says(&outcome, Verdict::Platform, Code::NodeNotReady, &["node1"]);
}

// The view of the cluster.

#[test]
fn what_no_waiting_can_mend_ends_the_gate_at_once() {
    let mut story = Story::unlisted(plan());
    let trouble =
        Trouble { kind: TroubleKind::Unauthorized, message: "the token has expired".to_owned(), hopeless: true };
    story.at(0.5).tell(Fact::Lost { source: Source::Pods, trouble });
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::Unauthorized, &["the token has expired"]);
    assert_eq!(outcome.decided_after, Duration::from_millis(500));
}

#[test]
fn a_cluster_that_never_answers_is_given_up_soon_and_one_that_did_is_waited_for() {
    let mut story = Story::unlisted(plan());
    story.at(0.5).lose(Source::Pods, TroubleKind::Unreachable);
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::ClusterUnreachable, &[]);
    assert_eq!(outcome.decided_after, seconds(10));

    let mut story = Story::new(plan());
    story.at(0.5).lose(Source::Pods, TroubleKind::Stale);
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::StaleData, &[]);
    assert_eq!(outcome.decided_after, seconds(60));
}

#[test]
fn a_gate_that_hears_nothing_at_all_is_inconclusive() {
    assert_says(Story::unlisted(plan()).ends(), Verdict::Inconclusive, Code::StaleData, &["never listed"]);
}

#[test]
fn missing_rights_are_told_once() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.denied(Source::Events).denied(Source::Events).pod(pod(&set, "a"));
    let warning = Warning { code: "WatchForbidden", message: "polling".to_owned() };
    story.tell(Fact::Noticed(warning.clone())).tell(Fact::Noticed(warning));
    let codes: Vec<_> = story.ends().warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["EventsForbidden", "WatchForbidden"]);
}

// What is near where nothing matched.

#[test]
fn near_names_and_labels_are_told() {
    let hint = |selector: &str| {
        let mut plan = plan();
        plan.selector = selector.parse().unwrap();
        let mut story = Story::new(plan);
        web(&mut story, 1);
        lead(story.ends()).message.clone()
    };
    assert!(hint("app=web,version=v3").contains("deployment/web carries version=v2"));
    assert!(hint("app=wep,version=v2").contains("deployment/web carries app=web"));
    assert!(hint("apps=web").contains("deployment/web carries app=web"));
    assert!(hint("app=payments,version=v9").contains("namespace shop has deployment/web"));
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "webb".to_owned() });
    let mut story = Story::new(plan);
    web(&mut story, 1);
    assert!(lead(story.ends()).message.contains("there is deployment/web"), "{}", lead(story.ends()).message);
    assert!(lead(Story::new(crate::story::plan()).ends()).message.contains("no workload at all"));
}

// Ranking.

#[test]
fn the_root_cause_leads_and_the_same_cause_is_told_once() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 4);
    let missing = "secret \"s\" not found";
    story.at(1.0).pods(["a", "b"].map(|name| pod(&set, name).waiting("app", "CreateContainerConfigError", missing)));
    story.pod(pod(&set, "c").unready()).pod(pod(&set, "d").unschedulable("no node"));
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::ConfigMissing, &["Secret s"]);
    let findings: Vec<_> = outcome.findings.iter().map(|finding| (finding.code, finding.also.len())).collect();
    assert_eq!(findings, [(Code::ConfigMissing, 1), (Code::Unschedulable, 0)]);
}

#[test]
fn superseded_says_what_runs_instead() {
    let mut story = Story::new(plan());
    web(&mut story, 1);
    story.at(3.0).workload(deployment("web", "v3", 1));
    assert_says(story.ends(), Verdict::Superseded, Code::Superseded, &["deployment/web now runs v3 instead of v2"]);
    let mut story = Story::new(plan());
    let mut going = deployment("web", "v2", 1);
    story.workload(going.clone());
    going.deleting = true;
    story.at(3.0).workload(going);
    assert_says(story.ends(), Verdict::Superseded, Code::WorkloadDeleted, &["is being deleted"]);
}

// The machine's own promises.

#[test]
fn a_pass_asks_for_its_owners_once() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(10.9);
    assert_eq!(story.gate.want(), Want::Nothing);
    let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::machine::Gate::new(plan()));
    gate.advance(seconds(11));
    let Want::Confirmation { owners, ticket } = gate.want() else { panic!("a question") };
    assert_eq!(owners, [(WorkloadKind::Deployment, "web".to_owned())]);
    gate.advance(seconds(12));
    assert_eq!(gate.want(), Want::Confirmation { owners, ticket }, "the same question");
    assert!(gate.wake_at().is_some());
    gate.observe(
        seconds(12),
        Fact::Confirmed { pods: vec![pod(&set, "a").unready()], owners: vec![deployment("web", "v2", 1)] },
    );
    assert_eq!((gate.outcome(), gate.want()), (None, Want::Nothing), "the fresh read disagrees");
}

#[test]
fn what_is_not_asked_is_no_answer() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    story.tell(Fact::Confirmed { pods: vec![pod(&set, "a")], owners: vec![deployment("web", "v2", 1)] });
    story.at(2.0).still_open();
}

#[test]
fn an_interruption_keeps_what_is_known() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found")).at(5.0);
    story.gate.end(seconds(5), Verdict::Interrupted);
    let outcome = story.ended().unwrap();
    assert_eq!(
        (outcome.verdict, outcome.decided_after, outcome.findings[0].code),
        (Verdict::Interrupted, seconds(5), Code::ConfigMissing)
    );
    story.gate.end(seconds(6), Verdict::Terminated);
    assert_eq!(story.ended().unwrap().verdict, Verdict::Interrupted, "decided once");
    assert_eq!(story.gate.wake_at(), None);
    let evidence = Evidence { kind: EvidenceKind::Log, text: "x".to_owned() };
    story.gate.attach(0, vec![evidence.clone()]);
    assert_eq!(story.ended().unwrap().findings[0].evidence.last(), Some(&evidence));
}

#[test]
fn the_events_tell_the_story() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").unready()).at(2.0).pod(pod(&set, "a")).at(3.0).goes_dark().at(4.0).list_all();
    story.at(5.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
    let told: Vec<_> = story.gate.take_events().into_iter().map(|(at, event)| (at.as_secs(), event)).collect();
    let pod = || "a".to_owned();
    for expected in [
        (1, GateEvent::PodAppeared { pod: pod() }),
        (1, GateEvent::PodState { pod: pod(), state: "running, not ready".to_owned() }),
        (2, GateEvent::PodState { pod: pod(), state: "ready".to_owned() }),
        (2, GateEvent::Progress { ready: 1, wanted: Some(1) }),
        (2, GateEvent::WindowOpened { until: seconds(12) }),
        (3, GateEvent::Trouble { source: Source::Pods, message: "the pods cannot be read".to_owned() }),
        (4, GateEvent::Recovered { source: Source::Pods }),
        (
            5,
            GateEvent::Crash {
                pod: pod(),
                container: "app".to_owned(),
                role: Role::App,
                how: "exit code 1".to_owned(),
                crashes: 1,
                allowed: 0,
            },
        ),
        (5, GateEvent::PodState { pod: pod(), state: "app ended: exit code 1".to_owned() }),
        (5, GateEvent::Decided { verdict: Verdict::Failed }),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:#?}");
    }
    assert!(story.gate.take_events().is_empty());
    let states: Vec<_> =
        story.ended().unwrap().pods.iter().map(|pod| (pod.name.as_str(), pod.state.as_str(), pod.ready)).collect();
    assert_eq!(states, [("a", "app ended: exit code 1", false)]);
}

#[test]
fn what_a_pod_is_doing_is_said_in_a_few_words() {
    let state = |bend: fn(Pod) -> Pod| {
        let mut story = Story::new(plan());
        let set = web(&mut story, 1);
        story.pod(bend(pod(&set, "a")));
        let told = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
            GateEvent::PodState { state, .. } => Some(state),
            _ => None,
        });
        told.unwrap()
    };
    assert_eq!(state(|pod| pod), "ready");
    assert_eq!(state(Bend::unready), "running, not ready");
    assert_eq!(state(Bend::creating), "starting");
    assert_eq!(state(|pod| pod.unschedulable("x")), "Unschedulable");
    assert_eq!(state(Bend::deleting), "terminating");
    assert_eq!(state(|pod| pod.waiting("app", "ErrImagePull", "")), "app: ErrImagePull");
    assert_eq!(state(|pod| pod.failed_by_node("Evicted")), "evicted by its node (pressure or shutdown)");
    assert_eq!(
        state(|mut pod| {
            pod.phase = Some(Phase::Succeeded);
            pod
        }),
        "succeeded"
    );
    assert_eq!(
        state(|mut pod| {
            pod.phase = Some(Phase::Failed);
            pod.reason = Some("DeadlineExceeded".to_owned());
            pod
        }),
        "failed: DeadlineExceeded"
    );
    assert_eq!(
        state(|mut pod| {
            pod = pod.creating();
            pod.node = None;
            pod.scheduled = None;
            pod
        }),
        "waiting for a node"
    );
    assert_eq!(
        state(|mut pod| {
            pod.containers.insert(0, container("m", Role::Init));
            pod.unready()
        }),
        "init container m runs"
    );
}

#[test]
fn faults_and_evidence_have_their_names_in_json() {
    use EvidenceKind::{Event, Log, Missing, Node, Probe, Status, TerminationMessage};
    let faults = [Fault::App, Fault::Platform, Fault::Outcome, Fault::Observation].map(Fault::name);
    assert_eq!(faults, ["app", "platform", "outcome", "observation"]);
    let kinds = [Log, TerminationMessage, Event, Probe, Node, Status, Missing].map(EvidenceKind::name);
    assert_eq!(kinds, ["log", "termination-message", "event", "probe", "node", "status", "missing"]);
}

// The words.

#[test]
fn what_is_wrong_with_an_image_is_said_with_its_reference() {
    let of = |image: &'static str, reason: &'static str, message: &'static str| {
        one_pod(move |mut pod| {
            pod.containers[0].image = image.to_owned();
            pod.waiting("app", reason, message)
        })
    };
    let outcome = of("Shop/Cart:::v2", "InvalidImageName", "couldn't parse image name");
    assert_says(&outcome, Verdict::Failed, Code::ImageNameInvalid, &["`Shop/Cart:::v2`", "cannot be parsed"]);
    let outcome =
        of("cart:v2", "ErrImageNeverPull", "Container image \"cart:v2\" is not present with pull policy of Never");
    assert_says(&outcome, Verdict::Failed, Code::ImageNeverPull, &["cart:v2", "imagePullPolicy Never"]);
    let outcome = of("r:5000/cart:v2", "ErrImagePull", "failed to resolve image: r:5000/cart:v2: not found");
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::ImageNotFound,
        &["r:5000/cart:v2", "registry r:5000 has no tag v2", "Push tag v2"],
    );
    let outcome = of("cart@sha256:0a", "ErrImagePull", "manifest unknown");
    assert_says(&outcome, Verdict::Failed, Code::ImageNotFound, &["digest sha256:0a"]);
    let outcome = of("cart", "ErrImagePull", "manifest unknown");
    assert_says(&outcome, Verdict::Failed, Code::ImageNotFound, &["tag latest"]);
    let outcome =
        of("cart:v2", "ErrImagePull", "rpc error: code = Unknown desc = pull access denied, no basic auth credentials");
    assert_says(&outcome, Verdict::Failed, Code::ImagePullDenied, &["does not hand out", "imagePullSecrets"]);
    assert!(!lead(&outcome).message.contains("rpc error"), "{}", lead(&outcome).message);
    let outcome = of("cart:v2", "ImagePullBackOff", "Back-off pulling image \"cart:v2\"");
    assert_says(&outcome, Verdict::Platform, Code::RegistryUnavailable, &["does not say why"]);
}

#[test]
fn an_old_kubelets_back_off_is_read_by_its_event() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.event(
        "a",
        Some("app"),
        "Failed",
        "Failed to pull image \"x\": rpc error: code = NotFound desc = x: not found",
    );
    story.event("a", Some("app"), "Failed", "Error: ImagePullBackOff");
    story.at(2.0).pod(pod(&set, "a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
    assert_says(story.ends(), Verdict::Failed, Code::ImageNotFound, &["not found"]);
}

#[test]
fn what_cannot_be_created_or_started_is_said() {
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerConfigError", "secret \"s\" not found"));
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::ConfigMissing,
        &["container app needs Secret s, which does not exist", "Create Secret s in namespace shop"],
    );
    assert_eq!(outcome.decided_after, seconds(16), "15 s after first sight");
    let root = "container has runAsNonRoot and image will run as root";
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerConfigError", root));
    assert_says(&outcome, Verdict::Failed, Code::StartFailed, &["container app could not be created", root]);
    assert_eq!(outcome.decided_after, seconds(16));
    let outcome = one_pod(|pod| {
        pod.waiting("app", "RunContainerError", "OCI runtime create failed: exec: \"/x\": permission denied")
    });
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::StartFailed,
        &["container app could not be started: exec: \"/x\": permission denied"],
    );
    assert_eq!(outcome.decided_after, seconds(1), "at once");
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerError", "context deadline exceeded"));
    assert_says(&outcome, Verdict::Platform, Code::SandboxFailed, &["context deadline exceeded"]);
}

#[test]
fn a_crash_is_told_with_the_command_that_shows_its_log() {
    let outcome = one_pod(|pod| pod.terminated("app", 1, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["kubectl logs -n shop a -c app"]);
    let outcome = killed_by("Startup", "Container app failed startup probe, will be restarted");
    assert!(
        lead(&outcome)
            .evidence
            .iter()
            .any(|evidence| evidence.text.starts_with("startup probe: GET /alive on port 80; every 1 s"))
    );
}

#[test]
fn a_pod_that_is_not_ready_says_what_its_container_does() {
    let outcome = one_pod(Bend::unready);
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["container app runs, but is not ready"]);
    assert!(lead(&outcome).log.as_ref().is_some_and(|log| !log.previous && log.attempt == 0));
    let outcome = one_pod(|pod| {
        let mut pod = pod.unready();
        pod.containers[0].probes.readiness = Some(Probe { initial_delay_seconds: 4, ..readiness_probe() });
        pod
    });
    let probe = lead(&outcome).evidence.iter().find(|evidence| evidence.kind == EvidenceKind::Probe).unwrap();
    assert_eq!(
        probe.text,
        "readiness probe: GET /ready on port 8080; first after 4 s, every 1 s, 1 s to answer, 3 failures in a row count"
    );
    let mut plan = plan();
    plan.max_restarts = 9;
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").terminated("app", 5, "Error"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["container app ended with exit code 5"]);
}

// Tolerance.

#[test]
fn what_enough_others_make_up_for_does_not_fail_the_gate_at_the_end_of_its_grace() {
    let mut plan = plan();
    plan.min_ready = Some(MinReady::Count(1));
    plan.grace.insert(Grace::Unschedulable, seconds(5));
    let mut story = Story::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b").unschedulable("0/1 nodes are available: 1 Insufficient cpu."));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(11)));
}

#[test]
fn the_grace_of_a_refused_creation_begins_anew_after_a_success() {
    let mut plan = plan();
    plan.grace.insert(Grace::Quota, seconds(20));
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    let refused = "pods \"web-x\" is forbidden: exceeded quota: q";
    story.at(1.0).event(&set.uid, None, "FailedCreate", refused);
    story.at(10.0).event(&set.uid, None, "SuccessfulCreate", "Created pod: a").pod(pod(&set, "a").unready());
    story.at(15.0).pod_gone("a").event(
        &set.uid,
        None,
        "FailedCreate",
        "pods \"web-y\" is forbidden: exceeded quota: q",
    );
    let outcome = story.ends();
    assert_eq!((lead(outcome).code, outcome.decided_after), (Code::QuotaExceeded, seconds(35)));
}

#[test]
fn a_stateful_set_is_partitioned_only_while_revisions_differ() {
    let warnings = |new_partition: u32, current: &str, pods: &[&str]| {
        let mut story = Story::new(plan());
        let mut db = stateful_set("db", "v2", 2);
        let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
        *current_revision = Some(current.to_owned());
        *partition = new_partition;
        story.workload(db.clone()).pods(pods.iter().map(|name| pod(&db, name)));
        let outcome = story.ends();
        assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
        outcome.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(warnings(1, "db-v1", &["db-1"]), ["PartitionedRollout"]);
    assert!(warnings(1, "db-v2", &["db-0", "db-1"]).is_empty(), "all are of one revision");
    assert!(warnings(0, "db-v1", &["db-0", "db-1"]).is_empty());
}

#[test]
fn a_disturbed_pod_says_by_whom() {
    let table = [
        ("EvictionByEvictionAPI", "eviction API"),
        ("PreemptionByScheduler", "higher priority"),
        ("DeletionByTaintManager", "taint"),
        ("DeletionByPodGC", "node is gone"),
        ("TerminationByKubelet", "evicted by its node"),
        ("SomethingElse", "SomethingElse"),
    ];
    for (reason, words) in table {
        let outcome = one_pod(|mut pod| {
            let mut target = pod.ready.clone().unwrap();
            target.reason = Some(reason.to_owned());
            pod.disruption = Some(target);
            pod
        });
        assert_says(&outcome, Verdict::Platform, Code::PodDisrupted, &[words, "nothing has taken its place"]);
    }
    // A failure of its own is none of the node's.
    let outcome = one_pod(|pod| pod.failed_by_node("DeadlineExceeded"));
    assert_eq!(outcome.verdict, Verdict::TimedOut, "{:?}", outcome.findings);
}

// The journal, and small promises.

#[test]
fn the_journal_tells_each_change_once() {
    let mut story = Story::new(plan());
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
    let mut story = Story::new(plan);
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
    let mut story = Story::new(plan());
    assert_eq!(story.gate.lacking().as_deref(), Some("no pod of this version is there yet"));
    let set = web(&mut story, 1);
    assert_eq!(story.gate.lacking().as_deref(), Some("0 of the 1 pods that deployment/web needs are there"));
    story.pod(pod(&set, "a"));
    assert_eq!(story.gate.lacking(), None);
    story.ends();
    assert_eq!(story.gate.lacking(), None);
    let mut early = Story::new(plan());
    let orphan = pod(&replica_set(&deployment("web", "v2", 1)), "a");
    early.pod(orphan);
    assert_eq!(early.gate.lacking().as_deref(), Some("the owner of pod a has not been seen yet"));
}

#[test]
fn a_fresh_read_that_does_not_find_the_owner_any_more_is_a_deletion() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0);
    story.workloads.clear();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Superseded, Code::WorkloadDeleted));
    assert_eq!(outcome.decided_after, seconds(11));
}

#[test]
fn rights_are_named_with_their_group() {
    let mut story = Story::new(plan());
    story
        .denied(Source::Workloads(WorkloadKind::StatefulSet))
        .denied(Source::Workloads(WorkloadKind::Job))
        .denied(Source::Events);
    let words: Vec<_> = story.ends().warnings.iter().map(|warning| warning.message.clone()).collect();
    assert!(words[0].contains("apiGroups: [\"apps\"], resources: [\"statefulsets\"]"), "{words:?}");
    assert!(words[1].contains("apiGroups: [\"batch\"], resources: [\"jobs\"]"), "{words:?}");
    assert!(words[2].contains("apiGroups: [\"\"], resources: [\"events\"]"), "{words:?}");
}

#[test]
fn a_failed_job_names_the_place_of_its_proof() {
    let mut story = Story::new(plan());
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
    let mut bare = Story::new(plan());
    bare.workload(job("web", "v2", Some(JobEnd::Failed { reason: None, message: None })));
    assert_eq!(lead(bare.ends()).place.workload.as_deref(), Some("job/web"), "without any pod left");
}

#[test]
fn many_workloads_are_not_all_listed_where_nothing_matched() {
    let message = |count: u32| {
        let mut plan = plan();
        plan.selector = "app=payments-of-another-team".parse().unwrap();
        let mut story = Story::new(plan);
        for number in 0..count {
            story.workload(deployment(&format!("web-{number}"), "v2", 1));
        }
        lead(story.ends()).message.clone()
    };
    assert!(message(5).ends_with("deployment/web-4"), "{}", message(5));
    assert!(message(6).ends_with("deployment/web-4, …"), "{}", message(6));
}

// Corners.

#[test]
fn different_causes_of_a_kind_are_told_apart_and_symptoms_once() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 3);
    for (name, secret) in [("a", "s"), ("b", "t"), ("c", "s")] {
        let said = format!("secret \"{secret}\" not found");
        story.at(1.0).pod(pod(&set, name).waiting("app", "CreateContainerConfigError", &said));
    }
    let found: Vec<_> =
        story.ends().findings.iter().map(|finding| (finding.message.clone(), finding.also.clone())).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].0.contains("Secret s") && found[0].1 == ["c"], "{found:?}");
    assert!(found[1].0.contains("Secret t") && found[1].1.is_empty(), "{found:?}");

    let mut story = Story::new(plan());
    let set = web(&mut story, 2);
    let probed = |name| {
        let mut pod = pod(&set, name).unready();
        pod.containers[0].probes.readiness = Some(readiness_probe());
        pod
    };
    story.pods([probed("a"), probed("b")]).event("b", Some("app"), "Unhealthy", "Readiness probe failed: 500");
    let outcome = story.ends();
    assert_eq!(
        (outcome.findings.len(), outcome.findings[0].also.as_slice()),
        (1, &["b".to_owned()][..]),
        "{:?}",
        outcome.findings
    );
}

#[test]
fn of_a_custom_resources_replica_sets_those_at_rest_are_old() {
    let of_rollout = |version: &str, replicas: u32, controller: &str| {
        let mut set = replica_set(&deployment("web", "v2", replicas));
        set.uid = format!("set-{version}-{controller}");
        let owner = set.controller.as_mut().unwrap();
        "Rollout".clone_into(&mut owner.kind);
        controller.clone_into(&mut owner.uid);
        set
    };
    let mut story = Story::new(plan());
    let new = of_rollout("new", 1, "r");
    story.workload(of_rollout("old", 0, "r")).workload(new.clone()).pod(pod(&new, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    let mut story = Story::new(plan());
    story
        .workload(of_rollout("old", 0, "r"))
        .workload(new.clone())
        .pod(pod(&new, "a"))
        .workload(of_rollout("x", 0, "another"));
    assert_eq!(lead(story.ends()).code, Code::ScaledToZero, "that of another resource rests for itself");

    let mut story = Story::new(plan());
    story.workload(of_rollout("old", 0, "r")).workload(of_rollout("new", 0, "r"));
    assert_eq!(lead(story.ends()).code, Code::ScaledToZero, "all at rest");
}

#[test]
fn a_daemon_set_that_its_controller_has_not_seen_wants_nothing_yet() {
    let mut story = Story::new(plan());
    let mut agent = daemon_set("agent", "v2", 0);
    agent.observed_generation = None;
    story.workload(agent);
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["has not seen daemonset/agent yet"]);
}

#[test]
fn an_update_is_blocked_only_where_old_pods_are_in_the_way() {
    // OnDelete, all updated, one pod missing: the strategy is not why.
    let mut story = Story::new(plan());
    let mut agent = daemon_set("agent", "v2", 2);
    agent.detail = Detail::DaemonSet { on_delete: true, template_generation: Some("1".to_owned()) };
    story.workload(agent.clone()).pod(pod(&agent, "a"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["1 of the 2 pods"]);

    // The first rollout of an ordered StatefulSet: nothing is old.
    let mut story = Story::new(plan());
    let db = stateful_set("db", "v2", 2);
    story.workload(db.clone()).pod(pod(&db, "db-0").unready());
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["container app runs, but is not ready"]);

    // An old pod that is Ready blocks nothing.
    let mut wide = plan();
    wide.selector = "app=web".parse().unwrap();
    let mut story = Story::new(wide);
    let old = pod(&stateful_set("db", "v1", 2), "db-1");
    let mut db = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { current_revision, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    story.workload(db).pod(old);
    assert_eq!(lead(story.ends()).code, Code::NotReady);
}

#[test]
fn a_job_under_way_says_how_far_it_is() {
    let told = |failed, succeeded| {
        let mut story = Story::new(plan());
        let mut running = job("web", "v2", None);
        running.detail = Detail::Job { end: None, suspended: false, failed, succeeded };
        story.workload(running);
        lead(story.ends()).message.clone()
    };
    assert_eq!(told(0, 0), "job/web is not complete: 0 of 1 succeeded");
    assert_eq!(told(2, 0), "job/web is not complete: 0 of 1 succeeded, 2 failed so far");
}

#[test]
fn readiness_that_was_lost_unseen_counts_as_lost() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    // Ready at every look, and each time anew.
    for turn in 0..8 {
        story.at(f64::from(turn) * 9.0 + 1.0).pod(pod(&set, "a").ready_since(&turn.to_string()));
    }
    let outcome = story.ends();
    assert_says(outcome, Verdict::TimedOut, Code::ReadinessFlapping, &["lost its readiness 7 times"]);
    assert_eq!(outcome.decided_after, seconds(64));
}

#[test]
fn sidecars_of_what_is_finished_may_end() {
    let mut finished = bare_pod("task");
    finished.restart_policy = RestartPolicy::Never;
    finished.containers.insert(0, container("proxy", Role::Sidecar));
    // The app is done, and the kubelet ends the sidecar.
    let finished = finished.terminated("app", 0, "Completed").terminated("proxy", 137, "Error");
    let mut story = Story::new(plan());
    let mut ended = finished.clone();
    story.at(1.0).pod(finished);
    ended.phase = Some(Phase::Succeeded);
    story.at(2.0).pod(ended);
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    // The app still runs: the sidecar's end is a crash.
    let mut running = bare_pod("task");
    running.restart_policy = RestartPolicy::Never;
    running.containers.insert(0, container("proxy", Role::Sidecar));
    let mut story = Story::new(plan());
    story.at(1.0).pod(running.terminated("proxy", 137, "Error"));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["sidecar proxy"]);
}

#[test]
fn a_missing_claim_is_a_matter_of_volumes_and_a_missing_node_is_not() {
    let code = |message: &'static str| lead(&one_pod(move |pod| pod.unschedulable(message))).code;
    assert_eq!(code("0/1 nodes are available: persistentvolumeclaim \"data\" not found."), Code::VolumeUnavailable);
    assert_eq!(
        code("0/1 nodes are available: persistentvolumeclaim \"data\" is being deleted."),
        Code::VolumeUnavailable
    );
    assert_eq!(
        code("0/1 nodes are available: 1 node(s) had no matching topology, label not found."),
        Code::Unschedulable
    );
    assert_eq!(
        code("0/1 nodes are available: persistentvolumeclaim \"data\" bound to another node."),
        Code::Unschedulable
    );
}

#[test]
fn once_the_sandbox_is_there_old_events_about_it_say_nothing() {
    let outcome = {
        let mut story = Story::new(plan());
        let set = web(&mut story, 1);
        story.event("a", None, "FailedMount", "MountVolume.SetUp failed for volume \"t\" : secret \"t\" not found");
        story.at(1.0).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
        story.ends().clone()
    };
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["ContainerCreating"]);
}

#[test]
fn a_resize_excuses_only_the_container_that_is_resized() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let mut two = pod(&set, "a");
    two.containers.push(container("other", Role::App));
    two.containers[0].resize_restarts = true;
    story.at(1.0).pod(two.clone()).at(2.0).pod(two.restarted("other", 1, 1, "Error"));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["container other"]);
}

#[test]
fn an_init_container_that_is_done_is_no_trouble_to_tell_of() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let mut pod = pod(&set, "a");
    pod.containers.insert(0, container("m", Role::Init));
    story.pod(pod.terminated("m", 0, "Completed").unready());
    let state = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
        GateEvent::PodState { state, .. } => Some(state),
        _ => None,
    });
    assert_eq!(state.as_deref(), Some("running, not ready"));
}

#[test]
fn what_an_old_replica_set_has_available_does_not_count() {
    let mut story = Story::new(plan());
    let deployed = deployment("web", "v2", 1);
    let mut set = replica_set(&deployed);
    set.available = None;
    story.workload(deployed).workload(set.clone()).pod(pod(&set, "a"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["0 of 1 pods as available"]);
}

#[test]
fn a_pod_that_has_ended_and_is_replaced_is_no_evidence() {
    for phase in [Phase::Succeeded, Phase::Failed] {
        let mut story = Story::new(plan());
        let set = web(&mut story, 1);
        let mut ended = pod(&set, "old").unready();
        ended.phase = Some(phase);
        story.pod(ended).pod(pod(&set, "a"));
        assert_eq!(story.ends().verdict, Verdict::Healthy, "{phase}");
    }
}

#[test]
fn crashes_alike_are_one_finding_whatever_their_words() {
    let mut plan = plan();
    plan.max_restarts = 1;
    let mut story = Story::new(plan);
    let set = web(&mut story, 2);
    // Both cross the limit in one list, with another number of crashes each.
    story.pods.insert("a".to_owned(), pod(&set, "a").restarted("app", 2, 1, "Error"));
    story.pods.insert("b".to_owned(), pod(&set, "b").restarted("app", 5, 1, "Error"));
    story.at(2.0).list(Source::Pods);
    let findings: Vec<_> = story.ends().findings.iter().map(|finding| (finding.code, finding.also.clone())).collect();
    assert_eq!(findings, [(Code::CrashLoop, vec!["b".to_owned()])]);
}

#[test]
fn a_bare_pod_that_should_run_for_ever_is_not_done_when_it_succeeds() {
    let mut story = Story::new(plan());
    let mut done = bare_pod("lonely").unready();
    done.phase = Some(Phase::Succeeded);
    story.at(1.0).pod(done);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn a_finding_says_on_which_node_and_a_pod_in_which_phase() {
    let outcome = one_pod(|pod| pod.terminated("app", 1, "Error"));
    assert_eq!(lead(&outcome).place.node.as_deref(), Some("node1"));
    let phases: Vec<_> = outcome.pods.iter().map(|pod| pod.phase.as_str()).collect();
    assert_eq!(phases, ["Running"]);
    let words = [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Unknown]
        .map(|phase| phase.to_string());
    assert_eq!(words, ["Pending", "Running", "Succeeded", "Failed", "Unknown"]);
}

#[test]
fn a_list_of_events_is_read_in_the_order_in_which_they_were_said() {
    use crashgate::gate::observation::ClusterEvent;
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    let said = |uid: &str, reason: &str, message: &str, last_seen: &str| {
        Object::Event(ClusterEvent {
            uid: uid.to_owned(),
            object_kind: "ReplicaSet".to_owned(),
            object_name: set.name.clone(),
            object_uid: set.uid.clone(),
            container: None,
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count: 1,
            last_seen: Some(last_seen.to_owned()),
        })
    };
    let objects = vec![
        said("1", "SuccessfulCreate", "Created pod: a", "2026-11-21T03:00:09Z"),
        said("2", "FailedCreate", "pods \"x\" is forbidden: exceeded quota: q", "2026-11-21T03:00:01Z"),
    ];
    story.tell(Fact::Listed { source: Source::Events, objects });
    assert_eq!(lead(story.ends()).code, Code::NotReady, "the success came after the refusal");
}

#[test]
fn a_window_says_why_it_broke() {
    let mut plan = plan();
    plan.max_restarts = 3;
    let mut story = Story::new(plan);
    let set = web(&mut story, 1);
    story
        .at(1.0)
        .pod(pod(&set, "a").ready_since("t1"))
        .at(2.0)
        .pod(pod(&set, "a").ready_since("t1").restarted("app", 1, 1, "Error"));
    story.at(3.0).pod(pod(&set, "a").ready_since("t2").restarted("app", 1, 1, "Error")).at(4.0).pod(pod(&set, "b"));
    story.at(5.0).pod(pod(&set, "b").unready());
    let why: Vec<_> = story
        .gate
        .take_events()
        .into_iter()
        .filter_map(|(_, event)| match event {
            GateEvent::WindowBroken { why } => Some(why),
            _ => None,
        })
        .collect();
    let expected = [
        "a container of pod a was restarted",
        "pod a lost its readiness and got it back",
        "pod b came",
        "1 of 2 pods of deployment/web are ready",
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_pull_in_trouble_still_stands_between_two_tries() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(50.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", "429 Too Many Requests"));
    story.at(59.5).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
    let outcome = story.ends();
    assert_eq!(lead(outcome).code, Code::RegistryUnavailable);
    assert!(
        lead(outcome).evidence.iter().any(|evidence| evidence.text.contains("429")),
        "{:?}",
        lead(outcome).evidence
    );
}

#[test]
fn a_refusal_that_no_pod_is_missing_for_stands_for_nothing() {
    let mut story = Story::new(plan());
    let deployed = deployment("web", "v2", 1);
    let mut set = replica_set(&deployed);
    let mut refused = bare_pod("x").ready.unwrap();
    refused.message = Some("pods \"x\" is forbidden: exceeded quota: q".to_owned());
    set.detail = Detail::ReplicaSet { replica_failure: Some(refused) };
    story.workload(deployed).workload(set.clone()).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.warnings.len()), (Verdict::Healthy, 0), "{:?}", outcome.warnings);
}

#[test]
fn a_jobs_pod_that_runs_again_is_told_by_its_last_end() {
    let mut story = Story::new(plan());
    story.workload(job("web", "v2", None));
    story.pod(pod(&job("web", "v2", None), "web-a").restarted("app", 3, 7, "Error"));
    let end = JobEnd::Failed { reason: Some("BackoffLimitExceeded".to_owned()), message: None };
    story.at(9.0).workload(job("web", "v2", Some(end)));
    assert_eq!((lead(story.ends()).exit_status, lead(story.ends()).restarts), (Some(7), Some(3)));
}

#[test]
fn a_question_is_withdrawn_where_its_source_is_lost_and_asked_anew_later() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::machine::Gate::new(plan()));
    gate.advance(seconds(11));
    let Want::Confirmation { ticket: first, .. } = gate.want() else { panic!("a question") };
    let trouble = Trouble { kind: TroubleKind::Stale, message: String::new(), hopeless: false };
    gate.observe(seconds(12), Fact::Lost { source: Source::Pods, trouble });
    assert_eq!(gate.want(), Want::Nothing);
    gate.observe(seconds(13), Fact::Listed { source: Source::Pods, objects: vec![Object::Pod(pod(&set, "a"))] });
    let Want::Confirmation { ticket: second, .. } = gate.want() else { panic!("another question") };
    assert_ne!(first, second);
}

#[test]
fn a_pod_that_lost_its_readiness_once_does_not_lead_over_one_that_never_had_it() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 2);
    story
        .at(1.0)
        .pod(pod(&set, "a").ready_since("1"))
        .at(2.0)
        .pod(pod(&set, "a").unready())
        .at(3.0)
        .pod(pod(&set, "a").ready_since("2"));
    story.pod(pod(&set, "b").unready());
    let findings: Vec<_> =
        story.ends().findings.iter().map(|finding| (finding.code, finding.place.pod.clone())).collect();
    assert_eq!(findings, [(Code::NotReady, Some("b".to_owned()))]);
}
