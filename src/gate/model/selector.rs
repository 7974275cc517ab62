//! Label selectors, with the meaning and the spelling that the Kubernetes API gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A label selector: every requirement must hold. Never empty, for an empty selector takes every pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// One requirement of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is asked of it.
    pub test: Test,
}

/// What a requirement asks of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `key=value`.
    Equals(String),
    /// `key!=value`: also true where the label is absent.
    NotEquals(String),
    /// `key in (a,b)`.
    In(BTreeSet<String>),
    /// `key notin (a,b)`: also true where the label is absent.
    NotIn(BTreeSet<String>),
    /// `key`.
    Exists,
    /// `!key`.
    Absent,
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing in it.
    #[error("an empty selector would match every pod of the namespace: name at least one label, as in `app=checkout`")]
    Empty,
    /// A comma without a requirement on both sides.
    #[error("a comma has nothing before or after it: remove it, or write the label that is missing")]
    Comma,
    /// A part that cannot be read.
    #[error(
        "`{part}` is not a label requirement: write `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` or `!key`"
    )]
    Requirement {
        /// The part.
        part: String,
    },
    /// A key that the API server would refuse.
    #[error(
        "`{key}` is not a label key: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit, with a DNS name and `/` in front where there is one"
    )]
    Key {
        /// The key.
        key: String,
    },
    /// A value that the API server would refuse.
    #[error(
        "`{value}` is not a label value: at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit"
    )]
    Value {
        /// The value.
        value: String,
    },
}

impl Selector {
    /// The selector `key=value,…`. The caller gives at least one label.
    #[must_use]
    pub fn equals<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let requirements = labels
            .into_iter()
            .map(|(key, value)| Requirement { key: key.to_owned(), test: Test::Equals(value.to_owned()) })
            .collect();
        Self { requirements }
    }

    /// True where every requirement holds for these labels. False for the empty selector.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.requirements.is_empty() && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match &self.test {
            Test::Equals(wanted) => value == Some(wanted),
            Test::NotEquals(unwanted) => value != Some(unwanted),
            Test::In(wanted) => value.is_some_and(|value| wanted.contains(value)),
            Test::NotIn(unwanted) => value.is_none_or(|value| !unwanted.contains(value)),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let parts: Vec<&str> = split_outside_parentheses(text).into_iter().map(str::trim).collect();
        if parts.iter().all(|part| part.is_empty()) {
            return Err(SelectorError::Empty);
        }
        // As the API server has it: a comma with nothing beside it is a requirement that was lost, not one too many.
        if parts.iter().any(|part| part.is_empty()) {
            return Err(SelectorError::Comma);
        }
        let requirements = parts.into_iter().map(parse_requirement).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { requirements })
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn parse_requirement(part: &str) -> Result<Requirement, SelectorError> {
    let unreadable = || SelectorError::Requirement { part: part.to_owned() };
    let (key, test) = if let Some(key) = part.strip_prefix('!') {
        (key.trim(), Test::Absent)
    } else if let Some((key, value)) = part.split_once("!=") {
        (key.trim(), Test::NotEquals(label_value(value)?))
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (key.trim(), Test::Equals(label_value(value)?))
    } else if let Some((key, rest)) = part.split_once(char::is_whitespace) {
        let rest = rest.trim();
        if let Some(values) = rest.strip_prefix("notin") {
            (key, Test::NotIn(value_set(values).ok_or_else(unreadable)??))
        } else if let Some(values) = rest.strip_prefix("in") {
            (key, Test::In(value_set(values).ok_or_else(unreadable)??))
        } else {
            return Err(unreadable());
        }
    } else {
        (part, Test::Exists)
    };
    if is_label_key(key) {
        Ok(Requirement { key: key.to_owned(), test })
    } else {
        Err(SelectorError::Key { key: key.to_owned() })
    }
}

fn label_value(value: &str) -> Result<String, SelectorError> {
    let value = value.trim();
    if is_label_value(value) { Ok(value.to_owned()) } else { Err(SelectorError::Value { value: value.to_owned() }) }
}

