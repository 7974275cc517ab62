//! What somebody meant who typed by habit what another tool understands: the command or flag to use here.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::pods::POD_WORDS;
use crate::manifest::asked;

/// What a habit of kubectl is here.
enum Here {
    /// A gate of the workload that is named, or of none.
    Gate,
    /// The table of pods.
    Pods,
    /// The feed of what happens.
    Feed,
    /// Nothing: who does it.
    Nothing(&'static str),
}

/// The words that other tools begin with, and what they are here. The second word counts where it is not empty.
const HABITS: &[(&str, &str, Here)] = &[
    ("rollout", "status", Here::Gate),
    ("rollout", "history", Here::Nothing("`kubectl rollout history` shows the revisions of a workload")),
    (
        "rollout",
        "",
        Here::Nothing(
            "crashgate never changes a workload: `kubectl rollout` does, and rolling back is the pipeline's decision",
        ),
    ),
    ("wait", "", Here::Gate),
    ("status", "", Here::Gate),
    ("gate", "", Here::Gate),
    ("verify", "", Here::Gate),
    ("judge", "", Here::Gate),
    ("get", "events", Here::Feed),
    ("get", "ev", Here::Feed),
    ("events", "", Here::Feed),
    ("get", "", Here::Pods),
    ("describe", "", Here::Pods),
    ("top", "", Here::Nothing("`kubectl top` shows what pods use")),
    (
        "logs",
        "",
        Here::Nothing(
            "the last log lines of a crash are in the result of `crashgate check`; `kubectl logs` shows all of them",
        ),
    ),
    (
        "exec",
        "",
        Here::Nothing("`crashgate run` runs a pod of its own; `kubectl exec` runs a command in a pod that exists"),
    ),
    ("create", "", WRITES),
    ("apply", "", WRITES),
    ("delete", "", WRITES),
    ("edit", "", WRITES),
    ("patch", "", WRITES),
    ("scale", "", WRITES),
    ("set", "", WRITES),
    ("restart", "", WRITES),
    ("undo", "", WRITES),
    ("rollback", "", WRITES),
    ("version", "", Here::Nothing("`crashgate --version` prints the version")),
];

const WRITES: Here =
    Here::Nothing("crashgate never changes a workload: deploy first, with kubectl or Helm, then run `crashgate check`");

/// Flags of kubectl that are not here, and what to do instead. The command is empty where it does not matter.
const FLAGS: &[(&str, &str, &str)] = &[
    ("check", "-w", "leave it out: `check` watches until it has decided"),
    ("check", "--watch", "leave it out: `check` watches until it has decided"),
    ("check", "-A", ONE_NAMESPACE),
    ("check", "--all-namespaces", ONE_NAMESPACE),
    (
        "check",
        "--for",
        "leave it out: `check` waits until the workload is healthy, or until it is certain that it will not be",
    ),
    ("check", "--revision", "the present revision is judged; `--version` names the one that must be there"),
    ("watch", "-w", "leave it out: `watch` watches until it is stopped"),
    ("watch", "--watch", "leave it out: `watch` watches until it is stopped"),
    (
        "",
        "--field-selector",
        "pods are chosen by name, by workload or by label: `crashgate pods deployment/checkout`, `-l app=checkout`",
    ),
    ("", "--sort-by", "the order is fixed; `-o json` gives the rows to sort"),
    ("", "--show-labels", "`kubectl get pods --show-labels` shows labels"),
    ("", "--no-headers", "`-o name` prints names alone, `-o json` the rows"),
    ("", "--client-certificate", KUBECONFIG),
    ("", "--client-key", KUBECONFIG),
    ("", "--username", KUBECONFIG),
    ("", "--password", KUBECONFIG),
    ("", "--kube-context", "here it is `--context`"),
    ("", "--kube-apiserver", "here it is `--server`"),
    ("", "--kube-token", "here it is `--token-file`, or `--token`"),
    ("", "--ns", "here it is `--namespace` or `-n`"),
    ("", "--silent", "here it is `--quiet` or `-q`"),
    ("", "--no-color", "here it is `--color never`"),
    ("", "--no-colour", "here it is `--color never`"),
    ("", "--colour", "here it is `--color`"),
];

const ONE_NAMESPACE: &str = "a gate is about one namespace: give `-f` a gate for each of them; `crashgate pods -A --all-running` looks at all of them at once";
const KUBECONFIG: &str =
    "credentials of this kind are read from a kubeconfig: write one, and name it with `--kubeconfig`";

/// Returns what the user may have meant, as a sentence; `None` where the mistake is no known habit. `arguments` are those of
/// the command line without the program's name, `commands` are the names of the subcommands.
pub(super) fn hint(arguments: &[String], commands: &[&str], error: &clap::Error) -> Option<String> {
    let typed = Typed::of(arguments);
    match error.kind() {
        ErrorKind::InvalidSubcommand => subcommand(&typed),
        ErrorKind::UnknownArgument => {
            let flag = context(error, ContextKind::InvalidArg)?;
            let flag = flag.split('=').next().unwrap_or_default();
            match typed.words.first() {
                Some(first) if !commands.contains(first) => subcommand(&typed),
                Some(first) if arguments.first().is_some_and(|argument| argument.starts_with('-')) => {
                    Some(format!("flags stand behind the command: `crashgate {first} …`"))
                }
                _ => unknown_flag(&typed, flag),
            }
        }
        ErrorKind::InvalidValue => {
            let value = context(error, ContextKind::InvalidValue)?;
            let flag = context(error, ContextKind::InvalidArg)?;
            flag.contains("--output").then(|| output(value))?
        }
        ErrorKind::ArgumentConflict => {
            let is_both = typed.has("--timeout") && typed.has("--wait-period");
            is_both.then(|| "`--timeout` is another name of `--wait-period`: give one of them".to_owned())
        }
        _ => None,
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The command line, as far as it is worth repeating.
struct Typed<'a> {
    arguments: &'a [String],
    /// Those that are no flags and no values of flags.
    words: Vec<&'a str>,
    /// Flags that mean the same here, with their values. None of them can hold a secret.
    kept: Vec<String>,
}

/// Flags with a value that mean the same here.
const KEPT: [&str; 8] =
    ["-n", "--namespace", "-l", "--selector", "--timeout", "--context", "--kubeconfig", "--request-timeout"];
/// Flags without one.
const KEPT_BARE: [&str; 4] = ["-A", "--all-namespaces", "-w", "--watch"];

impl<'a> Typed<'a> {
    fn of(arguments: &'a [String]) -> Self {
        let mut typed = Self { arguments, words: Vec::new(), kept: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (name, value) =
                argument.split_once('=').map_or((argument.as_str(), None), |(name, value)| (name, Some(value)));
            if KEPT.contains(&name) {
                let value = value.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
                if is_plain(value) {
                    typed.kept.push(format!("{name} {value}"));
                }
            } else if KEPT_BARE.contains(&argument.as_str()) {
                typed.kept.push(argument.clone());
            } else if !argument.starts_with('-') {
                typed.words.push(argument);
            } else if argument == "--" {
                break;
            } else if value.is_none() && rest.as_slice().first().is_some_and(|next| !next.starts_with('-')) {
                // It may have a value, and that is not ours to repeat.
                rest.next();
            }
        }
        typed
    }

    fn has(&self, flag: &str) -> bool {
        self.arguments.iter().any(|argument| argument.split('=').next() == Some(flag))
    }

    /// The flags that are kept, but for these.
    fn flags(&self, without: &[&str]) -> String {
        let kept = self.kept.iter().filter(|flag| !without.iter().any(|name| flag.split(' ').next() == Some(name)));
        spaced(kept.map(String::as_str))
    }
}

/// The words, each behind a blank.
fn spaced<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.flat_map(|word| [" ", word]).collect()
}

/// Nothing that a shell would take apart, and so nothing that must be quoted to be copied.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/=,:-".contains(c))
}

