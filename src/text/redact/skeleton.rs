//! The text as the search sees it: without what nobody sees, and with the escapes of quotes and joints resolved.
//!
//! `pass<zero width>word=…`, `&quot;password&quot;:…` and `%22password%22%3A…` all are `password` to a reader. What is
//! found there is hidden in the text as it was written.

use std::ops::Range;

use super::super::escape;

/// No honest sequence for a terminal is longer; the bound keeps the search for its end linear.
const LONGEST_SEQUENCE: usize = 64;

/// Escapes of characters that join a key and its value. Only those that the text can hold without harm to a secret.
const ESCAPES: &[(&str, char)] = &[
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&#x22;", '"'),
    ("&apos;", '\''),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&amp;", '&'),
    ("\\u0022", '"'),
    ("\\u0027", '\''),
    ("\\u0026", '&'),
    ("\\u003a", ':'),
    ("\\u003d", '='),
    ("\\u003c", '<'),
    ("\\u003e", '>'),
    ("%22", '"'),
    ("%27", '\''),
    ("%2c", ','),
    ("%3a", ':'),
    ("%3d", '='),
    ("%7b", '{'),
    ("%7d", '}'),
    ("\\/", '/'),
];

/// What is searched, and where each byte of it stands in the text.
pub(super) struct Skeleton {
    pub(super) text: String,
    /// For each byte of the text here, what it stands for there.
    sources: Vec<Range<usize>>,
    /// The length of the text.
    length: usize,
}

impl Skeleton {
    /// Returns `None` where the text is its own skeleton.
    pub(super) fn of(text: &str) -> Option<Self> {
        let is_plain = |c: char| matches!(c, '\n' | '\r' | '\t') || !escape::is_hostile(c);
        let has_escapes = ["&", "\\u00", "%", "\\/"].iter().any(|mark| text.contains(mark));
        if !has_escapes && text.chars().all(is_plain) {
            return None;
        }
        let mut skeleton = Self {
            text: String::with_capacity(text.len()),
            sources: Vec::with_capacity(text.len()),
            length: text.len(),
        };
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let (length, shown) = if matches!(c, '&' | '\\' | '%') {
                escape(rest).map_or((1, Some(c)), |(length, c)| (length, Some(c)))
            } else if c == '\x1b' {
                (sequence(rest), None)
            } else if c == '\0' {
                // Between the letters of UTF-16 it is none; in an environment it ends a variable.
                let bytes = text.as_bytes();
                let wide = at >= 2 && bytes[at - 2] == 0 || bytes.get(at + 2) == Some(&0);
                (1, (!wide).then_some('\n'))
            } else {
                (c.len_utf8(), is_plain(c).then_some(c))
            };
            if let Some(shown) = shown {
                skeleton.text.push(shown);
                skeleton.sources.extend(std::iter::repeat_n(at..at + length, shown.len_utf8()));
            }
            at += length;
        }
        Some(skeleton)
    }

    /// Returns the place in the text that this range stands for, with what nobody sees behind it.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.sources.get(range.start).map_or(self.length, |source| source.start);
        let end = self.sources.get(range.end).map_or(self.length, |source| source.start);
        start..end.max(start)
    }
}

fn escape(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    ESCAPES.iter().find_map(|(escape, c)| {
        let is_it = bytes.get(..escape.len()).is_some_and(|front| front.eq_ignore_ascii_case(escape.as_bytes()));
        is_it.then_some((escape.len(), *c))
    })
}

/// The length of the sequence at the front, which begins with ESC.
fn sequence(text: &str) -> usize {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST_SEQUENCE)];
    let end = match bytes.get(1) {
        Some(b'[') => bytes[2..].iter().position(|byte| matches!(byte, 0x40..=0x7e)).map(|end| end + 3),
        Some(b']') => bytes[2..].iter().position(|byte| matches!(byte, 7 | 0x1b)).map(|end| {
            let two = bytes[end + 2] == 0x1b && bytes.get(end + 3) == Some(&b'\\');
            end + if two { 4 } else { 3 }
        }),
        _ => None,
    };
    end.unwrap_or(1)
}
