//! Passwords in URLs and in data source names. Scheme, user and host stay: they tell which door was knocked at.

use std::ops::Range;

/// No password that anybody set is longer; the bound keeps hostile text from costing more than a look.
const LONGEST: usize = 512;

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    for (place, _) in text.match_indices("://") {
        let start = place + 3;
        if text[..place].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            secrets.extend(in_authority(bounded(&text[start..])).map(|range| start + range.start..start + range.end));
        }
    }
    // `user:password@tcp(host:3306)/db`, as drivers of Go spell it.
    for mark in ["@tcp(", "@unix("] {
        for (place, _) in text.match_indices(mark) {
            let before = &text[bounded_start(text, place)..place];
            let word = before.rsplit(is_end).next().unwrap_or_default();
            if let Some(colon) = word.find(':') {
                let start = place - word.len() + colon + 1;
                // Where the word is a URL, what is behind its first colon is no password yet.
                if start < place && !word.contains("://") {
                    secrets.push(start..place);
                }
            }
        }
    }
    for mark in ["hooks.slack.com/services/", "hooks.slack.com/workflows/", "discord.com/api/webhooks/"] {
        for (place, _) in text.match_indices(mark) {
            let start = place + mark.len();
            let length = bounded(&text[start..]).find(is_end).unwrap_or(bounded(&text[start..]).len());
            secrets.push(start..start + length);
        }
    }
}

/// The password in `user:password@host/…`, or a token that stands alone before the `@`.
fn in_authority(text: &str) -> Option<Range<usize>> {
    let whole = &text[..text.find(is_end).unwrap_or(text.len())];
    let authority = &whole[..whole.find(['/', '?', '#']).unwrap_or(whole.len())];
    let at = authority.rfind('@').or_else(|| {
        // A password may hold what should have been escaped. A port may not.
        let (_, port) = authority.split_once(':')?;
        (!port.bytes().all(|byte| byte.is_ascii_digit())).then(|| whole.rfind('@')).flatten()
    })?;
    match authority[..at.min(authority.len())].find(':') {
        // Where the password is empty, or says so itself, the name is the token.
        Some(colon) if colon >= 12 && matches!(&whole[colon + 1..at], "" | "x-oauth-basic" | "x") => Some(0..colon),
        Some(colon) => (colon + 1 < at).then_some(colon + 1..at),
        // A user name is short; what is long is a token.
        None => (at >= 20).then_some(0..at),
    }
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\\')
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

fn bounded_start(text: &str, end: usize) -> usize {
    text.ceil_char_boundary(end.saturating_sub(LONGEST))
}
