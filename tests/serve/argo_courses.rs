//! Whole analyses of Argo Rollouts with the recipe of manifests/argo-rollouts, over what the service really answers.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::argo_model::{Ended, Measured, Run};
use super::argo_recipe::Recipe;
use super::live_cluster::{Life, LiveCluster, hash_of};
use super::service::Service;

const PLAN: [(&str, &str); 1] = [("default", "waitPeriod: 2m\nstableFor: 30s\n")];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

struct Analysis {
    recipe: Recipe,
    run: Run,
    /// What the last answer's summary said.
    why: String,
}

impl Analysis {
    fn new() -> Self {
        Self { recipe: Recipe::read(), run: Run::default(), why: String::new() }
    }

    /// One measurement; without a service there is no answer.
    async fn measure(&mut self, service: Option<&Service>, version: &str) -> Option<Ended> {
        let body = self.recipe.body(&[
            ("namespace", "shop"),
            ("workload", "deployment/checkout"),
            ("revision", &hash_of(version)),
        ]);
        let body: Value = serde_json::from_str(&body).unwrap();
        let measured = match service {
            None => Measured::Error,
            Some(service) => {
                let (status, answer) = service.post(&self.recipe.path(), &body).await;
                let answer: Value = serde_json::from_str(&answer).unwrap();
                answer["summary"]["why"].as_str().unwrap().clone_into(&mut self.why);
                // It is stored with each measurement.
                assert!(answer["summary"].to_string().len() <= 900, "{answer}");
                self.recipe.measure(status, &answer)
            }
        };
        self.run.take(measured, &self.recipe.limits)
    }

    /// Measures every 10 s until the analysis ends.
    async fn run_to_the_end(&mut self, service: &Service, version: &str) -> Ended {
        loop {
            if let Some(ended) = self.measure(Some(service), version).await {
                return ended;
            }
            sleep(seconds(10)).await;
        }
    }
}

fn canary(life: Life) -> (LiveCluster, Service) {
    let cluster = LiveCluster::new();
    cluster.deploy("shop", "checkout", "v1", 2);
    cluster.life("v2", life);
    cluster.deploy("shop", "checkout", "v2", 2);
    let service = Service::over(cluster.connection(), &PLAN);
    (cluster, service)
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_ends_as_successful() {
    let (_cluster, service) = canary(Life::Ready(seconds(100)));
    let mut analysis = Analysis::new();
    assert_eq!(analysis.run_to_the_end(&service, "v2").await, Ended::Successful, "{}", analysis.why);
    assert!(analysis.run.measured.len() > 8, "it waited: {:?}", analysis.run.measured);
}

#[tokio::test(start_paused = true)]
async fn what_is_never_ready_never_ends_as_successful() {
    let (_cluster, service) = canary(Life::Unschedulable);
    let mut analysis = Analysis::new();
    assert_eq!(analysis.run_to_the_end(&service, "v2").await, Ended::Inconclusive);
    assert_eq!(analysis.run.measured.len(), 60);
    assert!(analysis.why.contains("cpu"), "{}", analysis.why);
}

#[tokio::test(start_paused = true)]
async fn a_crash_aborts_at_the_next_measurement() {
    let (_cluster, service) = canary(Life::Crashes(seconds(3), seconds(14)));
    let mut analysis = Analysis::new();
    assert_eq!(analysis.run_to_the_end(&service, "v2").await, Ended::Failed);
    assert!(analysis.run.measured.len() <= 3, "{:?}", analysis.run.measured);
    assert!(analysis.why.contains("exit code 1"), "{}", analysis.why);
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_service_and_an_outage_of_the_cluster_abort_nothing() {
    let (cluster, service) = canary(Life::Ready(seconds(50)));
    let mut analysis = Analysis::new();
    for _ in 0..3 {
        assert_eq!(analysis.measure(Some(&service), "v2").await, None);
        sleep(seconds(10)).await;
    }
    drop(service);
    for _ in 0..6 {
        assert_eq!(analysis.measure(None, "v2").await, None);
        sleep(seconds(10)).await;
    }
    cluster.set_down(true);
    let service = Service::over(cluster.connection(), &PLAN);
    for _ in 0..6 {
        assert_eq!(analysis.measure(Some(&service), "v2").await, None, "{}", analysis.why);
        sleep(seconds(10)).await;
    }
    cluster.set_down(false);
    assert_eq!(analysis.run_to_the_end(&service, "v2").await, Ended::Successful, "{}", analysis.why);
}

#[tokio::test(start_paused = true)]
async fn the_analysis_is_of_the_revision_that_it_names_and_of_no_other() {
    let (cluster, service) = canary(Life::Ready(seconds(3)));
    let mut analysis = Analysis::new();
    for _ in 0..3 {
        // It is asked about before the workload has it.
        assert_eq!(analysis.measure(Some(&service), "v3").await, None, "{}", analysis.why);
        sleep(seconds(10)).await;
    }
    assert!(analysis.why.contains("does not have revision hashv3 yet"), "{}", analysis.why);
    cluster.deploy("shop", "checkout", "v3", 2);
    assert_eq!(analysis.run_to_the_end(&service, "v3").await, Ended::Successful, "{}", analysis.why);
    // The one before it is superseded, however healthy it was: that is no success.
    let body =
        json!({"plan": "default", "namespace": "shop", "workload": "deployment/checkout", "revision": hash_of("v2")});
    sleep(seconds(150)).await;
    let answer = service.gate("/v1/gates?wait=60s", &body).await;
    assert_ne!(answer["verdict"], "healthy", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn of_two_replicas_that_which_is_left_begins_anew_and_passes_nothing_before_its_own_proof() {
    let (cluster, first) = canary(Life::Ready(seconds(3)));
    let second = Service::over(cluster.connection(), &PLAN);
    let body = json!({"plan": "default", "namespace": "shop", "workload": "deployment/checkout"});
    let answer = first.gate("/v1/gates?wait=60s", &body).await;
    assert_eq!(answer["verdict"], "healthy", "{answer}");
    drop(first);
    // From now on the pods are only ready for a moment at a time.
    let mut healthy = 0;
    for ready in [true, false].into_iter().cycle().take(20) {
        cluster.set_ready("shop", "checkout", ready);
        let answer = second.gate("/v1/gates", &body).await;
        healthy += u32::from(answer["verdict"] == "healthy");
        sleep(seconds(10)).await;
    }
    assert_eq!(healthy, 0, "no pod was ready for 30 s");
    cluster.set_ready("shop", "checkout", true);
    sleep(seconds(120)).await;
    let answer = second.gate("/v1/gates", &body).await;
    assert_eq!(answer["verdict"], "healthy", "{answer}");
}
