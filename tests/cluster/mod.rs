//! The cluster side against a scripted API server: in memory with virtual time, and on loopback where bytes matter.

mod custom_owners;
mod driver;
mod evidence;
mod gateway;
mod hub;
mod identity;
mod live_gates;
mod loopback;
mod many_gates;
mod metrics;
mod outages;
mod progressive;
mod session;
mod source;
pub mod stub;
pub mod tls;
