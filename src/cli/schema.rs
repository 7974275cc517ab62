//! `crashgate schema`.

use crate::gate::result::Verdict;
use crate::manifest::schema::schema_text;
use crate::report::printer::Printer;

/// Print the JSON Schema of the gate manifest
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, printer: &mut Printer) -> u8 {
    printer.result(&schema_text());
    Verdict::Healthy.exit_code()
}
