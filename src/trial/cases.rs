//! Which gates a recording is judged by.

use std::path::Path;

use super::asked::Asked;
use super::expected::Story;
use super::grid::Recorded;
use super::truth::Truth;
use crate::gate::spec::Plan;
use crate::manifest::{Diagnostics, Key, Loaded, Manifests, Overrides, Setting, Source, load};
use crate::recording::judged::Judged;
use crate::recording::reader::{ReadError, Reader};
use crate::recording::subject::{Choice, Subject};

/// One gate of a recording.
pub(super) struct Case {
    pub(super) app: String,
    pub(super) version: String,
    pub(super) namespace: String,
    pub(super) truth: Option<Truth>,
    pub(super) recorded: Option<Recorded>,
    /// Its plan with each setting, or why the setting does not fit it.
    pub(super) plans: Vec<Result<Plan, String>>,
}

/// Why a recording has no cases.
pub(super) enum NoCases {
    /// What was asked is wrong, whatever the recording.
    Usage(Diagnostics),
    /// The recording does not say enough; in words.
    Unjudged(String),
}

/// A recording, as far as the choice of its gates goes.
pub(super) struct Recording<'r> {
    pub(super) path: &'r Path,
    /// The name of the file without its ending.
    pub(super) stem: &'r str,
    /// The namespace that was recorded; empty for all of them.
    pub(super) namespace: &'r str,
    /// The gates that were judged while it was recorded.
    pub(super) judged: Vec<Judged>,
}

