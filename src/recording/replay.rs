//! Deciding again over a recording, offline, in virtual time: the gates begin where the recording begins.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::line::{Entry, Line};
use super::mapping::{self, MapError};
use super::reader::{ReadError, Reader};
use super::shelf::LogShelf;
use crate::gate::machine::{Gate, Want};
use crate::gate::observation::{Fact, Object, Source, Trouble, TroubleKind};
use crate::gate::outcome::{GateEvent, Outcome};
use crate::gate::plan::Plan;
use crate::gate::selector::Selector;
use crate::gate::smoke::SmokeRun;
use crate::gate::workload::WorkloadKind;

/// How long after its verdict a gate may still take up evidence: what a live run would have fetched.
pub const EVIDENCE_TIME: Duration = Duration::from_secs(5);

/// Plays a recording to one gate for each plan, and returns their outcomes in the same order. `tell` hears every event:
/// the place of the gate, the time since the recording began, and what happened.
///
/// # Errors
///
/// Where the recording cannot be read.
pub fn replay<R: Read>(
    reader: &mut Reader<R>,
    plans: Vec<Plan>,
    tell: &mut dyn FnMut(usize, Duration, &GateEvent),
) -> Result<Vec<Outcome>, ReadError> {
    let mut players: Vec<_> = plans.into_iter().map(Player::new).collect();
    let mut now = Duration::ZERO;
    while let Some(Line { at_ms, entry }) = reader.next_line()? {
        now = Duration::from_millis(at_ms);
        for (place, player) in players.iter_mut().enumerate() {
            player.play(now, &entry);
            player.tell(place, tell);
        }
        if players.iter().all(|player| player.is_done(now)) {
            break;
        }
    }
    for (place, player) in players.iter_mut().enumerate() {
        player.gate.observe(now, Fact::RecordingEnded);
        player.tell(place, tell);
    }
    Ok(players.into_iter().filter_map(Player::finish).collect())
}

/// One gate and what it is told from the recording.
struct Player {
    gate: Gate,
    mirror: Mirror,
    shelf: LogShelf,
}

impl Player {
    fn new(plan: Plan) -> Self {
        Self { gate: Gate::new(plan), mirror: Mirror::default(), shelf: LogShelf::default() }
    }

    fn play(&mut self, now: Duration, entry: &Entry) {
        if self.is_done(now) {
            return;
        }
        // Time goes on before the line is read, and a gate that wants its pass confirmed then is answered then.
        self.pass_time(now);
        if let Entry::Log(log) = entry {
            self.shelf.put(now, log.clone());
            return;
        }
        let Some(fact) = fact_of(entry, &self.gate.plan().namespace) else { return };
        if self.is_about_the_watch_alone(&fact) {
            return;
        }
        let selector = match entry {
            Entry::List { selector: Some(selector), .. } => selector.parse().ok(),
            _ => None,
        };
        let facts = match selector {
            Some(selector) => self.mirror.complete(fact, &selector, self.gate.plan()),
            None => vec![fact],
        };
        for fact in facts {
            self.mirror.take(&fact);
            self.gate.observe(now, fact);
        }
        self.answer(now);
    }

    /// A refusal after a LIST that was answered is about watching: the recorder went on by polling.
    fn is_about_the_watch_alone(&self, fact: &Fact) -> bool {
        matches!(fact, Fact::Denied { source, .. } if self.mirror.objects.contains_key(source))
    }

    /// Lets time pass up to `now`, and answers every question at the moment at which it is asked.
    fn pass_time(&mut self, now: Duration) {
        while let Some(due) = self.gate.wake_at().filter(|due| *due <= now) {
            self.gate.advance(due);
            self.answer(due);
        }
        self.gate.advance(now);
    }

