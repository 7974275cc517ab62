//! Hostile text made inert, and visible.
//!
//! What pods, nodes and the API server say may hold anything: escape sequences that rewrite the screen, marks that turn
//! the reading direction, lines that a CI system takes for commands. Here every such character becomes its escape, which
//! the reader can see, and every command gets a backslash that keeps the CI system from knowing it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// How many columns one line may have before its middle is left out.
pub const COLUMNS: usize = 600;

/// One line, whatever was in the text: its newlines are escaped too, and past [`COLUMNS`] its middle is left out.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    cut(text.trim_end_matches(['\n', '\r']), COLUMNS)
}

/// One line, whatever was in the text, however long it is.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    cut(text.trim_end_matches(['\n', '\r']), usize::MAX)
}

/// The lines of a text, each inert and at most `columns` long. Empty lines at either end say nothing and go.
#[must_use]
pub fn block(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches(['\r', ' ', '\t'])).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.iter().skip_while(|line| line.is_empty()).map(|line| cut(line, columns).into_owned()).collect()
}

/// The text with every hostile character escaped, but with its newlines, its tabs and its length. For machine formats,
/// whose readers may print a value as it is.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && c != '\t' && is_hostile(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\n' || c == '\t' { shown.push(c) } else { push_shown(&mut shown, c) }
    }
    Cow::Owned(shown)
}

/// The text, whole, its lines kept: as [`visible`], and no CI system finds a command in it either.
#[must_use]
pub fn whole(text: &str) -> Cow<'_, str> {
    match visible(text) {
        Cow::Borrowed(text) => defuse(text),
        Cow::Owned(text) => Cow::Owned(defuse(&text).into_owned()),
    }
}

/// True for characters that act on a terminal, on the order of what is read, or that nobody can see.
pub(crate) fn is_hostile(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Soft hyphen, Arabic letter mark, the fillers of Hangul, Mongolian separators.
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        // Zero width, marks of direction, line and paragraph separators, overrides, isolates, invisible operators.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        // Variation selectors, but for the two that choose between text and picture and stand in honest logs.
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
}

/// How many columns a character takes once it is shown.
fn shown_columns(c: char) -> usize {
    match c {
        '\t' => 4,
        '\n' | '\r' => 2,
        _ if u32::from(c) < 0x100 && is_hostile(c) => 4,
        _ if is_hostile(c) => c.escape_unicode().count(),
        _ => 1,
    }
}

/// Adds the character as it is shown: hostile ones as their escapes.
pub(crate) fn push_shown(shown: &mut String, c: char) {
    match c {
        '\t' => shown.push_str("    "),
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        _ if !is_hostile(c) => shown.push(c),
        _ if u32::from(c) < 0x100 => {
            // A `String` takes everything.
            let _ = write!(shown, "\\x{:02x}", u32::from(c));
        }
        _ => shown.extend(c.escape_unicode()),
    }
}

/// Room for ` … 1234567 characters left out … `, in bytes, for these are what is counted first.
const LEFT_OUT: usize = 42;

/// The text on one line of at most some `columns`, its middle left out where it is longer.
fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    // Bytes are at least as many as columns, but for what is hostile.
    if text.len() <= columns && !text.chars().any(is_hostile) {
        return defuse(text);
    }
    let mut shown = String::with_capacity(text.len().min(columns.saturating_mul(4)));
    if text.chars().map(shown_columns).sum::<usize>() <= columns {
        text.chars().for_each(|c| push_shown(&mut shown, c));
    } else {
        // With the words about what is left out it is no longer than allowed, and so stays when it is cut again.
        let half = columns.saturating_sub(LEFT_OUT) / 2;
        let head = fitting(text.chars(), half);
        let tail = text.len() - fitting(text[head..].chars().rev(), half);
        let left_out = text[head..tail].chars().count();
        text[..head].chars().for_each(|c| push_shown(&mut shown, c));
        let _ = write!(shown, " … {left_out} characters left out … ");
        text[tail..].chars().for_each(|c| push_shown(&mut shown, c));
    }
    Cow::Owned(match defuse(&shown) {
        Cow::Borrowed(_) => shown,
        Cow::Owned(defused) => defused,
    })
}

/// How many bytes of these characters fit into the columns.
fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut left = columns;
    chars
        .take_while(|c| {
            let wanted = shown_columns(*c);
            let fits = wanted <= left;
            left = left.saturating_sub(wanted);
            fits
        })
        .map(char::len_utf8)
        .sum()
}

