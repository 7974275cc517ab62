//! Other values of single keys, as somebody tries them on gates that have been decided: `stableFor=10s,30s`.

use std::fmt;

use super::definitions::Key;
use super::diagnostics::{Diagnostic, Diagnostics, Message, Place, Problem, quoted};
use super::draft::Draft;
use super::keys::{Form, KeyDefinition};
use super::overrides::Overrides;

/// The values of one key that are to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    path: String,
    values: Vec<String>,
}

/// One value for each key that is tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setting {
    values: Vec<(String, String)>,
}

impl Axis {
    /// Reads `KEY=VALUE,VALUE`; the key of a map is written `grace.ImagePull`. `flag` is what errors call the text.
    ///
    /// # Errors
    /// Every problem of the text with its place: a key that is none or cannot be tried, a value that the key does not
    /// take, one that is there twice.
    pub fn read(flag: &str, text: &str) -> Result<Self, Diagnostics> {
        Reader { flag, text }.read()
    }

    /// The key, as `stableFor` or `grace.ImagePull`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The values, as they were written; at least one.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl Setting {
    /// Every combination of the values, in the order of the axes, the last of which changes fastest. Without any
    /// axis that is one setting that changes nothing.
    #[must_use]
    pub fn combinations(axes: &[Axis]) -> Vec<Self> {
        axes.iter().fold(vec![Self::default()], |settings, axis| {
            let with = |setting: &Self, value: &String| {
                let mut values = setting.values.clone();
                values.push((axis.path.clone(), value.clone()));
                Self { values }
            };
            settings.iter().flat_map(|setting| axis.values.iter().map(|value| with(setting, value))).collect()
        })
    }

    /// The keys and their values, in the order of the axes.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: Vec<String> = self.values().map(|(path, value)| format!("{path}={value}")).collect();
        f.write_str(&said.join(" "))
    }
}

impl Overrides {
    /// Lays a setting over all that was said before.
    pub fn try_on(&mut self, setting: &Setting) {
        for (path, value) in setting.values() {
            // An axis has read both.
            if let Ok(key) = definition(path) {
                self.set_by(path, path, key, value);
            }
        }
    }
}

struct Reader<'t> {
    flag: &'t str,
    text: &'t str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Axis, Diagnostics> {
        let example = "write a key and its values, as in `stableFor=10s,30s,60s`";
        let Some((path, values)) = self.text.split_once('=') else {
            let sentence = format!("{} has no `=`", quoted(self.text));
            return Err(self.wrong(vec![self.at(0, self.text, Message::new(sentence, example))]));
        };
        let path = path.trim();
        let key = definition(path).map_err(|message| self.wrong(vec![self.at(0, path, message)]))?;
        let Form::Scalar(_, set) = &key.form else {
            return Err(self.wrong(vec![self.at(0, path, no_scalar(path, key))]));
        };
        let mut problems = Vec::new();
        let mut read: Vec<String> = Vec::new();
        let mut start = self.text.len() - values.len();
        for value in values.split(',') {
            let taken = match value.trim() {
                "" => Err(Message::new(format!("a value of `{path}` is missing"), example)),
                one if read.iter().any(|other| other == one) => {
                    Err(Message::new(format!("{} is there twice", quoted(one)), "give each value once"))
                }
                one => set(&mut Draft::default(), path, one).map(|()| read.push(one.to_owned())),
            };
            let blanks = value.len() - value.trim_start().len();
            problems.extend(taken.err().map(|message| self.at(start + blanks, value.trim(), message)));
            start += value.len() + 1;
        }
        if problems.is_empty() { Ok(Axis { path: path.to_owned(), values: read }) } else { Err(self.wrong(problems)) }
    }

    /// A problem with a part of the text that begins at this byte.
    fn at(&self, start: usize, part: &str, message: Message) -> Diagnostic {
        let column = self.text[..start].chars().count() + 1;
        let place = Place { line: 1, column, width: part.chars().count().max(1) };
        Diagnostic::in_text(self.flag, self.text, &Problem::at(place, message))
    }

    #[expect(clippy::unused_self, reason = "it reads as what it is: the text is wrong")]
    fn wrong(&self, problems: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::of(problems)
    }
}

/// Returns the key of a path that says how a gate judges.
fn definition(path: &str) -> Result<&'static KeyDefinition, Message> {
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let Some(key) = Key::from_name(name) else {
        let remedy = match Key::meant(name) {
            Some(near) => format!("did you mean `{}`?", near.name()),
            None => format!("the keys that can be tried are {}", known()),
        };
        return Err(Message::new(format!("{} is not a known key of a gate", quoted(name)), remedy));
    };
    let definition = key.definition();
    match (&definition.form, inner) {
        (Form::Map(group), Some(inner)) if key == Key::Grace => group.find(name, inner),
        (Form::Scalar(..), None) if is_policy(key) => Ok(definition),
        (Form::Map(_), None) if key == Key::Grace => Ok(definition),
        (Form::Scalar(..), Some(_)) => {
            Err(Message::new(format!("`{name}` has no keys of its own"), format!("write `{name}=…`")))
        }
        _ => Err(Message::new(
            format!("`{name}` says what is judged, not how"),
            format!("the keys that can be tried are {}; all else belongs into a gate file", known()),
        )),
    }
}

