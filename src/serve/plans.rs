//! The plans of the service: the gate files of one folder, each called by the name of its file, re-read when they change.

mod folder;
mod problem;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use crate::manifest::{Blueprint, Diagnostic, Text};

use folder::Found;

pub use problem::PlanProblem;

/// How often the folder is looked at for changes. The kubelet itself takes up to a minute to renew a mounted `ConfigMap`.
pub const EVERY: Duration = Duration::from_secs(5);
/// How many problems of one file are put into words.
const TOLD: usize = 5;

/// Reads an environment variable, for `${NAME}` in plans.
type ReadVariable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The plans of a folder. A plan that gets mistakes goes on as it was last without; its file is named in
/// [`problems`](Self::problems).
pub struct Plans {
    folder: PathBuf,
    env: ReadVariable,
    /// One reader at a time.
    reading: Mutex<()>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    plans: BTreeMap<String, Entry>,
    /// What is wrong with the folder as a whole, or with files that are no plan's.
    others: Vec<PlanProblem>,
}

/// One plan.
#[derive(Debug, Clone)]
struct Entry {
    /// What was read last.
    content: Result<Text, PlanProblem>,
    /// The newest content without mistakes.
    good: Option<Arc<Blueprint>>,
    /// What is wrong with the content.
    problem: Option<PlanProblem>,
}

/// What a look at the folder found to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A plan came.
    Added(String),
    /// A plan says something else than before. Gates that stand already go on by what it said when they began.
    Changed(String),
    /// A plan's file is gone.
    Removed(String),
    /// There is a problem that was not there before.
    Wrong(PlanProblem),
    /// All is well with this file again.
    Cured(String),
}

impl Plans {
    /// Reads the plans of a folder. Files with mistakes are problems, and no error. `env` reads environment variables.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn open(folder: PathBuf, env: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> io::Result<Self> {
        let found = folder::look(&folder)?;
        let plans = Self { folder, env: Box::new(env), reading: Mutex::default(), known: RwLock::default() };
        plans.take(found);
        Ok(plans)
    }

    /// The plan of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Blueprint>> {
        self.known().plans.get(name)?.good.clone()
    }

    /// Says what there is where no plan has this name: a sentence without a full stop.
    #[must_use]
    pub fn near(&self, name: &str) -> String {
        const NAMED: usize = 10;
        let known = self.known();
        if let Some(problem) = known.plans.get(name).and_then(|entry| entry.problem.as_ref()) {
            return format!("its file has mistakes: {problem}");
        }
        let names: Vec<&str> = names(&known).collect();
        let distance = |other: &str| strsim::osa_distance(&name.to_lowercase(), &other.to_lowercase());
        let nearest = names.iter().map(|other| (distance(other), *other)).min();
        match nearest {
            None => "there is no plan at all".to_owned(),
            // A third of the letters may be wrong; more is a different word.
            Some((distance, near)) if distance * 3 <= near.len().max(3) => format!("did you mean {near}?"),
            Some(_) if names.len() > NAMED => {
                format!("there are {} plans, {} and so on", names.len(), names[..NAMED].join(", "))
            }
            Some(_) => format!("the plans are {}", names.join(", ")),
        }
    }

    /// The names of all plans that can be asked for, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        names(&self.known()).map(str::to_owned).collect()
    }

    /// Everything that is wrong with the folder and its files.
    #[must_use]
    pub fn problems(&self) -> Vec<PlanProblem> {
        let known = self.known();
        let of_plans = known.plans.values().filter_map(|entry| entry.problem.clone());
        known.others.iter().cloned().chain(of_plans).collect()
    }

    /// Reads again what has changed, and returns what is otherwise now. A folder that cannot be read leaves all plans as they
    /// are, and is a problem.
    pub fn reread(&self) -> Vec<Change> {
        match folder::look(&self.folder) {
            Ok(found) => self.take(found),
            Err(error) => {
                let words = format!("it cannot be read: {error}");
                let problem = PlanProblem { file: String::new(), words, serves_on: !self.names().is_empty() };
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                let is_new = !known.others.contains(&problem);
                known.others = vec![problem.clone()];
                is_new.then_some(Change::Wrong(problem)).into_iter().collect()
            }
        }
    }

    /// Looks at the folder again and again, and tells the log what changes. Ends only when it is dropped.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The first tick is due at once, and the folder was just read.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let plans = Arc::clone(&self);
            if let Ok(changes) = tokio::task::spawn_blocking(move || plans.reread()).await {
                changes.iter().for_each(log);
            }
        }
    }

    /// Tells the log what is wrong, as at the start.
    pub fn log_problems(&self) {
        self.problems().into_iter().map(Change::Wrong).for_each(|problem| log(&problem));
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, found: Found) -> Vec<Change> {
        let _one_at_a_time = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, wrong_before) = {
            let known = self.known();
            (known.plans.clone(), known.others.clone())
        };
        let mut changes: Vec<Change> =
            found.others.iter().filter(|problem| !wrong_before.contains(problem)).cloned().map(Change::Wrong).collect();
        changes.extend(before.keys().filter(|name| !found.plans.contains_key(*name)).cloned().map(Change::Removed));
        let mut plans = BTreeMap::new();
        for (name, content) in found.plans {
            let old = before.get(&name);
            let entry = match old.filter(|old| old.content == content) {
                Some(unchanged) => unchanged.clone(),
                None => self.read(content, old),
            };
            changes.extend(change(&name, old, &entry));
            plans.insert(name, entry);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { plans, others: found.others };
        changes
    }

    /// The plan of this content, which comes after what was there before.
    fn read(&self, content: Result<Text, PlanProblem>, old: Option<&Entry>) -> Entry {
        let before = old.and_then(|old| old.good.clone());
        let read = match &content {
            Ok(text) => Blueprint::read(text, &self.env).map_err(|problems| PlanProblem {
                file: text.name.clone(),
                words: in_words(problems.all()),
                serves_on: false,
            }),
            Err(problem) => Err(problem.clone()),
        };
        match read {
            Ok(plan) => {
                // What means the same is the same.
                let good = before.filter(|before| **before == plan).unwrap_or_else(|| Arc::new(plan));
                Entry { content, good: Some(good), problem: None }
            }
            Err(problem) => {
                let problem = PlanProblem { serves_on: before.is_some(), ..problem };
                Entry { content, good: before, problem: Some(problem) }
            }
        }
    }
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plans").field("folder", &self.folder).field("known", &*self.known()).finish_non_exhaustive()
    }
}

