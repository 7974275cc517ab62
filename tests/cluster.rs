//! The cluster side against a scripted API server: in memory with virtual time, and on loopback where bytes matter.

mod evidence;
mod gateway;
mod identity;
mod loopback;
mod outages;
mod session;
mod source;
pub mod stub;
