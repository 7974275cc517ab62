//! `crashgate explain`: what the codes, verdicts, exit codes and Kubernetes' own reasons mean, as people read it.

use std::fmt::Write as _;

use super::complain::complain;
use crate::gate::diagnose::exit_code;
use crate::gate::result::{CATALOGUE, Code, Counts, Fault, NOTICES, NoticeRow, Row, Verdict};
use crate::gate::spec::Grace;
use crate::gate::{REASONS, Reason};
use crate::report::emphasis;
use crate::report::pod_run::NOT_RUN;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText};

/// Explain a code, a verdict, an exit code or a Kubernetes reason, or list them all
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The code of a cause or a warning (`CrashLoop`), a verdict (`timed-out`), an exit code (`5`) or a reason that
    /// Kubernetes gives (`ErrImagePull`); case does not matter
    #[arg(value_name = "CODE")]
    topic: Option<String>,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let Some(name) = &args.topic else {
        printer.result(&headed(&list(), printer));
        return 0;
    };
    let sections: Vec<String> = topics_of(name).into_iter().map(Topic::text).collect();
    if !sections.is_empty() {
        let sections: Vec<SafeText> = sections.iter().map(|section| headed(section, printer)).collect();
        printer.result(&SafeText::joined(sections, "\n"));
        return 0;
    }
    let plain = plain(name);
    let distance = |known: &&str| strsim::levenshtein(&plain, &self::plain(known));
    let nearest = names().min_by_key(distance).filter(|known| distance(known) <= 1 + plain.chars().count() / 3);
    let hint = nearest.map_or_else(|| ";".to_owned(), |known| format!("; did you mean `{known}`?"));
    let shown: String = name.chars().take(60).collect();
    let shown = Redaction::On.text(&shown).line();
    let message = format!("error: unknown name `{shown}`{hint} `crashgate explain` lists all codes");
    complain(printer, Redaction::On, &message);
    Verdict::Usage.exit_code()
}

/// The text with its headings emphasised: its first line, and those after an empty line that end with a colon.
fn headed(text: &str, printer: &Printer) -> SafeText {
    let mut before = "";
    let lines = text.split_inclusive('\n').map(|line| {
        let is_heading = before.trim().is_empty() && (before.is_empty() || line.ends_with(":\n"));
        before = line;
        let line = SafeText::rearranged(line);
        let words = line.trimmed_end();
        if is_heading { safe!("{}\n", emphasis::heading(&words, printer.stdout())) } else { line }
    });
    lines.collect()
}

