//! Problems of a manifest, as people read them: where, what, and what to write instead.

use std::fmt;

use super::origin::Origin;
use crate::text::escape;

/// What is wrong, and what to do about it. Both are plain sentences without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// What is wrong.
    pub sentence: String,
    /// What to write or do instead.
    pub remedy: String,
}

impl Message {
    pub(super) fn new(sentence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), remedy: remedy.into() }
    }
}

/// A place in a text. Lines and columns count from 1, columns and width in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// How many characters the thing takes on its first line; at least 1.
    pub width: usize,
}

/// A message about a place of the text that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where; `None` for what is wrong with the text as a whole.
    pub place: Option<Place>,
    /// What.
    pub message: Message,
}

impl Problem {
    pub(super) fn at(place: Place, message: Message) -> Self {
        Self { place: Some(place), message }
    }
}

/// Proof that a problem was reported. Code that gives up returns one of these: nothing is refused in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported(());

/// The problems found so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem. `place` is `None` for flags and for what is wrong with a text as a whole.
    pub(super) fn report(&mut self, place: impl Into<Option<Place>>, message: Message) -> Reported {
        self.add(Problem { place: place.into(), message })
    }

    /// Adds a problem that was found elsewhere.
    pub(super) fn add(&mut self, problem: Problem) -> Reported {
        self.0.push(problem);
        Reported(())
    }

    /// Returns every problem, those of the earliest lines first.
    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.place);
        self.0
    }

    /// Returns every problem, in the order in which they were found.
    pub(super) fn all(&self) -> &[Problem] {
        &self.0
    }
}

/// One problem, ready to be shown. Nothing in it can move a cursor or colour a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as it was named, `<stdin>`, or `None` where a flag is at fault.
    pub file: Option<String>,
    /// Line and column, from 1, where the problem has a place.
    pub position: Option<(usize, usize)>,
    /// What is wrong: a plain sentence without a full stop.
    pub sentence: String,
    /// What to write or do instead.
    pub remedy: String,
    excerpt: Option<Box<Excerpt>>,
}

/// The line that is at fault, and where the caret stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    indent: usize,
    width: usize,
}

impl Diagnostic {
    /// A problem with a flag, or with no file at all.
    pub(super) fn of_flags(message: &Message) -> Self {
        Self {
            file: None,
            position: None,
            sentence: escape::one_line(&message.sentence).into_owned(),
            remedy: escape::one_line(&message.remedy).into_owned(),
            excerpt: None,
        }
    }

    /// A problem with a file as a whole.
    pub(super) fn of_file(file: &str, message: &Message) -> Self {
        Self { file: Some(escape::one_line(file).into_owned()), ..Self::of_flags(message) }
    }

    /// A problem at a place of a file's text.
    pub(super) fn in_text(file: &str, text: &str, problem: &Problem) -> Self {
        let whole = Self::of_file(file, &problem.message);
        match problem.place {
            None => whole,
            Some(place) => Self {
                position: Some((place.line, place.column)),
                excerpt: text.lines().nth(place.line.saturating_sub(1)).map(|line| Box::new(Excerpt::cut(line, place))),
                ..whole
            },
        }
    }
}

impl Excerpt {
    /// How much of a long line is shown, in characters, and how much of that stands before the caret.
    const MAX_WIDTH: usize = 120;
    const LEAD: usize = 40;

    fn cut(line: &str, place: Place) -> Self {
        let start = place.column - 1;
        let skipped = if start > Self::MAX_WIDTH - Self::LEAD { start - Self::LEAD } else { 0 };
        let mut excerpt = Self { text: String::new(), indent: 0, width: 0 };
        if skipped > 0 {
            excerpt.text.push('…');
            excerpt.indent = 1;
        }
        for (column, c) in line.chars().enumerate().skip(skipped).take(Self::MAX_WIDTH) {
            let before = excerpt.text.chars().count();
            match c {
                // Shown, because a tab is often the very thing that is wrong.
                '\t' => excerpt.text.push('→'),
                _ => escape::push_shown(&mut excerpt.text, c),
            }
            let shown = excerpt.text.chars().count() - before;
            if column < start {
                excerpt.indent += shown;
            } else if column < start + place.width {
                excerpt.width += shown;
            }
        }
        if line.chars().count() > skipped + Self::MAX_WIDTH {
            excerpt.text.push('…');
        }
        excerpt.width = excerpt.width.max(1);
        excerpt.defused()
    }

