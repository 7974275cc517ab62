//! The output of a pod, which comes in pieces, as masked text: each piece is shown as soon as it can be without showing a
//! secret in parts, in time and memory that its length alone decides.

use crate::text::{Redaction, Untrusted};

/// A line that is longer is shown in parts: nothing is held for ever.
const LONGEST: usize = 64 * 1024;
/// As much of a line is remembered for the one after it.
const CONTEXT: usize = 4 * 1024;
/// What a private key, and nothing else of its kind, begins and ends with.
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// What came and was not shown yet.
#[derive(Debug, Default)]
pub(super) struct OutputLines {
    /// What waits: a line without an end, and before it a key that has no end yet.
    waiting: Vec<u8>,
    /// How far the search for the end of a line has come.
    searched: usize,
    /// How far whole lines were searched for keys.
    read: usize,
    /// Where the line begins in which a key does that has no end yet.
    key: Option<usize>,
    /// The line that was shown last, as it came: a key may stand on one line and its value on the next.
    before: String,
    redaction: Redaction,
}

impl OutputLines {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { redaction, ..Self::default() }
    }

    /// Takes in a piece and returns what can be shown.
    pub(super) fn take(&mut self, piece: &[u8]) -> Untrusted {
        self.waiting.extend_from_slice(piece);
        // Only what is new is searched: a line that comes byte by byte must not be read anew with each of them.
        let end = self.waiting[self.searched..].iter().rposition(|byte| *byte == b'\n');
        let whole = end.map(|end| self.searched + end + 1).unwrap_or_default();
        self.searched = self.waiting.len();
        if whole > self.read {
            self.read_lines(whole);
        }
        let mut ready = whole.min(self.key.unwrap_or(whole));
        let mut is_torn = false;
        if self.waiting.len() - ready > LONGEST {
            let word = last_word(&self.waiting[ready..]);
            is_torn = word.is_none();
            ready = self.waiting.len() - word.unwrap_or_else(|| part_of_a_character(&self.waiting));
        }
        if ready == 0 {
            return Untrusted::default();
        }
        let rest = self.waiting.split_off(ready);
        let ready = std::mem::replace(&mut self.waiting, rest);
        self.searched = self.waiting.len();
        self.read = self.read.saturating_sub(ready.len());
        self.key = self.key.and_then(|key| key.checked_sub(ready.len()));
        let mut text = String::from_utf8_lossy(&ready).into_owned();
        if is_torn {
            // A command of a CI system that is shown in two parts is not known as one: they must not meet again.
            text.push('\n');
        }
        self.taken_in(&text)
    }

    /// Looks for the begin and the end of keys in the lines that are new, up to `whole`.
    fn read_lines(&mut self, whole: usize) {
        let lines = &self.waiting[self.read..whole];
        let find = |word: &str| lines.windows(word.len()).rposition(|window| window == word.as_bytes());
        match (find(BEGIN), find(END)) {
            (Some(begin), end) if end.is_none_or(|end| end < begin) => {
                let line = lines[..begin].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                self.key = self.key.filter(|_| end.is_none()).or(Some(self.read + line));
            }
            (_, Some(_)) => self.key = None,
            (_, None) => {}
        }
        self.read = whole;
    }

    /// Returns what is left at the end of the output.
    pub(super) fn rest(&mut self) -> Untrusted {
        let rest = std::mem::take(&mut self.waiting);
        (self.searched, self.read, self.key) = (0, 0, None);
        self.taken_in(&String::from_utf8_lossy(&rest))
    }

    fn taken_in(&mut self, text: &str) -> Untrusted {
        if text.is_empty() {
            return Untrusted::default();
        }
        let before = std::mem::replace(&mut self.before, context(text));
        self.redaction.continued(&before, text)
    }
}

/// The last whole line of a text, where a text ends with one.
fn context(text: &str) -> String {
    let Some(lines) = text.strip_suffix('\n') else { return String::new() };
    let last = lines.rsplit('\n').next().unwrap_or_default();
    if last.len() > CONTEXT { String::new() } else { format!("{last}\n") }
}

/// How many bytes at the end belong to a word that may go on; `None` where it is too long for one.
fn last_word(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rev().take(CONTEXT).position(u8::is_ascii_whitespace)
}

/// How many bytes at the end are the begin of a character whose rest has not come.
fn part_of_a_character(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3).take_while(|byte| *byte & 0b1100_0000 == 0b1000_0000).count();
    let length = match bytes.len().checked_sub(tail + 1).map(|head| bytes[head]) {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        _ => 1,
    };
    if length > tail + 1 { tail + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, OutputLines};

    /// What is shown of a text that comes in pieces of this length.
    fn shown(text: &str, length: usize) -> String {
        let mut lines = OutputLines::default();
        let mut all: String =
            text.as_bytes().chunks(length).map(|piece| lines.take(piece).whole().to_string()).collect();
        all.push_str(&lines.rest().whole());
        all
    }

    #[test]
    fn whole_lines_are_shown_at_once_and_the_rest_at_the_end() {
        let mut lines = OutputLines::default();
        assert_eq!(lines.take(b"one\ntw").whole(), "one\n");
        assert_eq!(lines.take(b"o\nth").whole(), "two\n");
        assert_eq!(lines.take(b"ree").whole(), "");
        assert_eq!(lines.rest().whole(), "three");
        assert_eq!(lines.rest().whole(), "");
    }

    #[test]
    fn a_secret_is_masked_however_it_is_cut_into_pieces() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIhunter2hunter2hunter2hunter2\nhunter2hunter2hunter2hunter2\n-----END PRIVATE KEY-----\n";
        for text in [format!("a\n{key}b\n"), "password=hunter2secret\nb\n".to_owned(), format!("{key}{key}b\nno end")] {
            for length in 1..text.len() {
                let shown = shown(&text, length);
                assert!(!shown.contains("hunter2") && shown.contains("b\n"), "{length}: {shown}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_is_shown_in_parts_and_costs_no_more_than_its_length() {
        let text = "wörd ".repeat(4 * LONGEST / 6);
        assert_eq!(shown(&text, 1000), text);
        let no_blank = "ü".repeat(2 * LONGEST);
        assert_eq!(shown(&no_blank, 777).replace('\n', ""), no_blank);
        let mut lines = OutputLines::default();
        let mut most = 0;
        for _ in 0..100_000 {
            lines.take(&[b'x'; 64]);
            most = most.max(lines.waiting.len());
        }
        assert!(most <= LONGEST + 64, "{most}");
        // A key that never ends holds nothing back for ever.
        let endless = format!("-----BEGIN PRIVATE KEY-----\n{}", "x\n".repeat(LONGEST));
        let mut lines = OutputLines::default();
        for piece in endless.as_bytes().chunks(100) {
            lines.take(piece);
        }
        assert!(lines.waiting.len() <= LONGEST + 100);
    }
}
