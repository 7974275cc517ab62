//! HTTP: who asks for what, and what they are answered.
//!
//! [`route`] is the one table of routes: the [`router`] and the [`openapi`] document are both made from it. Each request is
//! authenticated ([`auth`]), its body read within bounds ([`body`]), its gate asked for ([`Gates`](super::Gates)), and the
//! view of it told as the caller needs it: [`rest`] for scripts and Argo Rollouts, [`flagger`] for Flagger. [`server`] holds
//! the connections.
//!
//! What holds for every answer: nothing is 2xx on `/rollback` but a gate that failed, what is temporary is *pending*, and no
//! status is a redirect, 429 or, but for `/readyz`, 5xx.

pub mod access;
mod activity;
mod analyses;
mod answer;
pub mod auth;
pub mod body;
mod dispatch;
pub mod flagger;
mod health;
pub mod images;
pub mod limits;
mod line;
mod openapi;
mod pods;
mod query;
mod refusal;
mod reports;
pub mod rest;
mod reviews;
pub mod route;
mod router;
pub mod runs;
pub mod server;
pub mod service;
pub mod shutdown;
pub mod tokens;
mod told;
mod wait;

pub use access::{Access, Right, Scope};
pub use auth::{Auth, Caller};
pub use images::AllowedImages;
pub use limits::Limits;
pub use openapi::document;
pub use reviews::Reviews;
pub use router::{Extras, router};
pub use runs::Runs;
pub use server::serve;
pub use service::{Readiness, Service};
pub use shutdown::Shutdown;
pub use tokens::TokenFile;
