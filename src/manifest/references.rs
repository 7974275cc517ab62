//! References from one Kubernetes object to another.

use super::node::Node;

/// What a reference names.
pub(super) struct Reference<'n> {
    kind: &'n str,
    name: &'n str,
    namespace: Option<&'n str>,
}

impl<'n> Reference<'n> {
    /// The reference at these keys of an object's spec.
    pub(super) fn read(root: &'n Node, keys: &[&str]) -> Option<Self> {
        let at = root.get("spec")?.at(keys)?;
        let text = |key| at.get(key).and_then(Node::text);
        Some(Self { kind: text("kind")?, name: text("name")?, namespace: namespace(root) })
    }

    /// True where it names this object. Who leaves out the namespace means that of the deploy.
    pub(super) fn names(&self, kind: &str, root: &Node) -> bool {
        let there = namespace(root);
        let is_there = self.namespace.is_none() || there.is_none() || self.namespace == there;
        is_there && self.kind == kind && root.at(&["metadata", "name"]).and_then(Node::text) == Some(self.name)
    }

    /// Kind and name.
    pub(super) fn words(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

fn namespace(root: &Node) -> Option<&str> {
    root.at(&["metadata", "namespace"]).and_then(Node::text)
}

/// Where objects that steer a rollout name its workload.
const TARGETS: [&[&str]; 3] = [&["targetRef"], &["workloadRef"], &["objectRef", "workloadRef"]];

/// The workload whose rollout an object steers.
pub(super) fn target(root: &Node) -> Option<Reference<'_>> {
    TARGETS.iter().find_map(|keys| Reference::read(root, keys))
}
