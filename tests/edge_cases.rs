//! The cases in which deployment gates pass what is broken, fail what is well, or hang; and what crashgate says.
//!
//! Each row of the table is a test. The table is also written as a page for users, `tests/EDGE-CASES.md`, which a test
//! keeps up to date (`UPDATE_PAGES=1 cargo test edge_cases` writes it).

use std::fmt::Write as _;
use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{
    Condition, Detail, JobEnd, Phase, PodResize, Resize, RestartPolicy, RestartRule, Role, Source, TroubleKind,
    Workload, WorkloadKind,
};
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{Grace, ManifestTemplate, Pin, Plan};

use crate::scenario::objects::{
    Bend, bare_pod, container, daemon_set, deployment, job, pod, readiness_probe, reference, replica_set, stateful_set,
};
use crate::scenario::{Scenario, lead, plan};

/// A row of the table.
struct Case {
    happens: &'static str,
    others: &'static str,
    verdict: Verdict,
    code: Option<Code>,
    because: &'static str,
    tell: fn() -> Outcome,
}

macro_rules! cases {
    ($($name:ident: $happens:literal; $others:literal; $verdict:ident $($code:ident)?; $because:literal; $tell:expr)+) => {
        $(
            #[test]
            fn $name() {
                check(&Case { happens: $happens, others: $others, verdict: Verdict::$verdict, code: cases!(@ $($code)?), because: $because, tell: $tell });
            }
        )+
        const CASES: &[Case] = &[$(
            Case { happens: $happens, others: $others, verdict: Verdict::$verdict, code: cases!(@ $($code)?), because: $because, tell: $tell },
        )+];
    };
    (@) => { None };
    (@ $code:ident) => { Some(Code::$code) };
}

fn check(case: &Case) {
    let outcome = (case.tell)();
    let findings: Vec<_> = outcome.findings.iter().map(|finding| (finding.code, finding.message.clone())).collect();
    assert_eq!(outcome.verdict, case.verdict, "{}: {findings:?}", case.happens);
    assert_eq!(findings.first().map(|(code, _)| *code), case.code, "{}: {findings:?}", case.happens);
}

/// A Deployment `web` at v2 with its `ReplicaSet`, both told to the gate.
fn rolled_out(story: &mut Scenario, replicas: u32) -> (Workload, Workload) {
    let web = deployment("web", "v2", replicas);
    let set = replica_set(&web);
    story.workload(web.clone()).workload(set.clone());
    (web, set)
}

fn patient(cause: Grace, seconds: u64) -> Plan {
    let mut plan = plan();
    plan.grace.insert(cause, Duration::from_secs(seconds));
    plan
}

fn pinned(kind: WorkloadKind, name: &str) -> Plan {
    let mut plan = plan();
    plan.workload = Some(Pin { kind, name: name.to_owned() });
    plan
}

/// A resize of the memory of a container that is restarted for it.
fn resize(applied: bool) -> Resize {
    Resize { asked: "128Mi".to_owned(), applied }
}

fn ends(story: &mut Scenario) -> Outcome {
    story.ends().clone()
}

