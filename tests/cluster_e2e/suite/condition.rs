//! What can be waited for in a cluster: one `kubectl get`, and what must hold of its answer.

use std::fmt;

use serde_json::Value;

/// A condition of the story's namespace.
#[derive(Debug)]
pub enum Condition {
    /// So many pods with these labels are Ready, and not being deleted.
    Ready { pods: &'static str, count: usize },
    /// A container of a pod with these labels waits for this reason.
    Waits { pods: &'static str, reason: &'static str },
    /// A container of a pod with these labels was restarted.
    Restarted { pods: &'static str },
    /// There is no pod, of whatever labels.
    NoPods,
    /// A field of an object, by JSON pointer, has this value.
    Field { object: &'static str, pointer: &'static str, value: &'static str },
}

impl Condition {
    /// The arguments of `kubectl get` whose answer is asked.
    pub fn get(&self) -> String {
        match self {
            Self::Ready { pods, .. } | Self::Waits { pods, .. } | Self::Restarted { pods } => format!("pods -l {pods}"),
            Self::NoPods => "pods".to_owned(),
            Self::Field { object, .. } => (*object).to_owned(),
        }
    }

    /// Whether it holds, by the answer as JSON.
    pub fn holds(&self, answer: &Value) -> bool {
        let pods = || answer["items"].as_array().into_iter().flatten();
        match self {
            Self::Ready { count, .. } => pods().filter(|pod| is_ready(pod)).count() >= *count,
            Self::Waits { reason, .. } => {
                pods().any(|pod| containers(pod).any(|container| container["state"]["waiting"]["reason"] == **reason))
            }
            Self::Restarted { .. } => {
                pods().any(|pod| containers(pod).any(|one| one["restartCount"].as_u64() > Some(0)))
            }
            Self::NoPods => answer["items"].as_array().is_some_and(Vec::is_empty),
            Self::Field { pointer, value, .. } => answer.pointer(pointer).is_some_and(|field| field == value),
        }
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let of = |key: &str| pod["status"][key].as_array().into_iter().flatten();
    of("initContainerStatuses").chain(of("containerStatuses"))
}

fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    pod["metadata"]["deletionTimestamp"].is_null()
        && conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { pods, count } => write!(f, "{count} pods with {pods} are ready"),
            Self::Waits { pods, reason } => write!(f, "a pod with {pods} waits: {reason}"),
            Self::Restarted { pods } => write!(f, "a pod with {pods} was restarted"),
            Self::NoPods => f.write_str("no pod is left"),
            Self::Field { object, pointer, value } => write!(f, "{object} has {value} at {pointer}"),
        }
    }
}
