//! The printer: the one place that writes to stdout and stderr.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use same_file::Handle;

use super::colour::Colour;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{Redaction, SafeText};

/// How many columns there are where no terminal says so.
const COLUMNS: usize = 100;

/// Writes results to stdout and all else to stderr. A reader that went away (a closed pipe) ends nothing and is no
/// error; anything else that keeps a part of the result from being written is said on stderr and remembered, because an
/// exit code of 0 must not stand for a result that nobody can have.
///
/// Clones write to the same streams, so that every sink can hold one.
#[derive(Clone)]
pub struct Printer {
    streams: Arc<Mutex<Streams>>,
    stdout: Look,
    stderr: Look,
    /// What changes nothing is not mentioned.
    quiet: bool,
}

struct Streams {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    /// What the process's own streams are; empty where the printer writes elsewhere.
    own: Vec<(Standard, Handle)>,
    /// True once stdout could not be written to.
    stdout_failed: bool,
    /// True once some part of the result could not be written, wherever it was to go.
    incomplete: bool,
}

/// One of the process's two streams for output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// stdout.
    Output,
    /// stderr.
    Error,
}

impl Streams {
    fn new(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>, own: Vec<(Standard, Handle)>) -> Self {
        Self { stdout, stderr, own, stdout_failed: false, incomplete: false }
    }

    /// Returns false where nobody reads stdout any more.
    fn write_result(&mut self, bytes: &[u8]) -> bool {
        match self.stdout.write_all(bytes).and_then(|()| self.stdout.flush()) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                self.incomplete = true;
                if !std::mem::replace(&mut self.stdout_failed, true) {
                    self.say(&safe!(
                        "error: cannot write to stdout: {}",
                        Redaction::On.text(&error.to_string()).line()
                    ));
                }
                true
            }
        }
    }

    fn say(&mut self, line: &SafeText) {
        // One write a line: lines of other processes on the same stream then come between them, not into them.
        // Nobody is left to tell where stderr cannot be written to.
        let _ = self.stderr.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.stderr.flush());
    }
}

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Somebody may be watching: the stream is a terminal.
    pub terminal: bool,
    /// Colour is wanted, as [`Colour`] decides.
    pub colour: bool,
    /// How many columns a line has.
    pub columns: usize,
}

impl Look {
    /// A stream that is no terminal: no colour, and as many columns as a CI log shows well.
    pub const PLAIN: Self = Self { terminal: false, colour: false, columns: COLUMNS };

    fn of(terminal: bool, size: Option<(terminal_size::Width, terminal_size::Height)>) -> Self {
        let columns = size.map_or(COLUMNS, |(width, _)| usize::from(width.0));
        Self { terminal, colour: false, columns: if terminal { columns } else { COLUMNS } }.coloured(Colour::Auto)
    }

    fn coloured(self, colour: Colour) -> Self {
        let env = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self { colour: colour.is_shown(self.terminal, &env), ..self }
    }
}

impl Standard {
    fn named(path: &Path) -> Option<Self> {
        match path.to_str()? {
            "-" | "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Self::Output),
            "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Self::Error),
            _ => None,
        }
    }
}

/// What stdout and stderr are, as far as the system says.
fn own_streams() -> Vec<(Standard, Handle)> {
    let stdout = Handle::stdout().map(|handle| (Standard::Output, handle));
    let stderr = Handle::stderr().map(|handle| (Standard::Error, handle));
    [stdout, stderr].into_iter().flatten().collect()
}

impl Printer {
    /// A printer to this process's stdout and stderr.
    #[must_use]
    pub fn process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            stdout: Look::of(stdout.is_terminal(), terminal_size::terminal_size_of(&stdout)),
            stderr: Look::of(stderr.is_terminal(), terminal_size::terminal_size_of(&stderr)),
            quiet: false,
            streams: Arc::new(Mutex::new(Streams::new(Box::new(stdout), Box::new(stderr), own_streams()))),
        }
    }

    /// A printer into anything, never a terminal.
    #[must_use]
    pub fn to(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        let streams = Streams::new(stdout, stderr, Vec::new());
        Self { streams: Arc::new(Mutex::new(streams)), stdout: Look::PLAIN, stderr: Look::PLAIN, quiet: false }
    }

    /// The same printer with other ideas of what both streams can show.
    #[must_use]
    pub fn with_look(mut self, look: Look) -> Self {
        self.stdout = look;
        self.stderr = look;
        self
    }

    /// Says when both streams are coloured.
    pub fn colour(&mut self, colour: Colour) {
        self.stdout = self.stdout.coloured(colour);
        self.stderr = self.stderr.coloured(colour);
    }

    /// Writes a part of the result to stdout.
    pub fn result(&mut self, text: &SafeText) {
        self.result_bytes(text.as_bytes());
    }

    /// Writes a part of the result, byte for byte, to stdout: for the container of `crashgate run` alone, whose output
    /// goes on as it came where a program reads it.
    pub fn result_bytes(&mut self, bytes: &[u8]) {
        // A reader that went away did so on purpose, and the exit code still says it all.
        let _ = self.streams().write_result(bytes);
    }

    /// Writes a part of a result that has no end to stdout. Returns false where nobody reads it any more.
    pub fn stream(&mut self, text: &SafeText) -> bool {
        self.streams().write_result(text.as_bytes())
    }

    /// Says on stderr which part of the result could not be written, and remembers that there is one.
    pub fn could_not_write(&mut self, what: &SafeText, error: &io::Error) {
        let mut streams = self.streams();
        streams.incomplete = true;
        streams.say(&safe!("error: cannot write {}: {}", what, Redaction::On.text(&error.to_string()).line()));
    }

    /// Returns true where every part of the result could be written so far.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.streams().incomplete
    }

    /// Returns the exit code of a process that ends with this verdict as things stand: a pass that could not be written
    /// in full is none.
    #[must_use]
    pub fn exit_code_of(&self, verdict: Verdict) -> u8 {
        let is_told = verdict != Verdict::Healthy || self.is_complete();
        if is_told { verdict.exit_code() } else { Verdict::Inconclusive.exit_code() }
    }

    /// Returns the stream of this process that a path leads to, whatever it is called: `-`, `/dev/stdout`, or the name
    /// of the file that stdout was sent into. `file` is what opening the path gave.
    #[must_use]
    pub fn stream_behind(&self, path: &Path, file: Option<&File>) -> Option<Standard> {
        if let Some(named) = Standard::named(path) {
            return Some(named);
        }
        let handle = Handle::from_file(file?.try_clone().ok()?).ok()?;
        self.streams().own.iter().find(|(_, own)| *own == handle).map(|(stream, _)| *stream)
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line of progress, or an error, to stderr.
    pub fn say(&mut self, line: &SafeText) {
        self.streams().say(line);
    }

    /// From here on says no more on stderr than what changes the meaning of the result: errors and warnings.
    pub fn hush(&mut self) {
        self.quiet = true;
    }

    /// Writes a line to stderr that is good to know and changes nothing, unless quiet was asked for.
    pub fn mention(&mut self, line: &SafeText) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Writes to stderr without a newline: for a view that is drawn anew over itself.
    pub fn draw(&mut self, frame: &SafeText) {
        let mut streams = self.streams();
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
    fn what_is_no_terminal_has_a_fixed_width() {
        let wide = Some((terminal_size::Width(200), terminal_size::Height(50)));
        assert_eq!(Look { colour: false, ..Look::of(false, wide) }, Look::PLAIN);
        assert_eq!(Look::of(true, wide).columns, 200);
        assert_eq!(Look::of(true, None).columns, COLUMNS);
    }
}
