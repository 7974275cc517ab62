//! The API's JSON, cut down to the fields that the gate reads. Everything else, `managedFields` above all, is passed
//! over while parsing and never held in memory.
//!
//! Fields that the API may leave out are `Option`s here: what an absence means is said in [`super::mapping`], once.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct List<'a> {
    #[serde(default)]
    pub metadata: ListMeta,
    #[serde(borrow)]
    pub items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMeta {
    pub resource_version: Option<String>,
    /// The token of the next page.
    #[serde(rename = "continue")]
    pub next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub uid: Option<String>,
    pub resource_version: Option<String>,
    pub labels: Option<BTreeMap<String, String>>,
    pub annotations: Option<Annotations>,
    pub owner_references: Option<Vec<OwnerReference>>,
    pub deletion_timestamp: Option<String>,
    pub creation_timestamp: Option<String>,
    pub generation: Option<i64>,
}

/// The annotations that rules read.
#[derive(Deserialize)]
pub(super) struct Annotations {
    #[serde(rename = "deployment.kubernetes.io/revision")]
    pub revision: Option<String>,
    #[serde(rename = "rollout.argoproj.io/revision")]
    pub rollout_revision: Option<String>,
    #[serde(rename = "deprecated.daemonset.template.generation")]
    pub template_generation: Option<String>,
    #[serde(rename = "kubectl.kubernetes.io/default-container")]
    pub main_container: Option<String>,
    #[serde(rename = "helm.sh/hook")]
    pub helm_hook: Option<String>,
    #[serde(rename = "argocd.argoproj.io/hook")]
    pub argocd_hook: Option<String>,
    #[serde(rename = "rollout.argoproj.io/workload-generation")]
    pub workload_generation: Option<String>,
    #[serde(rename = "apps.kruise.io/inplace-update-state")]
    pub in_place_update: Option<String>,
}

