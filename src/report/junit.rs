//! The report as `JUnit` XML: a suite for each gate, in it a case for the gate and one for each of its pods.
//!
//! The dialect is the one that Jenkins, GitLab, Azure, `CircleCI` and Buildkite all read: every attribute that one of
//! them asks for, and none that another does not know.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::story::{Document, Mistake};
use super::{block, headline, progress, quote, words, xml};
use crate::cluster::drive::GateRun;
use crate::gate::result::{Finding, PodSummary, Verdict};

/// How a case went.
enum Went {
    Well,
    /// The app is at fault.
    Failure {
        message: String,
        kind: String,
        text: String,
    },
    /// Something else is.
    Error {
        message: String,
        kind: String,
        text: String,
    },
    /// Nothing can be said of it alone.
    Skipped {
        message: String,
    },
}

struct Case {
    class: String,
    name: String,
    time: Duration,
    went: Went,
    out: String,
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    time: Duration,
    cases: Vec<Case>,
}

/// The report.
#[must_use]
pub fn render(document: &Document<'_>) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    // Readers merge what has one class and one name, wherever it stands.
    let (mut names, mut cases) = (BTreeSet::new(), BTreeSet::new());
    for (gate, _) in document.gates() {
        let name = unique(&mut names, "", &headline::gate(gate));
        suites.push(suite(gate, name, &mut cases));
    }
    if let Some(error) = document.error {
        suites.push(mistaken(error));
    }
    let of = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"crashgate\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\">",
        of(|suite| suite.cases.len()),
        of(failures),
        of(errors),
        seconds(document.run.duration),
    );
    for suite in &suites {
        write_suite(&mut out, suite, document.run.started_at);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(gate: &GateRun, name: String, seen: &mut BTreeSet<String>) -> Suite {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    let class = format!("crashgate.{}.{}", quote::name(&plan.namespace), quote::name(&plan.app));
    let mut cases = vec![Case {
        name: unique(seen, &class, &format!("{} is healthy", progress::app(plan))),
        class: class.clone(),
        time: outcome.decided_after,
        went: of_gate(gate),
        out: summary(gate),
    }];
    for pod in &outcome.pods {
        let name = unique(seen, &class, &format!("{} pod {}", quote::name(&plan.version), quote::name(&pod.name)));
        let out = format!(
            "{}{}",
            pod_line(pod),
            pod.node.as_deref().map(|node| format!("; node {}", quote::name(node))).unwrap_or_default()
        );
        cases.push(Case { name, class: class.clone(), time: Duration::ZERO, went: of_pod(gate, pod), out });
    }
    let properties = vec![
        ("app", quote::name(&plan.app)),
        ("version", quote::name(&plan.version)),
        ("namespace", quote::name(&plan.namespace)),
        ("selector", quote::name(&plan.selector.to_string())),
        ("verdict", outcome.verdict.name().to_owned()),
        ("exitCode", outcome.verdict.exit_code().to_string()),
    ];
    Suite { name, properties, time: outcome.decided_after, cases }
}

/// The suite of a run that never judged anything.
fn mistaken(mistake: Mistake<'_>) -> Suite {
    let text = quote::block(mistake.text, 2000).join("\n");
    let message = text.lines().next().unwrap_or_default().to_owned();
    let went = Went::Error { message, kind: mistake.code().to_owned(), text };
    let case = Case {
        class: "crashgate".to_owned(),
        name: "arguments and manifest".to_owned(),
        time: Duration::ZERO,
        went,
        out: String::new(),
    };
    Suite { name: "crashgate".to_owned(), properties: Vec::new(), time: Duration::ZERO, cases: vec![case] }
}

fn of_gate(gate: &GateRun) -> Went {
    let outcome = &gate.outcome;
    if outcome.verdict == Verdict::Healthy {
        return Went::Well;
    }
    let (kind, words) = match outcome.findings.first() {
        Some(finding) => (finding.code.name(), quote::line(&finding.message)),
        None => (outcome.verdict.name(), headline::meaning(outcome.verdict).to_owned()),
    };
    let message = format!("{}: {words}", headline::title(outcome.verdict));
    let text = outcome.findings.iter().map(told).collect::<Vec<_>>().join("\n\n");
    not_well(outcome.verdict, message, kind, text)
}

fn of_pod(gate: &GateRun, pod: &PodSummary) -> Went {
    let outcome = &gate.outcome;
    if outcome.verdict == Verdict::Healthy {
        return Went::Well;
    }
    let concerns =
        |finding: &&Finding| finding.place.pod.as_ref() == Some(&pod.name) || finding.also.contains(&pod.name);
    if let Some(finding) = outcome.findings.iter().find(concerns) {
        let message = quote::line(&finding.message);
        return not_well(finding.code.row().verdict, message, finding.code.name(), told(finding));
    }
    if pod.ready {
        return Went::Well;
    }
    Went::Skipped { message: format!("not ready when the gate decided: {}", quote::line(&pod.state)) }
}

/// A failure is the app's. What the cluster or the view of it is to blame for is an error.
fn not_well(verdict: Verdict, message: String, kind: &str, text: String) -> Went {
    let kind = kind.to_owned();
    match verdict {
        Verdict::Failed | Verdict::TimedOut | Verdict::NothingMatched => Went::Failure { message, kind, text },
        _ => Went::Error { message, kind, text },
    }
}

/// The cause with its proof.
fn told(finding: &Finding) -> String {
    let place = headline::place_line(finding);
    let mut lines =
        vec![if place.is_empty() { finding.code.to_string() } else { format!("{}: {place}", finding.code) }];
    if !finding.also.is_empty() {
        lines.push(block::also(&finding.also));
    }
    lines.push(quote::line(&finding.message));
    for piece in &finding.evidence {
        lines.push(String::new());
        lines.push(format!("{}:", block::label(piece.kind)));
        lines.extend(headline::proof(piece).into_iter().map(|line| format!("  {line}")));
    }
    if !finding.next_step.trim().is_empty() {
        lines.push(String::new());
        lines.push(format!("Next: {}", quote::line(&finding.next_step)));
    }
    lines.join("\n")
}

fn summary(gate: &GateRun) -> String {
    let outcome = &gate.outcome;
    let mut lines = vec![format!(
        "{} after {}. {}",
        headline::title(outcome.verdict),
        words::duration(outcome.decided_after),
        headline::readiness(gate)
    )];
    lines.extend(progress::warning_kinds(&outcome.warnings).iter().map(|kind| format!("Warning: {}", kind.words())));
    lines.join("\n")
}

fn pod_line(pod: &PodSummary) -> String {
    format!("{}; {}", quote::line(&pod.state), words::count(pod.restarts as usize, "restart"))
}

/// The name, with a number behind it where it was there already in this class.
fn unique(seen: &mut BTreeSet<String>, class: &str, name: &str) -> String {
    let mut free = name.to_owned();
    let mut number = 1;
    while !seen.insert(format!("{class}\n{free}")) {
        number += 1;
        free = format!("{name} ({number})");
    }
    free
}

fn failures(suite: &Suite) -> usize {
    suite.cases.iter().filter(|case| matches!(case.went, Went::Failure { .. })).count()
}

fn errors(suite: &Suite) -> usize {
    suite.cases.iter().filter(|case| matches!(case.went, Went::Error { .. })).count()
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

fn write_suite(out: &mut String, suite: &Suite, started_at: jiff::Timestamp) {
    let skipped = suite.cases.iter().filter(|case| matches!(case.went, Went::Skipped { .. })).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{}\" timestamp=\"{}\">",
        xml::attribute(&suite.name),
        suite.cases.len(),
        failures(suite),
        errors(suite),
        seconds(suite.time),
        started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    );
    if !suite.properties.is_empty() {
        out.push_str("    <properties>\n");
        for (name, value) in &suite.properties {
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", xml::attribute(value));
        }
        out.push_str("    </properties>\n");
    }
    for case in &suite.cases {
        write_case(out, case);
    }
    out.push_str("  </testsuite>\n");
}

fn write_case(out: &mut String, case: &Case) {
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">",
        xml::attribute(&case.class),
        xml::attribute(&case.name),
        seconds(case.time)
    );
    let (tag, message, kind, text) = match &case.went {
        Went::Well => ("", "", "", ""),
        Went::Failure { message, kind, text } => ("failure", message.as_str(), kind.as_str(), text.as_str()),
        Went::Error { message, kind, text } => ("error", message.as_str(), kind.as_str(), text.as_str()),
        Went::Skipped { message } => ("skipped", message.as_str(), "", ""),
    };
    if !tag.is_empty() {
        let kind = if kind.is_empty() { String::new() } else { format!(" type=\"{}\"", xml::attribute(kind)) };
        let _ = writeln!(out, "      <{tag} message=\"{}\"{kind}>{}</{tag}>", xml::attribute(message), xml::text(text));
    }
    if !case.out.is_empty() {
        let _ = writeln!(out, "      <system-out>{}</system-out>", xml::text(&case.out));
    }
    out.push_str("    </testcase>\n");
}
