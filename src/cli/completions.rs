//! `crashgate completions`.

use clap_complete::Shell;

use crate::report::printer::Printer;
use crate::text::SafeText;

/// Print completions for a shell
///
/// For bash: `source <(crashgate completions bash)`. For the others, write the output where the shell looks for
/// completions.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, mut command: clap::Command, printer: &mut Printer) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "crashgate", &mut script);
    printer.result(&SafeText::rearranged(String::from_utf8_lossy(&script)));
    0
}
