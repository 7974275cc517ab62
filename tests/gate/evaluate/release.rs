//! What is gated where all of a namespace is.

use crashgate::gate::model::{CanaryPhase, ControllerRef, Detail, JobEnd, Phase, Template, Workload};
use crashgate::gate::release;

use crate::scenario::objects::{
    bare_pod, canary, clone_set, daemon_set, deployment, job, reference, replica_set, rollout, rollout_set,
    stateful_set,
};

fn controlled_by(kind: &str, workload: Workload) -> Workload {
    let controller = ControllerRef {
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        name: "above".to_owned(),
        uid: "above".to_owned(),
    };
    Workload { controller: Some(controller), ..workload }
}

/// The names of what is gated, and of what is left out with the reason and whether that is routine.
#[track_caller]
fn parted(workloads: impl IntoIterator<Item = Workload>, gated: &[&str], left_out: &[(&str, &str, bool)]) {
    let release = release(workloads);
    let names: Vec<String> = release.gated.iter().map(|one| format!("{}/{}", one.kind, one.name)).collect();
    assert_eq!(names, gated);
    let others: Vec<(&str, String, bool)> =
        release.left_out.iter().map(|one| (&*one.name, one.why.to_string(), one.why.is_routine())).collect();
    let others: Vec<(&str, &str, bool)> = others.iter().map(|(name, why, routine)| (*name, &**why, *routine)).collect();
    assert_eq!(others, left_out);
}

#[test]
fn every_workload_is_gated_once() {
    let web = deployment("web", "v2", 2);
    let alone = Workload { controller: None, ..replica_set(&deployment("alone", "v1", 1)) };
    let by_the_clock = controlled_by("CronJob", job("nightly-123", "v1", None));
    parted(
        [
            job("migrate", "v2", None),
            replica_set(&web),
            stateful_set("db", "v1", 1),
            web,
            alone,
            daemon_set("agent", "v1", 3),
            by_the_clock,
        ],
        &["deployment/web", "replicaset/alone-v1", "statefulset/db", "daemonset/agent", "job/migrate"],
        &[
            ("job/nightly-123", "it is controlled by cronjob/above", true),
            ("replicaset/web-v2", "it is controlled by deployment/web", true),
        ],
    );
}

#[test]
fn what_wants_no_pod_is_named_and_never_gated() {
    let mut suspended = job("later", "v1", None);
    if let Detail::Job { suspended, .. } = &mut suspended.detail {
        *suspended = true;
    }
    let mut done = suspended.clone();
    done.name = "done".to_owned();
    if let Detail::Job { end, .. } = &mut done.detail {
        *end = Some(JobEnd::Complete);
    }
    parted(
        [deployment("idle", "v1", 0), stateful_set("db", "v1", 0), daemon_set("nowhere", "v1", 0), suspended, done],
        &["job/done"],
        &[
            ("daemonset/nowhere", "it wants no pod", false),
            ("deployment/idle", "it wants no pod", false),
            ("job/later", "it is suspended", false),
            ("statefulset/db", "it wants no pod", false),
        ],
    );
}

#[test]
fn a_daemon_set_that_its_controller_has_not_counted_yet_is_gated() {
    let new = Workload { observed_generation: None, ..daemon_set("agent", "v1", 0) };
    let changed = Workload { generation: Some(2), name: "changed".to_owned(), ..daemon_set("agent", "v1", 0) };
    parted([new, changed], &["daemonset/agent", "daemonset/changed"], &[]);
}

#[test]
fn hooks_and_what_is_being_deleted_are_named_and_left_out() {
    let hook = Workload { hook: true, ..job("migrate", "v2", None) };
    let going = Workload { deleting: true, ..deployment("old", "v1", 2) };
    parted(
        [hook, going],
        &[],
        &[("deployment/old", "it is being deleted", false), ("job/migrate", "it is a hook of Helm or Argo CD", false)],
    );
}

