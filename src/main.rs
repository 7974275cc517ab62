//! The `crashgate` binary.

use std::process::ExitCode;

use crashgate::report::printer::Printer;
use crashgate::report::{diagnostic_log, panics};

fn main() -> ExitCode {
    panics::tell_inertly();
    // One TLS provider for the whole process; a second call would only say that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut printer = Printer::process();
    diagnostic_log::begin(std::env::var("RUST_LOG").ok().as_deref(), &mut printer);
    crashgate::cli::run(std::env::args_os(), &mut printer).into()
}
