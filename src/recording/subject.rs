//! What a recording is about: which apps, at which versions, in which namespaces. A gate over it need not be told, and one that
//! is about something else would wait for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::Deserialize;

use super::line::{Entry, Header, Line};
use super::reader::{ReadError, Reader};
use super::replay::fact_of;
use crate::gate::Fact;
use crate::gate::evaluate::version;
use crate::gate::model::{Object, Selector, Template, Workload, is_dns_name, is_label_value};
use crate::gate::spec::{Pin, Plan};
use crate::manifest::{Key, Naming};

type Labels = BTreeMap<String, String>;

/// What a recording is about.
#[derive(Debug, Default)]
pub struct Subject {
    /// The namespace of the header, empty for all of them.
    namespace: String,
    started_at: jiff::Timestamp,
    /// The gates whose runs were recorded, as they call themselves.
    judged: Vec<Judged>,
    /// Every workload that was seen, by its UID.
    workloads: BTreeMap<String, Seen>,
    /// The namespaces and labels of all pods that were seen.
    pods: BTreeSet<(String, Labels)>,
}

/// A gate over the recording that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its app.
    pub app: String,
    /// Its version; `None` where the recording does not tell it.
    pub version: Option<String>,
    /// Its namespace.
    pub namespace: String,
    /// The workload that it is about, where that was seen.
    pub pin: Option<Pin>,
    /// The flags that make this gate; none where no version is known.
    pub flags: Vec<(Key, String)>,
}

/// A gate as the last line of a run tells of it.
#[derive(Debug, Clone, Deserialize)]
struct Judged {
    app: String,
    version: String,
    namespace: String,
    selector: Option<String>,
    workload: Option<String>,
}

#[derive(Deserialize)]
struct Result {
    #[serde(default)]
    gates: Vec<Judged>,
}

/// A workload over time.
#[derive(Debug)]
struct Seen {
    newest: Workload,
    /// Its templates, the oldest first.
    templates: Vec<Template>,
    /// When it got the newest of them.
    since: jiff::Timestamp,
}

