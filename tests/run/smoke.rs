//! The smoke runs of gates: a pass needs one, its failure is the app's, and what cannot be run proves nothing.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use crashgate::gate::code::Code;
use crashgate::gate::machine::Want;
use crashgate::gate::observation::Fact;
use crashgate::gate::pod::Ended;
use crashgate::gate::pod_order::PodOrder;
use crashgate::gate::pod_run::PodEnd;
use crashgate::gate::smoke::SmokeRun;
use crashgate::gate::verdict::Verdict;
use crashgate::sandbox::Sandbox;
use serde_json::Value;

use super::{Cluster, told};
use crate::story::objects::{Bend as _, deployment, pod, replica_set};
use crate::story::{Story, plan};

const RECORDING: &str = "tests/recordings/healthy.ndjson";
const GATE: [&str; 10] =
    ["--app", "checkout", "--version", "v1", "-n", "rec-healthy", "--delay", "1s", "--stable-for", "500ms"];

/// The healthy app at the end of its recording, and pods by a script.
fn healthy(pods: &str, faults: &str) -> Cluster {
    let sandbox = Sandbox::load(Path::new(RECORDING)).unwrap();
    let offset = sandbox.length();
    Cluster::at(sandbox, offset, pods, faults)
}

fn start(cluster: &Cluster, smoke: &[&str]) -> Child {
    let mut command = cluster.command(&["check", "-o", "json"]);
    command.args(GATE).args(smoke.iter().map(|entry| format!("--smoke={entry}")));
    command.spawn().unwrap()
}

fn ended(child: Child) -> (Option<i32>, Value, String) {
    let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
    (code, serde_json::from_str(&stdout).unwrap(), stderr)
}

fn pods(cluster: &Cluster) -> Vec<String> {
    let own = |name: &String| name.starts_with("crashgate-run-");
    cluster.pods_of("rec-healthy").into_iter().filter(own).collect()
}

#[test]
fn a_smoke_run_that_ends_well_lets_the_gate_pass_after_one_more_look() {
    let cluster = healthy("- {image: smoke, after: 100ms, lasts: 200ms, log: [{text: \"well\\n\"}]}", "");
    let (code, result, stderr) = ended(start(&cluster, &["image=smoke", "command=./smoke", "command=--fast"]));
    assert_eq!((code, &result["verdict"]), (Some(0), &"healthy".into()), "{result}{stderr}");
    assert!(stderr.contains("smoke run"), "{stderr}");
    assert_eq!(pods(&cluster), Vec::<String>::new());
    let requests = cluster.running.requests();
    let deleted = requests.iter().position(|request| request.method == "DELETE").unwrap();
    let looked = |request: &crashgate::sandbox::Request| {
        request.path.ends_with("/pods") && !request.query.contains("watch") && request.query.contains("checkout")
    };
    assert!(requests[deleted..].iter().any(looked), "the pass rests on a look after the smoke run: {requests:?}");
}

