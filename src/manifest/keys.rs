//! The keys of a gate: the one table that the parser, the flags and the schema's test share.

/// A top-level key of a gate. Each has a flag of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The app's name.
    App,
    /// The version that must come up.
    Version,
    /// The namespace of the pods.
    Namespace,
    /// How old the data of a pass may be.
    Delay,
    /// How long the app may take to become healthy.
    WaitPeriod,
    /// How long it must stay healthy.
    StableFor,
    /// Crashes allowed per container.
    MaxRestarts,
    /// The pin.
    Workload,
    /// Replaces the default selector.
    Selector,
    /// The label keys of the default selector.
    Labels,
    /// A floor for the number of pods.
    Replicas,
    /// How much of the target must be ready.
    MinReady,
    /// How long a cause may last.
    Grace,
    /// Containers that decide nothing.
    IgnoreContainers,
    /// The cluster that must be asked, and no other.
    Expect,
    /// A pod that must end well before the gate passes.
    Smoke,
}

impl Key {
    /// Every key, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::App,
        Self::Version,
        Self::Namespace,
        Self::Delay,
        Self::WaitPeriod,
        Self::StableFor,
        Self::MaxRestarts,
        Self::Workload,
        Self::Selector,
        Self::Labels,
        Self::Replicas,
        Self::MinReady,
        Self::Grace,
        Self::IgnoreContainers,
        Self::Expect,
        Self::Smoke,
    ];

    /// The keys that make no sense for two gates at once: as flags they are refused over several documents.
    pub(super) const OF_ONE_GATE: [Self; 4] = [Self::App, Self::Version, Self::Workload, Self::Selector];

    /// The key as a manifest spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Version => "version",
            Self::Namespace => "namespace",
            Self::Delay => "delay",
            Self::WaitPeriod => "waitPeriod",
            Self::StableFor => "stableFor",
            Self::MaxRestarts => "maxRestarts",
            Self::Workload => "workload",
            Self::Selector => "selector",
            Self::Labels => "labels",
            Self::Replicas => "replicas",
            Self::MinReady => "minReady",
            Self::Grace => "grace",
            Self::IgnoreContainers => "ignoreContainers",
            Self::Expect => "expect",
            Self::Smoke => "smoke",
        }
    }

    /// The flag of the same name.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::App => "--app",
            Self::Version => "--version",
            Self::Namespace => "--namespace",
            Self::Delay => "--delay",
            Self::WaitPeriod => "--wait-period",
            Self::StableFor => "--stable-for",
            Self::MaxRestarts => "--max-restarts",
            Self::Workload => "--workload",
            Self::Selector => "--selector",
            Self::Labels => "--labels",
            Self::Replicas => "--replicas",
            Self::MinReady => "--min-ready",
            Self::Grace => "--grace",
            Self::IgnoreContainers => "--ignore-containers",
            Self::Expect => "--expect",
            Self::Smoke => "--smoke",
        }
    }

    /// The key of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// True for keys that hold a map or a list.
    pub(super) const fn is_collection(self) -> bool {
        matches!(self, Self::Labels | Self::Grace | Self::IgnoreContainers | Self::Smoke | Self::Expect)
    }
}

/// What other tools call our keys: spelling alone would not find them.
const OTHER_NAMES: [(&str, Key); 10] = [
    ("name", Key::App),
    ("tag", Key::Version),
    ("image", Key::Version),
    ("ns", Key::Namespace),
    ("timeout", Key::WaitPeriod),
    ("interval", Key::Delay),
    ("deployment", Key::Workload),
    ("restarts", Key::MaxRestarts),
    ("labelSelector", Key::Selector),
    ("cluster", Key::Expect),
];

/// The key that an unknown one is most likely meant to be, if any comes near.
pub(super) fn meant(unknown: &str) -> Option<Key> {
    let other = OTHER_NAMES.into_iter().find(|(name, _)| *name == unknown).map(|(_, key)| key);
    other.or_else(|| nearest(unknown, Key::ALL.map(Key::name)).and_then(Key::from_name))
}

/// The known word that the unknown one is most likely meant to be, if any comes near.
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

#[cfg(test)]
mod tests {
    use super::{Key, meant, nearest};

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
        assert_eq!(meant("timeout"), Some(Key::WaitPeriod));
        assert_eq!(meant("Wait-Period"), Some(Key::WaitPeriod));
        assert_eq!(meant("colour"), None);
    }

    #[test]
    fn a_flag_is_its_key_in_kebab_case() {
        for key in Key::ALL {
            let kebab: String = key
                .name()
                .chars()
                .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
                .collect();
            assert_eq!(key.flag(), format!("--{kebab}"));
            assert_eq!(Key::from_name(key.name()), Some(key));
        }
    }
}
