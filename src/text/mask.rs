//! Secrets masked: what looks like one is shown as `***`.
//!
//! Each pass looks for one family and goes over the text once; none of them tries again from where it failed, so that
//! a hostile log costs no more than an honest one. What masks too much hides the cause: words of error messages
//! (`password: required`) are left alone.

use std::borrow::Cow;
use std::ops::Range;

mod keys;
mod pem;
mod tokens;
mod urls;
mod values;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// The text without its secrets.
///
/// Colour sequences are taken out on the way: they change nothing but the looks, and one in the middle of a secret, or
/// between its key and its value, would hide it from this search.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let plain = without_colours(text);
    let mut secrets = Vec::new();
    pem::find(&plain, &mut secrets);
    urls::find(&plain, &mut secrets);
    tokens::find(&plain, &mut secrets);
    keys::find(&plain, &mut secrets);
    if secrets.is_empty() { plain } else { Cow::Owned(masked(&plain, secrets)) }
}

fn masked(text: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.sort_unstable_by_key(|secret| (secret.start, secret.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        if secret.start >= done {
            out.push_str(&text[done..secret.start]);
            out.push_str(MASK);
        }
        // One that begins inside of another only makes the hidden part longer.
        done = done.max(secret.end);
    }
    out.push_str(&text[done..]);
    out
}

/// The text without `ESC [ … m` (colours) and `ESC [ … K` (the rest of the line erased), which loggers write freely.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains("\x1b[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("\x1b[") {
        out.push_str(&rest[..place]);
        let after = &rest[place + 2..];
        // No honest sequence is longer, and a bound keeps the search linear.
        let end = after.bytes().take(32).position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'));
        rest = match end {
            Some(end) if matches!(after.as_bytes()[end], b'm' | b'K') => &after[end + 1..],
            _ => {
                out.push_str("\x1b[");
                after
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
