//! `crashgate init`: the whole binary.

use std::net::TcpListener;

use super::{crashgate, kubeconfig, told};

const CRASH_LOOP: [&str; 2] = ["--rehearse", "tests/recordings/crash-loop.ndjson"];

#[test]
fn the_file_is_valid_and_judges_the_workload_that_it_was_written_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.yaml");
    let file = path.to_str().unwrap();
    let output = crashgate(&["init", "deploy/payments", "-f", file]).args(CRASH_LOOP).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
    let next = format!("Wrote {file}. Next: VERSION=v1 crashgate check -f {file} --rehearse {}\n", CRASH_LOOP[1]);
    assert!(stderr.ends_with(&next), "{stderr}");
    let (code, _, stderr) = told(&crashgate(&["validate", "-f", file]).output().unwrap());
    assert_eq!(code, Some(2), "VERSION has no default: {stderr}");
    assert!(stderr.contains("`VERSION` is not set"), "{stderr}");
    let (code, stdout, stderr) = told(&crashgate(&["validate", "-f", file]).env("VERSION", "v1").output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("payments v1 in rec-crash-loop: pods app=payments,version=v1"), "{stdout}");
    let check = crashgate(&["check", "-f", file]).args(CRASH_LOOP).env("VERSION", "v1").output().unwrap();
    let (code, stdout, stderr) = told(&check);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("CrashLoop: container app"), "{stdout}");
}

#[test]
fn a_file_that_exists_is_overwritten_by_force_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.yaml");
    std::fs::write(&path, "mine").unwrap();
    let init = |more: &[&str]| {
        let arguments = ["init", "deploy/payments", "--output", path.to_str().unwrap()];
        told(&crashgate(&arguments).args(CRASH_LOOP).args(more).output().unwrap())
    };
    let (code, stdout, stderr) = init(&[]);
    assert_eq!((code, &*stdout), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("exists already") && stderr.contains("`--force`"), "{stderr}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(init(&["--force"]).0, Some(0));
    assert!(std::fs::read_to_string(&path).unwrap().contains("app: payments"));
}

#[test]
fn stdout_carries_the_file_and_nothing_else() {
    let (code, stdout, stderr) =
        told(&crashgate(&["init", "deployment", "payments"]).args(CRASH_LOOP).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("init", stdout);
    });
    assert!(
        stderr.contains("Save it as gate.yaml. Next: VERSION=v1 crashgate check -f gate.yaml --rehearse"),
        "{stderr}"
    );
}

#[test]
fn the_one_workload_of_a_recording_need_not_be_named() {
    let (code, stdout, stderr) = told(&crashgate(&["init"]).args(CRASH_LOOP).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("# Judges a deploy of deployment/payments in namespace rec-crash-loop"), "{stdout}");
}

#[test]
fn a_canary_and_a_rollout_without_a_template_are_written_by_the_one_that_they_refer_to() {
    for (recording, workload, app) in [
        ("flagger-canary-ok", "canary/payments", "payments"),
        ("rollout-workloadref", "rollout/checkout", "checkout"),
        ("cloneset-inplace", "cloneset/cart", "cart"),
    ] {
        let path = format!("tests/recordings/{recording}.ndjson");
        let (code, stdout, stderr) = told(&crashgate(&["init", workload, "--rehearse", &path]).output().unwrap());
        assert_eq!(code, Some(0), "{recording}: {stderr}");
        assert!(
            stdout.starts_with(&format!("# Judges a deploy of {workload} in namespace rec-{recording}.")),
            "{stdout}"
        );
        assert!(stdout.contains(&format!("\napp: {app} ")), "{stdout}");
        assert_eq!(
            stdout.contains("until: step"),
            workload.starts_with('r') || workload.starts_with("can"),
            "{stdout}"
        );
        assert!(stderr.contains("VERSION=v2 crashgate check -f gate.yaml"), "{stderr}");
    }
}

#[test]
fn a_workload_that_is_not_there_is_nothing_matched_and_the_near_one_is_named() {
    let (code, stdout, stderr) = told(&crashgate(&["init", "deploy/paymnts"]).args(CRASH_LOOP).output().unwrap());
    assert_eq!((code, &*stdout), (Some(4), ""), "{stderr}");
    let words = "error: deployment/paymnts does not exist in namespace rec-crash-loop; there is deployment/payments\n";
    assert!(stderr.ends_with(words), "{stderr}");
    let (code, _, stderr) = told(&crashgate(&["init", "rollout/web"]).args(CRASH_LOOP).output().unwrap());
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("rollout/web does not exist") && stderr.contains("there is no rollout at all"), "{stderr}");
}

#[test]
fn mistakes_are_told_before_any_cluster_is_asked_and_a_cluster_that_is_away_is_inconclusive() {
    for (arguments, part) in [
        (&["init"][..], "as in `crashgate init deployment/checkout`"),
        (&["init", "--rehearse", "tests/recordings/nothing-matches.ndjson"], "is not about one workload"),
        (&["init", "payments"], "is a kind without a name, or a name without a kind"),
        (&["init", "pod/x"], "not a kind of workload"),
        (&["init", "gate.yaml"], "is no workload"),
        (&["init", "deploy/x", "-n", "Not_A_Name"], "not a valid name for a namespace"),
        (&["init", "deploy/x", "--force"], "--output"),
        (&["init", "deploy/x", "--kubeconfig", "/nonexistent/kc"], "/nonexistent/kc"),
    ] {
        let (code, stdout, stderr) = told(&crashgate(arguments).output().unwrap());
        assert_eq!((code, &*stdout), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = kubeconfig(&format!("http://127.0.0.1:{port}"));
    let arguments = ["init", "deploy/x", "--kubeconfig", file.path().to_str().unwrap()];
    let (code, stdout, stderr) = told(&crashgate(&arguments).output().unwrap());
    assert_eq!((code, &*stdout), (Some(7), ""), "{stderr}");
    assert!(stderr.contains("ClusterUnreachable") && stderr.contains("Next: "), "{stderr}");
}
