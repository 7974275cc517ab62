//! What of the manifests is not gated, said on stderr.

use crate::manifest::LeftOut;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::Untrusted;

/// Says what is not gated and why: hooks always, and what is left out as a matter of course where `verbose` asks for it.
pub(super) fn tell(left_out: &[LeftOut], verbose: bool, printer: &mut Printer) {
    for LeftOut { origin, name, why } in left_out.iter().filter(|left_out| verbose || !left_out.why.is_routine()) {
        printer.say(&safe!(
            "{}:{}: {} is left out: {}",
            Untrusted::name(&origin.file).line(),
            origin.line,
            Untrusted::name(name).line(),
            Untrusted::name(&why.to_string()).line()
        ));
    }
}
