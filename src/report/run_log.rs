//! What was heard while a run lasted, kept for the reports that are made of it, and the run itself where it never ended.

use std::time::Duration;

use super::background::{Background, Proved};
use super::check::Standings;
use super::model::{Event, Finding, GateRun, Outcome, Plan, Run, Target};
use crate::gate::result::Code;
use crate::gate::result::Verdict;
use crate::manifest::Origin;
use crate::text::{SafeText, Untrusted};

/// So many events are kept of a gate: more than anybody reads, and no run that goes wrong all day fills the memory.
const KEPT: usize = 20_000;

/// A run as it was heard.
#[derive(Debug, Clone, Default)]
pub struct RunLog {
    /// Which cluster is asked.
    pub target: Target,
    /// Every gate, in the order of the manifest.
    pub gates: Vec<GateLog>,
    /// When the newest thing was heard, since the run began.
    pub latest: Duration,
    /// Where so many events of a gate are kept, and the newest count: for what goes on for days.
    newest: Option<usize>,
}

/// A gate as it was heard.
#[derive(Debug, Clone)]
pub struct GateLog {
    /// What is judged.
    pub plan: Plan,
    /// Where that was written down.
    pub origin: Option<Origin>,
    /// What happened, and when since the run began.
    pub events: Vec<(Duration, Event)>,
    /// How many later events were too many to keep.
    pub left_out: usize,
    /// How the checks of the metrics stood when they were last told of.
    standings: Standings,
}

impl GateLog {
    /// Nothing was heard of it yet.
    #[must_use]
    pub fn new(plan: Plan, origin: Option<Origin>) -> Self {
        Self { plan, origin, events: Vec::new(), left_out: 0, standings: Standings::default() }
    }
}

impl RunLog {
    /// Nothing was heard yet. Of each gate no more than this many events will be kept, and those are the newest: a log of
    /// what may go on for days.
    #[must_use]
    pub fn of_the_newest(most: usize) -> Self {
        Self { newest: Some(most), ..Self::default() }
    }

    /// What will be judged is known.
    pub fn plan(&mut self, gates: impl IntoIterator<Item = (Plan, Option<Origin>)>) {
        let gates = gates.into_iter();
        self.gates = gates.map(|(plan, origin)| GateLog::new(plan, origin)).collect();
    }

    /// The run begins. Plans that were not known yet have no origin.
    pub fn begin(&mut self, target: &Target, plans: &[Plan]) {
        self.target = target.clone();
        if self.gates.len() != plans.len() {
            self.plan(plans.iter().map(|plan| (plan.clone(), None)));
        }
    }

    /// Something happened in a gate.
    pub fn hear(&mut self, gate: usize, at: Duration, event: &Event) {
        self.latest = self.latest.max(at);
        let Some(gate) = self.gates.get_mut(gate) else { return };
        let kept;
        let event = match event {
            // Each look is told, and only what it changed is news.
            Event::Measured(check) if !gate.standings.changed(check) => return,
            Event::Measured(check) => {
                kept = Event::Measured(Box::new(check.without_points()));
                &kept
            }
            event => event,
        };
        if let Some(most) = self.newest.filter(|most| gate.events.len() >= *most) {
            // Several at once, so that not every event moves all the others.
            let old = gate.events.len().saturating_sub(most) + (most / 4).max(1);
            gate.left_out += gate.events.drain(..old.min(gate.events.len())).count();
        }
        // The decision is heard last, and no log is whole without it.
        if gate.events.len() < KEPT || matches!(event, Event::Decided { .. }) {
            gate.events.push((at, event.clone()));
        } else {
            gate.left_out += 1;
        }
    }

    /// Nothing happened.
    pub fn idle(&mut self, at: Duration) {
        self.latest = self.latest.max(at);
    }

    /// The run as it stands, which proves nothing: `why` says what kept it from its end.
    #[must_use]
    pub fn unfinished(&self, started_at: jiff::Timestamp, why: &Untrusted) -> Run {
        let gate = |gate: &GateLog| GateRun {
            plan: gate.plan.clone(),
            outcome: Outcome {
                verdict: Verdict::Inconclusive,
                decided_after: self.latest,
                findings: vec![Finding::bare(
                    Code::StaleData,
                    why.clone(),
                    "Look at the output of the step, and run the gate again.",
                )],
                pods: Vec::new(),
                warnings: Vec::new(),
                ready: 0,
                wanted: None,
                checks: Vec::new(),
                background: Background::default(),
                proved: Proved::default(),
            },
            requests: 0,
        };
        Run {
            started_at,
            duration: self.latest,
            target: self.target.clone(),
            gates: self.gates.iter().map(gate).collect(),
        }
    }
}

