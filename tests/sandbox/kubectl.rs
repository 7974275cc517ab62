//! The sandbox under the real kubectl. Not run without being asked for: see CONTRIBUTING.md.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crashgate::sandbox::Running;

use super::api::Desk;

/// Runs kubectl on the server; its output and errors together.
fn kubectl(running: &Running, folder: &Path, arguments: &str) -> String {
    let output = kubectl_command(running, folder, arguments).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn kubectl_command(running: &Running, folder: &Path, arguments: &str) -> Command {
    let kubeconfig = folder.join("kubeconfig");
    std::fs::write(&kubeconfig, running.kubeconfig_yaml()).unwrap();
    let mut command = Command::new("kubectl");
    command.args(arguments.split(' ')).env("KUBECONFIG", kubeconfig).env("HOME", folder);
    command
}

#[ignore = "needs kubectl: cargo test --test it -- --ignored kubectl"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_as_a_cluster_is() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::still("crash-loop", 12_000).await;
    let run = |arguments: &str| tokio::task::block_in_place(|| kubectl(&desk.running, folder.path(), arguments));
    let pods = run("get pods -l app=payments,version=v1 -o wide");
    let lines: Vec<Vec<&str>> = pods.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..7], ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"], "{pods}");
    assert_eq!(lines[1][..4], ["payments-5949ff565-fnj7t", "0/1", "Error", "1"], "{pods}");
    assert!(lines[1].contains(&"ago)") && lines[1].contains(&"node1"), "{pods}");
    assert_eq!(lines.len(), 3, "{pods}");
    let events = run("get events");
    assert!(events.contains("Back-off restarting failed container app in pod"), "{events}");
    assert!(events.contains("deployment/payments"), "{events}");
    let log = run("logs payments-5949ff565-fnj7t");
    assert!(log.ends_with("fatal: DATABASE_URL is not set\n"), "{log}");
    let log = run("logs payments-5949ff565-fnj7t --previous");
    assert!(log.starts_with("unable to retrieve container logs for containerd://"), "{log}");
    let described = run("describe pod payments-5949ff565-fnj7t");
    for part in ["Exit Code:    1", "Restart Count:  1", "Controlled By:  ReplicaSet/payments-5949ff565", "BackOff"] {
        assert!(described.contains(part), "{part}: {described}");
    }
    let refused = run("delete pod payments-5949ff565-fnj7t --wait=false");
    assert!(refused.contains("the sandbox is read-only"), "{refused}");
    assert!(run("auth can-i list pods").starts_with("yes"));
    assert!(run("auth can-i delete pods").starts_with("no"));
    assert!(run("get deployments,rs,nodes,ns").contains("deployment.apps/payments"));
    let healthy = Desk::still("healthy", 20_000).await;
    let rollout =
        tokio::task::block_in_place(|| kubectl(&healthy.running, folder.path(), "rollout status deployment/checkout"));
    assert!(rollout.contains("deployment \"checkout\" successfully rolled out"), "{rollout}");
}