impl Recording<'_> {
    /// Returns its gates: those of the files, else those that the table has of it, else those that were recorded, else
    /// the one that the flags name, else those that it is about.
    pub(super) fn cases(&self, asked: &Asked<'_>) -> Result<Vec<Case>, NoCases> {
        if !asked.sources.is_empty() {
            return self.of_files(asked);
        }
        let stories: Vec<_> = asked.expected.iter().flat_map(|expected| expected.of(self.stem)).collect();
        if !stories.is_empty() {
            return stories.into_iter().map(|story| self.of_story(asked, story)).collect();
        }
        let named = |judged: &&Judged| {
            let is = |name: Option<&str>, own: &str| name.is_none_or(|name| name == own);
            is(asked.flags.app(), &judged.app) && is(asked.flags.version(), &judged.version)
        };
        let judged: Vec<&Judged> = self.judged.iter().filter(named).collect();
        if !judged.is_empty() {
            return judged.into_iter().map(|judged| self.recorded_case(asked, &asked.flags, judged)).collect();
        }
        self.of_flags(asked)
    }

    /// The gates of the files. What the recording says of its version holds where the command line says nothing of it.
    fn of_files(&self, asked: &Asked<'_>) -> Result<Vec<Case>, NoCases> {
        let mut flags = asked.flags.clone();
        let recorded = |judged: &Judged| judged.version.clone();
        if asked.flags.version().is_none()
            && let Some(version) = self.judged.first().map(recorded)
            && self.judged.iter().all(|judged| judged.version == version)
        {
            flags.set_for_each(Key::Version, &version);
        }
        let mut columns = Vec::new();
        for setting in &asked.settings {
            let mut flags = flags.clone();
            flags.try_on(setting);
            let Manifests { gates, .. } = load(&asked.sources, &flags, asked.env).map_err(NoCases::Usage)?;
            columns.push(gates);
        }
        let first = columns.first().map_or(&[][..], Vec::as_slice);
        let is_recorded = |gate: &Loaded| {
            let same = |judged: &Judged| judged.app == gate.plan.app && judged.namespace == gate.plan.namespace;
            self.judged.is_empty() || self.judged.iter().any(same)
        };
        let places: Vec<usize> = (0..first.len()).filter(|place| is_recorded(&first[*place])).collect();
        if places.is_empty() {
            let recorded: Vec<String> =
                self.judged.iter().map(|judged| format!("{} in namespace {}", judged.app, judged.namespace)).collect();
            return Err(NoCases::Unjudged(format!(
                "the files have no gate for what was recorded: {}",
                recorded.join(", ")
            )));
        }
        Ok(places
            .into_iter()
            .map(|place| {
                let plans: Vec<_> = columns.iter().map(|gates| Ok(gates[place].plan.clone())).collect();
                let Plan { app, version, .. } = &first[place].plan;
                let judged = self.judged.iter().find(|judged| judged.app == *app && judged.version == *version);
                self.case(asked, plans, (app, version), judged)
            })
            .collect())
    }

    /// A gate of the table: as it was recorded, where it was, with the flags of its row.
    fn of_story(&self, asked: &Asked<'_>, story: &Story) -> Result<Case, NoCases> {
        let mut flags = asked.flags.clone();
        for (key, text) in &story.flags {
            flags.set(*key, text);
        }
        let same = |judged: &&Judged| judged.app == story.app && judged.version == story.version;
        if let Some(judged) = self.judged.iter().find(same) {
            return self.recorded_case(asked, &flags, judged);
        }
        flags.set(Key::App, &story.app);
        flags.set(Key::Version, &story.version);
        self.in_own_namespace(&mut flags);
        let plans = asked.settings.iter().map(|setting| one(&[], &flags, setting, &|_| None));
        Ok(self.case(asked, plans.collect(), (&story.app, &story.version), None))
    }

    /// A gate as it was recorded, with the flags laid over it.
    fn recorded_case(&self, asked: &Asked<'_>, flags: &Overrides, judged: &Judged) -> Result<Case, NoCases> {
        if judged.has_metrics && !flags.leaves_out_metrics() {
            return Err(NoCases::Unjudged(
                "its gate judged metrics, whose queries and limits a recording does not keep; give the gate's file with \
                 `-f`, or leave the metrics out with `--metrics none`"
                    .to_owned(),
            ));
        }
        let sources = [Source::Text(judged.text(self.path))];
        let plans = asked.settings.iter().map(|setting| {
            // A recording does not read the environment of whoever replays it.
            let mut plan = one(&sources, flags, setting, &|_| None)?;
            plan.template.clone_from(&judged.template);
            Ok(plan)
        });
        Ok(self.case(asked, plans.collect(), (&judged.app, &judged.version), Some(judged)))
    }

    /// The gate that the flags name, or where they leave that open, those that the recording is about.
    fn of_flags(&self, asked: &Asked<'_>) -> Result<Vec<Case>, NoCases> {
        let (app, version) = (asked.flags.app(), asked.flags.version());
        if asked.flags.names_pods() {
            if let Some((app, version)) = app.zip(version) {
                let mut flags = asked.flags.clone();
                self.in_own_namespace(&mut flags);
                return Ok(vec![self.case(asked, with_each(&flags, asked)?, (app, version), None)]);
            }
            // What is missing is told by whoever reads the flags.
            with_each(&asked.flags, asked)?;
        }
        let choices = self.choices(asked)?;
        let case = |choice: &Choice| {
            let mut flags = asked.flags.clone();
            let is_open = |key: Key| match key {
                Key::App => app.is_none(),
                Key::Version => version.is_none(),
                Key::Namespace => asked.flags.namespace().is_none(),
                _ => true,
            };
            for (key, text) in choice.flags.iter().filter(|(key, _)| is_open(*key)) {
                flags.set(*key, text);
            }
            let plans = with_each(&flags, asked)?;
            let (app, version) = (flags.app().unwrap_or_default(), flags.version().unwrap_or_default());
            Ok(self.case(asked, plans, (app, version), None))
        };
        choices.iter().map(case).collect()
    }

    /// What the recording is about, as far as it tells.
    fn choices(&self, asked: &Asked<'_>) -> Result<Vec<Choice>, NoCases> {
        let unread = |error: ReadError| NoCases::Unjudged(error.to_string());
        let subject = Reader::open(self.path).and_then(|mut reader| Subject::read(&mut reader)).map_err(unread)?;
        let mut choices = subject.choices(asked.flags.app(), asked.flags.namespace());
        choices.retain(|choice| !choice.flags.is_empty());
        if choices.is_empty() {
            return Err(NoCases::Unjudged(
                "it does not tell which app and version it is about; name them with `--app` and `--version`, give a file \
                 with `-f`, or a table with `--expected`"
                    .to_owned(),
            ));
        }
        Ok(choices)
    }

    fn in_own_namespace(&self, flags: &mut Overrides) {
        if flags.namespace().is_none() && !self.namespace.is_empty() {
            flags.set(Key::Namespace, self.namespace);
        }
    }

    fn case(
        &self,
        asked: &Asked<'_>,
        plans: Vec<Result<Plan, String>>,
        (app, version): (&str, &str),
        judged: Option<&Judged>,
    ) -> Case {
        let recorded = judged.map(|judged| Recorded { verdict: judged.verdict, decided_after: judged.decided_after });
        let namespace = plans.iter().flatten().next().map_or(self.namespace, |plan| &plan.namespace);
        Case {
            app: app.to_owned(),
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            truth: asked.truth(self.stem, app, version, recorded.map(|recorded| recorded.verdict)),
            recorded,
            plans,
        }
    }
}

/// The plan of the one gate that the flags make, with each setting.
fn with_each(flags: &Overrides, asked: &Asked<'_>) -> Result<Vec<Result<Plan, String>>, NoCases> {
    let mut plans = Vec::new();
    for setting in &asked.settings {
        let mut flags = flags.clone();
        flags.try_on(setting);
        let gate = load(&[], &flags, asked.env).map_err(NoCases::Usage)?.gates.pop();
        plans.extend(gate.map(|gate| Ok(gate.plan)));
    }
    Ok(plans)
}

/// The one gate that these make with a setting, or what is wrong with it.
fn one(
    sources: &[Source],
    flags: &Overrides,
    setting: &Setting,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Plan, String> {
    let mut flags = flags.clone();
    flags.try_on(setting);
    let mut gates = load(sources, &flags, env).map_err(|problems| problems.to_string())?.gates;
    gates.pop().map(|gate| gate.plan).ok_or_else(|| "it names no gate".to_owned())
}
