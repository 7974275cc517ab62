//! Where the value of a key begins and ends, in the many spellings that logs have for it.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

/// How far behind a key its value may begin.
const REACH: usize = 48;
/// So long a text of several lines is read to its end.
const LONGEST_TEXT: usize = 4096;

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

/// Where the search for a value behind a key ends.
fn reach(text: &str, from: usize) -> &str {
    &text[from..text.floor_char_boundary(from + REACH).max(from)]
}

/// What stands between a key and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joint {
    /// Where the value may begin: behind the blanks, on the same line.
    pub(super) end: usize,
    /// It is not used in sentences.
    pub(super) sure: bool,
    /// A line may end behind it before the value begins: the key is quoted, or an element of XML.
    pub(super) wraps: bool,
    /// It is a colon with a blank behind, or the end of the line: YAML, or a sentence.
    pub(super) colon: bool,
}

/// The joint of the key that ends at `at`, where there is one. Behind a `flag` that can be a blank.
pub(super) fn joint(text: &str, at: usize, flag: bool) -> Option<Joint> {
    let near = reach(text, at);
    // The closing quote of the key, escaped or not, and the bracket of `config['password']`.
    let unquoted = near.trim_start_matches('\\').trim_start_matches(['"', '\'', '`']);
    let closed = unquoted.trim_start_matches(']');
    let quoted = unquoted.len() < near.len() || closed.len() < unquoted.len();
    let joint = closed.trim_start_matches([' ', '\t']);
    let (mut wraps, mut colon) = (quoted, false);
    let (rest, sure) = if let Some(rest) = joint.strip_prefix("=>").or_else(|| joint.strip_prefix(":=")) {
        wraps = true;
        (rest, true)
    } else if let Some(rest) = joint.strip_prefix("::") {
        // `userPassword:: aGk=`, as LDIF writes base64. Without the blank it is a path: `token::Kind`.
        (rest.strip_prefix(' ')?, true)
    } else if let Some(rest) = joint.strip_prefix('=') {
        (rest.strip_prefix('=').unwrap_or(rest), true)
    } else if let Some(rest) = joint.strip_prefix(':') {
        // `password:hunter2` is no sentence, `password: hunter2` may be one.
        colon = rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']);
        (rest, !colon && !near.starts_with([' ', '\t']))
    } else if let Some(rest) = near.strip_prefix('>') {
        wraps = true;
        (rest, true)
    } else if let Some(rest) = joint.strip_prefix("-> ").or_else(|| joint.strip_prefix('→')) {
        (rest, false)
    } else if flag && let Some(rest) = next_argument(closed, joint, quoted) {
        (rest, true)
    } else {
        return None;
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    Some(Joint { end: at + (near.len() - rest.len()), sure, wraps, colon })
}

/// What follows a flag as the next argument: `--password x`, `"--password", "x"`, or on the next line of YAML.
fn next_argument<'t>(closed: &'t str, joint: &'t str, quoted: bool) -> Option<&'t str> {
    if quoted && let Some(rest) = joint.strip_prefix(',') {
        let rest = rest.trim_start();
        return rest.starts_with(['"', '\'', '\\']).then_some(rest);
    }
    if let Some(rest) = joint.strip_prefix(['\n', '\r']) {
        return rest.trim_start().strip_prefix("- ");
    }
    (!quoted && joint.len() < closed.len() && !joint.starts_with('-')).then_some(joint)
}

/// The value of the key that ends at `at`, where one follows.
pub(super) fn after(text: &str, at: usize, flag: bool) -> Option<Value> {
    let joint = joint(text, at, flag)?;
    let mut start = joint.end;
    if joint.wraps {
        let wrapped = reach(text, start);
        let skipped = wrapped.len() - wrapped.trim_start().len();
        let value = wrapped[skipped..].trim_start_matches('\\');
        let is_wrapper = ["string(", "string>", "<string>"].iter().any(|mark| value.starts_with(mark));
        if value.starts_with(['"', '\'', '`']) || is_wrapper || text[..start].ends_with('>') {
            start += skipped;
        }
    }
    start += wrapper(reach(text, start));
    let value = &text[start..];
    let sure = joint.sure;
    if sure && let Some(inside) = braced(value) {
        return Some(Value { start: start + 1, end: start + 1 + inside, quoted: true, sure });
    }
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inside) = value.strip_prefix(quotes) {
            let inside = &inside[..inside.floor_char_boundary(LONGEST_TEXT)];
            let length = inside.find(quotes).unwrap_or_else(|| inside.find('\n').unwrap_or(inside.len()));
            return Some(Value { start: start + 3, end: start + 3 + length, quoted: true, sure });
        }
    }
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

