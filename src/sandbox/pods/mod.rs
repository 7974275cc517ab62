//! Pods that clients create and delete, and what becomes of them: a script tells it by their image.
//!
//! A script is a YAML file with a list under `pods:`. The first entry whose image fits is the pod's life:
//!
//! ```yaml
//! pods:
//! - image: "shop/smoke:*"
//!   after: 500ms
//!   lasts: 2s
//!   exitCode: 1
//!   log:
//!   - {at: 0s, text: "asking for a basket\n"}
//!   - {at: 1s, text: "expected 200, got 502\n"}
//! - {image: "shop/typo:*", pullError: "rpc error: code = NotFound desc = …: not found"}
//! - {image: "*", refused: "exceeded quota: team-quota, requested: pods=1, used: pods=3, limited: pods=3"}
//! ```
//!
//! | key | meaning |
//! |---|---|
//! | `image` | the image of the pod's first container; `*` stands for any text |
//! | `after` | how long after its creation the container starts; at once |
//! | `lasts` | how long it runs, or `forever`; it ends at once |
//! | `exitCode`, `reason`, `message` | how it ends; with 0, `Completed` or `Error` |
//! | `log` | what it writes: `at` a time after its start a `text`, bytes in `base64`, or so many `bytes` of numbered lines |
//! | `stops` | how long a running container takes to end once its pod is deleted; at once |
//! | `refused` | the API server does not create it: 403 with these words |
//! | `unschedulable` | no node takes it: the scheduler's words |
//! | `pullError` | its image cannot be pulled: the kubelet's words |
//! | `configError` | the container cannot be created (`CreateContainerConfigError`): the kubelet's words |
//!
//! An image that no entry fits cannot be pulled. `activeDeadlineSeconds` is kept. All states are those that a real
//! cluster was seen to tell.

mod life;
mod log;
mod names;
mod output;
mod script;
mod write;

pub(super) use log::log;
pub(super) use output::Written;
pub use script::{PodScript, PodScriptError};
pub(super) use write::answer;
