//! The report as `JUnit` XML: a suite for each gate, in it a case for the gate and one for each of its pods.
//!
//! The dialect is the one that Jenkins, GitLab, Azure, `CircleCI` and Buildkite all read: every attribute that one of
//! them asks for, and none that another does not know.

use std::collections::BTreeSet;
use std::time::Duration;

use super::check::Check;
use super::model::{Finding, GateRun, Pod};
use super::run_log::{Mistake, ReportInput};
use super::{block, headline, progress, words, xml};
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::SafeText;

/// How a case went.
enum Went {
    Well,
    /// The app is at fault.
    Failure {
        message: SafeText,
        kind: &'static str,
        text: SafeText,
    },
    /// Something else is.
    Error {
        message: SafeText,
        kind: &'static str,
        text: SafeText,
    },
    /// Nothing can be said of it alone.
    Skipped {
        message: SafeText,
    },
}

struct Case {
    class: SafeText,
    name: SafeText,
    time: Duration,
    went: Went,
    out: SafeText,
}

struct Suite {
    name: SafeText,
    properties: Vec<(&'static str, SafeText)>,
    time: Duration,
    cases: Vec<Case>,
}

/// The report.
#[must_use]
pub fn render(document: &ReportInput<'_>) -> SafeText {
    let mut suites: Vec<Suite> = Vec::new();
    // Readers merge what has one class and one name, wherever it stands.
    let (mut names, mut cases) = (BTreeSet::new(), BTreeSet::new());
    for (gate, _) in document.gates() {
        let name = unique(&mut names, &SafeText::EMPTY, &headline::gate(gate));
        suites.push(suite(gate, name, &mut cases));
    }
    if let Some(error) = document.error {
        suites.push(mistaken(error));
    }
    let of = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    safe!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"crashgate\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\">\n{}</testsuites>\n",
        of(|suite| suite.cases.len()),
        of(failures),
        of(errors),
        seconds(document.run.duration),
        suites.iter().map(|suite| suite_xml(suite, document.run.started_at)).collect::<SafeText>(),
    )
}

fn suite(gate: &GateRun, name: SafeText, seen: &mut BTreeSet<(SafeText, SafeText)>) -> Suite {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    let class = safe!("crashgate.{}.{}", plan.namespace.line(), plan.app.line());
    let mut cases = vec![Case {
        name: unique(seen, &class, &safe!("{} is healthy", progress::app(plan))),
        class: class.clone(),
        time: outcome.decided_after,
        went: of_gate(gate),
        out: summary(gate),
    }];
    for pod in &outcome.pods {
        let name = unique(seen, &class, &safe!("{} pod {}", plan.version.line(), pod.name.line()));
        let node = pod.node.as_ref().map(|node| safe!("; node {}", node.line())).unwrap_or_default();
        let restarts = words::count(pod.restarts as usize, "restart");
        let out = safe!("{}; {}{}", pod.state.line(), restarts, node);
        cases.push(Case { name, class: class.clone(), time: Duration::ZERO, went: of_pod(gate, pod), out });
    }
    for check in &outcome.checks {
        let name = unique(seen, &class, &safe!("{} check {}", plan.version.line(), check.name.line()));
        let went = of_check(gate, check);
        cases.push(Case { name, class: class.clone(), time: Duration::ZERO, went, out: check.told() });
    }
    let properties = vec![
        ("app", plan.app.line()),
        ("version", plan.version.line()),
        ("namespace", plan.namespace.line()),
        ("selector", plan.selector.line()),
        ("verdict", outcome.verdict.name().into()),
        ("exitCode", safe!("{}", outcome.verdict.exit_code())),
    ];
    Suite { name, properties, time: outcome.decided_after, cases }
}

/// The suite of a run that never judged anything.
fn mistaken(mistake: &Mistake) -> Suite {
    let lines = mistake.text.block(2000);
    let message = lines.first().cloned().unwrap_or_default();
    let went = Went::Error { message, kind: mistake.code(), text: SafeText::joined(lines, "\n") };
    let case = Case {
        class: "crashgate".into(),
        name: "arguments and manifest".into(),
        time: Duration::ZERO,
        went,
        out: SafeText::EMPTY,
    };
    Suite { name: "crashgate".into(), properties: Vec::new(), time: Duration::ZERO, cases: vec![case] }
}

fn of_gate(gate: &GateRun) -> Went {
    let outcome = &gate.outcome;
    if outcome.verdict == Verdict::Healthy {
        return Went::Well;
    }
    let (kind, words) = match outcome.findings.first() {
        Some(finding) => (finding.code.name(), finding.message.line()),
        None => (outcome.verdict.name(), headline::meaning(outcome.verdict).into()),
    };
    let message = safe!("{}: {}", headline::title(outcome.verdict), words);
    let text = SafeText::joined(outcome.findings.iter().map(told), "\n\n");
    not_well(outcome.verdict, message, kind, text)
}

fn of_pod(gate: &GateRun, pod: &Pod) -> Went {
    let outcome = &gate.outcome;
    if outcome.verdict == Verdict::Healthy {
        return Went::Well;
    }
    let concerns = |finding: &&Finding| finding.pod.as_ref() == Some(&pod.name) || finding.also.contains(&pod.name);
    if let Some(finding) = outcome.findings.iter().find(concerns) {
        let message = finding.message.line();
        return not_well(finding.code.row().verdict, message, finding.code.name(), told(finding));
    }
    if pod.ready {
        return Went::Well;
    }
    Went::Skipped { message: safe!("not ready when the gate decided: {}", pod.state.line()) }
}

