//! The stability window: how long everything has been well without a break.
//!
//! The clock is the gate's own and starts at its own observation. What is compared between observations (pod UIDs,
//! container IDs, restart counts, the moment of the last readiness transition) is only equal or not, so that no clock of
//! the cluster matters.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attribution::{Attribution, Owner};
use crate::gate::model::Pod;
use crate::gate::spec::Plan;

/// What must stay as it is in a pod for the window to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Print {
    name: String,
    ready_since: Option<String>,
    containers: Vec<(String, Option<String>, u32)>,
}

impl Print {
    fn of(pod: &Pod, plan: &Plan) -> Self {
        let watched = pod.containers.iter().filter(|container| !plan.ignore_containers.contains(&container.name));
        Self {
            name: pod.name.clone(),
            ready_since: pod.ready.as_ref().and_then(|ready| ready.since.clone()),
            containers: watched
                .map(|container| {
                    let status = container.status.as_ref();
                    let id = status.and_then(|status| status.container_id.clone());
                    (container.name.clone(), id, status.map_or(0, |status| status.restart_count))
                })
                .collect(),
        }
    }
}

/// The window, open or not.
#[derive(Debug, Default)]
pub struct Window {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    since: Duration,
    prints: BTreeMap<String, Print>,
    /// The generation of every owner, by UID.
    generations: BTreeMap<String, Option<i64>>,
    /// The view was lost since the last look: only an unchanged world bridges that.
    gap: bool,
}

/// What became of the window at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It goes on, or stays shut.
    None,
    /// It was opened.
    Opened,
    /// It broke, and was opened anew at once.
    Restarted {
        /// Why it broke.
        why: String,
    },
}

impl Window {
    /// All is well with these pods now: opens the window, or lets it go on, or starts it again where a pod is not the
    /// one it was.
    pub fn well(&mut self, now: Duration, attribution: &Attribution<'_>, plan: &Plan) -> Change {
        let prints =
            attribution.pods().map(|history| (history.pod.uid.clone(), Print::of(&history.pod, plan))).collect();
        let generations = attribution
            .groups
            .iter()
            .filter_map(|group| match group.owner {
                Owner::Workload(workload) => Some((workload.uid.clone(), workload.generation)),
                Owner::Nobody | Owner::Unreadable { .. } => None,
            })
            .collect();
        let present = Open { since: now, prints, generations, gap: false };
        let Some(open) = &mut self.open else {
            self.open = Some(present);
            return Change::Opened;
        };
        match difference(open, &present) {
            None => {
                *open = Open { since: open.since, ..present };
                Change::None
            }
            Some(why) => {
                self.open = Some(present);
                Change::Restarted { why }
            }
        }
    }

    /// The view of the cluster was lost: nothing is known until the next look.
    pub fn lost_sight(&mut self) {
        if let Some(open) = &mut self.open {
            open.gap = true;
        }
    }

    /// Something is not well: shuts the window. True where it was open.
    pub fn unwell(&mut self) -> bool {
        self.open.take().is_some()
    }

    /// Since when it is open.
    #[must_use]
    pub fn since(&self) -> Option<Duration> {
        self.open.as_ref().map(|open| open.since)
    }
}

/// The first difference that breaks the window. What may change while it is watched (a pod that leaves while the rest is
/// still enough, a new target) breaks it over a gap in the view, where what happened in between is not known.
fn difference(before: &Open, present: &Open) -> Option<String> {
    for (uid, print) in &present.prints {
        match before.prints.get(uid) {
            None => return Some(format!("pod {} appeared", print.name)),
            Some(known) if known == print => {}
            Some(known) if known.ready_since != print.ready_since => {
                return Some(format!("pod {} lost its readiness and got it back", print.name));
            }
            Some(_) => return Some(format!("a container of pod {} was restarted", print.name)),
        }
    }
    if !before.gap {
        return None;
    }
    if before.generations != present.generations {
        return Some("the workload was changed while the cluster could not be observed".to_owned());
    }
    let left = before.prints.iter().find(|(uid, _)| !present.prints.contains_key(*uid));
    left.map(|(_, print)| format!("pod {} disappeared while the cluster could not be observed", print.name))
}
