//! Nodes.

use crashgate::gate::Fact;
use crashgate::gate::model::{Node, Object};
use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, one_pod, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

#[test]
fn a_node_that_does_not_answer_is_the_platforms_fault() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let node = |ready| {
        Object::Node(
            Node {
                name: "node1".to_owned(),
                uid: "n".to_owned(),
                ready: Some(ready),
                message: None,
                troubles: Vec::new(),
                architecture: None,
            }
            .into(),
        )
    };
    story.tell(Fact::Seen(Box::new(node(true)))).at(1.0).pod(pod(&set, "a").unready()).at(30.0);
    story.tell(Fact::Seen(Box::new(node(false))));
    assert_says(story.ends(), Verdict::Platform, Code::NodeNotReady, &["node1"]);

    // Only the node lifecycle controller takes readiness away without a reason.
    let outcome = one_pod(|mut pod| {
        pod.ready.as_mut().unwrap().status = false;
        pod
    });
    assert_says(&outcome, Verdict::Platform, Code::NodeNotReady, &["node1"]);
}
