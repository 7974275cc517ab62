//! A process with a deadline, whose output can be looked at while it runs.

use std::io::{self, Read, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stop::Stop;

/// How often is looked whether a process has ended that writes nothing.
const LOOK: Duration = Duration::from_millis(50);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code; none where a signal ended it.
    Exited(Option<i32>),
    /// It was killed: its time was over.
    TimedOut,
    /// It was killed: the suite is to end.
    Stopped,
}

/// What a process has written so far.
#[derive(Default)]
struct Written {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// Pipes that are still open.
    open: usize,
}

/// A running process.
pub struct Child {
    process: std::process::Child,
    written: Arc<(Mutex<Written>, Condvar)>,
}

impl Child {
    /// Starts it in a process group of its own: a Ctrl-C is the suite's to answer.
    ///
    /// # Errors
    /// The system's words where it cannot be started.
    pub fn start(mut command: Command, stdin: Option<&str>) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut process = command.spawn()?;
        let written = Arc::new((Mutex::new(Written { open: 2, ..Written::default() }), Condvar::new()));
        if let Some(pipe) = process.stdout.take() {
            read(pipe, Arc::clone(&written), |written| &mut written.stdout);
        }
        if let Some(pipe) = process.stderr.take() {
            read(pipe, Arc::clone(&written), |written| &mut written.stderr);
        }
        if let (Some(mut pipe), Some(text)) = (process.stdin.take(), stdin) {
            // A process that ended early says why on stderr.
            let _ = pipe.write_all(text.as_bytes());
        }
        Ok(Self { process, written })
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// stdout and stderr so far.
    pub fn written(&self) -> (String, String) {
        let written = self.lock();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&written.stdout), text(&written.stderr))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Waits until it has written something new, or for a moment.
    pub fn pause(&self) {
        drop(self.written.1.wait_timeout(self.lock(), LOOK));
    }

    /// Waits for its end, and for that of its output.
    pub fn wait(&mut self, limit: Duration, stop: &Stop) -> End {
        let deadline = Instant::now() + limit;
        let end = loop {
            if let Ok(Some(status)) = self.process.try_wait() {
                break End::Exited(status.code());
            }
            let end = match () {
                () if stop.is_set() => End::Stopped,
                () if Instant::now() >= deadline => End::TimedOut,
                () => {
                    self.pause();
                    continue;
                }
            };
            let _ = self.process.kill();
            let _ = self.process.wait();
            break end;
        };
        // What a process left behind may hold its pipes open: that is not waited for.
        let last = Instant::now() + Duration::from_secs(2);
        while self.lock().open > 0 && Instant::now() < last {
            self.pause();
        }
        end
    }

    /// Sends it a signal by name, as in `TERM`.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a pipe to its end in a thread of its own.
fn read(
    mut pipe: impl Read + Send + 'static,
    written: Arc<(Mutex<Written>, Condvar)>,
    into: fn(&mut Written) -> &mut Vec<u8>,
) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let count = pipe.read(&mut buffer).unwrap_or(0);
            let mut lock = written.0.lock().unwrap_or_else(PoisonError::into_inner);
            into(&mut lock).extend_from_slice(&buffer[..count]);
            if count == 0 {
                lock.open -= 1;
            }
            drop(lock);
            written.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}
