//! Lines that fit: wrapping at blanks, hanging indents, a little colour at the front.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::printer::Look;
use crate::text::SafeText;

/// Below this many columns nothing can be laid out; lines then run over.
const NARROWEST: usize = 40;
/// Past this many columns lines are hard to read.
const WIDEST: usize = 120;

/// How many columns to lay out for.
pub(super) fn columns(look: Look) -> usize {
    look.columns.clamp(NARROWEST, WIDEST)
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text with blanks behind it, up to so many columns.
pub(super) fn padded(text: &SafeText, columns: usize) -> SafeText {
    SafeText::rearranged(format!("{text}{}", " ".repeat(columns.saturating_sub(width(text)))))
}

/// What a part of a line is, and so how it is coloured. All of it can be told without colour too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Careful,
    Code,
    Next,
    Dim,
}

impl Tone {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Careful => AnsiColor::Yellow.on_default().bold(),
            Self::Code => style.bold(),
            Self::Next => AnsiColor::Cyan.on_default().bold(),
            Self::Dim => style.dimmed(),
        }
    }
}

/// The text, coloured where that is wanted.
pub(super) fn painted(text: impl Into<SafeText>, tone: Tone, colour: bool) -> SafeText {
    let text = text.into();
    if !colour {
        return text;
    }
    let style = tone.style();
    SafeText::rearranged(format!("{style}{text}{style:#}"))
}

/// A line whose front may be coloured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    text: SafeText,
    /// How many bytes of the front have the tone.
    front: usize,
    tone: Tone,
}

impl Line {
    pub(super) fn plain(text: impl Into<SafeText>) -> Self {
        Self { text: text.into(), front: 0, tone: Tone::Dim }
    }

    pub(super) fn empty() -> Self {
        Self::plain(SafeText::EMPTY)
    }

    /// A line whose front, `front` bytes of it, has a tone.
    pub(super) fn toned(text: impl Into<SafeText>, front: usize, tone: Tone) -> Self {
        let text = text.into();
        let front = text.floor_char_boundary(front);
        Self { text, front, tone }
    }

    pub(super) fn render(&self, colour: bool) -> SafeText {
        if self.front == 0 {
            return self.text.clone();
        }
        let (front, rest) = self.text.split_at(self.front);
        let front = painted(SafeText::rearranged(front), self.tone, colour);
        SafeText::rearranged(format!("{front}{rest}"))
    }
}

/// The text as one word for [`wrap`], which breaks no line in it.
pub(super) fn glued(text: &SafeText) -> SafeText {
    SafeText::rearranged(text.replace(' ', GLUE))
}

/// The blank that no line is broken at. It is shown as a common one, so that what is copied is what was meant.
const GLUE: &str = "\u{a0}";

/// The text in lines of at most `columns`, the first behind `first`, the others behind `other`. Only blanks are broken
/// at, and none of those in backticks: a name or a command that is longer than a line runs over it, whole, so that it
/// can be copied.
pub(super) fn wrap(text: &SafeText, first: &'static str, other: &'static str, columns: usize) -> Vec<SafeText> {
    filled(unbroken(text, usize::MAX), first, other, columns)
}

/// The same for what must not run over, or is not ours to quote: in backticks that are too long for a line it is broken
/// at blanks too.
pub(super) fn wrap_within(text: &SafeText, columns: usize) -> Vec<SafeText> {
    filled(unbroken(text, columns), "", "", columns)
}

fn filled(words: Vec<&str>, first: &'static str, other: &'static str, columns: usize) -> Vec<SafeText> {
    let mut lines = Vec::new();
    let ended = |line: &str| SafeText::rearranged(line.trim_end().replace(GLUE, " "));
    let mut line = first.to_owned();
    let mut used = width(first);
    let mut begun = false;
    for word in words {
        let wide = width(word);
        if begun && used + 1 + wide > columns {
            lines.push(ended(&line));
            other.clone_into(&mut line);
            used = width(other);
            begun = false;
        }
        if begun {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
        begun = true;
    }
    lines.push(ended(&line));
    lines
}

/// The words of a text. What stands in backticks is one word where it fits into the room: it is there to be copied.
fn unbroken(text: &str, room: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    // True inside of a pair that is too long to stay whole.
    let mut broken = false;
    loop {
        let blank = rest.find(' ').unwrap_or(rest.len());
        let mut end = blank;
        if rest[..blank].matches('`').count() % 2 == 1 {
            // The word opens a pair of backticks and goes on to where it is closed.
            let closed = rest[blank..].find('`').map(|place| blank + place);
            let whole = closed.map(|place| rest[place..].find(' ').map_or(rest.len(), |after| place + after));
            match whole.filter(|whole| !broken && width(&rest[..*whole]) <= room) {
                Some(whole) => end = whole,
                None => broken = !broken,
            }
        }
        words.push(&rest[..end]);
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Tone, wrap, wrap_within};

    #[test]
    fn only_blanks_are_broken_at() {
        assert_eq!(wrap(&"one two three".into(), "- ", "  ", 9), ["- one two", "  three"]);
        assert_eq!(wrap(&"a averyverylongname b".into(), "", "  ", 8), ["a", "  averyverylongname", "  b"]);
        assert_eq!(wrap(&"日本 日本".into(), "", "", 6), ["日本", "日本"], "a wide character takes two columns");
        assert_eq!(wrap(&"".into(), "  ", "  ", 8), [""]);
        assert_eq!(wrap(&"run `a b c` now".into(), "", "", 9), ["run", "`a b c`", "now"], "a command stays whole");
        assert_eq!(wrap(&"run `a long b` now".into(), "", "", 9), ["run", "`a long b`", "now"], "and runs over");
        assert_eq!(wrap(&"run `a long b".into(), "", "", 9), ["run `a", "long b"], "that are closed");
        assert_eq!(wrap_within(&"run `a b c` `a long b` `x".into(), 9), ["run", "`a b c`", "`a long", "b` `x"]);
    }

    #[test]
    fn colour_changes_nothing_but_the_colour() {
        let line = Line::toned("✘ FAILED: x", "✘ FAILED:".len(), Tone::Bad);
        assert_eq!(line.render(false), "✘ FAILED: x");
        assert_eq!(line.render(true), "\x1b[1m\x1b[31m✘ FAILED:\x1b[0m x");
    }
}
