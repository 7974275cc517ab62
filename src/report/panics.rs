//! What is said where crashgate itself fails: one line, made inert. What a panic says may quote what a pod said, and by
//! itself it would be written to stderr as it is.

use std::panic::{PanicHookInfo, set_hook};

use super::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// Says so from now on, for the whole process.
pub fn tell_inertly() {
    // A printer of its own: the one in use may be what failed, with its lock held.
    set_hook(Box::new(|panic| Printer::process().say(&words(panic))));
}

fn words(panic: &PanicHookInfo<'_>) -> SafeText {
    let place = panic.location();
    let place =
        place.map(|place| safe!(" at {}:{}", Untrusted::name(place.file()).line(), place.line())).unwrap_or_default();
    let said = panic.payload_as_str().unwrap_or("it does not say why");
    safe!("error: crashgate itself failed{}: {}", place, Redaction::On.text(said).line())
}
