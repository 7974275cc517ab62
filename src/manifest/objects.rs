//! The Kubernetes objects of a document: which of them are gated, which are left out and why, and which have pods that no
//! gate can judge yet.

use crate::gate::model::WorkloadKind;

use super::diagnostics::{Message, Problem, quoted};
use super::left_out::Why;
use super::node::{Node, Value};
use super::references;

/// A document of a manifest, or an object of a List in it.
#[derive(Debug, Clone)]
pub(super) enum Object<'n> {
    /// No Kubernetes object at all: a gate.
    Gate(&'n Node),
    /// A workload that can be gated.
    Workload {
        /// Its kind.
        kind: WorkloadKind,
        /// The whole object.
        root: &'n Node,
        /// Where its pod template is.
        template: Template<'n>,
    },
    /// It is not gated, and why not.
    LeftOut(&'n str, &'n Node, Why),
    /// It cannot be gated, and must not be passed over in silence.
    Refused(Problem),
}

/// Where the pod template of a workload is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Template<'n> {
    /// In itself.
    Own,
    /// In the object to which its `workloadRef` points, where that is in the same text.
    Lent(Option<&'n Node>),
}

/// What an object says that it is.
#[derive(Clone, Copy)]
struct Identity<'n> {
    api_version: &'n Node,
    group: &'n str,
    kind: &'n str,
    /// Where the kind stands.
    stands: &'n Node,
}

/// Groups whose objects hold patterns of pods, and make none.
const POLICY_GROUPS: [&str; 2] = ["kyverno.io", "gatekeeper.sh"];

/// Groups and kinds of objects that steer the rollout of a workload which they name, and have no pods of their own.
const STEERING: [(&str, &str); 2] = [("flagger.app", "Canary"), ("rollouts.kruise.io", "Rollout")];

/// What Argo CD knows as phases of a hook. An object that names none of them is applied as any other.
const ARGOCD_PHASES: [&str; 7] = ["PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete"];

/// The Kubernetes objects in a document: none where it is a gate, several where it is a List.
pub(super) fn objects(root: &Node) -> Vec<Object<'_>> {
    match identity(root) {
        Ok(None) => Vec::new(),
        Ok(Some(identity)) => objects_of(root, identity),
        Err(problem) => vec![Object::Refused(problem)],
    }
}

/// What a document says that it is; `None` where it carries neither `apiVersion` nor `kind`.
fn identity(root: &Node) -> Result<Option<Identity<'_>>, Problem> {
    let (api_version, kind) = match (root.get("apiVersion"), root.get("kind")) {
        (None, None) => return Ok(None),
        (Some(api_version), Some(kind)) => (api_version, kind),
        (Some(half), None) | (None, Some(half)) => {
            return Err(Problem::at(
                half.place,
                Message::new(
                    "a Kubernetes manifest has both `apiVersion` and `kind`, and a gate neither",
                    "add the other one, as in `apiVersion: apps/v1` and `kind: Deployment`, or remove this one",
                ),
            ));
        }
    };
    let (Some(group), Some(text)) = (api_version.text(), kind.text()) else {
        let message = Message::new("`apiVersion` and `kind` must be strings", "write them as in `apiVersion: apps/v1`");
        return Err(Problem::at(root.place, message));
    };
    Ok(Some(Identity { api_version, group, kind: text, stands: kind }))
}

fn objects_of<'n>(root: &'n Node, identity: Identity<'n>) -> Vec<Object<'n>> {
    let Some(of_items) = identity.kind.strip_suffix("List") else { return vec![object(root, identity)] };
    let Some(Value::List(items)) = root.get("items").map(|items| &items.value) else {
        return vec![object(root, identity)];
    };
    let of_item = |item: &'n Node| match self::identity(item) {
        Err(problem) => vec![Object::Refused(problem)],
        Ok(Some(own)) => objects_of(item, own),
        // The API server leaves the two out of the items of a DeploymentList.
        Ok(None) if !of_items.is_empty() => vec![object(item, Identity { kind: of_items, ..identity })],
        Ok(None) => {
            let message = Message::new(
                "an item of this List has neither `apiVersion` nor `kind`",
                "write both, as in `apiVersion: apps/v1` and `kind: Deployment`",
            );
            vec![Object::Refused(Problem::at(item.place, message))]
        }
    };
    items.iter().flat_map(of_item).collect()
}

fn object<'n>(root: &'n Node, identity: Identity<'n>) -> Object<'n> {
    let Identity { api_version, group, kind, stands } = identity;
    let bare_group = group.split_once('/').map_or(group, |(group, _)| group);
    // A custom resource may well be called StatefulSet; only Kubernetes' own groups are meant here.
    let is_own_group = !group.contains('.');
    let is_meant = |known: &WorkloadKind| match known {
        // It has no pods: it steers the rollout of another workload.
        WorkloadKind::Canary => false,
        known if known.is_custom() => bare_group == known.group(),
        _ => is_own_group,
    };
    let Some(known) = WorkloadKind::from_kind(kind).filter(is_meant) else {
        return if kind == "Pod" && is_own_group { pod(root, kind, stands) } else { other(root, identity) };
    };
    let wanted = format!("{}/{}", known.group(), known.version());
    if is_own_group && group != wanted {
        return Object::Refused(Problem::at(
            api_version.place,
            Message::new(format!("{} has no {kind}", quoted(group)), format!("write `apiVersion: {wanted}`")),
        ));
    }
    if let Some(hook) = hook(root) {
        return Object::LeftOut(kind, root, hook);
    }
    // What the cluster makes of a workload is judged with that workload, and the Jobs of a CronJob are no deploy.
    let maker = match known {
        WorkloadKind::ReplicaSet => controller(root).filter(|kind| WorkloadKind::from_kind(kind).is_some()),
        WorkloadKind::Job => controller(root).filter(|kind| *kind == "CronJob"),
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Rollout
        | WorkloadKind::CloneSet
        | WorkloadKind::Canary => None,
    };
    if let Some(maker) = maker {
        return Object::LeftOut(kind, root, Why::MadeBy(maker.to_owned()));
    }
    let is_lent = known == WorkloadKind::Rollout && root.at(&["spec", "workloadRef"]).is_some();
    let template = if is_lent { Template::Lent(None) } else { Template::Own };
    Object::Workload { kind: known, root, template }
}

