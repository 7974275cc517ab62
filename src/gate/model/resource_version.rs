//! Resource versions: which of two tellings of one object is the older one.

/// `metadata.resourceVersion` of an object or of a LIST.
///
/// From Kubernetes 1.35 on the API documents that the versions of one resource are decimal integers that can be
/// compared (every etcd-backed API server has always written them so). A version that is no such number, or absent, is
/// never older than another.
///
/// It is no part of what an object says: two tellings of the same state under different versions are equal.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResourceVersion(Option<u128>);

impl ResourceVersion {
    /// Reads the text that the API wrote.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // 0 is what a server says that does not know its version.
        Self(text.parse().ok().filter(|number| is_number && *number > 0))
    }

    /// Returns true if both can be compared and this one is older.
    #[must_use]
    pub fn is_older_than(self, other: Self) -> bool {
        matches!((self.0, other.0), (Some(one), Some(other)) if one < other)
    }

    /// Returns true if it says how new it is.
    #[must_use]
    pub fn is_number(self) -> bool {
        self.0.is_some()
    }

    /// The newer of the two; where they cannot be compared, the one that is a number.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

impl PartialEq for ResourceVersion {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ResourceVersion {}

#[cfg(test)]
mod tests {
    use super::ResourceVersion;

    #[test]
    fn versions_are_compared_as_numbers_and_not_as_text() {
        let older = |one, other| ResourceVersion::parse(one).is_older_than(ResourceVersion::parse(other));
        assert!(older("9", "10") && older("18446744073709551615", "18446744073709551616"));
        assert!(!older("10", "9") && !older("10", "10"));
        for (one, other) in [("", "5"), ("5", ""), ("abc", "5"), ("5", "v6"), ("0", "5"), ("+4", "5"), ("-1", "5")] {
            assert!(!older(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn the_newest_is_kept_also_where_one_says_nothing() {
        let newest = |one, other| ResourceVersion::parse(one).newest(ResourceVersion::parse(other));
        assert!(ResourceVersion::parse("6").is_older_than(newest("7", "5")));
        assert!(ResourceVersion::parse("6").is_older_than(newest("", "7")));
        assert!(!ResourceVersion::parse("6").is_older_than(newest("", "")));
    }
}
