//! How a check stands: what its evidence proves by now, and what keeps it from a proof.

use std::time::Duration;

use super::words;
use crate::gate::model::{Arm, Number};
use crate::gate::result::{
    CheckReport, CheckStanding, Latency, Measured, Proof, ShareCounts, ShareReport, ValueReport, figures,
};
use crate::gate::spec::{Check, Count, Measure, Metrics};
use crate::gate::state::MetricsState;
use crate::gate::state::metrics::{Ambiguity, CheckState, Kind, Looks, ShareState, ValueState};
use crate::gate::statistics::{Allocation, Counts, Interval, Test};

/// So long an interval is taken for, as long as no sample says it.
const UNKNOWN_INTERVAL: Duration = Duration::from_secs(15);
/// A difference between the two counters of a share that is no difference: requests that one of them counted already.
const TOLERATED_EXCESS: u64 = 10;

/// What a check is judged by beside itself.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// All checks of the plan.
    pub metrics: &'a Metrics,
    /// What was told.
    pub state: &'a MetricsState,
    /// The plan's `delay`.
    pub delay: Duration,
    /// The pods of the gated version that are ready now: each must be seen in the series before a check is good.
    pub ready: &'a [&'a str],
    /// The time since the gate began.
    pub now: Duration,
}

impl Context<'_> {
    /// How old the newest sample of this check may be: two scrape intervals and the plan's `delay`.
    fn patience(self, state: &CheckState) -> Duration {
        self.state.interval_of(state).unwrap_or(UNKNOWN_INTERVAL) * 2 + self.delay
    }

    /// How many tests can fail the gate: α is shared out over them.
    fn tests(self) -> usize {
        let of = |check: &Check| match &check.measure {
            Measure::Share { max, versus, .. } => usize::from(max.is_some()) + usize::from(versus.is_some()),
            Measure::Query { .. } => 0,
        };
        self.metrics.checks.iter().map(of).sum()
    }
}

/// How every check stands.
#[must_use]
pub fn reports(context: Context<'_>) -> Vec<CheckReport> {
    let checks = context.metrics.checks.iter().zip(context.state.checks());
    checks.map(|(check, state)| report(check, state, context)).collect()
}

/// How the check of that name stands.
#[must_use]
pub fn of(name: &str, context: Context<'_>) -> Option<CheckReport> {
    let mut checks = context.metrics.checks.iter().zip(context.state.checks());
    checks.find(|(check, _)| check.name == name).map(|(check, state)| report(check, state, context))
}

fn report(check: &Check, state: &CheckState, context: Context<'_>) -> CheckReport {
    let (standing, measured, lacking) = match (&state.kind, &check.measure) {
        (Kind::Share(share), Measure::Share { .. }) => {
            let told = share_report(share, check, context);
            let (standing, lacking) = share_standing(share, &told, check, state, context);
            (standing, Measured::Share(Box::new(told)), lacking)
        }
        (Kind::Value(values), Measure::Query { max, min, hold, .. }) => {
            let (standing, lacking) = value_standing(values, *hold, state, context);
            let told = ValueReport {
                max: *max,
                min: *min,
                newest: values.newest.map(|(_, value)| Number(value)),
                points: values.told(),
            };
            (standing, Measured::Value(Box::new(told)), lacking)
        }
        _ => unreachable_kind(),
    };
    let answers = Arm::ALL.map(|arm| state.looks(arm).answers).iter().sum();
    CheckReport { name: check.name.clone(), standing, measured, lacking, answers }
}

/// A state is made from its measure, so that the two never differ.
fn unreachable_kind() -> (CheckStanding, Measured, Option<String>) {
    let none = ValueReport { max: None, min: None, newest: None, points: Vec::new() };
    (CheckStanding::NoData, Measured::Value(Box::new(none)), Some("nothing is measured".to_owned()))
}

