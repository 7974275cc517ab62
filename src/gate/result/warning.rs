//! The codes of warnings: what a result tells beside its verdict, and that never decides it.
//!
//! They are part of the JSON contract as the codes of findings are: add, never rename. A cause of the catalogue that
//! decided nothing keeps its own code; the codes that only ever warn have a table of their own here.

use std::fmt;

use super::catalogue::Code;

/// The code of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarningCode {
    /// A cause of the catalogue that was tolerated, or that has not decided anything.
    Cause(Code),
    /// One that only ever warns.
    Notice(Notice),
}

impl WarningCode {
    /// The stable name, as JSON spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cause(code) => code.name(),
            Self::Notice(notice) => notice.name(),
        }
    }
}

impl From<Code> for WarningCode {
    fn from(code: Code) -> Self {
        Self::Cause(code)
    }
}

impl From<Notice> for WarningCode {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

impl fmt::Display for WarningCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By the stable name.
impl PartialEq<&str> for WarningCode {
    fn eq(&self, name: &&str) -> bool {
        self.name() == *name
    }
}

/// One row of the table of notices.
#[derive(Debug)]
pub struct NoticeRow {
    /// The code.
    pub notice: Notice,
    /// Its spelling.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// What usually causes it.
    pub causes: &'static str,
    /// What to do.
    pub next_step: &'static str,
}

macro_rules! notices {
    ($($notice:ident; $meaning:literal; $causes:literal; $next:literal)+) => {
        /// A code that only ever warns. Each has one row in [`NOTICES`], so that none can be printed that
        /// `crashgate explain` does not know.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the meaning of each stands in its row of the table")]
        pub enum Notice {
            $($notice),+
        }

        /// Every code that only ever warns.
        pub static NOTICES: &[NoticeRow] = &[$(NoticeRow {
            notice: Notice::$notice,
            name: stringify!($notice),
            meaning: $meaning,
            causes: $causes,
            next_step: $next,
        }),+];
    };
}

notices! {
    RestartTolerated;
    "A container crashed, but no more often than the gate allows.";
    "Crashes within `maxRestarts`, or of a container that `ignoreContainers` names.";
    "Look at the container's log if you did not expect a crash: `kubectl logs POD -c CONTAINER --previous`."

    RestartExcused;
    "A container was restarted by its node, a new sandbox, a resize or an update in place, so it does not count as a crash.";
    "A node that rebooted, a runtime that was restarted, a sandbox that was replaced, an in-place resize whose `resizePolicy` asks for a restart, an update of the image in place by OpenKruise.";
    "Nothing, unless it happens again and again: then look at the node."

    ProbeNotRun;
    "A probe cannot be run at all. The kubelet counts that as neither a success nor a failure, so the probe has no effect.";
    "A command that is not in the image, a port name that no container port has.";
    "Correct the probe's command or port: as it is, the probe checks nothing."

    PartitionedRollout;
    "The workload has a `partition`, so some pods keep the old revision.";
    "A rollout in steps, as `spec.updateStrategy.rollingUpdate.partition` of a StatefulSet or `spec.updateStrategy.partition` of a CloneSet asks for it.";
    "Lower the partition to continue the rollout, and run the gate again."

    NotPromoted;
    "The version passed at its present step, and the stable version still serves the rest of the traffic.";
    "A canary or blue-green delivery that is not at its end, gated with `until: step` (the default).";
    "Nothing, if a later gate or the delivery itself judges the rest; `until: promoted` waits for the end."

    PromotedByCounts;
    "Flagger has promoted the version, so it runs in the primary copy of the workload, which was judged by its own counts.";
    "A gate that began, or was still open, after the analysis had passed.";
    "Gate the primary too if you want to have its pods looked at: `--workload deployment/NAME-primary`."

    EventsForbidden;
    "Events may not be listed, so causes that only events show (probes, volumes, quota) may be missing.";
    "A Role without `list` and `watch` on events.";
    "Add the rule from the message to the Role."

    NodesForbidden;
    "Nodes may not be read, so the state of a failing node cannot be shown.";
    "Nodes are not namespaced: reading them requires a ClusterRole.";
    "Add the rule from the message to a ClusterRole, or ignore this warning."

    OwnersForbidden;
    "A kind of workload may not be listed, so the number of pods wanted comes from `replicas` in the gate.";
    "A Role without `list` and `watch` on that kind.";
    "Add the rule from the message to the Role."

    WatchForbidden;
    "A resource may be listed but not watched, so it is listed again and again instead, every `delay`.";
    "A Role with `list` but without `watch`.";
    "Add the verb `watch` to the rule in the Role; then changes are seen at once and with fewer requests."

    WatchUnusable;
    "Watches of a resource break or expire as soon as they are opened, so it is listed again and again instead.";
    "A proxy or load balancer that ends streamed responses early; an API server that answers every watch with 410 or 5xx.";
    "Raise the proxy's timeout for streamed responses; changes are then seen at once."

    WatchSilent;
    "A watch was open and delivered nothing although objects changed; it was opened again.";
    "A proxy or load balancer that holds back streamed responses, or a connection that died without being closed.";
    "Turn off response buffering in the proxy in front of the API server."

    WatchResumed;
    "A watch that had broken is open again and continues where it stopped: nothing was missed.";
    "A timeout of a proxy or load balancer, a restart of the API server.";
    "Nothing."

    FellBehind;
    "Changes in the cluster arrived faster than this machine could judge them, so the verdict may come late.";
    "A machine with little CPU left, very many pods that change at once, or very many gates in one process.";
    "Give the step more CPU, or gate fewer pods in one run."

    OutputIncomplete;
    "Part of the output of the pod that `crashgate run` ran could not be read.";
    "A connection that broke, or a log that the node had rotated away before it was read.";
    "Read the rest in your log store, or run it again with less output."

    PodLeftBehind;
    "The pod that `crashgate run` created could not be deleted.";
    "No permission to delete pods, or an API server that does not respond.";
    "Delete it with the command from the message; the node ends it after its `activeDeadlineSeconds` in any case."
}

impl Notice {
    /// The row of this code.
    #[must_use]
    pub fn row(self) -> &'static NoticeRow {
        &NOTICES[self as usize]
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that was tolerated, or left out, and that the reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable name (`RestartTolerated`, `EventsForbidden`, …).
    pub code: WarningCode,
    /// The words.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::NOTICES;
    use crate::gate::result::Code;

    #[test]
    fn each_row_stands_at_its_codes_place_and_shares_no_name_with_a_cause() {
        for (place, row) in NOTICES.iter().enumerate() {
            assert_eq!(row.notice as usize, place, "{}", row.name);
            assert_eq!(Code::from_name(row.name), None, "{} is a cause too", row.name);
        }
    }
}
