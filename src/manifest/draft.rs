//! A gate on its way to a plan: what was said so far, by a document and by the flags.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::gate::model::{Selector, is_label_value};
use crate::gate::spec::{Grace, ManifestTemplate, MinReady, Pin, Plan};

use super::diagnostics::{Fault, Place, Problem, quoted};
use super::duration::{self, Zero};
use super::expect::{Expected, Mark};
use super::keys::Key;
use super::smoke::{SmokeDraft, SmokeKey};
use super::values::{self, LABEL_VALUE_RULE};

/// Which of the two labels of the default selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    App,
    Version,
}

impl Label {
    pub(super) const ALL: [Self; 2] = [Self::App, Self::Version];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Version => "version",
        }
    }

    pub(super) fn from_name(name: &str, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        Self::ALL.into_iter().find(|label| label.name() == text).ok_or_else(|| {
            Fault::new(
                format!("{} is not a label that `{name}` knows", quoted(text)),
                "the two are `app` and `version`, each with the label key of the pods",
            )
        })
    }
}

/// What was said of one gate. A key that was said badly is `given` all the same, so that it is not told to be missing.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    given: BTreeMap<Key, Option<Place>>,
    app: Option<String>,
    version: Option<String>,
    namespace: Option<String>,
    delay: Option<Duration>,
    wait_period: Option<Duration>,
    stable_for: Option<Duration>,
    max_restarts: Option<u32>,
    workload: Option<Pin>,
    selector: Option<Selector>,
    app_label: Option<String>,
    version_label: Option<String>,
    replicas: Option<u32>,
    min_ready: Option<MinReady>,
    grace: BTreeMap<Grace, Duration>,
    ignore_containers: BTreeSet<String>,
    expect: Expected,
    smoke: Option<SmokeDraft>,
    template: Option<ManifestTemplate>,
}

impl Draft {
    /// Notes that a key was said, well or badly, and where; `None` for a flag.
    pub(super) fn give(&mut self, key: Key, place: Option<Place>) {
        self.given.insert(key, place);
    }

    /// True where the key was said, well or badly.
    pub(super) fn has(&self, key: Key) -> bool {
        self.given.contains_key(&key)
    }

    /// Takes the text of a key; of a key with several values one of them: `app=KEY`, `ImagePull=30s`, `istio-proxy`.
    /// `name` is what to call the key.
    pub(super) fn set(&mut self, key: Key, name: &str, text: &str) -> Result<(), Fault> {
        match key {
            Key::App => self.app = Some(values::line(name, text)?),
            Key::Version => self.version = Some(values::line(name, text)?),
            Key::Namespace => self.namespace = Some(values::namespace(name, text)?),
            Key::Delay => self.delay = Some(duration::parse(name, text, Zero::Refused)?),
            Key::WaitPeriod => self.wait_period = Some(duration::parse(name, text, Zero::Refused)?),
            Key::StableFor => self.stable_for = Some(duration::parse(name, text, Zero::Allowed)?),
            Key::MaxRestarts => self.max_restarts = Some(values::count(name, text)?),
            Key::Workload => self.workload = Some(values::pin(name, text)?),
            Key::Selector => self.selector = Some(values::selector(name, text)?),
            Key::Replicas => self.replicas = Some(values::replicas(name, text)?),
            Key::MinReady => self.min_ready = Some(values::min_ready(name, text)?),
            Key::Labels => {
                let (label, label_key) = pair(name, text, "app=app.kubernetes.io/name")?;
                self.set_label(Label::from_name(name, label)?, name, label_key)?;
            }
            Key::Grace => {
                let (cause, patience) = pair(name, text, "ImagePull=30s")?;
                self.set_grace(values::grace(name, cause)?, name, patience)?;
            }
            Key::IgnoreContainers => {
                self.ignore_containers.insert(values::container(name, text)?);
            }
            Key::Expect => {
                let (mark, wanted) = pair(name, text, "server=https://prod.example.com:6443")?;
                self.expect(Mark::from_name(name, mark)?, name, wanted)?;
            }
            Key::Smoke if text == "none" => self.smoke.get_or_insert_default().none = true,
            Key::Smoke => {
                let (key, value) = pair(name, text, "image=shop/smoke:1")?;
                self.set_smoke(SmokeKey::from_name(name, key)?, name, value)?;
            }
        }
        Ok(())
    }