cases! {
    crash_after_ready:
        "An app without a probe is Ready at once and crashes 8 s later.";
        "pass: all but two, which look at Ready once";
        Failed CrashLoop;
        "The stability window is still open, and any crash beyond maxRestarts fails at once.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(2.0).pod(pod(&set, "web-a")).at(10.0).pod(pod(&set, "web-a").terminated("app", 1, "Error"));
            assert_eq!(story.ended().unwrap().decided_after, Duration::from_secs(10), "at once");
            ends(&mut story)
        }
    read_before_the_controller:
        "Right after the apply every count still looks finished, for the controller has not seen the new spec.";
        "pass: those that never look at observedGeneration";
        TimedOut NotReady;
        "observedGeneration must have caught up with generation before any count means anything.";
        || {
            let mut story = Scenario::new(plan());
            let mut web = deployment("web", "v2", 1);
            let set = replica_set(&web);
            web.generation = Some(2);
            story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    stale_progress_deadline:
        "The Deployment still says ProgressDeadlineExceeded of the try before.";
        "fail: four of them";
        Healthy;
        "The condition alone decides nothing: the pods do.";
        || {
            let mut story = Scenario::new(plan());
            let (mut web, set) = rolled_out(&mut story, 1);
            let Detail::Deployment { progressing, .. } = &mut web.detail else { unreachable!() };
            *progressing = Some(set_condition("ProgressDeadlineExceeded"));
            story.workload(web).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    old_replica_set_pods:
        "Three pods of the old ReplicaSet carry the same labels and are Ready; the new one has none yet.";
        "pass: those that count by selector";
        TimedOut NotReady;
        "Pods are attributed by controllerRef and template, not by labels.";
        || {
            let mut story = Scenario::new(plan());
            let old = deployment("web", "v2", 3);
            let mut old_set = replica_set(&old);
            old_set.template.fingerprint = 1;
            let mut web = old;
            web.generation = Some(2);
            web.observed_generation = Some(2);
            story.workload(web).workload(old_set.clone());
            story.pods(["a", "b", "c"].map(|name| pod(&old_set, name)));
            ends(&mut story)
        }
    selector_matches_nothing:
        "The labels have a typo: app=wed.";
        "pass: exit code 0 where nothing matched (four of them)";
        NothingMatched NothingMatched;
        "No pod is no proof; the near label is named.";
        || {
            let mut plan = plan();
            plan.selector = "app=wed,version=v2".parse().unwrap();
            let mut story = Scenario::new(plan);
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "web-a"));
            let outcome = ends(&mut story);
            assert!(lead(&outcome).message.contains("deployment/web has app=web"), "{}", lead(&outcome).message);
            outcome
        }
    deployment_without_pods_yet:
        "The Deployment is there, its pods are not.";
        "pass: an empty set counts as a success";
        TimedOut NotReady;
        "What the owner asks for is compared with what is there.";
        || {
            let mut story = Scenario::new(plan());
            rolled_out(&mut story, 2);
            ends(&mut story)
        }
    scaled_to_zero:
        "replicas: 0.";
        "pass: most";
        NothingMatched ScaledToZero;
        "Nothing runs, so nothing is proven.";
        || {
            let mut story = Scenario::new(plan());
            rolled_out(&mut story, 0);
            ends(&mut story)
        }
    max_unavailable_covers_it:
        "replicas 1 and maxUnavailable 1: the Deployment is 'available' with no pod.";
        "pass: the legacy Helm waiter";
        TimedOut NotReady;
        "maxUnavailable says how a rollout may proceed, not when it is done.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "web-a").unready());
            ends(&mut story)
        }
    flapping_resets_the_deadline:
        "Readiness comes and goes every 6 s, and each time the Deployment starts its deadline anew.";
        "hang: those that trust the Deployment's own deadline";
        TimedOut ReadinessFlapping;
        "The wait period is the gate's own clock.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            for turn in 0..12_u32 {
                let start = f64::from(turn) * 6.0;
                if start > 58.0 { break; }
                story.at(start + 0.5).pod(pod(&set, "web-a").ready_since(&format!("t{turn}")));
                story.at(start + 5.5).pod(pod(&set, "web-a").unready());
            }
            ends(&mut story)
        }
    one_failed_attempt_allowed:
        "The first start fails while the database comes up, the second runs; maxRestarts is 1.";
        "fail: three of them, without a knob";
        Healthy;
        "maxRestarts counts crashes, and what was tolerated is told as a warning.";
        || {
            let mut plan = plan();
            plan.max_restarts = 1;
            let mut story = Scenario::new(plan);
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "web-a").terminated("app", 1, "Error"));
            story.at(2.0).pod(pod(&set, "web-a").restarted("app", 1, 1, "Error"));
            let outcome = ends(&mut story);
            assert_eq!(outcome.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["RestartTolerated"]);
            assert_eq!(outcome.decided_after, Duration::from_secs(12), "the window began when it ran again");
            outcome
        }
    crash_loop_without_its_reason:
        "The waiting reason CrashLoopBackOff never shows; only restartCount grows.";
        "pass or hang: those that read waiting reasons";
        Failed CrashLoop;
        "Crashes are counted from restartCount, state and lastState together.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "web-a")).at(5.0).pod(pod(&set, "web-a").restarted("app", 1, 1, "Error"));
            ends(&mut story)
        }
    registry_rate_limit:
        "The registry answers 429 for 20 s, then the image comes.";
        "fail: three of them, at first sight";
        Healthy;
        "A registry in trouble is the platform's matter and may pass until the end of the wait.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "web-a").waiting("app", "ErrImagePull", "429 Too Many Requests: toomanyrequests"));
            story.at(13.0).pod(pod(&set, "web-a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
            story.at(21.0).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    registry_down_to_the_end:
        "The registry answers 503 to the end.";
        "fail with the app to blame";
        Platform RegistryUnavailable;
        "It kept the version from running, and it is not the app.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let said = "unexpected status from HEAD request to https://r.example/v2/: 503 Service Unavailable";
            story.at(1.0).pod(pod(&set, "web-a").waiting("app", "ErrImagePull", said));
            story.at(13.0).pod(pod(&set, "web-a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
            ends(&mut story)
        }
    one_of_many_pods_crashes:
        "One pod of three crashes, one is still pending.";
        "hang: krane fails only when all pods have";
        Failed CrashLoop;
        "One crash loop is a cause, whatever the others do.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 3);
            story.pod(pod(&set, "a")).pod(pod(&set, "b").creating()).at(3.0).pod(pod(&set, "c").terminated("app", 1, "Error"));
            ends(&mut story)
        }
    config_map_arrives_late:
        "The ConfigMap is created 8 s after the workload.";
        "fail: two of them, at first sight";
        Healthy;
        "grace.Config is 15 s by default.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "configmap \"c\" not found"));
            story.at(9.0).pod(pod(&set, "a"));
            ends(&mut story)
        }
    autoscaler_adds_a_node:
        "No node takes the pod for 40 s while the autoscaler adds one; grace.Unschedulable is 20 s.";
        "fail: after 15 s or 3 min, hard-coded";
        Healthy;
        "TriggeredScaleUp says that help is coming, and speaks for waiting on.";
        || {
            let mut story = Scenario::new(patient(Grace::Unschedulable, 20));
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a").unschedulable("0/3 nodes are available: 3 Insufficient cpu."));
            story.at(2.0).event("a", None, "TriggeredScaleUp", "pod triggered scale-up: [{pool 3->4 (max: 9)}]");
            story.at(41.0).pod(pod(&set, "a"));
            ends(&mut story)
        }
    autoscaler_cannot_help:
        "No node takes the pod, and the autoscaler says that it cannot help; grace.Unschedulable is 20 s.";
        "hang to the time-out";
        Platform Unschedulable;
        "NotTriggerScaleUp all through the grace speaks against waiting on.";
        || {
            let mut story = Scenario::new(patient(Grace::Unschedulable, 20));
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a").unschedulable("0/3 nodes are available: 3 Insufficient cpu."));
            story.at(2.0).event("a", None, "NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached");
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(21));
            outcome
        }
    webhook_denies_every_pod:
        "An admission webhook refuses the pods, so there is none.";
        "hang: five of them";
        Platform AdmissionDenied;
        "The ReplicaSet's condition ReplicaFailure tells.";
        || {
            let mut story = Scenario::new(plan());
            let web = deployment("web", "v2", 2);
            let mut set = replica_set(&web);
            let said = "admission webhook \"policy.example\" denied the request: no latest tag";
            set.detail = Detail::ReplicaSet { replica_failure: Some(set_condition(said)) };
            story.workload(web).workload(set);
            ends(&mut story)
        }
    stateful_set_quota_by_events_alone:
        "A quota stops a StatefulSet, which has no conditions: only the event FailedCreate tells.";
        "hang";
        Platform QuotaExceeded;
        "Events of the workload stand until a later success.";
        || {
            let mut story = Scenario::new(plan());
            story.workload(stateful_set("web", "v2", 3));
            story.event("statefulset-web", None, "FailedCreate", "create Pod web-0 in StatefulSet web failed error: pods \"web-0\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5");
            ends(&mut story)
        }
    evicted_pod_is_replaced:
        "A pod is evicted by its node and its replacement gets ready.";
        "fail: three of them";
        Healthy;
        "A disturbed pod is left out, its replacement counts.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").failed_by_node("Evicted")).at(6.0).pod(pod(&set, "b"));
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(16), "the window began anew");
            assert!(outcome.warnings.iter().any(|warning| warning.code == "PodDisrupted"));
            outcome
        }
    evicted_pod_is_not_replaced:
        "A pod is evicted, and no replacement gets ready.";
        "fail with the app to blame";
        Platform PodDisrupted;
        "Nothing says that the app is at fault.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").failed_by_node("NodeShutdown"));
            ends(&mut story)
        }
    tombstones_left_behind:
        "Two Failed pods of an earlier node shutdown are still listed beside the healthy one.";
        "fail, or count them";
        Healthy;
        "A controlled pod that has ended is replaced by its controller and is no evidence.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pods(["x", "y"].map(|name| pod(&set, name).failed_by_node("NodeShutdown"))).pod(pod(&set, "a"));
            ends(&mut story)
        }
    old_version_under_a_loose_selector:
        "selector: app=web names no version, and only v1 runs.";
        "pass: every Ready pod of the selector counts";
        NothingMatched NothingMatched;
        "The version must stand in the version label, or in the tag or digest of the app's image.";
        || {
            let mut plan = plan();
            plan.selector = "app=web".parse().unwrap();
            let mut story = Scenario::new(plan);
            let old = deployment("web", "v1", 1);
            let set = replica_set(&old);
            story.workload(old).workload(set.clone()).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    tag_of_a_sidecar:
        "The gate is pinned to v2; the proxy beside the app is at v2 by chance, and the app still at v1.";
        "pass: they look for the tag in any container";
        NothingMatched NothingMatched;
        "Only the image of the app's own container speaks for the version.";
        || {
            let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
            let mut web = deployment("web", "v1", 1);
            web.template.labels.remove("version");
            let mut proxy = web.template.containers[0].clone();
            (proxy.name, proxy.image) = ("proxy".to_owned(), "mesh/proxy:v2".to_owned());
            web.template.containers.push(proxy);
            let mut set = replica_set(&deployment("web", "v1", 1));
            set.template = web.template.clone();
            story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    chart_label_stays_the_same:
        "A manifest says image v3; its version label never changes, and the cluster still runs v2.";
        "pass: the label is right";
        NothingMatched NothingMatched;
        "The live template must have every image of the manifest, container by container.";
        || {
            let mut plan = pinned(WorkloadKind::Deployment, "web");
            let images = [("app".to_owned(), "registry.example:5000/shop/web:v3".to_owned())].into();
            plan.template = Some(ManifestTemplate { images, version_label: true });
            let mut story = Scenario::new(plan);
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    registry_mirrored_by_a_webhook:
        "An admission webhook has rewritten the registry of the manifest's image.";
        "-";
        NothingMatched NothingMatched;
        "Another registry is another image; what differs is told.";
        || {
            let mut plan = pinned(WorkloadKind::Deployment, "web");
            let images = [("app".to_owned(), "shop/web:v2".to_owned())].into();
            plan.template = Some(ManifestTemplate { images, version_label: false });
            let mut story = Scenario::new(plan);
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    label_against_tag:
        "The image's tag is v2, and the version label says v1.";
        "pass, by whichever they read";
        NothingMatched NothingMatched;
        "A version label decides where there is one, for and against.";
        || {
            let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
            let mut web = deployment("web", "v2", 1);
            web.template.labels.insert("version".to_owned(), "v1".to_owned());
            let mut set = replica_set(&deployment("web", "v2", 1));
            set.template = web.template.clone();
            story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
            ends(&mut story)
        }
    hook_before_the_app:
        "A migration Job (helm.sh/hook) under the app's labels completes, and the Deployment after it never comes.";
        "pass: something of these labels has succeeded";
        NothingMatched NothingMatched;
        "A hook of a deploy tool does not stand for the app.";
        || {
            let mut story = Scenario::new(plan());
            let mut migrate = job("migrate", "v2", Some(JobEnd::Complete));
            migrate.hook = true;
            story.workload(migrate);
            ends(&mut story)
        }
    job_instead_of_replicas:
        "replicas: 3, and all that is there is one completed Job.";
        "pass: nothing is unready";
        TimedOut NotReady;
        "A Job that nobody pinned is no three pods.";
        || {
            let mut plan = plan();
            plan.replicas = Some(3);
            let mut story = Scenario::new(plan);
            story.workload(job("migrate", "v2", Some(JobEnd::Complete)));
            ends(&mut story)
        }
    job_pods_decide_nothing:
        "The first pod of a Job fails, the retry succeeds, the Job completes.";
        "fail, or pass after 5 s of running";
        Healthy;
        "Only the Job's own conditions decide.";
        || {
            let mut story = Scenario::new(plan());
            story.workload(job("web", "v2", None));
            let mut failed = pod(&job("web", "v2", None), "web-a").terminated("app", 1, "Error");
            failed.restart_policy = RestartPolicy::Never;
            failed.phase = Some(Phase::Failed);
            story.at(2.0).pod(failed).still_open();
            story.at(9.0).workload(job("web", "v2", Some(JobEnd::Complete)));
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(19), "other workloads may come after it");
            outcome
        }
    job_backoff_limit_zero:
        "A Job with backoffLimit 0 is running.";
        "fail at once: 0 >= 0; or hang";
        TimedOut NotReady;
        "Failed is what the condition Failed says, and nothing else.";
        || {
            let mut story = Scenario::new(plan());
            story.workload(job("web", "v2", None)).pod(pod(&job("web", "v2", None), "web-a"));
            ends(&mut story)
        }
    one_owner_fails_beside_a_slow_one:
        "Two Deployments carry the labels; one crashes while the other is still starting.";
        "wait for the rest: Helm 4";
        Failed CrashLoop;
        "Every owner under the labels must be healthy, and one cause is enough.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let worker = deployment("worker", "v2", 1);
            let worker_set = replica_set(&worker);
            story.workload(worker).workload(worker_set.clone());
            story.pod(pod(&set, "a").creating()).at(4.0).pod(pod(&worker_set, "w").terminated("app", 1, "Error"));
            ends(&mut story)
        }
    one_owner_is_healthy_the_other_is_not:
        "Two Deployments carry the labels; only one has its pods.";
        "pass: those that look at pods alone";
        TimedOut NotReady;
        "Each owner must have what it asks for.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let worker = deployment("worker", "v2", 1);
            let worker_set = replica_set(&worker);
            story.workload(worker).workload(worker_set).pod(pod(&set, "a"));
            ends(&mut story)
        }
    bare_pod_failed:
        "A pod without an owner ends with exit code 3 under restartPolicy Never.";
        "pass (its status is 'Current'), or a warning";
        Failed PodFailed;
        "Nobody will restart or replace it.";
        || {
            let mut story = Scenario::new(plan());
            let mut lonely = bare_pod("lonely").terminated("app", 3, "Error");
            lonely.restart_policy = RestartPolicy::Never;
            lonely.phase = Some(Phase::Failed);
            story.at(2.0).pod(lonely);
            assert_eq!(lead(story.ended().unwrap()).exit_status, Some(3));
            ends(&mut story)
        }
    bare_pod_succeeded:
        "A pod without an owner ends with exit code 0 under restartPolicy Never.";
        "hang: it is never Ready";
        Healthy;
        "It has done what it was made for.";
        || {
            let mut story = Scenario::new(plan());
            let mut lonely = bare_pod("lonely").terminated("app", 0, "Completed");
            lonely.restart_policy = RestartPolicy::Never;
            lonely.phase = Some(Phase::Succeeded);
            story.at(2.0).pod(lonely);
            ends(&mut story)
        }
    sidecar_is_not_ready:
        "A native sidecar never gets ready, the app runs.";
        "time-out that never says which container";
        TimedOut NotReady;
        "The finding names the sidecar.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut with_sidecar = pod(&set, "a");
            with_sidecar.containers.insert(0, container("proxy", Role::Sidecar));
            let mut unready = with_sidecar.unready();
            unready.containers[1].status.as_mut().unwrap().ready = true;
            story.pod(unready);
            let outcome = ends(&mut story);
            assert_eq!(lead(&outcome).place.container.as_deref(), Some("proxy"));
            outcome
        }
    autoscaler_scales_up_mid_wait:
        "An autoscaler scales from 1 to 3 while the gate waits.";
        "hang, or pass with the old count";
        Healthy;
        "The target is read live, and the new pods fill a window of their own.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).at(5.0);
            rolled_out(&mut story, 3);
            story.at(9.0).pod(pod(&set, "b")).pod(pod(&set, "c"));
            let outcome = ends(&mut story);
            assert_eq!((outcome.decided_after, outcome.ready), (Duration::from_secs(19), 3));
            outcome
        }
    autoscaler_scales_down_mid_wait:
        "An autoscaler scales from 2 to 1 in the middle of the window.";
        "hang, or fail over the pod that goes";
        Healthy;
        "A pod on its way out is no evidence, and the rest was well all along.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 2);
            story.pod(pod(&set, "a")).pod(pod(&set, "b")).at(5.0);
            rolled_out(&mut story, 1);
            story.pod(pod(&set, "b").deleting()).at(6.0).pod_gone("b");
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(10), "the window went on");
            outcome
        }
    paused_deployment:
        "The rollout is paused before this version got any pod.";
        "pass: three of them; hang: three others";
        NothingMatched Paused;
        "Paused is an outcome of its own: nothing was rolled out.";
        || {
            let mut story = Scenario::new(plan());
            let mut web = deployment("web", "v2", 2);
            web.detail = Detail::Deployment { paused: true, progressing: None, replica_failure: None };
            story.workload(web);
            ends(&mut story)
        }
    paused_but_rolled_out:
        "The Deployment is paused, and this version is fully rolled out.";
        "hang";
        Healthy;
        "All that is wanted is there; the pause is told as a warning.";
        || {
            let mut story = Scenario::new(plan());
            let (mut web, set) = rolled_out(&mut story, 1);
            web.detail = Detail::Deployment { paused: true, progressing: None, replica_failure: None };
            story.workload(web).pod(pod(&set, "a"));
            let outcome = ends(&mut story);
            assert!(outcome.warnings.iter().any(|warning| warning.code == "Paused"));
            outcome
        }
    stateful_set_on_delete:
        "A StatefulSet with OnDelete keeps its old pods.";
        "pass: four of them; an error: two";
        NothingMatched UpdateBlocked;
        "No pod of this version runs, and the strategy is why.";
        || {
            let mut story = Scenario::new(plan());
            let mut db = stateful_set("db", "v2", 2);
            db.updated = Some(0);
            bend_stateful_set(&mut db, Some("db-v1"), 0, true);
            story.workload(db);
            ends(&mut story)
        }
    stateful_set_partition:
        "partition 2 of 3: only the highest ordinal gets this version, and it is Ready.";
        "wait for all three, or say 'complete' by chance";
        Healthy;
        "The partition says how many are wanted; it is told as a warning.";
        || {
            let mut story = Scenario::new(plan());
            let mut db = stateful_set("db", "v2", 3);
            bend_stateful_set(&mut db, Some("db-v1"), 2, false);
            story.workload(db.clone()).pod(pod(&db, "db-2"));
            let outcome = ends(&mut story);
            assert!(outcome.warnings.iter().any(|warning| warning.code == "PartitionedRollout"));
            outcome
        }
    stateful_set_broken_pod_blocks_the_fix:
        "The new version cannot roll out because the StatefulSet waits for a broken pod of the old one.";
        "hang: all of them";
        NothingMatched UpdateBlocked;
        "The pod to delete is named.";
        || {
            let mut plan = plan();
            plan.selector = "app=web".parse().unwrap();
            let mut story = Scenario::new(plan);
            let mut db = stateful_set("db", "v2", 2);
            let old = pod(&stateful_set("db", "v1", 2), "db-1").unready();
            bend_stateful_set(&mut db, Some("db-v1"), 0, false);
            story.workload(db).pod(old);
            let outcome = ends(&mut story);
            assert!(lead(&outcome).message.contains("db-1"), "{}", lead(&outcome).message);
            outcome
        }
    stateful_set_min_ready_seconds:
        "Every pod is Ready, but not yet for the minReadySeconds of the StatefulSet.";
        "pass early: those that read readyReplicas";
        TimedOut NotReady;
        "availableReplicas must agree.";
        || {
            let mut story = Scenario::new(plan());
            let mut db = stateful_set("db", "v2", 1);
            db.available = None;
            story.workload(db.clone()).pod(pod(&db, "db-0"));
            ends(&mut story)
        }
    daemon_set_on_a_lost_node:
        "A DaemonSet wants 2 pods, and one node does not answer.";
        "hang";
        Healthy;
        "A node that does not answer cannot be asked to run its pod.";
        || {
            let mut story = Scenario::new(plan());
            let mut agent = daemon_set("agent", "v2", 2);
            agent.available = Some(1);
            story.workload(agent.clone()).pod(pod(&agent, "a"));
            let mut lost = pod(&agent, "b");
            lost.node = Some("node2".to_owned());
            lost.ready.as_mut().unwrap().status = false;
            story.pod(lost);
            let outcome = ends(&mut story);
            assert!(outcome.warnings.iter().any(|warning| warning.code == "NodeNotReady"), "{:?}", outcome.warnings);
            outcome
        }
    daemon_set_whose_nodes_die:
        "A DaemonSet is Ready on 5 nodes, and 4 of them die in the window.";
        "pass: what is left is Ready";
        Platform NodeNotReady;
        "One node, or one in ten, may die while the gate looks; more is a cause.";
        || {
            let mut story = Scenario::new(plan());
            let agent = daemon_set("agent", "v2", 5);
            story.workload(agent.clone());
            let on = |node: u32| {
                let mut one = pod(&agent, &format!("agent-{node}"));
                one.node = Some(format!("node{node}"));
                one
            };
            story.pods((0..5).map(on)).at(5.0);
            for node in 1..5 {
                let mut lost = on(node);
                lost.ready.as_mut().unwrap().status = false;
                story.pod(lost);
            }
            ends(&mut story)
        }
    partition_with_min_ready_seconds:
        "partition 2 of 3 with minReadySeconds: the new pod is Ready and not yet available, the two old ones are.";
        "pass: two are available, and one is wanted";
        TimedOut NotReady;
        "The old pods under a partition do not stand for the new one.";
        || {
            let mut story = Scenario::new(plan());
            let mut db = stateful_set("db", "v2", 3);
            let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { unreachable!() };
            (*current_revision, *partition) = (Some("db-v1".to_owned()), 2);
            (db.available, db.min_ready_seconds) = (Some(2), 300);
            story.workload(db.clone()).pod(pod(&db, "db-2"));
            ends(&mut story)
        }
    image_changed_by_hand:
        "Somebody sets the image of a running pod to another tag; its ReplicaSet does not mind.";
        "pass: the pod is Ready, and its labels are right";
        TimedOut NotReady;
        "A pod that runs another tag or digest than its template asks for is not of this version.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut patched = pod(&set, "web-a");
            "registry.example:5000/shop/web:v1".clone_into(&mut patched.containers[0].image);
            story.pod(patched);
            ends(&mut story)
        }
    other_namespace:
        "A pod of another namespace with the same labels is Ready.";
        "-";
        NothingMatched NothingMatched;
        "What is in another namespace is another app.";
        || {
            let mut story = Scenario::new(plan());
            let mut there = bare_pod("web-a");
            "staging".clone_into(&mut there.namespace);
            story.pod(there);
            ends(&mut story)
        }
    daemon_set_fits_no_node:
        "A DaemonSet fits no node, so it wants 0 pods.";
        "pass: 0 of 0 are ready";
        NothingMatched ScaledToZero;
        "Nothing runs, so nothing is proven.";
        || {
            let mut story = Scenario::new(plan());
            let mut agent = daemon_set("agent", "v2", 0);
            agent.available = Some(0);
            story.workload(agent);
            ends(&mut story)
        }
    terminating_old_pods:
        "Old pods are still shutting down, and crash while they do.";
        "pass or fail by counting them";
        Healthy;
        "Anything with a deletionTimestamp is no evidence.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).pod(pod(&set, "old").terminated("app", 137, "Error").deleting());
            ends(&mut story)
        }
    own_wait_period:
        "progressDeadlineSeconds is 600, the wait period 60 s.";
        "hang for ten minutes";
        TimedOut NotReady;
        "The gate's own wait period holds.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a").unready());
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_mins(1));
            outcome
        }
    workload_deleted:
        "Somebody deletes the Deployment in the middle of the window.";
        "error, or wait for ever";
        Superseded WorkloadDeleted;
        "It is gone: an outcome of its own.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).at(5.0).workload_gone(WorkloadKind::Deployment, "deployment-web");
            ends(&mut story)
        }
    workload_recreated:
        "The Deployment is deleted and created anew under the same name, unseen between two lists.";
        "judge the new one as if it were the old";
        Superseded WorkloadDeleted;
        "The UID is another.";
        || {
            let mut story = Scenario::new(plan());
            let (web, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a")).at(5.0);
            story.workloads.remove(&web.uid);
            let mut anew = web;
            "another".clone_into(&mut anew.uid);
            story.workloads.insert(anew.uid.clone(), anew);
            story.list(Source::Workloads(WorkloadKind::Deployment));
            ends(&mut story)
        }
    superseded_by_another_push:
        "v3 is pushed before v2 was ready.";
        "judge the wrong revision: all of them";
        Superseded Superseded;
        "The template no longer carries the gated version.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a").unready()).at(5.0).workload(deployment("web", "v3", 1));
            assert_eq!(story.ended().unwrap().decided_after, Duration::from_secs(5), "at once");
            ends(&mut story)
        }
    version_not_there_yet:
        "The gate starts before the deploy: v1 runs, v2 comes 10 s later.";
        "judge v1";
        Healthy;
        "A version not seen yet is never superseded.";
        || {
            let mut story = Scenario::new(plan());
            story.workload(deployment("web", "v1", 1)).at(10.0);
            let (_, set) = rolled_out(&mut story, 1);
            story.at(12.0).pod(pod(&set, "a"));
            ends(&mut story)
        }
    api_server_gone_for_a_while:
        "The API server is away for 4 s in the middle of the window, and nothing changed meanwhile.";
        "fail at the first error, or start over";
        Healthy;
        "A gap is bridged where UIDs, container IDs, restart counts and readiness are what they were.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark().at(9.0).list_all();
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(11), "the window went on");
            outcome
        }
    api_server_gone_to_the_end:
        "All was Ready, then the API server is away to the end.";
        "pass on what was last seen";
        Inconclusive ClusterUnreachable;
        "No verdict without fresh data.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
            ends(&mut story)
        }
    crash_while_nobody_looked:
        "A container crashed and came back while the API server was away.";
        "pass: it is Ready before and after";
        Failed CrashLoop;
        "restartCount tells of it.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
            story.pods.insert("a".to_owned(), pod(&set, "a").restarted("app", 1, 1, "Error"));
            story.at(9.0).list_all();
            ends(&mut story)
        }
    pods_may_not_be_listed:
        "The identity may not list pods.";
        "fatal error, or wait for ever";
        Inconclusive Forbidden;
        "At once, with the rule to add.";
        || {
            let mut story = Scenario::unlisted(plan());
            story.at(0.2).denied(Source::Pods);
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_millis(200));
            assert!(lead(&outcome).next_step.contains("resources: [\"pods\"]"), "{}", lead(&outcome).next_step);
            outcome
        }
    owners_may_not_be_read:
        "The identity may not read Deployments and ReplicaSets, and no replicas are named.";
        "pass with whatever is there";
        Inconclusive Forbidden;
        "How many pods are wanted cannot be known.";
        || {
            let mut story = Scenario::new(plan());
            forbid_owners(&mut story);
            story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
            ends(&mut story)
        }
    owners_may_not_be_read_but_replicas_are_named:
        "The same, with replicas: 1 in the manifest.";
        "-";
        Healthy;
        "The number is known then; the missing right is told once.";
        || {
            let mut plan = plan();
            plan.replicas = Some(1);
            let mut story = Scenario::new(plan);
            forbid_owners(&mut story);
            story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
            let outcome = ends(&mut story);
            assert_eq!(outcome.warnings.iter().filter(|warning| warning.code == "OwnersForbidden").count(), 1);
            outcome
        }
    only_replica_sets_may_not_be_read:
        "The identity may read Deployments but not ReplicaSets; replicas: 1 is in the manifest.";
        "-";
        Healthy;
        "The pods cannot be attributed to the Deployment, and the number is known without it.";
        || {
            let mut plan = plan();
            plan.replicas = Some(1);
            let mut story = Scenario::new(plan);
            story.denied(Source::Workloads(WorkloadKind::ReplicaSet)).workload(deployment("web", "v2", 1));
            story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
            ends(&mut story)
        }
    only_replica_sets_may_not_be_read_and_no_number_is_named:
        "The same without replicas.";
        "pass with whatever is there";
        Inconclusive Forbidden;
        "Which of the pods are of the newest template cannot be known.";
        || {
            let mut story = Scenario::new(plan());
            story.denied(Source::Workloads(WorkloadKind::ReplicaSet)).workload(deployment("web", "v2", 1));
            story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
            ends(&mut story)
        }
    events_of_an_earlier_pod:
        "An old event FailedMount is about an earlier pod of the same name.";
        "blame it: two of them";
        Healthy;
        "Events are attributed by UID.";
        || {
            let mut story = Scenario::new(plan());
            story.event("earlier-uid", None, "FailedMount", "MountVolume.SetUp failed for volume \"t\" : secret \"t\" not found");
            let (_, set) = rolled_out(&mut story, 1);
            story.pod(pod(&set, "a").creating()).at(5.0).pod(pod(&set, "a"));
            ends(&mut story)
        }
    unknown_custom_resource:
        "The pods belong to a custom resource that the gate does not know.";
        "pass: two of them";
        Inconclusive OwnerUnknown;
        "How many pods are wanted cannot be known, unless replicas says it.";
        || {
            let mut story = Scenario::new(plan());
            let mut strange = bare_pod("a");
            let mut owner = reference(&deployment("web", "v2", 1));
            "CloneSet".clone_into(&mut owner.kind);
            strange.controller = Some(owner);
            story.pod(strange);
            ends(&mut story)
        }
    argo_rollout:
        "The pods belong to a ReplicaSet of an Argo Rollout, which the gate cannot read.";
        "-";
        Healthy;
        "The ReplicaSet says how many are wanted.";
        || {
            let mut story = Scenario::new(plan());
            let mut set = replica_set(&deployment("web", "v2", 1));
            "Rollout".clone_into(&mut set.controller.as_mut().unwrap().kind);
            story.workload(set.clone()).pod(pod(&set, "a"));
            ends(&mut story)
        }
    rollback_destroys_the_evidence:
        "The app crashes, and a rollback replaces it 2 s later.";
        "evidence lost: two of them";
        Failed CrashLoop;
        "Once decided, a verdict stays.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(3.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
            story.at(5.0).workload(deployment("web", "v1", 1)).pod_gone("a");
            ends(&mut story)
        }
    pinned_workload_runs_another_version:
        "The gate is pinned to deployment/web at v2, which still runs v1.";
        "pass: they look at the workload, not at the version";
        NothingMatched NothingMatched;
        "The version must stand in the template's label or in an image.";
        || {
            let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
            let old = deployment("web", "v1", 1);
            let set = replica_set(&old);
            story.workload(old).workload(set.clone()).pod(pod(&set, "a"));
            let outcome = ends(&mut story);
            assert!(lead(&outcome).message.contains("deployment/web runs v1"), "{}", lead(&outcome).message);
            outcome
        }
    pinned_workload_without_version_label:
        "The gate is pinned, and the version stands in the image's tag only (registry with a port).";
        "-";
        Healthy;
        "The tag is read after the last slash.";
        || {
            let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
            let mut web = deployment("web", "v2", 1);
            web.template.labels.remove("version");
            let mut set = replica_set(&deployment("web", "v2", 1));
            set.template.labels.remove("version");
            story.workload(web).workload(set.clone()).pod(pod(&set, "a"));
            ends(&mut story)
        }
    exit_code_zero_again_and_again:
        "The process ends with exit code 0, and is restarted.";
        "pass: it is no error";
        Failed CrashLoop;
        "Under restartPolicy Always any end is a crash.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(3.0).pod(pod(&set, "a").terminated("app", 0, "Completed"));
            ends(&mut story)
        }
    node_reboot:
        "The node reboots: the container is restarted with exit code 255, reason Unknown.";
        "fail: any restart is fatal";
        Healthy;
        "Such an end is not the app's.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(pod(&set, "a").restarted("app", 1, 255, "Unknown"));
            let outcome = ends(&mut story);
            assert_eq!(outcome.decided_after, Duration::from_secs(14), "the window began anew all the same");
            outcome
        }
    job_cleaned_up_at_once:
        "A Job completes and is deleted in the same moment (ttlSecondsAfterFinished: 0).";
        "not found";
        Healthy;
        "It has done what it was made for.";
        || {
            let mut story = Scenario::new(plan());
            story.workload(job("web", "v2", None)).at(4.0);
            story.goes_dark().workload(job("web", "v2", Some(JobEnd::Complete)));
            story.workload_gone(WorkloadKind::Job, "job-web").at(5.0).list_all();
            ends(&mut story)
        }
    resized_in_place:
        "An in-place resize restarts the container, as its resizePolicy says.";
        "fail: any restart is fatal";
        Healthy;
        "The restart was asked for.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut resizing = pod(&set, "a");
            resizing.containers[0].resize = Some(resize(false));
            let mut resized = pod(&set, "a").restarted("app", 1, 137, "Error");
            resized.containers[0].resize = Some(resize(true));
            story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(resizing).at(5.0).pod(resized);
            ends(&mut story)
        }
    crash_after_a_resize:
        "The container crashes once more, after the restart of an in-place resize.";
        "-";
        Failed CrashLoop;
        "Only the restart that was asked for is excused.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut resizing = pod(&set, "a");
            resizing.containers[0].resize = Some(resize(false));
            let restarted = |count, code| {
                let mut restarted = pod(&set, "a").restarted("app", count, code, "Error");
                restarted.containers[0].resize = Some(resize(true));
                restarted
            };
            story.at(1.0).pod(resizing).at(2.0).pod(restarted(1, 137)).at(6.0).pod(restarted(2, 1));
            ends(&mut story)
        }
    resize_that_is_stuck:
        "A resize in place stays PodResizePending (Infeasible), and the container is OOMKilled four times.";
        "pass: restarts under a resize are excused, or fail at any restart";
        Failed OomKilled;
        "A resize that is not applied restarts nothing, and no resize kills for memory.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let stuck = || {
                let mut stuck = pod(&set, "a");
                stuck.resize = PodResize::Stuck;
                stuck.containers[0].resize = Some(resize(false));
                stuck
            };
            story.at(1.0).pod(stuck()).at(4.0).pod(stuck().restarted("app", 4, 137, "OOMKilled"));
            ends(&mut story)
        }
    restarted_by_a_rule_of_its_own:
        "The container's restartPolicy is Never, and a rule of its restartPolicyRules restarts it five times.";
        "pass: policy Never restarts nothing";
        Failed CrashLoop;
        "Whatever was restarted had ended; restartCount says so.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut ruled = pod(&set, "a").restarted("app", 5, 42, "Error");
            ruled.containers[0].restart_policy = Some(RestartPolicy::Never);
            ruled.containers[0].restart_rules =
                vec![RestartRule { restarts: true, all_but: false, exit_codes: vec![42] }];
            story.at(1.0).pod(ruled);
            ends(&mut story)
        }
    failed_and_replaced_five_times:
        "Each pod of the ReplicaSet ends in phase Failed, and is replaced by one that is Ready for a while.";
        "pass: the newest pod is ready, and restartCount is 0";
        Failed PodFailed;
        "A pod that failed by its own fault is a crash of its owner's revision.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            for number in 0..5 {
                story.pod(pod(&set, &format!("web-{number}")).over(Phase::Failed, 1));
            }
            story.at(1.0).pod(pod(&set, "web-5"));
            ends(&mut story)
        }
    evicted_for_its_own_disk_limit:
        "The pod writes more than its ephemeral-storage limit and is Evicted; its replacement is Ready for a while.";
        "pass, or blame the node's pressure";
        Failed DiskLimitExceeded;
        "The kubelet's message says whose limit it was; a node that is short of disk says something else.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a"));
            let said = "Pod ephemeral local storage usage exceeds the total limit of containers 20Mi. ";
            story.at(3.0).pod(pod(&set, "a").evicted(said)).at(4.0).pod(pod(&set, "b"));
            ends(&mut story)
        }
    ready_by_one_word_only:
        "The condition Ready is True, while the container's status says that it waits.";
        "pass: Ready is True";
        TimedOut NotReady;
        "A status that contradicts itself proves nothing.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let ready = pod(&set, "a").ready;
            let mut both = pod(&set, "a").waiting("app", "ContainerCreating", "");
            (both.ready, both.phase) = (ready, Some(Phase::Running));
            story.at(1.0).pod(both);
            ends(&mut story)
        }
    start_that_its_node_failed:
        "The runtime cannot start the container: no space left on device.";
        "fail with the app's command to blame";
        Platform SandboxFailed;
        "The words are about the node, and not about the image.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let said = "failed to create containerd task: mkdir /run/containerd/x: no space left on device";
            story.at(1.0).pod(pod(&set, "a").waiting("app", "RunContainerError", said));
            ends(&mut story)
        }
    rebooted_twice:
        "The node was rebooted twice before the gate began: restartCount 2, the last end 255 (Unknown).";
        "fail: any restart is fatal";
        Healthy;
        "Ends that the runtime made up are not the app's; they are told as a warning.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a").restarted("app", 2, 255, "Unknown"));
            ends(&mut story)
        }
    refused_by_its_node_again_and_again:
        "The node refuses each pod with OutOfcpu, and the ReplicaSet goes on making new ones.";
        "fail with the app to blame, or count for ever";
        Platform PodDisrupted;
        "A refusal of the node is not the app's fault; the same cause is told once, with a count.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            for number in 0..40 {
                story.pod(pod(&set, &format!("web-{number}")).failed_by_node("OutOfcpu"));
            }
            let outcome = ends(&mut story);
            assert_eq!((outcome.findings.len(), outcome.findings[0].also.len()), (1, 39));
            outcome
        }
    measured_too_short:
        "The data ends while all is still well, before the stability window is full.";
        "pass: an analysis that was ended before it measured";
        Inconclusive RecordingEnded;
        "Too little was seen to say yes.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(9.0).tell(Fact::RecordingEnded);
            ends(&mut story)
        }
    confirming_read_is_never_answered:
        "All was well for the whole window, and the last read, which should confirm it, gets no answer.";
        "pass: nobody reads once more";
        Inconclusive StaleData;
        "No pass without a fresh read at its end.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a"));
            let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::Gate::new(plan()));
            gate.advance(Duration::from_mins(10));
            let outcome = gate.outcome().unwrap().clone();
            assert_eq!(outcome.decided_after, Duration::from_secs(70), "the wait period and ten seconds more");
            outcome
        }
    half_watch:
        "The watch of Deployments breaks and cannot be resumed, pods are still watched.";
        "pass on half of the picture";
        Inconclusive StaleData;
        "Every source that a verdict rests on must be fresh.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            story.at(1.0).pod(pod(&set, "a")).at(2.0);
            story.lose(Source::Workloads(WorkloadKind::Deployment), TroubleKind::Stale);
            ends(&mut story)
        }
    readiness_probe_is_named:
        "The app runs, and its readiness endpoint answers 404 for ever.";
        "time-out without a word on why";
        TimedOut NotReady;
        "The finding names the probe and its last answer.";
        || {
            let mut story = Scenario::new(plan());
            let (_, set) = rolled_out(&mut story, 1);
            let mut unready = pod(&set, "a").unready();
            unready.containers[0].probes.readiness = Some(readiness_probe());
            story.pod(unready);
            story.event("a", Some("app"), "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404");
            let outcome = ends(&mut story);
            let message = &lead(&outcome).message;
            assert!(message.contains("GET /ready on port 8080") && message.contains("statuscode: 404"), "{message}");
            outcome
        }
}

