//! A check of the metrics as reports know it: the words of others taken in as [`Untrusted`], the numbers as they are.

use std::collections::BTreeMap;
use std::time::Duration;

use super::words;
use crate::gate;
use crate::gate::model::Number;
use crate::gate::result::{CheckStanding, Code, Measured, ShareCounts, SharePoint, ShareReport, ValueReport};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// The rate of requests is taken from so much of the newest data.
const RATE_MS: i64 = 120_000;

/// What E is, for those who have never met it.
pub const WHAT_E_IS: &str = "E is the weight of the evidence: chance alone brings it to 40 in at most 1 of 40 runs, to 100 in at most 1 of 100.";

/// A check of the metrics. See [`gate::result::CheckReport`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::CheckReport")]
pub struct Check {
    pub name: Untrusted,
    pub standing: CheckStanding,
    pub measured: Measured,
    pub lacking: Option<Untrusted>,
    pub answers: u64,
}

impl Check {
    /// Takes in a check.
    #[must_use]
    pub fn of(check: &gate::result::CheckReport, redaction: Redaction) -> Self {
        Self {
            name: Untrusted::name(&check.name),
            standing: check.standing,
            measured: check.measured.clone(),
            lacking: check.lacking.as_deref().map(|why| redaction.text(why)),
            answers: check.answers,
        }
    }

    /// The check without its counts over time: what a log keeps.
    #[must_use]
    pub fn without_points(&self) -> Self {
        let measured = match &self.measured {
            Measured::Share(told) => Measured::Share(Box::new(ShareReport { points: Vec::new(), ..(**told).clone() })),
            Measured::Value(told) => Measured::Value(Box::new(ValueReport { points: Vec::new(), ..(**told).clone() })),
        };
        Self { measured, ..self.clone() }
    }

    /// How it stands, in a few words.
    #[must_use]
    pub const fn standing_words(&self) -> &'static str {
        match (self.standing, &self.measured) {
            (CheckStanding::Good, Measured::Share(_)) => "proven good",
            (CheckStanding::Good, Measured::Value(_)) => "good",
            (CheckStanding::OverLimit, Measured::Share(_)) => "over its limit",
            (CheckStanding::OverLimit, Measured::Value(_)) => "outside its limits",
            (CheckStanding::Worse, _) => "worse than the stable pods",
            (CheckStanding::Undecided, _) => "undecided",
            (CheckStanding::NoData, _) => "no data",
            (CheckStanding::Ambiguous, _) => "not one number",
            (CheckStanding::Unreachable, _) => "source does not answer",
            (CheckStanding::Invalid, _) => "query not valid",
        }
    }

    /// A sign for how it stands, to be told apart without colour too.
    #[must_use]
    pub const fn sign(&self) -> &'static str {
        match self.standing {
            CheckStanding::Good => "✔",
            CheckStanding::OverLimit | CheckStanding::Worse => "✘",
            _ => "?",
        }
    }

    /// The code of the cause that it is; `None` for one that is good.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        self.standing.code()
    }

    /// What was counted of the canary, or the newest value: `63 of 1,204 canary requests bad (5.2%)`.
    #[must_use]
    pub fn canary(&self) -> SafeText {
        self.counted_of_canary(true)
    }

    /// The same where it is clear who is meant: `63 of 1,204 bad (5.2%)`.
    #[must_use]
    pub fn canary_short(&self) -> SafeText {
        self.counted_of_canary(false)
    }

    fn counted_of_canary(&self, named: bool) -> SafeText {
        let told = match &self.measured {
            Measured::Share(told) => told,
            Measured::Value(told) => {
                return told
                    .newest
                    .map_or_else(|| "no value".into(), |newest| safe!("the value is {}", words::value(newest)));
            }
        };
        if told.canary.total == 0 {
            return if named { "no canary requests".into() } else { "no requests".into() };
        }
        let limit = told.limit.map(|limit| limit.limit.0);
        let what =
            told.slower_than.map_or_else(|| "bad".into(), |bound| safe!("slower than {}", words::latency(bound)));
        counted(told.canary, limit, &safe!("{}{}", if named { " canary requests " } else { " " }, what))
    }

    /// What was counted of the stable pods: `107 of 11,873 of the stable pods (0.9%)`. `None` where nothing is compared.
    #[must_use]
    pub fn stable(&self) -> Option<SafeText> {
        self.counted_of_stable(" of the stable pods")
    }

    /// The same where it is clear who is meant: `107 of 11,873 (0.9%)`.
    #[must_use]
    pub fn stable_short(&self) -> Option<SafeText> {
        self.counted_of_stable("")
    }

    fn counted_of_stable(&self, whose: &'static str) -> Option<SafeText> {
        let Measured::Share(told) = &self.measured else { return None };
        let stable = told.stable?;
        Some(if stable.total == 0 { safe!("no requests{}", whose) } else { counted(stable, None, &whose.into()) })
    }

    /// What it is held against, in the words of the manifest: `max 1%, tolerate 1.5x, harm 3x`.
    #[must_use]
    pub fn limits(&self) -> SafeText {
        let parts: Vec<SafeText> = match &self.measured {
            Measured::Share(told) => {
                let times = |name: &'static str, limit: Number| safe!("{} {}x", name, words::value(limit));
                let max = told.limit.map(|limit| safe!("max {}", words::exact_percent(limit.limit.0)));
                let tolerate = told.worse.map(|worse| times("tolerate", worse.limit));
                let harm = told.unharmed.map(|unharmed| times("harm", unharmed.limit));
                [max, tolerate, harm].into_iter().flatten().collect()
            }
            Measured::Value(told) => {
                let limit =
                    |name: &'static str, limit: Option<Number>| Some(safe!("{} {}", name, words::value(limit?)));
                [limit("max", told.max), limit("min", told.min)].into_iter().flatten().collect()
            }
        };
        SafeText::joined(parts, ", ")
    }

    /// The evidence that decided it, or that will: `E = 494, 40 is proof`. `None` where nothing is weighed.
    #[must_use]
    pub fn evidence(&self) -> Option<SafeText> {
        let Measured::Share(told) = &self.measured else { return None };
        let broken = |proof: &gate::result::Proof| Some((proof.ln_e_broken?, proof.ln_threshold_broken));
        let kept = |proof: &gate::result::Proof| Some((proof.ln_e_kept?, proof.ln_threshold_kept));
        let (ln_e, enough) = match self.standing {
            CheckStanding::OverLimit => told.limit.as_ref().and_then(broken),
            CheckStanding::Worse => told.worse.as_ref().and_then(broken),
            // Every proof is needed: the one that is farthest from its end counts.
            CheckStanding::Good | CheckStanding::Undecided => {
                let proofs = [&told.limit, &told.unharmed].into_iter().flatten().filter_map(kept);
                proofs.min_by(|one, other| (one.0.0 - one.1.0).total_cmp(&(other.0.0 - other.1.0)))
            }
            _ => None,
        }?;
        Some(safe!("E = {}, {} is proof", words::evidence(ln_e), words::enough_evidence(enough)))
    }

    /// All of it but its name, in one line.
    #[must_use]
    pub fn told(&self) -> SafeText {
        let mut text = SafeText::from(self.standing_words());
        text.push(&safe!(": {}", self.canary()));
        if let Some(stable) = self.stable() {
            text.push(&safe!(", {}", stable));
        }
        let limits = self.limits();
        if !limits.is_empty() {
            text.push(&safe!("; {}", limits));
        }
        if let Some(evidence) = self.evidence() {
            text.push(&safe!(" ({})", evidence));
        }
        if let Some(lacking) = &self.lacking {
            text.push(&safe!("; {}", lacking.line()));
        }
        text
    }

    /// The same with its name: what a log says of it.
    #[must_use]
    pub fn line(&self) -> SafeText {
        safe!("check {}: {}", self.name.line(), self.told())
    }

    /// How far it is, short: `0 of 214 canary requests bad, about 168 more: 2 m at 1.4/s`.
    #[must_use]
    pub fn progress(&self) -> SafeText {
        let Measured::Share(told) = &self.measured else {
            return match &self.lacking {
                Some(lacking) => safe!("{}, {}", self.canary_short(), lacking.line()),
                None => safe!("{}, {}", self.canary_short(), self.standing_words()),
            };
        };
        match (self.standing, told.more_needed) {
            (CheckStanding::Undecided, Some(more)) if more > 0 => {
                let time =
                    to_go(told, more).map(|(time, rate)| safe!(": {} at {}", words::duration(time), words::rate(rate)));
                safe!(
                    "{}, about {} more {}{}",
                    self.canary_short(),
                    words::number(more),
                    if more == 1 { "request" } else { "requests" },
                    time.unwrap_or_default()
                )
            }
            (CheckStanding::Good | CheckStanding::OverLimit | CheckStanding::Worse, _) => {
                safe!("{}, {}", self.canary_short(), self.standing_words())
            }
            _ => match &self.lacking {
                Some(lacking) => safe!("{}: {}", self.standing_words(), lacking.line()),
                None => safe!("{}, {}", self.canary_short(), self.standing_words()),
            },
        }
    }
}

