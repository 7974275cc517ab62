//! Is what was said what had to be said?

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::child::End;
use super::expect::{Expect, Holds};
use super::said::Said;

/// Returns every difference, in sentences. `folder` has the files that were written.
pub fn complaints(expect: &Expect, said: &Said, folder: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    if said.end == End::TimedOut {
        wrong.push(format!("it did not end within {} s and was killed", expect.within.as_secs()));
        return wrong;
    }
    let code = said.exit_code();
    if code != Some(expect.exit_code) {
        let false_pass = if code == Some(0) { "A FALSE PASS: " } else { "" };
        let code = code.map_or("none (a signal ended it)".to_owned(), |code| code.to_string());
        wrong.push(format!("{false_pass}exit code: expected {}, was {code}", expect.exit_code));
    }
    if let Some(verdict) = expect.verdict {
        match (&said.result, said.verdict()) {
            (None, _) => wrong.push(format!("verdict: expected {verdict}, but there is no JSON result to read")),
            (_, Some(told)) if told == verdict => {}
            (_, told) => wrong.push(format!("verdict: expected {verdict}, was {}", told.unwrap_or("(none)"))),
        }
        if said.result.is_some() && verdict != "interrupted" {
            wrong.extend(leading(expect, said));
        }
    }
    wrong.extend(expect.holds.iter().filter_map(|holds| broken(holds, said, folder)));
    wrong
}

/// What is wrong about the leading finding's code.
fn leading(expect: &Expect, said: &Said) -> Option<String> {
    let expected = expect.codes.join(" or ");
    match said.code() {
        Some(code) if expect.codes.is_empty() && expect.exit_code == 0 => {
            Some(format!("finding: expected none, was {code}"))
        }
        _ if expect.codes.is_empty() => None,
        Some(code) if expect.codes.contains(&code) => None,
        Some(code) => Some(format!("leading finding: expected {expected}, was {code}: {}", message(said))),
        None => Some(format!("leading finding: expected {expected}, there is none")),
    }
}

fn message(said: &Said) -> &str {
    said.finding().and_then(|finding| finding["message"].as_str()).unwrap_or_default()
}

/// What is there instead of what must hold; `None` where it holds.
fn broken(holds: &Holds, said: &Said, folder: &Path) -> Option<String> {
    let null = Value::Null;
    let finding = said.finding().unwrap_or(&null);
    let gate = said.gate().unwrap_or(&null);
    let is = |field: &str, value: &str| finding[field] == value;
    let both = || format!("{}{}", said.stdout, said.stderr);
    let (is_so, instead) = match holds {
        Holds::Container(name) => (is("container", name), finding["container"].to_string()),
        Holds::Role(role) => (is("role", role), finding["role"].to_string()),
        Holds::Names(name) => {
            let names = [&finding["pod"], &finding["workload"]];
            let begins = names.iter().filter_map(|value| value.as_str()).any(|text| text.starts_with(name));
            (begins, format!("pod {}, workload {}", names[0], names[1]))
        }
        Holds::ExitStatus(status) => (finding["exitStatus"] == *status, finding["exitStatus"].to_string()),
        Holds::Shows(text) => (finding_texts(finding).any(|shown| shown.contains(text)), "not shown".to_owned()),
        Holds::Warning(code) => {
            let codes = codes(&gate["warnings"]);
            (codes.contains(code), format!("warnings: [{}]", codes.join(", ")))
        }
        Holds::ReadyPods(count) => {
            let is_so = gate["readyPods"] == *count && gate["wantedPods"] == *count;
            (is_so, format!("readyPods {}, wantedPods {}", gate["readyPods"], gate["wantedPods"]))
        }
        Holds::Gates(count) => {
            let gates = said.result.as_ref().and_then(|result| result["gates"].as_array()).map_or(0, Vec::len);
            (gates == *count, gates.to_string())
        }
        Holds::Top(field, value) => {
            let told = said.result.as_ref().map_or(&null, |result| &result[*field]);
            let text = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
            (text == *value, text)
        }
        Holds::Event(event) => {
            let told: Vec<&str> = said.events.iter().filter_map(|line| line["event"].as_str()).collect();
            (told.contains(event), format!("events: [{}]", told.join(", ")))
        }
        Holds::Stdout(text) => (said.stdout.contains(text), "not there".to_owned()),
        Holds::Says(text) => (both().contains(text), "not there".to_owned()),
        Holds::Nowhere(text) => {
            let place = places(said, folder).into_iter().find(|(_, bytes)| contains(bytes, text));
            (place.is_none(), format!("it is in {}", place.map_or_else(String::new, |(name, _)| name)))
        }
        Holds::NoLine(text) => {
            let line = both().lines().find(|line| line.trim_start().starts_with(text)).map(str::to_owned);
            (line.is_none(), line.unwrap_or_default())
        }
        Holds::Inert => {
            let found = both().chars().find(|character| character.is_control() && !matches!(character, '\n' | '\t'));
            (found.is_none(), format!("there is {found:?}"))
        }
    };
    (!is_so).then(|| format!("{holds}: {instead}"))
}

/// What a finding says for itself.
fn finding_texts(finding: &Value) -> impl Iterator<Item = &str> {
    let own = ["message", "nextStep"].into_iter().filter_map(|field| finding[field].as_str());
    let evidence = finding["evidence"].as_array().into_iter().flatten();
    own.chain(evidence.filter_map(|one| one["text"].as_str()))
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).collect()
}

/// Everything that was written: the output, and the files of the folder.
fn places(said: &Said, folder: &Path) -> Vec<(String, Vec<u8>)> {
    let output = [("stdout", &said.stdout), ("stderr", &said.stderr)];
    let mut places: Vec<_> = output.map(|(name, text)| (name.to_owned(), text.clone().into_bytes())).into();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // The suite's own notes have what was applied, as it was written.
        if matches!(name.as_str(), RECORDING | "report.html" | super::said::RESULT) {
            places.push((name, fs::read(entry.path()).unwrap_or_default()));
        }
    }
    places
}

/// The file of `--record` in the folder of a story.
pub const RECORDING: &str = "recording.ndjson";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