    /// Takes the key of one of the two labels.
    pub(super) fn set_label(&mut self, label: Label, name: &str, text: &str) -> Result<(), Fault> {
        let key = Some(values::label_key(name, text)?);
        match label {
            Label::App => self.app_label = key,
            Label::Version => self.version_label = key,
        }
        Ok(())
    }

    /// Takes the pod template of a workload manifest.
    pub(super) fn set_template(&mut self, template: ManifestTemplate) {
        self.template = Some(template);
    }

    /// Takes what the cluster must be known by.
    pub(super) fn expect(&mut self, mark: Mark, name: &str, text: &str) -> Result<(), Fault> {
        self.expect.set(mark, name, text)
    }

    /// The cluster that must be asked.
    pub(super) const fn expected(&self) -> &Expected {
        &self.expect
    }

    /// Takes the patience with one cause.
    pub(super) fn set_grace(&mut self, grace: Grace, name: &str, text: &str) -> Result<(), Fault> {
        self.grace.insert(grace, duration::parse(name, text, Zero::Allowed)?);
        Ok(())
    }

    /// Notes that the image of the smoke run was said, well or badly.
    pub(super) fn give_smoke_image(&mut self) {
        self.smoke.get_or_insert_default().has_image = true;
    }

    /// Takes a key of the smoke run.
    pub(super) fn set_smoke(&mut self, key: SmokeKey, name: &str, text: &str) -> Result<(), Fault> {
        self.smoke.get_or_insert_default().set(key, name, text)
    }

    /// This draft with the flags laid over it: a flag wins over its key. `--labels`, `--grace` and `--smoke` win entry by
    /// entry.
    pub(super) fn under(self, flags: &Self) -> Self {
        let flags = flags.clone();
        let mut given = self.given;
        given.extend(flags.given);
        let mut grace = self.grace;
        grace.extend(flags.grace);
        Self {
            given,
            app: flags.app.or(self.app),
            version: flags.version.or(self.version),
            namespace: flags.namespace.or(self.namespace),
            delay: flags.delay.or(self.delay),
            wait_period: flags.wait_period.or(self.wait_period),
            stable_for: flags.stable_for.or(self.stable_for),
            max_restarts: flags.max_restarts.or(self.max_restarts),
            workload: flags.workload.or(self.workload),
            selector: flags.selector.or(self.selector),
            app_label: flags.app_label.or(self.app_label),
            version_label: flags.version_label.or(self.version_label),
            replicas: flags.replicas.or(self.replicas),
            min_ready: flags.min_ready.or(self.min_ready),
            grace,
            ignore_containers: if flags.ignore_containers.is_empty() {
                self.ignore_containers
            } else {
                flags.ignore_containers
            },
            expect: self.expect.under(flags.expect),
            smoke: match (self.smoke, flags.smoke) {
                (Some(own), Some(flags)) => Some(own.under(flags)),
                (own, flags) => flags.or(own),
            },
            template: self.template,
        }
    }

