//! A few stories played on recordings: the quickest, and the one that is wrong on purpose.

use crate::suite::report::{Outcome, Report};
use crate::suite::run::on_a_recording;
use crate::suite::stop::Stop;
use crate::suite::stories::all;

/// Plays one story as `--sandbox` does.
fn played(name: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let stories = all();
    let story = stories.iter().find(|story| story.name == name).unwrap();
    on_a_recording(story, folder.path(), &Stop::default())
}

#[test]
fn quick_stories_pass_on_recordings_and_scripts() {
    for name in ["run-exit-code", "run-quota", "pods-not-running", "check-interrupted"] {
        let report = played(name);
        assert!(matches!(report.outcome, Outcome::Passed), "{}", report.explanation);
        assert!(report.explanation.is_empty(), "{name}");
    }
    assert!(matches!(played("rights-least").outcome, Outcome::Skipped(_)), "what has no recording is not passed");
}

#[test]
fn a_story_that_fails_explains_itself() {
    let report = played("wrong-on-purpose");
    assert!(matches!(report.outcome, Outcome::Failed(_)));
    for part in [
        "FAILED wrong-on-purpose: 2 replicas crash two seconds after each start",
        "  expected  failed OomKilled, exit code 1\n  said      failed CrashLoop\n",
        "leading finding: expected OomKilled, was CrashLoop: container app ended with exit code 1",
        "the finding names container cache: \"app\"",
        "the finding shows `out of memory`: not shown",
        "  what was done\n    | +",
        "s crashgate check --kubeconfig ",
        "  stdout of crashgate\n    | ✘ FAILED: payments v1 in namespace rec-crash-loop",
        "  stderr of crashgate\n    | Cluster http://127.0.0.1:",
        "  its result as JSON\n    | {\n",
        "    |           \"code\": \"CrashLoop\",\n",
        "  the namespace now\n    | $ kubectl get pods,events -o wide -n rec-crash-loop\n",
        "            recording.ndjson\n",
        "            result.json\n",
        "            steps.txt\n",
        "crashgate replay ",
        "recording.ndjson --app payments --version v1 -n rec-crash-loop --delay 2s",
    ] {
        assert!(report.explanation.contains(part), "{part}\nis not in\n{}", report.explanation);
    }
}
