//! What goes wrong, and when.

use std::time::Duration;

/// To what a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// LISTs, and reads of single objects.
    Lists,
    /// Watches that are opened.
    Opening,
    /// The lines of watches.
    Lines,
    /// Everything at once.
    Everything,
}

/// A fault as a script spells it, and in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub words: &'static str,
    pub on: On,
    /// The requests that it strikes, all where there is no pattern.
    path: Option<&'static str>,
    pub script: &'static str,
}

impl Fault {
    /// How much later a healthy app may pass: by the outage of three seconds, and five more. Where watches were cut again
    /// and again for these three seconds and no list was answered either, what is in play is listed again as the budget
    /// allows. That nothing comes any more is known only once a request has timed out (10 s) or a watch was silent for a
    /// `delay` (10 s), of the owners later than of the pods; and without watches the owners are listed in every second
    /// `delay`.
    pub fn lateness(&self) -> Duration {
        let outage = Duration::from_secs(3 + 5);
        match self.on {
            On::Opening | On::Lists => outage + Duration::from_secs(20),
            On::Lines => outage + Duration::from_secs(35),
            On::Everything => outage,
        }
    }
}

const fn fault(words: &'static str, on: On, script: &'static str) -> Fault {
    Fault { words, on, path: None, script }
}

const fn of_rollouts(words: &'static str, on: On, script: &'static str) -> Fault {
    Fault { words, on, path: Some("*/rollouts*"), script }
}

pub const FAULTS: [Fault; 30] = [
    fault("answers 2 s late", On::Lists, "fault: delay, by: 2s"),
    fault("answers a minute late", On::Lists, "fault: delay, by: 60s"),
    fault("connection closed without an answer", On::Lists, "fault: drop"),
    fault("accepted, never answered", On::Lists, "fault: stall"),
    fault("body cut in the middle", On::Lists, "fault: cut, after: 60"),
    fault("body half-open: it stops and does not end", On::Lists, "fault: freeze, after: 60"),
    fault("body truncated in good order", On::Lists, "fault: truncate, after: 60"),
    fault("body at 200 bytes a second", On::Lists, "fault: slow, bytesPerSecond: 200"),
    fault("body is garbage", On::Lists, "fault: garbage"),
    fault("empty 200", On::Lists, "fault: truncate, after: 0"),
    fault("login page of a network", On::Lists, "fault: login-page"),
    fault("401", On::Lists, "fault: status, code: 401"),
    fault("403", On::Lists, "fault: status, code: 403"),
    fault("404", On::Lists, "fault: status, code: 404"),
    fault("410 as HTTP status", On::Lists, "fault: expired"),
    fault("429, Retry-After 1 s", On::Lists, "fault: status, code: 429, retryAfter: 1s"),
    fault("429, Retry-After a year", On::Lists, "fault: status, code: 429, retryAfter: 365d"),
    fault("storm of 500", On::Lists, "fault: status, code: 500"),
    fault("storm of 503", On::Lists, "fault: status, code: 503"),
    fault("continue tokens expire", On::Lists, "fault: expire-tokens"),
    fault("watch opens with 410", On::Opening, "fault: expired"),
    fault("watch opens with 504 too large version", On::Opening, "fault: too-large-version"),
    fault("watches may not be opened: 403", On::Opening, "fault: status, code: 403"),
    fault("watches stall when opened", On::Opening, "fault: stall"),
    fault("watches cut in the middle of a line", On::Lines, "fault: cut, after: 50"),
    fault("watches half-open", On::Lines, "fault: freeze, after: 0"),
    fault("410 in the stream", On::Lines, "fault: gone"),
    fault("ERROR in the stream", On::Lines, "fault: error"),
    fault("a line that is none", On::Lines, "fault: garbage"),
    fault("events lost before a bookmark", On::Lines, "fault: skip"),
];

/// More of the lines, and of everything. Kept apart for the array's sake only.
pub const MORE: [Fault; 3] = [
    fault("events told twice", On::Lines, "fault: duplicate"),
    fault("events swapped", On::Lines, "fault: reorder"),
    fault("API server restarts for 3 s", On::Everything, "fault: restart, lasts: 3s"),
];

