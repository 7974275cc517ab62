//! Recordings of degraded, forbidden and interrupted runs: their replay says what the run said, or that it cannot know.
//! It never passes what the run did not.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::crashgate;

/// What goes wrong while `healthy` is rehearsed. Its pods are ready at 8 s, and the window of 3 s ends at 11 s.
const STORIES: [(&str, &str); 12] = [
    ("nothing", "{at: 60s, verb: list, fault: drop}"),
    ("watches are cut once", "{at: 9s, for: 500ms, verb: watch, fault: cut, after: 0}"),
    (
        "watches are cut once and lists answer late",
        "{at: 9s, for: 500ms, verb: watch, fault: cut, after: 0}\n- {at: 9s, for: 4s, verb: list, fault: delay, by: 3s}",
    ),
    ("watches may not be opened", "{verb: watch, fault: status, code: 403}"),
    (
        "watches may not be opened and lists stall in the window",
        "{verb: watch, fault: status, code: 403}\n- {at: 9s, verb: list, fault: stall}",
    ),
    ("pods may not be listed", "{verb: list, path: '*/pods', fault: status, code: 403}"),
    (
        "pods may not be listed from the window on",
        "{at: 9s, verb: watch, fault: cut, after: 0, times: 7}\n- {at: 9s, verb: list, path: '*/pods', fault: status, code: 403}",
    ),
    ("deployments may not be listed", "{verb: list, path: '*/deployments', fault: status, code: 403}"),
    ("nothing answers from the window on", "{at: 9s, verb: list, fault: stall}\n- {at: 9s, verb: get, fault: stall}"),
    (
        "the confirming read is refused",
        "{at: 10500ms, verb: list, fault: status, code: 500}\n- {at: 10500ms, verb: get, fault: status, code: 500}",
    ),
    ("the API server restarts", "{at: 9s, fault: restart, lasts: 2s}"),
    ("the API server goes away for good", "{at: 9s, fault: restart, lasts: 1h}"),
];

/// The stories that pass, live and replayed.
const PASS: [&str; 2] = ["nothing", "watches are cut once"];

const PLAN: [&str; 10] =
    ["--app", "checkout", "--version", "v1", "--delay", "1s", "--stable-for", "3s", "--wait-period", "14s"];

fn run(place: usize, faults: &str, folder: &Path) -> Child {
    let script = folder.join(format!("{place}.yaml"));
    std::fs::write(&script, format!("faults:\n- {faults}\n")).unwrap();
    crashgate(&["check", "--rehearse", "tests/recordings/healthy.ndjson", "-o", "json", "--faults"])
        .arg(script)
        .args(PLAN)
        .arg("--record")
        .arg(folder.join(place.to_string()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn verdict(stdout: &[u8]) -> String {
    let result: Value = serde_json::from_slice(stdout).unwrap();
    result["verdict"].as_str().unwrap().to_owned()
}

fn replayed(recording: &Path) -> String {
    let mut command: Command = crashgate(&["replay"]);
    verdict(&command.arg(recording).args(PLAN).args(["-o", "json"]).output().unwrap().stdout)
}

/// A story that must pass is run so often at the most.
const MOST_TRIES: usize = 4;

#[test]
fn the_replay_of_a_degraded_run_never_passes_what_the_run_did_not() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> =
        STORIES.iter().enumerate().map(|(place, (_, faults))| run(place, faults, folder.path())).collect();
    let mut told = Vec::new();
    for (place, child) in children.into_iter().enumerate() {
        let words = STORIES[place].0;
        let recording = folder.path().join(place.to_string());
        let mut child = Some(child);
        // Twelve gates by the real clock can starve on a busy machine, and then none of them is in time: again, alone. Whatever
        // comes of a run, its replay never passes what the run did not.
        for tries_left in (0..MOST_TRIES).rev() {
            let ended = child.take().unwrap_or_else(|| run(place, STORIES[place].1, folder.path())).wait_with_output();
            let (live, again) = (verdict(&ended.unwrap().stdout), replayed(&recording));
            assert!(again != "healthy" || live == "healthy", "{words}: {live} live, {again} in its replay");
            // Nor does it say anything else; but what a starved gate could not see in time, its recording may show.
            let differs = again != live && again != "inconclusive";
            let is_starved = differs || (PASS.contains(&words) && (live != "healthy" || again != "healthy"));
            if !is_starved || tries_left == 0 {
                assert!(!differs, "{words}: {live} live, {again} in its replay");
                told.push((words, live, again));
                break;
            }
            std::fs::remove_file(&recording).unwrap();
        }
    }
    println!("{told:#?}");
    let of = |words: &str| told.iter().find(|(story, ..)| *story == words).unwrap();
    for words in PASS {
        assert_eq!((of(words).1.as_str(), of(words).2.as_str()), ("healthy", "healthy"), "{words}");
    }
    assert_eq!(of("pods may not be listed").2, "inconclusive");
    assert_eq!(of("nothing answers from the window on").1, "inconclusive", "or the story tells nothing");
}

#[cfg(unix)]
#[test]
fn the_replay_of_an_interrupted_run_is_inconclusive() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = run(0, STORIES[0].1, folder.path());
    let recording = folder.path().join("0");
    // Once the pods are there, and long before they are ready.
    let began = Instant::now();
    while !std::fs::read_to_string(&recording).is_ok_and(|text| text.contains(r#""type":"ADDED""#)) {
        assert!(began.elapsed() < Duration::from_secs(30), "the run never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(replayed(&recording), "inconclusive");
}