/// Something that can be explained.
#[derive(Debug, Clone, Copy)]
enum Topic {
    Cause(&'static Row),
    Warning(&'static NoticeRow),
    Verdict(Verdict),
    /// The exit code of `crashgate run` for a pod that could not be run.
    CouldNotRun,
    Reason(&'static Reason),
    /// How a container ended, by its exit code.
    ContainerExit(i32),
}

/// What a name stands for: several things where crashgate and Kubernetes use the same word.
fn topics_of(name: &str) -> Vec<Topic> {
    let plain = plain(name);
    let number = plain.strip_prefix("exitcode").or_else(|| plain.strip_prefix("exit")).unwrap_or(&plain);
    if let Ok(number) = number.parse::<i32>() {
        let verdicts = Verdict::ALL.into_iter().filter(|verdict| i32::from(verdict.exit_code()) == number);
        let mut topics: Vec<Topic> = verdicts.map(Topic::Verdict).collect();
        if number == i32::from(NOT_RUN) {
            topics.push(Topic::CouldNotRun);
        }
        if exit_code::meaning_of(number).is_some() {
            topics.push(Topic::ContainerExit(number));
        }
        return topics;
    }
    let is_it = |known: &str| self::plain(known) == plain;
    let causes = CATALOGUE.iter().filter(|row| is_it(row.name)).map(Topic::Cause);
    let warnings = NOTICES.iter().filter(|row| is_it(row.name)).map(Topic::Warning);
    let verdicts = Verdict::ALL.into_iter().filter(|verdict| is_it(verdict.name())).map(Topic::Verdict);
    let reasons = REASONS.iter().filter(|reason| is_it(reason.name)).map(Topic::Reason);
    causes.chain(warnings).chain(verdicts).chain(reasons).collect()
}

/// Every name that can be explained.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let causes = CATALOGUE.iter().map(|row| row.name);
    let warnings = NOTICES.iter().map(|row| row.name);
    let verdicts = Verdict::ALL.into_iter().map(Verdict::name);
    causes.chain(warnings).chain(verdicts).chain(REASONS.iter().map(|reason| reason.name))
}

/// A name as it is compared: `timed-out`, `TimedOut` and `timed out` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn list() -> String {
    let mut text = String::new();
    for fault in [Fault::App, Fault::Platform, Fault::Outcome, Fault::Observation] {
        let heading = match fault {
            Fault::App => "The app, its image or its configuration:",
            Fault::Platform => "The cluster that should run it:",
            Fault::Outcome => "The version is not there, or not wanted:",
            Fault::Observation => "The cluster could not be observed well enough:",
        };
        let _ = writeln!(text, "{heading}");
        for row in CATALOGUE.iter().filter(|row| row.fault == fault) {
            let _ = writeln!(text, "  {:<20} exit {}  {}", row.name, row.verdict.exit_code(), row.meaning);
        }
        text.push('\n');
    }
    text.push_str("Warnings, which never change the verdict:\n");
    for row in NOTICES {
        let _ = writeln!(text, "  {:<20} {}", row.name, row.meaning);
    }
    text.push_str("\nVerdicts and exit codes:\n");
    for verdict in Verdict::ALL {
        let _ = writeln!(text, "  {:<20} exit {:<3}  {}", verdict.name(), verdict.exit_code(), verdict.meaning());
    }
    text.push_str(
        "\n`crashgate explain NAME` explains each of them, the exit codes of containers, and the reasons that \
         Kubernetes\ngives (`ErrImagePull`, `Evicted`, `FailedMount`, …).\n",
    );
    text
}

impl Topic {
    fn text(self) -> String {
        match self {
            Self::Cause(row) => cause(row),
            Self::Warning(row) => warning(row),
            Self::Verdict(verdict) => self::verdict(verdict),
            Self::CouldNotRun => format!(
                "Exit code {NOT_RUN}: of `crashgate run` only\n\nThe pod could not be run, or could not be watched to its end. \
                 Any other exit code of `run` is that of the container.\n"
            ),
            Self::Reason(reason) => self::reason(reason),
            Self::ContainerExit(code) => format!(
                "Exit code {code} of a container: {}\n\nA container that should keep running and ends so has crashed. The cause is \
                 `OomKilled` if the reason is OOMKilled,\n`LivenessProbeFailed` or `StartupProbeFailed` if a probe failed, \
                 and `CrashLoop` otherwise.\n",
                exit_code::meaning_of(code).unwrap_or_default()
            ),
        }
    }
}

/// What the evidence of metrics is, as people read it.
const EVIDENCE: &str = "\
Evidence:     E is the weight of the evidence: how much likelier the counts are if that which is to be proven is true.
              It stays valid however often it is looked at: by chance alone it ever reaches N in at most 1 of N runs.
              `alpha` says how much is proof. To fail a gate E must reach 1/alpha times the number of tests that can
              fail it (alpha 5%, one test: 20; three tests: 60), and to prove a check good it must reach 1/alpha. A
              comparison asks for more where the stable pods look different among themselves.
";

fn cause(row: &Row) -> String {
    let evidence = match row.code {
        Code::MetricOverLimit | Code::CanaryWorse | Code::MetricUndecided => EVIDENCE,
        _ => "",
    };
    format!(
        "{}: {} (exit {})\n\n{}\n\nUsual causes: {}\nWhat to do:   {}\nCounts:       {}\nRests on:     {}\n{evidence}",
        row.name,
        row.verdict,
        row.verdict.exit_code(),
        row.meaning,
        row.causes,
        row.next_step,
        counts(row),
        row.rests_on
    )
}

fn warning(row: &NoticeRow) -> String {
    format!(
        "{}: a warning, which never changes the verdict\n\n{}\n\nUsual causes: {}\nWhat to do:   {}\n",
        row.name, row.meaning, row.causes, row.next_step
    )
}

fn verdict(verdict: Verdict) -> String {
    let mut text = format!("Verdict {}: exit code {}\n\n{}\n", verdict.name(), verdict.exit_code(), verdict.meaning());
    let causes: Vec<&Row> = CATALOGUE.iter().filter(|row| row.verdict == verdict).collect();
    if !causes.is_empty() {
        text.push_str("\nCauses:\n");
    }
    for row in causes {
        let _ = writeln!(text, "  {:<20} {}", row.name, row.meaning);
    }
    text
}

fn reason(reason: &Reason) -> String {
    let mut text = format!("{}: a reason that Kubernetes gives ({})\n\n{}\n", reason.name, reason.told_in, reason.says);
    if reason.codes.is_empty() {
        text.push_str("\nIt is not a cause by itself.\n");
        return text;
    }
    text.push_str("\ncrashgate reports it as:\n");
    for code in reason.codes.iter().copied().map(Code::row) {
        let _ = writeln!(text, "  {:<20} exit {}  {}", code.name, code.verdict.exit_code(), code.meaning);
    }
    text
}

fn counts(row: &Row) -> String {
    match row.counts {
        Counts::AtTheEnd
            if matches!(
                row.code,
                Code::MetricUndecided | Code::NoMetricData | Code::MetricAmbiguous | Code::MetricsUnreachable
            ) =>
        {
            "if it persists to the end of the time that metrics are watched (`watchFor`)".to_owned()
        }
        Counts::AtOnce => "as soon as it is seen".to_owned(),
        Counts::AtTheEnd => "if it persists to the end of the wait period".to_owned(),
        Counts::AfterGrace(grace) => match grace.default_patience() {
            Some(patience) if patience.is_zero() => {
                format!("as soon as it is seen, or after `grace: {{{}: …}}`", grace.name())
            }
            Some(patience) => {
                format!("after {} s, or as `grace: {{{}: …}}` says", patience.as_secs(), Grace::name(grace))
            }
            None => format!("at the end of the wait period, or after `grace: {{{}: …}}`", grace.name()),
        },
    }
}
