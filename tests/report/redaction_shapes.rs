//! The table of what the log mask must hide and what it must leave alone: all of it, at a stated rate.

use std::fs;

use crashgate::text::redact;

/// One row of the table.
struct Row {
    line: usize,
    /// What a pod said.
    said: String,
    /// The secrets in it; none in an innocent text.
    secrets: Vec<String>,
    /// The words that must stay.
    words: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = fs::read_to_string("tests/report/redaction_shapes.tsv").unwrap();
    let lines = table.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with("# "));
    let several = |column: Option<&str>| column.map_or(Vec::new(), |text| text.split(" && ").map(unescaped).collect());
    let row = |(place, line): (usize, &str)| {
        let mut columns = line.split('\t');
        let said = unescaped(columns.next().unwrap());
        Row { line: place + 1, said, secrets: several(columns.next()), words: several(columns.next()) }
    };
    lines.map(row).collect()
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('e') => out.push('\x1b'),
            Some('0') => out.push('\0'),
            Some('\\') => out.push('\\'),
            Some('u') => {
                let code: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
            }
            other => panic!("the table has no escape {other:?}: {text}"),
        }
    }
    out
}

#[test]
fn every_secret_of_the_table_is_masked_and_every_innocent_word_stays() {
    let rows = rows();
    let (mut leaks, mut caught, mut innocents, mut kept) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for Row { line, said, secrets, words } in &rows {
        let shown = redact::text(said);
        if secrets.is_empty() {
            innocents += 1;
            kept += usize::from(shown == *said);
            if shown != *said {
                wrong.push(format!("line {line}, masked too much: {said:?} became {shown:?}"));
            }
            continue;
        }
        leaks += 1;
        assert!(secrets.iter().chain(words).all(|part| said.contains(part.as_str())), "line {line} is wrong itself");
        let leaked = secrets.iter().any(|secret| shown.contains(secret.as_str()));
        let lost = words.iter().any(|word| !shown.contains(word.as_str()));
        caught += usize::from(!leaked && !lost);
        if leaked || lost {
            wrong.push(format!("line {line}, {}: {shown:?}", if leaked { "leaked" } else { "lost its words" }));
        }
    }
    assert!(leaks >= 600 && innocents >= 450, "the table only grows: {leaks} and {innocents}");
    let rate = format!("{caught} of {leaks} secrets masked, {kept} of {innocents} innocent texts kept");
    assert!(wrong.is_empty(), "{rate}\n{}", wrong.join("\n"));
}

#[test]
fn what_is_masked_already_stays_as_it_is() {
    for Row { line, said, .. } in rows() {
        let once = redact::text(&said).into_owned();
        assert_eq!(redact::text(&once), once, "line {line}");
    }
}

/// A secret is one wherever it stands: in a line of a log, in a list, in quotes, behind a time.
#[test]
fn a_secret_is_masked_in_other_surroundings_too() {
    let frames: [&dyn Fn(&str) -> String; 4] = [
        &|text| format!("2026-01-02T03:04:05Z INFO {text}"),
        &|text| format!("first line\n{text}\nlast line"),
        &|text| format!("{text}\r\n"),
        &|text| format!("é👍\u{202e} {text}"),
    ];
    for Row { line, said, secrets, .. } in rows() {
        // What depends on where its line begins is told from a sentence by just that.
        if said.contains('\n') || ANCHORED.iter().any(|start| said.starts_with(start)) {
            continue;
        }
        for frame in frames {
            let text = frame(&said);
            let shown = redact::text(&text);
            assert!(
                !secrets.iter().any(|secret| shown.contains(secret.as_str())),
                "line {line}: {text:?} became {shown:?}"
            );
        }
    }
}

/// Rows that are known by the beginning of their line.
const ANCHORED: [&str; 3] = ["password | ", "| db_password", "db:5432:shop:app:"];
