//! What is written for users is true: the README, the examples for CI systems, and the vendors' schemas of both.

pub mod browser;
mod contributing;
#[cfg(unix)]
mod controllers;
#[cfg(unix)]
mod examples;
mod readme;
mod service;
pub mod vendors;