/// True for the keys that say how a gate judges, whatever it judges.
fn is_policy(key: Key) -> bool {
    !key.definition().is_of_one_gate && !matches!(key, Key::Namespace)
}

fn known() -> String {
    let scalars =
        Key::ALL.into_iter().filter(|key| is_policy(*key) && matches!(key.definition().form, Form::Scalar(..)));
    let mut names: Vec<String> = scalars.map(|key| key.name().to_owned()).collect();
    names.push("grace.CAUSE".to_owned());
    names.join(", ")
}

fn no_scalar(path: &str, key: &KeyDefinition) -> Message {
    let Form::Map(group) = &key.form else {
        return Message::new(format!("`{path}` has no single value"), "try a key that has one");
    };
    let names: Vec<&str> = group.keys.iter().map(|key| key.name).collect();
    let first = names.first().unwrap_or(&"");
    Message::new(
        format!("`{path}` has a value for each {}", group.noun),
        format!("name one, as in `{path}.{first}=0s,30s`; the {}s are {}", group.noun, names.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::{Axis, Key, Setting};
    use crate::gate::spec::Grace;
    use crate::manifest::{Overrides, load};
    use std::time::Duration;

    fn refused(text: &str) -> String {
        Axis::read("--try", text).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_key_is_told_with_its_place_and_the_nearest_one() {
        assert_eq!(
            refused("stabelFor=10s"),
            "--try:1:1: `stabelFor` is not a known key of a gate\n  1 | stabelFor=10s\n    | ^^^^^^^^^\n  fix: did you mean `stableFor`?"
        );
        assert!(refused("timeout=10s").contains("did you mean `waitPeriod`?"));
        assert!(refused("grace.ImagPull=10s").contains("did you mean `ImagePull`?"));
        assert!(refused("colour=red").contains("the keys that can be tried are delay, waitPeriod, stableFor"));
        assert!(refused("grace=10s").contains("name one, as in `grace.ImagePull=0s,30s`"));
        for text in ["app=a,b", "version=v1,v2", "selector=a", "workload=deploy/a", "namespace=n", "labels.app=x"] {
            assert!(refused(text).contains("says what is judged, not how"), "{text}: {}", refused(text));
        }
        assert!(refused("stableFor").contains("has no `=`"));
        assert!(refused("stableFor.x=1s").contains("has no keys of its own"));
    }

    #[test]
    fn every_wrong_value_is_told_at_its_place() {
        let said = refused("stableFor=10s, 3O,30s,30s,");
        assert!(said.contains("--try:1:16: `stableFor` is `3O`, which is not a duration"), "{said}");
        assert!(said.contains("--try:1:23: `30s` is there twice"), "{said}");
        assert!(said.contains("--try:1:27: a value of `stableFor` is missing"), "{said}");
        assert!(refused("maxRestarts=0,-1").contains("--try:1:15: "), "{}", refused("maxRestarts=0,-1"));
        assert!(!refused("stableFor=\u{1b}[2J").contains('\u{1b}'));
    }

    #[test]
    fn a_setting_wins_over_flags_and_every_combination_is_made() {
        let axes = ["stableFor=10s,30s", "grace.ImagePull=0s,15s,30s"].map(|text| Axis::read("--try", text).unwrap());
        let settings = Setting::combinations(&axes);
        assert_eq!(settings.len(), 6);
        assert_eq!(settings[1].to_string(), "stableFor=10s grace.ImagePull=15s");
        let mut flags = Overrides::default();
        for (key, text) in [(Key::App, "a"), (Key::Version, "v"), (Key::Namespace, "n"), (Key::StableFor, "1s")] {
            flags.set(key, text);
        }
        flags.set(Key::Grace, "Quota=7s");
        flags.try_on(&settings[5]);
        let plan = load(&[], &flags, &|_| None).unwrap().gates.remove(0).plan;
        assert_eq!(plan.stable_for, Duration::from_secs(30));
        let graces = [(Grace::ImagePull, Duration::from_secs(30)), (Grace::Quota, Duration::from_secs(7))];
        assert_eq!(plan.grace.into_iter().collect::<Vec<_>>(), graces);
        assert_eq!(Setting::combinations(&[]), [Setting::default()]);
    }
}