/// Of the owner's collection alone: all else is answered.
const OF_ROLLOUTS: [Fault; 12] = [
    of_rollouts("rollouts alone: 404", On::Lists, "fault: status, code: 404"),
    of_rollouts("rollouts alone: 403", On::Lists, "fault: status, code: 403"),
    of_rollouts("rollouts alone: 410 as HTTP status", On::Lists, "fault: expired"),
    of_rollouts("rollouts alone: 503", On::Lists, "fault: status, code: 503"),
    of_rollouts("rollouts alone: a minute late", On::Lists, "fault: delay, by: 60s"),
    of_rollouts("rollouts alone: never answered", On::Lists, "fault: stall"),
    of_rollouts("rollouts alone: the state of 8 s ago", On::Lists, "fault: behind, by: 8s"),
    of_rollouts("rollouts alone: watches may not be opened: 403", On::Opening, "fault: status, code: 403"),
    of_rollouts("rollouts alone: watches are not found: 404", On::Opening, "fault: status, code: 404"),
    of_rollouts("rollouts alone: watches half-open", On::Lines, "fault: freeze, after: 0"),
    of_rollouts("rollouts alone: 410 in the stream", On::Lines, "fault: gone"),
    of_rollouts("rollouts alone: events lost before a bookmark", On::Lines, "fault: skip"),
];

/// Those that strike every recording.
fn everywhere() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter().chain(&MORE)
}

/// All that strike a recording, by whether a `Rollout` is in play in it.
pub fn of(has_rollout: bool) -> Vec<&'static Fault> {
    everywhere().chain(OF_ROLLOUTS.iter().filter(|_| has_rollout)).collect()
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    BeforeList,
    DuringList,
    BeforeReady,
    InWindow,
    Confirming,
    /// From the window on, and never mended.
    ForGood,
}

impl Moment {
    pub const ALL: [Self; 6] =
        [Self::BeforeList, Self::DuringList, Self::BeforeReady, Self::InWindow, Self::Confirming, Self::ForGood];

    pub const fn words(self) -> &'static str {
        match self {
            Self::BeforeList => "before the list",
            Self::DuringList => "during the list",
            Self::BeforeReady => "before ready",
            Self::InWindow => "in the window",
            Self::Confirming => "while confirming",
            Self::ForGood => "from the window on, for good",
        }
    }
}

/// The script of a cell. `moments` are the milliseconds before ready, in the window, and of the confirming list; the gate
/// begins at `from`.
pub fn script(fault: &Fault, moment: Moment, from: u64, moments: [u64; 3]) -> String {
    let [before_ready, in_window, confirming] = moments;
    let when = match moment {
        Moment::BeforeList => format!("at: {from}ms, for: 3s"),
        Moment::DuringList if fault.on == On::Everything => format!("at: {}ms, for: 3s", from + 20),
        Moment::DuringList => format!("request: 1, path: '{}'", fault.path.unwrap_or("*/pods")),
        Moment::BeforeReady => format!("at: {before_ready}ms, for: 3s"),
        Moment::InWindow => format!("at: {in_window}ms, for: 3s"),
        Moment::Confirming => format!("at: {confirming}ms, for: 3s"),
        Moment::ForGood => format!("at: {in_window}ms"),
    };
    let when = match fault.path.filter(|_| moment != Moment::DuringList) {
        Some(path) => format!("{when}, path: '{path}'"),
        None => when,
    };
    let late = matches!(moment, Moment::BeforeReady | Moment::InWindow | Moment::ForGood);
    let mut rules = Vec::new();
    // Without open watches everything must be asked for anew, just then. For good, they are broken once.
    let once = if moment == Moment::ForGood { ", times: 7" } else { "" };
    if late && matches!(fault.on, On::Lists | On::Opening) {
        rules.push(format!("{{{when}, verb: watch, fault: cut, after: 0{once}}}"));
    }
    let script = fault.script;
    match fault.on {
        On::Lists => {
            if script.contains("tokens") {
                rules.push(format!("{{{when}, verb: list, fault: pages, size: 1}}"));
            }
            rules.push(format!("{{{when}, verb: list, {script}}}"));
            rules.push(format!("{{{when}, verb: get, {script}}}"));
        }
        On::Opening | On::Lines => rules.push(format!("{{{when}, verb: watch, {script}}}")),
        On::Everything => {
            let script = if moment == Moment::ForGood { "fault: restart, lasts: 1h" } else { script };
            let at = when.split(", ").find(|part| part.starts_with("at")).unwrap_or("at: 0s");
            rules.push(format!("{{{at}, {script}}}"));
        }
    }
    format!("faults:\n- {}\n", rules.join("\n- "))
}
