//! Gates of what runs in a cluster now, as `check KIND/NAME` and `check --all` ask for them: app and version come from the
//! live workload, and the flags say all else.

use crate::gate::model::Workload;
use crate::gate::spec::{Pin, Plan, Until};

use super::definitions::Key;
use super::diagnostics::{Diagnostic, Diagnostics, Message, Problems, quoted};
use super::draft::Draft;
use super::expected::Expected;
use super::overrides::Overrides;
use super::present::{Said, UNKNOWN, take_from};
use super::values;

/// What `KIND/NAME` is called in messages.
const ARGUMENT: &str = "KIND/NAME";

/// What of a cluster is gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One workload.
    One(Pin),
    /// Every workload of a namespace.
    All,
}

/// Gates of what runs in a cluster now.
#[derive(Debug, Clone)]
pub struct Live {
    target: Target,
    flags: Overrides,
    expect: Expected,
}

/// The gate of a live workload, and where its app and version come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The gate: pinned to the workload, by the images of its present template.
    pub plan: Plan,
    /// What was taken from the workload, in words: `version v2, from the label version of its template`.
    pub taken: String,
}

impl Live {
    /// Reads what is asked for: the `words` of the command line that are no flags (`deployment/checkout`, or
    /// `deployment checkout`), or `all`. `None` where neither is given.
    ///
    /// # Errors
    /// Every problem of words and flags, in one answer. Nothing need be asked of a cluster to find them.
    pub fn read(words: &[String], all: bool, has_files: bool, flags: Overrides) -> Result<Option<Self>, Diagnostics> {
        if words.is_empty() && !all {
            return Ok(None);
        }
        let mut problems: Vec<Message> = flags.problems().iter().map(|problem| problem.message.clone()).collect();
        let asked = if all { "--all".to_owned() } else { words.join(" ") };
        if all && !words.is_empty() {
            problems.push(Message::new(
                format!("`--all` and {} are both given", quoted(&words.join(" "))),
                "leave out one of them: `--all` gates every workload of the namespace",
            ));
        }
        if has_files {
            problems.push(Message::new(
                format!("`-f` and {} are both given, and each says what is gated", quoted(&asked)),
                "leave out one of them; a gate in a file is pinned with `workload: deployment/checkout`",
            ));
        }
        problems.extend(conflicts(&flags, &asked, all));
        problems.extend(flags.metrics_without_file());
        let target = if words.is_empty() { Ok(Target::All) } else { one(words).map(Target::One) };
        let target = target.map_err(|message| problems.push(message)).ok();
        let mut expect = Expected::default();
        if let Some(target) = &target {
            let mut unfinished = Problems::default();
            match draft(&flags, target, "default").finish(None, &mut unfinished) {
                Ok((_, expected)) => expect = expected,
                Err(_) => problems.extend(unfinished.sorted().into_iter().map(|problem| problem.message)),
            }
        }
        Diagnostics::none_or_err(problems.iter().map(Diagnostic::of_flags).collect())?;
        Ok(target.map(|target| Self { target, flags, expect }))
    }

    /// What is gated.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The cluster that must be asked.
    #[must_use]
    pub const fn expect(&self) -> &Expected {
        &self.expect
    }

    /// The namespace, where a flag names one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.flags.namespace()
    }

    /// True where the version is given: then it is waited for, and not taken from the cluster.
    #[must_use]
    pub fn names_version(&self) -> bool {
        self.flags.version().is_some()
    }

    /// The gate as far as it is known without the workload. It can end for other reasons before the workload is seen.
    #[must_use]
    pub fn unseen(&self, namespace: &str) -> Plan {
        let plan = draft(&self.flags, &self.target, namespace).finish(None, &mut Problems::default());
        // What could go wrong has been told before.
        plan.map_or_else(|_| Plan::new(UNKNOWN, UNKNOWN, namespace), |(plan, _)| plan)
    }

    /// The gate of a live workload.
    #[must_use]
    pub fn present(&self, namespace: &str, workload: &Workload) -> Present {
        let mut plan = self.unseen(namespace);
        if !workload.kind.can_be_promoted() {
            plan.until = Until::Step;
        }
        let said = Said {
            app: self.flags.has(Key::App),
            version: false,
            selector: false,
            app_label: self.flags.app_label(),
            version_label: self.flags.version_label(),
        };
        let taken = take_from(workload, &mut plan, &said);
        Present { plan, taken }
    }
}

/// What the flags say of a gate, with something in the place of all that only the cluster can tell.
fn draft(flags: &Overrides, target: &Target, namespace: &str) -> Draft {
    let mut draft = flags.draft();
    draft.fill(Key::Namespace, namespace);
    draft.fill(Key::Version, UNKNOWN);
    match target {
        Target::One(pin) => {
            draft.fill(Key::App, &pin.name);
            draft.fill(Key::Workload, &pin.to_string());
        }
        Target::All => draft.fill(Key::App, "all workloads"),
    }
    // No pod is looked for by these.
    if *target == Target::All {
        draft.mention(Key::Selector.name(), Ok(None));
    }
    draft
}

/// Flags that contradict what is asked for.
fn conflicts<'a>(flags: &'a Overrides, asked: &'a str, all: bool) -> impl Iterator<Item = Message> + 'a {
    let wrong: &[Key] =
        if all { &[Key::App, Key::Version, Key::Workload, Key::Selector] } else { &[Key::Workload, Key::Selector] };
    wrong.iter().filter(|key| flags.has(**key)).map(move |key| {
        let flag = key.flag().unwrap_or(key.name());
        let remedy = match key {
            Key::Workload => format!("leave out `{flag}`: {} says which workload is gated", quoted(asked)),
            Key::Selector if !all => format!("leave out `{flag}`: the pods are those of the workload"),
            _ => format!("leave out `{flag}`, or name the one workload that is meant, as in `deployment/checkout`"),
        };
        Message::new(format!("`{flag}` and {} are both given", quoted(asked)), remedy)
    })
}

/// The one workload that the words name, as kubectl takes them.
fn one(words: &[String]) -> Result<Pin, Message> {
    let looks_like_a_file = |word: &str| {
        word == "-" || [".yaml", ".yml", ".json"].iter().any(|ending| word.to_lowercase().ends_with(ending))
    };
    if let Some(file) = words.iter().find(|word| looks_like_a_file(word)) {
        return Err(Message::new(
            format!("{} is no workload", quoted(file)),
            format!("a file is given with `-f`, as in `-f {file}`"),
        ));
    }
    match words {
        [word] if word.contains('/') => values::pin(ARGUMENT, word),
        [kind, name] if !kind.contains('/') && !name.contains('/') => values::pin(ARGUMENT, &format!("{kind}/{name}")),
        [word] => Err(Message::new(
            format!("{} is a kind without a name, or a name without a kind", quoted(word)),
            "write both, as in `deployment/checkout`; `--all` gates every workload of the namespace",
        )),
        _ => Err(Message::new(
            format!("{} is more than one workload", quoted(&words.join(" "))),
            "name one; `--all` gates every workload of the namespace, and `-f` as many gates as its files have",
        )),
    }
}