fn subcommand(typed: &Typed<'_>) -> Option<String> {
    let words = &typed.words;
    let first = *words.first()?;
    let second = words.get(1).copied().unwrap_or_default();
    let habit = HABITS.iter().find(|(one, two, _)| *one == first && (two.is_empty() || *two == second));
    let Some((_, two, here)) = habit else {
        let is_workload = asked::workload("KIND/NAME", first).is_ok();
        return is_workload.then(|| format!("the gate of a workload is `{}`", gate(&[first], typed)));
    };
    let rest = &words[if two.is_empty() { 1 } else { 2 }.min(words.len())..];
    Some(match here {
        Here::Gate => format!("here that is `{}`", gate(rest, typed)),
        Here::Pods => {
            format!("here that is `{}`, and the gate of a fresh deploy is `crashgate check`", pods(rest, typed))
        }
        Here::Feed => format!("here that is `crashgate watch{}`", typed.flags(&["-w", "--watch", "--timeout"])),
        Here::Nothing(why) => (*why).to_owned(),
    })
}

fn gate(words: &[&str], typed: &Typed<'_>) -> String {
    let asked: Vec<&str> = words.iter().copied().filter(|word| is_plain(word)).take(2).collect();
    let asked = if asked.is_empty() { "KIND/NAME".to_owned() } else { asked.join(" ") };
    format!("crashgate check {asked}{}", typed.flags(&["-w", "--watch", "-A", "--all-namespaces", "-l", "--selector"]))
}

