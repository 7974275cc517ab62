//! A line of the live view: parts with tones, cut to the width of the screen.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::layout::{Tone, painted};
use crate::text::SafeText;

/// A line in the making.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    parts: Vec<(SafeText, Option<Tone>)>,
}

impl Row {
    pub fn plain(mut self, text: impl Into<SafeText>) -> Self {
        self.parts.push((text.into(), None));
        self
    }

    pub fn toned(mut self, text: impl Into<SafeText>, tone: Tone) -> Self {
        self.parts.push((text.into(), Some(tone)));
        self
    }

    pub fn width(&self) -> usize {
        self.parts.iter().map(|(text, _)| text.width()).sum()
    }

    /// Blanks up to this column.
    pub fn to(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.width());
        self.plain(SafeText::rearranged(" ".repeat(blanks)))
    }

    /// The line, at most so many columns wide.
    pub fn render(&self, columns: usize, colour: bool) -> SafeText {
        let mut out = String::new();
        let mut room = columns;
        for (text, tone) in &self.parts {
            let shown = cut(text, room);
            room -= shown.width().min(room);
            let ended = shown.len() < text.len();
            match tone {
                Some(tone) if !shown.is_empty() => out += &painted(shown, *tone, colour),
                _ => out += &shown,
            }
            if ended {
                break;
            }
        }
        SafeText::rearranged(out.trim_end())
    }
}

/// The beginning of a text that fits into so many columns; a cut one ends with `…`.
pub(super) fn cut(text: &SafeText, columns: usize) -> SafeText {
    if text.width() <= columns {
        return text.clone();
    }
    let Some(room) = columns.checked_sub(1) else { return SafeText::EMPTY };
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    SafeText::rearranged(kept.trim_end().to_owned() + "…")
}

/// The end of a text that fits into so many columns: names differ at their ends.
pub(super) fn cut_front(text: &SafeText, columns: usize) -> SafeText {
    if text.width() <= columns {
        return text.clone();
    }
    let Some(room) = columns.checked_sub(1) else { return SafeText::EMPTY };
    let mut used = 0;
    let kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    let kept: String = kept.into_iter().rev().collect();
    SafeText::rearranged(format!("…{kept}"))
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::Tone;
    use super::{Row, cut, cut_front};

    #[test]
    fn what_is_too_long_is_cut_where_it_says_least() {
        assert_eq!((&*cut(&"abcdef".into(), 6), &*cut(&"abcdef".into(), 4)), ("abcdef", "abc…"));
        assert_eq!((&*cut(&"日本語".into(), 5), &*cut(&"x".into(), 0)), ("日本…", ""));
        assert_eq!((&*cut_front(&"abcdef".into(), 4), &*cut_front(&"日本語".into(), 5)), ("…def", "…本語"));
    }

    #[test]
    fn colours_take_no_columns_and_are_closed_where_a_line_is_cut() {
        let row = Row::default().toned("abc", Tone::Bad).plain("def");
        assert_eq!(row.render(5, false), "abcd…");
        assert_eq!(row.render(2, true), "\x1b[1m\x1b[31ma…\x1b[0m");
        assert_eq!(Row::default().plain("a").to(4).plain("b").render(9, false), "a   b");
    }
}
