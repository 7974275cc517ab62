//! Signals, lost answers and panics at each stage of a run: no pod stays behind.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use crashgate::cluster::api::Connection;
use crashgate::cluster::run::PodOutput;
use crashgate::cluster::run::pod_run;
use crashgate::cluster::signals;
use crashgate::gate::spec::PodOrder;

use super::{Cluster, told};

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

fn ends_with(cluster: &Cluster, child: Child, code: i32) -> String {
    let (ended, _, stderr) = told(&child.wait_with_output().unwrap());
    assert_eq!(ended, Some(code), "{stderr}");
    assert_eq!(cluster.pods(), Vec::<String>::new(), "{stderr}");
    stderr
}

#[test]
fn before_the_creation_is_answered() {
    let cluster = Cluster::with("- {image: tool, lasts: forever}", "- {verb: create, fault: delay, by: 1500ms}");
    let child = cluster.start(&["run", "tool"]);
    cluster.wait_for("POST", "/pods");
    signal(&child, "INT");
    ends_with(&cluster, child, 130);
    cluster.wait_for("DELETE", "/pods/crashgate-run-");
}

#[test]
fn while_the_pod_is_pending() {
    let cluster = Cluster::with("- {image: tool, after: 1h}", "");
    let child = cluster.start(&["run", "tool"]);
    cluster.wait_for("GET", "watch=true");
    signal(&child, "TERM");
    ends_with(&cluster, child, 143);
}

#[test]
fn a_session_that_goes_away_and_sigquit_leave_no_pod() {
    let cluster = Cluster::with("- {image: tool, lasts: forever}", "");
    for (name, code) in [("HUP", 129), ("QUIT", 131)] {
        let child = cluster.start(&["run", "tool", "--name", &name.to_lowercase()]);
        cluster.wait_for("GET", &format!("/pods/{}/log", name.to_lowercase()));
        signal(&child, name);
        ends_with(&cluster, child, code);
    }
}

#[test]
fn under_nohup_a_session_that_goes_away_ends_nothing() {
    let cluster = Cluster::with("- {image: tool, after: 0s, lasts: forever}", "");
    let kubeconfig = cluster.kubeconfig.path().to_str().unwrap();
    let child = Command::new("nohup")
        .args([env!("CARGO_BIN_EXE_crashgate"), "run", "tool", "--kubeconfig", kubeconfig])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    cluster.wait_for("GET", "/log");
    signal(&child, "HUP");
    signal(&child, "TERM");
    ends_with(&cluster, child, 143);
}

#[test]
fn while_the_container_runs() {
    let cluster = Cluster::with("- {image: tool, lasts: forever, log: [{text: \"begun\\n\"}]}", "");
    let mut child = cluster.start(&["run", "tool"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n", "it comes while the container runs");
    signal(&child, "INT");
    ends_with(&cluster, child, 130);
}

#[test]
fn while_the_pod_is_deleted_the_containers_end_stands() {
    let cluster = Cluster::with("- {image: tool, exitCode: 3}", "- {verb: delete, fault: delay, by: 1500ms}");
    let child = cluster.start(&["run", "tool"]);
    cluster.wait_for("DELETE", "/pods/crashgate-run-");
    signal(&child, "INT");
    ends_with(&cluster, child, 3);
}

#[test]
fn a_second_signal_ends_at_once() {
    let cluster = Cluster::with("- {image: tool, lasts: forever}", "- {verb: delete, fault: stall}");
    let mut child = cluster.start(&["run", "tool"]);
    cluster.wait_for("GET", "/log");
    signal(&child, "INT");
    cluster.wait_for("DELETE", "/pods/crashgate-run-");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn lost_answers_leave_one_pod_and_then_none() {
    let cluster = Cluster::with(
        "- {image: tool, exitCode: 7, log: [{text: \"once\\n\"}]}",
        "- {verb: create, request: 1, fault: drop}\n- {verb: create, request: 2, fault: cut, after: 0}\n\
         - {verb: delete, request: 1, fault: status, code: 503}\n- {verb: delete, request: 2, fault: cut, after: 0}",
    );
    let output = cluster.command(&["run", "tool"]).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stdout.as_str()), (Some(7), "once\n"), "{stderr}");
    assert_eq!(cluster.pods(), Vec::<String>::new());
    assert!(!stderr.contains("left behind"), "{stderr}");
}

#[test]
fn a_pod_that_cannot_be_deleted_is_named() {
    let cluster = Cluster::with("- {image: tool}", "- {verb: delete, fault: status, code: 403}");
    let (code, _, stderr) = told(&cluster.command(&["run", "tool"]).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("kubectl delete pod -n shop crashgate-run-"), "{stderr}");
    assert_eq!(cluster.pods().len(), 1);
}

struct Panics;

impl PodOutput for Panics {
    fn wrote(&mut self, _bytes: &[u8]) {
        panic!("on purpose");
    }

    fn said(&mut self, _words: &str) {}
}

#[test]
fn a_panic_leaves_no_pod() {
    let cluster = Cluster::with("- {image: tool, lasts: forever, log: [{text: x}]}", "");
    let report = cluster.runtime.block_on(async {
        let connection = Connection::to_url(&cluster.running.url(), "shop").await.unwrap().into();
        pod_run::run(&connection, "shop", &PodOrder::new("tool"), false, &mut Panics, signals::never()).await
    });
    assert_eq!(crashgate::report::pod_run::exit_code(&report), 125);
    assert_eq!(cluster.pods(), Vec::<String>::new());
}
