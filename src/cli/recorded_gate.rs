//! The gate of a recording: taken from it where nothing says which one is meant, and compared with it where something does.

use std::path::Path;

use super::output::Halt;
use super::plan_flags::PlanFlags;
use super::rehearsal::file_name;
use crate::gate::spec::Plan;
use crate::manifest::Key;
use crate::recording::subject::{Choice, Subject};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::Untrusted;

/// Keys that say in their own way which pods are meant: with one of them nothing is taken from a recording.
const ITS_OWN: [Key; 2] = [Key::Selector, Key::Workload];

/// Returns true where the flags leave open which gate is meant, so that the recording is asked.
pub(super) fn is_open(flags: &PlanFlags) -> bool {
    let is_named = |key: &Key| flags.given(*key).is_some();
    let is_whole = [Key::App, Key::Version].iter().all(is_named);
    !is_whole && flags.files().next().is_none() && !ITS_OWN.iter().any(is_named)
}

/// Returns the flags with app, version and namespace from the recording, where nothing says which gate is meant or flags say a
/// part of it. What is taken is said on stderr.
///
/// # Errors
/// Where the recording shows several apps, or none.
pub(super) fn completed(
    flags: &PlanFlags,
    subject: &Subject,
    path: &Path,
    printer: &mut Printer,
) -> Result<PlanFlags, Halt> {
    if !is_open(flags) {
        return Ok(flags.clone());
    }
    let name = file_name(path);
    let choices = subject.choices(flags.given(Key::App), flags.given(Key::Namespace));
    let choice = match &choices[..] {
        [choice] => choice,
        [] => return Err(nothing(flags, subject, &name)),
        several => return Err(undecided(several, &name)),
    };
    if choice.flags.is_empty() {
        return Err(untold(choice, &name, path));
    }
    let missing = choice.flags.iter().filter(|(key, _)| flags.given(*key).is_none());
    let taken: Vec<(Key, String)> = missing.cloned().collect();
    let is_about = safe!("{} is about {}", Untrusted::name(&name).line(), Untrusted::name(&called(choice)).line());
    printer.say(&safe!("{}: {}", is_about, Untrusted::name(&words(&taken)).one_line()));
    Ok(taken.into_iter().fold(flags.clone(), |flags, (key, text)| flags.with(key, &text)))
}

/// Refuses gates that are about something else than the recording: they would wait for what never comes. Gates that Kubernetes
/// manifests make are judged with a warning: what a manifest holds is its own, and nobody named it for this recording.
///
/// # Errors
/// A sentence for each gate, with what it names and what the recording has.
pub(super) fn refuse_others(subject: &Subject, plans: &[Plan], path: &Path, printer: &mut Printer) -> Result<(), Halt> {
    let others = plans.iter().filter_map(|plan| Some((plan, subject.contradicts(plan)?)));
    let (of_manifests, refused): (Vec<_>, Vec<_>) = others.partition(|(plan, _)| plan.template.is_some());
    for (plan, how) in of_manifests {
        let gate = format!("{} {}", plan.app, plan.version);
        let gate = Untrusted::name(&gate).line();
        printer.say(&safe!("warning: nothing will be found for {}: {}", gate, Untrusted::name(&how).line()));
    }
    if refused.is_empty() {
        return Ok(());
    }
    let refused: Vec<String> = refused.into_iter().map(|(_, how)| how).collect();
    let name = file_name(path);
    let choices = subject.choices(None, None);
    let choices: Vec<String> =
        choices.iter().filter(|choice| !choice.flags.is_empty()).map(|choice| words(&choice.flags)).collect();
    let remedy = match &choices[..] {
        [] => String::new(),
        [flags] => format!("\n  fix: judge what it shows: `{flags}`"),
        several => format!("\n  fix: judge what it shows, one of\n{}", lines(several)),
    };
    Err(Halt::from(format!("error: {name} shows nothing of this gate: {}{remedy}", refused.join("; "))))
}

fn nothing(flags: &PlanFlags, subject: &Subject, name: &str) -> Halt {
    let choices: Vec<String> = subject.choices(None, None).iter().map(called).collect();
    if choices.is_empty() {
        return Halt::from(format!(
            "error: {name} shows no workload and no pod, so it does not tell which app is meant\n  \
             fix: name one, as in `--app checkout --version v2.3.1`"
        ));
    }
    let asked: Vec<String> = [Key::App, Key::Namespace]
        .into_iter()
        .filter_map(|key| Some(format!("{} {}", key.name(), flags.given(key)?)))
        .collect();
    Halt::from(format!(
        "error: {name} shows nothing of {}: it is about {}\n  fix: leave out the flags, and app, version and namespace are taken from it",
        asked.join(" in "),
        choices.join(", ")
    ))
}

fn undecided(choices: &[Choice], name: &str) -> Halt {
    let flags: Vec<String> = choices
        .iter()
        .map(|choice| {
            let is_told = !choice.flags.is_empty();
            if is_told {
                words(&choice.flags)
            } else {
                format!("--app {} --namespace {}", choice.app, choice.namespace)
            }
        })
        .collect();
    Halt::from(format!("error: {name} is about {} apps\n  fix: choose one of them:\n{}", choices.len(), lines(&flags)))
}

fn untold(choice: &Choice, name: &str, path: &Path) -> Halt {
    let pin = choice.pin.as_ref().map(|pin| format!("{pin} ")).unwrap_or_default();
    Halt::from(format!(
        "error: {name} does not tell the version of {}: neither a label nor an image tag of its pods has it\n  \
         fix: gate it by the template that it has: `crashgate check {pin}--rehearse {}`",
        choice.app,
        path.display()
    ))
}

fn lines(flags: &[String]) -> String {
    flags.iter().map(|flags| format!("    {flags}")).collect::<Vec<_>>().join("\n")
}

/// What people call it.
fn called(choice: &Choice) -> String {
    let version = choice.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{}{version} in namespace {}", choice.app, choice.namespace)
}

/// The flags, to be copied.
fn words(flags: &[(Key, String)]) -> String {
    let words = flags.iter().filter_map(|(key, text)| Some(format!("{} {}", key.flag()?, quoted(text))));
    words.collect::<Vec<_>>().join(" ")
}

/// A value as a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=,@+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