    /// The plan, every default filled in. `start` is where the document begins, if there is one.
    ///
    /// # Errors
    /// Every required key that was not said, and names that no label can carry where labels find the pods.
    pub(super) fn finish(self, start: Option<Place>) -> Result<Plan, Vec<Problem>> {
        let mut problems: Vec<Problem> = [
            (Key::App, "app: checkout", "--app checkout"),
            (Key::Version, "version: v2.3.1", "--version v2.3.1"),
            (Key::Namespace, "namespace: shop", "--namespace shop"),
        ]
        .into_iter()
        .filter(|(key, ..)| !self.has(*key))
        .map(|(key, line, flag)| Problem {
            place: start,
            fault: Fault::new(
                format!("the gate has no `{}`", key.name()),
                if start.is_some() { format!("add `{line}`, or give `{flag}`") } else { format!("give `{flag}`") },
            ),
        })
        .collect();
        // Only the default selector makes labels of the two.
        if !self.has(Key::Selector) && !self.has(Key::Workload) {
            for (key, value) in [(Key::App, &self.app), (Key::Version, &self.version)] {
                if let Some(value) = value.as_deref().filter(|value| !is_label_value(value)) {
                    problems
                        .push(Problem { place: self.given.get(&key).copied().flatten(), fault: no_label(key, value) });
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (Some(app), Some(version), Some(namespace)) = (self.app, self.version, self.namespace) else {
            // Said badly, and told already.
            return Err(Vec::new());
        };
        let graces: Vec<_> = self.grace.iter().map(|(grace, patience)| (*grace, *patience)).collect();
        let smoke = self.smoke.filter(|smoke| !smoke.none).map(|smoke| (smoke.has_image, smoke.order(graces)));
        let smoke = match smoke {
            None => None,
            Some((_, Some(order))) => Some(order),
            // Said badly, and told already.
            Some((true, None)) => return Err(Vec::new()),
            Some((false, None)) => {
                let fault = Fault::new("`smoke` names no image", "add one, as in `smoke: {image: shop/smoke:1}`");
                return Err(vec![Problem { place: self.given.get(&Key::Smoke).copied().flatten(), fault }]);
            }
        };
        let app_label = self.app_label.unwrap_or_else(|| "app".to_owned());
        let plan = Plan::new(&app, &version, &namespace);
        let version_label = self.version_label.unwrap_or_else(|| plan.version_label.clone());
        Ok(Plan {
            delay: self.delay.unwrap_or(plan.delay),
            wait_period: self.wait_period.unwrap_or(plan.wait_period),
            stable_for: self.stable_for.unwrap_or(plan.stable_for),
            max_restarts: self.max_restarts.unwrap_or(plan.max_restarts),
            workload: self.workload,
            selector: self
                .selector
                .unwrap_or_else(|| Selector::equals([(app_label.as_str(), &*app), (&version_label, &version)])),
            version_label,
            replicas: self.replicas,
            min_ready: self.min_ready,
            grace: self.grace,
            ignore_containers: self.ignore_containers,
            template: self.template,
            smoke,
            ..plan
        })
    }
}

fn pair<'t>(name: &str, text: &'t str, example: &str) -> Result<(&'t str, &'t str), Fault> {
    text.split_once('=').ok_or_else(|| {
        Fault::new(format!("{} in `{name}` has no `=`", quoted(text)), format!("write it as in `{example}`"))
    })
}

fn no_label(key: Key, value: &str) -> Fault {
    let other = match key {
        Key::Version => {
            "or pin the gate to a workload, as in `workload: deployment/checkout`, to find its pods by image"
        }
        _ => "or name the pods' labels with `selector`",
    };
    Fault::new(
        format!("`{}` is {}, which is not a valid label value", key.name(), quoted(value)),
        format!("write it as the pods' label has it ({LABEL_VALUE_RULE}), {other}"),
    )
}

/// What the flags say. They win over every file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    draft: Draft,
    faults: Vec<Fault>,
}

impl Overrides {
    /// Takes the text of a key's flag, as a manifest would write it. `labels`, `grace` and `ignoreContainers` are taken
    /// once for each of their values, as `app=KEY`, `ImagePull=30s`, `istio-proxy`. What is wrong with a text is told by
    /// [`load`](super::load), together with the problems of the files.
    pub fn set(&mut self, key: Key, text: &str) {
        self.draft.give(key, None);
        if let Err(fault) = self.draft.set(key, key.flag(), text) {
            self.faults.push(fault);
        }
    }

    /// True where no flag was given.
    pub(super) fn is_empty(&self) -> bool {
        self.draft.given.is_empty()
    }

    /// True where the flag was given, well or badly.
    pub(super) fn has(&self, key: Key) -> bool {
        self.draft.has(key)
    }

    /// True where the flag takes the place of whatever a document says under the key.
    pub(super) fn replaces(&self, key: Key) -> bool {
        self.has(key) && !key.is_collection()
    }

    /// The version that a flag gives.
    pub(super) fn version(&self) -> Option<&str> {
        self.draft.version.as_deref()
    }

    /// The key of the version label that a flag gives.
    pub(super) fn version_label(&self) -> Option<&str> {
        self.draft.version_label.as_deref()
    }

    /// The containers that flags ignore.
    pub(super) fn ignored_containers(&self) -> &BTreeSet<String> {
        &self.draft.ignore_containers
    }

    pub(super) fn draft(&self) -> &Draft {
        &self.draft
    }

    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }
}
