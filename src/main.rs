//! The `crashgate` binary.

use std::process::ExitCode;

use crashgate::report::panics;
use crashgate::report::printer::Printer;

fn main() -> ExitCode {
    panics::tell_inertly();
    // One TLS provider for the whole process; a second call would only say that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    crashgate::cli::run(std::env::args_os(), &mut Printer::process()).into()
}
