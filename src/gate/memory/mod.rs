//! What was said, and how fresh it is: Events by the object that they are about, and the trust in each source.
//!
//! What may live here: what must be remembered of facts that are not state. What may not: what follows from them.

pub mod event_index;
pub mod event_log;
pub mod freshness;
pub mod needs;

pub use event_index::{CLAIM, ClaimSaid, EventIndex, ProbeKind, Said};
pub use event_log::EventLog;
pub use freshness::Sources;
pub use needs::Needs;
