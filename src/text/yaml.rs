//! A JSON document as YAML: the same keys in the same order, the same values.

use std::fmt::{self, Write as _};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_yaml::{DoubleQuoted, SerializerOptions};

use super::escape;
use super::safe::SafeText;

impl SafeText {
    /// Returns a document that [`SafeText::json`] made as YAML. A text of several lines stays on one line: no line of the
    /// document begins with somebody else's words, which a CI system might take for a command.
    #[must_use]
    pub fn json_as_yaml(&self) -> Self {
        // What was written as JSON can be read as JSON.
        let document: Node = serde_json::from_str(self).unwrap_or(Node::Null);
        let mut options = SerializerOptions::default();
        options.prefer_block_scalars = false;
        let mut yaml = String::new();
        // Nothing is written to but a `String`.
        let _ = serde_yaml::to_fmt_writer_with_options(&mut yaml, &document, options);
        Self::escaped(escaped(&yaml))
    }
}

/// What a text may hold as it is; keys are crashgate's own words. All else is written within double quotes, where it has escapes.
fn is_plain(text: &str) -> bool {
    !text.contains("##") && !text.contains(escape::is_hostile)
}

/// Writes as escapes what acts on a terminal or a CI system. It stands within double quotes alone.
fn escaped(yaml: &str) -> String {
    let mut shown = String::with_capacity(yaml.len());
    let mut before = ' ';
    for c in yaml.chars() {
        if (c == '#' && before == '#') || (c != '\n' && escape::is_hostile(c)) {
            // A `String` takes everything.
            let _ = write!(shown, "\\U{:08x}", u32::from(c));
            before = ' ';
        } else {
            shown.push(c);
            before = c;
        }
    }
    shown
}

/// A value of JSON, whose keys keep their order.
enum Node {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(Text),
    List(Vec<Self>),
    Map(Vec<(Text, Self)>),
}

struct Text(String);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if is_plain(&self.0) { serializer.serialize_str(&self.0) } else { DoubleQuoted(&self.0).serialize(serializer) }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Signed(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => text.serialize(serializer),
            Self::List(nodes) => {
                let mut list = serializer.serialize_seq(Some(nodes.len()))?;
                for node in nodes {
                    list.serialize_element(node)?;
                }
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, node) in entries {
                    map.serialize_entry(key, node)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<String, Node>()? {
            entries.push((Text(key), node));
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SafeText;

    #[test]
    fn the_document_is_the_same_in_both_languages_whatever_its_texts_hold() {
        for text in [
            "plain",
            "",
            "yes",
            "null",
            "1e3",
            "0x1f",
            "2026-01-02",
            "- x",
            "a: b",
            "#",
            "a #b",
            "two\nlines\n",
            " blanks ",
            "::error::pwned",
            "##vso[task.x]",
            "###[error]",
            "\u{1b}[2J",
            "\u{202e}x\u{2028}y\u{85}z",
            "\u{e0041}tag",
            "tab\tback\\slash \"quote\" 'single'",
            "%d @x `y` !z &a *b |c >d ?e",
            "日本 é 🦀",
        ] {
            let value = json!({"first": [text, {"b": text, "a": 1}], "n": -2.5, "t": true, "e": [], "m": {}});
            let document = SafeText::json(&value, true);
            let yaml = document.json_as_yaml();
            let read: Value = serde_yaml::from_str(&yaml).unwrap_or_else(|error| panic!("{text:?}: {error}\n{yaml}"));
            assert_eq!(read, value, "{yaml}");
            assert!(!yaml.contains("##") && !yaml.contains('\u{1b}') && !yaml.contains('\u{202e}'), "{yaml}");
            assert!(!yaml.lines().any(|line| line.trim_start().starts_with("::")), "{yaml}");
        }
    }

    #[test]
    fn keys_keep_their_order_and_long_texts_their_line() {
        let long = "word ".repeat(60);
        let document = SafeText::json(&SafeText::EMPTY, false);
        assert_eq!(&*document.json_as_yaml(), "\"\"\n");
        let text = format!("{{\"z\":\"{long}\",\"a\":[{{\"d\":1,\"b\":\"x\\ny\"}}]}}");
        let yaml = SafeText::escaped(text).json_as_yaml();
        assert_eq!(&*yaml, format!("z: \"{long}\"\na:\n- d: 1\n  b: \"x\\ny\"\n"));
    }
}
