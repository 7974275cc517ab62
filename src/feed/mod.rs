//! What happens to pods, one event at a time: the core of `crashgate watch`. Pure, as [`crate::gate`] is: no client, no
//! runtime, no clock, no I/O.
//!
//! Observations go into a [`machine::Feed`], typed [`event::FeedEvent`]s come out. The feed compares each pod with what it
//! [`known`](self) of it, so an observation that is told again says nothing, and a list that comes after a gap says all
//! that the gap held and that can still be seen: pods that came, changed and went, restarts, ends. What may live here:
//! what a change of a pod is called. What may not: how a pod is read, how an event is shown.

pub mod event;
mod known;
pub mod machine;
pub mod owner;
mod trouble;
