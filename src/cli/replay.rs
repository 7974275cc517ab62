//! `crashgate replay`.

use crate::report::printer::Printer;

/// Decide again over a recording, offline, in virtual time
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate replay is not built yet");
    2
}
