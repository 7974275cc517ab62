//! The printer: the one place that writes to stdout and stderr.

use std::io::{self, IsTerminal, Write};

/// Writes results to stdout and all else to stderr. A reader that went away (a closed pipe) ends nothing.
pub struct Printer {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

impl Printer {
    /// A printer to this process's stdout and stderr.
    #[must_use]
    pub fn process() -> Self {
        Self {
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// A printer into anything, never a terminal.
    #[must_use]
    pub fn to(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        Self { stdout, stderr, stdout_is_terminal: false, stderr_is_terminal: false }
    }

    /// Writes a part of the result, as it is, to stdout.
    pub fn result(&mut self, text: &str) {
        // Nobody is left to tell where stdout is closed, and the exit code still says it all.
        let _ = self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush());
    }

    /// Writes one line of progress or of an error to stderr.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{line}").and_then(|()| self.stderr.flush());
    }

    /// True where stdout is a terminal.
    #[must_use]
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// True where stderr is a terminal.
    #[must_use]
    pub fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }
}
