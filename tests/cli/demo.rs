//! `crashgate demo`: what a newcomer sees first.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crashgate::recording::reader::Reader;
use crashgate::recording::replay;
use serde_json::Value;

use super::{crashgate, told};
use crate::recording::replay::rows;

/// The stories, the recording that each is the beginning of, and how many milliseconds of it are kept.
const STORIES: [(&str, &str, u64); 4] = [
    ("crash", "crash-loop", 9_000),
    ("healthy", "healthy", 20_000),
    ("canary", "canary-crash", 21_000),
    ("image", "image-not-found", 12_000),
];

fn embedded(story: &str) -> PathBuf {
    Path::new("src/cli/demo").join(format!("{story}.ndjson"))
}

/// Fields that neither a gate nor a report reads, wherever they stand: half of what is recorded.
const UNREAD: [&str; 27] = [
    "allocatedResources",
    "blockOwnerDeletion",
    "command",
    "dnsPolicy",
    "enableServiceLinks",
    "firstTimestamp",
    "generateName",
    "hostIP",
    "hostIPs",
    "imageID",
    "lastProbeTime",
    "podIP",
    "podIPs",
    "preemptionPolicy",
    "priority",
    "qosClass",
    "reportingComponent",
    "reportingInstance",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tolerations",
    "volumeMounts",
    "volumes",
];

fn without_unread(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(key, _)| !UNREAD.contains(&key.as_str()));
            kept.map(|(key, value)| (key, without_unread(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_unread).collect(),
        other => other,
    }
}

/// The beginning of a recording without what nobody reads. Its length stays: what comes after the beginning is silence.
fn beginning(recording: &str, kept_ms: u64) -> String {
    let whole = std::fs::read_to_string(format!("tests/recordings/{recording}.ndjson")).unwrap();
    let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let kept = lines.filter(|line| {
        let is_in_time = line["t"].as_u64().is_none_or(|at_ms| at_ms <= kept_ms);
        is_in_time || line["note"] == "recording ended"
    });
    let kept: Vec<String> = kept.map(|line| without_unread(line).to_string()).collect();
    kept.join("\n") + "\n"
}

#[test]
fn what_is_embedded_is_the_beginning_of_a_recording_of_a_real_cluster() {
    for (story, recording, kept_ms) in STORIES {
        let wanted = beginning(recording, kept_ms);
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(embedded(story), &wanted).unwrap();
        }
        let is_same = std::fs::read_to_string(embedded(story)).unwrap() == wanted;
        assert!(is_same, "{story}: write it anew with `UPDATE_PAGES=1 cargo test embedded`");
    }
}

#[test]
fn what_is_embedded_is_judged_as_the_whole_recording() {
    for (story, recording, _) in STORIES {
        let row = rows().into_iter().find(|row| row.recording == recording).unwrap();
        let outcomes =
            replay::replay(&mut Reader::open(&embedded(story)).unwrap(), vec![row.plan.clone()], &mut |_, _, _| {});
        let outcome = &outcomes.unwrap()[0];
        assert!(row.allows(outcome), "{story}: {outcome:#?}");
    }
}

#[test]
fn the_recordings_are_small() {
    let bytes: u64 = STORIES.iter().map(|(story, ..)| std::fs::metadata(embedded(story)).unwrap().len()).sum();
    assert!(bytes < 350_000, "{bytes} bytes in every binary");
}

/// Starts a demo with its temporary files in this folder.
fn start(arguments: &[&str], temporary: &Path) -> Child {
    let mut command = crashgate(&["demo"]);
    command.args(arguments).env("TMPDIR", temporary).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    told(&child.wait_with_output().unwrap())
}

