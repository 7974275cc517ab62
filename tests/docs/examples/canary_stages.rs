//! The canary by stages: what it asks of the cluster, in which order, whatever the gates say and whoever stops it. The gates
//! are real, against a recording; what would change a cluster is written down by a stub of kubectl.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crashgate::sandbox::{Options, Running, Sandbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{list, text, yaml};
use crate::sandbox::metrics_recording::{self, Traffic};

const SCRIPT: &str = "ci-examples/canary-stages.sh";

const GATE: &str = "\
app: checkout
version: ${VERSION}
namespace: rec-canary-healthy
delay: 1s
waitPeriod: 20s
stableFor: ${STABLE_FOR:-1s}
watchFor: 20s
metrics:
  source: {url: '${PROM_URL}'}
  checks:
    - {name: errors, bad: 'http_requests_total{$pods,code=~\"5..\"}', total: 'http_requests_total{$pods}', max: 5%}
";

/// Answers what the script reads, remembers what it writes, and fails where it is told to.
const KUBECTL: &str = r#"#!/bin/bash
asked="${*//$'\n'/ }"
echo "$asked" >> asked
case "$asked" in
  *"get service checkout-stable"*) cat live ;;
  *"get httproute"*) printf 'other checkout-canary checkout-stable' ;;
  *"get deployment"*) printf 3 ;;
  *"patch httproute"*) if [ -e refuse ] && grep -q stage- asked; then echo "refused" >&2; exit 1; fi ;;
  *"patch service checkout-stable"*) printf '%s' "$asked" | sed 's/.*"version":"\([^"]*\)".*/\1/' > live ;;
esac
"#;

/// The real crashgate, and for the gate of one stage another source or another patience.
const CRASHGATE: &str = r#"#!/bin/bash
echo "crashgate $*" >> asked
case "$*" in
  *"canary-${BAD_STAGE:-none}.xml"*) export PROM_URL=$BAD_URL ;;
  *"canary-${LONG_STAGE:-none}.xml"*) export STABLE_FOR=10m ;;
esac
exec "$REAL" "$@"
"#;

const GOOD: Traffic = Traffic { pods: "checkout-v2", arm: "canary", requests: 200, bad: |_| 0 };

