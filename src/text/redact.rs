//! Secrets masked: what looks like one is shown as `***`.
//!
//! Each pass looks for one family and goes over the text once; none of them tries again from where it failed, so that
//! a hostile log costs no more than an honest one. What masks too much hides the cause: words of error messages
//! (`password: required`) are left alone. `tests/report/redaction_shapes.tsv` holds what is known of both sides.

use std::borrow::Cow;
use std::ops::Range;

mod dumps;
mod encoded;
mod keys;
mod names;
mod pem;
mod rules;
mod shapes;
mod skeleton;
mod urls;
mod values;

use skeleton::Skeleton;

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
    match Skeleton::of(&plain) {
        None => find(&plain, &mut secrets),
        Some(skeleton) => {
            find(&skeleton.text, &mut secrets);
            for secret in &mut secrets {
                *secret = skeleton.source(secret);
            }
        }
    }
    if secrets.is_empty() { plain } else { Cow::Owned(masked(&plain, secrets)) }
}

/// Finds every secret; some of them more than once.
fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    find_plain(text, secrets);
    encoded::find(text, secrets, |decoded| {
        let mut within = Vec::new();
        find_plain(decoded, &mut within);
        !within.is_empty()
    });
}

fn find_plain(text: &str, secrets: &mut Vec<Range<usize>>) {
    pem::find(text, secrets);
    urls::find(text, secrets);
    shapes::find(text, secrets);
    rules::find(text, secrets);
    rules::find_inserted(text, secrets);
    dumps::find(text, secrets);
    keys::find(text, secrets);
}
fn masked(text: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.sort_unstable_by_key(|secret| (secret.start, secret.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        // One that begins inside of another, or right behind it, only makes the hidden part longer.
        if secret.start > done || out.is_empty() {
            out.push_str(&text[done..secret.start]);
            out.push_str(MASK);
        }
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
