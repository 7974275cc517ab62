//! What a check finds before any gate runs: the series that its selectors match, how old they are, and how long a version
//! without a flaw would take to be proven good at the present rate.

use std::collections::BTreeSet;
use std::time::Duration;

use super::words;
use crate::gate::model::{Arm, MetricAnswer, MetricData};
use crate::gate::result::ShareCounts;
use crate::gate::spec::{Check, Measure, PodLabels};
use crate::gate::state::metrics::{Ambiguity, CountedPod, ShareState, ValueState};
use crate::gate::statistics::{Allocation, Counts, Interval, Test};

/// What a check finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// How many series are matched, of how many pods.
    pub matched: (usize, usize),
    /// How old the newest sample is.
    pub age: Option<Duration>,
    /// How often the pods are scraped.
    pub interval: Option<Duration>,
    /// The requests of the time that was looked at, and that time.
    pub counted: Option<(ShareCounts, Duration)>,
    /// How many requests it takes to prove that a version without a flaw is within the absolute limit; `None` where that can
    /// never be proven.
    pub clean_needed: Option<u64>,
    /// How many it takes where as many are bad as now.
    pub needed_as_now: Option<u64>,
    /// How many requests of the canary it takes, where as many more of the stable pods come beside each as `None` of them.
    pub compared_needed: Option<u64>,
    /// The one value of a query.
    pub value: Option<f64>,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
}

/// The pods of a canary are one in so many, for a forecast.
const STABLE_FOR_EACH: u64 = 9;

/// What this answer about every pod of the namespace says of a check.
#[must_use]
pub fn preview(check: &Check, labels: &PodLabels, answer: &MetricAnswer) -> Preview {
    let mut preview = Preview {
        matched: (0, 0),
        age: None,
        interval: None,
        counted: None,
        clean_needed: None,
        needed_as_now: None,
        compared_needed: None,
        value: None,
        problem: None,
    };
    let Some(mut share) = ShareState::new(&check.measure) else {
        let mut values = ValueState::default();
        values.take(Duration::ZERO, &answer.data, &check.measure);
        preview.value = values.newest.map(|(_, value)| value);
        preview.problem = values.ambiguous.as_ref().map(|why| match why {
            Ambiguity::Empty => "the query gives no series".to_owned(),
            why => words::ambiguous(why),
        });
        return preview;
    };
    let MetricData::Matrix(series) = &answer.data else {
        preview.problem = Some("the source answered no raw samples".to_owned());
        return preview;
    };
    let anybody = CountedPod { created_under_its_own_name: None, not_before_ms: i64::MIN, half: 0 };
    let taken = share.take_all(series, labels, |name| (!name.is_empty()).then_some(anybody));
    let pods: BTreeSet<&str> =
        series.iter().filter_map(|one| one.labels.get(&labels.pod).map(String::as_str)).collect();
    preview.matched = (taken.series, pods.len());
    preview.interval = share.interval_ms().and_then(|interval| u64::try_from(interval).ok()).map(Duration::from_millis);
    let newest = share.arm(Arm::Canary).newest_ms();
    preview.age = answer
        .answered_at_ms
        .zip(newest)
        .map(|(now, newest)| Duration::from_millis(u64::try_from(now.saturating_sub(newest)).unwrap_or(0)));
    if taken.other_bounds.len() > 1 {
        preview.problem = Some(words::no_such_bucket(check, &taken.other_bounds));
        return preview;
    }
    if taken.series == 0 {
        preview.problem = Some(if taken.of_others > 0 {
            format!(
                "{} series are matched, and none has a label `{}`: see `metrics.podLabels`",
                taken.of_others, labels.pod
            )
        } else {
            "no series is matched".to_owned()
        });
        return preview;
    }
    let counts = share.totals.canary;
    let oldest = series.iter().flat_map(|one| &one.samples).map(|sample| sample.at_ms).min();
    let span = newest.zip(oldest).map_or(0, |(newest, oldest)| newest.saturating_sub(oldest));
    let span = Duration::from_millis(u64::try_from(span).unwrap_or(0));
    preview.counted = Some((ShareCounts { total: counts.total(), bad: counts.bad() }, span));
    forecast(&mut preview, check, counts);
    preview
}

/// How many requests it would take, from nothing.
fn forecast(preview: &mut Preview, check: &Check, counts: Counts) {
    let Measure::Share { alpha, versus, .. } = &check.measure else { return };
    let Some(fresh) = ShareState::new(&check.measure) else { return };
    let threshold = Allocation::new(alpha.0, 1).ln_threshold();
    let clean = Counts::new(counts.total().max(1), 0).unwrap_or_default();
    if let Some(under) = &fresh.under {
        preview.clean_needed = under.more_needed(&clean, threshold);
        preview.needed_as_now = under.more_needed(&counts, threshold);
    }
    if let (Some(unharmed), Some(_)) = (&fresh.unharmed, versus) {
        let stable = |count: u64| count.saturating_mul(STABLE_FOR_EACH);
        let stable = Counts::new(stable(counts.total()), stable(counts.bad())).unwrap_or_default();
        preview.compared_needed = unharmed.more_needed(&Interval { canary: counts, stable }, threshold);
    }
}
