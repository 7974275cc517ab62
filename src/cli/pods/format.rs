//! How pods are written.

use clap::ValueEnum;

/// How pods are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people
    Human,
    /// One JSON object; with --watch one for each change, on a line of its own
    Json,
    /// The same as YAML
    Yaml,
    /// Names, as in `pod/NAME`; with --all-running only those of the pods that are not running
    Name,
}
