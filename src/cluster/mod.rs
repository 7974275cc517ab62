//! The only rooms that talk to Kubernetes: connect, watch, confirm, collect evidence, run a pod.
//!
//! What may live here: requests and what is known of their trustworthiness. What may not: what a fact means for a
//! verdict.
//!
//! [`connect`] opens a [`connect::Connection`] from explicit configuration only ([`kubeconfig`], [`proxy`]). [`request`]
//! is the one gateway: every request passes it, is counted, bounded in time, and its failure named ([`failure`]). A
//! [`source`] keeps one collection fresh by LIST and WATCH within the [`budget`]; the [`ledger`] is how it proves that a
//! silent watch is not a dead one. The [`session`] drives gates with sources, confirming reads ([`confirm`]) and
//! [`evidence`]. [`pod_run`] creates one pod, reads its log to the end over broken connections ([`log_resume`]) and
//! deletes it. [`follow`] drives a feed with one source, and [`look`] reads pods once.

pub mod backoff;
pub mod budget;
pub mod collection;
pub mod confirm;
pub mod connect;
mod credential;
pub mod evidence;
pub mod failure;
pub mod follow;
pub mod identity;
mod judge;
pub mod kubeconfig;
pub mod ledger;
pub mod lines;
pub mod link;
pub mod listing;
pub mod log_resume;
pub mod look;
pub mod machine;
pub mod pod_run;
pub mod proxy;
pub mod rehearsed;
pub mod request;
pub mod session;
pub mod signals;
mod sleep;
mod smoke;
pub mod source;
pub mod subscriptions;
pub mod unconnected;
