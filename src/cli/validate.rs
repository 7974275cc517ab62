//! `crashgate validate`.

use crate::report::printer::Printer;

/// Check gate manifests without asking the cluster anything
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate validate is not built yet");
    2
}
