//! What a pass tells beside its verdict.

use crashgate::gate::model::{Source, WorkloadKind};
use crashgate::gate::result::{Outcome, Verdict};

use crate::gate::{readiness_probe, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

fn told(outcome: &Outcome) -> Vec<(&'static str, &str)> {
    outcome.warnings.iter().map(|warning| (warning.code.name(), warning.message.as_str())).collect()
}

#[test]
fn the_same_of_many_pods_is_one_line_with_their_number() {
    let mut plan = plan();
    plan.max_restarts = 3;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 30);
    for number in 0..30_u32 {
        let name = format!("web-{number:02}");
        story.pod(pod(&set, &name).restarted("app", 1 + number % 2, 1, "Error"));
        story.pod(pod(&set, &format!("gone-{number:02}")).failed_by_node("Evicted"));
    }
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    let told = told(outcome);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].0, "PodDisrupted");
    assert!(told[0].1.starts_with("30 pods (gone-00, gone-01, gone-02 and 27 more) were evicted by"), "{told:?}");
    assert!(
        told[1].1.contains("of 30 pods (web-00, web-01, web-02 and 27 more) ended, last with exit code 1 (3 allowed)"),
        "{told:?}"
    );
}

#[test]
fn rights_to_kinds_that_are_missing_are_one_warning_with_one_rule() {
    let mut plan = plan();
    plan.replicas = Some(1);
    let mut story = Scenario::new(plan);
    for kind in WorkloadKind::ALL {
        story.denied(Source::Workloads(kind));
    }
    let set = crate::scenario::objects::replica_set(&crate::scenario::objects::deployment("web", "v2", 1));
    story.at(1.0).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    let told = told(outcome);
    assert_eq!(told.len(), 1, "{told:?}");
    let rule = "`{apiGroups: [\"apps\", \"batch\"], resources: [\"deployments\", \"replicasets\", \"statefulsets\", \"daemonsets\", \"jobs\"], verbs: [\"get\", \"list\", \"watch\"]}`";
    assert!(told[0].0 == "OwnersForbidden" && told[0].1.ends_with(rule), "{told:?}");
}

#[test]
fn a_probe_that_cannot_be_run_never_kills_and_is_told() {
    let passes = |said: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 2);
        for name in ["a", "b"] {
            let mut probed = pod(&set, name);
            probed.containers[0].probes.liveness = Some(readiness_probe());
            story.at(1.0).pod(probed).event(name, Some("app"), "Unhealthy", said);
        }
        let outcome = story.ends();
        assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
        outcome.warnings.iter().map(|warning| format!("{}: {}", warning.code, warning.message)).collect::<Vec<_>>()
    };
    let missing = "rpc error: code = Unknown desc = exec: \"/bin/alive\": stat /bin/alive: no such file or directory";
    let expected = format!(
        "ProbeNotRun: the liveness probe of container app of 2 pods (a, b) cannot be run, so it has no effect: {missing}"
    );
    for preface in ["Liveness probe errored and resulted in unknown state", "Liveness probe errored"] {
        assert_eq!(passes(&format!("{preface}: {missing}")), std::slice::from_ref(&expected), "{preface}");
    }
    for fine in [
        "Liveness probe failed: HTTP probe failed with statuscode: 500",
        "Liveness probe errored: container is stopping",
        "Readiness probe errored: x",
    ] {
        assert!(passes(fine).is_empty(), "{fine}");
    }
}
