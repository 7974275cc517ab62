//! The cases in which deployment gates pass what is broken, fail what is well, or hang; and what crashgate says.
//!
//! Each row of the table is a test. The table is also written as a page for users, `tests/EDGE-CASES.md`, which a test
//! keeps up to date (`UPDATE_PAGES=1 cargo test edge_cases` writes it).

mod access;
mod crash;
mod daemon_set;
mod freshness;
mod image_and_config;
mod jobs;
mod nodes;
mod readiness;
mod resize;
mod rollout;
mod scheduling;
mod stateful_set;
mod version;

use std::fmt::Write as _;
use std::time::Duration;

use crashgate::gate::model::{Condition, Detail, Resize, Source, Workload, WorkloadKind};
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{Grace, Pin, Plan};

use crate::scenario::objects::{deployment, replica_set};
use crate::scenario::{Scenario, plan};

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
    ($($name:ident: $case:path,)+) => {
        $(
            #[test]
            fn $name() {
                check(&$case);
            }
        )+

        /// The table, in the page's order.
        const CASES: &[Case] = &[$($case),+];
    };
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
    crash_after_ready: crash::CRASH_AFTER_READY,
    read_before_the_controller: rollout::READ_BEFORE_THE_CONTROLLER,
    stale_progress_deadline: rollout::STALE_PROGRESS_DEADLINE,
    old_replica_set_pods: rollout::OLD_REPLICA_SET_PODS,
    selector_matches_nothing: rollout::SELECTOR_MATCHES_NOTHING,
    deployment_without_pods_yet: rollout::DEPLOYMENT_WITHOUT_PODS_YET,
    scaled_to_zero: rollout::SCALED_TO_ZERO,
    max_unavailable_covers_it: rollout::MAX_UNAVAILABLE_COVERS_IT,
    flapping_resets_the_deadline: readiness::FLAPPING_RESETS_THE_DEADLINE,
    one_failed_attempt_allowed: crash::ONE_FAILED_ATTEMPT_ALLOWED,
    crash_loop_without_its_reason: crash::CRASH_LOOP_WITHOUT_ITS_REASON,
    registry_rate_limit: image_and_config::REGISTRY_RATE_LIMIT,
    registry_down_to_the_end: image_and_config::REGISTRY_DOWN_TO_THE_END,
    one_of_many_pods_crashes: crash::ONE_OF_MANY_PODS_CRASHES,
    config_map_arrives_late: image_and_config::CONFIG_MAP_ARRIVES_LATE,
    autoscaler_adds_a_node: scheduling::AUTOSCALER_ADDS_A_NODE,
    autoscaler_cannot_help: scheduling::AUTOSCALER_CANNOT_HELP,
    webhook_denies_every_pod: scheduling::WEBHOOK_DENIES_EVERY_POD,
    stateful_set_quota_by_events_alone: stateful_set::STATEFUL_SET_QUOTA_BY_EVENTS_ALONE,
    evicted_pod_is_replaced: nodes::EVICTED_POD_IS_REPLACED,
    evicted_pod_is_not_replaced: nodes::EVICTED_POD_IS_NOT_REPLACED,
    tombstones_left_behind: nodes::TOMBSTONES_LEFT_BEHIND,
    old_version_under_a_loose_selector: version::OLD_VERSION_UNDER_A_LOOSE_SELECTOR,
    tag_of_a_sidecar: version::TAG_OF_A_SIDECAR,
    chart_label_stays_the_same: version::CHART_LABEL_STAYS_THE_SAME,
    registry_mirrored_by_a_webhook: version::REGISTRY_MIRRORED_BY_A_WEBHOOK,
    label_against_tag: version::LABEL_AGAINST_TAG,
    hook_before_the_app: jobs::HOOK_BEFORE_THE_APP,
    job_instead_of_replicas: jobs::JOB_INSTEAD_OF_REPLICAS,
    job_pods_decide_nothing: jobs::JOB_PODS_DECIDE_NOTHING,
    job_backoff_limit_zero: jobs::JOB_BACKOFF_LIMIT_ZERO,
    one_owner_fails_beside_a_slow_one: rollout::ONE_OWNER_FAILS_BESIDE_A_SLOW_ONE,
    one_owner_is_healthy_the_other_is_not: rollout::ONE_OWNER_IS_HEALTHY_THE_OTHER_IS_NOT,
    bare_pod_failed: jobs::BARE_POD_FAILED,
    bare_pod_succeeded: jobs::BARE_POD_SUCCEEDED,
    sidecar_is_not_ready: readiness::SIDECAR_IS_NOT_READY,
    autoscaler_scales_up_mid_wait: scheduling::AUTOSCALER_SCALES_UP_MID_WAIT,
    autoscaler_scales_down_mid_wait: scheduling::AUTOSCALER_SCALES_DOWN_MID_WAIT,
    paused_deployment: rollout::PAUSED_DEPLOYMENT,
    paused_but_rolled_out: rollout::PAUSED_BUT_ROLLED_OUT,
    stateful_set_on_delete: stateful_set::STATEFUL_SET_ON_DELETE,
    stateful_set_partition: stateful_set::STATEFUL_SET_PARTITION,
    stateful_set_broken_pod_blocks_the_fix: stateful_set::STATEFUL_SET_BROKEN_POD_BLOCKS_THE_FIX,
    stateful_set_min_ready_seconds: stateful_set::STATEFUL_SET_MIN_READY_SECONDS,
    daemon_set_on_a_lost_node: daemon_set::DAEMON_SET_ON_A_LOST_NODE,
    daemon_set_whose_nodes_die: daemon_set::DAEMON_SET_WHOSE_NODES_DIE,
    partition_with_min_ready_seconds: stateful_set::PARTITION_WITH_MIN_READY_SECONDS,
    image_changed_by_hand: version::IMAGE_CHANGED_BY_HAND,
    other_namespace: access::OTHER_NAMESPACE,
    daemon_set_fits_no_node: daemon_set::DAEMON_SET_FITS_NO_NODE,
    terminating_old_pods: rollout::TERMINATING_OLD_PODS,
    own_wait_period: readiness::OWN_WAIT_PERIOD,
    workload_deleted: rollout::WORKLOAD_DELETED,
    workload_recreated: rollout::WORKLOAD_RECREATED,
    superseded_by_another_push: version::SUPERSEDED_BY_ANOTHER_PUSH,
    version_not_there_yet: version::VERSION_NOT_THERE_YET,
    api_server_gone_for_a_while: freshness::API_SERVER_GONE_FOR_A_WHILE,
    api_server_gone_to_the_end: freshness::API_SERVER_GONE_TO_THE_END,
    crash_while_nobody_looked: crash::CRASH_WHILE_NOBODY_LOOKED,
    pods_may_not_be_listed: access::PODS_MAY_NOT_BE_LISTED,
    owners_may_not_be_read: access::OWNERS_MAY_NOT_BE_READ,
    owners_may_not_be_read_but_replicas_are_named: access::OWNERS_MAY_NOT_BE_READ_BUT_REPLICAS_ARE_NAMED,
    only_replica_sets_may_not_be_read: access::ONLY_REPLICA_SETS_MAY_NOT_BE_READ,
    only_replica_sets_may_not_be_read_and_no_number_is_named: access::ONLY_REPLICA_SETS_MAY_NOT_BE_READ_AND_NO_NUMBER_IS_NAMED,
    events_of_an_earlier_pod: freshness::EVENTS_OF_AN_EARLIER_POD,
    unknown_custom_resource: access::UNKNOWN_CUSTOM_RESOURCE,
    argo_rollout: access::ARGO_ROLLOUT,
    argo_rollout_aborted: access::ARGO_ROLLOUT_ABORTED,
    argo_rollout_that_may_not_be_read: access::ARGO_ROLLOUT_THAT_MAY_NOT_BE_READ,
    rollback_destroys_the_evidence: crash::ROLLBACK_DESTROYS_THE_EVIDENCE,
    pinned_workload_runs_another_version: version::PINNED_WORKLOAD_RUNS_ANOTHER_VERSION,
    pinned_workload_without_version_label: version::PINNED_WORKLOAD_WITHOUT_VERSION_LABEL,
    exit_code_zero_again_and_again: crash::EXIT_CODE_ZERO_AGAIN_AND_AGAIN,
    node_reboot: nodes::NODE_REBOOT,
    job_cleaned_up_at_once: jobs::JOB_CLEANED_UP_AT_ONCE,
    resized_in_place: resize::RESIZED_IN_PLACE,
    crash_after_a_resize: resize::CRASH_AFTER_A_RESIZE,
    resize_that_is_stuck: resize::RESIZE_THAT_IS_STUCK,
    restarted_by_a_rule_of_its_own: crash::RESTARTED_BY_A_RULE_OF_ITS_OWN,
    failed_and_replaced_five_times: crash::FAILED_AND_REPLACED_FIVE_TIMES,
    evicted_for_its_own_disk_limit: nodes::EVICTED_FOR_ITS_OWN_DISK_LIMIT,
    ready_by_one_word_only: readiness::READY_BY_ONE_WORD_ONLY,
    start_that_its_node_failed: nodes::START_THAT_ITS_NODE_FAILED,
    rebooted_twice: nodes::REBOOTED_TWICE,
    refused_by_its_node_again_and_again: nodes::REFUSED_BY_ITS_NODE_AGAIN_AND_AGAIN,
    measured_too_short: readiness::MEASURED_TOO_SHORT,
    confirming_read_is_never_answered: freshness::CONFIRMING_READ_IS_NEVER_ANSWERED,
    half_watch: freshness::HALF_WATCH,
    readiness_probe_is_named: readiness::READINESS_PROBE_IS_NAMED,
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
