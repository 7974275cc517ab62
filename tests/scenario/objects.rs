//! The objects of stories, each as a healthy one that a story then bends.

use std::collections::BTreeMap;

use crashgate::gate::model::{
    CanaryPhase, CanaryStatus, CloneSetStatus, Condition, Container, ContainerState, ContainerStatus, ControllerRef,
    Detail, Ended, JobEnd, ObservedGeneration, Phase, Pod, PodResize, Probe, Probes, ResourceVersion, RestartPolicy,
    Role, RolloutPhase, RolloutState, Step, Template, TemplateContainer, TemplateParts, Workload, WorkloadKind,
};

fn labels(version: &str) -> BTreeMap<String, String> {
    [("app", "web"), ("version", version)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn condition(status: bool, reason: Option<&str>, message: Option<&str>) -> Condition {
    Condition {
        status,
        since: Some("2026-11-21T03:00:00Z".to_owned()),
        reason: reason.map(str::to_owned),
        message: message.map(str::to_owned),
    }
}

/// A template of this version: the same version has the same fingerprint.
pub fn template(version: &str) -> Template {
    Template {
        labels: labels(version),
        containers: vec![TemplateContainer {
            name: "app".to_owned(),
            role: Role::App,
            image: format!("registry.example:5000/shop/web:{version}"),
        }],
        main_container: None,
        fingerprint: version.bytes().map(u64::from).fold(7, |sum, byte| sum * 31 + byte),
        promoted_fingerprint: version.bytes().map(u64::from).fold(7, |sum, byte| sum * 31 + byte),
        parts: TemplateParts::default(),
    }
}

fn workload(kind: WorkloadKind, name: &str, version: &str, replicas: u32, detail: Detail) -> Workload {
    Workload {
        kind,
        name: name.to_owned(),
        namespace: "shop".to_owned(),
        uid: format!("{}-{name}", kind.lower()),
        resource_version: ResourceVersion::default(),
        controller: None,
        created: None,
        deleting: false,
        hook: false,
        generation: Some(1),
        observed_generation: Some(1),
        template: template(version),
        match_labels: [("app".to_owned(), "web".to_owned())].into(),
        desired: Some(replicas),
        updated: Some(replicas),
        available: Some(replicas),
        referrer: None,
        min_ready_seconds: 0,
        revision: None,
        detail,
    }
}

/// A Deployment that is fully rolled out, by its own words.
pub fn deployment(name: &str, version: &str, replicas: u32) -> Workload {
    let detail = Detail::Deployment { paused: false, progressing: None, replica_failure: None };
    Workload { revision: Some(1), ..workload(WorkloadKind::Deployment, name, version, replicas, detail) }
}

/// The `ReplicaSet` of a Deployment's template.
pub fn replica_set(deployment: &Workload) -> Workload {
    let version = &deployment.template.labels["version"];
    let name = format!("{}-{version}", deployment.name);
    let replicas = deployment.desired.unwrap_or(0);
    let detail = Detail::ReplicaSet { ready: Some(replicas), replica_failure: None };
    Workload {
        controller: Some(reference(deployment)),
        revision: deployment.revision,
        ..workload(WorkloadKind::ReplicaSet, &name, version, replicas, detail)
    }
}

/// A `StatefulSet` that is fully rolled out.
pub fn stateful_set(name: &str, version: &str, replicas: u32) -> Workload {
    let detail = Detail::StatefulSet {
        update_revision: Some(format!("{name}-{version}")),
        current_revision: Some(format!("{name}-{version}")),
        partition: 0,
        first_ordinal: 0,
        on_delete: false,
        ordered_ready: true,
    };
    workload(WorkloadKind::StatefulSet, name, version, replicas, detail)
}

/// A `DaemonSet` that wants a pod on each of so many nodes.
pub fn daemon_set(name: &str, version: &str, nodes: u32) -> Workload {
    let detail = Detail::DaemonSet { on_delete: false, template_generation: Some("1".to_owned()) };
    workload(WorkloadKind::DaemonSet, name, version, nodes, detail)
}

/// A Job, ended or not.
pub fn job(name: &str, version: &str, end: Option<JobEnd>) -> Workload {
    let detail = Detail::Job { end, suspended: false, failed: 0, succeeded: 0 };
    workload(WorkloadKind::Job, name, version, 1, detail)
}

/// A Rollout at the pause step of its canary, half of its traffic on the new version. Its hash is its version.
pub fn rollout(name: &str, version: &str, replicas: u32) -> Workload {
    let state = RolloutState {
        observed: ObservedGeneration::Is(1),
        pod_hash: Some(version.to_owned()),
        stable_hash: Some("stable".to_owned()),
        phase: Some(RolloutPhase::Paused),
        controller_pause: true,
        pauses: vec!["CanaryPauseStep".to_owned()],
        steps: vec![Step::SetWeight(50), Step::Pause(None), Step::SetWeight(100)],
        step: Some(1),
        ..RolloutState::default()
    };
    workload(WorkloadKind::Rollout, name, version, replicas, Detail::Rollout(Box::new(state)))
}

/// What a Rollout says, to be bent.
pub fn state_of(rollout: &mut Workload) -> &mut RolloutState {
    let Detail::Rollout(state) = &mut rollout.detail else { panic!("{} is no Rollout", rollout.name) };
    state
}

/// The `ReplicaSet` of a Rollout's newest template, which wants so many pods.
pub fn rollout_set(rollout: &Workload, replicas: u32) -> Workload {
    let mut set = replica_set(rollout);
    let hash = set.template.labels["version"].clone();
    set.template.labels.insert("rollouts-pod-template-hash".to_owned(), hash);
    (set.desired, set.available) = (Some(replicas), Some(replicas));
    set
}

/// A `CloneSet` of which all pods are updated.
pub fn clone_set(name: &str, version: &str, replicas: u32) -> Workload {
    let revision = Some(format!("{name}-{version}"));
    let status =
        CloneSetStatus { update_revision: revision.clone(), current_revision: revision, ..CloneSetStatus::default() };
    workload(WorkloadKind::CloneSet, name, version, replicas, Detail::CloneSet(status))
}

/// A Canary of Flagger in this phase, with this Deployment as its target.
pub fn canary(target: &Workload, phase: CanaryPhase) -> Workload {
    let status = CanaryStatus {
        target: Some(target.reference()),
        phase: Some(phase),
        weight: Some(10),
        ..CanaryStatus::default()
    };
    let mut canary = workload(WorkloadKind::Canary, &target.name, "v2", 0, Detail::Canary(status));
    (canary.template, canary.match_labels, canary.desired) = (Template::default(), BTreeMap::new(), None);
    canary
}

/// The controllerRef to a workload.
pub fn reference(owner: &Workload) -> ControllerRef {
    ControllerRef {
        api_version: "v1".to_owned(),
        kind: owner.kind.kind().to_owned(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
    }
}

/// A running, ready pod with one container `app`, owned by a workload.
pub fn pod(owner: &Workload, name: &str) -> Pod {
    let mut pod = bare_pod(name);
    pod.controller = Some(reference(owner));
    pod.labels.clone_from(&owner.template.labels);
    if let Some(own) = owner.template.containers.iter().find(|container| container.name == "app") {
        pod.containers[0].image.clone_from(&own.image);
    }
    match &owner.detail {
        Detail::StatefulSet { update_revision, .. } => {
            let revision = update_revision.clone().unwrap_or_default();
            pod.labels.insert("controller-revision-hash".to_owned(), revision);
        }
        Detail::DaemonSet { template_generation, .. } => {
            let generation = template_generation.clone().unwrap_or_default();
            pod.labels.insert("pod-template-generation".to_owned(), generation);
        }
        _ => {}
    }
    pod
}

/// A running, ready pod that nobody owns.
pub fn bare_pod(name: &str) -> Pod {
    Pod {
        name: name.to_owned(),
        namespace: "shop".to_owned(),
        uid: name.to_owned(),
        resource_version: ResourceVersion::default(),
        labels: labels("v2"),
        controller: None,
        created: None,
        deleting: false,
        hook: false,
        main_container: None,
        phase: Some(Phase::Running),
        reason: None,
        message: None,
        node: Some("node1".to_owned()),
        restart_policy: RestartPolicy::Always,
        ready: Some(condition(true, None, None)),
        in_place_ready: None,
        scheduled: Some(condition(true, None, None)),
        disruption: None,
        sandbox_ready: Some(condition(true, None, None)),
        resize: PodResize::Settled,
        claims: Vec::new(),
        containers: vec![container("app", Role::App)],
    }
}

/// A running, ready container.
pub fn container(name: &str, role: Role) -> Container {
    Container {
        name: name.to_owned(),
        role,
        image: "registry.example:5000/shop/web:v2".to_owned(),
        restart_policy: None,
        memory_limit: None,
        requests: BTreeMap::new(),
        restart_rules: Vec::new(),
        resize: None,
        in_place: None,
        probes: Probes::default(),
        status: Some(running(name, 0, None)),
    }
}

fn running(name: &str, attempt: u32, last: Option<Ended>) -> ContainerStatus {
    ContainerStatus {
        ready: true,
        started: Some(true),
        restart_count: attempt,
        container_id: Some(format!("containerd://{name}-{attempt}")),
        state: ContainerState::Running,
        last,
    }
}

/// A readiness probe.
pub fn readiness_probe() -> Probe {
    Probe {
        asks: "GET /ready on port 8080".to_owned(),
        initial_delay_seconds: 0,
        period_seconds: 1,
        timeout_seconds: 1,
        failure_threshold: 3,
    }
}

/// How attempt `attempt` of a container ended.
pub fn ended(container: &str, attempt: u32, exit_code: i32, reason: &str) -> Ended {
    Ended {
        exit_code,
        signal: None,
        reason: Some(reason.to_owned()),
        message: None,
        container_id: Some(format!("containerd://{container}-{attempt}")),
        started_at: None,
        finished_at: None,
        ran_seconds: Some(2),
    }
}

/// The ways in which stories bend a pod.
pub trait Bend: Sized {
    /// Running and not ready.
    fn unready(self) -> Self;
    /// Became ready anew at this moment of the server's clock.
    fn ready_since(self, stamp: &str) -> Self;
    /// The first container of that name has ended in its present attempt.
    fn terminated(self, container: &str, exit_code: i32, reason: &str) -> Self;
    /// The container runs again after so many ends, of which the last was this.
    fn restarted(self, container: &str, count: u32, exit_code: i32, reason: &str) -> Self;
    /// The container waits.
    fn waiting(self, container: &str, reason: &str, message: &str) -> Self;
    /// No node takes the pod.
    fn unschedulable(self, message: &str) -> Self;
    /// On a node, with nothing started yet.
    fn creating(self) -> Self;
    /// On its way out.
    fn deleting(self) -> Self;
    /// Ended by its node.
    fn failed_by_node(self, reason: &str) -> Self;
    /// Ended as a whole, as a container of it did.
    fn over(self, phase: Phase, exit_code: i32) -> Self;
    /// Evicted by its node, for this reason in words.
    fn evicted(self, message: &str) -> Self;
}

impl Bend for Pod {
    fn unready(mut self) -> Self {
        self.ready = Some(condition(false, Some("ContainersNotReady"), Some("containers with unready status: [app]")));
        for container in &mut self.containers {
            if let Some(status) = &mut container.status {
                status.ready = false;
            }
        }
        self
    }

    fn ready_since(mut self, stamp: &str) -> Self {
        self.ready = Some(Condition { since: Some(stamp.to_owned()), ..condition(true, None, None) });
        self
    }

    fn terminated(mut self, name: &str, exit_code: i32, reason: &str) -> Self {
        let status = status_of(&mut self, name);
        let attempt = status.restart_count;
        status.ready = false;
        status.state = ContainerState::Terminated(ended(name, attempt, exit_code, reason));
        status.last = attempt.checked_sub(1).map(|before| ended(name, before, exit_code, reason));
        self.ready = Some(condition(false, Some("ContainersNotReady"), None));
        self
    }

    fn restarted(mut self, name: &str, count: u32, exit_code: i32, reason: &str) -> Self {
        let last = ended(name, count - 1, exit_code, reason);
        *status_of(&mut self, name) = running(name, count, Some(last));
        self
    }

    fn waiting(mut self, name: &str, reason: &str, message: &str) -> Self {
        let status = status_of(&mut self, name);
        status.ready = false;
        status.state = ContainerState::Waiting { reason: Some(reason.to_owned()), message: Some(message.to_owned()) };
        if status.last.is_none() {
            status.container_id = None;
        }
        self.ready = Some(condition(false, Some("ContainersNotReady"), None));
        self.phase = Some(Phase::Pending);
        self
    }

    fn unschedulable(mut self, message: &str) -> Self {
        self.phase = Some(Phase::Pending);
        self.node = None;
        self.scheduled = Some(condition(false, Some("Unschedulable"), Some(message)));
        self.ready = None;
        self.sandbox_ready = None;
        for container in &mut self.containers {
            container.status = None;
        }
        self
    }

    fn creating(mut self) -> Self {
        for name in self.containers.iter().map(|container| container.name.clone()).collect::<Vec<_>>() {
            self = self.waiting(&name, "ContainerCreating", "");
        }
        self.sandbox_ready = Some(condition(false, None, None));
        self
    }

    fn deleting(mut self) -> Self {
        self.deleting = true;
        self
    }

    fn failed_by_node(mut self, reason: &str) -> Self {
        self.phase = Some(Phase::Failed);
        self.reason = Some(reason.to_owned());
        self.ready = Some(condition(false, Some("PodFailed"), None));
        for container in &mut self.containers {
            let ended = ended(&container.name, 0, 137, "ContainerStatusUnknown");
            if let Some(status) = &mut container.status {
                status.ready = false;
                status.state = ContainerState::Terminated(ended);
            }
        }
        self
    }

    fn over(self, phase: Phase, exit_code: i32) -> Self {
        let reason = if exit_code == 0 { "Completed" } else { "Error" };
        let mut pod = self.terminated("app", exit_code, reason);
        pod.phase = Some(phase);
        pod
    }

    fn evicted(self, message: &str) -> Self {
        let mut pod = self.over(Phase::Failed, 137);
        pod.reason = Some("Evicted".to_owned());
        pod.message = Some(message.to_owned());
        pod
    }
}

fn status_of<'a>(pod: &'a mut Pod, name: &str) -> &'a mut ContainerStatus {
    let container = pod.containers.iter_mut().find(|container| container.name == name).unwrap();
    container.status.as_mut().unwrap()
}
