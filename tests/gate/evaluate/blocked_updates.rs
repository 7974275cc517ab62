//! Update strategies that hold the newest revision back.

use crashgate::gate::model::{Detail, Pod, Workload};
use crashgate::gate::result::Code;

use crate::scenario::objects::{Bend, daemon_set, pod, stateful_set};
use crate::scenario::{Scenario, lead, plan};

/// A `StatefulSet` of two on its way from `db-v1` to `db-v2`.
fn updating(on_delete: bool) -> Workload {
    let mut db = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { current_revision, on_delete: by_hand, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    *by_hand = on_delete;
    db.updated = Some(0);
    db
}

/// A pod of the older revision, with the labels that the gate asks for.
fn old(db: &Workload, name: &str) -> Pod {
    let mut pod = pod(db, name);
    pod.labels.insert("controller-revision-hash".to_owned(), "db-v1".to_owned());
    pod
}

fn ends(db: &Workload, pods: impl IntoIterator<Item = Pod>) -> Code {
    let mut story = Scenario::new(plan());
    story.workload(db.clone()).at(1.0).pods(pods);
    let outcome = story.ends().clone();
    let codes: Vec<Code> = outcome.findings.iter().map(|finding| finding.code).collect();
    if codes.contains(&Code::UpdateBlocked) { Code::UpdateBlocked } else { lead(&outcome).code }
}

#[test]
fn an_ordered_update_waits_for_an_old_pod_that_is_not_ready() {
    let db = updating(false);
    assert_eq!(ends(&db, [old(&db, "db-1").unready()]), Code::UpdateBlocked);
    assert_eq!(ends(&db, [old(&db, "db-1")]), Code::NotReady, "a Ready one is in nobody's way");
    assert_eq!(ends(&db, [old(&db, "db-1").unready().deleting()]), Code::NotReady, "one that goes is not either");
    let other = stateful_set("other", "v2", 2);
    let (a, b) = (pod(&db, "db-0"), pod(&db, "db-1").unready());
    assert_eq!(ends(&db, [a, b, old(&db, "db-2").unready()]), Code::NotReady, "no new pod is missing");
    assert_eq!(ends(&db, [old(&other, "other-0").unready()]), Code::NotReady, "another's pod");
    assert_eq!(ends(&db, [pod(&db, "db-1").unready()]), Code::NotReady, "a new pod is not an old one");
    let first = stateful_set("db", "v2", 2);
    assert_eq!(ends(&first, [old(&first, "db-1").unready()]), Code::NotReady, "there is no older revision");
}

#[test]
fn an_update_by_hand_waits_for_the_hand() {
    let db = updating(true);
    assert_eq!(ends(&db, []), Code::UpdateBlocked);
    assert_eq!(ends(&db, [pod(&db, "db-0"), pod(&db, "db-1").unready()]), Code::NotReady, "none is missing");
    let mut done = db.clone();
    done.updated = Some(2);
    assert_eq!(ends(&done, [pod(&db, "db-0")]), Code::NotReady, "all are updated, and one was lost");
    let mut first = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { on_delete, .. } = &mut first.detail else { panic!() };
    *on_delete = true;
    first.updated = Some(0);
    assert_eq!(ends(&first, []), Code::NotReady, "the first rollout has no older revision");
    assert_eq!(ends(&first, [old(&first, "db-0")]), Code::UpdateBlocked, "but where an old pod is seen");
}

#[test]
fn a_daemon_set_that_was_never_updated_has_no_old_pods() {
    let agent = |generation| {
        let mut agent = daemon_set("agent", "v2", 2);
        agent.detail = Detail::DaemonSet { on_delete: true, template_generation: Some("1".to_owned()) };
        agent.updated = Some(1);
        (agent.generation, agent.observed_generation) = (Some(generation), Some(generation));
        agent
    };
    assert_eq!(ends(&agent(1), [pod(&agent(1), "a")]), Code::NotReady);
    assert_eq!(ends(&agent(2), [pod(&agent(2), "a")]), Code::UpdateBlocked);
}
