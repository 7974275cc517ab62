//! `crashgate man`: for those who make packages.

use std::path::PathBuf;

use super::complain::complain;
use crate::gate::result::Verdict;
use crate::report::printer::Printer;
use crate::text::Redaction;

/// Write a man page for every subcommand into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; it has to be there
    folder: PathBuf,
}

pub(super) fn run(args: &Args, command: clap::Command, printer: &mut Printer) -> u8 {
    match clap_mangen::generate_to(command, &args.folder) {
        Ok(()) => 0,
        Err(error) => {
            complain(
                printer,
                Redaction::On,
                &format!("error: cannot write man pages into {}: {error}", args.folder.display()),
            );
            Verdict::Usage.exit_code()
        }
    }
}
