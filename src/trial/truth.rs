//! Which deployments were bad, as far as anybody says so.

use std::str::FromStr;

use crate::gate::result::Verdict;

/// What a deployment was in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It must not pass.
    Bad,
    /// It should pass.
    Good,
    /// It is right to pass it under some settings and right to refuse it under others.
    Depends,
}

impl Truth {
    /// The spelling in JSON and in text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Good => "good",
            Self::Depends => "depends",
        }
    }

    /// What a gate's verdict says of a deployment, where nobody knows better. A version that was replaced and one that
    /// could not be observed were neither.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Healthy => Some(Self::Good),
            Verdict::Failed | Verdict::TimedOut | Verdict::NothingMatched | Verdict::Platform => Some(Self::Bad),
            _ => None,
        }
    }
}

/// A pattern for the names of recordings, with `*` for any letters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl FromStr for Glob {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix(".ndjson").unwrap_or(text);
        if text.is_empty() {
            Err("it is empty, and would match no recording")
        } else {
            Ok(Self(text.chars().collect()))
        }
    }
}

impl Glob {
    /// True where all of the name fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        // The usual walk: where it goes wrong, the last star takes one more letter.
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut in_name) = (0, 0);
        let mut star = None;
        while in_name < name.len() {
            match self.0.get(at) {
                Some('*') => {
                    star = Some((at, in_name));
                    at += 1;
                }
                Some(letter) if *letter == '?' || *letter == name[in_name] => {
                    at += 1;
                    in_name += 1;
                }
                _ => {
                    let Some((place, taken)) = star else { return false };
                    star = Some((place, taken + 1));
                    at = place + 1;
                    in_name = taken + 1;
                }
            }
        }
        self.0[at..].iter().all(|letter| *letter == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn a_pattern_takes_whole_names() {
        for (pattern, name, fits) in [
            ("crash-loop", "crash-loop", true),
            ("crash-loop.ndjson", "crash-loop", true),
            ("crash", "crash-loop", false),
            ("crash*", "crash-loop", true),
            ("*crash*", "late-crash", true),
            ("*-?", "exit-0", true),
            ("*-?", "exit-10", false),
            ("*", "", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("?", "ä", true),
        ] {
            assert_eq!(pattern.parse::<Glob>().unwrap().matches(name), fits, "{pattern} on {name}");
        }
        assert!("".parse::<Glob>().is_err());
    }
}
