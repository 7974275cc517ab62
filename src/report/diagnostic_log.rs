//! The diagnostic log: what crashgate does, on stderr, where `RUST_LOG` asks for it; the service tells the most important of it
//! unasked. Not a result: its words may change.
//!
//! Other crates speak here too, and may quote a server or a header. So secrets are masked in every line whatever the flags
//! say, and what acts on a terminal or a CI system is escaped.

mod json;

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterExt as _, Targets, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::printer::Printer;
use crate::text::Redaction;

use json::JsonLines;

/// What the service tells where `RUST_LOG` does not say otherwise.
pub const OF_SERVICE: &str = "crashgate=info";

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Words for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The log of this process is written as JSON. It begins before the flags are read that say so.
static JSON: AtomicBool = AtomicBool::new(false);

/// Begins the log for the whole process, if `RUST_LOG` asks for one: `crashgate=debug`, `crashgate=debug,kube=info`. A
/// filter that cannot be read is complained of, and then there is no log.
pub fn begin(filter: Option<&str>, printer: &mut Printer) {
    let Some(filter) = filter.map(str::trim).filter(|filter| !filter.is_empty()) else { return };
    match filter.parse::<Targets>() {
        Ok(targets) => install(&targets),
        Err(error) => {
            let words = format!("warning: RUST_LOG cannot be read, so nothing is logged: {error}");
            printer.say(&Redaction::On.text(&words).one_line());
        }
    }
}

/// Goes on as the log of a service: written in this format, and of the most important where `RUST_LOG` asked for nothing.
pub fn serve(format: Format) {
    JSON.store(format == Format::Json, Ordering::Relaxed);
    if !tracing::dispatcher::has_been_set() {
        // It is a filter of our own, and a test reads it.
        install(&OF_SERVICE.parse().unwrap_or_default());
    }
}

fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

fn install(targets: &Targets) {
    let text = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(Escaped(Printer::process())));
    let json = JsonLines::to(Printer::process());
    // There is none yet: this is the first thing that the process does.
    let _ = tracing_subscriber::registry()
        .with(text.with_filter(targets.clone().and(dynamic_filter_fn(|_, _| !is_json()))))
        .with(json.with_filter(targets.clone().and(dynamic_filter_fn(|_, _| is_json()))))
        .try_init();
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

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::Targets;

    use super::OF_SERVICE;

    #[test]
    fn what_the_service_tells_can_be_read() {
        let targets = OF_SERVICE.parse::<Targets>().unwrap();
        assert!(targets.would_enable("crashgate::serve", &tracing::Level::INFO));
        assert!(!targets.would_enable("crashgate::serve", &tracing::Level::DEBUG));
        assert!(!targets.would_enable("hyper", &tracing::Level::ERROR));
    }
}
