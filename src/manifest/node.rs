//! The values of a document, each with its place.

use super::diagnostics::Place;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands. An alias stands where its anchor does.
    pub place: Place,
    /// How many values are in it, itself among them.
    pub size: usize,
    /// How many levels it has, its own among them.
    pub depth: usize,
}

/// A YAML value, not yet understood.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Any scalar, as it is written; of a quoted one what is between the quotes, escapes resolved.
    Text(String),
    /// Nothing at all, `~` or `null`: the word as it is written.
    Null(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(super) fn new(value: Value, place: Place) -> Self {
        let (size, depth) = match &value {
            Value::Text(_) | Value::Null(_) => (0, 0),
            Value::List(items) => extent(items.iter()),
            Value::Map(entries) => extent(entries.iter().flat_map(|(key, value)| [key, value])),
        };
        Self { value, place, size: size + 1, depth: depth + 1 }
    }

    /// The text of a scalar that is not null.
    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The value under a key, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What it is, in a word or two.
    pub(super) fn what(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a text",
            Value::Null(_) => "nothing",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// The sum of the sizes and the largest depth.
fn extent<'n>(nodes: impl Iterator<Item = &'n Node>) -> (usize, usize) {
    nodes.fold((0, 0), |(size, depth), node| (size + node.size, depth.max(node.depth)))
}