    /// Answers a question of the gate from what the recording has shown so far. In a replay silence is fresh: the
    /// recorder was there, and nothing happened.
    fn answer(&mut self, now: Duration) {
        // A run of now would say nothing of the time that was recorded.
        if let Want::Smoke { .. } = self.gate.want() {
            let why = "a replay has no cluster to do the smoke run in; leave it out with `--smoke none`";
            self.gate.observe(now, Fact::Smoked(Box::new(SmokeRun::impossible(why))));
        }
        if let Want::Confirmation { owners, .. } = self.gate.want() {
            let fact = self.mirror.confirm(&owners);
            self.gate.observe(now, fact);
        }
    }

    fn is_done(&self, now: Duration) -> bool {
        self.gate.outcome().is_some_and(|outcome| now > outcome.decided_after + EVIDENCE_TIME)
    }

    fn tell(&mut self, place: usize, tell: &mut dyn FnMut(usize, Duration, &GateEvent)) {
        for (at, event) in self.gate.take_events() {
            tell(place, at, &event);
        }
    }

    /// Attaches the logs that the findings ask for.
    fn finish(mut self) -> Option<Outcome> {
        let outcome = self.gate.outcome()?;
        let wanted: Vec<_> = outcome.findings.iter().map(|finding| finding.log.clone()).collect();
        for (place, wanted) in wanted.into_iter().enumerate() {
            if let Some(wanted) = wanted {
                self.gate.attach(place, vec![self.shelf.evidence(&wanted)]);
            }
        }
        self.gate.conclude();
        self.gate.outcome().cloned()
    }
}

/// What the line says about the namespace (empty: about all of them), as a fact; `None` where it says nothing that is
/// read.
pub(super) fn fact_of(entry: &Entry, namespace: &str) -> Option<Fact> {
    let path = match entry {
        Entry::List { path, .. } | Entry::Event { path, .. } | Entry::Get { path, .. } | Entry::Fail { path, .. } => {
            path
        }
        Entry::Log(_) | Entry::Closed { .. } | Entry::Note(_) | Entry::Gate(_) | Entry::Unknown => return None,
    };
    let collection = if matches!(entry, Entry::Get { .. }) { path.rsplit_once('/')?.0 } else { path };
    let (source, scope) = mapping::source_of(collection)?;
    if scope.is_some_and(|scope| scope != namespace) && !namespace.is_empty() {
        return None;
    }
    let everywhere = scope.is_none() && source != Source::Nodes && !namespace.is_empty();
    match entry {
        Entry::List { body, .. } if everywhere => Some(trusted(source, list_in(source, body, namespace).map(Some))?),
        Entry::List { body, .. } => trusted(source, mapping::list(source, body).map(Some)),
        Entry::Event { object, .. } if everywhere && !is_in(object, namespace) => None,
        Entry::Event { kind, object, .. } => trusted(source, mapping::event(source, kind, object)),
        Entry::Get { body, .. } => {
            trusted(source, mapping::object(source, body).map(|object| Some(Fact::Seen(Box::new(object)))))
        }
        Entry::Fail { status, error, .. } => Some(failure(source, *status, error.as_deref())),
        _ => None,
    }
}

/// What cannot be read makes its source untrustworthy.
fn trusted(source: Source, fact: Result<Option<Fact>, MapError>) -> Option<Fact> {
    fact.unwrap_or_else(|error| {
        let trouble = Trouble { kind: TroubleKind::Stale, message: error.to_string(), hopeless: false };
        Some(Fact::Lost { source, trouble })
    })
}

fn failure(source: Source, status: Option<u16>, error: Option<&str>) -> Fact {
    let words = error.unwrap_or("the API server refused");
    let (kind, message) = match status {
        Some(403) => return Fact::Denied { source, message: words.to_owned() },
        Some(401) => (TroubleKind::Unauthorized, format!("listing {source} was answered with 401: {words}")),
        Some(410) => (TroubleKind::Stale, format!("the watch of {source} has expired (410)")),
        Some(status) => (TroubleKind::Unreachable, format!("listing {source} was answered with {status}: {words}")),
        None => (TroubleKind::Unreachable, format!("listing {source} failed: {words}")),
    };
    Fact::Lost { source, trouble: Trouble { kind, message, hopeless: false } }
}

