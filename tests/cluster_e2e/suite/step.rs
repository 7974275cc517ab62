//! What is done to a cluster, and to the program that is asked.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::condition::Condition;

/// How long a condition is waited for where nothing else is said: a slow node that pulls an image first.
const PATIENCE: Duration = Duration::from_secs(90);

/// One thing that is done. `{ns}` and `{image}` are replaced in all texts, `{pod:SELECTOR}` in those of [`Step::Kubectl`] and
/// [`Step::Evict`] by the first pod with these labels that is not being deleted.
#[derive(Debug)]
pub enum Step {
    /// `kubectl apply` of these objects.
    Apply(Vec<Value>),
    /// `kubectl apply` of a file of this repository that is written for the namespace `shop`.
    ApplyFile(&'static str),
    /// Any kubectl command in the story's namespace.
    Kubectl(&'static str),
    /// Evicts a pod through the eviction API, as a drain does.
    Evict(&'static str),
    /// Changes the resources of the container `app` of a pod in place; waits until the kubelet has done it.
    Resize { pod: &'static str, resources: Value },
    /// Waits until this holds of the cluster.
    Until(Condition, Duration),
    /// Waits until the program has named a pod with these labels, in its output or its inventory: it has seen it.
    Named(&'static str),
    /// Waits until the program has written this.
    Written(&'static str),
    /// Sends the program a signal.
    Signal(&'static str),
}

impl Step {
    /// Waits until this holds.
    pub const fn until(condition: Condition) -> Self {
        Self::Until(condition, PATIENCE)
    }

    /// Waits until this holds afterwards, when all that leads to it has happened.
    pub const fn soon(condition: Condition) -> Self {
        Self::Until(condition, Duration::from_secs(30))
    }

    /// The objects that it applies.
    pub fn objects(&self) -> &[Value] {
        if let Self::Apply(objects) = self { objects } else { &[] }
    }

    /// Whether it needs no cluster: it looks at the program alone, or sends it a signal.
    pub const fn is_about_the_program(&self) -> bool {
        matches!(self, Self::Written(_) | Self::Signal(_))
    }
}

/// In words, for the plan and for failures.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply(objects) => {
                let names = objects.iter().map(|object| {
                    let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
                    format!("{kind}/{}", object["metadata"]["name"].as_str().unwrap_or_default())
                });
                write!(f, "apply {}", names.collect::<Vec<_>>().join(", "))
            }
            Self::ApplyFile(path) => write!(f, "apply {path}"),
            Self::Kubectl(line) => write!(f, "kubectl {line}"),
            Self::Evict(selector) => write!(f, "evict a pod with {selector}"),
            Self::Resize { pod, resources } => write!(f, "resize a pod with {pod} to {resources}"),
            Self::Until(condition, patience) => write!(f, "wait until {condition} (at most {} s)", patience.as_secs()),
            Self::Named(selector) => write!(f, "wait until crashgate has named a pod with {selector}"),
            Self::Written(text) => write!(f, "wait until crashgate has written `{text}`"),
            Self::Signal(name) => write!(f, "send SIG{name}"),
        }
    }
}
