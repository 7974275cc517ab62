//! The plan, as `--list` prints it.

use std::fmt::Write as _;

use super::story::Story;

/// Every story: what happens, what is done, what is asked, and what must be said.
pub fn plan(stories: &[&Story]) -> String {
    let mut text = String::new();
    for story in stories {
        let _ = writeln!(text, "{}: {}", story.name, story.what);
        if let Some(minor) = story.since_minor {
            let _ = writeln!(text, "  needs     Kubernetes 1.{minor}");
        }
        for (when, steps) in [("before", &story.before), ("meanwhile", &story.during), ("after", &story.after)] {
            for step in steps {
                let _ = writeln!(text, "  {when:9} {step}");
            }
        }
        let account = story.ask.service_account.map(|name| format!(" (as service account {name})")).unwrap_or_default();
        let _ = writeln!(text, "  asked     crashgate {}{account}", story.ask.words.join(" "));
        let seconds = story.expect.within.as_secs();
        let _ = writeln!(text, "  expected  {}, within {seconds} s", story.expect.with_exit_code());
        for holds in &story.expect.holds {
            let _ = writeln!(text, "            {holds}");
        }
        if let Some((code, why)) = story.expect.skip_on {
            let _ = writeln!(text, "            skipped where it is {code}: {why}");
        }
        let rehearsal = story.rehearsal.as_ref().map(|rehearsal| match rehearsal.recording {
            Some(recording) => format!("recording {recording}"),
            None => "scripted pods".to_owned(),
        });
        let _ = writeln!(text, "  sandbox   {}", rehearsal.unwrap_or_else(|| "none".to_owned()));
    }
    let count = stories.len();
    let rehearsed = stories.iter().filter(|story| story.rehearsal.is_some()).count();
    let _ = writeln!(text, "{count} stories, {rehearsed} of them on the sandbox too");
    text
}

/// The objects that the stories apply, as documents of JSON, which is YAML too.
pub fn manifests(stories: &[&Story]) -> String {
    let mut text = String::new();
    for story in stories {
        for object in story.steps().flat_map(super::step::Step::objects) {
            let _ = writeln!(text, "---\n# {}\n{object:#}", story.name);
        }
    }
    text
}
