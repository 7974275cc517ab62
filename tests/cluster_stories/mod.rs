//! What holds of the suite for real clusters (`tests/cluster_e2e`) where there is none: its plan, its objects, its judge, its
//! arguments, and that it removes what it made.

mod arguments;
mod judging;
mod plan;
#[cfg(unix)]
mod removal;
mod sandbox;
