//! What comes out: verdicts, the catalogue of causes, causes and findings, warnings, the outcome.
//!
//! What may live here: the types of answers, and what each code means. What may not: how an answer is found.

pub mod background;
pub mod catalogue;
pub mod cause;
pub mod check_report;
pub mod figures;
pub mod finding;
pub mod outcome;
pub mod pod_end;
pub mod pod_state;
pub mod proved;
pub mod smoke_run;
pub mod verdict;
pub mod warning;

pub use background::{Background, Changed, OlderRevision, Serving, TemplateChange, TemplateChanges};
pub use catalogue::{CATALOGUE, Code, Counts, Fault, Row};
pub use cause::{Cause, FirstSeen};
pub use check_report::{
    CheckReport, CheckStanding, Latency, LatencyUnit, Measured, Proof, ShareCounts, SharePoint, ShareReport,
    ValueReport,
};
pub use finding::{Evidence, EvidenceKind, Finding, LogWanted, Place};
pub use outcome::{GateEvent, Outcome, PodGlance, PodSummary};
pub use pod_end::{CONTAINER, PodEnd, unseen};
pub use pod_state::PodState;
pub use proved::{Proved, SmokePassed};
pub use smoke_run::SmokeRun;
pub use verdict::Verdict;
pub use warning::{NOTICES, Notice, NoticeRow, Warning, WarningCode};