#[test]
fn what_a_custom_resource_controls_is_gated_by_itself() {
    // A StatefulSet of OpenKruise is none of Kubernetes' own, whatever its name.
    parted(
        [
            controlled_by("Prometheus", stateful_set("prometheus", "v2", 2)),
            controlled_by("StatefulSet.apps.kruise.io", job("init", "v1", None)),
        ],
        &["statefulset/prometheus", "job/init"],
        &[],
    );
    // Jobs that judge a rollout are no part of it: crashgate may be one of them.
    parted(
        [
            controlled_by("AnalysisRun", job("analysis", "v1", None)),
            controlled_by("AdvancedCronJob", job("tick", "v1", None)),
        ],
        &[],
        &[
            ("job/analysis", "it is controlled by analysisrun/above", true),
            ("job/tick", "it is controlled by advancedcronjob/above", true),
        ],
    );
}

#[test]
fn a_failed_job_is_gated() {
    let failed = job("migrate", "v1", Some(JobEnd::Failed { reason: None, message: None }));
    assert!(failed.controller.is_none() && reference(&failed).kind == "Job");
    parted([failed], &["job/migrate"], &[]);
}

#[test]
fn rollouts_and_clone_sets_are_gated_and_canaries_steer() {
    let web = rollout("web", "v2", 2);
    let target = deployment("shop", "v2", 0);
    let primary = controlled_by("Canary", deployment("shop-primary", "v2", 2));
    parted(
        [
            rollout_set(&web, 1),
            clone_set("cart", "v1", 3),
            canary(&target, CanaryPhase::Succeeded),
            target,
            primary,
            Workload { desired: Some(0), ..rollout("idle", "v1", 0) },
            web,
        ],
        &["deployment/shop-primary", "rollout/web", "cloneset/cart"],
        &[
            ("canary/shop", "it steers the rollout of another workload", true),
            ("deployment/shop", "it wants no pod", false),
            ("replicaset/web-v2", "it is controlled by rollout/web", true),
            ("rollout/idle", "it wants no pod", false),
        ],
    );
}

#[test]
fn a_rollout_with_a_workload_ref_has_the_template_of_that_workload() {
    let lender = deployment("shop", "v7", 0);
    let mut web = rollout("web", "v1", 2);
    web.template = Template::default();
    if let Detail::Rollout(state) = &mut web.detail {
        (state.has_workload_ref, state.workload_ref) = (true, Some(lender.reference()));
    }
    let release = release([web, lender.clone()]);
    assert_eq!(release.gated.len(), 1);
    assert_eq!(release.gated[0].template, lender.template);
}

#[test]
fn pods_that_are_nobodys_that_is_gated_are_named() {
    let mut release = release([]);
    let of = |kind: &str, name: &str| {
        let mut pod = bare_pod(name);
        let (kind, name, uid) = (kind.to_owned(), "kafka".to_owned(), "k".to_owned());
        pod.controller = Some(ControllerRef { api_version: "v1".to_owned(), kind, name, uid });
        pod
    };
    let mut done = bare_pod("done");
    done.phase = Some(Phase::Succeeded);
    let mut going = bare_pod("going");
    going.deleting = true;
    release.name_others(&[
        of("StrimziPodSet", "kafka-0"),
        of("StrimziPodSet", "kafka-1"),
        of("StatefulSet.apps.kruise.io", "db-0"),
        of("ReplicaSet", "web-1"),
        of("CloneSet", "cart-1"),
        of("Node", "kube-proxy"),
        bare_pod("debug"),
        done,
        going,
    ]);
    let told: Vec<(String, String, bool)> =
        release.left_out.iter().map(|one| (one.name.clone(), one.why.to_string(), one.why.is_routine())).collect();
    let told: Vec<(&str, &str, bool)> = told.iter().map(|(name, why, routine)| (&**name, &**why, *routine)).collect();
    assert_eq!(
        told,
        [
            (
                "StatefulSet.apps.kruise.io kafka",
                "it has 1 pod, and is of a kind that cannot be gated as a whole yet",
                false
            ),
            ("StrimziPodSet kafka", "it has 2 pods, and is of a kind that cannot be gated as a whole yet", false),
            ("pod/debug", "no workload owns it", false),
        ]
    );
}
