//! All that explains a failure to somebody who cannot look at the cluster any more.

use std::fmt::Write as _;
use std::fs;

use super::judge::RECORDING;
use super::notes::Notes;
use super::play::Place;
use super::said::Said;
use super::story::Story;
use super::text::{block, line};

/// The file with everything that kubectl says of the namespace.
const CLUSTER: &str = "cluster.txt";

/// What happened, what was done, what was said, and what the cluster looks like.
pub fn explain(story: &Story, place: &Place, notes: &Notes, said: Option<&Said>, wrong: &[String]) -> String {
    let folder = place.folder.display().to_string();
    let mut text = format!("FAILED {}: {}\n", story.name, story.what);
    let _ = writeln!(text, "  expected  {}", story.expect.with_exit_code());
    let _ = writeln!(text, "  said      {}", said.map_or_else(|| "crashgate was not asked".to_owned(), Said::words));
    for one in wrong {
        let _ = writeln!(text, "  wrong     {}", line(one));
    }
    part(&mut text, "what was done", notes.text(), &format!("{folder}/steps.txt"));
    if let Some(said) = said {
        part(&mut text, "stdout of crashgate", &said.stdout, &format!("{folder}/stdout.txt"));
        part(&mut text, "stderr of crashgate", &said.stderr, &format!("{folder}/stderr.txt"));
        match &said.result {
            Some(result) => part(
                &mut text,
                "its result as JSON",
                &format!("{result:#}"),
                &format!("{folder}/{}", super::said::RESULT),
            ),
            None if story.expect.verdict.is_some() => part(&mut text, "its result as JSON", "", ""),
            None => {}
        }
    }
    part(&mut text, "the namespace now", &look(place), &format!("{folder}/{CLUSTER}"));
    let _ = writeln!(text, "  files in  {folder}");
    for entry in fs::read_dir(&place.folder).into_iter().flatten().flatten() {
        let _ = writeln!(text, "            {}", entry.file_name().to_string_lossy());
    }
    let recording = place.folder.join(RECORDING);
    if recording.exists() {
        let recording = recording.display();
        if let Some(flags) = flags(story, place) {
            let _ = writeln!(text, "  decide it again, offline:    crashgate replay {recording} {flags}");
        }
        let _ = writeln!(text, "  look at it with kubectl:     crashgate sandbox {recording}");
    }
    text
}

fn part(text: &mut String, title: &str, content: &str, file: &str) {
    let _ = writeln!(text, "  {title}");
    text.push_str(&block(content, file));
}

/// What kubectl shows of the namespace. Everything is written to a file, the tables are returned.
fn look(place: &Place) -> String {
    let kubectl = place.kubectl.unstoppable();
    let ask = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().chain(["-n", &place.namespace]).collect();
        let answer = kubectl.run(&words, None);
        format!("$ {}\n{}", answer.line, answer.said())
    };
    let tables =
        [ask("get pods,events -o wide"), ask("get deployments,replicasets,statefulsets,daemonsets,jobs -o wide")]
            .concat();
    let all = [
        tables.clone(),
        ask("get persistentvolumeclaims,resourcequotas,serviceaccounts -o wide"),
        ask("describe pods"),
        ask("get pods -o yaml"),
    ];
    let _ = fs::write(place.folder.join(CLUSTER), all.concat());
    tables
}

/// The flags with which the gate's recording is decided again; `None` where the gate came from the cluster itself.
fn flags(story: &Story, place: &Place) -> Option<String> {
    let is_gate = story.ask.command() == "check" && story.ask.words.iter().any(|word| word == "--app" || word == "-f");
    let file = |name: &str| place.folder.join(name).display().to_string();
    let words = story.ask.words[1..].join(" ");
    let values = [("ns", place.namespace.as_str()), ("gate", &file("gate.yaml")), ("objects", &file("objects.yaml"))];
    is_gate.then(|| super::text::filled(&words, &values))
}
