//! How a gate stands, in JSON: a contract. Fields are added, never changed or taken away.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::line;
use super::told::Told;
use crate::gate::result::Verdict;
use crate::report::json;
use crate::serve::GateView;
use crate::text::{SafeText, Untrusted};

/// How large the `summary` may be, as JSON: Argo Rollouts stores it with each measurement.
const LARGEST_SUMMARY: usize = 900;

/// How a gate stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "How a gate stands")]
pub(super) struct GateAnswer {
    /// The number of this format. It changes only if a field changes its meaning.
    #[schemars(extend("const" = 1))]
    schema: u32,
    /// The gate's id; null where there is none yet.
    id: Option<SafeText>,
    /// `pending`, or the verdict that stands.
    verdict: VerdictWord,
    /// The exit code that `crashgate check` would have; null while it is pending.
    exit_code: Option<u8>,
    /// The verdict and why, small enough to be stored with each measurement.
    summary: Summary,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<SafeText>,
    /// The namespace of the workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<SafeText>,
    /// The workload that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<SafeText>,
    /// The revision that is judged, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<SafeText>,
    /// True where the cluster is seen to run that revision at this moment.
    current: bool,
    /// The result that the verdict comes from, as `-o json` prints it. Absent while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value")]
    result: Option<Box<RawValue>>,
}

/// The verdict and why.
#[derive(Debug, Serialize, JsonSchema)]
struct Summary {
    /// `pending`, or the verdict that stands.
    verdict: VerdictWord,
    /// Why, or what it waits for: one line.
    why: SafeText,
}

/// How a gate stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum VerdictWord {
    Pending,
    Healthy,
    Failed,
    Usage,
    TimedOut,
    NothingMatched,
    Platform,
    Superseded,
    Inconclusive,
}

impl VerdictWord {
    const fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            // A signal is no verdict on anything.
            None | Some(Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit) => Self::Pending,
            Some(Verdict::Healthy) => Self::Healthy,
            Some(Verdict::Failed) => Self::Failed,
            Some(Verdict::Usage) => Self::Usage,
            Some(Verdict::TimedOut) => Self::TimedOut,
            Some(Verdict::NothingMatched) => Self::NothingMatched,
            Some(Verdict::Platform) => Self::Platform,
            Some(Verdict::Superseded) => Self::Superseded,
            Some(Verdict::Inconclusive) => Self::Inconclusive,
        }
    }
}

impl GateAnswer {
    /// The answer about a gate.
    pub(super) fn of(view: &GateView, told: &Told) -> Self {
        let name = |text: &str| Untrusted::name(text).one_line();
        // Only a result that says the same: whoever reads its verdict instead must not act on one that does not stand.
        let result = view.run.as_deref().filter(|run| Some(run.verdict()) == told.verdict);
        Self {
            id: Some(name(view.id.as_str())),
            plan: Some(name(&view.call.plan)),
            namespace: Some(name(&view.call.namespace)),
            workload: view.call.workload.as_ref().map(|pin| name(&pin.to_string())),
            revision: view.revision.as_deref().map(name),
            current: view.is_current,
            result: result.and_then(|run| RawValue::from_string(json::render(run).trim().to_owned()).ok()),
            ..Self::bare(told)
        }
    }

    /// The answer where there is no gate, for the time being.
    pub(super) fn pending(why: &SafeText) -> Self {
        Self::bare(&Told { verdict: None, why: why.clone() })
    }

    fn bare(told: &Told) -> Self {
        let verdict = VerdictWord::of(told.verdict);
        Self {
            schema: 1,
            id: None,
            verdict,
            exit_code: told.verdict.filter(|_| verdict != VerdictWord::Pending).map(Verdict::exit_code),
            summary: summary(verdict, &told.why),
            plan: None,
            namespace: None,
            workload: None,
            revision: None,
            current: false,
            result: None,
        }
    }
}

fn summary(verdict: VerdictWord, why: &SafeText) -> Summary {
    let around =
        serde_json::to_string(&Summary { verdict, why: SafeText::EMPTY }).map_or(LARGEST_SUMMARY, |it| it.len());
    Summary { verdict, why: line::within_json(why, LARGEST_SUMMARY.saturating_sub(around)) }
}
