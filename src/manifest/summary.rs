//! A plan on one line, as `crashgate validate` says it.

use std::fmt;

use crate::gate::spec::Plan;
use crate::text::escape;

use super::definitions::Key;

/// Shows a plan on one line: what was understood, with every default filled in.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'p>(pub &'p Plan);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        let pods = match &plan.workload {
            Some(pin) => format!("pinned to {pin}"),
            None => format!("pods {}", plan.selector),
        };
        let mut line = format!("{} {} in {}: {pods}", plan.app, plan.version, plan.namespace);
        for part in Key::ALL.into_iter().filter_map(|key| (key.definition().summary)(plan)) {
            line.push_str("; ");
            line.push_str(&part);
        }
        f.write_str(&escape::one_line(&line))
    }
}
