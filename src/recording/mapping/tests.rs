//! Tests of the mapping, on JSON as the API server writes it.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{MapError, event, list, object, source_of};
use crate::gate::Fact;
use crate::gate::model::{
    ClusterEvent, ContainerState, Detail, JobEnd, Node, Object, Pod, PodResize, RestartPolicy, RestartRule, Role,
    Source, Workload, WorkloadKind,
};

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn pod(value: &Value) -> Pod {
    match object(Source::Pods, &raw(value)).unwrap() {
        Object::Pod(pod) => Arc::unwrap_or_clone(pod),
        other => panic!("{other:?}"),
    }
}

fn workload(kind: WorkloadKind, value: &Value) -> Workload {
    match object(Source::Workloads(kind), &raw(value)).unwrap() {
        Object::Workload(workload) => Arc::unwrap_or_clone(workload),
        other => panic!("{other:?}"),
    }
}

fn cluster_event(value: &Value) -> ClusterEvent {
    match object(Source::Events, &raw(value)).unwrap() {
        Object::Event(event) => Arc::unwrap_or_clone(event),
        other => panic!("{other:?}"),
    }
}

#[test]
fn paths_name_their_collection_and_namespace() {
    let table = [
        ("/api/v1/namespaces/shop/pods", Some((Source::Pods, Some("shop")))),
        ("/api/v1/pods", Some((Source::Pods, None))),
        ("/api/v1/nodes", Some((Source::Nodes, None))),
        (
            "/apis/apps/v1/namespaces/shop/statefulsets",
            Some((Source::Workloads(WorkloadKind::StatefulSet), Some("shop"))),
        ),
        ("/apis/batch/v1/namespaces/shop/jobs", Some((Source::Workloads(WorkloadKind::Job), Some("shop")))),
        ("/api/v1/namespaces/shop/secrets", None),
        ("/api/v1/namespaces/shop/pods/web-a/log", None),
        ("/healthz", None),
    ];
    for (path, expected) in table {
        assert_eq!(source_of(path), expected, "{path}");
    }
}

#[test]
fn what_is_no_list_is_no_empty_list() {
    for body in [json!({"kind": "Status", "code": 403}), json!({}), json!({"items": null}), json!([]), json!("x")] {
        assert!(matches!(list(Source::Pods, &raw(&body)), Err(MapError::Shape { .. })), "{body}");
    }
    let empty = list(Source::Pods, &raw(&json!({"items": []}))).unwrap();
    assert_eq!(empty, Fact::Listed { source: Source::Pods, objects: vec![] });
}

#[test]
fn what_every_object_has_is_not_made_up() {
    let spec = json!({"containers": [{"name": "app"}]});
    let broken = [
        json!({"metadata": {"name": "a"}, "spec": spec}),
        json!({"metadata": {"uid": "a"}, "spec": spec}),
        json!({"metadata": {"name": "a", "uid": "a"}}),
        json!({"metadata": {"name": "a", "uid": "a"}, "spec": {}}),
        json!({"metadata": {"name": "a", "uid": "a"}, "spec": spec, "status": {"containerStatuses": [{"name": "app", "ready": true}]}}),
        json!({"metadata": {"name": "a", "uid": "a"}, "spec": spec, "status": {"containerStatuses": [{"name": "app", "restartCount": 0}]}}),
        json!({"metadata": {"name": "a", "uid": "a"}, "spec": spec, "status": {"containerStatuses": [{"name": "app", "ready": true, "restartCount": "0"}]}}),
    ];
    for body in broken {
        assert!(matches!(object(Source::Pods, &raw(&body)), Err(MapError::Shape { .. })), "{body}");
        assert!(list(Source::Pods, &raw(&json!({"items": [body]}))).is_err(), "one bad item spoils the list");
    }
    let deployment = json!({"metadata": {"name": "a", "uid": "a"}, "spec": {}});
    assert!(object(Source::Workloads(WorkloadKind::Deployment), &raw(&deployment)).is_err(), "without a template");
}