fn share_report(share: &ShareState, check: &Check, context: Context<'_>) -> ShareReport {
    let Measure::Share { count, max, versus, alpha } = &check.measure else {
        unreachable!("a share has a share's state")
    };
    let broken = Allocation::new(alpha.0, context.tests()).ln_threshold();
    let kept = Allocation::new(alpha.0, 1).ln_threshold();
    let proof = |limit: Number, against: Option<f64>, for_it: Option<f64>, (broken, kept): (f64, f64)| Proof {
        limit,
        ln_e_broken: against.map(Number),
        ln_threshold_broken: Number(broken),
        ln_e_kept: for_it.map(Number),
        ln_threshold_kept: Number(kept),
    };
    let alone = (broken, kept);
    // What is told apart already is told as that, and not as a proof that can never be had.
    let compared =
        if share.guard.differs() { alone } else { (share.guard.ln_threshold(broken), share.guard.ln_threshold(kept)) };
    let Interval { canary, stable } = share.totals;
    let typical = Interval { canary, stable };
    let more = [
        share.under.as_ref().map(|test| test.more_needed(&canary, kept)),
        share.unharmed.as_ref().map(|test| test.more_needed(&typical, compared.1)),
    ];
    // Every test that is asked for must come to its end: the one that takes longest counts.
    let more_needed = more.into_iter().flatten().collect::<Option<Vec<u64>>>().and_then(|more| more.into_iter().max());
    let over = max.filter(|_| share.over.as_ref().is_some_and(|test| test.ln_e() > 0.0)).map(|max| max.0);
    let over = over.or_else(|| share.worse.as_ref().filter(|test| test.ln_e() > 0.0).and_then(|_| stable.share()));
    let slower_than = match count {
        Count::Slower { histogram, bound } => Some(Latency::of(histogram.metric().unwrap_or_default(), *bound)),
        Count::Counters { .. } => None,
    };
    ShareReport {
        slower_than,
        canary: told(canary),
        stable: versus.map(|_| told(stable)),
        limit: max.map(|max| {
            proof(max, share.over.as_ref().map(Test::max_ln_e), share.under.as_ref().map(Test::ln_e), alone)
        }),
        worse: versus.map(|versus| proof(versus.tolerate, share.worse.as_ref().map(Test::max_ln_e), None, compared)),
        unharmed: versus.map(|versus| proof(versus.harm, None, share.unharmed.as_ref().map(Test::ln_e), compared)),
        stable_differs: share.guard.differs(),
        over_since_ms: over.and_then(|limit| share.over_since_ms(limit)),
        more_needed,
        points: share.points.clone(),
    }
}

/// How a share stands. The order of the questions is the decision: what is proven against it, what keeps it from being
/// looked at, what is proven for it.
fn share_standing(
    share: &ShareState,
    told: &ShareReport,
    check: &Check,
    state: &CheckState,
    context: Context<'_>,
) -> (CheckStanding, Option<String>) {
    if let Some(why) = rejected(state) {
        return (CheckStanding::Invalid, Some(why));
    }
    if let Some(bounds) = state.taken(Arm::Canary).map(|taken| &taken.other_bounds).filter(|bounds| bounds.len() > 1) {
        return (CheckStanding::Invalid, Some(words::no_such_bucket(check, bounds)));
    }
    if let Some(why) = Arm::ALL.into_iter().find_map(|arm| excess(share, arm)) {
        return (CheckStanding::Ambiguous, Some(why));
    }
    if told.limit.is_some_and(|limit| is_proven(limit.ln_e_broken, limit.ln_threshold_broken)) {
        return (CheckStanding::OverLimit, None);
    }
    let worse = told.worse.is_some_and(|worse| is_proven(worse.ln_e_broken, worse.ln_threshold_broken));
    if worse && !told.stable_differs {
        return (CheckStanding::Worse, None);
    }
    if let Some(lost) = lost(state, check, context) {
        return lost;
    }
    let arms = Arm::ALL.into_iter().filter(|arm| *arm == Arm::Canary || check.measure.compares());
    for arm in arms {
        if let Some(why) = no_data(share, arm, state, context) {
            return (CheckStanding::NoData, Some(why));
        }
    }
    if told.stable_differs {
        return (CheckStanding::Undecided, Some(words::stable_differs(share.guard.ln_e())));
    }
    let kept = [told.limit, told.unharmed].into_iter().flatten();
    if !kept.clone().all(|proof| is_proven(proof.ln_e_kept, proof.ln_threshold_kept)) {
        return (CheckStanding::Undecided, Some(words::not_proven(told)));
    }
    if let Some(why) = unseen_pod(share, state, context).or_else(|| not_whole(state)) {
        return (CheckStanding::Undecided, Some(why));
    }
    (CheckStanding::Good, None)
}

fn value_standing(
    values: &ValueState,
    hold: Duration,
    state: &CheckState,
    context: Context<'_>,
) -> (CheckStanding, Option<String>) {
    if let Some(why) = rejected(state) {
        return (CheckStanding::Invalid, Some(why));
    }
    if values.is_over(hold) {
        return (CheckStanding::OverLimit, None);
    }
    let looks = state.looks(Arm::Canary);
    let patience = context.patience(state);
    if looks.answer.as_ref().is_none_or(|answer| context.now.saturating_sub(answer.at) > patience) {
        return unanswered(looks, context);
    }
    match &values.ambiguous {
        Some(Ambiguity::Empty) => {
            return (CheckStanding::NoData, Some("the query returns no series for these pods".to_owned()));
        }
        Some(why) => return (CheckStanding::Ambiguous, Some(words::ambiguous(why))),
        None => {}
    }
    if !values.is_kept(hold) {
        let why = if values.breach_since.is_some() {
            "over its limit, and not for long enough yet"
        } else {
            "within its limit, and not for long enough yet"
        };
        return (CheckStanding::Undecided, Some(why.to_owned()));
    }
    if let Some(why) = not_whole(state) {
        return (CheckStanding::Undecided, Some(why));
    }
    (CheckStanding::Good, None)
}

fn is_proven(ln_e: Option<Number>, ln_threshold: Number) -> bool {
    ln_e.is_some_and(|ln_e| ln_e.0 >= ln_threshold.0)
}

fn told(counts: Counts) -> ShareCounts {
    ShareCounts { total: counts.total(), bad: counts.bad() }
}