#[test]
fn each_story_is_told_with_its_verdict_its_report_and_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let children = ["", "crash", "healthy", "canary", "image"].map(|story| {
        let arguments: Vec<&str> = story.split_whitespace().collect();
        (story, start(&arguments, folder.path()))
    });
    for (story, child) in children {
        let (code, stdout, stderr) = ended(child);
        let (wanted, first, part) = match story {
            "" | "crash" => (1, "✘ FAILED: payments v1 in namespace rec-crash-loop", "fatal: DATABASE_URL is not set"),
            "healthy" => (0, "✔ HEALTHY: checkout v1 in namespace rec-healthy", "3 of 3 pods ready"),
            "canary" => (1, "✘ FAILED: checkout v2 in namespace rec-canary-crash", "CrashLoop: container app"),
            _ => (1, "✘ FAILED: cart v2 in namespace rec-image-not-found", "ImageNotFound"),
        };
        assert_eq!(code, Some(wanted), "{story}: {stdout}{stderr}");
        assert!(stdout.starts_with(first) && stdout.contains(part), "{story}: {stdout}");
        assert!(stderr.starts_with("Demo, with a recording of a real cluster: "), "{story}: {stderr}");
        assert!(stderr.contains("no real cluster is contacted"), "{story}: {stderr}");
        for next in ["crashgate check deployment/NAME", "crashgate init deployment/NAME"] {
            assert!(stderr.contains(next), "{story}: {stderr}");
        }
        let page = stderr.lines().last().unwrap().strip_prefix("HTML report: ").unwrap();
        assert!(page.starts_with(folder.path().to_str().unwrap()), "{page}");
        let html = std::fs::read_to_string(page).unwrap();
        assert!(html.trim_end().ends_with("</html>"), "{story}: {html}");
    }
    assert!(began.elapsed() < Duration::from_mins(1), "seconds, not minutes: {:?}", began.elapsed());
}

#[test]
fn json_is_the_result_alone_and_a_named_page_is_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("named.html");
    let temporary = folder.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let report = format!("--report=html={}", page.display());
    let (code, stdout, stderr) = ended(start(&["image", "-o", "json", &report], &temporary));
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &result["exitCode"]), (Some(1), &1.into()), "{stdout}{stderr}");
    assert_eq!(result["gates"][0]["findings"][0]["code"], "ImageNotFound");
    assert_eq!(result["cluster"]["rehearsal"], "image-not-found.ndjson");
    assert_eq!(stderr.lines().last(), Some(&*format!("HTML report: {}", page.display())));
    assert!(page.is_file() && std::fs::read_dir(&temporary).unwrap().next().is_none(), "{stderr}");
}

#[cfg(unix)]
#[test]
fn the_report_is_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (_, _, stderr) = ended(start(&["image"], folder.path()));
    let page = Path::new(stderr.lines().last().unwrap().strip_prefix("HTML report: ").unwrap());
    let mode = page.parent().unwrap().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn without_a_place_for_the_report_the_verdict_is_told_all_the_same() {
    let (code, stdout, stderr) = ended(start(&["image"], Path::new("Cargo.toml")));
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("ImageNotFound"), "{stdout}");
    assert!(stderr.contains("There will be no HTML report: cannot write into Cargo.toml"), "{stderr}");
    assert!(!stderr.lines().any(|line| line.starts_with("HTML report: ")), "{stderr}");
}

#[test]
fn a_mistake_is_a_mistake_and_nothing_is_played() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&["carsh"][..], "tip: a similar value exists: 'crash'"),
        (&["--report", "html=Cargo.toml/b.html"], "cannot write the html report"),
        (&["--report", "junit=Cargo.toml/b.xml"], "cannot write the junit report"),
        (&["--report", "pdf=a.pdf"], "there is no kind"),
    ] {
        let (code, stdout, stderr) = ended(start(arguments, folder.path()));
        assert_eq!((code, &*stdout), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("Next, with your own cluster"), "{arguments:?}: {stderr}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}: a report of nothing is left");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_is_known() {
    use std::io::{BufRead, BufReader, Read};
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(&["healthy"], folder.path());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    // The gate has begun: nothing is to be seen of it before.
    while !told.contains("\nGate ") {
        assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "it ended by itself: {told}");
    }
    super::kill(&child, "INT");
    let code = child.wait().unwrap().code();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(code, Some(130), "{told}");
    assert!(!told.contains("Next, with your own cluster"), "{told}");
    let page = told.lines().last().unwrap().strip_prefix("HTML report: ").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("interrupted"), "{told}");
}