#[test]
fn watch_lines_are_seen_gone_alive_or_an_error() {
    let node = json!({"metadata": {"name": "n", "uid": "u"}});
    let seen = event(Source::Nodes, "MODIFIED", &raw(&node)).unwrap();
    let expected = Node {
        name: "n".to_owned(),
        uid: "u".to_owned(),
        ready: None,
        message: None,
        troubles: Vec::new(),
        architecture: None,
    };
    assert_eq!(seen, Some(Fact::Seen(Box::new(Object::Node(expected.into())))));
    let gone = event(Source::Nodes, "DELETED", &raw(&node)).unwrap();
    assert_eq!(gone, Some(Fact::Gone { source: Source::Nodes, uid: "u".to_owned() }));
    assert_eq!(event(Source::Nodes, "BOOKMARK", &raw(&json!({"metadata": {"resourceVersion": "5"}}))), Ok(None));
    let expired = json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"});
    let error = event(Source::Nodes, "ERROR", &raw(&expired)).unwrap_err();
    assert_eq!(error, MapError::WatchError { code: 410, message: "too old resource version".to_owned() });
    assert!(matches!(event(Source::Nodes, "WHATEVER", &raw(&node)), Err(MapError::LineKind(_))));
}

#[test]
fn a_pod_that_was_just_made_has_no_conditions_and_no_statuses() {
    let pod = pod(&json!({
        "metadata": {"name": "a", "uid": "a"},
        "spec": {"initContainers": [{"name": "m"}, {"name": "p", "restartPolicy": "Always"}], "containers": [{"name": "app"}]},
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }));
    assert_eq!((pod.ready, pod.scheduled, pod.node), (None, None, None));
    let roles: Vec<_> = pod.containers.iter().map(|container| (container.name.as_str(), container.role)).collect();
    assert_eq!(roles, [("m", Role::Init), ("p", Role::Sidecar), ("app", Role::App)]);
    assert!(pod.containers.iter().all(|container| container.status.is_none()));
}

#[test]
fn a_container_is_mapped_whole() {
    let pod = pod(&json!({
        "metadata": {"name": "a", "uid": "a", "deletionTimestamp": "2026-11-21T03:00:00Z",
            "ownerReferences": [{"kind": "X", "name": "x", "uid": "x"}, {"kind": "ReplicaSet", "name": "r", "uid": "r", "controller": true}]},
        "spec": {"restartPolicy": "OnFailure", "nodeName": "n", "containers": [{
            "name": "app", "image": "i:1",
            "resources": {"limits": {"memory": "32Mi"}},
            "livenessProbe": {"httpGet": {"path": "/h", "port": 80, "scheme": "HTTPS"}, "periodSeconds": 7},
            "readinessProbe": {"exec": {"command": ["pg_isready", "-q"]}},
            "startupProbe": {"tcpSocket": {"port": "web"}, "failureThreshold": 30},
        }]},
        "status": {"phase": "Running", "conditions": [{"type": "PodResizeInProgress", "status": "True"}],
            "containerStatuses": [{"name": "app", "ready": false, "restartCount": 1, "containerID": "c://1",
                "state": {"running": {"startedAt": "2026-11-21T03:00:04Z"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "containerID": "c://0",
                    "startedAt": "2026-11-21T03:00:01Z", "finishedAt": "2026-11-21T03:00:03Z"}}}]},
    }));
    assert!(pod.deleting && pod.resize == PodResize::InProgress);
    assert_eq!(pod.controller.unwrap().uid, "r");
    let container = &pod.containers[0];
    assert_eq!(container.memory_limit.as_deref(), Some("32Mi"));
    let probes = [&container.probes.liveness, &container.probes.readiness, &container.probes.startup];
    let asks = probes.map(|probe| probe.as_ref().unwrap().asks.as_str());
    assert_eq!(asks, ["GET /h on port 80 over HTTPS", "the command `pg_isready -q`", "a TCP connection to port web"]);
    assert_eq!(container.probes.liveness.as_ref().unwrap().period_seconds, 7);
    assert_eq!(container.probes.startup.as_ref().unwrap().failure_threshold, 30);
    let status = container.status.as_ref().unwrap();
    assert_eq!((status.restart_count, &status.state), (1, &ContainerState::Running));
    let last = status.last.as_ref().unwrap();
    assert_eq!((last.exit_code, last.ran_seconds, last.container_id.as_deref()), (137, Some(2), Some("c://0")));
}

