//! The cluster that these tests deploy to, held against gates of their own: what it tells must be what a cluster tells.

use std::time::Duration;

use crashgate::cluster::drive::judge;
use crashgate::cluster::never;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Plan;

use super::live_cluster::{Life, LiveCluster};
use crate::cluster::stub::Counting;

fn plan(version: &str) -> Plan {
    Plan::new("podinfo", version, "shop")
}

#[tokio::test(start_paused = true)]
async fn a_healthy_deployment_is_healthy() {
    let cluster = LiveCluster::new();
    cluster.deploy("shop", "podinfo", "v1", 3);
    let run = judge(cluster.connection(), vec![plan("v1")], &mut Counting::default(), never()).await;
    assert_eq!(run.verdict(), Verdict::Healthy, "{run:#?}");
    assert_eq!(run.gates[0].outcome.ready, 3);
}

#[tokio::test(start_paused = true)]
async fn a_crash_and_a_full_cluster_are_what_they_are() {
    let cluster = LiveCluster::new();
    cluster.life("v2", Life::Crashes(Duration::from_secs(2), Duration::from_secs(4)));
    cluster.deploy("shop", "podinfo", "v2", 1);
    let run = judge(cluster.connection(), vec![plan("v2")], &mut Counting::default(), never()).await;
    assert_eq!((run.verdict(), run.gates[0].outcome.findings[0].code), (Verdict::Failed, Code::CrashLoop));
    cluster.life("v3", Life::Unschedulable);
    cluster.deploy("shop", "podinfo", "v3", 1);
    let run = judge(cluster.connection(), vec![plan("v3")], &mut Counting::default(), never()).await;
    assert_eq!((run.verdict(), run.gates[0].outcome.findings[0].code), (Verdict::Platform, Code::Unschedulable));
}
