//! Secrets of Kubernetes that were printed whole: everything in their `data`, whatever its key.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

/// So far the data of one Secret is read.
const LONGEST: usize = 65_536;

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    static KIND: OnceLock<Option<Regex>> = OnceLock::new();
    static DATA: OnceLock<Option<Regex>> = OnceLock::new();
    if !text.contains("Secret") || !text.contains("ata") {
        return;
    }
    let kind = KIND.get_or_init(|| Regex::new(r#"kind["'\\]*[ ]*:[ ]*["'\\]*Secret(?:List)?(?-u:\b)"#).ok());
    let data = DATA.get_or_init(|| Regex::new(r#"(?-u:\b)(?:stringData|data)["'\\]*[ ]*:[ ]*(\{|\r?\n)"#).ok());
    let (Some(kind), Some(data)) = (kind, data) else { return };
    let mut at = 0;
    for document in text.split_inclusive("\n---") {
        if kind.is_match(document) {
            let mut done = 0;
            for found in data.find_iter(document) {
                if found.start() >= done {
                    let rest = &document[found.end()..document.floor_char_boundary(found.end() + LONGEST)];
                    let indent = document[..found.start()].rsplit('\n').next().map_or(0, indent_of);
                    let from = at + found.end();
                    done = found.end()
                        + if found.as_str().ends_with('{') {
                            in_json(rest, from, secrets)
                        } else {
                            in_yaml(rest, indent, from, secrets)
                        };
                }
            }
        }
        at += document.len();
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// The strings behind the colons of an object, and how far it reaches.
fn in_json(text: &str, from: usize, secrets: &mut Vec<Range<usize>>) -> usize {
    // Within another string of JSON its quotes have backslashes.
    let slashes = text.trim_start().bytes().take_while(|byte| *byte == b'\\').count();
    let (mut start, mut run, mut is_value) = (None, 0, false);
    for (place, byte) in text.bytes().enumerate() {
        match (byte, start) {
            (b'\\', _) => run += 1,
            (b'"', None) => (start, run) = (Some(place + 1), 0),
            (b'"', Some(begin)) => {
                // Fewer backslashes than it was opened with never come; more of them escape it.
                if run <= slashes {
                    if is_value && place - run > begin {
                        secrets.push(from + begin..from + place - run);
                    }
                    (start, is_value) = (None, false);
                }
                run = 0;
            }
            (b':', None) => is_value = true,
            (b'}', None) => return place,
            _ => run = 0,
        }
    }
    text.len()
}

/// What stands behind the keys on the lines that are indented deeper, and how far they reach.
fn in_yaml(text: &str, indent: usize, from: usize, secrets: &mut Vec<Range<usize>>) -> usize {
    let (mut at, mut keys_at) = (0, None);
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        let lead = line.len() - line.trim_start().len();
        if !said.is_empty() {
            if lead <= indent {
                return at;
            }
            let keys_at = *keys_at.get_or_insert(lead);
            let value = if lead > keys_at { said } else { said.split_once(':').map_or("", |(_, value)| value.trim()) };
            if !value.trim_matches(['|', '>', '-', '+', '"', '\'', '{', '}']).is_empty() {
                let start = from + at + line.rfind(value).unwrap_or(lead);
                secrets.push(start..start + value.len());
            }
        }
        at += line.len();
    }
    at
}
