//! What every `--help` ends with: commands to copy, and the exit codes.

use clap::Command;

use crate::gate::result::Verdict;
use crate::report::pod_run::NOT_RUN;

/// The end of one command's help.
struct Ending {
    command: &'static str,
    /// What each example does, and the example.
    examples: &'static [(&'static str, &'static str)],
    codes: Codes,
}

/// Which exit codes there are.
enum Codes {
    /// Those of a gate, and what is to be said beside them.
    Gate(&'static str),
    /// These, each with its meaning.
    These(&'static [(Verdict, &'static str)]),
    /// The container's own.
    Container,
}

/// The exit codes of a gate, in a few words: `crashgate explain` says more.
const GATE: [(Verdict, &str); 10] = [
    (Verdict::Healthy, "every pod of this version is ready, and stayed so"),
    (Verdict::Failed, "the app, its image or its configuration is at fault"),
    (Verdict::Usage, "the arguments or the manifest are wrong; the cluster was not asked"),
    (Verdict::TimedOut, "not healthy in time, without a cause that counts"),
    (Verdict::NothingMatched, "no pod of this version came, or none is wanted"),
    (Verdict::Platform, "the cluster kept it from running"),
    (Verdict::Superseded, "another version took its place meanwhile"),
    (Verdict::Inconclusive, "the cluster could not be observed well enough"),
    (Verdict::Interrupted, "stopped by Ctrl-C"),
    (Verdict::Terminated, "stopped by SIGTERM"),
];

const PLAIN: Codes = Codes::These(&[(Verdict::Healthy, "done"), (Verdict::Usage, "the arguments are wrong")]);

