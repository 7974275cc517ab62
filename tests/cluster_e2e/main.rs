//! Stories on a real cluster, judged by the built program: `cargo test --test cluster_e2e`.
//!
//! Where neither `KUBECONFIG` nor `CRASHGATE_E2E=1` is given, nothing is played, and one line says so. CONTRIBUTING.md says how
//! it is run; `-- --list` prints what it plays.
#![expect(clippy::print_stdout, reason = "what becomes of each story is told as it ends")]

mod suite;

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::run::main()
}