#[test]
fn a_container_that_never_started_ran_for_no_time_that_is_known() {
    let pod = pod(&json!({
        "metadata": {"name": "a", "uid": "a"}, "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "ready": false, "restartCount": 0, "state": {"terminated":
            {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": "2026-11-21T03:00:03Z"}}}]},
    }));
    let ContainerState::Terminated(ended) = &pod.containers[0].status.as_ref().unwrap().state else { panic!() };
    assert_eq!(ended.ran_seconds, None);
}

#[test]
fn a_resize_that_restarts_is_known_by_its_policy_and_the_difference() {
    let resize = |policy: &str, asked: &str, given: &str| {
        pod(&json!({
            "metadata": {"name": "a", "uid": "a"},
            "spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": asked}},
                "resizePolicy": [{"resourceName": "memory", "restartPolicy": policy}]}]},
            "status": {"containerStatuses": [{"name": "app", "ready": true, "restartCount": 0, "resources": {"limits": {"memory": given}}}]},
        }))
        .containers[0]
            .resize
            .clone()
    };
    let applied = |asked, given| resize("RestartContainer", asked, given).unwrap().applied;
    assert!(!applied("64Mi", "32Mi"));
    for (asked, given) in [("64Mi", "64Mi"), ("1024Mi", "1Gi"), ("1500M", "1.5G"), ("1000k", "1M")] {
        assert!(applied(asked, given), "{asked} and {given}");
    }
    assert_eq!(resize("NotRequired", "64Mi", "32Mi"), None);
    let asked = |amount| resize("RestartContainer", amount, "32Mi").unwrap().asked;
    assert_ne!(asked("64Mi"), asked("65Mi"), "another resize");
}

#[test]
fn a_resize_that_waits_or_failed_is_stuck() {
    let resize = |conditions: &Value| {
        pod(&json!({"metadata": {"name": "a", "uid": "a"}, "spec": {"containers": []}, "status": {"conditions": conditions}})).resize
    };
    let in_progress = json!({"type": "PodResizeInProgress", "status": "True"});
    let failed = json!({"type": "PodResizeInProgress", "status": "True", "reason": "Error"});
    let pending = |reason: &str| json!({"type": "PodResizePending", "status": "True", "reason": reason});
    let over = json!({"type": "PodResizePending", "status": "False"});
    assert_eq!(resize(&json!([])), PodResize::Settled);
    assert_eq!(resize(&json!([over, in_progress])), PodResize::InProgress);
    assert_eq!(resize(&json!([failed])), PodResize::Stuck);
    for reason in ["Deferred", "Infeasible"] {
        assert_eq!(resize(&json!([in_progress, pending(reason)])), PodResize::Stuck, "{reason}");
    }
}

#[test]
fn restart_rules_keep_their_order_and_those_that_no_kubelet_could_apply_are_passed_over() {
    let pod = pod(&json!({
        "metadata": {"name": "a", "uid": "a"},
        "spec": {"containers": [{"name": "app", "restartPolicy": "Never", "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42, 43]}},
            {"action": "Restart", "exitCodes": {"operator": "Like", "values": [1]}},
            {"action": "Restart"},
            {"action": "Ignore", "exitCodes": {"operator": "NotIn", "values": [0]}},
        ]}]},
    }));
    let container = &pod.containers[0];
    assert_eq!(container.restart_policy, Some(RestartPolicy::Never));
    let rules = [
        RestartRule { restarts: true, all_but: false, exit_codes: vec![42, 43] },
        RestartRule { restarts: false, all_but: true, exit_codes: vec![0] },
    ];
    assert_eq!(container.restart_rules, rules);
}

