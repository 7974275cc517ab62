//! Collections as the API's paths have them.

use std::fmt;

use crate::gate::model::{Source, WorkloadKind};

/// One collection of objects in one namespace or in all of them, narrowed by labels where there is a selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Collection {
    /// Which resource.
    pub source: Source,
    /// The namespace, empty for all of them; unused for nodes.
    pub namespace: String,
    /// The `labelSelector`.
    pub selector: Option<String>,
}

impl Collection {
    /// The whole collection of a namespace.
    #[must_use]
    pub fn whole(source: Source, namespace: &str) -> Self {
        Self { source, namespace: namespace.to_owned(), selector: None }
    }

    /// The part of it that a selector takes.
    #[must_use]
    pub fn selected(source: Source, namespace: &str, selector: String) -> Self {
        Self { selector: Some(selector), ..Self::whole(source, namespace) }
    }

    /// The path, without a query.
    #[must_use]
    pub fn path(&self) -> String {
        let api = match self.source {
            Source::Pods | Source::Events | Source::Nodes => "/api/v1".to_owned(),
            Source::Workloads(kind) => format!("/apis/{}/{}", kind.group(), kind.version()),
        };
        let resource = self.source.resource();
        if self.source == Source::Nodes || self.namespace.is_empty() {
            format!("{api}/{resource}")
        } else {
            format!("{api}/namespaces/{}/{resource}", encode(&self.namespace))
        }
    }

    /// The path of one object of it.
    #[must_use]
    pub fn object_path(&self, name: &str) -> String {
        format!("{}/{}", self.path(), encode(name))
    }

    /// The path of the log of a pod.
    #[must_use]
    pub fn log_path(namespace: &str, pod: &str) -> String {
        format!("{}/log", Self::whole(Source::Pods, namespace).object_path(pod))
    }

    /// The `kind` of an answer that lists this collection.
    #[must_use]
    pub fn list_kind(&self) -> &'static str {
        match self.source {
            Source::Pods => "PodList",
            Source::Events => "EventList",
            Source::Nodes => "NodeList",
            Source::Workloads(WorkloadKind::Deployment) => "DeploymentList",
            Source::Workloads(WorkloadKind::ReplicaSet) => "ReplicaSetList",
            Source::Workloads(WorkloadKind::StatefulSet) => "StatefulSetList",
            Source::Workloads(WorkloadKind::DaemonSet) => "DaemonSetList",
            Source::Workloads(WorkloadKind::Job) => "JobList",
            Source::Workloads(WorkloadKind::Rollout) => "RolloutList",
            Source::Workloads(WorkloadKind::CloneSet) => "CloneSetList",
            Source::Workloads(WorkloadKind::Canary) => "CanaryList",
        }
    }

    /// The rule that a Role needs for it, as a person would write it.
    #[must_use]
    pub fn rule(&self, verbs: &str) -> String {
        let group = self.source.group();
        let everywhere = self.namespace.is_empty() && self.source != Source::Nodes;
        let role = if everywhere { "in a ClusterRole " } else { "" };
        format!("{role}apiGroups: [\"{group}\"], resources: [\"{}\"], verbs: [{verbs}]", self.source.resource())
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source == Source::Nodes {
            f.write_str("nodes")
        } else if self.namespace.is_empty() {
            write!(f, "{} in all namespaces", self.source)
        } else {
            write!(f, "{} in namespace {}", self.source, self.namespace)
        }
    }
}

/// A path with its query, every value encoded.
#[must_use]
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (place, (key, value)) in query.iter().enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

/// Percent-encodes everything but the characters that RFC 3986 reserves for nothing.
fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Collection, with_query};
    use crate::gate::model::{Source, WorkloadKind};

    #[test]
    fn paths_are_those_of_the_api() {
        let path = |source| Collection::whole(source, "shop").path();
        assert_eq!(path(Source::Pods), "/api/v1/namespaces/shop/pods");
        assert_eq!(path(Source::Nodes), "/api/v1/nodes");
        assert_eq!(Collection::whole(Source::Pods, "").path(), "/api/v1/pods");
        assert_eq!(path(Source::Workloads(WorkloadKind::Job)), "/apis/batch/v1/namespaces/shop/jobs");
        let sets = Collection::whole(Source::Workloads(WorkloadKind::StatefulSet), "shop");
        assert_eq!(sets.object_path("db"), "/apis/apps/v1/namespaces/shop/statefulsets/db");
        assert_eq!(Collection::log_path("shop", "a-1"), "/api/v1/namespaces/shop/pods/a-1/log");
    }

    #[test]
    fn nothing_breaks_out_of_a_path_or_a_query() {
        assert_eq!(Collection::log_path("../x", "a?b"), "/api/v1/namespaces/..%2Fx/pods/a%3Fb/log");
        assert_eq!(with_query("/p", &[("a", "x in (1,2)&y"), ("b", "ä")]), "/p?a=x%20in%20%281%2C2%29%26y&b=%C3%A4");
    }
}
