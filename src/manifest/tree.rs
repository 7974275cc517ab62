//! A YAML text as a tree that knows where each word stands, and keeps every scalar as it is written.
//!
//! The parser's events are read directly, below the layer that turns scalars into numbers and booleans: an unquoted
//! `version: 1.10` must stay `1.10`, and one bad value must not hide the next. Duplicate keys are found here, for they
//! are wrong in every kind of document.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::diagnostics::{Message, Place, Problem, Problems, quoted};
use super::node::{Node, Value};
use super::syntax;

/// How many values a file may have, aliases unfolded. Far above any honest file of the size that is read, far below
/// what an alias bomb unfolds to.
pub(super) const MAX_VALUES: usize = 200_000;

/// How deep values may be nested, aliases unfolded; the parser's own limit counts what is written only.
const MAX_DEPTH: usize = 500;

/// What could be read of a text.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The documents that are well-formed YAML.
    pub documents: Vec<Node>,
    /// What is wrong with the text as YAML, at most one problem a document but for duplicate keys.
    pub problems: Problems,
}

/// Reads a text. After a document that cannot be read it goes on with the next.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::new(text);
    let mut parsed = Parsed { documents: Vec::new(), problems: Problems::default() };
    let mut inside = false;
    while let Some(next) = parser.next() {
        let problem = match next {
            Ok((event, span)) => {
                match &event {
                    Event::DocumentStart(..) => inside = true,
                    Event::DocumentEnd => inside = false,
                    _ => {}
                }
                match builder.take(event, &span) {
                    Ok(document) => {
                        parsed.documents.extend(document);
                        continue;
                    }
                    Err(problem) => problem,
                }
            }
            Err(error) => {
                if !inside {
                    // What follows the document belongs to it, and the parser could not make sense of it.
                    parsed.documents.pop();
                }
                syntax::problem(&error, text)
            }
        };
        parsed.problems.add(problem);
        let exhausted = builder.values > MAX_VALUES;
        builder.abandon_document();
        if exhausted || !parser.proceed_next_document().unwrap_or(false) {
            break;
        }
    }
    for problem in builder.problems {
        parsed.problems.add(problem);
    }
    parsed
}

/// A list or map that is not closed yet.
enum Open {
    List { items: Vec<Node> },
    Map { entries: Vec<(Node, Node)>, key: Option<Node> },
}

struct Frame {
    open: Open,
    place: Place,
    anchor: usize,
}

/// Puts events together to documents.
struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    values: usize,
    problems: Vec<Problem>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, stack: Vec::new(), root: None, anchors: HashMap::new(), values: 0, problems: Vec::new() }
    }

    fn abandon_document(&mut self) {
        self.stack.clear();
        self.root = None;
        self.anchors.clear();
    }

    /// Takes one event; returns the document that it ends.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<Option<Node>, Problem> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let is_str = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let node = self.scalar(&value, style, is_str, span);
                self.count(1, node.place)?;
                self.keep(anchor, &node)?;
                self.place(node);
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List { items: Vec::new() }, anchor, span),
            Event::MappingStart(_, anchor, _) => {
                self.open(Open::Map { entries: Vec::new(), key: None }, anchor, span);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Frame { open, place, anchor }) = self.stack.pop() {
                    let value = match open {
                        Open::List { items } => Value::List(items),
                        Open::Map { entries, .. } => {
                            self.problems.extend(duplicates(&entries));
                            Value::Map(merged(entries))
                        }
                    };
                    self.count(1, place)?;
                    let node = Node::new(value, place);
                    self.keep(anchor, &node)?;
                    self.place(node);
                }
            }
            Event::Alias(anchor) => {
                let place = place_of(span);
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Problem::at(
                        place,
                        Message::new("this alias stands inside the value that it repeats", "write the value out"),
                    ));
                };
                self.count(node.size, place)?;
                if self.stack.len() + node.depth > MAX_DEPTH {
                    return Err(Problem::at(
                        place,
                        Message::new(
                            format!("values are nested more than {MAX_DEPTH} levels deep"),
                            "write the values out instead of repeating them with aliases (`*name`)",
                        ),
                    ));
                }
                self.place(node);
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                return Ok(self.root.take());
            }
            _ => {}
        }
        Ok(None)
    }

    fn scalar(&self, value: &str, style: ScalarStyle, is_str: bool, span: &Span) -> Node {
        let place = place_of(span);
        // The parser's word for a value that is not there is `~`; the source tells the two apart.
        let written = if span.slice(self.text).is_some_and(str::is_empty) { "" } else { value };
        let is_null = style == ScalarStyle::Plain && !is_str && matches!(written, "" | "~" | "null" | "Null" | "NULL");
        Node::new(if is_null { Value::Null(written.to_owned()) } else { Value::Text(value.to_owned()) }, place)
    }

    fn count(&mut self, values: usize, place: Place) -> Result<(), Problem> {
        self.values = self.values.saturating_add(values);
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        Err(Problem::at(
            place,
            Message::new(
                format!("the file expands to more than {MAX_VALUES} values, which no gate needs"),
                "write the values out instead of repeating them with aliases (`*name`)",
            ),
        ))
    }

    fn open(&mut self, open: Open, anchor: usize, span: &Span) {
        let place = Place { width: 1, ..place_of(span) };
        self.stack.push(Frame { open, place, anchor });
    }

    fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), Problem> {
        if anchor != 0 {
            // The copy counts too: anchors inside anchors would otherwise multiply what is held in memory.
            self.count(node.size, node.place)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node) {
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            None => self.root = Some(node),
            Some(Open::List { items }) => items.push(node),
            Some(Open::Map { entries, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
}

/// A problem for each key that the map has already.
fn duplicates(entries: &[(Node, Node)]) -> Vec<Problem> {
    let mut first = HashMap::new();
    let mut problems = Vec::new();
    for (key, _) in entries {
        let Some(text) = key.text() else { continue };
        match first.entry(text) {
            Entry::Vacant(entry) => {
                entry.insert(key.place.line);
            }
            Entry::Occupied(entry) => problems.push(Problem::at(
                key.place,
                Message::new(
                    format!("{} is given twice, first on line {}", quoted(text), entry.get()),
                    "keep the one that is meant and remove the other",
                ),
            )),
        }
    }
    problems
}

/// The map with its merge keys (`<<: *base`) unfolded, as kubectl does: what the map says itself comes first.
fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, value)| key.text() == Some("<<") && matches!(value.value, Value::Map(_)));
    for (_, base) in merges {
        let Value::Map(base) = base.value else { continue };
        let known: HashSet<String> = own.iter().filter_map(|(key, _)| key.text()).map(str::to_owned).collect();
        own.extend(base.into_iter().filter(|(key, _)| key.text().is_none_or(|key| !known.contains(key))));
    }
    own
}