fn pod<'n>(root: &'n Node, kind: &'n str, stands: &'n Node) -> Object<'n> {
    if let Some(why) = hook(root).or_else(|| controller(root).map(|maker| Why::MadeBy(maker.to_owned()))) {
        return Object::LeftOut(kind, root, why);
    }
    Object::Refused(Problem::at(
        stands.place,
        Message::new(
            "a Pod without an owner cannot be gated by its manifest",
            "gate it by its labels, with a gate of its own (`app`, `version`, `namespace`), and leave it out of this file",
        ),
    ))
}

/// An object of a kind that is not gated.
fn other<'n>(root: &'n Node, Identity { group, kind, stands, .. }: Identity<'n>) -> Object<'n> {
    let bare_group = group.split_once('/').map_or(group, |(group, _)| group);
    let holds_patterns = POLICY_GROUPS.iter().any(|policy| bare_group.ends_with(policy));
    let makes_pods = root.get("spec").is_some_and(makes_pods);
    let why = if STEERING.contains(&(bare_group, kind)) && references::target(root).is_some() {
        // What it steers it also names; whether that is gated is known once all objects are.
        Some(Why::Steers { target: String::new(), is_gated: false })
    } else if !makes_pods {
        Some(Why::NoPodTemplate)
    } else if let Some(hook) = hook(root) {
        Some(hook)
    } else if kind.contains("Cron") {
        Some(Why::ByTheClock)
    } else if kind.ends_with("Template") || holds_patterns {
        // What is a template or a pattern for others makes no pods in this deploy.
        Some(Why::Template)
    } else {
        None
    };
    if let Some(why) = why {
        return Object::LeftOut(kind, root, why);
    }
    Object::Refused(Problem::at(
        stands.place,
        Message::new(
            format!("{} ({}) has a pod template, and is a kind that cannot be gated yet", quoted(kind), quoted(group)),
            "gate its pods by their labels, with a gate of its own (`app`, `version`, `namespace`, `replicas`), and leave it out of this file",
        ),
    ))
}

/// True where a pod template is anywhere in a spec, or a reference to a workload whose template is used.
fn makes_pods(spec: &Node) -> bool {
    match &spec.value {
        Value::Map(entries) => entries.iter().any(|(key, value)| {
            let key = key.text().unwrap_or_default();
            is_pod_template(key, value) || makes_pods(value)
        }),
        Value::List(items) => items.iter().any(makes_pods),
        Value::Text(_) | Value::Null(_) => false,
    }
}

/// True for `template`, `jobTemplate`, `podSpec`, … that hold containers; for the `templates` of a Workflow; and for a
/// `workloadRef`.
fn is_pod_template(key: &str, value: &Node) -> bool {
    let lower = key.to_lowercase();
    let has_containers =
        |spec: Option<&Node>| spec.and_then(|spec| spec.get("containers")).is_some_and(|all| all.what() == "a list");
    if lower.ends_with("template") || lower.ends_with("podspec") || lower == "pod" {
        return has_containers(value.get("spec")) || has_containers(Some(value));
    }
    if let (Value::List(items), "templates") = (&value.value, key) {
        let runs = |item: &Node| item.at(&["container", "image"]).or(item.at(&["script", "image"])).is_some();
        return items.iter().any(runs);
    }
    key == "workloadRef" && value.get("kind").is_some()
}

/// What an object is called: its kind and name.
pub(super) fn name(kind: &str, root: &Node) -> String {
    match root.at(&["metadata", "name"]).and_then(Node::text) {
        Some(name) => format!("{kind} {name}"),
        None => format!("a {kind} without a name"),
    }
}

/// The kind of the controller among the owners.
fn controller(root: &Node) -> Option<&str> {
    let Value::List(owners) = &root.at(&["metadata", "ownerReferences"])?.value else { return None };
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Node::text) == Some("true"))?;
    owner.get("kind").and_then(Node::text)
}

fn annotation<'n>(root: &'n Node, key: &str) -> Option<&'n str> {
    root.at(&["metadata", "annotations", key]).and_then(Node::text)
}

/// What makes an object a hook. Helm and Argo CD run hooks themselves, wait for their end, and delete some of them.
fn hook(root: &Node) -> Option<Why> {
    let hook = |tool: &str, events: &str| Why::Hook { tool: tool.to_owned(), events: events.to_owned() };
    if let Some(events) = annotation(root, "helm.sh/hook") {
        return Some(hook("Helm", events));
    }
    let phases = annotation(root, "argocd.argoproj.io/hook")?;
    phases.split(',').any(|phase| ARGOCD_PHASES.contains(&phase.trim())).then(|| hook("Argo CD", phases))
}
