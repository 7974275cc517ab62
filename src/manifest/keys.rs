//! What a key of a gate is: everything that the parser, the flags, the schema and the summary know of it. The keys
//! themselves are in [`definitions`](super::definitions).

use crate::gate::spec::Plan;

use super::diagnostics::{Message, quoted};
use super::draft::Draft;
use super::value_type::ValueType;

/// A key of a gate, or of a map in a gate.
pub(super) struct KeyDefinition {
    /// The key as a manifest spells it.
    pub name: &'static str,
    /// What it means, for the schema.
    pub description: &'static str,
    /// What holds where the manifest is silent, as a manifest would write it. `None` where that depends on more.
    pub default: Option<&'static str>,
    /// A good value, as a manifest would write it.
    pub example: &'static str,
    /// What other tools call it: its spelling alone would not find it.
    pub other_names: &'static [&'static str],
    /// What its value is, and how it is taken.
    pub form: Form,
    /// Its flag, with the dashes. Keys of a map have none: they are given with the flag of the map, as in
    /// `--grace ImagePull=30s`.
    pub flag: Option<&'static str>,
    /// The short form of the flag.
    pub short: Option<char>,
    /// What kubectl calls the flag, with the dashes, where it has another name there.
    pub flag_alias: Option<&'static str>,
    /// What `--help` calls the value of the flag.
    pub value_name: &'static str,
    /// The flag's line of `--help`, to which a default is added.
    pub help: &'static str,
    /// Whether a gate can do without it.
    pub need: Need,
    /// It makes no sense for two gates at once: as a flag it is refused over several documents.
    pub is_of_one_gate: bool,
    /// Its part of the line that sums up a plan; `None` where there is nothing to say.
    pub summary: fn(&Plan) -> Option<String>,
}

impl KeyDefinition {
    /// An optional key about which nothing is said yet.
    pub const NEW: Self = Self {
        name: "",
        description: "",
        default: None,
        example: "",
        other_names: &[],
        form: Form::Map(&Group { name: "", description: "", keys: &[], noun: "key", flag: FlagTakes::Entries }),
        flag: None,
        short: None,
        flag_alias: None,
        value_name: "",
        help: "",
        need: Need::Optional,
        is_of_one_gate: false,
        summary: |_| None,
    };
}

/// Takes the text of a value into a draft. The first text is what to call the key: `delay`, `--delay`, `smoke.timeout`.
pub(super) type Set = fn(&mut Draft, &str, &str) -> Result<(), Message>;

/// What the value of a key is.
pub(super) enum Form {
    /// A single value.
    Scalar(&'static ValueType, Set),
    /// A list, each item of which is added to those before it.
    List {
        /// The whole list.
        value: &'static ValueType,
        /// Adds an item.
        add: Set,
        /// An empty list means something.
        may_be_empty: bool,
    },
    /// A map with keys of its own.
    Map(&'static Group),
    /// A list of maps with keys of their own.
    Maps {
        /// The keys of each map.
        group: &'static Group,
        /// Begins with the next map: what its keys say belongs to it.
        begin: fn(&mut Draft),
    },
    /// A single value, or a map with keys of its own.
    Either {
        /// The single value.
        value: &'static ValueType,
        /// Takes the single value.
        set: Set,
        /// The keys of the map.
        group: &'static Group,
    },
    /// A map with any keys.
    Entries {
        /// The whole map.
        value: &'static ValueType,
        /// Adds an entry.
        add: AddEntry,
    },
}

/// Takes an entry of a map into a draft: what to call the map, the entry's key and its text, which may be a secret.
pub(super) type AddEntry = fn(&mut Draft, &str, &str, &str) -> Result<(), Message>;

/// The keys of a map.
pub(super) struct Group {
    /// Its name in the schema's `$defs`.
    pub name: &'static str,
    /// What it is, for the schema.
    pub description: &'static str,
    /// Its keys, in the order of the documentation.
    pub keys: &'static [KeyDefinition],
    /// What one of its keys is, in a word.
    pub noun: &'static str,
    /// What the flag of the map takes.
    pub flag: FlagTakes,
}

/// A word that a flag takes, and what it does.
pub(super) type Word = (&'static str, fn(&mut Draft));

/// What the flag of a map takes.
pub(super) enum FlagTakes {
    /// Entries: `ImagePull=30s`, several with commas between them.
    Entries,
    /// One entry at a time, commas and all, or one of these words in the place of all.
    EntriesOr(&'static [Word]),
    /// One of these words: the map is too deep for a flag.
    Words(&'static [Word]),
}

impl Group {
    /// Returns the key of that name. `called` is what to call the map.
    ///
    /// # Errors
    /// A name that is none of its keys, with the nearest one if any comes near.
    pub fn find(&self, called: &str, name: &str) -> Result<&'static KeyDefinition, Message> {
        let name = name.trim();
        self.keys.iter().find(|key| key.name == name).ok_or_else(|| {
            let names = self.keys.iter().map(|key| key.name);
            let other = self.keys.iter().find(|key| key.other_names.contains(&name)).map(|key| key.name);
            let remedy = match other.or_else(|| nearest(name, names.clone())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the {}s are {}", self.noun, names.collect::<Vec<_>>().join(", ")),
            };
            Message::new(format!("{} is not a {} that `{called}` knows", quoted(name), self.noun), remedy)
        })
    }
}

/// How often a flag is given, and what its value may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagValue {
    /// Once.
    Text,
    /// Once; the value may begin with `-`, because what is wrong with a negative number is explained with the manifest.
    Quantity,
    /// Once for each value.
    Repeated,
    /// Once for each value, or once with commas between them.
    List,
}

/// Whether a gate can do without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// There is a default, or nothing is asked.
    Optional,
    /// The gate must have it. It is most often given by a flag, so that the schema does not ask for it.
    ByKeyOrFlag,
    /// The gate must have it, and a document without it is shown as incomplete.
    ByKey,
}

/// Returns the known word that the unknown one is most likely meant to be, if any comes near.
pub(super) fn nearest(unknown: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let bare = |word: &str| word.replace(['-', '_', ' '], "").to_lowercase();
    let wanted = bare(unknown);
    known
        .into_iter()
        .map(|word| (strsim::osa_distance(&wanted, &bare(word)), word))
        // A third of the letters may be wrong; more is a different word.
        .filter(|(distance, word)| *distance * 3 <= word.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
