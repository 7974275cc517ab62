//! A pod template in short: what two of them are compared by, for telling what changed between two revisions.

/// The parts of a pod template, each by its container and name, with a fingerprint of its value and as much of the value
/// as may be shown. One allocation, for a namespace holds many old `ReplicaSet`s that nobody ever asks about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateParts(Option<Box<str>>);

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplatePart<'a> {
    /// The container that it is of; empty for the pod's own.
    pub container: &'a str,
    /// What it is: `image`, `env LOG_LEVEL`, `limits.memory`. Parts are the cluster's: hostile text.
    pub name: &'a str,
    /// Whole values are the same where these are.
    pub fingerprint: &'a str,
    /// As much of the value as may be shown; empty where none of it may. Hostile text.
    pub shown: &'a str,
}

/// Between the fields of a part, and behind each part. They cannot stand in a name that the API takes.
const BETWEEN: char = '\u{1f}';
const BEHIND: char = '\u{1e}';
/// A template that is larger in short than this is not remembered: half of one would tell of changes that are none.
const LARGEST: usize = 16 * 1024;

impl TemplateParts {
    /// Returns the parts of a template. Those of one that is too large to be remembered are not known.
    #[must_use]
    pub fn of<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str, u64, &'a str)>) -> Self {
        let mut packed = String::new();
        let plain = |text: &str| text.replace([BETWEEN, BEHIND], " ");
        for (container, name, fingerprint, shown) in parts {
            let fields = [plain(container), plain(name), format!("{fingerprint:016x}"), plain(shown)];
            packed.push_str(&fields.join(&BETWEEN.to_string()));
            packed.push(BEHIND);
            if packed.len() > LARGEST {
                return Self(None);
            }
        }
        Self((!packed.is_empty()).then(|| packed.into_boxed_str()))
    }

    /// Returns true where the parts are known.
    #[must_use]
    pub const fn are_known(&self) -> bool {
        self.0.is_some()
    }

    /// Returns every part, in the order of the template.
    pub fn iter(&self) -> impl Iterator<Item = TemplatePart<'_>> {
        let packed = self.0.as_deref().unwrap_or_default();
        packed.split_terminator(BEHIND).filter_map(|part| {
            let mut fields = part.split(BETWEEN);
            let (container, name, fingerprint) = (fields.next()?, fields.next()?, fields.next()?);
            Some(TemplatePart { container, name, fingerprint, shown: fields.next()? })
        })
    }
}
