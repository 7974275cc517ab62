//! What is near where nothing matched.

use crashgate::gate::plan::Pin;
use crashgate::gate::workload::WorkloadKind;

use super::web;
use crate::story::{Story, lead, plan};

#[test]
fn near_names_and_labels_are_told() {
    let hint = |selector: &str| {
        let mut plan = plan();
        plan.selector = selector.parse().unwrap();
        let mut story = Story::new(plan);
        web(&mut story, 1);
        lead(story.ends()).message.clone()
    };
    assert!(hint("app=web,version=v3").contains("deployment/web carries version=v2"));
    assert!(hint("app=wep,version=v2").contains("deployment/web carries app=web"));
    assert!(hint("apps=web").contains("deployment/web carries app=web"));
    assert!(hint("app=payments,version=v9").contains("namespace shop has deployment/web"));
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "webb".to_owned() });
    let mut story = Story::new(plan);
    web(&mut story, 1);
    assert!(lead(story.ends()).message.contains("there is deployment/web"), "{}", lead(story.ends()).message);
    assert!(lead(Story::new(crate::story::plan()).ends()).message.contains("no workload at all"));
}
