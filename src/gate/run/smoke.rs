//! The smoke run that a manifest asks for: what its end means for the gate.

use std::time::Duration;

use crate::gate::diagnose::exit_code;
use crate::gate::result::{
    CONTAINER, Cause, Code, Evidence, EvidenceKind, Finding, Place, PodEnd, SmokePassed, SmokeRun, Verdict,
};
use crate::gate::spec::PodOrder;

impl SmokeRun {
    /// What it means, where it is no pass: the app fails, or nothing is proven.
    #[must_use]
    pub fn objection(&self, now: Duration) -> Option<(Verdict, Vec<Cause>)> {
        let (verdict, findings) = match &self.end {
            // What a test wrote is no part of what it proves: its exit code is the word that counts.
            PodEnd::Exited(ended) if ended.exit_code == 0 => return None,
            PodEnd::Exited(ended) => {
                let mut cause = self.failure(format!("the smoke run ended with {}", exit_code::in_words(ended)), now);
                cause.exit_status = Some(ended.exit_code);
                return Some((Verdict::Failed, vec![cause]));
            }
            PodEnd::Unrun { verdict, findings } => (*verdict, findings),
        };
        let lead = findings.first();
        let said = lead.map_or("it was interrupted", |finding| finding.message.as_str());
        let is_late = lead.is_some_and(|finding| finding.code == Code::NotEnded);
        if is_late && self.started {
            return Some((
                Verdict::Failed,
                vec![self.failure(format!("the smoke run did not end in time: {said}"), now)],
            ));
        }
        if is_late || lead.is_none() {
            let message = format!("the smoke run proves nothing: {said}");
            return Some((
                Verdict::Inconclusive,
                vec![self.with_output(Cause::new(Code::SmokeNotRun, self.place(), message, now))],
            ));
        }
        Some((verdict, findings.iter().map(|finding| retold(finding, now)).collect()))
    }

    /// What a run that passed proves.
    #[must_use]
    pub fn passed(&self, order: &PodOrder) -> SmokePassed {
        let ran_seconds = if let PodEnd::Exited(ended) = &self.end { ended.ran_seconds } else { None };
        SmokePassed { image: order.image.clone(), ran_seconds }
    }

    fn failure(&self, message: String, now: Duration) -> Cause {
        self.with_output(Cause::new(Code::SmokeFailed, self.place(), message, now))
    }

    fn place(&self) -> Place {
        let pod = Some(self.pod.clone()).filter(|pod| !pod.is_empty());
        Place { container: pod.as_ref().map(|_| CONTAINER.to_owned()), pod, ..Place::default() }
    }

    fn with_output(&self, mut cause: Cause) -> Cause {
        if self.output.trim().is_empty() {
            let text = "the smoke run wrote nothing".to_owned();
            cause.evidence.push(Evidence { kind: EvidenceKind::Missing, text });
        } else {
            cause.evidence.push(Evidence { kind: EvidenceKind::Log, text: self.output.clone() });
        }
        if let Some(why) = &self.torn {
            let text = format!("some of its output may be missing: {why}");
            cause.evidence.push(Evidence { kind: EvidenceKind::Missing, text });
        }
        cause
    }
}

/// A finding of the run, as one of the gate's.
fn retold(finding: &Finding, now: Duration) -> Cause {
    let mut cause = Cause::new(finding.code, finding.place.clone(), format!("smoke run: {}", finding.message), now);
    finding.next_step.clone_into(&mut cause.next_step);
    cause.exit_status = finding.exit_status;
    cause.evidence.clone_from(&finding.evidence);
    cause
}
