//! Namespaces full of healthy apps, as an API server tells of them.

use crate::cluster::stub::{Ask, Reply, json};

/// A cluster whose namespaces each have so many apps, `app-0` and so on, each with so many pods, all ready.
#[derive(Debug, Clone, Copy)]
pub struct Town {
    pub apps: usize,
    pub pods: usize,
    /// `ReplicaSet`s of earlier revisions, of each app.
    pub old_sets: usize,
    /// Events about each pod.
    pub events: usize,
}

impl Default for Town {
    fn default() -> Self {
        Self { apps: 20, pods: 2, old_sets: 1, events: 0 }
    }
}

impl Town {
    /// The answer to a LIST or a GET; `None` where the stub's own is right.
    pub fn answer(self, ask: &Ask) -> Option<Reply> {
        let mut parts = ask.path.split('/').skip_while(|part| *part != "namespaces").skip(1);
        let namespace = parts.next()?;
        let kind = match ask.resource.as_str() {
            "deployments" => "Deployment",
            "replicasets" => "ReplicaSet",
            "pods" => "Pod",
            "events" => "Event",
            _ => return None,
        };
        match ask.verb {
            "LIST" => {
                let selector = ask.query.split("labelSelector=").nth(1).map(|text| text.replace("%3D", "="));
                let apps = (0..self.apps).filter(|app| {
                    let labels = [format!("app=app-{app}"), "version=v1".to_owned()];
                    let asked = selector.as_ref().map(|selector| selector.split("%2C").collect::<Vec<_>>());
                    kind != "Pod"
                        || asked.is_none_or(|asked| asked.iter().all(|one| labels.iter().any(|label| label == one)))
                });
                let items: Vec<String> = apps.flat_map(|app| self.objects(kind, namespace, app)).collect();
                Some(json(200, &list(kind, 1000, &items)))
            }
            "GET" => {
                let name = parts.nth(1)?;
                let app = name.strip_prefix("app-")?.split('-').next()?.parse().ok()?;
                let quoted = format!("\"name\":\"{name}\"");
                let found = self.objects(kind, namespace, app).into_iter().find(|object| object.contains(&quoted));
                found.map(|object| json(200, &object))
            }
            _ => None,
        }
    }

    fn objects(self, kind: &str, namespace: &str, app: usize) -> Vec<String> {
        match kind {
            "Deployment" => vec![deployment(namespace, app, self.pods)],
            "ReplicaSet" => (0..=self.old_sets).map(|age| replica_set(namespace, app, self.pods, age)).collect(),
            "Pod" => (0..self.pods).map(|number| pod(namespace, app, number, 500)).collect(),
            _ => {
                let of_pod = |number: usize| (0..self.events).map(move |nth| event(namespace, app, number, nth));
                (0..self.pods).flat_map(of_pod).collect()
            }
        }
    }
}

pub fn list(kind: &str, version: u32, items: &[String]) -> String {
    let items = items.join(",");
    format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"}},"items":[{items}]}}"#
    )
}

fn spec(app: usize) -> String {
    format!(
        r#""containers":[{{"name":"app","image":"registry.example/shop/app-{app}:v1","readinessProbe":{{"httpGet":{{"path":"/ready","port":8080}}}}}}]"#
    )
}

fn deployment(namespace: &str, app: usize, pods: usize) -> String {
    format!(
        r#"{{"kind":"Deployment","apiVersion":"apps/v1","metadata":{{"name":"app-{app}","namespace":"{namespace}","uid":"{namespace}-d-{app}","resourceVersion":"500","generation":1,"annotations":{{"deployment.kubernetes.io/revision":"9"}}}},"spec":{{"replicas":{pods},"selector":{{"matchLabels":{{"app":"app-{app}"}}}},"template":{{"metadata":{{"labels":{{"app":"app-{app}","version":"v1"}}}},"spec":{{{}}}}}}},"status":{{"observedGeneration":1,"replicas":{pods},"updatedReplicas":{pods},"readyReplicas":{pods},"availableReplicas":{pods},"conditions":[{{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable","message":"ReplicaSet \"app-{app}-h0\" has successfully progressed."}}]}}}}"#,
        spec(app)
    )
}

fn replica_set(namespace: &str, app: usize, pods: usize, age: usize) -> String {
    let (pods, revision, version) = if age == 0 { (pods, 9, "v1") } else { (0, 9 - age.min(8), "v0") };
    format!(
        r#"{{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{{"name":"app-{app}-h{age}","namespace":"{namespace}","uid":"{namespace}-r-{app}-{age}","resourceVersion":"500","generation":1,"annotations":{{"deployment.kubernetes.io/revision":"{revision}"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"Deployment","name":"app-{app}","uid":"{namespace}-d-{app}","controller":true}}]}},"spec":{{"replicas":{pods},"selector":{{"matchLabels":{{"app":"app-{app}","pod-template-hash":"h{age}"}}}},"template":{{"metadata":{{"labels":{{"app":"app-{app}","version":"{version}","pod-template-hash":"h{age}"}}}},"spec":{{{}}}}}}},"status":{{"observedGeneration":1,"replicas":{pods},"readyReplicas":{pods},"availableReplicas":{pods}}}}}"#,
        spec(app)
    )
}

/// A pod of the newest revision of an app, ready.
pub fn pod(namespace: &str, app: usize, number: usize, version: u32) -> String {
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"app-{app}-h0-{number}","namespace":"{namespace}","uid":"{namespace}-p-{app}-{number}","resourceVersion":"{version}","labels":{{"app":"app-{app}","version":"v1","pod-template-hash":"h0"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"app-{app}-h0","uid":"{namespace}-r-{app}-0","controller":true}}]}},"spec":{{"nodeName":"n1","restartPolicy":"Always",{}}},"status":{{"phase":"Running","conditions":[{{"type":"PodScheduled","status":"True"}},{{"type":"Ready","status":"True","lastTransitionTime":"2026-11-21T03:00:00Z"}}],"containerStatuses":[{{"name":"app","ready":true,"started":true,"restartCount":0,"state":{{"running":{{"startedAt":"2026-11-21T03:00:00Z"}}}},"lastState":{{}},"image":"registry.example/shop/app-{app}:v1","imageID":"","containerID":"containerd://{app}-{number}"}}]}}}}"#,
        spec(app)
    )
}

fn event(namespace: &str, app: usize, pod: usize, nth: usize) -> String {
    let reason = ["Scheduled", "Pulling", "Pulled", "Created", "Started"][nth % 5];
    format!(
        r#"{{"kind":"Event","apiVersion":"v1","metadata":{{"name":"e","namespace":"{namespace}","uid":"{namespace}-e-{app}-{pod}-{nth}","resourceVersion":"400"}},"involvedObject":{{"kind":"Pod","namespace":"{namespace}","name":"app-{app}-h0-{pod}","uid":"{namespace}-p-{app}-{pod}","fieldPath":"spec.containers{{app}}"}},"reason":"{reason}","message":"Successfully pulled image \"registry.example/shop/app-{app}:v1\" in 212ms (212ms including waiting)","type":"Normal","count":1,"lastTimestamp":"2026-11-21T03:00:00Z"}}"#
    )
}