#[test]
fn the_claims_of_a_pod_are_those_of_its_volumes_and_those_made_for_it() {
    let pod = pod(&json!({
        "metadata": {"name": "ledger-0", "uid": "a"},
        "spec": {"containers": [], "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "ledger-data"}},
            {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
            {"name": "config", "configMap": {"name": "ledger"}},
        ]},
    }));
    assert_eq!(pod.claims, ["ledger-data", "ledger-0-scratch"]);
}

#[test]
fn absurd_restart_counts_are_bounded_or_refused() {
    let counted = |count: i64| {
        let status = json!({"name": "app", "ready": true, "restartCount": count});
        let pod = json!({"metadata": {"name": "a", "uid": "a"}, "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [status]}});
        object(Source::Pods, &raw(&pod))
    };
    let Ok(Object::Pod(most)) = counted(i64::MAX) else { panic!() };
    assert_eq!(most.restarts(), u32::MAX);
    assert!(matches!(counted(-1), Err(MapError::Shape { .. })));
}

#[test]
fn a_deployment_and_its_replica_set_have_one_template() {
    let template = |labels: Value, image: &str| json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}});
    let of = |kind, template: &Value| {
        workload(kind, &json!({"metadata": {"name": "a", "uid": "a"}, "spec": {"template": template}})).template
    };
    let deployment = of(WorkloadKind::Deployment, &template(json!({"app": "web"}), "i:1"));
    let same = of(WorkloadKind::ReplicaSet, &template(json!({"app": "web", "pod-template-hash": "5d"}), "i:1"));
    let other_image = of(WorkloadKind::ReplicaSet, &template(json!({"app": "web"}), "i:2"));
    let other_label = of(WorkloadKind::ReplicaSet, &template(json!({"app": "web", "x": "y"}), "i:1"));
    assert_eq!(deployment.fingerprint, same.fingerprint);
    assert_ne!(deployment.fingerprint, other_image.fingerprint);
    assert_ne!(deployment.fingerprint, other_label.fingerprint);
    assert_eq!((deployment.containers[0].image.as_str(), deployment.labels["app"].as_str()), ("i:1", "web"));
}

#[test]
fn each_kind_of_workload_says_how_many_pods_it_wants() {
    let of = |kind, spec: Value, status: Value| {
        let mut spec = spec;
        spec["template"] = json!({});
        workload(
            kind,
            &json!({"metadata": {"name": "a", "uid": "a", "generation": 4, "annotations": {
            "deployment.kubernetes.io/revision": "7", "deprecated.daemonset.template.generation": "3"}}, "spec": spec, "status": status}),
        )
    };
    let deployment = of(
        WorkloadKind::Deployment,
        json!({"replicas": 3, "paused": true}),
        json!({"observedGeneration": 4, "availableReplicas": 2}),
    );
    assert_eq!((deployment.desired, deployment.available, deployment.updated), (Some(3), Some(2), None));
    assert_eq!(
        (deployment.generation, deployment.observed_generation, deployment.revision),
        (Some(4), Some(4), Some(7))
    );
    assert!(matches!(deployment.detail, Detail::Deployment { paused: true, .. }));
    let agent = of(
        WorkloadKind::DaemonSet,
        json!({"updateStrategy": {"type": "OnDelete"}}),
        json!({"desiredNumberScheduled": 5, "numberAvailable": 4, "updatedNumberScheduled": 1}),
    );
    assert_eq!((agent.desired, agent.available, agent.updated), (Some(5), Some(4), Some(1)));
    assert_eq!(agent.detail, Detail::DaemonSet { on_delete: true, template_generation: Some("3".to_owned()) });
    let db = of(
        WorkloadKind::StatefulSet,
        json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}, "podManagementPolicy": "Parallel", "ordinals": {"start": 1}}),
        json!({"updateRevision": "db-2", "currentRevision": "db-1"}),
    );
    let expected = Detail::StatefulSet {
        update_revision: Some("db-2".to_owned()),
        current_revision: Some("db-1".to_owned()),
        partition: 2,
        first_ordinal: 1,
        on_delete: false,
        ordered_ready: false,
    };
    assert_eq!(db.detail, expected);
}

