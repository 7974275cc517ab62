//! What is near where nothing matched.

use crashgate::gate::model::WorkloadKind;
use crashgate::gate::spec::Pin;

use crate::gate::web;
use crate::scenario::objects::deployment;
use crate::scenario::{Scenario, lead, plan};

#[test]
fn near_names_and_labels_are_told() {
    let hint = |selector: &str| {
        let mut plan = plan();
        plan.selector = selector.parse().unwrap();
        let mut story = Scenario::new(plan);
        web(&mut story, 1);
        lead(story.ends()).message.clone()
    };
    assert!(hint("app=web,version=v3").contains("deployment/web has version=v2"));
    assert!(hint("app=wep,version=v2").contains("deployment/web has app=web"));
    assert!(hint("apps=web").contains("deployment/web has app=web"));
    assert!(hint("app=payments,version=v9").contains("namespace shop has deployment/web"));
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "webb".to_owned() });
    let mut story = Scenario::new(plan);
    web(&mut story, 1);
    assert!(lead(story.ends()).message.contains("there is deployment/web"), "{}", lead(story.ends()).message);
    assert!(lead(Scenario::new(crate::scenario::plan()).ends()).message.contains("no workload at all"));
}

/// What is said of a namespace with a Deployment `web` whose template has these labels, where this selector is asked for.
fn said(selector: &str, labels: &[(&str, &str)]) -> String {
    let mut plan = plan();
    plan.selector = selector.parse().unwrap();
    let mut story = Scenario::new(plan);
    let mut web = deployment("web", "v2", 1);
    web.template.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    story.workload(web);
    let message = &lead(story.ends()).message;
    message.rsplit_once("; ").unwrap().1.to_owned()
}

#[test]
fn a_workload_is_near_where_some_label_holds_or_all_that_differ_are_near() {
    // One holds, so the other may be anything.
    assert_eq!(said("app=web,version=v9", &[("app", "web"), ("version", "1.24")]), "deployment/web has version=1.24");
    // None holds, and all are near.
    assert_eq!(
        said("app=wep,version=v9", &[("app", "web"), ("version", "v2")]),
        "deployment/web has app=web,version=v2"
    );
    // None holds, and one is far.
    let far = "namespace shop has deployment/web";
    assert_eq!(said("app=wep,version=v9", &[("app", "web"), ("version", "2026-11-21")]), far);
    assert_eq!(said("app=payments,version=v9", &[("app", "web"), ("version", "v8")]), far);
    // Nothing that could be compared.
    assert_eq!(said("app=web", &[("tier", "front")]), far);
}

#[test]
fn the_same_value_under_another_key_is_near() {
    let by_name = [("app.kubernetes.io/name", "web")];
    assert_eq!(said("name=web", &by_name), "deployment/web has app.kubernetes.io/name=web");
    let far = "namespace shop has deployment/web";
    assert_eq!(said("name=cart", &by_name), far, "another value");
    assert_eq!(said("team=web", &by_name), far, "a key that has nothing in common");
    assert_eq!(said("nam=web", &[("name", "web")]), "deployment/web has name=web");
}

#[test]
fn of_a_pin_the_same_name_and_those_near_to_it_are_told() {
    let hint = |kind, name: &str| {
        let mut plan = plan();
        plan.version = "v9".to_owned();
        plan.workload = Some(Pin { kind, name: name.to_owned() });
        let mut story = Scenario::new(plan);
        web(&mut story, 1);
        lead(story.ends()).message.rsplit_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(hint(WorkloadKind::StatefulSet, "web"), "there is deployment/web");
    assert_eq!(hint(WorkloadKind::StatefulSet, "payments"), "namespace shop has deployment/web");
}
