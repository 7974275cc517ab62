//! Text that is fit to be shown.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::escape;

/// Text that is fit to be shown: words of crashgate's own, numbers, and what others say with everything escaped that acts
/// on a terminal or a CI system. The printer and the files of reports take nothing else.
///
/// A `String` cannot become one, whatever is in it; it is [`Untrusted`](super::Untrusted) until it is escaped:
///
/// ```compile_fail
/// # use crashgate::text::SafeText;
/// let said = String::from("what the pod said");
/// let shown: SafeText = said.into();
/// ```
///
/// Nor can it be put into one by [`safe!`](crate::safe), by argument or by name:
///
/// ```compile_fail
/// # use crashgate::safe;
/// let said = String::from("what the pod said");
/// let shown = safe!("the pod said {}", said);
/// ```
///
/// ```compile_fail
/// # use crashgate::safe;
/// let said = String::from("what the pod said");
/// let shown = safe!("the pod said {said}");
/// ```
///
/// What was escaped can:
///
/// ```
/// # use crashgate::{safe, text::Redaction};
/// let said = Redaction::On.text("password=hunter2secret \u{1b}[2J");
/// assert_eq!(&*safe!("the pod said {}, {} times", said.line(), 3), r"the pod said password=*** \x1b[2J, 3 times");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// The empty text.
    pub const EMPTY: Self = Self(String::new());

    /// What an escape of this folder gave.
    pub(super) fn escaped<'a>(text: impl Into<Cow<'a, str>>) -> Self {
        Self(text.into().into_owned())
    }

    /// Text that is made of safe text alone, in another order, in other lines, or with the escapes of one more format.
    /// The one door that is not guarded by types: a test holds the list of the files that may use it.
    pub(crate) fn rearranged(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns a value as a JSON document that ends with a newline: on one line, or `pretty` for people who look at it.
    /// Its strings may hold anything: what acts on a terminal or a CI system becomes an escape that means the same.
    #[must_use]
    pub fn json(value: &impl Serialize, pretty: bool) -> Self {
        let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        // Values of this crate have names as keys, and can always be written.
        let text = text.unwrap_or_default();
        let mut shown = String::with_capacity(text.len() + 1);
        let mut before = ' ';
        for c in text.chars() {
            // Runners of CI systems look for `##[` and `##vso[` in the middle of lines too. Outside of its strings JSON
            // has neither a `#` nor anything hostile but its newlines.
            if (c == '#' && before == '#') || (c != '\n' && escape::is_hostile(c)) {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // A `String` takes everything.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
                before = ' ';
            } else {
                shown.push(c);
                before = c;
            }
        }
        shown.push('\n');
        Self(shown)
    }

    /// What [`safe!`](crate::safe) makes, which has looked at every part.
    #[doc(hidden)]
    #[must_use]
    pub fn of_checked_parts((): (), parts: fmt::Arguments<'_>) -> Self {
        Self(parts.to_string())
    }

    /// Adds safe text at the end.
    pub fn push(&mut self, text: &SafeText) {
        self.0.push_str(&text.0);
    }

    /// Returns the parts between the separators; at least one.
    #[must_use]
    pub fn split_at_each(&self, separator: char) -> Vec<Self> {
        self.0.split(separator).map(|part| Self(part.to_owned())).collect()
    }

    /// Returns the text without white space at its end.
    #[must_use]
    pub fn trimmed_end(&self) -> Self {
        Self(self.0.trim_end().to_owned())
    }

    /// Returns the texts with a separator between them.
    #[must_use]
    pub fn joined(texts: impl IntoIterator<Item = impl Into<Self>>, separator: &'static str) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| text.into().0).collect();
        Self(texts.join(separator))
    }
}

impl Deref for SafeText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&'static str> for SafeText {
    fn from(words: &'static str) -> Self {
        Self(words.to_owned())
    }
}

impl From<&Self> for SafeText {
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl FromIterator<SafeText> for SafeText {
    fn from_iter<T: IntoIterator<Item = Self>>(texts: T) -> Self {
        texts.into_iter().fold(Self::EMPTY, |mut all, text| {
            all.push(&text);
            all
        })
    }
}

impl Extend<SafeText> for SafeText {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, texts: T) {
        texts.into_iter().for_each(|text| self.push(&text));
    }
}

impl Serialize for SafeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for SafeText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// What [`safe!`](crate::safe) takes as a part: safe text, words that stand in the program, and numbers.
pub trait SafePart: fmt::Display {}

impl SafePart for SafeText {}
impl SafePart for &'static str {}
impl<T: SafePart> SafePart for &T {}
impl SafePart for u8 {}
impl SafePart for u16 {}
impl SafePart for i32 {}
impl SafePart for u32 {}
impl SafePart for u64 {}
impl SafePart for u128 {}
impl SafePart for usize {}
impl SafePart for f64 {}

/// Returns the part. What is no [`SafePart`] does not compile.
#[doc(hidden)]
pub const fn checked<T: SafePart + ?Sized>(part: &T) -> &T {
    part
}

/// Returns true where every place of a format is for an argument in order, and none names a variable, which nobody
/// would have looked at.
#[doc(hidden)]
#[must_use]
pub const fn names_nothing(format: &str) -> bool {
    let bytes = format.as_bytes();
    let mut place = 0;
    while place < bytes.len() {
        if bytes[place] == b'{' {
            let next = if place + 1 < bytes.len() { bytes[place + 1] } else { b'}' };
            if next == b'{' {
                place += 1;
            } else if next != b'}' && next != b':' {
                return false;
            }
        }
        place += 1;
    }
    true
}

/// Makes [`SafeText`] as `format!` makes a `String`, out of parts that are safe each: every `{}` has its argument, which
/// is a [`SafePart`].
#[macro_export]
macro_rules! safe {
    ($format:literal $(, $part:expr)* $(,)?) => {
        $crate::text::SafeText::of_checked_parts(
            const { assert!($crate::text::names_nothing($format), "give every part as an argument: its type is looked at") },
            format_args!($format $(, $crate::text::checked(&$part))*),
        )
    };
}

#[cfg(test)]
mod tests {
    use super::{SafeText, names_nothing};

    #[test]
    fn a_format_may_name_no_variable() {
        assert!(names_nothing("{} {:>9} {{literal}} {}") && names_nothing("") && names_nothing("{:w$}"));
        assert!(!names_nothing("{said}") && !names_nothing("{0}") && !names_nothing("a {} {b:?}"));
    }

    #[test]
    fn json_means_the_same_and_is_no_command() {
        let values = ["##[x] ###vso[y", "\u{1b}[2J\u{202e}\u{e0041}\n::error::", "grün"];
        for pretty in [false, true] {
            let text = SafeText::json(&values, pretty);
            assert!(!text.contains("##") && !text.trim_end().contains(['\u{1b}', '\u{202e}', '\u{e0041}']), "{text}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), values);
        }
        assert_eq!(SafeText::json(&"##", false), "\"#\\u0023\"\n");
    }

    #[test]
    fn parts_are_joined_and_padded() {
        let text = safe!("{}: {:>4}|{:<3}|", SafeText::from("a"), 7_u32, "x");
        assert_eq!(text, "a:    7|x  |");
        assert_eq!(SafeText::joined(["a", "b"], ", "), "a, b");
    }
}
