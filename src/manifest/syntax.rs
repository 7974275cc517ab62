//! What is wrong with a text as YAML, in words for people who do not know the grammar.

use granit_parser::{ErrorKind, ScanError};

use super::diagnostics::{Message, Place, Problem};

/// The parser's error as a problem of this text.
pub(super) fn problem(error: &ScanError, text: &str) -> Problem {
    let marker = error.marker();
    let lines: Vec<&str> = text.lines().collect();
    // A tab in the indentation confuses the grammar in many ways, some of them told a line too early.
    for number in [marker.line(), marker.line() + 1] {
        let line = lines.get(number.wrapping_sub(1)).copied().unwrap_or_default();
        let indent = line.chars().take_while(|c| c.is_whitespace());
        if let Some(tab) = indent.into_iter().position(|c| c == '\t') {
            return Problem::at(
                Place { line: number, column: tab + 1, width: 1 },
                Message::new("the line is indented with a tab, which YAML does not allow", "indent with spaces"),
            );
        }
    }
    // Whatever the parser stumbled over later: the bracket that is never closed swallowed it.
    if !is_open_quote(error.kind())
        && let Some((bracket, place)) = open_bracket(&lines)
        && place.line <= marker.line()
    {
        return Problem::at(place, message(&ErrorKind::UnclosedFlowCollection { open: bracket }));
    }
    if is_open_quote(error.kind())
        && let Some(place) = last_quote(&lines, marker.line(), marker.col())
    {
        return Problem::at(place, message(error.kind()));
    }
    // An error at the end of the file stands behind its last line.
    let line = marker.line().clamp(1, lines.len().max(1));
    let column = if line == marker.line() {
        marker.col() + 1
    } else {
        lines.last().map_or(1, |last| last.chars().count().max(1))
    };
    Problem::at(Place { line, column, width: 1 }, message(error.kind()))
}

fn is_open_quote(kind: &ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(kind, E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar | E::InvalidQuotedScalarIndent)
}

/// The last quote up to a place: the one that is open there. The parser tells where it gave up waiting for the other.
fn last_quote(lines: &[&str], line: usize, column: usize) -> Option<Place> {
    (1..=line.min(lines.len())).rev().find_map(|number| {
        let seen = if number == line { column + 1 } else { usize::MAX };
        let quotes = lines[number - 1].chars().take(seen).enumerate().filter(|(_, c)| matches!(c, '"' | '\''));
        quotes.last().map(|(index, _)| Place { line: number, column: index + 1, width: 1 })
    })
}

/// The first bracket that begins a value and is not closed anywhere below.
fn open_bracket(lines: &[&str]) -> Option<(char, Place)> {
    let mut open: Vec<(char, Place)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let mut quote = None;
        let mut before = None;
        for (column, c) in line.chars().enumerate() {
            // Only what stands where a value can begin means something: `a[b` and `don't` are plain text.
            let begins = before.is_none_or(|before| matches!(before, ':' | '-' | ',' | '[' | '{'));
            let spaced = column == 0 || line.chars().nth(column - 1).is_some_and(char::is_whitespace);
            match c {
                c if quote.is_some() => quote = quote.filter(|open| *open != c),
                '#' if spaced => break,
                '"' | '\'' if begins => quote = Some(c),
                '[' | '{' if begins => open.push((c, Place { line: number + 1, column: column + 1, width: 1 })),
                ']' | '}' => drop(open.pop()),
                _ => {}
            }
            if !c.is_whitespace() {
                before = Some(c);
            }
        }
    }
    open.into_iter().next()
}

fn message(kind: &ErrorKind) -> Message {
    use ErrorKind as E;
    let (sentence, remedy) = match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => ("there is a tab where YAML does not allow one", "write spaces instead"),
        kind if is_open_quote(kind) => ("a quote is opened and never closed", "close it with the same quote"),
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidUnicodeEscape
        | E::InvalidLowSurrogate
        | E::InvalidLowSurrogateHexEscape
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate => (
            "a `\\` in double quotes begins an escape that YAML does not know",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => (
            "something follows the closing quote",
            "put the whole value in quotes, or put the rest on a line of its own",
        ),
        E::UnclosedFlowCollection { open: '{' }
        | E::UnexpectedEofFlowMapping
        | E::ExpectedFlowMappingSeparator
        | E::UnexpectedEofImplicitFlowMapping => {
            ("a `{` is opened and not closed properly", "write `{key: value, key: value}`")
        }
        E::UnclosedFlowCollection { .. } | E::UnexpectedEofFlowSequence | E::ExpectedFlowSequenceSeparator => {
            ("a `[` is opened and not closed properly", "write `[one, two]`")
        }
        E::MisplacedFlowCollectionEnd | E::MismatchedFlowCollectionEnd { .. } => {
            ("this bracket closes nothing", "remove it, or put the value in quotes")
        }
        E::UnknownAnchor => (
            "this alias (`*name`) repeats a value that was not named before",
            "put the value in quotes if the `*` belongs to it, or name a value with `&name` above",
        ),
        E::UnexpectedCharacter { .. } | E::MissingAnchorOrAliasName | E::MissingTagUri | E::MissingDirectiveName => {
            ("a value cannot begin with this character, which means something in YAML", "put the value in quotes")
        }
        E::MappingValueNotAllowed | E::InvalidColonPlacement => (
            "there is a `:` in the middle of a value, or the line is indented wrongly",
            "put a value with `: ` in it in quotes, and give keys of one level the same indentation",
        ),
        E::SimpleKeyExpected | E::InvalidSimpleKey | E::MissingDocumentEndBeforeDirective => {
            ("this line is not `key: value`", "write a `:` and a space after the key")
        }
        E::ExpectedBlockMappingKey | E::InvalidIndentation | E::MappingKeyNotAllowed | E::ExpectedDocumentStart => (
            "the line is indented differently from the ones around it, or is not `key: value`",
            "give keys of one level the same indentation, in spaces",
        ),
        E::BlockSequenceEntryNotAllowed | E::ExpectedBlockSequenceEntry | E::BlockEntryInFlowCollection => {
            ("a list item (`- `) cannot stand here", "put the items on lines of their own, below the key")
        }
        E::RecursionLimitExceeded => ("values are nested deeper than any gate needs", "write the gate flat"),
        E::BomInsideDocument => {
            ("there is a byte order mark in the middle of the text", "remove it; it is left from joining two files")
        }
        other => {
            return Message::new(format!("this is not YAML: {other}"), "correct the line, or put its value in quotes");
        }
    };
    Message::new(sentence, remedy)
}
