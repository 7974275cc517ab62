//! The service: its plans, and the gates that stand.

pub mod http_fake;
mod http_flagger;
mod http_rest;
mod http_server;
mod http_sockets;
mod plans;
mod recorded;
mod registry;
mod standing;
mod standing_rules;
pub mod world;
