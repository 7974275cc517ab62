//! Where the value of a key begins and ends, in the many spellings that logs have for it.

use std::ops::Range;

use super::keys::reach;

/// The value of a key.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    /// It stands in quotes.
    pub(super) quoted: bool,
    /// What joins it to its key (`=`, `=>`, a flag's blank, a tag) is not used in sentences.
    pub(super) sure: bool,
}

impl Value {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The value of the key that ends at `at`, where one follows.
pub(super) fn after(text: &str, at: usize, flag: bool) -> Option<Value> {
    let near = reach(text, at);
    // The closing quote of the key, escaped or not, and the bracket of `config['password']`.
    let closed = near.trim_start_matches('\\').trim_start_matches(['"', '\'', '`']).trim_start_matches(']');
    let joint = closed.trim_start_matches([' ', '\t']);
    let (rest, sure) = if let Some(rest) = joint.strip_prefix("=>").or_else(|| joint.strip_prefix(":=")) {
        (rest, true)
    } else if joint.starts_with("::") {
        return None;
    } else if let Some(rest) = joint.strip_prefix('=') {
        (rest.strip_prefix('=').unwrap_or(rest), true)
    } else if let Some(rest) = joint.strip_prefix("%3D").or_else(|| joint.strip_prefix("%3d")) {
        (rest, true)
    } else if let Some(rest) = joint.strip_prefix(':') {
        // `password:hunter2` is no sentence, `password: hunter2` may be one.
        (rest, !rest.starts_with([' ', '\t', '\n']) && !near.starts_with([' ', '\t']))
    } else if closed.starts_with('>') && near.starts_with('>') {
        (&closed[1..], true)
    } else if flag && joint.len() < closed.len() && !joint.starts_with('-') {
        (joint, true)
    } else {
        return None;
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    let start = at + (near.len() - rest.len());
    let value = &text[start..];
    let slashes = value.bytes().take(8).take_while(|byte| *byte == b'\\').count();
    match value.as_bytes().get(slashes) {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            let start = start + slashes + 1;
            Some(Value { start, end: start + quoted_length(&text[start..], *quote, slashes), quoted: true, sure })
        }
        // What follows is not a value but holds some.
        Some(b'{' | b'[') | None => None,
        Some(_) => Some(Value { start, end: start + bare_length(value), quoted: false, sure }),
    }
}

/// How long the inside of quotes is that were opened behind so many backslashes. Unclosed ones end with the line.
fn quoted_length(text: &str, quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    let mut doubled = false;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => return place,
            // YAML and SQL write a single quote inside of single quotes twice.
            b'\'' if doubled => doubled = false,
            b'\'' if quote == byte && slashes == 0 && place > 0 && text[place + 1..].starts_with('\'') => {
                doubled = true;
            }
            b'\\' => run += 1,
            _ if byte == quote && (if slashes == 0 { run % 2 == 0 } else { run <= slashes }) => {
                return place - run.min(slashes);
            }
            _ => run = 0,
        }
    }
    text.len()
}

/// How long a value without quotes is. What may end it ends it only where something else begins there: passwords hold
/// any of these characters.
fn bare_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let next = bytes.get(place + 1).copied();
        let ends = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'<' => true,
            b'"' | b'\'' | b'`' => next.is_none_or(|next| !next.is_ascii_alphanumeric()),
            b'\\' => matches!(next, Some(b'"' | b'\'' | b'n' | b'r' | b't')),
            b')' | b']' | b'}' | b'>' => {
                next.is_none_or(|next| next.is_ascii_whitespace() || b",;.:)]}>\"'`\\".contains(&next))
            }
            b',' | b';' | b'&' | b'|' => {
                next.is_none_or(|next| next.is_ascii_whitespace() || b"\"'`\\".contains(&next))
                    || is_key(&bytes[place + 1..])
            }
            _ => false,
        };
        if ends {
            return place;
        }
    }
    bytes.len()
}

/// True where `key=` or `key:` stands at the front.
fn is_key(bytes: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = bytes.iter().take(48).take_while(|byte| is_letter(**byte)).count();
    length > 0 && matches!(bytes.get(length), Some(b'=' | b':'))
}

