//! How a gate can end, and the exit code of each ending: a public contract.

use std::fmt;

/// How the gate ended. Each verdict has one exit code; codes other than 0 never mean "passed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Every expected pod of this version was Ready without a break for `stableFor`, proven fresh. Exit code 0.
    Healthy,
    /// The app or its configuration is at fault. Exit code 1.
    Failed,
    /// Bad arguments, manifest, kubeconfig path or context name; nothing was asked of the cluster. Exit code 2.
    Usage,
    /// Not healthy within `waitPeriod`, and nothing that counts as a cause. Exit code 3.
    TimedOut,
    /// No pod of this version came in the whole wait period, or none is wanted. Exit code 4.
    NothingMatched,
    /// The cluster kept the version from running. Exit code 5.
    Platform,
    /// Another version took its place, or its workload was deleted. Exit code 6.
    Superseded,
    /// The cluster could not be observed well enough to say. Exit code 7.
    Inconclusive,
    /// SIGINT ended the run. Exit code 130.
    Interrupted,
    /// SIGTERM ended the run. Exit code 143.
    Terminated,
    /// SIGHUP ended the run: the terminal or the session went away. Exit code 129.
    HungUp,
    /// SIGQUIT ended the run. Exit code 131.
    Quit,
}

impl Verdict {
    /// Every verdict, in the order of exit codes.
    pub const ALL: [Self; 12] = [
        Self::Healthy,
        Self::Failed,
        Self::Usage,
        Self::TimedOut,
        Self::NothingMatched,
        Self::Platform,
        Self::Superseded,
        Self::Inconclusive,
        Self::Interrupted,
        Self::Terminated,
        Self::HungUp,
        Self::Quit,
    ];

    /// Returns what the verdict means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Healthy => {
                "Every expected pod of this version stayed Ready for `stableFor`, and a final read confirmed it."
            }
            Self::Failed => "The app, its image or its configuration is at fault.",
            Self::Usage => {
                "Wrong arguments, manifest, kubeconfig or context, or another cluster than expected; nothing was judged."
            }
            Self::TimedOut => "Not healthy within `waitPeriod`, with no definite failure.",
            Self::NothingMatched => "No pod of this version appeared within `waitPeriod`, or none is wanted.",
            Self::Platform => "The cluster kept the version from running.",
            Self::Superseded => "Another version replaced it, or its workload was deleted.",
            Self::Inconclusive => {
                "The cluster could not be observed well enough to say, or the result could not be written."
            }
            Self::Interrupted => "Ctrl-C (SIGINT) ended the run.",
            Self::Terminated => "SIGTERM ended the run.",
            Self::HungUp => "SIGHUP ended the run: its terminal or session went away.",
            Self::Quit => "SIGQUIT ended the run.",
        }
    }

    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::TimedOut => 3,
            Self::NothingMatched => 4,
            Self::Platform => 5,
            Self::Superseded => 6,
            Self::Inconclusive => 7,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
            Self::Quit => 131,
        }
    }

    /// The spelling in JSON and in text. All signals are `interrupted`; the exit code tells them apart.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::TimedOut => "timed-out",
            Self::NothingMatched => "nothing-matched",
            Self::Platform => "platform",
            Self::Superseded => "superseded",
            Self::Inconclusive => "inconclusive",
            Self::Interrupted | Self::Terminated | Self::HungUp | Self::Quit => "interrupted",
        }
    }

    /// The verdict of several gates: the worst, in the order failed, platform, timed out, nothing matched,
    /// inconclusive, superseded, healthy. An interruption outranks them all, for the run did not end by itself.
    /// `None` for no gate at all, which is no proof of anything.
    #[must_use]
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        verdicts.into_iter().max_by_key(|verdict| verdict.severity())
    }

    pub(crate) const fn severity(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Superseded => 1,
            Self::Inconclusive => 2,
            Self::NothingMatched => 3,
            Self::TimedOut => 4,
            Self::Platform => 5,
            Self::Failed => 6,
            Self::Usage => 7,
            Self::Interrupted => 8,
            Self::Quit => 9,
            Self::HungUp => 10,
            Self::Terminated => 11,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn the_worst_gate_decides_in_the_documented_order() {
        let order = [
            Verdict::Failed,
            Verdict::Platform,
            Verdict::TimedOut,
            Verdict::NothingMatched,
            Verdict::Inconclusive,
            Verdict::Superseded,
            Verdict::Healthy,
        ];
        for (place, worse) in order.iter().enumerate() {
            for better in &order[place..] {
                assert_eq!(Verdict::worst([*better, *worse]), Some(*worse), "{worse} beside {better}");
                assert_eq!(Verdict::worst([*worse, *better]), Some(*worse), "{worse} beside {better}");
            }
        }
    }

    #[test]
    fn no_gate_is_no_verdict() {
        assert_eq!(Verdict::worst([]), None);
    }

    #[test]
    fn only_healthy_exits_with_zero() {
        let codes = [
            (Verdict::Healthy, 0),
            (Verdict::Failed, 1),
            (Verdict::Usage, 2),
            (Verdict::TimedOut, 3),
            (Verdict::NothingMatched, 4),
            (Verdict::Platform, 5),
            (Verdict::Superseded, 6),
            (Verdict::Inconclusive, 7),
            (Verdict::Interrupted, 130),
            (Verdict::Terminated, 143),
            (Verdict::HungUp, 129),
            (Verdict::Quit, 131),
        ];
        for (verdict, code) in codes {
            assert_eq!(verdict.exit_code(), code, "{verdict}");
        }
    }
}
