//! What can be asked of a key: its name, its flag, its example, and which one an unknown word is meant to be.

use super::definitions::Key;
use super::keys::{FlagTakes, FlagValue, Form, Group, KeyDefinition, nearest};
use super::value_type::ValueType;

impl Key {
    /// The key as a manifest spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// The flag of the same name, if there is one.
    #[must_use]
    pub fn flag(self) -> Option<&'static str> {
        self.definition().flag
    }

    /// The short form of the flag.
    #[must_use]
    pub fn short(self) -> Option<char> {
        self.definition().short
    }

    /// What kubectl calls the flag, if it has another name there.
    #[must_use]
    pub fn flag_alias(self) -> Option<&'static str> {
        self.definition().flag_alias
    }

    /// What `--help` calls the value of the flag.
    #[must_use]
    pub fn value_name(self) -> &'static str {
        self.definition().value_name
    }

    /// The flag's line of `--help`, with the default.
    #[must_use]
    pub fn help(self) -> String {
        let KeyDefinition { help, default, .. } = self.definition();
        default.map_or_else(|| (*help).to_owned(), |default| format!("{help} [default: {default}]"))
    }

    /// How often the flag is given, and what its value may look like.
    #[must_use]
    pub fn flag_value(self) -> FlagValue {
        match self.definition().form {
            Form::Scalar(ValueType { is_quantity: true, .. }, _) => FlagValue::Quantity,
            Form::Scalar(..) | Form::Either { .. } | Form::Map(Group { flag: FlagTakes::Words(_), .. }) => {
                FlagValue::Text
            }
            // A word is a value of its own, and the others may hold commas.
            Form::Map(Group { flag: FlagTakes::EntriesOr(_), .. }) => FlagValue::Repeated,
            Form::Map(_) | Form::Maps { .. } | Form::Entries { .. } | Form::List { .. } => FlagValue::List,
        }
    }

    /// A line of a manifest that gives the key a good value.
    #[must_use]
    pub fn example(self) -> String {
        format!("{}: {}", self.name(), self.definition().example)
    }

    /// Returns the key of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Returns the key that an unknown one is most likely meant to be, if any comes near.
    pub(super) fn meant(unknown: &str) -> Option<Self> {
        let other = Self::ALL.into_iter().find(|key| key.definition().other_names.contains(&unknown));
        other.or_else(|| nearest(unknown, Self::ALL.map(Self::name)).and_then(Self::from_name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, nearest};

    #[test]
    fn a_slip_of_the_pen_finds_its_key() {
        let near = |unknown| nearest(unknown, Key::ALL.map(Key::name));
        assert_eq!(near("waitPeroid"), Some("waitPeriod"));
        assert_eq!(near("wait_period"), Some("waitPeriod"));
        assert_eq!(near("wait-period"), Some("waitPeriod"));
        assert_eq!(near("App"), Some("app"));
        assert_eq!(near("ap"), Some("app"));
        assert_eq!(near("replica"), Some("replicas"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(""), None);
    }

    #[test]
    fn what_other_tools_say_is_understood() {
        assert_eq!(Key::meant("timeout"), Some(Key::WaitPeriod));
        assert_eq!(Key::meant("Wait-Period"), Some(Key::WaitPeriod));
        assert_eq!(Key::meant("colour"), None);
    }
}
