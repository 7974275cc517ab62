//! Files that a command reads are not written by it: a slip of the finger must not cost a manifest or a recording.

use std::path::Path;

use crate::report::output_file::is_same_file;
use crate::text::Untrusted;

/// Refuses an output that is one of the inputs.
///
/// # Errors
///
/// A sentence that names the file.
pub(super) fn refuse(what: &str, output: &Path, inputs: &[&Path]) -> Result<(), String> {
    let stdin = Path::new("-");
    if inputs.iter().any(|input| *input != stdin && (output == *input || is_same_file(output, input))) {
        let path = Untrusted::path(output).line();
        return Err(format!("{what} would overwrite {path}, which this command needs; name another file"));
    }
    Ok(())
}
