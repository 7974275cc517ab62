//! Secrets that are known by the key before them: `password=…`, `"token": "…"`, `--api-key …`, `Authorization: …`.

use std::ops::Range;

use super::values::{self, Value};

/// How far behind a key its value may begin.
const REACH: usize = 32;
/// No key is longer; what is, is base64.
const LONGEST_KEY: usize = 128;

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
        let meaning = if named && word.eq_ignore_ascii_case("value") { Meaning::Secret } else { meaning(word) };
        if word.eq_ignore_ascii_case("name") {
            let near = &text[..text.floor_char_boundary(at + REACH + LONGEST_KEY)];
            named = values::after(near, at, false).is_some_and(|value| {
                let name = near[value.range()].trim();
                self::meaning(name.trim_end_matches([',', ';'])) == Meaning::Secret
            });
            continue;
        }
        let secret = match meaning {
            Meaning::Harmless => continue,
            Meaning::Scheme => values::credential(text, at),
            Meaning::Header => values::header(text, at),
            Meaning::Secret | Meaning::Bare => {
                let flag = word.starts_with("--");
                values::after(text, at, flag).and_then(|value| {
                    let secret = judge(text, start, &value, meaning);
                    if secret.is_none() && !value.quoted {
                        // Without a blank in it, it holds no other key that could be told from it.
                        at = value.end;
                    }
                    secret
                })
            }
        };
        if let Some(secret) = secret {
            at = at.max(secret.end);
            secrets.push(secret);
            named = false;
        }
    }
}

/// What a word says about what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Nothing.
    Harmless,
    /// The value is a secret: `DB_PASSWORD`, `apiKey`.
    Secret,
    /// The value may be one, but the word is common in prose too: `token`, `secret`.
    Bare,
    /// A scheme of `Authorization`: `Bearer`, `Basic`.
    Scheme,
    /// A header that carries credentials.
    Header,
}

const fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn meaning(word: &str) -> Meaning {
    let word = word.trim_matches(['-', '.', '_']);
    if word.len() > LONGEST_KEY || word.is_empty() {
        return Meaning::Harmless;
    }
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "bearer" | "basic" => return Meaning::Scheme,
        "authorization" | "proxy-authorization" | "cookie" | "set-cookie" => return Meaning::Header,
        "token" | "secret" | "credential" | "credentials" | "sig" | "signature" => return Meaning::Bare,
        _ => {}
    }
    let parts = parts(word);
    let secret = parts.iter().enumerate().rposition(|(place, part)| {
        names_secret(part) || place > 0 && names_secret_together(&parts[place - 1], part) || place > 0 && part == "pass"
    });
    match secret {
        Some(place) if !parts[place + 1..].iter().any(|part| HARMLESS_ENDS.contains(&part.as_str())) => Meaning::Secret,
        _ => Meaning::Harmless,
    }
}

/// What makes a secret's key the key of something else: `secretName`, `token_ttl`, `PASSWORD_FILE`.
const HARMLESS_ENDS: [&str; 40] = [
    "name",
    "names",
    "file",
    "files",
    "filename",
    "path",
    "paths",
    "dir",
    "ttl",
    "length",
    "len",
    "count",
    "id",
    "ids",
    "type",
    "expiry",
    "expires",
    "expiration",
    "expired",
    "timeout",
    "url",
    "uri",
    "endpoint",
    "ref",
    "policy",
    "min",
    "max",
    "limit",
    "enabled",
    "required",
    "field",
    "hint",
    "size",
    "version",
    "header",
    "provider",
    "store",
    "reset",
    "rotation",
    "algorithm",
];

fn names_secret(part: &str) -> bool {
    const ENDS: [&str; 9] =
        ["password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "credential"];
    const WHOLE: [&str; 8] =
        ["credentials", "accesskey", "secretkey", "privatekey", "authkey", "accountkey", "sharedaccesskey", "pgpass"];
    ENDS.iter().any(|end| part.ends_with(end)) || WHOLE.contains(&part)
}

fn names_secret_together(first: &str, second: &str) -> bool {
    const KINDS: [&str; 13] = [
        "api",
        "access",
        "secret",
        "private",
        "auth",
        "encryption",
        "signing",
        "account",
        "shared",
        "master",
        "storage",
        "service",
        "deploy",
    ];
    (second == "key" && KINDS.contains(&first))
        || (first == "amz" && matches!(second, "signature" | "credential"))
        || (first == "json" && second == "key")
}

/// The parts of a key in lower case: `dbPassword`, `DB_PASSWORD` and `db.password` all have two.
fn parts(word: &str) -> Vec<String> {
    let bytes = word.as_bytes();
    let mut parts = vec![String::new()];
    for (place, byte) in bytes.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(place + 1);
        let hump = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase)
            });
        if hump || matches!(byte, b'_' | b'-' | b'.') {
            parts.push(String::new());
        }
        if byte.is_ascii_alphanumeric()
            && let Some(part) = parts.last_mut()
        {
            part.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The range to mask, or `None` where the value reads like prose about a secret, or like a place that has none.
fn judge(text: &str, key_start: usize, value: &Value, meaning: Meaning) -> Option<Range<usize>> {
    let said = text[value.range()].trim();
    let prose = if value.quoted { values::is_nothing_but_prose(said) } else { values::is_prose(said) };
    if said.is_empty() || prose || values::is_placeholder(said) {
        return None;
    }
    if value.quoted || value.sure {
        return Some(value.range());
    }
    // From here on it is `key: value` without quotes: YAML, a header, or a sentence.
    let before = text[..key_start].trim_end_matches([' ', '\t', '"', '\'', '-']);
    let structured = before.is_empty() || before.ends_with(['\n', '\r', '{', ',', ';', '[', '(', '&', '?', '|']);
    if structured && (before.is_empty() || before.ends_with(['\n', '\r'])) {
        // A YAML scalar may have blanks; what looks like the words of a sentence ends at the first of them.
        let rest = &text[value.start..];
        let line = rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())].trim_end();
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        return Some(value.start..value.start + line.len().max(said.len()));
    }
    let plain_word = said.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'/'));
    if structured || !plain_word {
        return Some(value.range());
    }
    // "token: expected string", "secret: payments-tls": the word that follows, or the common key, makes it prose.
    let goes_on = text[value.end..].starts_with(' ') && text[value.end..].trim_start().starts_with(char::is_alphabetic);
    (meaning == Meaning::Secret && !goes_on).then(|| value.range())
}

/// Where the search for a value behind a key ends.
pub(super) fn reach(text: &str, from: usize) -> &str {
    &text[from..text.floor_char_boundary(from + REACH).max(from)]
}
