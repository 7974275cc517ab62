//! A story whose expectation is wrong on purpose: it shows what a failure looks like. It is played only by its name.

use crate::suite::ask::check;
use crate::suite::expect::Holds::{Container, Shows};
use crate::suite::expect::failed;
use crate::suite::objects::{CRASHES, container, deployment, pod};
use crate::suite::story::{Rehearsal, Story};

pub fn stories() -> Vec<Story> {
    vec![
        Story::new(
            "wrong-on-purpose",
            "2 replicas crash two seconds after each start, and the story claims that memory was short",
            check("payments", "v1").timed(),
            failed(&["OomKilled"]).holds([Container("cache"), Shows("out of memory")]),
        )
        .applying([deployment("payments", "v1", 2, pod([container("app", CRASHES)]))])
        .rehearsed(Rehearsal { recording: Some("crash-loop"), at: Some("4s"), ..Rehearsal::default() })
        .hidden(),
    ]
}
