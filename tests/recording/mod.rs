//! Recordings: what is judged from them, and what is written into them.

mod recorded;
pub mod replay;
