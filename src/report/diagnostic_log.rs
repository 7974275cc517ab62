//! The diagnostic log: what crashgate does, on stderr, where `RUST_LOG` asks for it. Not a result: its words may change.
//!
//! Other crates speak here too, and may quote a server or a header. So secrets are masked in every line whatever the flags
//! say, and what acts on a terminal or a CI system is escaped.

use std::io::{self, Write};
use std::sync::Mutex;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::printer::Printer;
use crate::text::Redaction;

/// Begins the log for the whole process, if `RUST_LOG` asks for one: `crashgate=debug`, `crashgate=debug,kube=info`. A
/// filter that cannot be read is complained of, and then there is no log.
pub fn begin(filter: Option<&str>, printer: &mut Printer) {
    let Some(filter) = filter.map(str::trim).filter(|filter| !filter.is_empty()) else { return };
    match filter.parse::<Targets>() {
        Ok(targets) => {
            let lines =
                tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(Escaped(Printer::process())));
            // There is none yet: this is the first thing that the process does.
            let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
        }
        Err(error) => {
            let words = format!("warning: RUST_LOG cannot be read, so nothing is logged: {error}");
            printer.say(&Redaction::On.text(&words).one_line());
        }
    }
}

/// Writes each event as one escaped line.
struct Escaped(Printer);

impl Write for Escaped {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.say(&Redaction::On.text(text.trim_end()).one_line());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
