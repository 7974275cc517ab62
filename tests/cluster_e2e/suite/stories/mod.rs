//! The stories, one file for each question that they ask.

mod access;
mod batch;
mod config;
mod crashes;
mod disruptions;
mod images;
mod live;
mod platform;
mod probes;
mod rollouts;
mod runs;
mod sets;
mod watches;
mod wrong;

use super::story::Story;

/// Every story, in the order in which they are begun.
pub fn all() -> Vec<Story> {
    let groups = [
        crashes::stories(),
        images::stories(),
        config::stories(),
        probes::stories(),
        platform::stories(),
        rollouts::stories(),
        sets::stories(),
        batch::stories(),
        disruptions::stories(),
        live::stories(),
        runs::stories(),
        watches::stories(),
        access::stories(),
        images::of_a_registry(),
        wrong::stories(),
    ];
    groups.into_iter().flatten().collect()
}
