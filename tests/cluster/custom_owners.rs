//! Owners of kinds that the gate does not know, through the real client: discovery, the object, its `/scale`.

use crashgate::cluster::drive::{GateRun, judge_deciders};
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::result::{Code, Verdict};

use super::stub::{Ask, Counting, Reply, Stub, json, plan, status};

/// A ready pod of Fleet web.
const PODS: &str = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{
    "name":"web-1","namespace":"shop","uid":"p1","resourceVersion":"4","labels":{"app":"checkout","version":"v1"},
    "ownerReferences":[{"apiVersion":"agones.dev/v1","kind":"Fleet","name":"web","uid":"f1","controller":true}]},
    "spec":{"containers":[{"name":"app","image":"app:v1"}]},
    "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[
        {"name":"app","ready":true,"restartCount":0,"containerID":"c1","state":{"running":{}}}]}}]}"#;

const KINDS: &str = r#"{"kind":"APIResourceList","groupVersion":"agones.dev/v1","resources":[
    {"name":"fleets","kind":"Fleet","namespaced":true},{"name":"fleets/scale","kind":"Scale","namespaced":true}]}"#;

fn fleet(uid: &str, conditions: &str) -> Reply {
    json(
        200,
        &format!(
            r#"{{"kind":"Fleet","apiVersion":"agones.dev/v1","metadata":{{"name":"web","uid":"{uid}","generation":2}},
        "status":{{"observedGeneration":2,"conditions":[{conditions}]}}}}"#
        ),
    )
}

fn usual(ask: &Ask) -> Option<Reply> {
    let scale = r#"{"kind":"Scale","metadata":{"name":"web","uid":"f1"},"spec":{"replicas":1}}"#;
    match ask.path.as_str() {
        "/api/v1/namespaces/shop/pods" if ask.verb == "LIST" => Some(json(200, PODS)),
        "/apis/agones.dev/v1" => Some(json(200, KINDS)),
        "/apis/agones.dev/v1/namespaces/shop/fleets/web" => Some(fleet("f1", "")),
        "/apis/agones.dev/v1/namespaces/shop/fleets/web/scale" => Some(json(200, scale)),
        _ => None,
    }
}

async fn judge(script: impl FnMut(&Ask) -> Option<Reply> + Send + 'static) -> (GateRun, Stub) {
    let stub = Stub::new(script);
    let mut run = judge_deciders(stub.connection(), vec![Gate::new(plan())], &mut Counting::default(), never()).await;
    (run.gates.remove(0), stub)
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_found_by_discovery_once_and_its_scale_is_believed() {
    let (gate, stub) = judge(usual).await;
    assert_eq!(gate.outcome.verdict, Verdict::Healthy, "{:?}", gate.outcome.findings);
    assert_eq!((gate.outcome.ready, gate.outcome.wanted), (1, Some(1)));
    let asked = |path: &str| stub.asks().iter().filter(|ask| ask.path == path).count();
    assert_eq!(asked("/apis/agones.dev/v1"), 1, "one request a kind");
    let object = "/apis/agones.dev/v1/namespaces/shop/fleets/web";
    assert!(asked(object) >= 2, "read to confirm, too");
    assert_eq!(asked(object), asked(&format!("{object}/scale")));
    let allowed = 16 + 2 * (gate.outcome.decided_after.as_secs() + 1) / 10;
    assert!(gate.requests <= allowed, "{} of {allowed}", gate.requests);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_and_what_is_another_object_proves_nothing() {
    let (denied, _) =
        judge(
            |ask| if ask.path.ends_with("/fleets/web") { Some(status(403, "fleets is forbidden")) } else { usual(ask) },
        )
        .await;
    let finding = &denied.outcome.findings[0];
    assert_eq!((denied.outcome.verdict, finding.code), (Verdict::Inconclusive, Code::Forbidden));
    let rule = r#"`{apiGroups: ["agones.dev"], resources: ["fleets", "fleets/scale"], verbs: ["get"]}`"#;
    assert!(finding.message.ends_with(rule), "{}", finding.message);

    let (other, _) =
        judge(|ask| if ask.path.ends_with("/fleets/web") { Some(fleet("another", "")) } else { usual(ask) }).await;
    assert_eq!((other.outcome.verdict, other.outcome.findings[0].code), (Verdict::Inconclusive, Code::OwnerUnknown));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_owner_fails_the_gate_with_its_message() {
    let stalled = r#"{"type":"Stalled","status":"True","reason":"NoQuota","message":"the operator gave up"}"#;
    let (gate, _) =
        judge(move |ask| if ask.path.ends_with("/fleets/web") { Some(fleet("f1", stalled)) } else { usual(ask) }).await;
    let finding = &gate.outcome.findings[0];
    assert_eq!((gate.outcome.verdict, finding.code), (Verdict::Failed, Code::OwnerStalled));
    assert_eq!(finding.message, "fleet/web is stalled: NoQuota: the operator gave up");
}

#[tokio::test(start_paused = true)]
async fn a_pass_is_not_confirmed_by_an_owner_that_cannot_be_read() {
    let (gate, _) =
        judge(
            |ask| if ask.path.ends_with("/fleets/web") && ask.nth > 0 { Some(status(500, "etcd")) } else { usual(ask) },
        )
        .await;
    assert_eq!(gate.outcome.verdict, Verdict::Inconclusive, "{:?}", gate.outcome.findings);
}
