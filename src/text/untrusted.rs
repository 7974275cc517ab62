//! Text of somebody else, and the one decision about its secrets.

use std::path::Path;

use super::{SafeText, escape, redact};

/// Whether secrets in what others say are masked. Decided by the command line (`--no-redact`) and passed by value to
/// whoever takes in such text. Recordings do not ask: they are always masked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redaction {
    /// What looks like a secret becomes [`redact::MASK`].
    #[default]
    On,
    /// Secrets are shown as they are.
    Off,
}

impl Redaction {
    /// Returns the decision that the flag `--no-redact` stands for.
    #[must_use]
    pub const fn unless(no_redact: bool) -> Self {
        if no_redact { Self::Off } else { Self::On }
    }

    /// Takes in what a pod, a node, the API server, a manifest or a flag says.
    #[must_use]
    pub fn text(self, said: &str) -> Untrusted {
        Untrusted(match self {
            Self::On => redact::text(said).into_owned(),
            Self::Off => said.to_owned(),
        })
    }

    /// Takes in text that goes on where `before` ended: a key may stand at the end of the one and its value at the
    /// beginning of the other.
    #[must_use]
    pub fn continued(self, before: &str, said: &str) -> Untrusted {
        if before.is_empty() {
            return self.text(said);
        }
        // Both are masked together and what `before` alone gives is taken off, so that what is left is what is new.
        let both = self.text(&format!("{before}{said}")).0;
        match both.strip_prefix(&self.text(before).0) {
            Some(new) => Untrusted(new.to_owned()),
            None => self.text(said),
        }
    }
}

/// Text of somebody else: a pod, a node, the API server, a manifest. What looks like a secret in it is masked already,
/// unless [`Redaction::Off`] took it in; it may still hold anything that acts on a terminal or a CI system. There is no
/// way to read it but through the methods that escape it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(String);

impl Untrusted {
    /// Takes in the name of an object, a file or a label, as it is: names are no place for secrets, and a masked one
    /// could not be looked up.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Takes in the path of a file.
    #[must_use]
    pub fn path(path: &Path) -> Self {
        Self(path.display().to_string())
    }

    /// Returns it on one line of at most [`escape::COLUMNS`] columns.
    #[must_use]
    pub fn line(&self) -> SafeText {
        SafeText::escaped(escape::line(&self.0))
    }

    /// Returns it on one line, however long it is.
    #[must_use]
    pub fn one_line(&self) -> SafeText {
        SafeText::escaped(escape::one_line(&self.0))
    }

    /// Returns its lines, each at most `columns` long. Empty lines at either end are left out.
    #[must_use]
    pub fn block(&self, columns: usize) -> Vec<SafeText> {
        escape::block(&self.0, columns).into_iter().map(SafeText::escaped).collect()
    }

    /// Returns all of it, with its newlines and tabs, for machine formats: what acts on a terminal is escaped, commands
    /// of CI systems are not.
    #[must_use]
    pub fn visible(&self) -> SafeText {
        SafeText::escaped(escape::visible(&self.0))
    }

    /// Returns all of it, with its newlines and tabs, in which no CI system finds a command.
    #[must_use]
    pub fn whole(&self) -> SafeText {
        SafeText::escaped(escape::whole(&self.0))
    }

    /// Returns true where there is nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Words of crashgate's own are as good as any.
impl From<&'static str> for Untrusted {
    fn from(words: &'static str) -> Self {
        Self(words.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Redaction, Untrusted};

    const WORDS: &str = "password=hunter2secret\n::error::x";

    #[test]
    fn secrets_are_masked_unless_asked_otherwise_and_commands_are_escaped_always() {
        assert_eq!(&*Redaction::On.text(WORDS).line(), r"password=***\n::error::x");
        assert_eq!(Redaction::On.text(WORDS).block(80), ["password=***", r":\:error::x"]);
        assert_eq!(&*Redaction::Off.text(WORDS).whole(), "password=hunter2secret\n:\\:error::x");
        assert_eq!(&*Redaction::unless(false).text(WORDS).visible(), "password=***\n::error::x");
        assert_eq!(Redaction::default(), Redaction::On, "whoever forgets to ask masks");
    }

    #[test]
    fn a_value_is_masked_where_its_key_came_before() {
        assert_eq!(
            &*Redaction::On.continued("- name: DB_PASSWORD\n", "  value: hunter2secret\n").whole(),
            "  value: ***\n"
        );
        assert_eq!(&*Redaction::On.continued("", "hunter2secret\n").whole(), "hunter2secret\n");
    }

    #[test]
    fn names_are_escaped_and_never_masked() {
        assert_eq!(&*Untrusted::name("token=abcdefgh12345\x1b").line(), r"token=abcdefgh12345\x1b");
        assert!(Untrusted::name(" \n").is_blank());
    }
}
