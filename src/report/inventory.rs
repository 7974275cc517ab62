//! The register of the pods that exist, in a file that is whole at every moment.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::feed::JsonPodRef;
use super::output_file::OutputFile;
use super::printer::Printer;
use super::words;
use crate::feed::machine::Feed;
use crate::text::SafeText;

/// The file. It is written anew at most once a second, and takes up at most a tenth of the time.
pub struct Inventory {
    file: OutputFile,
    changed: bool,
    next: Option<Instant>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Register {
    schema: u32,
    at: SafeText,
    pods: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(flatten)]
    pod: JsonPodRef,
    ready: bool,
    restarts: u32,
}

impl Inventory {
    /// Makes sure that the file can be written. What is in it stays until the pods were listed.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn create(path: &Path, printer: &Printer) -> io::Result<Self> {
        Ok(Self { file: OutputFile::create(path, printer)?, changed: false, next: None })
    }

    /// Something in the register changed.
    pub const fn touch(&mut self) {
        self.changed = true;
    }

    /// Writes the register where it changed and its time has come.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. The next time it is tried again.
    pub fn update(&mut self, feed: &Feed) -> io::Result<()> {
        let began = Instant::now();
        if !self.changed || self.next.is_some_and(|next| began < next) {
            return Ok(());
        }
        self.file.replace(&render(feed))?;
        self.changed = false;
        self.next = Some(began + (began.elapsed() * 10).max(Duration::from_millis(900)));
        Ok(())
    }

    /// Writes the register for the last time.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn finish(&mut self, feed: &Feed) -> io::Result<()> {
        self.file.finish(&render(feed))
    }
}

fn render(feed: &Feed) -> SafeText {
    let pods = feed.register().into_iter().map(|registered| Entry {
        pod: JsonPodRef::of(registered.pod),
        ready: registered.ready,
        restarts: registered.restarts,
    });
    SafeText::json(&Register { schema: 1, at: words::exact(Timestamp::now()), pods: pods.collect() }, true)
}