fn place_of(span: &Span) -> Place {
    let width = if span.start.line() == span.end.line() { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Place { line: span.start.line(), column: span.start.col() + 1, width: width.max(1) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{Node, Value, parse};

    fn document(text: &str) -> Node {
        let mut parsed = parse(text);
        assert_eq!(parsed.problems.all(), []);
        assert_eq!(parsed.documents.len(), 1);
        parsed.documents.remove(0)
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        for written in
            ["1.10", "007", "1e3", "0x10", "0o17", "yes", "on", "true", "1_000", "12:30:45", ".5", "2026-01-01"]
        {
            let root = document(&format!("version: {written}"));
            assert_eq!(root.get("version").and_then(Node::text), Some(written));
        }
    }

    #[test]
    fn nothing_is_told_from_a_text() {
        for written in ["", "~", "null", "Null", "NULL"] {
            let root = document(&format!("version: {written}\nnext: x"));
            assert!(matches!(&root.get("version").unwrap().value, Value::Null(w) if w == written), "{written:?}");
        }
        for written in ["'null'", "\"~\"", "''", "!!str null", "nulL"] {
            let root = document(&format!("version: {written}"));
            assert!(root.get("version").unwrap().text().is_some(), "{written:?}");
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        let root = document("# a comment\napp:   checkout\nlabels: {app: 'x'}\n");
        let place = root.get("app").unwrap().place;
        assert_eq!((place.line, place.column, place.width), (2, 8, 8));
        let place = root.at(&["labels", "app"]).unwrap().place;
        assert_eq!((place.line, place.column, place.width), (3, 15, 3));
    }

    #[test]
    fn a_broken_document_does_not_hide_the_others() {
        let parsed = parse("app: [\n---\napp: b\n---\nx: }\n---\napp: c\n");
        assert_eq!(parsed.problems.all().len(), 2, "{:?}", parsed.problems.all());
        let apps: Vec<_> = parsed.documents.iter().filter_map(|root| root.get("app")?.text()).collect();
        assert_eq!(apps, ["b", "c"]);
    }

    #[test]
    fn a_document_with_a_broken_end_is_no_document() {
        for text in ["  app: x\nversion: y\n", "app: x\n}\n"] {
            let parsed = parse(text);
            assert_eq!(parsed.problems.all().len(), 1, "{text}: {:?}", parsed.problems.all());
            assert_eq!(parsed.documents.len(), 0, "{text}");
        }
        assert_eq!(parse("app: x\n---\napp: ]\n").documents.len(), 1);
    }

    #[test]
    fn aliases_and_merge_keys_are_unfolded() {
        let root = document("base: &b {app: x, tier: y}\nlabels:\n  <<: *b\n  app: z\ncopy: *b\n");
        assert_eq!(root.at(&["labels", "app"]).and_then(Node::text), Some("z"));
        assert_eq!(root.at(&["labels", "tier"]).and_then(Node::text), Some("y"));
        assert_eq!(root.at(&["copy", "app"]).and_then(Node::text), Some("x"));
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut wide = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        let mut deep = format!("a0: &a0 {}{}\n", "[".repeat(200), "]".repeat(200));
        let nested = format!("{}{}", "&x [".repeat(200), "]".repeat(200));
        for level in 1..12 {
            let list = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(wide, "a{level}: &a{level} [{list}]").unwrap();
            let (open, close) = ("[".repeat(200), "]".repeat(200));
            writeln!(deep, "a{level}: &a{level} {open}*a{}{close}", level - 1).unwrap();
        }
        for (bomb, word) in [(wide, "200000 values"), (deep, "500 levels")] {
            let parsed = parse(&bomb);
            assert_eq!(parsed.problems.all().len(), 1, "{:?}", parsed.problems.all());
            assert!(parsed.problems.all()[0].message.sentence.contains(word), "{:?}", parsed.problems.all());
        }
        parse(&nested);
        assert!(parse("a: &x [*x]").problems.all()[0].message.sentence.contains("inside the value"));
    }
}