/// `63 of 1,204 canary requests bad (5.2%)`.
fn counted(counts: ShareCounts, limit: Option<f64>, what: &SafeText) -> SafeText {
    let text = safe!("{} of {}{}", words::number(counts.bad), words::number(counts.total), what);
    match counts.share().filter(|share| *share > 0.0) {
        Some(share) => safe!("{} ({})", text, words::percent_beside(share, limit)),
        None => text,
    }
}

/// How long so many more requests take, and how many there are in a second, as of the newest data; `None` where that
/// cannot be told yet.
fn to_go(told: &ShareReport, more: u64) -> Option<(Duration, f64)> {
    let last = told.points.last()?.at_ms;
    let newest: Vec<&SharePoint> =
        told.points.iter().filter(|point| last.saturating_sub(point.at_ms) <= RATE_MS).collect();
    // A point tells of the time before it, and when that of the first began is not known.
    let (first, others) = newest.split_first()?;
    let requests = others.iter().fold(ShareCounts::default(), |sum, point| sum.plus(point.canary)).total;
    let millis = last.saturating_sub(first.at_ms);
    if requests == 0 || millis <= 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    let rate = requests as f64 * 1000.0 / millis as f64;
    #[expect(clippy::cast_precision_loss, reason = "a guess at a time needs no more digits")]
    let seconds = (more as f64 / rate).round();
    // What takes a year is not waited for.
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| time.as_secs() < 365 * 86_400)?;
    Some((time, rate))
}

/// How the checks of a gate stood when they were last told of: for those who say what changes, and not every look.
#[derive(Debug, Clone, Default)]
pub struct Standings(BTreeMap<Untrusted, CheckStanding>);

impl Standings {
    /// Returns true where the check stands otherwise than it was last told, or is told of for the first time.
    pub fn changed(&mut self, check: &Check) -> bool {
        self.0.insert(check.name.clone(), check.standing) != Some(check.standing)
    }
}