#[test]
fn a_smoke_run_that_fails_is_the_apps_failure_with_its_output() {
    let cluster = healthy(
        "- {image: smoke, exitCode: 3, log: [{text: \"GET /basket: 502\\n\"}]}\n- {image: hangs, lasts: forever}",
        "",
    );
    let (fails, hangs) = (start(&cluster, &["image=smoke"]), start(&cluster, &["image=hangs", "timeout=4s"]));
    let (code, result, stderr) = ended(fails);
    assert_eq!((code, &result["verdict"]), (Some(1), &"failed".into()), "{result}{stderr}");
    let finding = &result["gates"][0]["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["fault"], &finding["exitStatus"]),
        (&"SmokeFailed".into(), &"app".into(), &3.into())
    );
    assert_eq!(finding["evidence"][0], serde_json::json!({"kind": "log", "text": "GET /basket: 502\n"}));
    let (code, result, _) = ended(hangs);
    assert_eq!((code, &result["gates"][0]["findings"][0]["code"]), (Some(1), &"SmokeFailed".into()), "{result}");
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

#[test]
fn a_smoke_run_that_cannot_be_is_told_by_its_cause() {
    let cluster = healthy(
        "- {image: quota, refused: 'exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3'}\n\
         - {image: rights, refused: 'User \"ci\" cannot create resource \"pods\" in API group \"\"'}\n\
         - {image: late, after: 1h}",
        "",
    );
    let cases = [
        ("quota", 5, "platform", "QuotaExceeded"),
        ("rights", 7, "inconclusive", "Forbidden"),
        ("late", 7, "inconclusive", "SmokeNotRun"),
        ("typo", 1, "failed", "ImageNotFound"),
    ];
    let running = cases.map(|case| (start(&cluster, &[&format!("image={}", case.0), "timeout=4s"]), case));
    for (child, (image, code, verdict, cause)) in running {
        let (ended, result, stderr) = ended(child);
        let gate = &result["gates"][0];
        assert_eq!((ended, &result["verdict"]), (Some(code), &verdict.into()), "{image}: {result}{stderr}");
        assert_eq!(gate["findings"][0]["code"], cause, "{image}: {result}");
    }
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

#[test]
fn a_replay_proves_no_smoke_run() {
    let mut command = crate::cli::crashgate(&["replay", RECORDING, "--smoke", "image=smoke"]);
    let (code, stdout, _) = told(&command.args(GATE).output().unwrap());
    assert_eq!(code, Some(7), "{stdout}");
    assert!(stdout.contains("SmokeNotRun") && stdout.contains("--smoke none"), "{stdout}");
    let mut command = crate::cli::crashgate(&["replay", RECORDING, "--smoke", "image=smoke", "--smoke", "none"]);
    assert_eq!(told(&command.args(GATE).output().unwrap()).0, Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_during_the_smoke_run_leaves_no_pod() {
    let cluster = healthy("- {image: smoke, lasts: forever}", "");
    let child = cluster.command(&["check", "--smoke", "image=smoke"]).args(GATE).spawn().unwrap();
    cluster.wait_for("GET", "/log");
    let kill = std::process::Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(told(&child.wait_with_output().unwrap()).0, Some(130));
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

fn smoked(exit_code: i32) -> Fact {
    let ended = Ended {
        exit_code,
        signal: None,
        reason: None,
        message: None,
        container_id: None,
        started_at: None,
        finished_at: None,
        ran_seconds: None,
    };
    let end = PodEnd::Exited(ended);
    Fact::Smoked(Box::new(SmokeRun { pod: "p".to_owned(), end, started: true, torn: None, output: String::new() }))
}

/// A gate with a smoke run over one ready pod, at the moment at which it wants the run.
fn wants_smoke() -> (Story, crashgate::gate::workload::Workload) {
    let mut plan = plan();
    plan.smoke = Some(PodOrder { timeout: Duration::from_secs(20), ..PodOrder::new("smoke") });
    let mut story = Story::new(plan);
    let web = deployment("web", "v2", 1);
    let set = replica_set(&web);
    story.workload(web).workload(set.clone()).at(1.0).pod(pod(&set, "a")).at(10.9);
    assert_eq!(story.gate.want(), Want::Nothing);
    story.at(11.5);
    assert!(matches!(story.gate.want(), Want::Smoke { .. }));
    (story, set)
}

#[test]
fn a_pass_needs_the_smoke_run_of_its_own_window_and_a_look_after_it() {
    let (mut story, set) = wants_smoke();
    let Want::Smoke { ticket: first } = story.gate.want() else { panic!("a smoke run") };
    story.at(12.0).pod(pod(&set, "a").unready());
    assert_eq!(story.gate.want(), Want::Nothing, "it is called off");
    story.tell(smoked(0)).at(13.0).pod(pod(&set, "a")).at(22.9).still_open();
    assert_eq!(story.gate.want(), Want::Nothing);
    story.at(23.5);
    let Want::Smoke { ticket: second } = story.gate.want() else { panic!("another smoke run") };
    assert_ne!(first, second);
    assert_eq!(story.confirmations, 0);
    story.at(25.0).tell(smoked(0));
    assert_eq!(story.confirmations, 1);
    assert_eq!(story.ended().unwrap().verdict, Verdict::Healthy);
}

#[test]
fn an_app_that_breaks_while_it_is_tested_does_not_pass() {
    let (mut story, set) = wants_smoke();
    // The watch tells nothing; the look after the smoke run does.
    story.pods.insert("a".to_owned(), pod(&set, "a").unready());
    story.at(14.0).tell(smoked(0)).still_open();
    assert_eq!(story.confirmations, 1);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn a_smoke_run_decides_only_where_it_was_asked_for() {
    let (mut story, _) = wants_smoke();
    story.tell(smoked(1));
    assert_eq!(crate::story::lead(story.ended().unwrap()).code, Code::SmokeFailed);
    let mut story = Story::new(plan());
    story.tell(smoked(1)).still_open();
}

#[test]
fn a_gate_does_not_wait_for_a_smoke_run_for_ever() {
    let (mut story, _) = wants_smoke();
    story.at(400.0);
    let outcome = story.ended().unwrap();
    assert_eq!((outcome.verdict, crate::story::lead(outcome).code), (Verdict::Inconclusive, Code::SmokeNotRun));
}
