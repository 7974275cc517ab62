//! How much a caller may take: of connections, of time, of memory.

use std::time::Duration;

/// How much callers may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// So many connections are served at a time. Further ones wait, and the one that is idle longest makes room.
    pub connections: usize,
    /// So many calls wait for a verdict at a time. Further ones are answered at once, as pending.
    pub waits: usize,
    /// The longest that a call waits, whatever it asks for.
    pub longest_wait: Duration,
    /// How long a request's head may take, from its first byte; and how long a new connection may say nothing.
    pub head_time: Duration,
    /// How large it may be, in bytes.
    pub head_size: usize,
    /// How long a body may take.
    pub body_time: Duration,
    /// How large it may be, in bytes.
    pub body_size: usize,
    /// How long a connection may stay unused. Longer than the clients of Go keep one (90 s), so that it is they who close it,
    /// and no request meets a connection that is closing.
    pub idle: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall: Duration,
    /// So many reports are made at a time.
    pub reports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            waits: 200,
            longest_wait: Duration::from_mins(1),
            head_time: Duration::from_secs(10),
            head_size: 16 * 1024,
            body_time: Duration::from_secs(10),
            body_size: 64 * 1024,
            idle: Duration::from_mins(2),
            write_stall: Duration::from_secs(30),
            reports: 2,
        }
    }
}
