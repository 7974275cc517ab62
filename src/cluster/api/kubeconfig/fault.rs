//! What is wrong with a kubeconfig's text, told without a word of it: any of its lines may hold a token or a password.

use std::fmt;

use kube::config::{KubeconfigError as Library, LoadDataError};
use serde_yaml::Error as Yaml;

/// A fault in the text of a kubeconfig: where it is and of what kind, and nothing of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line and column, both from 1, where the parser tells them.
    place: Option<(u64, u64)>,
    /// Of what kind it is, in fixed words.
    kind: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(self.kind)
    }
}

impl Fault {
    /// Returns the fault that the client library tells of. Its own message quotes the lines around it.
    pub(super) fn of(error: &Library) -> Self {
        match error {
            Library::Parse(error) => {
                let place = error.location().map(|place| (place.line(), place.column())).filter(|(line, _)| *line > 0);
                Self { place, kind: kind(error) }
            }
            Library::KindMismatch => Self { place: None, kind: "its `kind` differs from that of another kubeconfig" },
            Library::ApiVersionMismatch => {
                Self { place: None, kind: "its `apiVersion` differs from that of another kubeconfig" }
            }
            _ => Self { place: None, kind: "it cannot be used" },
        }
    }
}

/// Returns why a certificate or key cannot be had; the library's own message tells bytes of it.
pub(in crate::cluster) fn unloaded(error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => "its data is not base64".to_owned(),
        LoadDataError::ReadFile(error, path) => format!("the file {} cannot be read: {error}", path.display()),
        LoadDataError::NoBase64DataOrFile => "it is missing".to_owned(),
    }
}

/// Only what is certain to hold nothing of the text: the fixed words of the variant.
fn kind(error: &Yaml) -> &'static str {
    match error.without_snippet() {
        Yaml::SerdeMissingField { field: "name", .. } => "an entry has no `name`",
        Yaml::SerdeMissingField { field: "cluster", .. } => "a context names no `cluster`",
        Yaml::SerdeMissingField { .. } => "an entry lacks a field that it needs",
        Yaml::SerdeInvalidType { .. }
        | Yaml::SerdeInvalidValue { .. }
        | Yaml::SerdeInvalidLength { .. }
        | Yaml::SerdeUnknownVariant { .. }
        | Yaml::SerdeVariantId { .. }
        | Yaml::Unexpected { .. }
        | Yaml::InvalidScalar { .. }
        | Yaml::InvalidBooleanStrict { .. }
        | Yaml::NullIntoString { .. }
        | Yaml::UnexpectedSequenceEnd { .. }
        | Yaml::UnexpectedMappingEnd { .. }
        | Yaml::TaggedScalarCannotDeserializeIntoString { .. } => "a value has the wrong type",
        Yaml::DuplicateMappingKey { .. } => "the same key is given twice",
        Yaml::UnknownAnchor { .. } => "an alias (`*name`) repeats a value that was not named before",
        Yaml::Eof { .. } => "the text ends too early",
        Yaml::InvalidUtf8Input => "it is not UTF-8",
        Yaml::Budget { .. } => "it is larger or nested deeper than a kubeconfig can be",
        _ => "this is not YAML: a quote or bracket that is not closed, a tab, or a wrong indentation",
    }
}