/// The values in `(a, b)`; `None` where there are no parentheses or nothing in them.
fn value_set(text: &str) -> Option<Result<BTreeSet<String>, SelectorError>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    (!inner.trim().is_empty()).then(|| inner.split(',').map(label_value).collect())
}

/// True where the API server takes the text for a label's value. The empty text is one.
#[must_use]
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_label_name(text)
}

/// True where the API server takes the text for a label's key.
#[must_use]
pub fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        None => is_label_name(text),
        Some((prefix, name)) => is_dns_name(prefix) && is_label_name(name),
    }
}

fn is_label_name(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && is_end(text.chars().next())
        && is_end(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// True where the text is a DNS subdomain as RFC 1123 has it, which names of most objects and label prefixes must be.
#[must_use]
pub fn is_dns_name(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

impl fmt::Display for Selector {
    /// The spelling that kubectl's `-l` and the API's `labelSelector` take.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, requirement) in self.requirements.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let set = |values: &BTreeSet<String>| values.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        match &self.test {
            Test::Equals(value) => write!(f, "{key}={value}"),
            Test::NotEquals(value) => write!(f, "{key}!={value}"),
            Test::In(values) => write!(f, "{key} in ({})", set(values)),
            Test::NotIn(values) => write!(f, "{key} notin ({})", set(values)),
            Test::Exists => f.write_str(key),
            Test::Absent => write!(f, "!{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Selector, SelectorError};

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn takes(selector: &str, pairs: &[(&str, &str)]) -> bool {
        selector.parse::<Selector>().unwrap().matches(&labels(pairs))
    }

    #[test]
    fn names_are_of_small_letters_digits_and_hyphens_between_them() {
        for good in ["a", "web-2", "2048", "shop.example.com", "a1.b2"] {
            assert!(super::is_dns_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a..b", "A", "a_b", "a b", "ä"] {
            assert!(!super::is_dns_name(bad), "{bad}");
        }
    }

    #[test]
    fn every_requirement_must_hold() {
        assert!(takes("app=a,version=v1", &[("app", "a"), ("version", "v1"), ("x", "y")]));
        assert!(!takes("app=a,version=v1", &[("app", "a")]));
        assert!(takes("app==a", &[("app", "a")]));
        assert!(takes("app!=a", &[("app", "b")]));
        assert!(takes("app!=a", &[]), "an absent label differs from every value");
        assert!(takes("app in (a, b),!old", &[("app", "b")]));
        assert!(!takes("app in (a,b),!old", &[("app", "b"), ("old", "")]));
        assert!(takes("app notin (a,b)", &[]));
        assert!(!takes("app notin (a,b)", &[("app", "a")]));
        assert!(takes("app", &[("app", "")]));
        assert!(!takes("app", &[]));
    }

    #[test]
    fn a_selector_reads_back_as_it_is_written() {
        for text in ["app=a,version=v1", "app!=a", "a.io/app in (x,y)", "app notin (x)", "app", "!app", "app="] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_takes_every_pod_is_refused() {
        for text in ["", " ", ",", " , "] {
            assert_eq!(text.parse::<Selector>(), Err(SelectorError::Empty), "{text:?}");
        }
        for text in ["a=b,", "a=b,,", ",a=b", "a=b,,c=d", "a=b, ,c=d"] {
            assert_eq!(text.parse::<Selector>(), Err(SelectorError::Comma), "{text:?}");
        }
        assert!(!Selector::equals([]).matches(&labels(&[("app", "a")])));
    }

    #[test]
    fn nonsense_is_refused_with_the_part_that_is_wrong() {
        for text in ["app in", "app in ()", "app like x", "=v", "-app=x", "a/b/c=x", "app=a b", "app=(x)", "A.Io/app=x"]
        {
            assert!(text.parse::<Selector>().is_err(), "{text:?}");
        }
        let too_long = format!("app={}", "x".repeat(64));
        assert!(matches!(too_long.parse::<Selector>(), Err(SelectorError::Value { .. })));
    }
}
