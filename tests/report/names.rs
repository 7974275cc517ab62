//! `-o name`: the objects that an exit code is about.

use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Pin;
use crashgate::report::names;

use super::build::{With as _, finding, gate, outcome, pod, run, shown};

fn pinned(
    kind: WorkloadKind,
    verdict: Verdict,
    findings: Vec<crashgate::gate::result::Finding>,
) -> crashgate::cluster::drive::GateRun {
    let mut gate = gate("web", "v1", "shop", outcome(verdict, 1, findings));
    gate.plan.workload = Some(Pin { kind, name: "web".to_owned() });
    gate
}

fn told(gates: Vec<crashgate::cluster::drive::GateRun>) -> String {
    names::of(&shown(&run(gates))).to_string()
}

#[test]
fn a_pass_names_what_has_passed() {
    let mut by_labels = gate("api", "v1", "shop", outcome(Verdict::Healthy, 1, Vec::new()));
    by_labels.outcome.pods = vec![pod("api-1", "ready", true, 0, None), pod("api-2", "ready", true, 0, None)];
    let job = pinned(WorkloadKind::Job, Verdict::Healthy, Vec::new());
    let names = told(vec![pinned(WorkloadKind::Deployment, Verdict::Healthy, Vec::new()), by_labels, job]);
    assert_eq!(names, "deployment.apps/web\npod/api-1\npod/api-2\njob.batch/web\n");
}

#[test]
fn anything_else_names_what_stands_against_a_pass_and_nothing_that_has_passed() {
    let crash = finding(Code::CrashLoop, "x").in_pod("web-1", None).of("deployment/web").also(&["web-2"]);
    let again = finding(Code::NotReady, "x").in_pod("web-2", None);
    let quota = finding(Code::QuotaExceeded, "x").of("Rollout/search");
    let names = told(vec![
        pinned(WorkloadKind::Deployment, Verdict::Healthy, Vec::new()),
        pinned(WorkloadKind::Deployment, Verdict::Failed, vec![crash, again]),
        gate("search", "v1", "shop", outcome(Verdict::Platform, 1, vec![quota])),
    ]);
    assert_eq!(names, "pod/web-1\npod/web-2\nrollout.argoproj.io/search\n", "each once");
    let unseen = finding(Code::ClusterUnreachable, "x");
    let names = told(vec![pinned(WorkloadKind::StatefulSet, Verdict::Inconclusive, vec![unseen.clone()])]);
    assert_eq!(names, "statefulset.apps/web\n");
    assert_eq!(told(vec![gate("a", "v1", "shop", outcome(Verdict::Inconclusive, 1, vec![unseen]))]), "");
}
