//! Secrets that are known by the key before them: `password=…`, `"token": "…"`, `--api-key …`, `Authorization: …`.

use std::ops::Range;

use super::names::{Meaning, meaning};
use super::values::{self, Value};

/// So far behind `name:` a name is read.
const LONGEST_NAME: usize = 160;
/// So far a container of values is read.
const LONGEST_CONTAINER: usize = 512;
/// So far a block of lines is read.
const LONGEST_BLOCK: usize = 8192;

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // True where `name: DB_PASSWORD` was read: the `value:` that follows is the secret, as in the `env:` of a pod.
    let mut named = false;
    while at < bytes.len() {
        if !is_of_key(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        at += bytes[at..].iter().take_while(|byte| is_of_key(**byte)).count();
        let word = &text[start..at];
        let flag = is_flag(text, start);
        let is_scheme = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
        if !is_scheme && values::joint(text, at, flag).is_none() {
            continue;
        }
        let lower = if word.len() <= 16 { word.to_ascii_lowercase() } else { String::new() };
        let mut meaning = match lower.as_str() {
            "value" | "val" | "content" | "parametervalue" | "default" if named => Meaning::Secret,
            "key" if text[..start].ends_with(['?', '&']) => Meaning::Random,
            "key" => together_with_the_word_before(text, start),
            "token" if is_of_a_parser(&text[..start]) => Meaning::Harmless,
            _ => meaning(word),
        };
        if matches!(lower.as_str(), "name" | "key" | "variable" | "parameterkey" | "envvar")
            && matches!(meaning, Meaning::Harmless | Meaning::Random)
            && !text[..start].ends_with(['?', '&'])
        {
            let near = &text[..text.floor_char_boundary(at + LONGEST_NAME)];
            named = values::after(near, at, false).is_some_and(|value| {
                let name = near[value.range()].trim().trim_end_matches([',', ';', ')', ']', '}']);
                matches!(self::meaning(name), Meaning::Secret | Meaning::Bare | Meaning::Mixed)
            });
            continue;
        }
        let mut found = match meaning {
            Meaning::Harmless => continue,
            Meaning::Scheme => Vec::from_iter(values::credential(text, at)),
            Meaning::Header => Vec::from_iter(values::header(text, at)),
            _ => Vec::new(),
        };
        if meaning == Meaning::Bare && word.starts_with("--") {
            meaning = Meaning::Secret;
        }
        if !matches!(meaning, Meaning::Scheme | Meaning::Header) {
            found = inside(text, start, at, meaning);
            if found.is_empty()
                && let Some(value) = values::after(text, at, flag)
            {
                found.extend(judge(text, start, &value, meaning));
                if found.is_empty() && !value.quoted {
                    // What is short may hold another key; what is long would be read again at each of them.
                    let said = &text[value.range()];
                    at = at.max(value.start + if said.len() < LONGEST_NAME { next_key(said) } else { said.len() });
                }
            }
        }
        if let Some(last) = found.last() {
            at = at.max(last.end);
            secrets.append(&mut found);
            named = false;
        }
    }
}

const fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// `API key: …`, `secret key = …`: two words.
fn together_with_the_word_before(text: &str, start: usize) -> Meaning {
    let Some(before) = text[..start].strip_suffix(' ') else { return Meaning::Harmless };
    let length = before.bytes().rev().take(20).take_while(u8::is_ascii_alphabetic).count();
    match meaning(&format!("{}_key", &before[before.len() - length..])) {
        Meaning::Secret if length > 0 => Meaning::Bare,
        _ => Meaning::Harmless,
    }
}

/// Returns true behind words that go with the tokens of a language: `Unexpected token: …`.
fn is_of_a_parser(before: &str) -> bool {
    const WORDS: [&str; 5] = ["unexpected ", "illegal ", "lookahead ", "expected ", "unrecognized "];
    let last = before.get(before.len().saturating_sub(13)..).unwrap_or_default().to_ascii_lowercase();
    WORDS.iter().any(|word| last.ends_with(word))
}

/// Returns true where the word is a flag of a command line, `--password` or `-token`.
fn is_flag(text: &str, start: usize) -> bool {
    let word = &text[start..];
    let before = text[..start].chars().next_back();
    let names_one = word.strip_prefix('-').is_some_and(|name| name.trim_start_matches('-').len() > 1);
    word.starts_with("--") || names_one && before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '['))
}

/// Where in a value that is none the next key may begin: behind its last quote, comma or semicolon.
fn next_key(value: &str) -> usize {
    value.find(['=', '"', '\'', '&', ';', ',', '(', '{']).unwrap_or(value.len())
}

