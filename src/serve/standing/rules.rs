//! What the end of a round means for a standing gate, what comes next, and what is told meanwhile. Pure: no cluster, no clock.
//!
//! A standing gate is a sequence of rounds, each of them an ordinary gate. A pass stands for as long as a vigil sees that all
//! is well, and not a moment longer: *healthy* is never told but while somebody looks. A failure stands for good, for it is the
//! truth about one revision; that it is still the truth about what runs is looked at all the time. Whatever says neither yes
//! nor no stands until a later round says more.

use std::time::Duration;

use crate::gate::WorkloadSight;
use crate::gate::result::Verdict;
use crate::gate::spec::Revision;
use crate::serve::call::Mode;

/// Rounds that prove nothing follow each other no faster than this, once several did.
const SLOWEST: Duration = Duration::from_mins(1);

/// What is asked of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// For how long it is judged.
    pub mode: Mode,
    /// The revision that the call names.
    pub revision: Option<String>,
    /// The plan names a version: whatever has it is gated, and not one revision alone.
    pub names_version: bool,
    /// The plan's `delay`: a pass is proven no older than this.
    pub delay: Duration,
    /// The plan's `watchFor`: so long its metrics may take to prove enough for a pass.
    pub watch_for: Duration,
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It waits until the workload shows the revision that the call names.
    Awaiting,
    /// A round: an ordinary gate.
    Judging,
    /// A pass is looked after.
    Vigil,
    /// The workload is looked at, and nothing is judged: a verdict is final, or the next round is not due.
    Looking,
    /// Nothing more will come of this gate.
    Over,
}

/// What is seen at one moment of whatever is going on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself")]
pub struct Told {
    /// The workload.
    pub sight: WorkloadSight,
    /// All is well, and all that says so is fresh.
    pub is_well: bool,
    /// All that a verdict rests on is fresh, whatever it says.
    pub is_sighted: bool,
    /// The metrics prove less than a pass needs.
    pub is_unmeasured: bool,
    /// How often what was well broke.
    pub breaks: u64,
    /// The gate has decided; its outcome follows.
    pub is_decided: bool,
    /// What it waits for, in words.
    pub lacking: Option<String>,
}

/// What the metrics prove in a vigil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metrics {
    /// Too little yet. The round that passed has proven them: that stands for as long as a round may take to prove them.
    OfTheRound,
    /// Enough for a pass.
    Proven,
    /// Too little, since then.
    Lacking(Duration),
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Whatever is going on goes on.
    Stay,
    /// What was going on is over: this comes next.
    Turn(Doing),
    /// This gate is final. Another begins, of the revision that the workload has now.
    Follow,
}

/// A standing gate, as the rules see it. All times are since it began.
#[derive(Debug, Clone)]
pub struct Course {
    terms: Terms,
    doing: Doing,
    /// Since when.
    since: Duration,
    verdict: Option<Verdict>,
    /// No later round changes the verdict.
    is_final: bool,
    /// The revision that is judged, once it is known.
    judged: Option<Revision>,
    /// What its controller calls it.
    name: Option<String>,
    /// The judged revision is seen to be there.
    is_current: bool,
    /// When the newest round began.
    round_began: Duration,
    /// The vigil has seen that all is well.
    is_proven: bool,
    /// Since when a vigil does not see.
    blind_since: Option<Duration>,
    /// What the metrics prove in a vigil.
    metrics: Metrics,
    /// How many rounds in a row proved nothing.
    fruitless: u32,
    /// When the next round may begin.
    not_before: Duration,
}

impl Course {
    /// A gate that begins now. Its first round begins no sooner than `not_before`.
    #[must_use]
    pub fn new(terms: Terms, not_before: Duration) -> Self {
        let doing = match &terms.revision {
            _ if !not_before.is_zero() => Doing::Looking,
            Some(_) => Doing::Awaiting,
            None => Doing::Judging,
        };
        Self {
            terms,
            doing,
            since: Duration::ZERO,
            verdict: None,
            is_final: false,
            judged: None,
            name: None,
            is_current: false,
            round_began: Duration::ZERO,
            is_proven: false,
            blind_since: None,
            metrics: Metrics::OfTheRound,
            fruitless: 0,
            not_before,
        }
    }