fn set_condition(message: &str) -> Condition {
    Condition { status: true, since: None, reason: Some("FailedCreate".to_owned()), message: Some(message.to_owned()) }
}

fn bend_stateful_set(workload: &mut Workload, current: Option<&str>, new_partition: u32, deletes: bool) {
    let Detail::StatefulSet { current_revision, partition, on_delete, .. } = &mut workload.detail else {
        panic!("a StatefulSet")
    };
    *current_revision = current.map(str::to_owned);
    *partition = new_partition;
    *on_delete = deletes;
}

fn forbid_owners(story: &mut Scenario) {
    story.denied(Source::Workloads(WorkloadKind::Deployment)).denied(Source::Workloads(WorkloadKind::ReplicaSet));
}

const PAGE: &str = "tests/EDGE-CASES.md";

/// The table as a page.
fn page() -> String {
    let mut page = String::from(
        "# Edge cases\n\nWhere deployment gates pass what is broken, fail what is well, or hang; and what crashgate says. \
         Each row is a test in `tests/edge_cases.rs`, and this page is written from them.\n\n\
         | what happens | what others say | crashgate says | because |\n|---|---|---|---|\n",
    );
    for case in CASES {
        let code = case.code.map_or_else(String::new, |code| format!(" `{code}`"));
        let exit = case.verdict.exit_code();
        writeln!(
            page,
            "| {} | {} | {}{code} (exit {exit}) | {} |",
            case.happens, case.others, case.verdict, case.because
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(PAGE, page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(PAGE).unwrap_or_default(),
        page(),
        "write it anew: UPDATE_PAGES=1 cargo test edge_cases"
    );
}