impl Annotations {
    /// The number of a revision, as the controller of Deployments or that of Rollouts writes it.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref().or(self.rollout_revision.as_deref())
    }

    /// True where a deploy tool runs the object before or after the rest.
    pub fn is_hook(&self) -> bool {
        self.helm_hook.is_some() || self.argocd_hook.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnerReference {
    pub api_version: Option<String>,
    pub kind: String,
    pub name: String,
    pub uid: String,
    pub controller: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub last_transition_time: Option<String>,
    pub reason: Option<String>,
    pub message: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Pod {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: Option<PodStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodSpec {
    pub node_name: Option<String>,
    pub restart_policy: Option<String>,
    pub init_containers: Option<Vec<Container>>,
    pub containers: Option<Vec<Container>>,
    pub volumes: Option<Vec<Volume>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Volume {
    pub name: String,
    pub persistent_volume_claim: Option<Claim>,
    /// That it is there is all that matters: its claim is named after the pod.
    pub ephemeral: Option<Ephemeral>,
}

#[derive(Deserialize)]
pub(super) struct Ephemeral {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claim {
    pub claim_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    pub name: String,
    pub image: Option<String>,
    pub restart_policy: Option<String>,
    pub restart_policy_rules: Option<Vec<RestartRule>>,
    pub resources: Option<Resources>,
    pub resize_policy: Option<Vec<ResizePolicy>>,
    pub readiness_probe: Option<Probe>,
    pub liveness_probe: Option<Probe>,
    pub startup_probe: Option<Probe>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestartRule {
    pub action: Option<String>,
    pub exit_codes: Option<ExitCodes>,
}

#[derive(Deserialize)]
pub(super) struct ExitCodes {
    pub operator: Option<String>,
    pub values: Option<Vec<i32>>,
}

#[derive(Deserialize, PartialEq)]
pub(super) struct Resources {
    pub limits: Option<BTreeMap<String, Value>>,
    pub requests: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResizePolicy {
    pub resource_name: String,
    pub restart_policy: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probe {
    pub http_get: Option<HttpGet>,
    pub tcp_socket: Option<Port>,
    pub grpc: Option<Port>,
    pub exec: Option<Exec>,
    pub initial_delay_seconds: Option<u32>,
    pub period_seconds: Option<u32>,
    pub timeout_seconds: Option<u32>,
    pub failure_threshold: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct HttpGet {
    pub path: Option<String>,
    pub port: Value,
    pub scheme: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Port {
    pub port: Value,
}

#[derive(Deserialize)]
pub(super) struct Exec {
    pub command: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodStatus {
    pub phase: Option<String>,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub conditions: Option<Vec<Condition>>,
    pub init_container_statuses: Option<Vec<ContainerStatus>>,
    pub container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerStatus {
    pub name: String,
    pub ready: Option<bool>,
    pub started: Option<bool>,
    pub restart_count: i64,
    #[serde(rename = "containerID")]
    pub container_id: Option<String>,
    #[serde(rename = "imageID")]
    pub image_id: Option<String>,
    pub state: Option<State>,
    pub last_state: Option<State>,
    pub resources: Option<Resources>,
}

#[derive(Deserialize)]
pub(super) struct State {
    pub waiting: Option<Waiting>,
    pub running: Option<Running>,
    pub terminated: Option<Terminated>,
}

#[derive(Deserialize)]
pub(super) struct Waiting {
    pub reason: Option<String>,
    pub message: Option<String>,
}

/// That it is there is all that matters.
#[derive(Deserialize)]
pub(super) struct Running {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Terminated {
    pub exit_code: i32,
    pub signal: Option<i32>,
    pub reason: Option<String>,
    pub message: Option<String>,
    #[serde(rename = "containerID")]
    pub container_id: Option<String>,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Workload {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: Option<WorkloadStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkloadSpec {
    pub replicas: Option<u32>,
    pub paused: Option<bool>,
    pub suspend: Option<bool>,
    pub completions: Option<u32>,
    pub parallelism: Option<u32>,
    pub selector: Option<LabelSelector>,
    pub template: Option<Box<RawValue>>,
    pub update_strategy: Option<UpdateStrategy>,
    pub pod_management_policy: Option<String>,
    pub ordinals: Option<Ordinals>,
    pub min_ready_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LabelSelector {
    pub match_labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateStrategy {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub rolling_update: Option<RollingUpdate>,
}

#[derive(Deserialize)]
pub(super) struct RollingUpdate {
    pub partition: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Ordinals {
    pub start: Option<u32>,
}

/// The template, of which the whole is fingerprinted and these parts are read.
#[derive(Deserialize)]
pub(super) struct Template {
    pub metadata: Option<Meta>,
    pub spec: Option<PodSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkloadStatus {
    pub observed_generation: Option<i64>,
    pub updated_replicas: Option<u32>,
    pub ready_replicas: Option<u32>,
    pub available_replicas: Option<u32>,
    pub desired_number_scheduled: Option<u32>,
    pub updated_number_scheduled: Option<u32>,
    pub number_available: Option<u32>,
    pub update_revision: Option<String>,
    pub current_revision: Option<String>,
    pub failed: Option<u32>,
    pub succeeded: Option<u32>,
    pub conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub metadata: Meta,
    /// `events.k8s.io/v1` calls it `regarding`.
    #[serde(alias = "regarding")]
    pub involved_object: InvolvedObject,
    pub reason: Option<String>,
    /// `events.k8s.io/v1` calls it `note`.
    #[serde(alias = "note")]
    pub message: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub count: Option<u32>,
    pub last_timestamp: Option<String>,
    #[serde(rename = "eventTime")]
    pub observed_at: Option<String>,
    pub series: Option<Series>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvolvedObject {
    pub kind: Option<String>,
    pub name: Option<String>,
    pub uid: Option<String>,
    pub field_path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Series {
    pub count: Option<u32>,
    pub last_observed_time: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    pub metadata: Meta,
    pub status: Option<NodeStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeStatus {
    pub conditions: Option<Vec<Condition>>,
    pub node_info: Option<NodeInfo>,
}

#[derive(Deserialize)]
pub(super) struct NodeInfo {
    pub architecture: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub code: Option<u16>,
    pub reason: Option<String>,
    pub message: Option<String>,
}
