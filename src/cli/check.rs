//! `crashgate check`.

use crate::report::printer::Printer;

/// Judge a fresh deploy: the main job
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate check is not built yet");
    2
}