fn pods(words: &[&str], typed: &Typed<'_>) -> String {
    let words = if words.first().is_some_and(|word| POD_WORDS.contains(word)) { &words[1..] } else { words };
    // A kind alone names no pods.
    let names: String = match words {
        [kind] if !kind.contains('/') && asked::workload("", &format!("{kind}/x")).is_ok() => String::new(),
        _ => spaced(words.iter().copied().filter(|word| is_plain(word))),
    };
    format!("crashgate pods{names}{}", typed.flags(&["--timeout"]))
}

fn unknown_flag(typed: &Typed<'_>, flag: &str) -> Option<String> {
    let command = typed.words.first().copied().unwrap_or_default();
    if flag == "-f" && command.is_empty() {
        return Some("gates in files are judged by `crashgate check -f FILE`".to_owned());
    }
    let known = FLAGS.iter().find(|(of, known, _)| *known == flag && (of.is_empty() || *of == command));
    known.map(|(_, _, instead)| (*instead).to_owned())
}

fn output(value: &str) -> Option<String> {
    let form = value.split('=').next().unwrap_or_default();
    match form {
        "wide" => Some("the table for people is complete already; `-o json` has all there is".to_owned()),
        "jsonpath"
        | "jsonpath-file"
        | "jsonpath-as-json"
        | "go-template"
        | "go-template-file"
        | "template"
        | "templatefile"
        | "custom-columns"
        | "custom-columns-file" => Some("print `-o json`, and take what you need of it with `jq`".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    /// The hint for a command line.
    fn hinted(line: &str) -> Option<String> {
        let arguments: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let all = std::iter::once("crashgate".to_owned()).chain(arguments.iter().cloned());
        let error =
            crate::cli::command().try_get_matches_from(all).err().unwrap_or_else(|| panic!("{line} is understood"));
        hint(&arguments, &["check", "pods"], &error)
    }

    #[test]
    fn what_kubectl_users_type_leads_to_the_command_that_they_mean() {
        for (typed, meant) in [
            ("rollout status deployment/checkout", "crashgate check deployment/checkout"),
            (
                "rollout status deploy checkout -n shop --timeout=2m",
                "crashgate check deploy checkout -n shop --timeout 2m",
            ),
            ("-n shop rollout status deployment/checkout", "crashgate check deployment/checkout -n shop"),
            ("rollout status", "crashgate check KIND/NAME"),
            ("wait deployment/x --for=condition=Available", "crashgate check deployment/x"),
            ("deployment/checkout -n shop", "crashgate check deployment/checkout -n shop"),
            ("get pods -n shop -w", "crashgate pods -n shop -w"),
            ("get po web-0 web-1", "crashgate pods web-0 web-1"),
            ("get deployments -A", "crashgate pods -A"),
            ("get deployment/web", "crashgate pods deployment/web"),
            ("describe pod web-0 -n shop", "crashgate pods web-0 -n shop"),
            ("get events -n shop", "crashgate watch -n shop"),
        ] {
            let hint = hinted(typed).unwrap_or_else(|| panic!("{typed}: no hint"));
            assert!(hint.contains(&format!("`{meant}`")), "{typed}: {hint}");
        }
    }

    #[test]
    fn what_crashgate_never_does_is_said_with_who_does_it() {
        for (typed, part) in [
            ("rollout undo deployment/x", "kubectl rollout"),
            ("apply -f x.yaml", "then run `crashgate check`"),
            ("logs web-0", "kubectl logs"),
            ("version", "crashgate --version"),
            ("check deployment/x -w", "leave it out"),
            ("check --all -A", "crashgate pods -A --all-running"),
            ("pods --field-selector status.phase=Running", "-l app=checkout"),
            ("pods -o jsonpath={.items}", "jq"),
            ("pods -o wide", "-o json"),
            ("check deployment/x --timeout 1m --wait-period 2m", "another name of `--wait-period`"),
            ("check deployment/x --username me", "--kubeconfig"),
            ("-f gate.yaml", "crashgate check -f FILE"),
            ("-n shop check deployment/x", "`crashgate check …`"),
        ] {
            let hint = hinted(typed).unwrap_or_else(|| panic!("{typed}: no hint"));
            assert!(hint.contains(part), "{typed}: {hint}");
        }
    }

    #[test]
    fn no_hint_repeats_what_may_be_secret_or_must_be_quoted() {
        for typed in [
            "rollout status deployment/x --token hunter2",
            "rollout status deployment/x --token=hunter2",
            "--token hunter2 rollout status deployment/x",
            "rollout status deployment/x -n $(hunter2)",
        ] {
            let hint = hinted(typed).unwrap();
            assert!(!hint.contains("hunter2"), "{hint}");
            assert!(hint.contains("crashgate check deployment/x"), "{hint}");
        }
        assert_eq!(hinted("chekc"), None, "clap itself names the nearest command");
    }
}
