//! The looks at one arm of a check: when the source was asked, what came of it, how old that is, and when to ask again.

use std::time::Duration;

use crate::gate::model::{MetricTrouble, MetricTroubleKind};

/// As long as nothing is known of the scrape interval, the source is asked this often at the most.
const FIRST_LOOKS: Duration = Duration::from_secs(5);
/// However often a target is scraped, the source is asked no more often.
const SHORTEST: Duration = Duration::from_secs(1);
/// After failures it is asked again after a second, and then ever more seldom, up to this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// The first look goes back so far: enough to learn how often the target is scraped.
const FIRST_WINDOW: Duration = Duration::from_mins(2);
/// No look goes back further.
const LONGEST_WINDOW: Duration = Duration::from_hours(1);

/// The looks at one arm of a check.
#[derive(Debug, Clone, Default)]
pub struct Looks {
    /// The newest answer.
    pub answer: Option<Look>,
    /// The newest trouble, where nothing was answered since.
    pub trouble: Option<Failing>,
    /// Answers so far.
    pub answers: u64,
    /// When the newest whole answer came.
    whole_at: Option<Duration>,
    /// The newest sample so far, and when it was first told of.
    newest: Option<(i64, Duration)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Look {
    /// When it came, since the gate began.
    pub at: Duration,
    /// How old the newest sample was then, by the source's own clock.
    pub age: Option<Duration>,
    /// The source said that something is missing or odd.
    pub warnings: Vec<String>,
}

/// Trouble that lasts.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Since when.
    pub since: Duration,
    /// How often in a row.
    pub times: u32,
    /// When it was asked last.
    pub at: Duration,
    /// The newest trouble.
    pub trouble: MetricTrouble,
}

impl Looks {
    /// Takes an answer in. `newest_ms` is the newest sample of the arm, in milliseconds since 1970.
    pub fn answered(
        &mut self,
        now: Duration,
        answered_at_ms: Option<i64>,
        newest_ms: Option<i64>,
        warnings: Vec<String>,
    ) {
        self.answers += 1;
        self.trouble = None;
        if let Some(newest) = newest_ms
            && self.newest.is_none_or(|(known, _)| newest > known)
        {
            // Without a clock the first one may be of any age.
            let first_told = if self.newest.is_some() || answered_at_ms.is_some() { now } else { Duration::ZERO };
            self.newest = Some((newest, first_told));
        }
        // A sample is at least as old as its news, whatever the source's clock says.
        let by_news = self.newest.map(|(_, told)| now.saturating_sub(told));
        let by_its_clock = answered_at_ms.zip(newest_ms).map(|(answered, newest)| {
            Duration::from_millis(u64::try_from(answered.saturating_sub(newest)).unwrap_or(0))
        });
        let age = by_its_clock.max(by_news);
        if warnings.is_empty() {
            self.whole_at = Some(now);
        }
        self.answer = Some(Look { at: now, age, warnings });
    }

    /// Takes a failure in.
    pub fn failed(&mut self, now: Duration, trouble: MetricTrouble) {
        let (since, times) = self.trouble.as_ref().map_or((now, 0), |failing| (failing.since, failing.times));
        self.trouble = Some(Failing { since, times: times.saturating_add(1), at: now, trouble });
    }

    /// How old the newest sample is now; `None` where there is none.
    #[must_use]
    pub fn age(&self, now: Duration) -> Option<Duration> {
        let answer = self.answer.as_ref()?;
        Some(answer.age?.saturating_add(now.saturating_sub(answer.at)))
    }

    /// True where the newest answer is whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.warnings.is_empty())
    }

    /// True where the source does not understand the question.
    #[must_use]
    pub fn rejected(&self) -> Option<&MetricTrouble> {
        let trouble = &self.trouble.as_ref()?.trouble;
        (trouble.kind == MetricTroubleKind::Rejected).then_some(trouble)
    }

    /// When to ask next: shortly after the next sample is due, so that what a scrape told is known a moment later and no
    /// scrape is asked for twice.
    #[must_use]
    pub fn due_at(&self, interval: Option<Duration>, delay: Duration) -> Duration {
        if let Some(failing) = &self.trouble {
            let backoff = Duration::from_secs(1 << failing.times.saturating_sub(1).min(5)).min(LONGEST_BACKOFF);
            return failing.at.saturating_add(backoff);
        }
        let Some(answer) = &self.answer else { return Duration::ZERO };
        let Some(interval) = interval else { return answer.at.saturating_add(FIRST_LOOKS.min(delay).max(SHORTEST)) };
        let every = interval.max(SHORTEST);
        let Some(age) = answer.age else { return answer.at.saturating_add(every) };
        let late = every / 10;
        let wait = (every + late).saturating_sub(age).clamp(every / 4, every + late);
        answer.at.saturating_add(wait.max(SHORTEST / 2))
    }

    /// How far back the next look goes: to what the last whole one had told, and two samples further.
    #[must_use]
    pub fn window(&self, now: Duration, interval: Option<Duration>) -> Duration {
        match (self.whole_at, interval) {
            (Some(at), Some(interval)) => {
                let age = self.age(at).unwrap_or_default();
                (now.saturating_sub(at) + age + interval * 3).min(LONGEST_WINDOW)
            }
            _ => FIRST_WINDOW.max(now.min(LONGEST_WINDOW)),
        }
    }
}