    /// What is going on.
    #[must_use]
    pub const fn doing(&self) -> Doing {
        self.doing
    }

    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.since
    }

    /// The verdict that stands; `None` while it is pending.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// True where no later round changes the verdict.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// True where the workload is seen to have the judged revision at this moment.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.is_current
    }

    /// What the judged revision is called: by its controller, or else by its fingerprint.
    #[must_use]
    pub fn revision(&self) -> Option<String> {
        let fingerprint = || self.judged.as_ref().map(|judged| format!("{:016x}", judged.fingerprint));
        self.name.clone().or_else(fingerprint)
    }

    /// The revision that is judged, once it is known.
    #[must_use]
    pub const fn judged(&self) -> Option<&Revision> {
        self.judged.as_ref()
    }

    /// When [`Course::advance`] will matter next, if nothing is heard before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        match self.doing {
            Doing::Vigil => {
                let unproven = (!self.is_proven).then_some(self.since);
                let unseen = unproven.or(self.blind_since).map(|since| since.saturating_add(self.terms.delay));
                let patience = self.terms.watch_for.max(self.terms.delay);
                let lacking_since = match self.metrics {
                    Metrics::OfTheRound => Some(self.since),
                    Metrics::Proven => None,
                    Metrics::Lacking(since) => Some(since),
                };
                let unmeasured = lacking_since.map(|since| since.saturating_add(patience));
                unseen.into_iter().chain(unmeasured).min()
            }
            Doing::Looking if !self.is_final => Some(self.not_before),
            Doing::Awaiting | Doing::Judging | Doing::Looking | Doing::Over => None,
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Duration) -> Step {
        if self.wake_at().is_none_or(|at| now < at) {
            return Step::Stay;
        }
        match self.doing {
            Doing::Vigil => self.breaks(now),
            Doing::Looking => self.judges(now),
            Doing::Awaiting | Doing::Judging | Doing::Over => Step::Stay,
        }
    }

    /// Takes in what is seen of whatever is going on.
    pub fn hear(&mut self, now: Duration, told: &Told) -> Step {
        let step = self.sees(now, told);
        if step != Step::Stay {
            return step;
        }
        match self.doing {
            Doing::Vigil => self.watches(now, told),
            _ => self.advance(now),
        }
    }

    /// Takes in what is seen of the workload.
    fn sees(&mut self, now: Duration, told: &Told) -> Step {
        let WorkloadSight::Seen(seen) = &told.sight else {
            self.is_current = false;
            let is_gone = told.sight == WorkloadSight::Absent && self.judged.is_some();
            return if is_gone && self.is_final { self.moved_on() } else { Step::Stay };
        };
        let is_asked_for = self.terms.revision.as_ref().is_none_or(|name| seen.is_called(name));
        let revision = seen.revision();
        let is_judging = matches!(self.doing, Doing::Judging | Doing::Vigil);
        if self.doing == Doing::Awaiting {
            // The same object can get the revision back that it had before.
            if !is_asked_for || self.is_final {
                return Step::Stay;
            }
            self.judged = Some(revision);
            self.name.clone_from(&seen.name);
            self.is_current = true;
            return self.judges(now);
        }
        // A gate that decided saw no more of the workload. Before that, one that names a version goes with what has it.
        let goes_along = is_judging && self.terms.names_version && self.terms.revision.is_none() && !told.is_decided;
        let begins = is_judging && self.judged.is_none() && !told.is_decided;
        if goes_along || begins {
            if self.judged.as_ref() != Some(&revision) {
                self.name = None;
            }
            self.judged = Some(revision.clone());
        }
        self.is_current = self.judged.as_ref() == Some(&revision);
        if self.is_current {
            if seen.name.is_some() {
                self.name.clone_from(&seen.name);
            }
            // It was superseded, and has the revision back that the call names.
            let is_back = self.is_final && self.verdict == Some(Verdict::Superseded) && self.terms.revision.is_some();
            return if is_back { Step::Follow } else { Step::Stay };
        }
        if self.judged.is_none() {
            return Step::Stay;
        }
        if self.is_final {
            return self.moved_on();
        }
        // A gate that was begun after the workload went on has never seen its revision, and would wait for it.
        let is_pinned = !self.terms.names_version || self.terms.revision.is_some();
        if is_pinned && !told.is_decided { self.superseded(now) } else { Step::Stay }
    }

    /// The plan of the round is known, which judges this revision and no other.
    pub fn planned(&mut self, revision: Option<&Revision>) {
        if let Some(revision) = revision.filter(|revision| self.judged.as_ref() != Some(revision)) {
            self.judged = Some(revision.clone());
            self.name = None;
            self.is_current = false;
        }
    }

    /// The workload has another revision than that of a final verdict.
    fn moved_on(&mut self) -> Step {
        self.is_current = false;
        match (&self.terms.revision, self.terms.mode) {
            (Some(_), _) => Step::Stay,
            (None, Mode::Standing) => Step::Follow,
            (None, Mode::Once) => self.turn(self.since, Doing::Over),
        }
    }

    /// Takes in how a round ended, or a vigil; `None` for the verdict where crashgate itself failed.
    pub fn ended(&mut self, now: Duration, verdict: Option<Verdict>) -> Step {
        match verdict.unwrap_or(Verdict::Inconclusive) {
            Verdict::Healthy if self.terms.mode == Mode::Once => self.decides(now, Verdict::Healthy),
            Verdict::Healthy if self.doing == Doing::Judging => {
                (self.is_proven, self.blind_since) = (false, None);
                self.metrics = Metrics::OfTheRound;
                self.turn(now, Doing::Vigil)
            }
            Verdict::Failed => self.decides(now, Verdict::Failed),
            Verdict::Superseded => self.superseded(now),
            // A round that says yes without having been one says nothing.
            verdict => {
                let verdict = if verdict == Verdict::Healthy { Verdict::Inconclusive } else { verdict };
                if self.terms.mode == Mode::Once {
                    return self.decides(now, verdict);
                }
                self.verdict = Some(verdict);
                self.rests(now)
            }
        }
    }

    fn decides(&mut self, now: Duration, verdict: Verdict) -> Step {
        self.verdict = Some(verdict);
        self.is_final = true;
        self.turn(now, Doing::Looking)
    }

    fn superseded(&mut self, now: Duration) -> Step {
        self.verdict = Some(Verdict::Superseded);
        self.is_final = true;
        self.is_current = false;
        if self.terms.mode == Mode::Standing && self.terms.revision.is_none() {
            return Step::Follow;
        }
        let next = if self.terms.revision.is_some() { Doing::Looking } else { Doing::Over };
        self.turn(now, next)
    }

    /// Takes in what a vigil sees.
    fn watches(&mut self, now: Duration, told: &Told) -> Step {
        if told.is_decided {
            // No longer well; what it is, its outcome says in a moment.
            self.verdict = None;
            return Step::Stay;
        }
        let is_broken = told.breaks > 0 || (told.is_sighted && !told.is_well);
        if is_broken {
            return self.breaks(now);
        }
        if told.is_unmeasured && self.metrics == Metrics::Proven {
            self.metrics = Metrics::Lacking(now);
        } else if !told.is_unmeasured && told.is_well {
            self.metrics = Metrics::Proven;
        }
        if told.is_well {
            self.is_proven = true;
            self.blind_since = None;
            self.fruitless = 0;
        } else if self.is_proven {
            self.blind_since.get_or_insert(now);
        }
        if told.is_well && !matches!(self.metrics, Metrics::Lacking(_)) {
            self.verdict = Some(Verdict::Healthy);
        } else if self.is_proven {
            self.verdict = None;
        }
        self.advance(now)
    }

    /// What was well is not, or nobody could see for too long: the next round proves it all anew.
    fn breaks(&mut self, now: Duration) -> Step {
        self.verdict = None;
        self.not_before = now.max(self.round_began.saturating_add(self.terms.delay));
        self.next(now)
    }

    /// A round said neither yes nor no: another follows.
    fn rests(&mut self, now: Duration) -> Step {
        let shortest = self.terms.delay.min(SLOWEST);
        let rest = shortest.saturating_mul(1 << self.fruitless.min(16)).min(SLOWEST);
        self.fruitless = self.fruitless.saturating_add(1);
        self.not_before = now.max(self.round_began.saturating_add(rest));
        self.next(now)
    }

    fn next(&mut self, now: Duration) -> Step {
        if self.not_before <= now { self.judges(now) } else { self.turn(now, Doing::Looking) }
    }

    fn judges(&mut self, now: Duration) -> Step {
        self.round_began = now;
        let is_awaited = self.terms.revision.is_some() && self.judged.is_none();
        self.turn(now, if is_awaited { Doing::Awaiting } else { Doing::Judging })
    }

    fn turn(&mut self, now: Duration, doing: Doing) -> Step {
        (self.doing, self.since) = (doing, now);
        // What begins has seen nothing yet, and what ended may have seen nothing for a while: evidence takes its time.
        self.is_current = false;
        Step::Turn(doing)
    }
}
