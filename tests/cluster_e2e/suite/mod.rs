//! The suite for real clusters: what it plays ([`stories`]), on what ([`cluster`], [`sandbox`]), how one story is played
//! ([`play`]) and judged ([`judge`]), and what is told of it ([`explain`], [`table`]).
//!
//! Nothing here uses the crate's own code: what is judged is the program, by its exit code, its output and its JSON.

pub mod access;
pub mod act;
pub mod ask;
pub mod child;
pub mod cluster;
pub mod condition;
pub mod expect;
pub mod explain;
pub mod judge;
pub mod kubectl;
pub mod notes;
pub mod objects;
pub mod options;
pub mod plan;
pub mod play;
pub mod preflight;
pub mod report;
pub mod run;
pub mod said;
pub mod sandbox;
pub mod step;
pub mod stop;
pub mod stories;
pub mod story;
pub mod table;
pub mod text;
