//! The service: its plans, the gates that stand, what callers are answered, and what people and others are told.

mod argo_courses;
mod argo_model;
mod argo_recipe;
mod auth;
mod auth_reviews;
mod browser;
mod fake;
mod flagger_courses;
mod flagger_model;
mod flagger_property;
#[cfg(unix)]
mod http_binary;
pub mod http_fake;
mod http_flagger;
mod http_rest;
mod http_runs;
mod http_server;
mod http_sockets;
mod live_cluster;
mod live_cluster_itself;
mod notify;
mod onlookers;
mod page;
mod plans;
mod recorded;
mod registry;
mod schemathesis;
mod service;
mod standing;
mod standing_rules;
mod telemetry;
#[cfg(unix)]
pub mod world;
