//! Text in XML 1.0, whatever is in it.

use std::fmt::Write as _;

use crate::text::SafeText;

/// The text with what means something to XML escaped, and with what XML 1.0 cannot hold shown as its escape. It can
/// stand between tags and in attributes.
pub(super) fn text(text: &SafeText) -> SafeText {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if is_legal(c) => out.push(c),
            // A `String` takes everything.
            _ => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    SafeText::rearranged(out)
}

/// The text in an attribute: its newlines are kept, which a parser would make blanks of.
pub(super) fn attribute(value: &SafeText) -> SafeText {
    SafeText::rearranged(text(value).replace('\n', "&#10;").replace('\t', "&#9;"))
}

/// What XML 1.0 allows, without the control characters that it only discourages.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && u32::from(c) & 0xfffe != 0xfffe
        && !matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::{attribute, text};

    #[test]
    fn nothing_means_anything_to_xml() {
        assert_eq!(text(&"]]><a b=\"c\">&'".into()), "]]&gt;&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
        assert_eq!(text(&"grün 👍\n".into()), "grün 👍\n");
        assert_eq!(attribute(&"a\n\tb".into()), "a&#10;&#9;b");
    }

    #[test]
    fn what_xml_cannot_hold_is_shown() {
        assert_eq!(text(&"a\0b\x1bc\rd".into()), r"a\u{0}b\u{1b}c\u{d}d");
        assert_eq!(text(&"\u{fffe}\u{ffff}\u{1ffff}\u{85}\u{fdd0}".into()), r"\u{fffe}\u{ffff}\u{1ffff}\u{85}\u{fdd0}");
    }
}
