//! `crashgate completions`, and what a shell is answered that asks for completions.
//!
//! The script that a shell reads asks this program at each TAB, as kubectl's does: what may stand there is known here alone,
//! and depends on files. `clap_complete` gives no promise about the words between the two, so its version is pinned, and a
//! script belongs to the program that printed it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;

use super::complain::complain;
use super::explain;
use crate::cluster::api::kubeconfig::known_contexts;
use crate::gate::model::WorkloadKind;
use crate::gate::result::Verdict;
use crate::gate::spec::Grace;
use crate::report::files::Kind;
use crate::report::printer::Printer;
use crate::text::{Redaction, SafeText};

/// The variable by which a script asks for completions: its value is the shell.
pub(super) const VARIABLE: &str = "CRASHGATE_COMPLETE";

/// Print the completions of a shell
///
/// For bash, add `source <(crashgate completions bash)` to ~/.bashrc. For other shells, write the output to where they look
/// for completions. They complete commands and flags, and also codes, kinds of reports, contexts and recordings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let mut script = Vec::new();
    let (shells, name) = (Shells::builtins(), args.shell.to_string());
    let written = shells
        .completer(&name)
        .map(|shell| shell.write_registration(VARIABLE, "crashgate", "crashgate", "crashgate", &mut script));
    if let Some(Ok(())) = written {
        printer.result(&SafeText::rearranged(String::from_utf8_lossy(&script)));
        return Verdict::Healthy.exit_code();
    }
    complain(printer, Redaction::On, &format!("error: there are no completions for {name}"));
    Verdict::Usage.exit_code()
}

/// The shell that asks for completions, and the words of its command line. `arguments` are those of the process: a script
/// puts a `--` before the words. In any other form a command is a command, whatever the environment has: a gate must not pass
/// because of a variable.
pub(super) fn asked(arguments: &[OsString]) -> Option<(OsString, &[OsString])> {
    let shell = std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty())?;
    let (mark, words) = arguments.get(1..)?.split_first()?;
    (mark == "--" && !words.is_empty()).then_some((shell, words))
}

/// Answers a shell that asks for completions of these words.
pub(super) fn answer(shell: &OsStr, words: &[OsString], command: Command, printer: &mut Printer) -> u8 {
    let shells = Shells::builtins();
    let shell = Path::new(shell).file_stem().and_then(OsStr::to_str).and_then(|name| shells.completer(name));
    let Some(shell) = shell else { return Verdict::Usage.exit_code() };
    let mut command = with_completers(command);
    command.build();
    let folder = std::env::current_dir().ok();
    let mut told = Vec::new();
    if shell.write_complete(&mut command, words.to_vec(), folder.as_deref(), &mut told).is_err() {
        return Verdict::Usage.exit_code();
    }
    // It goes to the shell that asked, which shows names of files as it always does.
    printer.result(&SafeText::rearranged(String::from_utf8_lossy(&told)));
    Verdict::Healthy.exit_code()
}

/// The command line with what may stand behind each flag.
fn with_completers(command: Command) -> Command {
    command.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        command.mut_args(|argument| {
            let completer = match (name.as_str(), argument.get_id().as_str()) {
                (_, "rehearse" | "recording" | "recordings" | "replay") => ArgValueCompleter::new(recordings),
                (_, "reports") => ArgValueCompleter::new(reports),
                ("check" | "replay" | "validate" | "run", "grace") => ArgValueCompleter::new(graces),
                ("check" | "replay" | "validate" | "init", "workload") | ("check", "live") | ("pods", "names") => {
                    ArgValueCompleter::new(workloads)
                }
                ("check" | "replay" | "validate", "until") => {
                    ArgValueCompleter::new(|typed: &OsStr| listed(typed, ["step", "promoted"]))
                }
                ("check" | "replay" | "validate", "metrics") => {
                    ArgValueCompleter::new(|typed: &OsStr| listed(typed, ["none", "dry"]))
                }
                ("check" | "replay" | "validate", "files") => ArgValueCompleter::new(manifests),
                ("explain", "topic") => ArgValueCompleter::new(|typed: &OsStr| topics(typed)),
                (_, "context") => ArgValueCompleter::new(|typed: &OsStr| fitting(typed, known_contexts())),
                _ => return argument,
            };
            argument.add(completer)
        })
    })
}

/// Those of the words that go on from what was typed.
fn fitting(typed: &OsStr, words: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    words.into_iter().filter(|word| word.starts_with(&*typed)).map(CompletionCandidate::new).collect()
}

fn listed<const N: usize>(typed: &OsStr, words: [&str; N]) -> Vec<CompletionCandidate> {
    fitting(typed, words.map(str::to_owned))
}

/// Files with one of these endings, and the folders on the way.
fn files(typed: &OsStr, endings: &'static [&'static str]) -> Vec<CompletionCandidate> {
    let is_one =
        move |path: &Path| path.extension().and_then(OsStr::to_str).is_some_and(|ending| endings.contains(&ending));
    PathCompleter::any().filter(is_one).complete(typed)
}

fn recordings(typed: &OsStr) -> Vec<CompletionCandidate> {
    files(typed, &["ndjson"])
}

fn manifests(typed: &OsStr) -> Vec<CompletionCandidate> {
    files(typed, &["yaml", "yml", "json"])
}

/// `junit=`, and behind it a path.
fn reports(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    match text.split_once('=') {
        Some((kind, path)) => {
            let paths = PathCompleter::any().complete(OsStr::new(path));
            paths.into_iter().map(|candidate| candidate.add_prefix(format!("{kind}="))).collect()
        }
        None => fitting(typed, Kind::ALL.map(|kind| format!("{}=", kind.name()))),
    }
}

/// `ImagePull=`.
fn graces(typed: &OsStr) -> Vec<CompletionCandidate> {
    fitting(typed, Grace::ALL.map(|grace| format!("{}=", grace.name())))
}

/// `deployment/`: which ones there are, only the cluster knows, and a TAB asks nothing of it.
fn workloads(typed: &OsStr) -> Vec<CompletionCandidate> {
    fitting(typed, WorkloadKind::ALL.map(|kind| format!("{}/", kind.lower())))
}

/// Everything that can be explained, in the case that was typed: `explain crash<TAB>`.
fn topics(typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let fits = |name: &str| name.to_lowercase().starts_with(&typed.to_lowercase());
    let mut names: Vec<&str> = explain::names().filter(|name| fits(name)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| CompletionCandidate::new(name.to_owned())).collect()
}
