//! `validate --online`: what each check of the metrics finds at its source now.

use std::time::Duration;

use crate::cluster::drive::metrics_sources;
use crate::gate::result::Verdict;
use crate::gate::spec::{Check, Metrics, Plan};
use crate::gate::{Preview, preview};
use crate::metrics::MetricsClient;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText};

use super::super::complain::complain;

/// The samples of so long are looked at.
const WINDOW: Duration = Duration::from_mins(5);

/// Asks the source of each gate that has metrics, and prints what each check finds. Returns the exit code: 0 where every
/// check finds what it needs, that of an inconclusive gate where one does not.
pub(super) fn run(plans: &[Plan], printer: &mut Printer) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(printer, Redaction::On, &format!("error: cannot start: {error}"));
            return Verdict::Inconclusive.exit_code();
        }
    };
    let verdict = runtime.block_on(ask(plans, printer));
    // An answer that hangs must not hold up the end.
    runtime.shutdown_background();
    verdict.exit_code()
}

async fn ask(plans: &[Plan], printer: &mut Printer) -> Verdict {
    let clients = match metrics_sources::clients(plans, None) {
        Ok(clients) => clients,
        Err(error) => {
            complain(printer, Redaction::On, &format!("error: {error}"));
            return Verdict::Usage;
        }
    };
    let mut verdict = Verdict::Healthy;
    for (plan, client) in plans.iter().zip(&clients) {
        let (Some(metrics), Some(client)) = (&plan.metrics, client) else { continue };
        for check in &metrics.checks {
            let told = ask_one(plan, metrics, check, client).await;
            printer.result(&told.lines());
            if told.problem.is_some() {
                verdict = Verdict::Inconclusive;
            }
        }
    }
    verdict
}

/// What is told of a check.
struct Told {
    name: SafeText,
    found: Vec<SafeText>,
    problem: Option<SafeText>,
}

impl Told {
    fn lines(&self) -> SafeText {
        let found = self.found.iter().map(|line| safe!("  {}\n", line));
        let problem = self.problem.iter().map(|line| safe!("  problem: {}\n", line));
        safe!("check {}\n{}", self.name, SafeText::joined(found.chain(problem), ""))
    }
}

async fn ask_one(plan: &Plan, metrics: &Metrics, check: &Check, client: &MetricsClient) -> Told {
    let inert = |text: &str| Redaction::On.text(text).line();
    let name = inert(&check.name);
    let measured = client.preview(check, &metrics.pod_labels, &plan.namespace, WINDOW).await;
    let answer = match &measured.answer {
        Ok(answer) => answer,
        Err(trouble) => return Told { name, found: Vec::new(), problem: Some(inert(&trouble.message)) },
    };
    let seen = preview(check, &metrics.pod_labels, answer);
    let patience = seen.interval.unwrap_or_default() * 2 + plan.delay;
    let stale = seen
        .age
        .filter(|age| *age > patience)
        .map(|age| safe!("the newest sample is {} old: is the target still scraped?", time(age)));
    let warnings = answer.warnings.iter().map(|warning| safe!("the source warns: {}", inert(warning)));
    let mut found = found(&seen);
    found.extend(warnings);
    found.extend(compared(&seen, metrics, check));
    Told { name, found, problem: seen.problem.as_deref().map(inert).or(stale) }
}

fn found(seen: &Preview) -> Vec<SafeText> {
    let mut lines = Vec::new();
    if let Some(value) = seen.value {
        lines.push(safe!("the query gives {} now", value));
    }
    let (series, pods) = seen.matched;
    if series > 0 {
        let age = seen.age.map_or_else(SafeText::default, |age| safe!(", the newest sample is {} old", time(age)));
        let scraped = seen.interval.map_or_else(SafeText::default, |every| safe!(", scraped every {}", time(every)));
        lines.push(safe!("{} series of {} pods{}{}", series, pods, age, scraped));
    }
    let Some((counts, span)) = seen.counted else { return lines };
    let rate = rate(counts.total, span);
    let share = counts.share().map_or_else(|| "none".to_owned(), |share| format!("{:.3}%", share * 100.0));
    lines.push(safe!(
        "{} requests in {}, {} of them bad; {} requests/s over all pods",
        counts.total,
        time(span),
        Redaction::On.text(&share).line(),
        one_digit(rate)
    ));
    lines.push(match seen.clean_needed {
        Some(needed) => {
            safe!("a clean version is proven good after {} requests: {} at this rate", needed, long(needed, rate))
        }
        None if seen.compared_needed.is_some() => return lines,
        None => "no number of requests proves a limit of 0 kept: allow a little, as in `max: 0.01%`".into(),
    });
    if counts.bad > 0 {
        lines.push(match seen.needed_as_now {
            Some(needed) => safe!("one with as many bad requests as now, after {}: {}", needed, long(needed, rate)),
            None => "with as many bad requests as now it would never be proven good".into(),
        });
    }
    lines
}

fn compared(seen: &Preview, metrics: &Metrics, check: &Check) -> Option<SafeText> {
    if !check.measure.compares() || !metrics.compares() {
        return None;
    }
    let (counts, span) = seen.counted?;
    Some(match seen.compared_needed {
        Some(needed) => safe!(
            "compared: with a tenth of the traffic and no difference, good after {} requests of the canary: {}",
            needed,
            long(needed, rate(counts.total, span) / 10.0)
        ),
        None if counts.bad == 0 => "compared: nothing is bad now, and two versions without any error cannot be compared; consider `undecided: pass`".into(),
        None => "compared: with as many bad requests as now it would never be proven good".into(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
fn rate(total: u64, span: Duration) -> f64 {
    if span.is_zero() { 0.0 } else { total as f64 / span.as_secs_f64() }
}

fn one_digit(rate: f64) -> SafeText {
    Redaction::On.text(&format!("{rate:.1}")).line()
}

/// How long so many requests take.
#[expect(clippy::cast_precision_loss, reason = "a forecast needs no more digits")]
fn long(requests: u64, rate: f64) -> SafeText {
    if rate <= 0.0 {
        return "never, without traffic".into();
    }
    Duration::try_from_secs_f64(requests as f64 / rate)
        .map_or_else(|_| "never".into(), |long| safe!("about {}", time(long)))
}

/// `40 s`, `4 minutes`, `3 hours`.
fn time(time: Duration) -> SafeText {
    let seconds = time.as_secs();
    match seconds {
        0..=119 => safe!("{} s", seconds),
        120..=7_199 => safe!("{} minutes", seconds.div_ceil(60)),
        _ => safe!("{} hours", seconds.div_ceil(3_600)),
    }
}
