//! A deployment that was recorded: the workload, the moment at which it was applied, and every change after it.

use std::path::Path;
use std::time::Duration;

use crashgate::recording::line::Entry;
use crashgate::recording::reader::Reader;
use serde_json::Value;

use super::objects::{Target, World};
use crate::recording::replay::{Row, rows};

/// One deployment and what it was.
pub struct Story {
    pub recording: String,
    pub target: Target,
    pub is_bad: bool,
    /// The row of the table, with the numbers that crashgate is given there.
    pub row: Row,
    /// When the workload carried the gated template first, in milliseconds of the recording.
    pub applied_ms: u64,
    /// The world at that moment, and every world after it with its time.
    changes: Vec<(u64, Change)>,
    begin: World,
}

enum Change {
    Put(String, Value),
    Removed(String, Value),
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Pass,
    /// It refused before its time was up.
    No,
    /// Its time was up.
    TimedOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub end: End,
    /// Since the workload was applied.
    pub after: Duration,
    /// It names what is wrong, and not only that something is.
    pub names_cause: bool,
}

/// What a rule says at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Wait,
    Pass,
    No { names_cause: bool },
}

/// A published rule.
#[derive(Clone, Copy)]
pub struct Rule {
    pub name: &'static str,
    /// How often it looks; `None` where it watches.
    pub every: Option<Duration>,
    pub step: fn(&World, &Target) -> Step,
    /// What it says when its time is up: true where that names a cause.
    pub names_cause_at_the_end: fn(&World, &Target) -> bool,
    /// It can only be started once there is a pod.
    pub begins_with_a_pod: bool,
}

/// How long every tool may take.
pub const BUDGET: Duration = Duration::from_mins(1);

/// Every deployment of a Deployment, StatefulSet or DaemonSet of which it is plain whether it was bad or good.
pub fn stories() -> Vec<Story> {
    let mut stories: Vec<Story> = Vec::new();
    let all = rows();
    for row in rows() {
        let same = |other: &&Row| (&other.recording, &other.plan.version) == (&row.recording, &row.plan.version);
        let passes: Vec<bool> = all.iter().filter(same).map(|row| row.exit_codes.contains(&0)).collect();
        let is_first =
            !stories.iter().any(|story| story.recording == row.recording && story.target.version == row.plan.version);
        if is_first
            && passes.iter().all(|one| *one == passes[0])
            && let Some(story) = Story::read(row, !passes[0])
        {
            stories.push(story);
        }
    }
    stories
}

impl Story {
    /// `None` where no workload of Kubernetes' own has the gated template.
    fn read(row: Row, is_bad: bool) -> Option<Self> {
        let path = Path::new("tests/recordings").join(format!("{}.ndjson", row.recording));
        let mut reader = Reader::open(&path).unwrap();
        let (mut begin, mut changes, mut found) = (World::default(), Vec::new(), None);
        while let Some(line) = reader.next_line().unwrap() {
            for change in changes_of(&line.entry) {
                if found.is_none()
                    && let Change::Put(plural, object) = &change
                    && let Some(target) = target(plural, object, &row)
                {
                    found = Some((target, line.at_ms));
                    change.apply(&mut begin);
                } else if found.is_none() {
                    change.apply(&mut begin);
                } else {
                    changes.push((line.at_ms, change));
                }
            }
        }
        let (target, applied_ms) = found?;
        // Argo Rollouts, OpenKruise and Flagger have rules of their own.
        let is_led = ["rollouts", "clonesets", "canaries"].iter().any(|plural| {
            begin.all(plural).next().is_some()
                || changes.iter().any(|(_, change)| matches!(change, Change::Put(kind, _) if kind == plural))
        });
        let recording = row.recording.clone();
        (!is_led).then_some(Self { recording, target, is_bad, row, applied_ms, changes, begin })
    }

    /// What a rule says. It is started when the workload was applied; what the recording shows last stays so.
    pub fn told_by(&self, rule: &Rule) -> Said {
        let mut world = self.begin.clone();
        let mut changes = self.changes.iter().peekable();
        let end_ms = self.applied_ms + u64::try_from(BUDGET.as_millis()).unwrap();
        let mut now_ms = self.applied_ms;
        let since = |now_ms: u64| Duration::from_millis(now_ms - self.applied_ms);
        loop {
            let may_begin = !rule.begins_with_a_pod || world.labelled_pods(&self.target).next().is_some();
            let step = if may_begin { (rule.step)(&world, &self.target) } else { Step::Wait };
            match step {
                Step::Wait => {}
                Step::Pass => return Said { end: End::Pass, after: since(now_ms), names_cause: false },
                Step::No { names_cause } => return Said { end: End::No, after: since(now_ms), names_cause },
            }
            let next = match rule.every {
                Some(every) => now_ms + u64::try_from(every.as_millis()).unwrap(),
                None => changes.peek().map_or(u64::MAX, |(at_ms, _)| *at_ms),
            };
            if next > end_ms {
                while let Some((_, change)) = changes.next_if(|(at_ms, _)| *at_ms <= end_ms) {
                    change.apply(&mut world);
                }
                let names_cause = (rule.names_cause_at_the_end)(&world, &self.target);
                return Said { end: End::TimedOut, after: BUDGET, names_cause };
            }
            now_ms = next;
            while let Some((_, change)) = changes.next_if(|(at_ms, _)| *at_ms <= now_ms) {
                change.apply(&mut world);
            }
        }
    }
}

impl Change {
    fn apply(&self, world: &mut World) {
        match self {
            Self::Put(plural, object) => world.put(plural, object.clone()),
            Self::Removed(plural, object) => world.remove(plural, object),
        }
    }
}

fn changes_of(entry: &Entry) -> Vec<Change> {
    let plural = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    match entry {
        Entry::List { path, body, .. } => {
            let body: Value = serde_json::from_str(body.get()).unwrap();
            let items = body["items"].as_array().cloned().unwrap_or_default();
            items.into_iter().map(|item| Change::Put(plural(path), item)).collect()
        }
        Entry::Event { path, kind, object } if ["ADDED", "MODIFIED", "DELETED"].contains(&kind.as_str()) => {
            let object = serde_json::from_str(object.get()).unwrap();
            vec![if kind == "DELETED" {
                Change::Removed(plural(path), object)
            } else {
                Change::Put(plural(path), object)
            }]
        }
        _ => Vec::new(),
    }
}

/// The workload, where this is one whose template has the gated labels.
fn target(plural: &str, object: &Value, row: &Row) -> Option<Target> {
    let labels = &object["spec"]["template"]["metadata"]["labels"];
    let is_gated = labels["app"] == *row.plan.app && labels["version"] == *row.plan.version;
    (["deployments", "statefulsets", "daemonsets"].contains(&plural) && is_gated).then(|| Target {
        plural: plural.to_owned(),
        name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        app: row.plan.app.clone(),
        version: row.plan.version.clone(),
    })
}
