//! What is said where crashgate itself fails: one line, made inert. What a panic says may quote what a pod said, and by
//! itself it would be written to stderr as it is.

use std::panic::{PanicHookInfo, set_hook};

use super::printer::Printer;
use super::quote;

/// Says so from now on, for the whole process.
pub fn tell_inertly() {
    // A printer of its own: the one in use may be what failed, with its lock held.
    set_hook(Box::new(|panic| Printer::process().say(&words(panic))));
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let said = panic.payload_as_str().unwrap_or("it does not say why");
    format!("error: crashgate itself failed{place}: {}", quote::line(said))
}
