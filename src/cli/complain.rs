//! What every subcommand may have to say on stderr before it has a result.

use crate::report::emphasis;
use crate::report::printer::Printer;
use crate::text::Redaction;

/// Says on stderr what is wrong. It may quote flags, manifests, paths and servers, which may hold anything.
pub(super) fn complain(printer: &mut Printer, redaction: Redaction, message: &str) {
    let message = redaction.text(message.trim_end()).whole();
    printer.say(&emphasis::fronts(&message, printer.stderr()));
}

/// Returns what `--no-redact` stands for, and warns where it is given.
pub(super) fn redaction(no_redact: bool, printer: &mut Printer) -> Redaction {
    if no_redact {
        complain(
            printer,
            Redaction::On,
            "warning: --no-redact: the output may contain secrets; keep it out of shared logs",
        );
    }
    Redaction::unless(no_redact)
}
