//! The printer: the one place that writes to stdout and stderr.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// How many columns there are where no terminal says so.
const COLUMNS: usize = 100;

/// Writes results to stdout and all else to stderr. A reader that went away (a closed pipe) ends nothing.
///
/// Clones write to the same streams, so that every sink can hold one.
#[derive(Clone)]
pub struct Printer {
    streams: Arc<Mutex<Streams>>,
    stdout: Look,
    stderr: Look,
}

struct Streams {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
}

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Somebody may be watching: the stream is a terminal.
    pub terminal: bool,
    /// Colour is wanted: the stream is a terminal, and neither `NO_COLOR` nor `TERM=dumb` speaks against it.
    pub colour: bool,
    /// How many columns a line has.
    pub columns: usize,
}

impl Look {
    /// A stream that is no terminal: no colour, and as many columns as a CI log shows well.
    pub const PLAIN: Self = Self { terminal: false, colour: false, columns: COLUMNS };

    fn of(terminal: bool, size: Option<(terminal_size::Width, terminal_size::Height)>) -> Self {
        let columns = size.map_or(COLUMNS, |(width, _)| usize::from(width.0));
        Self { terminal, colour: terminal && colour_is_wanted(), columns: if terminal { columns } else { COLUMNS } }
    }
}

/// What `NO_COLOR` (<https://no-color.org>) and `TERM` say.
fn colour_is_wanted() -> bool {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    !no_colour && !dumb
}

impl Printer {
    /// A printer to this process's stdout and stderr.
    #[must_use]
    pub fn process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            stdout: Look::of(stdout.is_terminal(), terminal_size::terminal_size_of(&stdout)),
            stderr: Look::of(stderr.is_terminal(), terminal_size::terminal_size_of(&stderr)),
            streams: Arc::new(Mutex::new(Streams { stdout: Box::new(stdout), stderr: Box::new(stderr) })),
        }
    }

    /// A printer into anything, never a terminal.
    #[must_use]
    pub fn to(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        Self { streams: Arc::new(Mutex::new(Streams { stdout, stderr })), stdout: Look::PLAIN, stderr: Look::PLAIN }
    }

    /// The same printer with other ideas of what both streams can show.
    #[must_use]
    pub fn with_look(mut self, look: Look) -> Self {
        self.stdout = look;
        self.stderr = look;
        self
    }

    /// Writes a part of the result, as it is, to stdout.
    pub fn result(&mut self, text: &str) {
        // Nobody is left to tell where stdout is closed, and the exit code still says it all.
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = streams.stdout.write_all(text.as_bytes()).and_then(|()| streams.stdout.flush());
    }

    /// Writes a part of the result, byte for byte, to stdout.
    pub fn result_bytes(&mut self, bytes: &[u8]) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = streams.stdout.write_all(bytes).and_then(|()| streams.stdout.flush());
    }

    /// Writes a part of a result that has no end, as it is, to stdout. False where nobody reads it any more.
    pub fn stream(&mut self, text: &str) -> bool {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let written = streams.stdout.write_all(text.as_bytes()).and_then(|()| streams.stdout.flush());
        !written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Writes one line of progress or of an error to stderr.
    pub fn say(&mut self, line: &str) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line: lines of other processes on the same stream then come between them, not into them.
        let _ = streams.stderr.write_all(format!("{line}\n").as_bytes()).and_then(|()| streams.stderr.flush());
    }

    /// Writes to stderr as it is, without a newline: for a view that is drawn anew over itself.
    pub fn draw(&mut self, frame: &str) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = streams.stderr.write_all(frame.as_bytes()).and_then(|()| streams.stderr.flush());
    }

    /// True where a view on stderr may be drawn anew over itself: a terminal that can, watched by a person. `CI` says
    /// that a terminal is none but in name.
    #[must_use]
    pub fn stderr_is_lively(&self) -> bool {
        let dumb = env::var_os("TERM").is_none_or(|value| value.is_empty() || value == "dumb");
        let ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        self.stderr.terminal && !dumb && !ci
    }

    /// The columns and rows of the terminal behind stderr as they are now; `None` where it does not say.
    #[must_use]
    pub fn stderr_size(&self) -> Option<(usize, usize)> {
        let size = terminal_size::terminal_size_of(io::stderr()).filter(|_| self.stderr.terminal);
        size.map(|(width, height)| (usize::from(width.0), usize::from(height.0)))
    }

    /// What stdout can show.
    #[must_use]
    pub fn stdout(&self) -> Look {
        self.stdout
    }

    /// What stderr can show.
    #[must_use]
    pub fn stderr(&self) -> Look {
        self.stderr
    }

    /// True where stdout is a terminal.
    #[must_use]
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout.terminal
    }

    /// True where stderr is a terminal.
    #[must_use]
    pub fn stderr_is_terminal(&self) -> bool {
        self.stderr.terminal
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Look};

    #[test]
    fn what_is_no_terminal_has_no_colour_and_a_fixed_width() {
        let wide = Some((terminal_size::Width(200), terminal_size::Height(50)));
        assert_eq!(Look::of(false, wide), Look::PLAIN);
        assert_eq!(Look::of(true, wide).columns, 200);
        assert_eq!(Look::of(true, None).columns, COLUMNS);
    }
}
