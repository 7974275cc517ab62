//! How events are written.

use clap::ValueEnum;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// One JSON object a line
    Json,
    /// One YAML document for each event, begun by `---`
    Yaml,
    /// The name of the pod at each event, as in `pod/NAME`
    Name,
}
