//! The service: its plans, and the gates that stand.

mod auth;
mod auth_reviews;
#[cfg(unix)]
mod http_binary;
pub mod http_fake;
mod http_flagger;
mod http_rest;
mod http_runs;
mod http_server;
mod http_sockets;
mod plans;
mod recorded;
mod registry;
mod standing;
mod standing_rules;
pub mod world;
