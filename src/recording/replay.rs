//! Deciding again over a recording, offline, in virtual time: the gates begin where the recording begins.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::custom_owners::CustomOwners;
use super::follow::Follow;
use super::line::{Entry, Line, MetricsEntry};
use super::log_store::LogStore;
use super::mapping::{self, MapError};
use super::mirror::{Listing, Mirror, Narrowed};
use super::reader::{ReadError, Reader};
use crate::gate::evaluate::NEVER_REACHED_LIMIT;
use crate::gate::model::{Object, Source, Trouble, TroubleKind, WorkloadKind};
use crate::gate::result::{GateEvent, Outcome, SmokeRun};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate, Want};

/// How long after its verdict a gate may still take up evidence: what a live run would have fetched.
pub const EVIDENCE_TIME: Duration = Duration::from_secs(5);

/// After a LIST that would confirm a pass, what the recorder read beside it has come so long after.
const SETTLED: Duration = Duration::from_secs(1);

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
    let proves = reader.header().recorder.starts_with("crashgate");
    let began_ms = reader.header().started_at.as_millisecond();
    let mut players: Vec<_> = plans.into_iter().map(|plan| Player::new(plan, proves, began_ms)).collect();
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
        player.pass_time(now);
        player.tell_foreign(now);
        player.gate.observe(now, Fact::RecordingEnded);
        player.tell(place, tell);
    }
    Ok(players.into_iter().filter_map(Player::finish).collect())
}

/// One gate and what it is told from the recording.
struct Player {
    gate: Gate,
    mirror: Mirror,
    follow: Follow,
    custom_owners: CustomOwners,
    logs: LogStore,
    asked: Option<Asked>,
    /// The recorder lists what it watches again and again to prove its watches: its silence alone is no proof.
    proves: bool,
    /// When the recording began, in milliseconds since 1970.
    began_ms: i64,
    heard: Heard,
}

/// A confirming read that the gate has asked for and that was not answered yet.
struct Asked {
    ticket: u64,
    at: Duration,
    /// When the recording next listed the pods.
    pods_listed: Option<Duration>,
    /// The owners that the recording has told of since.
    owners: BTreeSet<(WorkloadKind, String)>,
}

/// Which namespaces the recording tells of.
#[derive(Default)]
struct Heard {
    own: bool,
    others: BTreeSet<String>,
}

impl Player {
    fn new(plan: Plan, proves: bool, began_ms: i64) -> Self {
        Self {
            follow: Follow::new(plan.delay),
            gate: Gate::new(plan),
            mirror: Mirror::default(),
            custom_owners: CustomOwners::default(),
            logs: LogStore::default(),
            asked: None,
            proves,
            began_ms,
            heard: Heard::default(),
        }
    }