/// The source's words where it does not understand the question.
fn rejected(state: &CheckState) -> Option<String> {
    Arm::ALL.into_iter().find_map(|arm| state.looks(arm).rejected()).map(|trouble| trouble.message.clone())
}

/// Where an arm's newest sample is older than it may be, or there never was one: how the check stands then.
fn lost(state: &CheckState, check: &Check, context: Context<'_>) -> Option<(CheckStanding, Option<String>)> {
    let arms = Arm::ALL.into_iter().filter(|arm| *arm == Arm::Canary || check.measure.compares());
    let patience = context.patience(state);
    if context.state.first_ready().is_none() {
        return Some((CheckStanding::NoData, Some("no pod of this version has been ready yet".to_owned())));
    }
    for arm in arms {
        let looks = state.looks(arm);
        if arm == Arm::Stable && looks.answer.is_none() && looks.trouble.is_none() {
            let why = if context.state.stable_pods().is_empty() {
                "there are no stable pods to compare with"
            } else {
                "the stable pods have not been asked about yet"
            };
            return Some((CheckStanding::NoData, Some(why.to_owned())));
        }
        let Some(age) = looks.age(context.now) else {
            if looks.answer.is_some() && looks.trouble.is_none() {
                let taken = state.taken(arm);
                return Some((CheckStanding::NoData, Some(words::no_series(arm, taken, context.metrics))));
            }
            return Some(unanswered(looks, context));
        };
        if age > patience {
            if looks.trouble.is_some() {
                return Some(unanswered(looks, context));
            }
            let why = format!(
                "the newest sample of the {arm} pods is {} old, and may be {} old at the most",
                words::seconds(age),
                words::seconds(patience)
            );
            return Some((CheckStanding::NoData, Some(why)));
        }
    }
    None
}

/// How a check stands that the source does not answer.
fn unanswered(looks: &Looks, context: Context<'_>) -> (CheckStanding, Option<String>) {
    let Some(failing) = &looks.trouble else {
        let why = if context.state.first_ready().is_none() {
            "the source of metrics has not been asked yet: no pod has been ready"
        } else {
            "the source of metrics has not answered yet"
        };
        return (CheckStanding::NoData, Some(why.to_owned()));
    };
    let lasting = context.now.saturating_sub(failing.since);
    let times = if failing.times == 1 {
        String::new()
    } else {
        format!(" ({} times in {})", failing.times, words::seconds(lasting))
    };
    (CheckStanding::Unreachable, Some(format!("{}{times}", failing.trouble.message)))
}

/// Why nothing can be said of an arm, where nothing can.
fn no_data(share: &ShareState, arm: Arm, state: &CheckState, context: Context<'_>) -> Option<String> {
    if state.taken(arm).is_none_or(|taken| taken.series == 0) && share.arm(arm).newest_ms().is_none() {
        return Some(words::no_series(arm, state.taken(arm), context.metrics));
    }
    if let Some(label) = state.taken(arm).and_then(|taken| taken.label_of_none.as_ref()) {
        return Some(format!(
            "no series of the {arm} pods has the label `{label}` that `bad` asks for, so that nothing could ever be bad: is it spelled so?"
        ));
    }
    let counts = if arm == Arm::Canary { share.totals.canary } else { share.totals.stable };
    (counts.total() == 0).then(|| format!("the {arm} pods have had no requests since they have been watched"))
}

/// A ready pod that the series do not show, or do not show any more: its requests are not among those that were counted.
fn unseen_pod(share: &ShareState, state: &CheckState, context: Context<'_>) -> Option<String> {
    let newest = share.arm(Arm::Canary).newest_ms()?;
    let patience = i64::try_from(context.patience(state).as_millis()).unwrap_or(i64::MAX);
    context.ready.iter().find_map(|pod| match share.arm(Arm::Canary).pod_newest_ms(pod) {
        None => Some(format!("pod {pod} is ready, but none of the series is of it: is it scraped?")),
        Some(at) if newest.saturating_sub(at) > patience => Some(format!(
            "pod {pod} is ready, and its series ended {} before those of the others",
            words::seconds(Duration::from_millis(newest.abs_diff(at)))
        )),
        Some(_) => None,
    })
}

/// The warnings of an answer that is not whole.
fn not_whole(state: &CheckState) -> Option<String> {
    let looks =
        Arm::ALL.into_iter().map(|arm| state.looks(arm)).find(|looks| !looks.is_whole() && looks.answer.is_some())?;
    let warnings = looks.answer.as_ref().map(|answer| answer.warnings.join("; ")).unwrap_or_default();
    Some(format!("the source warns that its answers may not be whole: {warnings}"))
}

/// Where an arm has more bad requests than requests.
fn excess(share: &ShareState, arm: Arm) -> Option<String> {
    let excess = share.arm(arm).excess();
    let counts = if arm == Arm::Canary { share.totals.canary } else { share.totals.stable };
    (excess > TOLERATED_EXCESS && excess > counts.total() / 10).then(|| {
        format!(
            "`bad` counts {} more requests of the {arm} pods than `total` does: they do not count the same things",
            figures::count(excess)
        )
    })
}
