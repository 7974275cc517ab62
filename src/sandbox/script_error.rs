//! What is wrong with the YAML of a script, in one line.

/// Returns the parser's error without the lines that it quotes, and without a prefix of its own: the sentence around it
/// names the script.
pub(super) fn shape(error: &serde_yaml::Error) -> String {
    error.without_snippet().to_string()
}
