//! What is kept up fact by fact where one fact changes what others mean. Each step is held against an evaluation from
//! scratch.

use std::time::Duration;

use crashgate::gate::model::{
    Condition, ControllerRef, Detail, Object, Phase, Pod, Source, Trouble, TroubleKind, Workload, WorkloadKind,
};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Gate};

use crate::scenario::objects::{Bend, daemon_set, deployment, pod, replica_set};
use crate::scenario::plan;

/// A gate that has listed an empty namespace.
struct Checked {
    gate: Gate,
    now: Duration,
}

impl Checked {
    fn new(plan: Plan) -> Self {
        let mut checked = Self { gate: Gate::new(plan), now: Duration::ZERO };
        for source in WorkloadKind::ALL.into_iter().map(Source::Workloads).chain([Source::Events, Source::Pods]) {
            checked.tell(Fact::Listed { source, objects: Vec::new() });
        }
        checked
    }

    fn tell(&mut self, fact: Fact) -> &mut Self {
        self.gate.observe(self.now, fact);
        assert_eq!(self.gate.outcome(), None);
        assert_eq!(self.gate.check(), Ok(()));
        self
    }

    fn pod(&mut self, pod: Pod) -> &mut Self {
        self.tell(Fact::Seen(Box::new(Object::Pod(pod.into()))))
    }

    fn gone(&mut self, uid: &str) -> &mut Self {
        self.tell(Fact::Gone { source: Source::Pods, uid: uid.to_owned() })
    }

    fn workload(&mut self, workload: &Workload) -> &mut Self {
        self.tell(Fact::Seen(Box::new(Object::Workload(workload.clone().into()))))
    }

    fn lacks(&self, words: &str) {
        let lacking = self.gate.lacking().unwrap_or_default();
        assert!(lacking.contains(words), "{words:?} in {lacking:?}");
    }
}

fn of_generation(number: u32) -> Workload {
    let mut made = daemon_set("agent", "v2", 1);
    if let Detail::DaemonSet { template_generation, .. } = &mut made.detail {
        *template_generation = Some(number.to_string());
    }
    made
}

#[test]
fn a_template_that_changes_while_no_pod_is_there_and_changes_back_is_known_to_the_pods_that_come() {
    let mut checked = Checked::new(plan());
    checked.workload(&of_generation(1)).pod(pod(&of_generation(1), "a")).gone("a");
    checked.workload(&of_generation(2)).pod(pod(&of_generation(1), "b"));
    checked.lacks("0 of the 1 pods");
    checked.workload(&of_generation(1));
    assert_eq!(checked.gate.lacking(), None, "the pod is of the newest template again");
}

/// On a node of which nothing is heard: Ready was taken away without a word of the kubelet.
fn lost(owner: &Workload, name: &str, node: &str) -> Pod {
    let mut lost = pod(owner, name);
    lost.node = Some(node.to_owned());
    lost.ready = lost.ready.map(|ready| Condition { status: false, reason: None, message: None, ..ready });
    lost
}

#[test]
fn a_pod_tells_of_its_neighbours_that_their_node_did_answer() {
    let agent = daemon_set("agent", "v2", 3);
    let mut checked = Checked::new(plan());
    checked.workload(&agent);
    for (name, node) in [("a", "n1"), ("b", "n2"), ("c", "n3")] {
        checked.pod(lost(&agent, name, node));
    }
    checked.lacks("3 of the 3 nodes of daemonset/agent do not respond");
    for (name, node) in [("x", "n1"), ("y", "n2")] {
        let mut neighbour = pod(&deployment("other", "v1", 1), name);
        neighbour.node = Some(node.to_owned());
        checked.pod(neighbour);
    }
    checked.lacks("2 of the 3 nodes of daemonset/agent stopped responding while the gate was watching");
}

#[test]
fn a_pod_that_failed_and_is_gone_counts_for_the_newest_template_alone() {
    let web = deployment("web", "v2", 1);
    let set = replica_set(&web);
    let mut checked = Checked::new(Plan { max_restarts: 1, ..plan() });
    checked.workload(&web).workload(&set);
    checked.pod(pod(&set, "a").over(Phase::Failed, 3)).gone("a");
    let mut newer = Workload { revision: Some(7), ..set.clone() };
    newer.uid = "newer".to_owned();
    checked.workload(&newer);
    // One more is one more than may fail, but they are of different sets.
    checked.pod(pod(&newer, "b").over(Phase::Failed, 3)).gone("b");
}

#[test]
fn a_pod_of_an_older_revision_of_an_owner_that_cannot_be_read_fails_nothing() {
    let web = deployment("web", "v2", 1);
    let set = |revision: u64| {
        let mut set = Workload { revision: Some(revision), ..replica_set(&web) };
        set.uid = format!("set-{revision}");
        set.controller = Some(ControllerRef {
            api_version: "v1".to_owned(),
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
            uid: "unread".to_owned(),
        });
        set
    };
    let mut checked = Checked::new(Plan { replicas: Some(2), ..plan() });
    checked.tell(Fact::Denied { source: Source::Workloads(WorkloadKind::Deployment), message: "no".to_owned() });
    checked.workload(&set(1)).workload(&set(2));
    checked.pod(pod(&set(2), "new")).pod(pod(&set(1), "old").over(Phase::Failed, 3)).gone("old");
    checked.lacks("1 of the 2 pods");
}

#[test]
fn what_changed_in_a_gap_and_changed_back_is_what_it_was() {
    let web = deployment("web", "v2", 1);
    let set = replica_set(&web);
    let mut checked = Checked::new(plan());
    checked.workload(&web).workload(&set).pod(pod(&set, "a").ready_since("t1"));
    let opened = checked.gate.confirms_at();
    assert_eq!(opened, Some(Duration::from_secs(10)));
    checked.now = Duration::from_secs(2);
    let deployments = Source::Workloads(WorkloadKind::Deployment);
    let trouble = Trouble { kind: TroubleKind::Stale, message: "lost".to_owned(), hopeless: false };
    checked.tell(Fact::Lost { source: deployments, trouble });
    checked.pod(pod(&set, "a").ready_since("t2")).pod(pod(&set, "a").ready_since("t1"));
    checked.tell(Fact::Listed { source: deployments, objects: vec![Object::Workload(web.into())] });
    assert_eq!(checked.gate.confirms_at(), opened);
}
