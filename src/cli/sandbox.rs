//! `crashgate sandbox`.

use crate::report::printer::Printer;

/// Serve a recording as a read-only Kubernetes API on loopback
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: Args, printer: &mut Printer) -> u8 {
    printer.say("crashgate sandbox is not built yet");
    2
}