/// Takes the meaning from what a CI system would obey.
///
/// GitHub takes `::name …::` for a command where a line begins with it, white space apart, and wherever a line is
/// wrapped a word may begin one; `##[name]` it takes anywhere, as Azure does `##vso[`, and `TeamCity` `##teamcity[`.
/// GitLab takes `section_start:` and `section_end:` anywhere. An IPv6 address (`::1`, `::ffff:10.0.0.1`) and a path of
/// a program (`std::io`) are none of these and stay.
pub(crate) fn defuse(text: &str) -> Cow<'_, str> {
    if !(text.contains("::") || text.contains("##") || text.contains("section_")) {
        return Cow::Borrowed(text);
    }
    let last_colons = text.rfind("::");
    let mut out = String::with_capacity(text.len() + 8);
    let mut at_word_start = true;
    // True from `##` on, for as long as only the name of a command follows.
    let mut after_hashes = false;
    let mut hashes = 0;
    for (place, c) in text.char_indices() {
        let rest = &text[place..];
        if c == '[' && after_hashes {
            out.push('\\');
        }
        hashes = if c == '#' { hashes + 1 } else { 0 };
        after_hashes =
            hashes >= 2 || (after_hashes && (c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#')));
        let names_command = |rest: &str| rest[2..].starts_with(|c: char| c.is_ascii_alphabetic());
        if at_word_start && rest.starts_with("::") && names_command(rest) && last_colons > Some(place + 1) {
            out.push_str(":\\");
            at_word_start = false;
            continue;
        }
        if c == ':' && (text[..place].ends_with("section_start") || text[..place].ends_with("section_end")) {
            out.push('\\');
        }
        at_word_start = c.is_whitespace();
        out.push(c);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, block, line, visible};

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in [
            "fatal: DATABASE_URL is not set",
            "thread 'main' panicked at std::io::Error, src/main.rs:4",
            "listening on ::1, :::8080 and ::ffff:10.0.0.1",
            "grün, 日本語, 👍 ⚠️",
            "# heading ## heading",
        ] {
            assert_eq!(line(text), text);
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown() {
        assert_eq!(line("\x1b[2Jgone\x07"), r"\x1b[2Jgone\x07");
        assert_eq!(line("a\rb\u{8}\u{9b}31m\u{7f}\0"), r"a\rb\x08\x9b31m\x7f\x00");
        assert_eq!(line("user\u{202e}nimda"), r"user\u{202e}nimda");
        assert_eq!(line("a\u{2028}b\u{feff}\u{e0041}"), r"a\u{2028}b\u{feff}\u{e0041}");
        assert_eq!(line("one\ntwo\n"), r"one\ntwo");
        assert_eq!(line("a\tb"), "a    b");
        assert_eq!(visible("a\tb\n\x1b[0m"), "a\tb\n\\x1b[0m");
    }

    #[test]
    fn no_ci_system_finds_a_command() {
        assert_eq!(line("::error::x"), r":\:error::x");
        assert_eq!(line("  \t::set-output name=a::b"), r"      :\:set-output name=a::b");
        assert_eq!(line("a ::error::x"), r"a :\:error::x", "a wrapped line may begin there");
        assert_eq!(line("x##[error]y ###[group]z"), r"x##\[error]y ###\[group]z");
        assert_eq!(line("##vso[task.setvariable]v"), r"##vso\[task.setvariable]v");
        assert_eq!(line("##teamcity[message text='x']"), r"##teamcity\[message text='x']");
        assert_eq!(line("section_start:1:a"), r"section_start\:1:a");
        assert_eq!(line("\u{a0}::add-mask::a"), "\u{a0}:\\:add-mask::a");
    }

    #[test]
    fn a_long_line_keeps_both_ends_and_says_what_is_left_out() {
        let text = format!("begin{}end", "x".repeat(60_000));
        let shown = line(&text);
        assert!(shown.starts_with("beginx") && shown.ends_with("xend"));
        assert!(shown.contains(" … 59450 characters left out … "), "{shown}");
        assert_eq!(line(&shown), shown);
        let escapes = "\u{202e}".repeat(20_000);
        assert!(line(&escapes).chars().count() < COLUMNS + 50);
    }

    #[test]
    fn a_block_loses_only_its_empty_ends() {
        assert_eq!(block("\n\na\r\n\n  b\t\n\n", 80), ["a", "", "  b"]);
        assert_eq!(block("", 80), Vec::<String>::new());
    }
}