/// The items of an all-namespaces LIST that are in this namespace.
fn list_in(source: Source, body: &RawValue, namespace: &str) -> Result<Fact, MapError> {
    let items = mapping::items(body)?;
    let own = items.into_iter().filter(|item| is_in(item, namespace));
    let objects = own.map(|item| mapping::object(source, item)).collect::<Result<_, _>>()?;
    Ok(Fact::Listed { source, objects })
}

fn is_in(object: &RawValue, namespace: &str) -> bool {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        namespace: Option<String>,
    }
    serde_json::from_str::<Object>(object.get())
        .is_ok_and(|object| object.metadata.namespace.as_deref() == Some(namespace))
}

/// The pods and workloads as the recording has shown them so far, to answer confirming reads from.
#[derive(Default)]
struct Mirror {
    objects: BTreeMap<Source, BTreeMap<String, Object>>,
}

impl Mirror {
    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Listed { source, objects } => {
                let objects = objects.iter().filter_map(|object| Some((uid(object)?, object.clone())));
                self.objects.insert(*source, objects.collect());
            }
            Fact::Seen(object) => {
                if let (Some(uid), Some(source)) = (uid(object), source(object)) {
                    self.objects.entry(source).or_default().insert(uid, (**object).clone());
                }
            }
            Fact::Gone { source, uid } => {
                self.objects.entry(*source).or_default().remove(uid);
            }
            _ => {}
        }
    }

    /// A LIST of the pods that a selector takes says nothing of the others. Of the gate's own selector (and of a pinned
    /// workload's, which the gate does not know) it is the state of things together with those; of another gate's it is
    /// news of single pods.
    fn complete(&self, fact: Fact, selector: &Selector, plan: &Plan) -> Vec<Fact> {
        let Fact::Listed { source: Source::Pods, objects } = fact else { return vec![fact] };
        let known = self.objects.get(&Source::Pods).into_iter().flat_map(BTreeMap::values);
        let is_meant = |object: &&Object| matches!(object, Object::Pod(pod) if selector.matches(&pod.labels));
        let (taken, others): (Vec<_>, Vec<_>) = known.partition(is_meant);
        let is_own = plan.workload.is_some() || *selector == plan.selector;
        if is_own || !self.objects.contains_key(&Source::Pods) {
            let objects = objects.into_iter().chain(others.into_iter().cloned()).collect();
            return vec![Fact::Listed { source: Source::Pods, objects }];
        }
        let listed: Vec<Option<String>> = objects.iter().map(uid).collect();
        let gone = taken.into_iter().filter_map(uid).filter(|uid| !listed.contains(&Some(uid.clone())));
        let gone: Vec<Fact> = gone.map(|uid| Fact::Gone { source: Source::Pods, uid }).collect();
        objects.into_iter().map(|object| Fact::Seen(Box::new(object))).chain(gone).collect()
    }

    fn confirm(&self, owners: &[(WorkloadKind, String)]) -> Fact {
        let of = |source| self.objects.get(&source).into_iter().flat_map(BTreeMap::values);
        let pods = of(Source::Pods).filter_map(|object| match object {
            Object::Pod(pod) => Some(pod.clone()),
            _ => None,
        });
        let owners = owners.iter().filter_map(|(kind, name)| {
            of(Source::Workloads(*kind)).find_map(|object| match object {
                Object::Workload(workload) if workload.name == *name => Some(workload.clone()),
                _ => None,
            })
        });
        Fact::Confirmed { pods: pods.collect(), owners: owners.collect(), kinds: Vec::new() }
    }
}

fn uid(object: &Object) -> Option<String> {
    match object {
        Object::Pod(pod) => Some(pod.uid.clone()),
        Object::Workload(workload) => Some(workload.uid.clone()),
        Object::Event(_) | Object::Node(_) => None,
    }
}

fn source(object: &Object) -> Option<Source> {
    match object {
        Object::Pod(_) => Some(Source::Pods),
        Object::Workload(workload) => Some(Source::Workloads(workload.kind)),
        Object::Event(_) | Object::Node(_) => None,
    }
}
