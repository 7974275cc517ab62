//! Selectors of series, as PromQL spells them: a metric's name and label matchers, with the placeholder `$pods`.
//!
//! Only plain selectors are read. What they select can then be told here as well as by the source, so that one query
//! fetches what several selectors share, at one moment.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::{CharIndices, FromStr};

use regex::Regex;

/// The placeholder that stands for the matchers of the pods.
pub const PODS: &str = "$pods";

/// A selector of series: every matcher must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSelector {
    /// All matchers but those of the pods; the metric's name is one for `__name__`.
    pub matchers: Vec<Matcher>,
}

/// One label matcher.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// How it is compared.
    pub op: MatchOp,
    /// With what.
    pub value: String,
    /// The value as a regular expression that must match the whole of the label, where it is one.
    regex: Option<Regex>,
}

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchOp {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `=~`.
    Matches,
    /// `!~`.
    MatchesNot,
}

impl MatchOp {
    /// The operator as PromQL spells it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}

/// Why a text is no selector of series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesSelectorError {
    /// The placeholder is missing.
    #[error(
        "`$pods` is missing: without it the series of every pod would be judged; write it inside the braces, as in `http_requests_total{{$pods}}`"
    )]
    NoPods,
    /// It is more than a selector.
    #[error(
        "`{part}` does not belong to a plain selector: write a metric and matchers, as in `http_requests_total{{$pods,code=~\"5..\"}}`, without functions, ranges, offsets or operators; crashgate takes the differences itself"
    )]
    Plain {
        /// Where the reading stopped.
        part: String,
    },
    /// A regular expression that cannot be read.
    #[error("`{value}` is not a regular expression: {reason}")]
    Regex {
        /// The expression.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A string that never ends.
    #[error("the text that begins with {part} has no closing quote")]
    Unclosed {
        /// Its beginning.
        part: String,
    },
    /// A matcher that would match everything.
    #[error("nothing says which metric is meant: write its name in front of the braces")]
    NoName,
}

impl Matcher {
    /// A matcher.
    ///
    /// # Errors
    ///
    /// Where the value should be a regular expression and is none.
    pub fn new(label: &str, op: MatchOp, value: &str) -> Result<Self, SeriesSelectorError> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            // Both match the whole label, and neither lets a dot match a line end unless it is asked to: Prometheus does.
            MatchOp::Matches | MatchOp::MatchesNot => {
                Some(Regex::new(&format!("^(?s:{value})$")).map_err(|error| {
                    let text = error.to_string();
                    let reason =
                        text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
                    SeriesSelectorError::Regex { value: value.to_owned(), reason }
                })?)
            }
        };
        Ok(Self { label: label.to_owned(), op, value: value.to_owned(), regex })
    }

    /// True where the label holds to it. A label that is absent is as good as an empty one, as in PromQL.
    #[must_use]
    pub fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        let matches = || self.regex.as_ref().is_some_and(|regex| regex.is_match(value));
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Matches => matches(),
            MatchOp::MatchesNot => !matches(),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.label, self.op, &self.value) == (&other.label, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.label, self.op.text(), quoted(&self.value))
    }
}

/// A text as a PromQL string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\n' => quoted.push_str("\\n"),
            char if char.is_control() => _ = write!(quoted, "\\u{:04x}", u32::from(char)),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

impl SeriesSelector {
    /// True where the series has every label that is asked for; its pods are not looked at.
    #[must_use]
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.matchers.iter().all(|matcher| matcher.holds(labels))
    }

    /// The metric's name, where it is said.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        let name = self.matchers.iter().find(|matcher| matcher.label == "__name__" && matcher.op == MatchOp::Equal)?;
        Some(&name.value)
    }
}

impl fmt::Display for SeriesSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric();
        write!(f, "{}{{{PODS}", name.unwrap_or_default())?;
        for matcher in self.matchers.iter().filter(|matcher| name.is_none() || matcher.label != "__name__") {
            write!(f, ",{matcher}")?;
        }
        f.write_str("}")
    }
}

