//! One rule of a script: to which requests it applies, and what it does.

use std::time::Duration;

/// What kind of request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verb {
    List,
    Watch,
    Get,
    Log,
    /// A query of the metrics source.
    Query,
    Create,
    Delete,
    /// The version, discovery, reviews.
    Other,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Delay(Duration),
    Drop,
    Stall,
    Status { code: u16, retry_after: Option<Duration>, message: String },
    Expired,
    TooLargeVersion,
    LoginPage,
    Cut { after: usize },
    Freeze { after: usize },
    Truncate { after: usize },
    Slow { bytes_per_second: usize },
    Garbage,
    Pages { size: usize },
    ExpireTokens,
    Behind(Duration),
    Gone,
    Error,
    Skip,
    Duplicate,
    Reorder,
    Restart { lasts: Duration },
    NotANumber,
}

impl Fault {
    /// True where it strikes the lines of a watch at its moment, however long the watch has been open.
    pub fn is_of_lines(&self) -> bool {
        matches!(
            self,
            Self::Cut { .. }
                | Self::Freeze { .. }
                | Self::Garbage
                | Self::Gone
                | Self::Error
                | Self::Skip
                | Self::Duplicate
                | Self::Reorder
        )
    }

    /// True where it makes sense for watches only.
    pub fn needs_watch(&self) -> bool {
        matches!(self, Self::Gone | Self::Error | Self::Skip | Self::Duplicate | Self::Reorder)
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// From this millisecond of the recording on.
    pub at_ms: u64,
    /// Up to this one.
    pub until_ms: u64,
    pub verb: Option<Verb>,
    pub path: Option<String>,
    pub request: Option<u64>,
    pub times: Option<u64>,
    pub fault: Fault,
}

impl Rule {
    /// True where the rule is about requests of this kind, whatever the time.
    pub fn is_about(&self, verb: Verb, path: &str) -> bool {
        self.verb.is_none_or(|wanted| wanted == verb)
            && self.path.as_deref().is_none_or(|pattern| matches(pattern, path))
    }

    /// True at its time.
    pub fn is_on(&self, now_ms: u64) -> bool {
        (self.at_ms..self.until_ms).contains(&now_ms)
    }
}

/// Whether a pattern, in which `*` stands for any text, is the whole of a text.
pub(in crate::sandbox) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(place) = text.find(part) else { return false };
        text = &text[place + part.len()..];
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        let path = "/api/v1/namespaces/shop/pods";
        for pattern in [path, "*", "*/pods", "/api/*", "/api/*/shop/*", "*shop*pods", "**/pods"] {
            assert!(matches(pattern, path), "{pattern}");
        }
        for pattern in ["", "/pods", "*/pod", "*/pods/*", "/apis/*", "*pods*shop*", "*s*ods*pods"] {
            assert!(!matches(pattern, path), "{pattern}");
        }
        assert!(!matches("ab*ba", "aba"), "the ends may not overlap");
    }
}