#[test]
fn only_complete_and_failed_end_a_job() {
    let end = |conditions: Value| {
        let job = workload(
            WorkloadKind::Job,
            &json!({"metadata": {"name": "a", "uid": "a"}, "spec": {"template": {}, "completions": 2}, "status": {"conditions": conditions}}),
        );
        assert_eq!(job.desired, Some(2));
        let Detail::Job { end, .. } = job.detail else { panic!() };
        end
    };
    assert_eq!(
        end(json!([{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "FailureTarget", "status": "True"}])),
        None
    );
    assert_eq!(end(json!([{"type": "Complete", "status": "False"}])), None);
    assert_eq!(end(json!([{"type": "Complete", "status": "True"}])), Some(JobEnd::Complete));
    let failed = end(json!([{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": ""}]));
    assert_eq!(failed, Some(JobEnd::Failed { reason: Some("DeadlineExceeded".to_owned()), message: None }));
}

#[test]
fn events_of_both_kinds_and_both_clocks_are_read() {
    let kubelet = cluster_event(&json!({
        "metadata": {"uid": "e"}, "involvedObject": {"kind": "Pod", "name": "a", "uid": "u", "fieldPath": "spec.initContainers{m}"},
        "reason": "BackOff", "message": "m", "type": "Warning", "count": 3,
        "lastTimestamp": "2026-11-21T03:00:03Z", "eventTime": null,
    }));
    assert_eq!((kubelet.container.as_deref(), kubelet.count, kubelet.warning), (Some("m"), 3, true));
    assert_eq!(kubelet.last_seen.as_deref(), Some("2026-11-21T03:00:03Z"));
    let scheduler = cluster_event(&json!({
        "metadata": {"uid": "e", "creationTimestamp": "2026-11-21T03:00:01Z"}, "involvedObject": {"uid": "u"},
        "reason": "FailedScheduling", "eventTime": "2026-11-21T03:00:02.000001Z", "firstTimestamp": null, "lastTimestamp": null, "type": "Normal",
    }));
    assert_eq!((scheduler.container, scheduler.count, scheduler.warning), (None, 1, false));
    assert_eq!(scheduler.last_seen.as_deref(), Some("2026-11-21T03:00:02.000001Z"));
    let newer = cluster_event(
        &json!({"metadata": {"uid": "e"}, "regarding": {"uid": "u"}, "note": "n", "series": {"count": 9, "lastObservedTime": "t"}}),
    );
    assert_eq!(
        (newer.object_uid.as_str(), newer.message.as_str(), newer.count, newer.last_seen.as_deref()),
        ("u", "n", 9, Some("t"))
    );
}

#[test]
fn a_custom_resource_of_the_name_of_a_kubernetes_kind_is_another_kind() {
    let owner = |api_version: Value, kind: &str| {
        let mut owner = json!({"kind": kind, "name": "db", "uid": "db", "controller": true});
        if !api_version.is_null() {
            owner["apiVersion"] = api_version;
        }
        let pod = pod(&json!({
            "metadata": {"name": "a", "uid": "a", "ownerReferences": [owner]},
            "spec": {"containers": [{"name": "app"}]},
        }));
        pod.controller.unwrap().kind
    };
    for (api_version, kind, read) in [
        (json!("apps/v1"), "StatefulSet", "StatefulSet"),
        (Value::Null, "StatefulSet", "StatefulSet"),
        (json!("batch/v1"), "Job", "Job"),
        (json!("apps.kruise.io/v1beta1"), "StatefulSet", "StatefulSet.apps.kruise.io"),
        (json!("batch.volcano.sh/v1alpha1"), "Job", "Job.batch.volcano.sh"),
        (json!("argoproj.io/v1alpha1"), "Rollout", "Rollout"),
        (json!("v1"), "ReplicationController", "ReplicationController"),
    ] {
        assert_eq!(owner(api_version, kind), read);
    }
}
