//! Collections kept fresh by LIST and WATCH, and how much of them can be believed.
//!
//! What may live here: following sources, sharing them, proving that a silent watch is not a dead one, noticing that the machine slept.
//! What may not: what the facts mean for a gate.

pub mod audience;
pub mod inbox;
pub mod link;
pub mod mirror;
pub mod probe;
pub mod sleep;
pub mod source;
pub mod subscriptions;
pub mod version_tracker;

pub use audience::{Audience, Terms};
pub use inbox::{Inbox, MOST_WAITING, Observed, Subscriber};
pub use link::{Link, Reach};
pub use probe::{ProbeSchedule, ProbeWindow};
pub use source::{Shared, SourceHandle, SourceTask};
pub use subscriptions::Subscriptions;
pub use version_tracker::Missing;