/// A check that decided nothing, because the metrics were to decide nothing or something else ended the gate, says nothing
/// of the version by itself.
fn of_check(gate: &GateRun, check: &Check) -> Went {
    let Some(code) = check.code() else { return Went::Well };
    let message = safe!("{}: {}", check.name.line(), check.told());
    let is_its = |finding: &&Finding| finding.code == code && finding.check.as_ref() == Some(&check.name);
    match gate.outcome.findings.iter().find(is_its) {
        Some(finding) => not_well(code.row().verdict, message, code.name(), told(finding)),
        None => Went::Skipped { message },
    }
}

/// A failure is the app's. What the cluster or the view of it is to blame for is an error.
fn not_well(verdict: Verdict, message: SafeText, kind: &'static str, text: SafeText) -> Went {
    match verdict {
        Verdict::Failed | Verdict::TimedOut | Verdict::NothingMatched => Went::Failure { message, kind, text },
        _ => Went::Error { message, kind, text },
    }
}

/// The cause with its proof.
fn told(finding: &Finding) -> SafeText {
    let place = headline::place_line(finding);
    let mut lines =
        vec![if place.is_empty() { finding.code.name().into() } else { safe!("{}: {}", finding.code, place) }];
    if !finding.also.is_empty() {
        lines.push(block::also(&finding.also));
    }
    lines.push(finding.message.line());
    for piece in &finding.evidence {
        lines.push(SafeText::EMPTY);
        lines.push(safe!("{}:", block::label(piece.kind)));
        lines.extend(headline::proof(piece).into_iter().map(|line| safe!("  {}", line)));
    }
    if !finding.next_step.is_blank() {
        lines.push(SafeText::EMPTY);
        lines.push(safe!("Next: {}", finding.next_step.line()));
    }
    SafeText::joined(lines, "\n")
}

fn summary(gate: &GateRun) -> SafeText {
    let outcome = &gate.outcome;
    let mut lines = vec![safe!(
        "{} after {}. {}",
        headline::title(outcome.verdict),
        words::duration(outcome.decided_after),
        headline::readiness(gate)
    )];
    lines.extend(progress::warning_kinds(&outcome.warnings).iter().map(|kind| safe!("Warning: {}", kind.words())));
    SafeText::joined(lines, "\n")
}

/// The name, with a number behind it where it was there already in this class.
fn unique(seen: &mut BTreeSet<(SafeText, SafeText)>, class: &SafeText, name: &SafeText) -> SafeText {
    let mut free = name.clone();
    let mut number = 1;
    while !seen.insert((class.clone(), free.clone())) {
        number += 1;
        free = safe!("{} ({})", name, number);
    }
    free
}

fn failures(suite: &Suite) -> usize {
    suite.cases.iter().filter(|case| matches!(case.went, Went::Failure { .. })).count()
}

fn errors(suite: &Suite) -> usize {
    suite.cases.iter().filter(|case| matches!(case.went, Went::Error { .. })).count()
}

fn seconds(duration: Duration) -> SafeText {
    safe!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

fn suite_xml(suite: &Suite, started_at: jiff::Timestamp) -> SafeText {
    let skipped = suite.cases.iter().filter(|case| matches!(case.went, Went::Skipped { .. })).count();
    let property =
        |(name, value): &(_, _)| safe!("      <property name=\"{}\" value=\"{}\"/>\n", name, xml::attribute(value));
    let properties: SafeText = suite.properties.iter().map(property).collect();
    safe!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" timestamp=\"{}\">\n\
         {}{}  </testsuite>\n",
        xml::attribute(&suite.name),
        suite.cases.len(),
        failures(suite),
        errors(suite),
        skipped,
        seconds(suite.time),
        words::timestamp(started_at),
        if properties.is_empty() { properties } else { safe!("    <properties>\n{}    </properties>\n", properties) },
        suite.cases.iter().map(case_xml).collect::<SafeText>(),
    )
}

fn case_xml(case: &Case) -> SafeText {
    let element = |tag: &'static str, message: &SafeText, kind: Option<&'static str>, text: &SafeText| {
        let kind = kind.map(|kind| safe!(" type=\"{}\"", xml::attribute(&kind.into()))).unwrap_or_default();
        safe!("      <{} message=\"{}\"{}>{}</{}>\n", tag, xml::attribute(message), kind, xml::text(text), tag)
    };
    let went = match &case.went {
        Went::Well => SafeText::EMPTY,
        Went::Failure { message, kind, text } => element("failure", message, Some(kind), text),
        Went::Error { message, kind, text } => element("error", message, Some(kind), text),
        Went::Skipped { message } => element("skipped", message, None, &SafeText::EMPTY),
    };
    let out = xml::text(&case.out);
    safe!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">\n{}{}    </testcase>\n",
        xml::attribute(&case.class),
        xml::attribute(&case.name),
        seconds(case.time),
        went,
        if out.is_empty() { out } else { safe!("      <system-out>{}</system-out>\n", out) },
    )
}
