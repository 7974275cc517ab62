//! Jobs.

use crate::suite::ask::check;
use crate::suite::expect::Holds::{Container, ExitStatus, Shows};
use crate::suite::expect::{failed, healthy};
use crate::suite::objects::{container, job, pod};
use crate::suite::story::Story;

pub fn stories() -> Vec<Story> {
    vec![
        Story::new(
            "job-completes",
            "a Job runs for four seconds and completes",
            check("ledger", "v1").timed(),
            healthy(),
        )
        .applying([job("ledger", "v1", pod([container("app", "echo INFO migrating; sleep 4; echo INFO done")]))])
        .recorded("job-completes"),
        Story::new(
            "job-fails",
            "a Job fails for good",
            check("ledger", "v1").timed(),
            failed(&["JobFailed"]).holds([Container("app"), ExitStatus(1), Shows("migration 0042")]),
        )
        .applying([job("ledger", "v1", {
            pod([container("app", "sleep 2; echo 'fatal: migration 0042_add_currency failed' >&2; exit 1")])
        })])
        .recorded("job-fails"),
    ]
}