impl FromStr for SeriesSelector {
    type Err = SeriesSelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = Rest(text.trim());
        let mut matchers = Vec::new();
        let name = rest.identifier(":");
        if !name.is_empty() {
            matchers.push(Matcher::new("__name__", MatchOp::Equal, name)?);
        }
        rest.blank();
        if rest.0.is_empty() && !name.is_empty() {
            return Err(SeriesSelectorError::NoPods);
        }
        rest.expect("{")?;
        let mut has_pods = false;
        loop {
            rest.blank();
            if rest.take("}") {
                break;
            }
            if rest.take(PODS) {
                has_pods = true;
            } else {
                matchers.push(rest.matcher()?);
            }
            rest.blank();
            if !rest.take(",") {
                rest.expect("}")?;
                break;
            }
        }
        rest.blank();
        rest.end()?;
        if !has_pods {
            return Err(SeriesSelectorError::NoPods);
        }
        if !matchers.iter().any(|matcher| matcher.label == "__name__" && matcher.op != MatchOp::NotEqual) {
            return Err(SeriesSelectorError::NoName);
        }
        Ok(Self { matchers })
    }
}

/// What is left to read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn blank(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn take(&mut self, what: &str) -> bool {
        let rest = self.0.strip_prefix(what);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, what: &str) -> Result<(), SeriesSelectorError> {
        if self.take(what) { Ok(()) } else { Err(self.plain()) }
    }

    fn end(&self) -> Result<(), SeriesSelectorError> {
        if self.0.is_empty() { Ok(()) } else { Err(self.plain()) }
    }

    fn plain(&self) -> SeriesSelectorError {
        let part = if self.0.is_empty() { "the end".to_owned() } else { self.0.chars().take(30).collect() };
        SeriesSelectorError::Plain { part }
    }

    /// Letters, digits, underscores and `more`, not beginning with a digit.
    fn identifier(&mut self, more: &str) -> &'a str {
        let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_' || more.contains(char);
        let end = self.0.find(|char| !is_part(char)).unwrap_or(self.0.len());
        if self.0.starts_with(|char: char| char.is_ascii_digit()) {
            return "";
        }
        let (name, rest) = self.0.split_at(end);
        self.0 = rest;
        name
    }

    fn matcher(&mut self) -> Result<Matcher, SeriesSelectorError> {
        let before = self.plain();
        let label = self.identifier("");
        if label.is_empty() {
            return Err(before);
        }
        self.blank();
        let op = [MatchOp::Matches, MatchOp::MatchesNot, MatchOp::NotEqual, MatchOp::Equal];
        let op = op.into_iter().find(|op| self.take(op.text())).ok_or_else(|| self.plain())?;
        self.blank();
        let value = self.string()?;
        Matcher::new(label, op, &value)
    }

    /// A PromQL string: in double or single quotes with Go's escapes, or raw in backticks.
    fn string(&mut self) -> Result<String, SeriesSelectorError> {
        let quote = self.0.chars().next().filter(|char| ['"', '\'', '`'].contains(char)).ok_or_else(|| self.plain())?;
        let unclosed = SeriesSelectorError::Unclosed { part: self.0.chars().take(30).collect() };
        let mut chars = self.0[1..].char_indices();
        let mut value = String::new();
        while let Some((at, char)) = chars.next() {
            match char {
                char if char == quote => {
                    self.0 = &self.0[1 + at + 1..];
                    return Ok(value);
                }
                '\\' if quote != '`' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    match escaped {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        'r' => value.push('\r'),
                        'a' => value.push('\u{7}'),
                        'b' => value.push('\u{8}'),
                        'f' => value.push('\u{c}'),
                        'v' => value.push('\u{b}'),
                        '\\' | '"' | '\'' => value.push(escaped),
                        other => {
                            let char = coded(other, &mut chars);
                            let part = format!("\\{other}");
                            value.push(char.ok_or(SeriesSelectorError::Plain { part })?);
                        }
                    }
                }
                char => value.push(char),
            }
        }
        Err(unclosed)
    }
}

/// A character by its number: `\u0041`, `\U00000041`, and `\x41` where that is a character of its own.
fn coded(kind: char, chars: &mut CharIndices<'_>) -> Option<char> {
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let digits: String = chars.take(digits).map(|(_, char)| char).collect();
    let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.chars().all(|char| char.is_ascii_hexdigit()))?;
    // Beyond ASCII, `\x` is a byte of some character.
    char::from_u32(code).filter(|char| kind != 'x' || char.is_ascii())
}
