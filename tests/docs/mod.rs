//! What is written for users is true: the README and the pages of docs/, the examples for CI systems, and the vendors' schemas of both.

pub mod browser;
mod causes;
mod contributing;
#[cfg(unix)]
mod controllers;
#[cfg(target_os = "linux")]
mod examples;
#[cfg(target_os = "linux")]
mod install;
mod pages;
#[cfg(target_os = "linux")]
mod release;
#[cfg(target_os = "linux")]
mod release_host;
mod service;
pub mod vendors;
