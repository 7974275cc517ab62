//! `crashgate schema`.

use crate::gate::result::Verdict;
use crate::manifest::schema::schema_text;
use crate::report::printer::Printer;
use crate::text::SafeText;

/// Print the JSON Schema of the gate manifest
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, printer: &mut Printer) -> u8 {
    printer.result(&SafeText::rearranged(schema_text()));
    Verdict::Healthy.exit_code()
}