    /// The same without a command to a CI system in it, and the caret still under what is wrong.
    fn defused(self) -> Self {
        let text = escape::defuse(&self.text).into_owned();
        let (start, end) = (defused_column(&self.text, &text, self.indent), self.indent + self.width);
        Self { indent: start, width: defused_column(&self.text, &text, end) - start, text }
    }
}

/// Where the character of this column stands once commands are defused, which adds backslashes and nothing else.
fn defused_column(text: &str, defused: &str, column: usize) -> usize {
    let mut shown = defused.chars().enumerate();
    for c in text.chars().take(column) {
        let _ = shown.find(|(_, shown)| *shown == c);
    }
    shown.next().map_or_else(|| defused.chars().count(), |(index, _)| index).max(column)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some((line, column)) = self.position {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        } else {
            f.write_str("error: ")?;
        }
        write!(f, "{}", self.sentence)?;
        if let (Some(excerpt), Some((line, _))) = (&self.excerpt, self.position) {
            let gutter = line.to_string().len() + 2;
            write!(f, "\n  {line} | {}", excerpt.text)?;
            write!(
                f,
                "\n{:gutter$} | {:indent$}{:^<width$}",
                "",
                "",
                "",
                indent = excerpt.indent,
                width = excerpt.width
            )?;
        }
        write!(f, "\n  fix: {}", self.remedy)
    }
}

/// Every problem of a run's manifests and flags, in the order of the sources and of their lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// How many problems are shown; a file that is no manifest at all can have thousands.
    const SHOWN: usize = 50;

    /// The problems as an error, or `Ok` where there are none.
    pub(super) fn none_or_err(problems: Vec<Diagnostic>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// These problems, of which there is at least one.
    pub(super) fn of(problems: Vec<Diagnostic>) -> Self {
        Self(problems)
    }

    /// Returns where the first problem is, where it is in a line of a file.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        let first = self.0.first()?;
        Some(Origin { file: first.file.clone()?, line: first.position?.0 })
    }

    /// Every problem, in order.
    #[must_use]
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().take(Self::SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        match self.0.len() {
            0 | 1 => Ok(()),
            all if all > Self::SHOWN => write!(f, "\n\n{all} problems, the first {} shown", Self::SHOWN),
            all => write!(f, "\n\n{all} problems"),
        }
    }
}

impl std::error::Error for Diagnostics {}

/// A value in back-ticks for a sentence, cut where it is too long to be read.
pub(super) fn quoted(value: &str) -> String {
    const LONGEST: usize = 80;
    match value.char_indices().nth(LONGEST) {
        None => format!("`{value}`"),
        Some((end, _)) => format!("`{}…`", &value[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Message, Place, Problem};

    fn shown(line: &str, column: usize, width: usize) -> String {
        let problem = Problem::at(Place { line: 1, column, width }, Message::new("wrong", "right"));
        Diagnostic::in_text("gate.yaml", line, &problem).to_string()
    }

    #[test]
    fn the_caret_stands_under_the_word() {
        assert_eq!(shown("app: x", 6, 1), "gate.yaml:1:6: wrong\n  1 | app: x\n    |      ^\n  fix: right");
    }

    #[test]
    fn the_caret_stands_under_the_word_after_something_that_is_spelled_out() {
        let shown = shown("\u{1b}[31m: x", 8, 1);
        assert!(shown.contains("\n  1 | \\x1b[31m: x\n    |           ^"), "{shown}");
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}HERE{}", "a".repeat(1000), "b".repeat(1000));
        let shown = shown(&line, 1001, 4);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].chars().count() < 140, "{shown}");
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        let here = lines[1].chars().collect::<String>().find("HERE").unwrap() - '…'.len_utf8() + 1;
        assert_eq!(caret, here, "{shown}");
    }

    #[test]
    fn the_caret_stands_under_the_word_after_a_command_that_is_defused() {
        let shown = shown("##vso[a]b: HERE", 12, 4);
        assert!(shown.contains("\n  1 | ##vso\\[a]b: HERE\n    |             ^^^^"), "{shown}");
    }

    #[test]
    fn nothing_hostile_is_left() {
        for hostile in ["a\u{1b}[2J", "b\u{202e}c", "\u{9b}d", "\u{e0041}", "##[error]x", "##vso[a]b", "::error::x"] {
            let message = Message::new(hostile, hostile);
            let problem = Problem::at(Place { line: 1, column: 1, width: 1 }, message);
            let shown = Diagnostic::in_text(hostile, hostile, &problem).to_string();
            assert!(!shown.contains(hostile), "{shown:?}");
        }
    }
}