/// What `Bearer` or `Basic` is followed by, where that is a credential and not prose.
pub(super) fn credential(text: &str, at: usize) -> Option<Range<usize>> {
    let near = reach(text, at);
    let blanks = near.len() - near.trim_start_matches([' ', '\t', '+', ':']).len();
    let blanks = if near.starts_with("%20") { 3 } else { blanks };
    let start = at + blanks;
    let bytes = &text.as_bytes()[start..];
    let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(byte)).count();
    let word = &bytes[..length];
    // A word of a sentence has neither digits nor capitals inside.
    let telling = word.iter().skip(1).any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || *byte == b'=');
    (blanks > 0 && length >= 6 && (telling || length >= 24)).then_some(start..start + length)
}

/// Hardly a server takes a longer header.
const LONGEST_HEADER: usize = 4096;

/// The credentials in the header whose name ends at `at`.
pub(super) fn header(text: &str, at: usize) -> Option<Range<usize>> {
    const SCHEMES: [&str; 7] = ["bearer", "basic", "token", "apikey", "negotiate", "ntlm", "key"];
    let near = reach(text, at);
    let rest = near.trim_start_matches(['\\', '"', '\'', '`', ' ', '\t']);
    let rest = rest.strip_prefix([':', '='])?;
    let rest = rest.trim_start_matches(['\\', '"', '\'', '`', ' ', '\t', '[']);
    let start = at + (near.len() - rest.len());
    // The bound keeps a text that is full of such headers from being read again at each of them.
    let all = &text[start..text.floor_char_boundary(start + LONGEST_HEADER)];
    let all = &all[..all.find(['\n', '\r', '"', '\'', '`', '\\', ']']).unwrap_or(all.len())];
    let (first, tail) = all.split_once(' ').unwrap_or((all, ""));
    if first.is_empty() || is_placeholder(all) || is_prose(first) {
        return None;
    }
    let skipped = if tail.trim().is_empty() {
        0
    } else if SCHEMES.contains(&first.to_ascii_lowercase().as_str()) {
        if is_prose(tail) || is_placeholder(tail) {
            return None;
        }
        first.len() + 1
    } else {
        0
    };
    // One credential, unless a scheme has many parts (Digest, AWS4-HMAC-SHA256) or it is a row of cookies.
    let end = if skipped > 0 { skipped + tail.find([' ', ',']).unwrap_or(tail.len()) } else { all.len() };
    Some(start + skipped..start + end)
}

/// True for what stands where a value is still to come, or was already taken out.
pub(super) fn is_placeholder(value: &str) -> bool {
    let first = value.chars().next().unwrap_or('*');
    value.chars().all(|c| c == first && !c.is_ascii_alphanumeric())
        || value.starts_with("${")
        || value.starts_with("$(")
        || value.starts_with("{{")
        || value.starts_with('<')
        || value.starts_with("***")
}

/// True where the first word is one that sentences about secrets go on with, and that nobody has for a secret.
pub(super) fn is_prose(value: &str) -> bool {
    value.split([' ', '\t']).next().is_some_and(is_of_prose)
}

/// True where every word is one of those: a whole sentence in quotes may be a passphrase, `"not set"` is none.
pub(super) fn is_nothing_but_prose(value: &str) -> bool {
    value.split([' ', '\t']).take(8).all(is_of_prose)
}

fn is_of_prose(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    PROSE.contains(&word.as_str())
}

const PROSE: &[&str] = &[
    "a",
    "an",
    "and",
    "are",
    "as",
    "at",
    "authentication",
    "authorization",
    "bad",
    "be",
    "but",
    "by",
    "can",
    "cannot",
    "can't",
    "contains",
    "could",
    "couldn't",
    "denied",
    "did",
    "didn't",
    "does",
    "doesn't",
    "empty",
    "eof",
    "error",
    "exceeded",
    "expected",
    "expired",
    "failed",
    "failure",
    "false",
    "file",
    "for",
    "forbidden",
    "found",
    "from",
    "given",
    "has",
    "have",
    "hidden",
    "if",
    "in",
    "incorrect",
    "into",
    "invalid",
    "is",
    "isn't",
    "it",
    "its",
    "malformed",
    "masked",
    "mismatch",
    "missing",
    "must",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "of",
    "ok",
    "on",
    "or",
    "parameter",
    "present",
    "provided",
    "redacted",
    "rejected",
    "required",
    "revoked",
    "set",
    "should",
    "signature",
    "that",
    "the",
    "this",
    "to",
    "too",
    "true",
    "unable",
    "unauthorized",
    "unavailable",
    "unbound",
    "undefined",
    "unexpected",
    "unknown",
    "unset",
    "until",
    "was",
    "were",
    "when",
    "while",
    "will",
    "with",
    "wrong",
    "yes",
    "you",
    "your",
];
