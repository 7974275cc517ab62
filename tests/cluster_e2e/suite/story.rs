//! What a story is: what is done to a cluster, what is asked of crashgate, and what it must say.

use serde_json::Value;

use super::ask::Ask;
use super::expect::Expect;
use super::step::Step;

/// One story.
pub struct Story {
    /// Its name, a part of its namespace's.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub what: &'static str,
    /// The oldest minor of Kubernetes 1 that can play it.
    pub since_minor: Option<u32>,
    /// The level of the Pod Security Standards that its namespace enforces.
    pub pod_security: &'static str,
    /// What is done before crashgate is asked.
    pub before: Vec<Step>,
    /// What is asked.
    pub ask: Ask,
    /// What is done while crashgate runs.
    pub during: Vec<Step>,
    /// What must hold afterwards.
    pub after: Vec<Step>,
    /// What crashgate must say.
    pub expect: Expect,
    /// How it is played without a cluster.
    pub rehearsal: Option<Rehearsal>,
    /// Played only where it is asked for by its whole name.
    pub hidden: bool,
}

/// How a story is played on `crashgate sandbox`.
#[derive(Default)]
pub struct Rehearsal {
    /// The recording, by its name in tests/recordings.
    pub recording: Option<&'static str>,
    /// Where in the recording it begins.
    pub at: Option<&'static str>,
    /// What becomes of the pods that are created.
    pub pods: Option<&'static str>,
    /// What goes wrong between the client and the sandbox.
    pub faults: Option<&'static str>,
    /// Whether the steps beside the running program are taken here too: those that only look at it or send it a signal.
    pub acting: bool,
}

impl Story {
    /// A story of which nothing is known yet but what is asked and what must be said.
    pub fn new(name: &'static str, what: &'static str, ask: Ask, expect: Expect) -> Self {
        Self {
            name,
            what,
            since_minor: None,
            pod_security: "privileged",
            before: Vec::new(),
            ask,
            during: Vec::new(),
            after: Vec::new(),
            expect,
            rehearsal: None,
            hidden: false,
        }
    }

    pub fn since(mut self, minor: u32) -> Self {
        self.since_minor = Some(minor);
        self
    }

    pub fn enforcing(mut self, level: &'static str) -> Self {
        self.pod_security = level;
        self
    }

    /// Applies these objects before anything is asked.
    pub fn applying(self, objects: impl IntoIterator<Item = Value>) -> Self {
        self.before(Step::Apply(objects.into_iter().collect()))
    }

    pub fn before(mut self, step: Step) -> Self {
        self.before.push(step);
        self
    }

    pub fn during(mut self, step: Step) -> Self {
        self.during.push(step);
        self
    }

    pub fn after(mut self, step: Step) -> Self {
        self.after.push(step);
        self
    }

    pub fn recorded(self, recording: &'static str) -> Self {
        self.rehearsed(Rehearsal { recording: Some(recording), ..Rehearsal::default() })
    }

    pub fn rehearsed(mut self, rehearsal: Rehearsal) -> Self {
        self.rehearsal = Some(rehearsal);
        self
    }

    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Every step, in the order in which they are taken.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.before.iter().chain(&self.during).chain(&self.after)
    }
}