fn names(known: &Known) -> impl Iterator<Item = &str> {
    known.plans.iter().filter(|(_, entry)| entry.good.is_some()).map(|(name, _)| name.as_str())
}

/// What became of a plan.
fn change(name: &str, old: Option<&Entry>, new: &Entry) -> Vec<Change> {
    let old_good = old.and_then(|old| old.good.as_ref());
    let old_problem = old.and_then(|old| old.problem.as_ref());
    let mut changes = Vec::new();
    match (old_good, &new.good) {
        (None, Some(_)) => changes.push(Change::Added(name.to_owned())),
        (Some(old), Some(new)) if !Arc::ptr_eq(old, new) => changes.push(Change::Changed(name.to_owned())),
        _ => {}
    }
    match (&new.problem, old_problem) {
        (Some(problem), old) if old != Some(problem) => changes.push(Change::Wrong(problem.clone())),
        (None, Some(cured)) => changes.push(Change::Cured(cured.file.clone())),
        _ => {}
    }
    changes
}

fn in_words(problems: &[Diagnostic]) -> String {
    let one = |problem: &Diagnostic| {
        let place =
            problem.position.map(|(line, column)| format!("line {line}, column {column}: ")).unwrap_or_default();
        format!("{place}{} (fix: {})", problem.sentence, problem.remedy)
    };
    let mut words: Vec<String> = problems.iter().take(TOLD).map(one).collect();
    if problems.len() > TOLD {
        words.push(format!("and {} more", problems.len() - TOLD));
    }
    words.join("; ")
}

fn log(change: &Change) {
    match change {
        Change::Added(name) => tracing::info!(plan = %name, "plan added"),
        Change::Changed(name) => {
            tracing::info!(plan = %name, "plan changed; gates that stand go on by what it said before");
        }
        Change::Removed(name) => tracing::info!(plan = %name, "plan removed"),
        Change::Wrong(problem) => tracing::warn!("plan problem: {problem}"),
        Change::Cured(file) => tracing::info!(%file, "plan problem solved"),
    }
}