const ENDINGS: &[Ending] = &[
    Ending {
        command: "check",
        examples: &[
            ("Judge what was just deployed", "crashgate check deployment/checkout -n shop"),
            ("As kubectl users type it", "crashgate check deploy checkout -n shop --timeout=2m -q"),
            (
                "Wait for a version, and write a report",
                "crashgate check -f gate.yaml --version v2.3.1 --report junit=crashgate.xml",
            ),
            ("Look into the pods at fault", "crashgate check deployment/checkout -n shop -o name"),
        ],
        codes: Codes::Gate(""),
    },
    Ending {
        command: "replay",
        examples: &[
            ("Judge a recording again", "crashgate replay incident.ndjson"),
            (
                "What would another policy have said?",
                "crashgate replay incident.ndjson --stable-for 60s --max-restarts 1",
            ),
            ("Many recordings with many settings", "crashgate replay incidents/ --try stableFor=10s,30s,60s"),
        ],
        codes: Codes::Gate(
            "A grid exits with 0 where every recording was judged, whatever the verdicts, and else with 2.",
        ),
    },
    Ending {
        command: "run",
        examples: &[
            ("Run a command in a pod", "crashgate run busybox:1.37 -- echo hello"),
            ("A smoke test with a limit", "crashgate run shop/smoke:1 -n shop --env URL=http://checkout --timeout 2m"),
            ("Another command than the image's own", "crashgate run shop/checkout:v2 --command -- ./migrate up"),
        ],
        codes: Codes::Container,
    },
    Ending {
        command: "sandbox",
        examples: &[
            ("Serve a recording; it prints what to type next", "crashgate sandbox incident.ndjson"),
            ("From its 20th second on, at a fixed port", "crashgate sandbox incident.ndjson --at 20s --port 8001"),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "stopped by a signal"),
            (Verdict::Usage, "the arguments or the recording are wrong"),
        ]),
    },
    Ending {
        command: "serve",
        examples: &[
            ("Serve the gates of a folder to this machine", "crashgate serve --plans plans/"),
            (
                "In a cluster, to service accounts",
                "crashgate serve --plans plans/ --listen 0.0.0.0:8080 --auth tokenreview",
            ),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "stopped by a signal"),
            (Verdict::Usage, "the arguments, plans or credentials are wrong"),
            (Verdict::Inconclusive, "it could not start"),
        ]),
    },
    Ending {
        command: "watch",
        examples: &[
            ("Follow the pods of a namespace", "crashgate watch -n shop"),
            ("End with 1 at the first crash loop", "crashgate watch -A --only crash-loops --until-crash --for 10m"),
            ("What happened in a recording", "crashgate watch --replay incident.ndjson -o json"),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "its time or the recording is over"),
            (Verdict::Failed, "a crash loop, with --until-crash"),
            (Verdict::Usage, "the arguments are wrong; the cluster was not asked"),
            (Verdict::Inconclusive, "the pods cannot be observed"),
            (Verdict::Interrupted, "stopped by Ctrl-C"),
            (Verdict::Terminated, "stopped by SIGTERM"),
        ]),
    },
    Ending {
        command: "pods",
        examples: &[
            ("What is there, and what is wrong", "crashgate pods -n shop"),
            ("The pods of a workload, and each change", "crashgate pods deployment/checkout -n shop -w"),
            ("Is everything running?", "crashgate pods -A --all-running -q"),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "shown; with --all-running: every pod is running and ready"),
            (Verdict::Failed, "with --all-running: some are not"),
            (Verdict::Usage, "the arguments are wrong; the cluster was not asked"),
            (
                Verdict::NothingMatched,
                "a pod or workload that was named has no pod; with --all-running: no pod should run",
            ),
            (Verdict::Inconclusive, "the pods cannot be observed"),
            (Verdict::Interrupted, "stopped by Ctrl-C"),
            (Verdict::Terminated, "stopped by SIGTERM"),
        ]),
    },
    Ending {
        command: "validate",
        examples: &[
            ("Check gate files before they are merged", "crashgate validate -f gate.yaml"),
            ("Also ask Prometheus what each check finds", "crashgate validate -f gate.yaml --online"),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "every gate is valid"),
            (Verdict::Usage, "a gate or an argument is wrong"),
            (Verdict::Inconclusive, "with --online: a check does not find what it needs"),
        ]),
    },
    Ending {
        command: "explain",
        examples: &[
            ("Every code there is", "crashgate explain"),
            ("A code, an exit code, a reason of Kubernetes", "crashgate explain CrashLoop"),
            ("", "crashgate explain 5"),
            ("", "crashgate explain ErrImagePull"),
        ],
        codes: Codes::These(&[(Verdict::Healthy, "explained"), (Verdict::Usage, "there is no such name")]),
    },
    Ending {
        command: "schema",
        examples: &[("For the completion and checks of an editor", "crashgate schema")],
        codes: PLAIN,
    },
    Ending {
        command: "completions",
        examples: &[
            ("The script that the shell reads", "crashgate completions bash"),
            ("", "crashgate completions zsh"),
        ],
        codes: PLAIN,
    },
    Ending {
        command: "man",
        examples: &[
            ("The page of crashgate itself", "crashgate man"),
            ("A page for each command, into a folder", "crashgate man share/man/man1"),
        ],
        codes: Codes::These(&[(Verdict::Healthy, "written"), (Verdict::Usage, "the folder cannot be written to")]),
    },
    Ending {
        command: "demo",
        examples: &[
            ("See a crash loop being caught", "crashgate demo"),
            ("See a pass", "crashgate demo healthy"),
            ("See the document that programs read", "crashgate demo image -o json"),
        ],
        codes: Codes::Gate("It is that of the story: 0 for `healthy`, 1 for the others."),
    },
    Ending {
        command: "init",
        examples: &[
            ("Print a gate for a workload that runs", "crashgate init deployment/checkout -n shop"),
            ("Write it to a file", "crashgate init deploy checkout -n shop -f gate.yaml"),
        ],
        codes: Codes::These(&[
            (Verdict::Healthy, "the gate is written"),
            (Verdict::Usage, "the arguments are wrong, or the file exists"),
            (Verdict::NothingMatched, "there is no such workload"),
            (Verdict::Inconclusive, "the cluster cannot be read"),
        ]),
    },
];

/// The first things to try.
const FIRST: &[(&str, &str)] = &[
    ("See a verdict without a cluster", "crashgate demo"),
    ("Judge what was just deployed", "crashgate check deployment/checkout -n shop"),
    ("What does a code mean?", "crashgate explain CrashLoop"),
];

