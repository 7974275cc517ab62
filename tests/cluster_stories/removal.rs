//! What the suite makes in a cluster is removed on every way out. A script stands for kubectl and keeps what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tempfile::TempDir;

use crate::suite::cluster::Cluster;
use crate::suite::kubectl::Kubectl;
use crate::suite::notes::Notes;
use crate::suite::report::{Outcome, Report};
use crate::suite::run::on_the_cluster;
use crate::suite::stop::Stop;
use crate::suite::stories::all;

/// Namespaces can be made, nothing can be applied in them.
const KUBECTL: &str = r#"#!/bin/sh
folder=$(dirname "$0")
echo "$@" >> "$folder/asked"
case "$*" in
*"get namespaces"*)
  if [ -e "$folder/deleted" ]; then own=; else own='{"metadata": {"name": "crashgate-e2e-old-story"}},'; fi
  echo "{\"items\": [$own {\"metadata\": {\"name\": \"production\"}}]}" ;;
*"delete namespace"*) : > "$folder/deleted" ;;
*" apply "*) echo "denied by the stub" >&2; exit 1 ;;
esac
"#;

/// A cluster that is a script.
fn cluster(folder: &Path, stop: &Stop) -> Cluster {
    let program = folder.join("kubectl");
    fs::write(&program, KUBECTL).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Cluster {
        kubectl: Kubectl::new(vec!["--context=stub".to_owned()], stop.clone()).by(program.to_str().unwrap()),
        context: "stub".to_owned(),
        server: "https://stub.example.com".to_owned(),
        version: "v1.30.0".to_owned(),
        minor: 30,
        run: "abc123".to_owned(),
        stop: stop.clone(),
    }
}

/// What the script was asked, one command a line.
fn asked(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("asked")).unwrap_or_default()
}

fn play(name: &str, folder: &TempDir, keep: bool, stop: &Stop) -> Report {
    let stories = all();
    let story = stories.iter().find(|story| story.name == name).unwrap();
    on_the_cluster(story, &cluster(folder.path(), stop), "busybox:1.36", keep, folder.path())
}

const DELETED: &str =
    "--context=stub delete namespace crashgate-e2e-abc123-crash-loop --ignore-not-found --wait=false\n";

#[test]
fn a_story_that_fails_leaves_nothing_behind_and_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let report = play("crash-loop", &folder, false, &Stop::default());
    assert!(matches!(report.outcome, Outcome::Failed(_)));
    assert!(asked(&folder).ends_with(DELETED), "{}", asked(&folder));
    for part in
        ["denied by the stub", "crashgate was not asked", "\"kind\":\"Deployment\"", "\"image\":\"busybox:1.36\""]
    {
        assert!(report.explanation.contains(part), "{part}: {}", report.explanation);
    }
}

#[test]
fn what_is_kept_is_kept_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    play("crash-loop", &folder, true, &Stop::default());
    assert!(!asked(&folder).contains("delete"), "{}", asked(&folder));
}

#[test]
fn an_interrupted_story_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let stop = Stop::default();
    stop.set();
    let report = play("crash-loop", &folder, false, &stop);
    assert!(matches!(report.outcome, Outcome::Interrupted));
    assert!(asked(&folder).ends_with(DELETED), "{}", asked(&folder));
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = cluster(folder.path(), &Stop::default());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let made = cluster.create("crash-loop", "privileged", false, &mut Notes::new());
        let _kept: Vec<_> = made.into_iter().collect();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert!(asked(&folder).ends_with(DELETED), "{}", asked(&folder));
}

#[test]
fn a_story_that_needs_a_newer_cluster_is_skipped_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let report = play("resized", &folder, false, &Stop::default());
    let Outcome::Skipped(why) = report.outcome else { panic!("{}", report.outcome.word()) };
    assert_eq!(why, "it needs Kubernetes 1.33, and this is v1.30.0");
    assert_eq!(asked(&folder), "");
}

#[test]
fn removal_takes_namespaces_of_the_suite_and_no_other_whatever_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let removed = cluster(folder.path(), &Stop::default()).remove(None).unwrap();
    assert_eq!(removed, 1);
    let asked = asked(&folder);
    assert!(asked.contains("delete namespace --ignore-not-found --wait=false crashgate-e2e-old-story\n"), "{asked}");
    assert!(!asked.contains("production"), "{asked}");
}
