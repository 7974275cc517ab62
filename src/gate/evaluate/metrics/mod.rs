//! What the metrics mean for the gate: how each check stands, what that decides, and who the stable pods are.

pub mod judgement;
pub mod preview;
pub mod report;
pub mod stable_arm;
mod words;

pub use judgement::Judgement;
pub use stable_arm::StableQuestion;
