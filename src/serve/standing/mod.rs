//! Gates that stand for as long as somebody asks for them.
//!
//! What may live here: rounds one after another over the hub, what their ends mean, and what is told meanwhile. What may not:
//! deciding on a round (that is [`crate::gate`]), and who asks for which gate (that is [`super::registry`]).
//!
//! 1. `rules`: what the end of a round means, and what comes next. Pure.
//! 2. `watcher`: what the hub drives: a round, a vigil, a look.
//! 3. `telling`: the view of a gate, and its log.
//! 4. `line`: the gates of one call, one revision after another.

mod line;
pub mod rules;
mod telling;
mod watcher;

pub use line::{Line, Order, Surroundings};
pub use telling::{Ledger, Outlet};