    fn play(&mut self, now: Duration, entry: &Entry) {
        if self.is_done(now) {
            return;
        }
        // Time goes on before the line is read, and a gate that wants its pass confirmed then is answered then.
        self.pass_time(now);
        self.follow.heard(now);
        self.hear(entry);
        if let Entry::Log(log) = entry {
            self.logs.put(now, log.clone());
            return;
        }
        if let Entry::Metrics(entry) = entry {
            if self.asks(entry) {
                let at_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX).saturating_add(self.began_ms);
                let measurement = mapping::metrics::measurement(entry, at_ms);
                self.gate.observe(now, Fact::Measured(Box::new(measurement)));
            }
            self.answer(now);
            return;
        }
        for fact in self.facts(now, entry) {
            self.gate.observe(now, fact);
        }
        self.answer(now);
    }

    /// Returns true if the line answers a question of this gate.
    fn asks(&self, entry: &MetricsEntry) -> bool {
        let plan = self.gate.plan();
        let is_own = |name: Option<&str>, own: &str| name.is_none_or(|name| name == own);
        is_own(entry.app.as_deref(), &plan.app)
            && is_own(entry.namespace.as_deref(), &plan.namespace)
            && plan.metrics.iter().flat_map(|metrics| &metrics.checks).any(|check| check.name == entry.check)
    }

    /// What a line tells this gate.
    fn facts(&mut self, now: Duration, entry: &Entry) -> Vec<Fact> {
        let namespace = self.gate.plan().namespace.clone();
        if let Some((source, words)) = broken(entry, &namespace)
            && self.follow.knows(source)
        {
            let status = if let Entry::Fail { status, .. } = entry { *status } else { None };
            self.follow.broke(source, now, status, words);
            return Vec::new();
        }
        if let Entry::Opened { path, .. } = entry {
            let source = mapping::source_of(path).filter(|(_, scope)| scope.is_none_or(|scope| scope == namespace));
            let resumed = source.map(|(source, _)| source).filter(|source| self.follow.opened(*source));
            return resumed.map(|source| Fact::Resumed { source }).into_iter().collect();
        }
        let Some(fact) = fact_of(entry, &namespace) else {
            return self.custom_owners.take(entry, &namespace).into_iter().collect();
        };
        match (fact, entry) {
            (
                Fact::Listed { source: source @ (Source::Pods | Source::Workloads(_)), objects },
                Entry::List { selector, body, .. },
            ) => self.listed(now, source, objects, selector.as_deref(), body),
            (fact, Entry::Event { object: raw, .. } | Entry::Get { body: raw, .. }) => {
                if !self.mirror.take(&fact, raw) {
                    return Vec::new();
                }
                self.note_owner(&fact);
                if let Fact::Lost { source, .. } = &fact {
                    self.follow.lost(*source);
                }
                vec![fact]
            }
            (fact, _) => vec![fact],
        }
    }

    /// What a LIST of the pods or of a kind of workload tells this gate.
    fn listed(
        &mut self,
        now: Duration,
        source: Source,
        objects: Vec<Object>,
        selector: Option<&str>,
        body: &RawValue,
    ) -> Vec<Fact> {
        let narrowed = selector.map(|text| text.parse().map_or(Narrowed::Otherwise, Narrowed::Labels));
        for object in &objects {
            if let Object::Workload(workload) = object {
                self.note_owner_named(workload.kind, &workload.name);
            }
        }
        match self.mirror.list(source, objects, narrowed.as_ref(), body, self.gate.plan()) {
            Listing::Whole(mut facts) => {
                self.follow.listed(source, now);
                match &mut self.asked {
                    Some(asked) if source == Source::Pods => _ = asked.pods_listed.get_or_insert(now),
                    _ => {}
                }
                // A pinned workload that is not there has no pods.
                let pin = self.gate.plan().workload.as_ref();
                if pin.is_some_and(|pin| source == Source::Workloads(pin.kind) && !self.mirror.has(pin.kind, &pin.name))
                    && !self.follow.knows(Source::Pods)
                {
                    facts.push(Fact::Listed { source: Source::Pods, objects: Vec::new() });
                }
                facts
            }
            Listing::Part(facts) => {
                let asked = match &self.gate.plan().workload {
                    Some(pin) => format!("those of {pin}"),
                    None => format!("those with {}", self.gate.plan().selector),
                };
                let words = format!(
                    "the recording lists only the {source} with {}, which says nothing of {asked}",
                    selector.unwrap_or_default()
                );
                self.follow.listed_in_part(source, now, words);
                facts
            }
            Listing::Outdated => {
                self.follow.lost(source);
                let message = format!("the recording lists the {source} as they were before what it had shown already");
                let trouble = Trouble { kind: TroubleKind::Stale, message, hopeless: false };
                vec![Fact::Lost { source, trouble }]
            }
        }
    }

    fn note_owner(&mut self, fact: &Fact) {
        if let Fact::Seen(object) = fact
            && let Object::Workload(workload) = &**object
        {
            self.note_owner_named(workload.kind, &workload.name);
        }
    }

    fn note_owner_named(&mut self, kind: WorkloadKind, name: &str) {
        if let Some(asked) = &mut self.asked {
            asked.owners.insert((kind, name.to_owned()));
        }
    }

    /// Lets time pass up to `now`, and answers every question at the moment at which it is asked.
    fn pass_time(&mut self, now: Duration) {
        loop {
            let lapse = self.follow.next_lapse();
            let settled = self.asked.as_ref().and_then(|asked| Some(asked.pods_listed? + SETTLED));
            let due = [self.gate.wake_at(), lapse, settled].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= now) else { break };
            if due >= NEVER_REACHED_LIMIT {
                self.tell_foreign(NEVER_REACHED_LIMIT.saturating_sub(Duration::from_millis(1)));
            }
            self.gate.advance(due);
            for fact in self.follow.lapse(due) {
                self.gate.observe(due, fact);
            }
            self.answer(due);
            if settled == Some(due) && self.asked.is_some() {
                // It has waited long enough, and is answered by the next line that allows it.
                if let Some(asked) = &mut self.asked {
                    asked.pods_listed = None;
                }
            }
        }
        self.gate.advance(now);
    }

    /// Answers a question of the gate from what the recording has shown so far, where that is fresh.
    fn answer(&mut self, now: Duration) {
        // A run of now would say nothing of the time that was recorded.
        if let Want::Smoke { .. } = self.gate.want() {
            let why = "a replay has no cluster to do the smoke run in; leave it out with `--smoke none`";
            self.gate.observe(now, Fact::Smoked(Box::new(SmokeRun::impossible(why))));
        }
        let Want::Confirmation { owners, ticket } = self.gate.want() else {
            self.asked = None;
            return;
        };
        if self.asked.as_ref().is_none_or(|asked| asked.ticket != ticket) {
            self.asked = Some(Asked { ticket, at: now, pods_listed: None, owners: BTreeSet::new() });
        }
        if self.can_confirm(now, &owners) {
            let fact = self.mirror.confirm(&owners);
            self.asked = None;
            self.gate.observe(now, fact);
        }
    }

    /// Returns true if the recording has proven by now what the confirming read asks for. Where it was made by somebody
    /// who watched and nothing else, silence is proof: the recorder was there, and nothing happened. A recorder that
    /// lists again to prove its watches has to have done so since, and what it read of the owners then comes first.
    fn can_confirm(&self, now: Duration, owners: &[(WorkloadKind, String)]) -> bool {
        let Some(asked) = &self.asked else { return false };
        let told = |owner: &(WorkloadKind, String)| asked.owners.contains(owner);
        if !owners.iter().all(|owner| told(owner) || self.follow.is_watched(Source::Workloads(owner.0))) {
            return false;
        }
        if self.follow.is_watched(Source::Pods) && !self.proves {
            return true;
        }
        let Some(listed) = asked.pods_listed.filter(|listed| *listed >= asked.at) else { return false };
        self.follow.is_fresh(Source::Pods) && (owners.iter().all(told) || now >= listed + SETTLED)
    }

    fn hear(&mut self, entry: &Entry) {
        let Some((_, scope)) = path_of(entry).and_then(mapping::source_of) else { return };
        match scope {
            Some(scope) if scope != self.gate.plan().namespace => {
                self.heard.others.insert(scope.to_owned());
            }
            Some(_) => self.heard.own = true,
            None => {}
        }
    }

    /// Says it where the recording is of other namespaces altogether.
    fn tell_foreign(&mut self, now: Duration) {
        if self.heard.own || self.heard.others.is_empty() || self.gate.outcome().is_some() {
            return;
        }
        let others: Vec<_> = self.heard.others.iter().map(String::as_str).collect();
        let message = format!(
            "the recording holds nothing of namespace {}; it is of {}",
            self.gate.plan().namespace,
            others.join(", ")
        );
        let trouble = Trouble { kind: TroubleKind::Stale, message, hopeless: true };
        self.gate.observe(now, Fact::Lost { source: Source::Pods, trouble });
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
                self.gate.attach(place, vec![self.logs.evidence(&wanted)]);
            }
        }
        self.gate.conclude();
        self.gate.outcome().cloned()
    }
}