/// The length of what stands around a value and is none of it: `Some(`, `string(7) `, `!!str `, `b` before a quote.
fn wrapper(text: &str) -> usize {
    static WRAPPER: OnceLock<Option<Regex>> = OnceLock::new();
    let wrapper = WRAPPER.get_or_init(|| {
        let pattern = r"^(?-u)(?:!!?[a-z]+ +|&[0-9A-Za-z_]+ +|<!\[CDATA\[|<string>|(?:Some|Just|Ok|Right|Optional|Secret\w*|Sensitive\w*|\w*String|\w+Str)[(\[]|string\([0-9]+\)\s+|\(\w+\) *(?:\(len=[0-9]+\) *)?)";
        Regex::new(pattern).ok()
    });
    let length = wrapper.as_ref().and_then(|wrapper| wrapper.find(text)).map_or(0, |found| found.end());
    let rest = &text.as_bytes()[length..];
    let is_prefix =
        matches!(rest, [b'b' | b'B' | b'u' | b'U' | b'r' | b'R' | b'f' | b'N' | b'@' | b'$', b'"' | b'\'', ..]);
    length + usize::from(is_prefix)
}

/// The length of what stands in the braces at the front, as ODBC writes a value with a semicolon. `{a=b}` holds values,
/// and `{name}` is a place for one.
fn braced(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('{')?;
    let inside = &inside[..inside.floor_char_boundary(REACH * 2)];
    let inside = &inside[..inside.find('}')?];
    let is_name = inside.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'));
    (!is_name && !inside.contains(['=', ':', '"', '{', '\n'])).then_some(inside.len())
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
    let blanks = near.len() - near.trim_start_matches([' ', '\t', '+', ':', ',']).len();
    let blanks = if near.starts_with("%20") { 3 } else { blanks };
    let start = at + blanks;
    let bytes = &text.as_bytes()[start..];
    let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(byte)).count();
    let word = &bytes[..length];
    // A word of a sentence has neither digits nor capitals inside.
    let telling = word.iter().skip(1).any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || *byte == b'=');
    // `Bearer realm="…"` is a demand for one.
    let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let is_parameter = word.strip_suffix(b"=").is_some_and(is_name) && matches!(bytes.get(length), Some(b'"' | b'\''));
    (blanks > 0 && !is_parameter && length >= 6 && (telling || length >= 24)).then_some(start..start + length)
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
    let is_scheme = SCHEMES.contains(&first.to_ascii_lowercase().as_str());
    if first.is_empty() || is_placeholder(all) || !is_scheme && is_prose(first) {
        return None;
    }
    let skipped = if tail.trim().is_empty() {
        0
    } else if is_scheme {
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

/// Returns true for what stands where a value is still to come, or was already taken out.
pub(super) fn is_placeholder(value: &str) -> bool {
    const STARTS: [&str; 17] = [
        "${",
        "$(",
        "{{",
        "<",
        "***",
        "0xc0",
        "os.",
        "process.env",
        "System.getenv",
        "getenv(",
        "env(",
        "ENV[",
        "secrets.",
        "[C@",
        "[B@",
        "std::env",
        "var.",
    ];
    let first = value.chars().next().unwrap_or('*');
    let is_variable = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let variable = value.strip_prefix('$').or_else(|| value.strip_prefix('%').and_then(|name| name.strip_suffix('%')));
    value.chars().all(|c| c == first && (!c.is_ascii_alphanumeric() || c.eq_ignore_ascii_case(&'x')))
        || STARTS.iter().any(|start| value.starts_with(start))
        || variable.is_some_and(is_variable)
}

/// Returns true where it has letters and digits, as no word has, and is no name of Kubernetes, no path and no version.
pub(super) fn is_mixed(value: &str) -> bool {
    let has = |of: fn(&u8) -> bool| value.bytes().any(|byte| of(&byte));
    let is_name = value.split(['-', '_', '.']).all(|part| {
        part.bytes().all(|byte| byte.is_ascii_lowercase()) || part.bytes().all(|byte| byte.is_ascii_digit())
    });
    let marks = value.bytes().filter(|byte| b"!@#$%^&*+=~".contains(byte)).count();
    value.len() >= 4
        && has(u8::is_ascii_alphabetic)
        && (has(u8::is_ascii_digit) || marks > 0)
        && !is_name
        && !is_uuid(value)
        && !value.starts_with(['/', '.', '~'])
        && !value.contains("://")
}

/// Returns true where it looks like nothing but chance: long, without blanks, letters and digits in disorder.
pub(super) fn is_random(value: &str) -> bool {
    let letters = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.~%".contains(&byte));
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let turns = value.as_bytes().windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
    value.len() >= 16 && letters && digits >= 3 && turns >= 4 && is_mixed(value)
}

fn is_uuid(value: &str) -> bool {
    let lengths =
        value.split('-').map(|part| if part.bytes().all(|byte| byte.is_ascii_hexdigit()) { part.len() } else { 0 });
    lengths.eq([8, 4, 4, 4, 12])
}

/// Returns true for what can only be base64, short as it is: capitals inside, and a length of fours.
pub(super) fn is_base64(value: &str) -> bool {
    value.len() >= 8
        && value.len().is_multiple_of(4)
        && value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        && value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

/// Returns true for a version: `1.2.3`, `^9.0.2`, `v7.4.0-rc.1`.
pub(super) fn is_version(value: &str) -> bool {
    let numbers = value.trim_start_matches(['^', '~', 'v', '=', '>', '<']);
    let numbers = numbers.split('-').next().unwrap_or_default();
    numbers.contains('.')
        && numbers.len() < 16
        && numbers
            .split('.')
            .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns true for an expression of code: `config.secret`, `getToken()`, `password.strip()`.
pub(super) fn is_expression(value: &str) -> bool {
    let name = value.trim_end_matches([';', ',']).split('(').next().unwrap_or_default();
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    name.split('.').all(is_name) && (name.contains('.') || value.contains('('))
}

/// Returns true for the path of a file, as shells and key files have it.
pub(super) fn is_path(value: &str) -> bool {
    value.starts_with(['/', '~'])
        || value.starts_with("./")
        || value.starts_with("../")
        || value.get(1..3) == Some(":\\")
}

/// Returns true for a file where secrets are mounted, or that is no secret itself.
pub(super) fn is_mounted(value: &str) -> bool {
    const FOLDERS: [&str; 7] = ["/run/", "/var/", "/etc/", "/mnt/", "/vault/", "/secrets/", "/users/"];
    FOLDERS.iter().any(|folder| value.starts_with(folder))
}

/// Returns true for `payments-tls`, `shop/payments-tls`, `db-creds-v2`: what Secrets are called, and passwords hardly are.
pub(super) fn is_secret_name(value: &str) -> bool {
    let is_part = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        part.len() - letters.len() <= 2 && letters.bytes().all(|byte| byte.is_ascii_lowercase()) && !letters.is_empty()
    };
    value.contains(['-', '/']) && value.split(['-', '/', '.']).all(is_part)
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

#[rustfmt::skip]
const PROSE: &[&str] = &[
    "a", "about", "accepted", "an", "and", "any", "are", "argument", "as", "at", "await", "authentication", "authorization",
    "bad", "be", "been", "being", "bool", "boolean", "but", "by", "bytes", "can", "can't", "cannot", "changed",
    "char", "checking", "complete", "completed", "configmap", "contains", "could", "couldn't", "created",
    "denied", "deprecated", "did", "didn't", "disabled", "does", "doesn't", "done", "empty", "enabled", "eof",
    "error", "exceeded", "expected", "expired", "expires", "failed", "failure", "false", "field", "file", "filtered",
    "flag", "for", "forbidden", "found", "from", "generated", "given", "gone", "got", "had", "has", "have", "header",
    "headers", "hidden", "if", "in", "include", "incorrect", "integer", "into", "invalid", "is", "isn't", "it", "its",
    "length", "loaded", "loading", "malformed", "masked", "matched", "matches", "may", "mismatch", "missing", "more",
    "mounted", "must", "n/a", "need", "needed", "needs", "never", "nil", "no", "none", "not", "null", "number",
    "object", "of", "off", "ok", "omitted", "on", "only", "optional", "or", "parameter", "present", "prompt",
    "protected", "provided", "read", "reading", "received", "redacted", "references", "refreshed", "rejected",
    "removed", "required", "retrieved", "revoked", "rotated", "rpc", "saved", "secret", "sensitive", "set", "should",
    "signature", "skipped", "skipping", "stale", "still", "str", "string", "succeeded", "success", "successful",
    "syncing", "text", "than", "that", "the", "this", "timed", "timeout", "to", "token", "too", "true", "unable",
    "unauthorized", "unavailable", "unbound", "undefined", "unexpected", "unknown", "unset", "until", "updated",
    "used", "using", "valid", "value", "varchar", "verified", "was", "were", "when", "while", "will", "with",
    "without", "wrong", "yes", "you", "your",
];
