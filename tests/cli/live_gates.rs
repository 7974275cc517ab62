//! `check KIND/NAME` and `check --all`: the whole binary.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crashgate::sandbox::{Options, Sandbox};

use super::{crashgate, kubeconfig, told};

const CRASH_LOOP: [&str; 2] = ["--rehearse", "tests/recordings/crash-loop.ndjson"];

#[test]
fn the_workload_that_is_named_is_gated_by_the_template_that_it_has() {
    let output = crashgate(&["check", "deploy/payments"]).args(CRASH_LOOP).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("✘ FAILED: payments v1 in namespace rec-crash-loop, after "), "{stdout}");
    assert!(stdout.contains("CrashLoop: container app") && stdout.contains("DATABASE_URL is not set"), "{stdout}");
    let mut lines = stderr.lines();
    assert_eq!(lines.next(), Some("deployment/payments: version v1, from the label version of its template"));
    assert!(stderr.contains("Gate payments v1 in namespace rec-crash-loop: workload deployment/payments;"), "{stderr}");
}

#[test]
fn a_workload_that_is_not_there_is_nothing_matched_and_the_near_one_is_named() {
    let flags = ["--wait-period", "3s", "--delay", "1s", "-o", "json"];
    let output = crashgate(&["check", "deployment", "paymnts"]).args(CRASH_LOOP).args(flags).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &result["verdict"]), (Some(4), &"nothing-matched".into()), "{stdout}{stderr}");
    assert_eq!(
        result["gates"][0]["findings"][0]["message"],
        "deployment/paymnts does not exist in namespace rec-crash-loop; there is deployment/payments"
    );
    assert!(stderr.starts_with("deployment/paymnts is not there yet; there is deployment/payments\n"), "{stderr}");
}

#[test]
fn all_of_a_namespace_is_gated_and_what_is_left_out_is_named() {
    let output = crashgate(&["check", "--all", "-v"]).args(CRASH_LOOP).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("✘ FAILED: payments v1 in namespace rec-crash-loop, after "), "{stdout}");
    assert!(
        stderr.contains("replicaset/payments-5949ff565 is left out: it is controlled by deployment/payments\n"),
        "{stderr}"
    );
    let idle = ["--rehearse", "tests/recordings/zero-replicas.ndjson", "--wait-period", "3s"];
    let (code, stdout, stderr) = told(&crashgate(&["check", "--all"]).args(idle).output().unwrap());
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    assert!(
        stdout.contains("has nothing that can be gated: deployment/") && stdout.contains("(it wants no pod)"),
        "{stdout}"
    );
}

#[test]
fn a_mistake_is_told_before_any_cluster_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let file = kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let config = ["--kubeconfig", file.path().to_str().unwrap()];
    for (arguments, expected) in [
        (&["check", "pod/x"][..], "not a kind of workload that a gate can be pinned to"),
        (&["check", "deployment"], "is a kind without a name, or a name without a kind"),
        (&["check", "deployments/a", "deployments/b"], "is more than one workload"),
        (&["check", "gate.yaml"], "a file is given with `-f`, as in `-f gate.yaml`"),
        (&["check", "deploy/x", "-f", "manifests/gate.yaml"], "`-f` and `deploy/x` are both given"),
        (&["check", "deploy/x", "--workload", "sts/x"], "`--workload` and `deploy/x` are both given"),
        (&["check", "deploy/x", "-l", "app=x"], "`--selector` and `deploy/x` are both given"),
        (&["check", "deploy/x", "--wait-period", "60"], "fix: write `60s`"),
        (&["check", "deploy/x", "-n", "Not_A_Name"], "cannot be the name of a namespace"),
        (&["check", "--all", "--app", "x"], "`--app` and `--all` are both given"),
        (&["check", "--all", "-f", "-"], "`-f` and `--all` are both given"),
    ] {
        let (code, stdout, stderr) = told(&crashgate(arguments).args(config).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected) && stderr.contains("\n  fix: "), "{arguments:?}: {stderr}");
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody was asked");
}

#[test]
fn a_cluster_that_cannot_be_reached_is_inconclusive_in_bounded_time() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = kubeconfig(&format!("http://127.0.0.1:{port}"));
    let began = Instant::now();
    let start = |what| {
        let arguments = ["check", what, "--kubeconfig", file.path().to_str().unwrap()];
        (what, crashgate(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    for (what, child) in ["deploy/web", "--all"].map(start) {
        let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(7), "{what}: {stdout}{stderr}");
        assert!(stdout.contains("ClusterUnreachable") && stdout.contains("in namespace default"), "{what}: {stdout}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn the_namespace_is_that_of_the_flag_else_of_the_context() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = Sandbox::load("tests/recordings/crash-loop.ndjson".as_ref()).unwrap();
    let running = runtime.block_on(sandbox.serve(Options::default())).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), running.kubeconfig_yaml()).unwrap();
    let config = file.path().to_str().unwrap();
    let flags = ["--wait-period", "5s", "--stable-for", "0s"];
    let check = |more: &[&str]| {
        told(&crashgate(&["check", "deploy/payments", "--kubeconfig", config]).args(flags).args(more).output().unwrap())
    };
    let (_, stdout, stderr) = check(&[]);
    assert!(stdout.contains("payments v1 in namespace rec-crash-loop"), "{stdout}{stderr}");
    let (code, stdout, stderr) = check(&["-n", "elsewhere", "--delay", "1s"]);
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    assert!(stdout.contains("deployment/payments does not exist in namespace elsewhere"), "{stdout}{stderr}");
}