impl Subject {
    /// What a recording with this header is about, as long as no line of it was seen.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self { namespace: header.namespace.clone(), started_at: header.started_at, ..Self::default() }
    }

    /// Reads a recording to its end.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn read<R: Read>(reader: &mut Reader<R>) -> std::result::Result<Self, ReadError> {
        let mut subject = Self::of(reader.header());
        while let Some(line) = reader.next_line()? {
            subject.hear(&line);
        }
        Ok(subject)
    }

    /// Takes in the next line.
    pub fn hear(&mut self, line: &Line) {
        if let Entry::Gate(result) = &line.entry {
            let result: Option<Result> = serde_json::from_str(result.get()).ok();
            self.judged.extend(result.into_iter().flat_map(|result| result.gates).filter(Judged::is_whole));
            return;
        }
        let elapsed = jiff::SignedDuration::from_millis(i64::try_from(line.at_ms).unwrap_or(i64::MAX));
        let at = self.started_at.checked_add(elapsed).unwrap_or(self.started_at);
        match fact_of(&line.entry, "") {
            Some(Fact::Listed { objects, .. }) => objects.into_iter().for_each(|object| self.see(at, object)),
            Some(Fact::Seen(object)) => self.see(at, *object),
            _ => {}
        }
    }

    fn see(&mut self, at: jiff::Timestamp, object: Object) {
        match object {
            Object::Pod(pod) => {
                self.pods.insert((pod.namespace.clone(), pod.labels.clone()));
            }
            Object::Workload(workload) => {
                let workload = workload.as_ref().clone();
                let template = workload.template.clone();
                match self.workloads.get_mut(&workload.uid) {
                    None => {
                        // What was there before was not made by what is recorded.
                        let since = workload.created.as_deref().and_then(|text| text.parse().ok()).unwrap_or(at);
                        let seen = Seen { templates: vec![template], newest: workload, since };
                        self.workloads.insert(seen.newest.uid.clone(), seen);
                    }
                    Some(seen) => {
                        if seen.newest.template.fingerprint != template.fingerprint {
                            seen.since = at;
                            seen.templates.push(template);
                        }
                        seen.newest = workload;
                    }
                }
            }
            Object::Event(_) | Object::Node(_) => {}
        }
    }

    /// Returns the gates that can be asked for: those whose runs were recorded, or else each app at its newest version. `app`
    /// and `namespace` narrow them.
    #[must_use]
    pub fn choices(&self, app: Option<&str>, namespace: Option<&str>) -> Vec<Choice> {
        let is_meant = |choice: &Choice| {
            app.is_none_or(|app| app == choice.app) && namespace.is_none_or(|namespace| namespace == choice.namespace)
        };
        let judged: Vec<Choice> = self.judged.iter().map(|judged| self.of_judged(judged)).collect();
        for choices in [judged, self.of_workloads(), self.of_pods()] {
            let meant: Vec<Choice> = choices.into_iter().filter(is_meant).collect();
            if !meant.is_empty() {
                return each_once(meant);
            }
        }
        Vec::new()
    }

    fn of_judged(&self, judged: &Judged) -> Choice {
        let Judged { app, version, namespace, selector, workload } = judged;
        let by_labels = Selector::equals([("app", app.as_str()), ("version", version)]).to_string();
        let mut flags =
            vec![(Key::App, app.clone()), (Key::Version, version.clone()), (Key::Namespace, namespace.clone())];
        let seen = workload.as_ref().and_then(|text| {
            let is_it = |seen: &&Seen| seen.newest.namespace == *namespace && pin(&seen.newest).to_string() == *text;
            self.workloads.values().find(is_it)
        });
        if let Some(workload) = workload {
            flags.push((Key::Workload, workload.clone()));
        } else if let Some(selector) = selector.as_ref().filter(|selector| **selector != by_labels) {
            flags.push((Key::Selector, selector.clone()));
        }
        // A gate that was pinned by its images may have been called after something that no flag can name.
        let is_told = seen.is_none_or(|seen| {
            let has_version = |template: &Template| {
                let naming = Naming::of(&Workload { template: template.clone(), ..seen.newest.clone() });
                naming.version.as_ref() == Some(version) || template.containers.is_empty()
            };
            seen.templates.iter().any(has_version)
        });
        Choice {
            app: app.clone(),
            version: is_told.then(|| version.clone()),
            namespace: namespace.clone(),
            pin: seen.map(|seen| pin(&seen.newest)),
            flags: if is_told { flags } else { Vec::new() },
        }
    }

    /// Each app of the workloads at its newest version.
    fn of_workloads(&self) -> Vec<Choice> {
        let mut newest: BTreeMap<(String, String), (jiff::Timestamp, Choice)> = BTreeMap::new();
        for seen in self.workloads.values().filter(|seen| seen.is_of_the_app()) {
            let workload = &seen.newest;
            let naming = Naming::of(workload);
            let above = self.referrer_of(workload).map_or_else(|| pin(workload), pin);
            let flags = naming.flags(&above, &workload.namespace);
            let choice = Choice {
                app: naming.app,
                version: naming.version,
                namespace: workload.namespace.clone(),
                pin: Some(above),
                flags: flags.unwrap_or_default(),
            };
            let key = (choice.namespace.clone(), choice.app.clone());
            if newest.get(&key).is_none_or(|(since, _)| *since <= seen.since) {
                newest.insert(key, (seen.since, choice));
            }
        }
        newest.into_values().map(|(_, choice)| choice).collect()
    }

    /// Each app and version of the pods' labels, for where nobody may read workloads.
    fn of_pods(&self) -> Vec<Choice> {
        let choices = self.pods.iter().filter_map(|(namespace, labels)| {
            let value = |key: &str| labels.get(key).filter(|value| !value.is_empty() && is_label_value(value)).cloned();
            let (app, version) = (value("app")?, value("version")?);
            let flags =
                vec![(Key::App, app.clone()), (Key::Version, version.clone()), (Key::Namespace, namespace.clone())];
            Some(Choice { app, version: Some(version), namespace: namespace.clone(), pin: None, flags })
        });
        choices.collect()
    }

    /// The Rollout or Canary that stands above a workload without owning it.
    fn referrer_of(&self, workload: &Workload) -> Option<&Workload> {
        let reference = workload.reference();
        let is_it = |other: &&Workload| {
            other.namespace == workload.namespace && other.refers_to().is_some_and(|referred| *referred == reference)
        };
        self.workloads.values().map(|seen| &seen.newest).find(is_it)
    }

    /// Returns how a gate differs from all that the recording has, in a sentence. `None` where it has what the gate asks
    /// for, where the run of this very gate was recorded, and where the recording has nothing to compare it with: nothing
    /// is what some gates are to find.
    #[must_use]
    pub fn contradicts(&self, plan: &Plan) -> Option<String> {
        let is_it = |judged: &Judged| {
            (&judged.app, &judged.version, &judged.namespace) == (&plan.app, &plan.version, &plan.namespace)
        };
        if self.judged.iter().any(is_it) {
            return None;
        }
        let namespaces = self.namespaces();
        if !namespaces.is_empty() && !namespaces.contains(plan.namespace.as_str()) {
            let names: Vec<&str> = namespaces.into_iter().collect();
            return Some(differs("namespace", &plan.namespace, &names));
        }
        if let Some(pin) = &plan.workload {
            return self.contradicts_pin(plan, pin);
        }
        let labels: Vec<&Labels> = self.labels_in(&plan.namespace).collect();
        if labels.is_empty() || labels.iter().any(|labels| plan.selector.matches(labels)) {
            return None;
        }
        // A selector of its own is meant as it is.
        let app_key = plan.selector.requirements().iter().map(|asked| asked.key.as_str()).find(|key| {
            plan.selector == Selector::equals([(*key, &*plan.app), (plan.version_label.as_str(), &*plan.version)])
        })?;
        let choices = self.choices(None, Some(&plan.namespace));
        let of_app = labels.iter().filter(|labels| labels.get(app_key) == Some(&plan.app));
        let versions: BTreeSet<&str> =
            of_app.clone().filter_map(|labels| labels.get(&plan.version_label)).map(String::as_str).collect();
        if of_app.count() > 0 && !versions.is_empty() {
            let versions: Vec<&str> = versions.into_iter().collect();
            return Some(differs(&format!("{} in version", plan.app), &plan.version, &versions));
        }
        let apps: BTreeSet<&str> = choices.iter().map(|choice| choice.app.as_str()).collect();
        if apps.contains(plan.app.as_str()) {
            return Some(format!(
                "the gate looks for pods with the labels {}, and no pod of {} in the recording has them",
                plan.selector, plan.app
            ));
        }
        if apps.is_empty() {
            return None;
        }
        Some(differs("app", &plan.app, &apps.into_iter().collect::<Vec<_>>()))
    }

    fn contradicts_pin(&self, plan: &Plan, pin: &Pin) -> Option<String> {
        let here = || self.workloads.values().filter(|seen| seen.newest.namespace == plan.namespace);
        let own: Vec<&Seen> =
            here().filter(|seen| (seen.newest.kind, &seen.newest.name) == (pin.kind, &pin.name)).collect();
        if own.is_empty() {
            let names: Vec<String> =
                here().filter(|seen| seen.is_of_the_app()).map(|seen| self::pin(&seen.newest).to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return (!names.is_empty()).then(|| differs("workload", &pin.to_string(), &names));
        }
        let mut others = Vec::new();
        for seen in own {
            for template in &seen.templates {
                let then = Workload { template: template.clone(), ..seen.newest.clone() };
                match version::of_workload(&then, plan) {
                    // The template is that of another workload.
                    _ if template.containers.is_empty() => return None,
                    version::Said::Gated | version::Said::Nothing(_) => return None,
                    version::Said::Other(version) => others.push(version),
                    version::Said::OtherTemplate(_) => others.extend(Naming::of(&then).version),
                }
            }
        }
        others.dedup();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        (!others.is_empty()).then(|| differs(&format!("{pin} in version"), &plan.version, &others))
    }

    fn namespaces(&self) -> BTreeSet<&str> {
        let objects = self.workloads.values().map(|seen| seen.newest.namespace.as_str());
        let objects = objects.chain(self.pods.iter().map(|(namespace, _)| namespace.as_str()));
        objects.chain([self.namespace.as_str()]).filter(|namespace| !namespace.is_empty()).collect()
    }

    /// The labels of every pod and of every pod template of a namespace.
    fn labels_in<'s>(&'s self, namespace: &'s str) -> impl Iterator<Item = &'s Labels> {
        let pods = self.pods.iter().filter(move |(of, _)| of == namespace).map(|(_, labels)| labels);
        let seen = self.workloads.values().filter(move |seen| seen.newest.namespace == namespace);
        pods.chain(seen.flat_map(|seen| &seen.templates).map(|template| &template.labels))
    }
}

