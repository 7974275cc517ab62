//! One typed stream of gate events in, many sinks out.
//!
//! What may live here: turning gate events and outcomes into text and files, making hostile text inert on the way. What
//! may not: decisions, requests.
//!
//! The border is [`model`]: what the gate and the cluster say is taken in there, masked once, and everything behind it
//! knows it as [`Untrusted`](crate::text::Untrusted), which can only be escaped. A sink is one file behind
//! [`model::View`]: [`human`], [`live`] and [`json`] for terminals and pipes, [`files`] for every report in a file, and
//! for the log of a CI system [`github`] and [`gitlab`]. Reports that are made of a whole run ([`junit`], [`markdown`],
//! [`html`]) are functions of a [`run_log::ReportInput`]. The [`printer`] and the files take
//! [`SafeText`](crate::text::SafeText) alone. [`pod_run`] can pass on a container's bytes as they are, and nobody else.
//!
//! The events of a [`feed`] and the table of [`pods`] are told without a run around them; an [`inventory`] and a [`hook`]
//! hear of feeds too.

pub mod background;
pub mod check;
pub mod colour;
pub mod diagnostic_log;
pub mod emphasis;
pub mod feed;
pub mod files;
pub mod fold;
pub mod github;
pub mod gitlab;
pub mod grid;
pub mod hook;
pub mod html;
pub mod human;
pub mod inventory;
pub mod json;
pub mod junit;
pub mod live;
pub mod markdown;
pub mod model;
pub mod names;
pub mod output_file;
pub mod panics;
pub mod pod_run;
pub mod pods;
pub mod printer;
pub mod run_log;
pub mod state_kind;
pub mod timeline;
pub mod words;

mod block;
mod ci;
pub mod headline;
mod layout;
mod news;
mod output_lines;
mod progress;
mod xml;