/// The secrets in a list, a map or a block of lines that stands where the value of the key is expected.
fn inside(text: &str, start: usize, at: usize, meaning: Meaning) -> Vec<Range<usize>> {
    let Some(joint) = values::joint(text, at, false) else { return Vec::new() };
    let rest = &text[joint.end..];
    match rest.as_bytes().first() {
        Some(b'[') if rest[1..].trim_start().starts_with('{') => {
            in_map(text, joint.end + 1 + rest[1..].find('{').unwrap_or_default() + 1)
        }
        Some(b'[') => in_list(text, start, joint.end + 1, meaning),
        Some(b'{') => in_map(text, joint.end + 1),
        Some(b'|' | b'>' | b'\n' | b'\r') if joint.colon => in_block(text, start, joint.end, meaning),
        _ => Vec::new(),
    }
}

fn in_list(text: &str, start: usize, open: usize, meaning: Meaning) -> Vec<Range<usize>> {
    let rest = &text[open..text.floor_char_boundary(open + LONGEST_CONTAINER)];
    let Some(close) = rest.find(']') else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = open;
    for item in rest[..close].split([',', ' ']) {
        let inner = item.trim().trim_matches(['"', '\'', '\\', '`']);
        if !inner.is_empty() && !inner.contains([':', '{']) {
            let begin = at + item.find(inner).unwrap_or_default();
            let value = Value { start: begin, end: begin + inner.len(), quoted: true, sure: true };
            found.extend(judge(text, start, &value, meaning));
        }
        at += item.len() + 1;
    }
    found
}

/// `{"password":{"value":"…"}}`: the keys that hold the value itself.
fn in_map(text: &str, open: usize) -> Vec<Range<usize>> {
    let rest = &text[..text.floor_char_boundary(open + LONGEST_CONTAINER)];
    let close = open + rest[open..].find(['}', '{']).unwrap_or(rest.len() - open);
    let mut found = Vec::new();
    let mut at = open;
    while let Some(skipped) = rest[at..close].find(|c: char| c.is_ascii_alphabetic()) {
        let key = at + skipped;
        at = key + rest.as_bytes()[key..close].iter().take_while(|byte| is_of_key(**byte)).count();
        if holds_the_value(&rest[key..at])
            && let Some(value) = values::after(rest, at, false)
            && let Some(range) = judge(rest, key, &value, Meaning::Secret)
        {
            at = range.end.min(close);
            found.push(range);
        }
    }
    found
}

fn holds_the_value(key: &str) -> bool {
    const KEYS: [&str; 14] = [
        "value",
        "val",
        "plain",
        "plaintext",
        "text",
        "raw",
        "data",
        "string",
        "stringvalue",
        "literal",
        "s",
        "current",
        "previous",
        "default",
    ];
    KEYS.contains(&key.to_ascii_lowercase().as_str())
}

/// The lines of YAML under a key: a block (`password: |`), a list, a scalar on a line of its own.
fn in_block(text: &str, start: usize, open: usize, meaning: Meaning) -> Vec<Range<usize>> {
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let before = &text[line_start..start];
    if !before.trim_start_matches(['-', ' ', '"', '\'']).is_empty() {
        return Vec::new();
    }
    let indent = before.trim_end_matches(['"', '\'']).len();
    let rest = &text[open..text.floor_char_boundary(open + LONGEST_BLOCK)];
    let head = rest[..rest.find('\n').unwrap_or(rest.len())].split(" #").next().unwrap_or_default().trim();
    let is_block = head.starts_with(['|', '>']);
    if !head.trim_start_matches(['|', '>', '-', '+']).trim_start_matches(|c: char| c.is_ascii_digit()).is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = open + rest.find('\n').map_or(rest.len(), |end| end + 1);
    for line in text[at..open + rest.len()].split_inclusive('\n') {
        let said = line.trim();
        let lead = line.len() - line.trim_start().len();
        let is_item = said.starts_with("- ");
        if !said.is_empty() {
            if lead < indent || lead == indent && (is_block || !is_item) {
                break;
            }
            let item = said.strip_prefix("- ").unwrap_or(said).trim_matches(['"', '\'']);
            let begin = at + line.find(item).unwrap_or(lead);
            let value = Value { start: begin, end: begin + item.len(), quoted: true, sure: true };
            let is_map = item.contains(": ") || item.ends_with(':');
            if is_block {
                found.push(at + lead..at + lead + said.len());
            } else if is_map {
                let key = item.split(':').next().unwrap_or_default();
                if !is_item
                    && holds_the_value(key)
                    && let Some(value) = values::after(text, begin + key.len(), false)
                {
                    found.extend(judge(text, begin, &value, Meaning::Secret));
                } else if found.is_empty() {
                    break;
                }
            } else if !item.starts_with("at ") && !item.contains(' ') {
                found.extend(judge(text, start, &value, meaning));
            } else {
                break;
            }
        }
        at += line.len();
    }
    found
}