impl Seen {
    /// True for a workload that nothing else made, with pods of its own to run.
    fn is_of_the_app(&self) -> bool {
        let Workload { name, controller, hook, template, .. } = &self.newest;
        controller.is_none() && !hook && !template.containers.is_empty() && is_dns_name(name)
    }
}

impl Judged {
    /// True where its names are those that it was asked with: a recording is masked, and some gates stand for several.
    fn is_whole(&self) -> bool {
        let names = [Some(&self.app), Some(&self.version), self.selector.as_ref(), self.workload.as_ref()];
        let is_masked = names.into_iter().flatten().any(|name| name.contains("***"));
        let is_named = self.workload.is_some() || self.selector.is_some();
        !is_masked && is_named && !self.app.contains(' ') && self.version != "unknown"
    }
}

fn pin(workload: &Workload) -> Pin {
    Pin { kind: workload.kind, name: workload.name.clone() }
}

fn each_once(choices: Vec<Choice>) -> Vec<Choice> {
    let mut each: Vec<Choice> = Vec::new();
    for choice in choices {
        if !each.contains(&choice) {
            each.push(choice);
        }
    }
    each
}

fn differs(what: &str, asked: &str, there: &[&str]) -> String {
    format!("the gate is about {what} {asked}, and the recording about {}", there.join(", "))
}
