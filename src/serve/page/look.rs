//! How a gate looks: a word, a class that has a colour, and a sign that is no matter of colour.

use maud::{Markup, html};

use crate::gate::result::Verdict;
use crate::report::{headline, html};
use crate::serve::GateView;
use crate::text::{SafeText, Untrusted};

/// What stands for the verdict of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    sign: &'static str,
    verdict: Option<Verdict>,
}

impl Look {
    pub(super) const fn of(view: &GateView) -> Self {
        match view.verdict {
            Some(verdict) => {
                let (class, sign) = html::look(verdict);
                Self { word: headline::title(verdict), class, sign, verdict: Some(verdict) }
            }
            None => Self { word: "Pending", class: "pending", sign: "M22 11v11l7 5", verdict: None },
        }
    }

    /// The word in the middle of a sentence.
    pub(super) fn word_within(self) -> SafeText {
        self.verdict.map_or_else(|| "pending".into(), headline::title_within)
    }

    /// The sign, which says nothing to those who hear the word beside it.
    pub(super) fn sign(self) -> Markup {
        html! {
            svg.sign viewBox="0 0 44 44" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="4"
                stroke-linecap="round" stroke-linejoin="round" {
                circle cx="22" cy="22" r="20" stroke-width="3" {}
                path d=(self.sign) {}
            }
        }
    }
}

/// What is judged: the workload that the call names, or else that of the plan.
pub(super) fn workload(view: &GateView) -> Option<SafeText> {
    if let Some(pin) = &view.call.workload {
        return Some(name(&pin.to_string()));
    }
    let plan = view.run.as_ref().and_then(|run| run.gates.first()).and_then(|gate| gate.plan.workload.clone());
    plan.map(|workload| workload.line())
}

/// A name that somebody else has chosen.
pub(super) fn name(text: &str) -> SafeText {
    Untrusted::name(text).line()
}

/// Said to those who hear the page when the verdict changes.
pub(super) fn told(view: &GateView) -> SafeText {
    crate::safe!("{} in {}: {}", name(&view.call.plan), name(&view.call.namespace), Look::of(view).word_within())
}

/// True where the verdict is about a revision that is not seen to run.
pub(super) const fn is_past(view: &GateView) -> bool {
    view.verdict.is_some() && !view.is_current
}