/// Why nothing was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Whose it is: the user's is wrong usage, and one of crashgate's own leaves it inconclusive.
    pub verdict: Verdict,
    /// What is to be said of it.
    pub text: Untrusted,
    /// Where it is, where it has a line in a manifest.
    pub origin: Option<Origin>,
}

impl Mistake {
    /// The arguments or the manifest are wrong.
    #[must_use]
    pub const fn usage(text: Untrusted, origin: Option<Origin>) -> Self {
        Self { verdict: Verdict::Usage, text, origin }
    }

    /// crashgate itself failed before it knew what to judge.
    #[must_use]
    pub const fn broke(text: Untrusted) -> Self {
        Self { verdict: Verdict::Inconclusive, text, origin: None }
    }

    /// The code that stands for it where those of findings stand.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if self.verdict == Verdict::Usage { "Usage" } else { Code::StaleData.name() }
    }
}

/// All that a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// How the run ended.
    pub run: &'a Run,
    /// What was heard of it.
    pub log: &'a RunLog,
    /// The mistake because of which nothing was judged; the run has no gates then.
    pub error: Option<&'a Mistake>,
}

impl<'a> ReportInput<'a> {
    /// The verdict of the whole run.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.error.map_or_else(|| self.run.verdict(), |error| error.verdict)
    }

    /// Every gate with what was heard of it.
    pub fn gates(&self) -> impl Iterator<Item = (&'a GateRun, Option<&'a GateLog>)> + use<'a> {
        let logs = &self.log.gates;
        self.run.gates.iter().enumerate().map(move |(place, gate)| (gate, logs.get(place)))
    }

    /// The gates, the one that the verdict of the run comes from first.
    #[must_use]
    pub fn worst_first(&self) -> Vec<(&'a GateRun, Option<&'a GateLog>)> {
        let mut gates: Vec<_> = self.gates().collect();
        gates.sort_by_key(|(gate, _)| std::cmp::Reverse(gate.outcome.verdict.severity()));
        gates
    }

    /// The cause of the verdict, as its code and its message; `None` for a pass.
    #[must_use]
    pub fn cause(&self) -> Option<(&'static str, SafeText)> {
        if let Some(error) = self.error {
            return Some((error.code(), error.text.line().trimmed_end()));
        }
        let leading = self.worst_first().into_iter().find_map(|(gate, _)| gate.outcome.findings.first());
        leading.map(|finding| (finding.code.name(), finding.message.line()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{KEPT, RunLog};
    use crate::gate::result::Verdict;
    use crate::gate::spec::Plan;
    use crate::report::model::{self, Event, Target};

    #[test]
    fn a_log_has_a_bound_and_keeps_its_end() {
        let mut log = RunLog::default();
        log.begin(&Target::default(), &[model::Plan::of(&Plan::new("a", "v1", "n"))]);
        for second in 0..KEPT as u64 + 5 {
            log.hear(0, Duration::from_secs(second), &Event::Confirming);
        }
        let verdict = Verdict::Failed;
        log.hear(0, Duration::from_secs(7), &Event::Decided { verdict });
        let gate = &log.gates[0];
        assert_eq!((gate.events.len(), gate.left_out), (KEPT + 1, 5));
        assert_eq!(gate.events.last().unwrap().1, Event::Decided { verdict });
    }

    #[test]
    fn a_log_of_the_newest_forgets_what_is_old() {
        let mut log = RunLog::of_the_newest(40);
        log.begin(&Target::default(), &[model::Plan::of(&Plan::new("a", "v1", "n"))]);
        for second in 0..1000 {
            log.hear(0, Duration::from_secs(second), &Event::Confirming);
            assert!(log.gates[0].events.len() <= 40);
        }
        let gate = &log.gates[0];
        assert_eq!(gate.events.last().unwrap().0, Duration::from_secs(999));
        assert!(gate.events.len() >= 30 && gate.events.len() + gate.left_out == 1000);
    }

    #[test]
    fn an_unfinished_run_is_no_pass() {
        let mut log = RunLog::default();
        log.begin(&Target::default(), &[model::Plan::of(&Plan::new("a", "v1", "n"))]);
        log.hear(0, Duration::from_secs(3), &Event::Decided { verdict: Verdict::Healthy });
        let run = log.unfinished(jiff::Timestamp::UNIX_EPOCH, &"killed".into());
        assert_eq!(run.verdict(), Verdict::Inconclusive);
        assert_eq!(run.gates[0].outcome.findings[0].message, "killed".into());
    }
}
