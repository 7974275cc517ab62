//! A script while it is played: how often each rule was met and struck.

use std::sync::atomic::{AtomicU64, Ordering};

use super::outage::Outage;
use super::rule::{Fault, Rule, Verb};
use super::script::Faults;

/// The rules of a playback, with their counts.
#[derive(Debug)]
pub(in crate::sandbox) struct Playback {
    pub(super) rules: Vec<Counted>,
    pub(in crate::sandbox) outage: Outage,
}

/// A rule and what became of it.
#[derive(Debug)]
pub(super) struct Counted {
    pub rule: Rule,
    /// Requests that fitted.
    met: AtomicU64,
    /// How often it struck.
    struck: AtomicU64,
}

impl Playback {
    pub fn new(faults: Faults) -> Self {
        let counted = |rule: Rule| Counted { rule, met: AtomicU64::new(0), struck: AtomicU64::new(0) };
        let outage = Outage::new(faults.rules.iter().filter_map(|rule| match rule.fault {
            Fault::Restart { lasts } if is_of_the_clock(rule) => Some((rule.at_ms, lasts)),
            _ => None,
        }));
        // Those are the outage's; no request starts them.
        let rules = faults.rules.into_iter();
        let rules = rules.filter(|rule| !(matches!(rule.fault, Fault::Restart { .. }) && is_of_the_clock(rule)));
        Self { rules: rules.map(counted).collect(), outage }
    }

    /// Nothing goes wrong in this playback.
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty() && self.outage.is_never()
    }
}

/// A restart that no request starts.
fn is_of_the_clock(rule: &Rule) -> bool {
    rule.request.is_none() && rule.verb.is_none() && rule.path.is_none() && rule.times.is_none()
}

impl Counted {
    /// A request of this kind came. True where the rule has something to do with it: where it is the one that was
    /// meant, and for a fault that strikes at once, its time.
    pub fn meets(&self, verb: Verb, path: &str, now_ms: u64) -> bool {
        let on_lines = verb == Verb::Watch && self.rule.fault.is_of_lines();
        if !self.rule.is_about(verb, path) || (!on_lines && !self.rule.is_on(now_ms)) {
            return false;
        }
        let place = self.met.fetch_add(1, Ordering::Relaxed) + 1;
        self.rule.request.is_none_or(|wanted| wanted == place) && (on_lines || self.strikes())
    }

    /// Strikes, unless it did so often enough.
    pub fn strikes(&self) -> bool {
        let most = self.rule.times.unwrap_or(u64::MAX);
        let count = |struck| (struck < most).then_some(struck + 1);
        self.struck.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok()
    }
}
