//! The checks of the metrics in the contract. Fields are added, never changed or taken away.

use schemars::JsonSchema;
use serde::Serialize;

use crate::gate::model::Number;
use crate::gate::result::{CheckStanding, Measured, Proof, ShareCounts, SharePoint, ShareReport, ValueReport};
use crate::report::check::Check;
use crate::report::model::GateRun;
use crate::text::SafeText;

/// Of more points, neighbours are put together.
const MOST_POINTS: usize = 200;

/// A check of the metrics.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckJson {
    /// Its name.
    name: SafeText,
    /// How it stood when the gate decided.
    standing: StandingJson,
    /// What it measures: a share of bad requests, or the value of a query.
    kind: KindJson,
    /// What keeps it from a decision, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacking: Option<SafeText>,
    /// What it is held against.
    limits: LimitsJson,
    /// Requests of the pods under judgement. Of a share only.
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<CountsJson>,
    /// Requests of the stable pods, where it is compared with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    stable: Option<CountsJson>,
    /// The stable pods differ so much among themselves that they cannot be compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    stable_differs: Option<bool>,
    /// The newest value. Of a value only.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<f64>,
    /// What is proven, and how far. Of a share only.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceOfCheckJson>,
    /// Since when the share is over what is allowed, by the source's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    over_since: Option<String>,
    /// About how many more requests like these would prove it good. Absent where that cannot be said, or none would.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_needed: Option<u64>,
    /// How many answers of the source it rests on.
    answers: u64,
    /// What was measured over time, oldest first; at most 200.
    points: Vec<PointJson>,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StandingJson {
    Good,
    OverLimit,
    Worse,
    Undecided,
    NoData,
    Ambiguous,
    Unreachable,
    Invalid,
}

/// What a check measures.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum KindJson {
    Share,
    Value,
}

/// What a check is held against.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LimitsJson {
    /// The largest share, 0 to 1, or the largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    /// The smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    /// The odds ratio, canary to stable pods, that is tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerate: Option<f64>,
    /// The odds ratio that a pass is proof against.
    #[serde(skip_serializing_if = "Option::is_none")]
    harm: Option<f64>,
    /// What took longer than this is bad, in the unit of the histogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    slower_than: Option<f64>,
}

/// Requests.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CountsJson {
    /// All of them.
    total: u64,
    /// The bad ones.
    bad: u64,
    /// The bad ones as a share of all, 0 to 1. Absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
}

/// What is proven of a share. What is not asked is absent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EvidenceOfCheckJson {
    /// That the share is over its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    over_limit: Option<ProofJson>,
    /// That the share is below its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    below_limit: Option<ProofJson>,
    /// That the canary is worse than what is tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    worse: Option<ProofJson>,
    /// That the canary is better than what would be harm.
    #[serde(skip_serializing_if = "Option::is_none")]
    unharmed: Option<ProofJson>,
}

/// The evidence for something.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProofJson {
    /// The natural logarithm of E, the weight of the evidence.
    ln_e: f64,
    /// The one from which on it is proven.
    ln_threshold: f64,
    /// True where it is proven.
    proven: bool,
}

/// What was measured at one moment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PointJson {
    /// The end of the interval by the source's clock, in milliseconds since 1970. Of a share only.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_ms: Option<i64>,
    /// The time since the gate began, in milliseconds. Of a value only.
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<u64>,
    /// Requests of the canary in the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<CountsJson>,
    /// Those of the stable pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    stable: Option<CountsJson>,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
}

/// The checks of a gate.
pub(super) fn checks(gate: &GateRun) -> Vec<CheckJson> {
    gate.outcome.checks.iter().map(check).collect()
}

fn check(check: &Check) -> CheckJson {
    let named = CheckJson {
        name: check.name.visible(),
        standing: standing(check.standing),
        kind: KindJson::Share,
        lacking: check.lacking.as_ref().map(crate::text::Untrusted::visible),
        limits: LimitsJson { max: None, min: None, tolerate: None, harm: None, slower_than: None },
        canary: None,
        stable: None,
        stable_differs: None,
        newest: None,
        evidence: None,
        over_since: None,
        more_needed: None,
        answers: check.answers,
        points: Vec::new(),
    };
    match &check.measured {
        Measured::Share(told) => share(named, told),
        Measured::Value(told) => value(named, told),
    }
}