#[ignore = "needs kubectl: cargo test --test it -- --ignored kubectl"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_resources_are_read_as_where_their_definitions_are_installed() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        |desk: &Desk, arguments: &str| tokio::task::block_in_place(|| kubectl(&desk.running, folder.path(), arguments));
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let rollouts = Desk::still("rollout-aborted", 20_000).await;
    for arguments in ["get rollouts", "get ro", "get rollouts.argoproj.io", "get rollout/search"] {
        let told = words(&run(&rollouts, arguments));
        assert_eq!(told[0], ["NAME", "DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE", "AGE"], "{arguments}");
        assert_eq!(told[1][..5], ["search", "3", "4", "1", "4"], "{arguments}");
    }
    let yaml = run(&rollouts, "get rollout/search -o yaml");
    assert!(yaml.starts_with("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"), "{yaml}");
    assert!(yaml.contains("  currentPodHash: 7c8cd557f5\n"), "{yaml}");
    let described = run(&rollouts, "describe rollout search");
    assert!(described.contains("Phase:") && described.contains("Step Analysis Run 'search-7c8cd557f5-2-1'"));
    assert_eq!(run(&rollouts, "get rollout search -o jsonpath={.status.phase}"), "Progressing");
    assert_eq!(words(&run(&rollouts, "get ar"))[1][..2], ["search-7c8cd557f5-2-1", "Running"]);
    assert!(run(&rollouts, "auth can-i list rollouts").starts_with("yes"));
    assert!(run(&rollouts, "delete rollout search --wait=false").contains("the sandbox is read-only"));
    let none = run(&rollouts, "get clonesets");
    assert_eq!(none, "error: the server doesn't have a resource type \"clonesets\"\n");
    let none = run(&rollouts, "get --raw /apis/apps.kruise.io/v1alpha1/namespaces/rec-rollout-aborted/clonesets");
    assert!(none.contains("the server could not find the requested resource"), "{none}");

    let clone_sets = Desk::still("cloneset-inplace", 20_000).await;
    for arguments in ["get clonesets", "get clone"] {
        let told = words(&run(&clone_sets, arguments));
        let columns = ["NAME", "DESIRED", "UPDATED", "UPDATED_READY", "UPDATED_AVAILABLE", "READY", "TOTAL", "AGE"];
        assert_eq!(told[0], columns);
        assert_eq!(told[1][..3], ["cart", "3", "2"], "{arguments}");
    }
    let canaries = Desk::still("flagger-canary-ok", 50_000).await;
    let told = words(&run(&canaries, "get canaries"));
    assert_eq!(told[0], ["NAME", "STATUS", "WEIGHT", "LASTTRANSITIONTIME"]);
    assert_eq!(told[1][..3], ["payments", "Progressing", "10"]);
    assert!(run(&canaries, "get all").contains("canary.flagger.app/payments"), "its definition puts it into `all`");
}

/// How each recording of progressive delivery ends, as a person would look at it.
#[ignore = "needs kubectl: cargo test --test it -- --ignored kubectl"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_rollout_cloneset_and_canary_is_seen_as_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (recording, owner, field, value, pods) in [
        ("rollout-canary-step", "rollout/checkout", "{.status.phase}", "Paused", 1),
        ("rollout-canary-crash", "rollout/payments", "{.status.phase}", "Degraded", 1),
        ("rollout-aborted", "rollout/search", "{.status.abort}", "true", 0),
        ("rollout-promoted", "rollout/cart", "{.status.phase}", "Healthy", 3),
        ("rollout-bluegreen-preview", "rollout/ledger", "{.status.pauseConditions[0].reason}", "BlueGreenPause", 3),
        ("rollout-workloadref", "rollout/checkout", "{.spec.workloadRef.name}", "checkout", 3),
        ("cloneset-inplace", "cloneset/cart", "{.status.updatedReadyReplicas}", "3", 3),
        ("flagger-canary-ok", "canary/payments", "{.status.canaryWeight}", "10", 2),
    ] {
        let desk = Desk::still(recording, 120_000).await;
        let run = |arguments: &str| tokio::task::block_in_place(|| kubectl(&desk.running, folder.path(), arguments));
        assert_eq!(run(&format!("get {owner} -o jsonpath={field}")), value, "{recording}");
        let app = owner.split_once('/').unwrap().1;
        let listed = run(&format!("get pods -l app={app},version=v2 -o name"));
        assert_eq!(listed.lines().filter(|line| line.starts_with("pod/")).count(), pods, "{recording}: {listed}");
    }
}

#[ignore = "needs kubectl: cargo test --test it -- --ignored kubectl"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_watched_as_a_cluster_is() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::still("crash-loop", 5_400).await;
    let seen = tokio::task::block_in_place(|| {
        let mut command = kubectl_command(&desk.running, folder.path(), "get pods -w --no-headers");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
        desk.running.start();
        seen.extend(lines.take(2).map(Result::unwrap));
        child.kill().unwrap();
        child.wait().unwrap();
        seen
    });
    assert!(seen[0].contains("Error"), "{seen:?}");
    assert!(seen[2].contains("fnj7t") && seen[2].contains("Running") && seen[2].contains("1 ("), "{seen:?}");
}