/// What the line says about the namespace (empty: about all of them), as a fact; `None` where it says nothing that is
/// read.
pub(super) fn fact_of(entry: &Entry, namespace: &str) -> Option<Fact> {
    let path = path_of(entry)?;
    let collection = if matches!(entry, Entry::Get { .. }) { path.rsplit_once('/')?.0 } else { path };
    let (source, scope) = mapping::source_of(collection)?;
    if scope.is_some_and(|scope| scope != namespace) && !namespace.is_empty() {
        return None;
    }
    let everywhere = scope.is_none() && source != Source::Nodes && !namespace.is_empty();
    match entry {
        Entry::List { body, .. } if everywhere => Some(trusted(source, list_in(source, body, namespace).map(Some))?),
        Entry::List { body, .. } => trusted(source, list_of(source, body, scope).map(Some)),
        Entry::Event { object, .. } if everywhere && !is_in(object, namespace) => None,
        // What is of another namespace than the one that was asked for answers nothing.
        Entry::Event { kind, object, .. } if kind != "ERROR" && mapping::is_elsewhere(object, scope) => None,
        Entry::Get { body, .. } if mapping::is_elsewhere(body, scope) => None,
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

/// The items of a LIST of one namespace. One that names another namespace is no part of the answer.
fn list_of(source: Source, body: &RawValue, scope: Option<&str>) -> Result<Fact, MapError> {
    let items = mapping::items(body)?;
    let own = items.into_iter().filter(|item| !mapping::is_elsewhere(item, scope));
    let objects = own.map(|item| mapping::object(source, item)).collect::<Result<_, _>>()?;
    Ok(Fact::Listed { source, objects })
}

/// The collection whose watch ended or about which a request failed, of one of its objects too, and what happened in
/// words.
fn broken(entry: &Entry, namespace: &str) -> Option<(Source, String)> {
    let path = path_of(entry)?;
    let of = |path| {
        mapping::source_of(path)
            .filter(|(_, scope)| scope.is_none_or(|scope| scope == namespace || namespace.is_empty()))
    };
    let (source, _) = of(path).or_else(|| of(path.rsplit_once('/')?.0))?;
    match entry {
        Entry::Closed { .. } => {
            Some((source, format!("the watch of the {source} ended, and the recording does not follow that up")))
        }
        Entry::Fail { status, error, .. } => {
            let how = match (status, error) {
                (Some(status), _) => format!("was answered with {status}"),
                (None, Some(error)) => format!("failed: {error}"),
                (None, None) => "failed".to_owned(),
            };
            Some((source, format!("a request about the {source} {how}, and the recording does not follow that up")))
        }
        _ => None,
    }
}

fn path_of(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::List { path, .. }
        | Entry::Event { path, .. }
        | Entry::Get { path, .. }
        | Entry::Fail { path, .. }
        | Entry::Opened { path, .. }
        | Entry::Closed { path } => Some(path),
        Entry::Log(_) | Entry::Metrics(_) | Entry::Note(_) | Entry::Gate(_) | Entry::Unknown => None,
    }
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
