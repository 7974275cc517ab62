//! What would other settings have decided? Past deployments, judged again with each of several settings.
//!
//! What may live here: which gates recordings are judged by, the replays side by side, and what they come to. What may
//! not: decisions about a gate, what people read.
//!
//! [`play`] is the way in: recordings and what is [`asked`] become a [`grid`], a row for each gate and a column for each
//! setting. Which of them should have passed is told by [`truth`].

pub mod asked;
mod cases;
pub mod expected;
pub mod grid;
pub mod play;
pub mod truth;
