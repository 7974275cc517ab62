//! What all gates of a session share.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use crate::cluster::api::{Budget, Connection};
use crate::cluster::signals::Stop;
use crate::cluster::watch::{Link, Subscriptions};

/// What all gates of a session share.
#[derive(Clone)]
pub(in crate::cluster) struct Services {
    /// When the session began: the times of its gates are since then.
    pub start: Instant,
    pub connection: Arc<Connection>,
    pub subscriptions: Arc<Mutex<Subscriptions>>,
    pub budget: Arc<Budget>,
    pub link: Arc<Link>,
    pub stop: Stop,
}
