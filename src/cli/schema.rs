//! `crashgate schema`.

use crate::report::printer::Printer;

/// Print the JSON Schema of the gate manifest
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate schema is not built yet");
    2
}
