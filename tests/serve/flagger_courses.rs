//! Whole canaries of Flagger, from the apply to the promotion or the rollback, with the gate as their judge.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::flagger_model::{Flagger, Hook, Phase, Server, Webhook};
use super::live_cluster::{Life, LiveCluster};
use super::service::Service;

const HOLD: &str = "/flagger/default/hold";
const ROLLBACK: &str = "/flagger/default/rollback";
const CHECK: &str = "/flagger/default/check";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn webhook(hook: Hook, url: &'static str) -> Webhook {
    Webhook { hook, url, timeout: seconds(15), retries: 2 }
}

/// The hooks of manifests/flagger/canary.yaml.
fn pair() -> Vec<Webhook> {
    vec![
        webhook(Hook::ConfirmTrafficIncrease, HOLD),
        webhook(Hook::ConfirmPromotion, HOLD),
        webhook(Hook::Rollback, ROLLBACK),
    ]
}

struct Course {
    cluster: LiveCluster,
    server: Server,
    service: Service,
    flagger: Flagger,
}

impl Course {
    fn new(webhooks: Vec<Webhook>) -> Self {
        let cluster = LiveCluster::new();
        let service = Service::over(cluster.connection(), &[("default", "waitPeriod: 2m\nstableFor: 30s\n")]);
        let server = Arc::new(Mutex::new(Some(service.router())));
        let flagger = Flagger::new(&cluster, Arc::clone(&server), "v1", webhooks);
        Self { cluster, server, service, flagger }
    }

    /// The service is gone, and with it all that it knew.
    fn stop_service(&mut self) {
        *self.server.lock().unwrap() = None;
        self.service.stop();
    }

    fn start_service(&mut self) {
        self.service = Service::over(self.cluster.connection(), &[("default", "waitPeriod: 2m\nstableFor: 30s\n")]);
        *self.server.lock().unwrap() = Some(self.service.router());
    }

    /// What holds in every course: no status by which Flagger would lose the reason, and one short line for a person.
    fn check_answers(&self) {
        for called in &self.flagger.calls {
            let Some(status) = called.status else { continue };
            assert!(matches!(status, 200 | 202 | 409 | 425), "{called:?}");
            assert!(called.body.len() <= 900 && called.body.trim_end().lines().count() == 1, "{called:?}");
        }
    }

