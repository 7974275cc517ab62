//! The objects of a namespace at one moment, and what the rules ask of them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The objects as they are at one moment, by the plural of their kind and their name.
#[derive(Debug, Clone, Default)]
pub struct World {
    objects: BTreeMap<(String, String), Value>,
}

/// The workload that a tool is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `deployments`, `statefulsets` or `daemonsets`.
    pub plural: String,
    pub name: String,
    pub app: String,
    pub version: String,
}

impl World {
    pub fn put(&mut self, plural: &str, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.objects.insert((plural.to_owned(), name), object);
    }

    pub fn remove(&mut self, plural: &str, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.objects.remove(&(plural.to_owned(), name));
    }

    pub fn all<'w>(&'w self, plural: &'w str) -> impl Iterator<Item = &'w Value> {
        self.objects.iter().filter(move |((kind, _), _)| kind == plural).map(|(_, object)| object)
    }

    /// The workload itself.
    pub fn workload(&self, target: &Target) -> Option<&Value> {
        self.objects.get(&(target.plural.clone(), target.name.clone()))
    }

    /// The ReplicaSet of the Deployment's present revision.
    pub fn new_replica_set(&self, target: &Target) -> Option<&Value> {
        let deployment = self.workload(target)?;
        let revision = |object: &Value| object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone();
        let own = |set: &&Value| is_owned(set, deployment) && revision(set) == revision(deployment);
        // The annotation of a Deployment follows its template by a moment.
        self.all("replicasets").find(own).filter(|set| is_of_template(set, deployment))
    }

    /// The pods of the present revision.
    pub fn new_pods(&self, target: &Target) -> Vec<&Value> {
        let Some(workload) = self.workload(target) else { return Vec::new() };
        let label = |pod: &Value, key: &str| pod["metadata"]["labels"][key].clone();
        match target.plural.as_str() {
            "deployments" => {
                let set = self.new_replica_set(target);
                self.all("pods").filter(|pod| set.is_some_and(|set| is_owned(pod, set))).collect()
            }
            "statefulsets" => {
                let revision = &workload["status"]["updateRevision"];
                let is_new = |pod: &&Value| label(pod, "controller-revision-hash") == *revision;
                self.all("pods").filter(|pod| is_owned(pod, workload)).filter(is_new).collect()
            }
            _ => self.all("pods").filter(|pod| is_owned(pod, workload)).collect(),
        }
    }

    /// The pods that carry the labels of app and version.
    pub fn labelled_pods<'w>(&'w self, target: &'w Target) -> impl Iterator<Item = &'w Value> {
        self.all("pods").filter(|pod| {
            let labels = &pod["metadata"]["labels"];
            labels["app"] == *target.app && labels["version"] == *target.version
        })
    }

    /// There is a warning about one of these objects with one of these reasons.
    pub fn has_warning(&self, objects: &[&Value], reasons: &[&str]) -> bool {
        let names: Vec<&str> = objects.iter().map(|object| text(object, "metadata.name")).collect();
        self.all("events").any(|event| {
            let (about, reason) = (text(event, "involvedObject.name"), text(event, "reason"));
            event["type"] == "Warning" && names.contains(&about) && reasons.contains(&reason)
        })
    }
}

fn is_owned(object: &Value, owner: &Value) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array();
    references.is_some_and(|all| all.iter().any(|one| one["uid"] == owner["metadata"]["uid"]))
}

/// The labels of both templates are the same, but for the hash that the controller adds.
fn is_of_template(set: &Value, deployment: &Value) -> bool {
    let labels = |object: &Value| {
        let mut labels = object["spec"]["template"]["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.remove("pod-template-hash");
        labels
    };
    labels(set) == labels(deployment)
}

/// A whole number at a path like `status.readyReplicas`; absent is 0.
pub fn int(object: &Value, path: &str) -> i64 {
    optional(object, path).unwrap_or(0)
}

pub fn optional(object: &Value, path: &str) -> Option<i64> {
    path.split('.').try_fold(object, |value, key| value.get(key))?.as_i64()
}

pub fn text<'o>(object: &'o Value, path: &str) -> &'o str {
    path.split('.').try_fold(object, |value, key| value.get(key)).and_then(Value::as_str).unwrap_or_default()
}

/// The condition of this type.
pub fn condition<'o>(object: &'o Value, kind: &str) -> Option<&'o Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

pub fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// The controller has seen the newest template.
pub fn is_observed(object: &Value) -> bool {
    int(object, "metadata.generation") <= int(object, "status.observedGeneration")
}

/// The statuses of a pod's containers, init containers first.
pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|list| pod["status"][list].as_array())
        .flatten()
}