fn share(named: CheckJson, told: &ShareReport) -> CheckJson {
    let limit = |proof: Option<Proof>| proof.and_then(|proof| finite(proof.limit));
    let broken =
        |proof: Option<Proof>| proof.and_then(|proof| self::proof(proof.ln_e_broken?, proof.ln_threshold_broken));
    let kept = |proof: Option<Proof>| proof.and_then(|proof| self::proof(proof.ln_e_kept?, proof.ln_threshold_kept));
    let compares = told.stable.is_some();
    CheckJson {
        limits: LimitsJson {
            max: limit(told.limit),
            min: None,
            tolerate: limit(told.worse),
            harm: limit(told.unharmed),
            slower_than: told.slower_than.and_then(|latency| finite(latency.bound)),
        },
        canary: Some(counts(told.canary)),
        stable: told.stable.map(counts),
        stable_differs: compares.then_some(told.stable_differs),
        evidence: Some(EvidenceOfCheckJson {
            over_limit: broken(told.limit),
            below_limit: kept(told.limit),
            worse: broken(told.worse),
            unharmed: kept(told.unharmed),
        }),
        over_since: told.over_since_ms.and_then(|at| Some(jiff::Timestamp::from_millisecond(at).ok()?.to_string())),
        more_needed: told.more_needed,
        points: told.thinned(MOST_POINTS).iter().map(|point| share_point(point, compares)).collect(),
        ..named
    }
}

fn value(named: CheckJson, told: &ValueReport) -> CheckJson {
    let point = |(after_ms, value): &(u64, Number)| PointJson {
        at_ms: None,
        after_ms: Some(*after_ms),
        canary: None,
        stable: None,
        value: finite(*value),
    };
    CheckJson {
        kind: KindJson::Value,
        limits: LimitsJson { max: told.max.and_then(finite), min: told.min.and_then(finite), ..named.limits },
        newest: told.newest.and_then(finite),
        points: told.thinned(MOST_POINTS).iter().map(point).collect(),
        ..named
    }
}

fn share_point(point: &SharePoint, compares: bool) -> PointJson {
    PointJson {
        at_ms: Some(point.at_ms),
        after_ms: None,
        canary: Some(counts(point.canary)),
        stable: compares.then(|| counts(point.stable)),
        value: None,
    }
}

fn counts(counts: ShareCounts) -> CountsJson {
    CountsJson { total: counts.total, bad: counts.bad, share: counts.share() }
}

fn proof(ln_e: Number, ln_threshold: Number) -> Option<ProofJson> {
    let proven = ln_e.0 >= ln_threshold.0;
    // JSON has no word for what is infinite: evidence that can never come, or that nothing can outweigh.
    let bounded = |ln: Number| (!ln.0.is_nan()).then(|| ln.0.clamp(f64::MIN, f64::MAX));
    Some(ProofJson { ln_e: bounded(ln_e)?, ln_threshold: bounded(ln_threshold)?, proven })
}

/// The number where JSON has one for it.
fn finite(number: Number) -> Option<f64> {
    number.0.is_finite().then_some(number.0)
}

const fn standing(standing: CheckStanding) -> StandingJson {
    match standing {
        CheckStanding::Good => StandingJson::Good,
        CheckStanding::OverLimit => StandingJson::OverLimit,
        CheckStanding::Worse => StandingJson::Worse,
        CheckStanding::Undecided => StandingJson::Undecided,
        CheckStanding::NoData => StandingJson::NoData,
        CheckStanding::Ambiguous => StandingJson::Ambiguous,
        CheckStanding::Unreachable => StandingJson::Unreachable,
        CheckStanding::Invalid => StandingJson::Invalid,
    }
}