/// The command line with an ending for the help of each command.
pub(super) fn with_endings(command: Command) -> Command {
    let command = command.mut_subcommands(|command| {
        let Some(ending) = ENDINGS.iter().find(|ending| ending.command == command.get_name()) else { return command };
        let short = format!("`crashgate {} --help` has examples and the exit codes.", ending.command);
        command.after_help(short).after_long_help(format!("{}\n{}", examples(ending.examples), codes(&ending.codes)))
    });
    command.after_help("`crashgate COMMAND --help` has examples and the exit codes of each command.").after_long_help(
        format!(
            "{}\n{}",
            examples(FIRST),
            "`crashgate COMMAND --help` has the examples and exit codes of each command."
        ),
    )
}

fn examples(examples: &[(&str, &str)]) -> String {
    let lines = examples.iter().flat_map(|(does, example)| {
        let does = Some(format!("  # {does}\n")).filter(|_| !does.is_empty());
        does.into_iter().chain([format!("  {example}\n")])
    });
    ["Examples:\n".to_owned()].into_iter().chain(lines).collect()
}

fn codes(codes: &Codes) -> String {
    let line = |code: u8, meaning: &str| format!("  {code:<5}{meaning}\n");
    let lines: String = match codes {
        Codes::Gate(more) => {
            let gate = GATE
                .iter()
                .map(|(verdict, meaning)| line(verdict.exit_code(), &format!("{}: {meaning}", verdict.name())));
            let more = Some(format!("\n  {more}\n")).filter(|_| !more.is_empty());
            gate.chain(more).collect()
        }
        Codes::These(these) => these.iter().map(|(verdict, meaning)| line(verdict.exit_code(), meaning)).collect(),
        Codes::Container => {
            let head = "  that of the container; where there is none:\n".to_owned();
            let not_run = line(NOT_RUN, "the pod could not be run, or not be followed to its end");
            let stopped = [(Verdict::Interrupted, "stopped by Ctrl-C"), (Verdict::Terminated, "stopped by SIGTERM")];
            let stopped = stopped.map(|(verdict, meaning)| line(verdict.exit_code(), meaning));
            [head, not_run].into_iter().chain(stopped).collect()
        }
    };
    format!("Exit codes:\n{lines}")
}

#[cfg(test)]
mod tests {
    use clap::Command;

    /// The examples of a help.
    fn examples(help: &str) -> Vec<&str> {
        help.lines().map(str::trim).filter(|line| line.starts_with("crashgate ")).collect()
    }

    fn helps() -> Vec<(String, String, String)> {
        let mut command = crate::cli::command();
        command.build();
        let of = |command: &mut Command| {
            let (name, short) = (command.get_name().to_owned(), command.render_help().to_string());
            (name, short, command.render_long_help().to_string())
        };
        command.get_subcommands_mut().filter(|command| command.get_name() != "help").map(of).collect()
    }

    #[test]
    fn every_command_has_examples_that_are_understood_and_exit_codes() {
        let helps = helps();
        assert!(helps.len() >= 14, "{}", helps.len());
        for (name, short, long) in helps {
            let (_, ending) = long.split_once("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
            let (shown, codes) =
                ending.split_once("Exit codes:\n").unwrap_or_else(|| panic!("{name} has no exit codes"));
            let examples = examples(shown);
            assert!((1..=4).contains(&examples.len()), "{name}: {examples:?}");
            for example in examples {
                let words = example.split(' ');
                let parsed = crate::cli::command().try_get_matches_from(words);
                let parsed = parsed.unwrap_or_else(|error| panic!("{example}: {error}"));
                assert_eq!(parsed.subcommand_name(), Some(name.as_str()), "{example}");
            }
            assert!(codes.contains("  0  ") || codes.contains("container"), "{name}: {codes}");
            assert!(!short.contains("Examples:") && short.contains("--help` has examples"), "{name}: {short}");
            assert!(short.lines().count() < long.lines().count(), "{name}: the short help is the shorter one");
            assert!(ending.lines().all(|line| line.chars().count() <= 100), "{name}: {ending}");
        }
    }
}
