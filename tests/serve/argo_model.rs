//! A model of Argo Rollouts' analysis of one `web` metric, made from what its sources say: how an answer becomes a measurement,
//! and how the measurements and the five limits become the end of the run.

/// What one measurement said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    Successful,
    Failed,
    Inconclusive,
    Error,
}

/// How a run stands, or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Successful,
    Failed,
    Inconclusive,
    Error,
}

/// The limits of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub count: u32,
    pub failure: u32,
    pub inconclusive: u32,
    pub consecutive_error: u32,
    /// 0 where it is not set.
    pub consecutive_success: u32,
}

/// The measurements so far.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub measured: Vec<Measured>,
}

impl Run {
    /// Takes a measurement. Returns the end, where this was the last one.
    pub fn take(&mut self, measured: Measured, limits: &Limits) -> Option<Ended> {
        self.measured.push(measured);
        self.ended(limits)
    }

    fn count(&self, which: Measured) -> u32 {
        u32::try_from(self.measured.iter().filter(|measured| **measured == which).count()).unwrap()
    }

    fn in_a_row(&self, which: Measured) -> u32 {
        u32::try_from(self.measured.iter().rev().take_while(|measured| **measured == which).count()).unwrap()
    }

    fn ended(&self, limits: &Limits) -> Option<Ended> {
        if self.count(Measured::Failed) > limits.failure {
            return Some(Ended::Failed);
        }
        if self.count(Measured::Inconclusive) > limits.inconclusive {
            return Some(Ended::Inconclusive);
        }
        if self.in_a_row(Measured::Error) > limits.consecutive_error {
            return Some(Ended::Error);
        }
        if limits.consecutive_success > 0 && self.in_a_row(Measured::Successful) >= limits.consecutive_success {
            return Some(Ended::Successful);
        }
        // Errors do not count towards it.
        let taken = u32::try_from(self.measured.len()).unwrap() - self.count(Measured::Error);
        if limits.count > 0 && taken >= limits.count {
            // With a limit of successes in a row that was not reached, the count alone proves nothing.
            return Some(if limits.consecutive_success > 0 { Ended::Inconclusive } else { Ended::Successful });
        }
        None
    }
}
