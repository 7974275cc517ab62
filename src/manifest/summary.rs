//! A plan on one line, as `crashgate validate` says it.

use std::fmt;
use std::time::Duration;

use crate::gate::spec::{MinReady, Plan};

use crate::text::inert;

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
        let mut parts = vec![
            pods,
            format!("delay {}", time(plan.delay)),
            format!("wait {}", time(plan.wait_period)),
            format!("stable {}", time(plan.stable_for)),
        ];
        if plan.max_restarts > 0 {
            parts.push(format!("up to {} restarts", plan.max_restarts));
        }
        if let Some(replicas) = plan.replicas {
            parts.push(format!("at least {replicas} pods"));
        }
        match plan.min_ready {
            Some(MinReady::Count(pods)) => parts.push(format!("{pods} ready are enough")),
            Some(MinReady::Percent(percent)) => parts.push(format!("{percent}% ready are enough")),
            None => {}
        }
        parts.extend(plan.grace.iter().map(|(grace, patience)| format!("grace {} {}", grace.name(), time(*patience))));
        if !plan.ignore_containers.is_empty() {
            let names: Vec<&str> = plan.ignore_containers.iter().map(String::as_str).collect();
            parts.push(format!("ignoring {}", names.join(",")));
        }
        if let Some(smoke) = &plan.smoke {
            parts.push(format!("smoke run of {} within {}", smoke.image, time(smoke.timeout)));
        }
        let line = format!("{} {} in {}: {}", plan.app, plan.version, plan.namespace, parts.join("; "));
        f.write_str(&inert::one_line(&line))
    }
}

fn time(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration)
}
