//! Faults on purpose: a script of what shall go wrong between a client and the sandbox.
//!
//! A script is a YAML file with a list under `faults:`. Each entry says when, to which requests, and what:
//!
//! ```yaml
//! faults:
//! - {at: 5s, for: 3s, verb: list, path: "*/pods", fault: status, code: 503, retryAfter: 2s}
//! - {at: 10s, verb: watch, times: 1, fault: cut}
//! - {request: 2, verb: list, path: "*/pods", fault: stall}
//! - {at: 20s, fault: restart, lasts: 4s}
//! ```
//!
//! | key | meaning |
//! |---|---|
//! | `at`, `for` | from this moment of the recording on, for so long; from the start, to the end |
//! | `verb` | `list`, `watch`, `get`, `log`, `create`, `delete`, `query` (of the metrics source) or `other` (version, discovery, reviews); any |
//! | `path` | the request's path, `*` stands for anything; any |
//! | `request` | only the n-th request that fits all else, counted from 1 |
//! | `times` | at most so often |
//!
//! | fault | what happens | keys |
//! |---|---|---|
//! | `delay` | the answer comes later | `by` |
//! | `drop` | the connection is closed without an answer | |
//! | `stall` | the request is accepted and never answered | |
//! | `status` | this status, with a `Status` object | `code`, `retryAfter`, `message` |
//! | `expired` | 410 as HTTP status | |
//! | `too-large-version` | 504 "Too large resource version" | |
//! | `login-page` | 200 with an HTML page, as a captive portal answers | |
//! | `cut` | the connection is closed in the middle of the body | `after` bytes |
//! | `freeze` | the body stops in the middle and nothing more comes, not even an end | `after` bytes |
//! | `truncate` | the body ends in the middle, in good order | `after` bytes |
//! | `slow` | the body comes slowly | `bytesPerSecond` |
//! | `garbage` | the body is no JSON; in a watch one line is none | |
//! | `pages` | a LIST gives at most so many objects a page | `size` |
//! | `expire-tokens` | every continue token has expired | |
//! | `behind` | a LIST shows the state of some time ago, and a query the samples: nothing has been scraped since | `by` |
//! | `nan` | every number of a query is NaN | |
//! | `gone` | a watch ends with an ERROR line 410 | |
//! | `error` | a watch ends with an ERROR line 500 | |
//! | `skip`, `duplicate`, `reorder` | a watch loses events, tells them twice, swaps two | |
//! | `restart` | every connection is closed, and none is taken for a while | `lasts` |
//!
//! Every rule that fits a request is applied, in the file's order; one that answers the request ends it. On a watch,
//! `cut`, `freeze`, `garbage`, `gone`, `error`, `skip`, `duplicate` and `reorder` strike at their moment even if the
//! watch was opened before it.

mod answer;
mod body;
mod outage;
mod playback;
mod rule;
mod script;
mod watch;

pub(super) use answer::disturbed;
pub(super) use playback::Playback;
pub(super) use rule::matches;
pub use script::{Faults, FaultsError};

/// The connection was closed instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed by a fault of the script")]
pub(super) struct Closed;
