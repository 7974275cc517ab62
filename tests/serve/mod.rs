//! The service: its plans, and the gates that stand.

mod plans;
mod registry;
mod standing;
pub mod world;