/// Returns the range to mask, or `None` where the value reads like prose about a secret, or like a place that has none.
fn judge(text: &str, key_start: usize, value: &Value, meaning: Meaning) -> Option<Range<usize>> {
    let said = text[value.range()].trim();
    let prose = if value.quoted { values::is_nothing_but_prose(said) } else { values::is_prose(said) };
    if said.is_empty() || prose || values::is_placeholder(said) {
        return None;
    }
    let is_number = said.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'%' | b','));
    let key = text[key_start..].trim_start_matches('-');
    let is_shells = key.get(..3).is_some_and(|key| key.eq_ignore_ascii_case("pwd")) && !key[3..].starts_with(is_letter);
    let is_path = values::is_path(said);
    let names_key = key_name(text, key_start).to_ascii_lowercase().ends_with("key");
    let quoted_name = text[..key_start].ends_with(['"', '\'']) && !value.quoted && !value.sure;
    let is_arn = text[..key_start].ends_with(':')
        && text[text.floor_char_boundary(key_start.saturating_sub(80))..key_start].contains("arn:");
    let stays = match meaning {
        Meaning::Bare => {
            is_number && said.len() < 8
                || !value.quoted && !value.sure && is_number
                || values::is_secret_name(said)
                || !value.quoted && is_in_prose(text, value, said)
        }
        Meaning::Mixed if value.quoted && is_number => said.len() < 4 || said.len() > 8,
        Meaning::Mixed => !values::is_mixed(said) && !values::is_base64(said),
        Meaning::Random => !values::is_random(said) && !is_in_query(text, key_start, said),
        Meaning::Digits => !(values::is_mixed(said) || is_number && (4..=8).contains(&said.len())),
        _ => (is_shells || names_key || values::is_mounted(said)) && is_path,
    };
    let is_test = key.starts_with("PASS:");
    // `--password PASSWORD`, as a usage has it.
    let is_usage = said.len() > 2
        && said.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && key_name(text, key_start).to_ascii_uppercase().replace('-', "_").ends_with(said)
        && text[key_start..].starts_with('-');
    // `self.password = password`, as a traceback quotes the line.
    let assigned = !value.quoted && text[..value.start].ends_with("= ");
    let own_name = key_name(text, key_start).rsplit('.').next().is_some_and(|name| said.trim_end_matches(';') == name);
    let is_code = values::is_version(said) || assigned && (values::is_expression(said) || own_name);
    if stays || is_code || is_arn || is_test || is_usage {
        return None;
    }
    if value.quoted || value.sure {
        return Some(value.range());
    }
    // From here on it is `key: value` without quotes: YAML, a header, or a sentence.
    let before = text[..key_start].trim_end_matches([' ', '\t', '"', '\'', '-', '>', '<', '+', '~']);
    let structured = before.is_empty() || before.ends_with(['\n', '\r', '{', ',', ';', '[', '(', '&', '?', '|']);
    if structured && (before.is_empty() || before.ends_with(['\n', '\r'])) {
        // A YAML scalar may have blanks; what looks like the words of a sentence ends at the first of them.
        let rest = &text[value.start..];
        let line = rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())].trim_end();
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        return Some(value.start..value.start + line.len().max(said.len()));
    }
    // `failed for volume "db-creds": rpc error`: a name in quotes, in a sentence.
    if quoted_name && !structured {
        return values::is_mixed(said).then(|| value.range());
    }
    let plain_word = said.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'/'));
    if structured || !plain_word {
        return Some(value.range());
    }
    // "token: expected string", "secret: payments-tls": the word that follows, or the common key, makes it prose.
    let goes_on = text[value.end..].starts_with(' ') && text[value.end..].trim_start().starts_with(char::is_alphabetic);
    (meaning == Meaning::Secret && !goes_on).then(|| value.range())
}

/// Returns true for a word that a sentence goes on behind: `secret=tls mounted`.
fn is_in_prose(text: &str, value: &Value, said: &str) -> bool {
    let next = text[value.end..].strip_prefix(' ').unwrap_or_default();
    said.bytes().all(|byte| byte.is_ascii_lowercase()) && values::is_prose(&next[..next.floor_char_boundary(40)])
}

fn key_name(text: &str, start: usize) -> &str {
    let length = text.as_bytes()[start..].iter().take_while(|byte| is_of_key(**byte)).count();
    &text[start..start + length]
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Returns true for a parameter of a URL's query: `?sig=…`, `&code=…`.
fn is_in_query(text: &str, key_start: usize, value: &str) -> bool {
    text[..key_start].ends_with(['?', '&']) && value.len() >= 8 && values::is_mixed(value)
}