    fn never_rolled_back(&self) {
        let rollbacks = self.flagger.statuses(Hook::Rollback);
        assert!(rollbacks.keys().all(|status| status.is_none_or(|status| status == 409)), "{rollbacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_healthy_canary_is_promoted_and_waiting_costs_no_failed_check() {
    let mut course = Course::new(pair());
    course.flagger.apply("v2");
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Succeeded, "v2"),
        "{:#?}",
        course.flagger.calls
    );
    assert_eq!(course.flagger.failed_checks, 0);
    let holds = course.flagger.statuses(Hook::ConfirmTrafficIncrease);
    assert_eq!(holds.get(&Some(200)), Some(&5), "each of the five steps is confirmed once: {holds:?}");
    assert!(holds[&Some(409)] >= 3, "and none before 30 s: {holds:?}");
    course.never_rolled_back();
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_weight_10_rolls_back_and_says_why() {
    let mut course = Course::new(pair());
    // Healthy for long enough to be passed once.
    course.cluster.life("v2", Life::Crashes(seconds(3), seconds(55)));
    course.flagger.apply("v2");
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Failed, "v1"),
        "{:#?}",
        course.flagger.calls
    );
    let holds = course.flagger.statuses(Hook::ConfirmTrafficIncrease);
    assert!(holds.get(&Some(200)).is_some_and(|passed| (1..5).contains(passed)), "{holds:?}");
    let last = course.flagger.calls.iter().rev().find(|called| called.hook == Hook::Rollback).unwrap();
    assert_eq!(last.status, Some(200));
    assert!(last.body.contains("exit code 1"), "{last:?}");
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn a_crash_from_the_start_rolls_back_before_any_traffic() {
    let mut course = Course::new(pair());
    course.cluster.life("v2", Life::Crashes(seconds(3), seconds(12)));
    course.flagger.apply("v2");
    course.flagger.run(60).await;
    assert_eq!((course.flagger.phase, course.flagger.promoted.as_str()), (Phase::Failed, "v1"));
    assert_eq!(course.flagger.statuses(Hook::ConfirmTrafficIncrease).get(&Some(200)), None);
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_is_waited_for() {
    let mut course = Course::new(pair());
    course.cluster.life("v2", Life::Ready(seconds(100)));
    course.flagger.apply("v2");
    course.flagger.run(90).await;
    assert_eq!((course.flagger.phase, course.flagger.failed_checks), (Phase::Succeeded, 0));
    course.never_rolled_back();
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn platform_trouble_neither_passes_nor_rolls_back() {
    let mut course = Course::new(pair());
    course.cluster.life("v2", Life::Unschedulable);
    course.flagger.apply("v2");
    course.flagger.run(30).await;
    assert_eq!((course.flagger.phase, course.flagger.promoted.as_str()), (Phase::Progressing, "v1"));
    // Flagger asks nothing of a canary that is not ready. A script would, and long after the wait period too.
    for _ in 0..30 {
        let (status, words) = course.service.flagger(ROLLBACK, "podinfo", "Progressing").await;
        assert_eq!(status, 409, "{words}");
        let (status, words) = course.service.flagger(HOLD, "podinfo", "Progressing").await;
        assert_eq!(status, 409, "{words}");
        tokio::time::sleep(seconds(10)).await;
    }
    let (_, words) = course.service.flagger(HOLD, "podinfo", "Progressing").await;
    assert!(words.contains("too little cpu"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_api_server_delays_and_decides_nothing() {
    let mut course = Course::new(pair());
    course.flagger.apply("v2");
    course.flagger.run(8).await;
    let before = course.flagger.weight;
    course.cluster.set_down(true);
    course.flagger.run(12).await;
    assert!(course.flagger.weight <= before + 10, "blind, the gate confirms nothing: {:#?}", course.flagger.calls);
    course.cluster.set_down(false);
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Succeeded, "v2"),
        "{:#?}",
        course.flagger.calls
    );
    assert_eq!(course.flagger.failed_checks, 0);
    course.never_rolled_back();
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_service_delays_and_decides_nothing() {
    let mut course = Course::new(pair());
    course.flagger.apply("v2");
    course.flagger.run(9).await;
    course.stop_service();
    course.flagger.run(3).await;
    course.start_service();
    let asked = course.flagger.calls.len();
    course.flagger.run(60).await;
    assert_eq!((course.flagger.phase, course.flagger.failed_checks), (Phase::Succeeded, 0));
    let first =
        course.flagger.calls[asked..].iter().find(|called| called.hook == Hook::ConfirmTrafficIncrease).unwrap();
    assert_eq!(first.status, Some(409), "it does not know yet what the one before knew");
    course.never_rolled_back();
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn confirm_rollout_comes_before_any_pod_and_says_which_hook_to_use() {
    let mut course = Course::new(vec![webhook(Hook::ConfirmRollout, HOLD), webhook(Hook::Rollback, ROLLBACK)]);
    course.flagger.apply("v2");
    course.flagger.run(40).await;
    assert_eq!(course.flagger.phase, Phase::Waiting);
    let statuses = course.flagger.statuses(Hook::ConfirmRollout);
    assert_eq!(statuses.keys().collect::<Vec<_>>(), [&Some(409)], "{statuses:?}");
    let last = course.flagger.calls.last().unwrap();
    assert!(last.body.contains("confirm-traffic-increase"), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn on_pre_rollout_each_not_yet_is_a_failed_check_and_enough_of_them_are_allowed() {
    let mut course = Course::new(vec![webhook(Hook::PreRollout, CHECK), webhook(Hook::Rollout, CHECK)]);
    course.flagger.apply("v2");
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Succeeded, "v2"),
        "{:#?}",
        course.flagger.calls
    );
    let asked = course.flagger.statuses(Hook::PreRollout);
    assert_eq!(asked.get(&Some(200)), Some(&1));
    assert!(asked[&Some(425)] >= 2, "{asked:?}");
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn what_failed_rolls_back_nothing_that_came_after_it() {
    let mut course = Course::new(pair());
    course.cluster.life("v2", Life::Crashes(seconds(3), seconds(12)));
    course.flagger.apply("v2");
    // The gate has seen it crash; Flagger, whose tick is late, has not heard of it.
    course.flagger.tick().await;
    tokio::time::sleep(seconds(5)).await;
    let (status, _) = course.service.flagger(HOLD, "podinfo", "Progressing").await;
    assert_eq!(status, 409);
    tokio::time::sleep(seconds(15)).await;
    let (status, words) = course.service.flagger(ROLLBACK, "podinfo", "Progressing").await;
    assert_eq!(status, 200, "{words}");
    course.flagger.apply("v3");
    for _ in 0..10 {
        let (status, words) = course.service.flagger(ROLLBACK, "podinfo", "Progressing").await;
        assert_eq!(status, 409, "{words}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Succeeded, "v3"),
        "{:#?}",
        course.flagger.calls
    );
    course.never_rolled_back();
}

#[tokio::test(start_paused = true)]
async fn what_failed_with_the_old_configuration_is_analysed_again_with_the_new_one() {
    let mut course = Course::new(pair());
    course.cluster.life("v2", Life::Crashes(seconds(3), seconds(12)));
    course.flagger.apply("v2");
    course.flagger.run(60).await;
    assert_eq!(course.flagger.phase, Phase::Failed);
    // The template is the same to the last byte, and the gate of it has failed.
    course.cluster.life("v2", Life::Ready(seconds(3)));
    course.flagger.reconfigure();
    course.flagger.calls.clear();
    course.flagger.run(60).await;
    assert_eq!(
        (course.flagger.phase, course.flagger.promoted.as_str()),
        (Phase::Succeeded, "v2"),
        "{:#?}",
        course.flagger.calls
    );
    course.never_rolled_back();
    // And once more, with one that crashes: that is told for what it is.
    course.cluster.life("v2", Life::Crashes(seconds(3), seconds(12)));
    course.flagger.reconfigure();
    course.flagger.run(60).await;
    assert_eq!(course.flagger.phase, Phase::Failed);
    course.check_answers();
}

#[tokio::test(start_paused = true)]
async fn a_checksum_that_changes_all_the_time_parts_no_calls_of_a_healthy_gate() {
    let course = Course::new(pair());
    course.cluster.deploy("shop", "podinfo", "v2", 2);
    let mut statuses = Vec::new();
    for tick in 0..12 {
        let body = serde_json::json!({"name": "podinfo", "namespace": "shop", "phase": "Progressing", "checksum": tick.to_string()});
        statuses.push(course.service.post(HOLD, &body).await.0);
        tokio::time::sleep(seconds(5)).await;
    }
    assert_eq!((statuses[0], statuses[11]), (409, 200), "{statuses:?}");
}
