//! What a view comes to for a caller who acts on it.

use crate::gate::result::Verdict;
use crate::safe;
use crate::serve::{GateView, Mode};
use crate::text::{SafeText, Untrusted};

/// What a caller asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// What runs now.
    Now,
    /// The one revision of the gate, whatever runs now.
    Revision,
}

impl About {
    /// A call that names a revision is about that.
    pub(super) fn of(view: &GateView) -> Self {
        if view.call.revision.is_some() { Self::Revision } else { Self::Now }
    }
}

/// What is told: a verdict, or that it is pending, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) verdict: Option<Verdict>,
    pub(super) why: SafeText,
}

/// Returns what is told of a gate. A verdict that an end of the process forced is none; and one about a revision that is
/// not seen to run says nothing about what runs. Whoever is told *healthy* sends traffic to what runs now: so a standing
/// gate that passed must be current for anybody.
pub(super) fn told(view: &GateView, about: About) -> Told {
    let why = view.why.one_line();
    let Some(verdict) = view.verdict else {
        return Told { verdict: None, why };
    };
    if matches!(verdict, Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit) {
        return Told { verdict: None, why: "the gate was ended before its verdict; ask again".into() };
    }
    let must_be_current = view.call.mode == Mode::Standing && (verdict == Verdict::Healthy || about == About::Now);
    if must_be_current && !view.is_current {
        let revision = view.revision.as_deref().unwrap_or("the revision that was judged");
        let why = safe!(
            "{} was {}, and is not seen to run at this moment; waiting for the revision that does. {}",
            Untrusted::name(revision).line(),
            verdict,
            why
        );
        return Told { verdict: None, why };
    }
    Told { verdict: Some(verdict), why }
}
