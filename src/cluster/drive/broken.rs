//! The outcome of a gate that failed inside of crashgate.

use std::time::Duration;

use crate::gate::result::{Background, Code, Finding, Outcome, Place, Proved, Verdict};

/// The outcome of a gate that failed inside of crashgate. It proves nothing, and the other gates go on.
pub(super) fn broke(now: Duration) -> Outcome {
    let finding = Finding {
        code: Code::StaleData,
        place: Place::default(),
        message: "crashgate itself failed while it judged this gate, so nothing is proven".to_owned(),
        exit_status: None,
        restarts: None,
        next_step: "Run the gate again, and report the message on stderr.".to_owned(),
        also: Vec::new(),
        log: None,
        evidence: Vec::new(),
    };
    Outcome {
        verdict: Verdict::Inconclusive,
        decided_after: now,
        findings: vec![finding],
        pods: Vec::new(),
        warnings: Vec::new(),
        ready: 0,
        wanted: None,
        checks: Vec::new(),
        background: Background::default(),
        proved: Proved::default(),
    }
}
