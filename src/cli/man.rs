//! `crashgate man`: the manual, and the pages of a package.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_mangen::Man;

use super::complain::complain;
use crate::gate::result::Verdict;
use crate::report::printer::Printer;
use crate::text::{Redaction, SafeText, Untrusted};

/// Print the man page of crashgate, or write one for each command into a folder
///
/// The page can be read with `crashgate man | man -l -`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write a page for crashgate and one for each command into this folder, which is made where it is missing
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: clap::Command, printer: &mut Printer) -> u8 {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        // Nothing is written to but memory.
        let _ = Man::new(command).render(&mut page);
        printer.result(&SafeText::rearranged(String::from_utf8_lossy(&page)));
        return Verdict::Healthy.exit_code();
    };
    match written(command, folder) {
        Ok(()) => Verdict::Healthy.exit_code(),
        Err(error) => {
            let folder = Untrusted::path(folder).line();
            complain(printer, Redaction::On, &format!("error: cannot write man pages into {folder}: {error}"));
            Verdict::Usage.exit_code()
        }
    }
}

fn written(command: clap::Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}