/// A cluster with both versions, metrics of good and of bad traffic, and a folder to run in.
struct Stage {
    runtime: Runtime,
    good: Running,
    bad: Running,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = TempDir::new().unwrap();
        let serve = |name: &str, traffic: Traffic| {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            let path = metrics_recording::write(&folder, "canary-healthy", &[traffic], 240_000, &[]);
            let options = Options { offset: Duration::from_secs(20), ..Options::default() };
            runtime.block_on(Sandbox::load(&path).unwrap().serve(options)).unwrap()
        };
        let (good, bad) = (serve("good", GOOD), serve("bad", Traffic { bad: |_| 300, ..GOOD }));
        let at = folder.path();
        fs::write(at.join("kubeconfig"), good.kubeconfig_yaml()).unwrap();
        fs::write(at.join("gate.yaml"), GATE).unwrap();
        fs::write(at.join("live"), "v1").unwrap();
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("ci-examples"), at.join("ci-examples")).unwrap();
        fs::create_dir(at.join("stubs")).unwrap();
        for (tool, script) in [("kubectl", KUBECTL), ("crashgate", CRASHGATE)] {
            let path = at.join("stubs").join(tool);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { runtime, good, bad, folder }
    }

    fn start(&self, script: &str, env: &[(&str, &str)]) -> Child {
        let at = self.folder.path();
        let path = format!("{}:{}", at.join("stubs").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(at);
        for name in ["GITHUB_ACTIONS", "GITLAB_CI", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
            command.env_remove(name);
        }
        let common = [
            ("APP", "checkout"),
            ("NAMESPACE", "rec-canary-healthy"),
            ("VERSION", "v2"),
            ("STAGES", "5 50"),
            ("PAUSE", "0"),
        ];
        command
            .envs(common)
            .env("PATH", path)
            .env("KUBECONFIG", "kubeconfig")
            .env("REAL", env!("CARGO_BIN_EXE_crashgate"));
        command.env("PROM_URL", self.good.prometheus_url()).env("BAD_URL", self.bad.prometheus_url());
        command.envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// The exit code and what was said.
    fn run(&self, script: &str, env: &[(&str, &str)]) -> (Option<i32>, String) {
        let output = self.start(script, env).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    }

    /// What changed the cluster, and the gates in between, in short.
    fn steps(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        asked.lines().filter_map(step).collect()
    }

    fn end(self) {
        self.runtime.block_on(async {
            self.good.stop().await;
            self.bad.stop().await;
        });
    }
}

fn step(asked: &str) -> Option<String> {
    let between = |from: &str, to: &str| asked.split_once(from)?.1.split(to).next().map(str::to_owned);
    if let Some(gate) = between("junit=canary-", ".xml") {
        return Some(format!("gate {gate}{}", if asked.ends_with("--metrics none") { " without metrics" } else { "" }));
    }
    if asked.contains("patch httproute") {
        // The backends are found by their names, and tested by them.
        assert!(asked.contains("backendRefs/2/name\",\"value\":\"checkout-stable\""), "{asked}");
        assert!(asked.contains("backendRefs/1/name\",\"value\":\"checkout-canary\""), "{asked}");
        let weight = |place: u8| between(&format!("backendRefs/{place}/weight\",\"value\":"), "}").unwrap();
        return Some(format!("weights {} {}", weight(2), weight(1)));
    }
    if asked.contains("patch service") {
        return Some(format!("{} to {}", between("patch service ", " ")?, between("\"version\":\"", "\"")?));
    }
    if asked.contains("scale deployment") {
        return Some(format!("{} pods of {}", between("--replicas ", " ")?, between("version=", " ")?));
    }
    if asked.contains("delete deployment") {
        return Some(format!("remove {}", between("app=checkout,version=", " ")?));
    }
    asked.contains("apply").then(|| "apply".to_owned())
}

const BEGIN: [&str; 3] = ["checkout-canary to v2", "weights 100 0", "gate start without metrics"];
const BACK: [&str; 3] = ["checkout-stable to v1", "weights 100 0", "0 pods of v2"];

/// The steps of a job that are for a shell.
fn gitlab() -> String {
    let job = &yaml("ci-examples/gitlab/canary.yml")[".canary"];
    list(&job["script"], "script").iter().map(|line| text(line, "a line").to_owned() + "\n").collect()
}

fn github(wanted: &[&str]) -> String {
    let workflow = yaml("ci-examples/github/canary.yml");
    let steps = list(&workflow["jobs"]["canary"]["steps"], "steps").iter();
    let wanted = steps.filter(|step| step["name"].as_str().is_some_and(|name| wanted.contains(&name)));
    wanted.map(|step| text(&step["run"], "a script").to_owned() + "\n").collect()
}

#[test]
fn a_version_that_is_healthy_at_every_stage_becomes_the_live_one() {
    let stage = Stage::new();
    let (code, said) = stage.run(&gitlab(), &[]);
    assert_eq!(code, Some(0), "{said}");
    let promoted = ["3 pods of v2", "gate full without metrics", "checkout-stable to v2", "weights 100 0", "remove v1"];
    let stages = ["weights 95 5", "gate stage-5", "weights 50 50", "gate stage-50"];
    assert_eq!(stage.steps(), [&["apply"], &BEGIN[..], &stages, &promoted].concat(), "{said}");
    assert!(said.contains("canary: v2 is the live version"), "{said}");
    for report in ["canary-start.xml", "canary-stage-5.xml", "canary-stage-50.html", "canary-full.xml"] {
        assert!(stage.folder.path().join(report).exists(), "{report}");
    }
    // Once more changes nothing, neither forwards nor backwards.
    fs::remove_file(stage.folder.path().join("asked")).unwrap();
    assert_eq!(stage.run(SCRIPT, &[]).0, Some(2));
    assert_eq!(stage.run(&format!("{SCRIPT} back"), &[]).0, Some(0));
    assert_eq!(stage.steps(), [""; 0]);
    stage.end();
}

#[test]
fn a_no_at_the_second_stage_puts_the_traffic_back_and_then_scales_the_new_version_down() {
    let stage = Stage::new();
    let (code, said) = stage.run(&github(&["Deploy beside the live version", "Canary"]), &[("BAD_STAGE", "stage-50")]);
    assert_eq!(code, Some(1), "{said}");
    let stages = ["weights 95 5", "gate stage-5", "weights 50 50", "gate stage-50"];
    assert_eq!(stage.steps(), [&["apply"], &BEGIN[..], &stages, &BACK].concat(), "{said}");
    assert!(
        said.contains("MetricOverLimit") && said.contains("canary: stage-50: no (crashgate exited with 1)"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(stage.folder.path().join("live")).unwrap().trim(), "v1");
    stage.end();
}

#[test]
fn a_signal_between_two_stages_ends_the_gate_and_puts_everything_back() {
    for (signal, exit_code) in [("TERM", 143), ("INT", 130)] {
        let stage = Stage::new();
        let child = stage.start(&format!("exec {SCRIPT}"), &[("LONG_STAGE", "stage-5")]);
        let begun = std::time::Instant::now();
        // The gate of the first stage has begun, and would go on for ten minutes.
        while !stage.steps().contains(&"gate stage-5".to_owned()) {
            assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", stage.steps());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit_code), "{said}");
        assert_eq!(stage.steps(), [&BEGIN[..], &["weights 95 5", "gate stage-5"], &BACK].concat(), "{said}");
        // A run that was killed before it could do that is put back by hand.
        let (code, said) = stage.run(&github(&["Put everything back"]), &[]);
        assert_eq!((code, &stage.steps()[8..]), (Some(0), &BACK.map(str::to_owned)[..]), "{said}");
        stage.end();
    }
}

#[test]
fn a_version_that_may_still_get_requests_is_not_scaled_down() {
    let stage = Stage::new();
    fs::write(stage.folder.path().join("refuse"), "").unwrap();
    // The weight of the second stage is refused, and so is every way back.
    let (code, said) = stage.run(SCRIPT, &[]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("THE TRAFFIC COULD NOT BE PUT BACK"), "{said}");
    assert!(!stage.steps().iter().any(|step| step.contains("pods of v2")), "{:?}", stage.steps());
    stage.end();
}

#[test]
fn nothing_is_touched_where_it_is_not_said_what_is_rolled_out() {
    let stage = Stage::new();
    for (unset, words) in [("VERSION", "set VERSION"), ("APP", "set APP"), ("NAMESPACE", "set NAMESPACE")] {
        let (code, said) = stage.run(&format!("unset {unset}; {SCRIPT}"), &[]);
        assert!(code != Some(0) && said.contains(words), "{code:?} {said}");
    }
    for (name, value, words) in [
        ("VERSION", "v2\",\"x\":\"y", "cannot be the value of a label"),
        ("STAGES", "5 08", "no stage: 08"),
        ("STAGES", "101", "no stage: 101"),
    ] {
        let (code, said) = stage.run(SCRIPT, &[(name, value)]);
        assert!(code == Some(2) && said.contains(words), "{code:?} {said}");
    }
    assert!(!stage.folder.path().join("asked").exists());
    stage.end();
}
