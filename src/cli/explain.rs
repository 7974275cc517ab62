//! `crashgate explain`.

use crate::report::printer::Printer;

/// Explain a code of a finding, or list them all
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate explain is not built yet");
    2
}
