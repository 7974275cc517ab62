//! The sink for people: progress on stderr while the gate runs, the verdict on stdout when it is over.

use std::time::Duration;

use super::check::Check;
use super::layout::{Tone, painted};
use super::model::{Event, Plan, Run, Target, View};
use super::news::News;
use super::printer::Printer;
use super::progress::{self, Waiting};
use super::{block, words};
use crate::gate::result::CheckStanding;
use crate::safe;
use crate::text::SafeText;

/// So long nothing may be said before the sink says what is waited for.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// The column where what happened begins, behind the time.
const TIME_COLUMNS: usize = 9;

/// Writes for people.
pub struct Human {
    printer: Printer,
    /// False where another sink shows progress.
    progress: bool,
    /// False where another sink has stdout.
    verdict: bool,
    /// The verdict with all of its proof.
    whole: bool,
    gates: Vec<Gate>,
    last_said: Duration,
}

struct Gate {
    name: SafeText,
    waiting: Waiting,
    news: News,
    last_line: SafeText,
}

impl Human {
    /// Progress on stderr, the verdict on stdout.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        Self { printer, progress: true, verdict: true, whole: false, gates: Vec::new(), last_said: Duration::ZERO }
    }

    /// Progress on stderr only, for where the result on stdout is of another kind.
    #[must_use]
    pub fn progress_only(printer: Printer) -> Self {
        Self { verdict: false, ..Self::new(printer) }
    }

    /// The verdict on stdout only, for where another sink shows progress.
    #[must_use]
    pub fn verdict_only(printer: Printer) -> Self {
        Self { progress: false, ..Self::new(printer) }
    }

    /// The same, and the verdict with all of its proof: whole logs, every event, without a limit of lines.
    #[must_use]
    pub fn whole(mut self, whole: bool) -> Self {
        self.whole = whole;
        self
    }

    fn say(&mut self, at: Duration, gate: usize, what: &SafeText, tone: Option<Tone>) {
        let colour = self.printer.stderr().colour;
        let time = safe!("{:>TIME_COLUMNS$}", words::since(at));
        let name = match self.gates.get(gate) {
            // One gate needs no name, several are told apart by it.
            Some(gate) if self.gates.len() > 1 => safe!("[{}] ", gate.name),
            _ => SafeText::EMPTY,
        };
        let what = tone.map_or_else(|| what.clone(), |tone| painted(what, tone, colour));
        self.printer.say(&safe!("{}  {}{}", painted(time, Tone::Dim, colour), name, what));
        self.last_said = at;
    }
}

impl Human {
    /// Tells what was held back of any gate.
    fn say_held(&mut self, at: Duration, mut taken: impl FnMut(&mut News) -> Vec<(SafeText, Event)>) {
        for gate in 0..self.gates.len() {
            self.say_held_of(gate, at, &mut taken);
        }
    }

    fn say_held_of(&mut self, gate: usize, at: Duration, taken: impl FnOnce(&mut News) -> Vec<(SafeText, Event)>) {
        let held = self.gates.get_mut(gate).map(|gate| taken(&mut gate.news)).unwrap_or_default();
        for (line, event) in held {
            self.say(at, gate, &line, tone(&event));
        }
    }
}

impl View for Human {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        if !self.progress {
            return;
        }
        self.printer.say(&progress::target_line(target));
        for plan in plans {
            self.printer.say(&progress::plan_line(plan));
        }
        self.gates = plans
            .iter()
            .map(|plan| Gate {
                name: progress::app(plan),
                waiting: Waiting::default(),
                news: News::default(),
                last_line: SafeText::EMPTY,
            })
            .collect();
    }

    fn event(&mut self, gate: usize, at: Duration, event: &Event) {
        // A glance says the same as the state beside it, for views.
        if !self.progress || matches!(event, Event::PodGlance(_)) {
            return;
        }
        self.say_held(at, |news| news.due(at));
        let line = progress::event_line(event);
        if let Some(gate) = self.gates.get_mut(gate) {
            gate.waiting.learn(event);
            if !gate.waiting.is_news(event) || !gate.news.is_told_at_once(at, event) {
                return;
            }
            // The same words again, such as trouble that goes on, say nothing new.
            if gate.last_line == line {
                return;
            }
            gate.last_line.clone_from(&line);
        }
        // What was held back came before these, and would read like the contrary after them.
        if let Event::WindowOpened { .. } | Event::Decided { .. } = event {
            self.say_held_of(gate, at, News::rest);
        }
        self.say(at, gate, &line, tone(event));
    }

    fn idle(&mut self, at: Duration) {
        if !self.progress {
            return;
        }
        self.say_held(at, |news| news.due(at));
        if at.saturating_sub(self.last_said) < HEARTBEAT {
            return;
        }
        let waiting: Vec<(usize, SafeText)> = self
            .gates
            .iter()
            .enumerate()
            .filter(|(_, gate)| !gate.waiting.decided)
            .map(|(place, gate)| (place, gate.waiting.words()))
            .collect();
        for (place, words) in waiting {
            self.say(at, place, &words, None);
        }
    }

    fn end(&mut self, run: &Run) {
        self.say_held(run.duration, News::rest);
        if self.progress && !self.gates.is_empty() {
            // For whoever holds these lines against another log.
            let line = safe!("Times count from {}", words::moment(run.started_at));
            self.printer.say(&painted(line, Tone::Dim, self.printer.stderr().colour));
        }
        if self.verdict {
            let text = block::render(run, self.printer.stdout(), self.whole);
            self.printer.result(&text);
        }
    }
}

/// How a line stands out.
fn tone(event: &Event) -> Option<Tone> {
    match event {
        Event::Crash { .. } => Some(Tone::Bad),
        Event::Cause { .. }
        | Event::PodGone { .. }
        | Event::WindowBroken { .. }
        | Event::Trouble { .. }
        | Event::Warned(_) => Some(Tone::Careful),
        Event::Measured(check) => check_tone(check),
        Event::Decided { .. } => Some(Tone::Code),
        _ => None,
    }
}

/// How a check of the metrics stands out: where something is proven, and where it cannot be looked at.
const fn check_tone(check: &Check) -> Option<Tone> {
    match check.standing {
        CheckStanding::OverLimit | CheckStanding::Worse | CheckStanding::Invalid => Some(Tone::Bad),
        CheckStanding::Ambiguous | CheckStanding::Unreachable => Some(Tone::Careful),
        CheckStanding::Good | CheckStanding::Undecided | CheckStanding::NoData => None,
    }
}
