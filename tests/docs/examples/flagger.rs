//! The pipeline in front of Flagger: what it opens and closes, by what the gate says.

use std::collections::BTreeMap;
use std::fs;

use super::job::{Job, Step};
use super::{Cluster, checkout, cluster_at_the_end, clusters};

/// One script, for any system.
pub fn job() -> Job {
    let env = BTreeMap::from([("VERSION".to_owned(), "v1".to_owned())]);
    Job {
        steps: vec![Step::new(fs::read_to_string("ci-examples/flagger.sh").unwrap(), env)],
        kept: vec!["crashgate.xml".to_owned(), "crashgate.html".to_owned()],
    }
}

#[test]
fn flaggers_gate_is_opened_by_a_pass_and_its_rollback_by_a_failure_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [healthy, crashing] = clusters(&runtime);
    let under_analysis = cluster_at_the_end(&runtime, "flagger-canary-ok", "payments", 0);
    let hooks = |cluster: &Cluster, version: &str, more: &str| {
        let (_kept, folder) = checkout(cluster);
        let gate = fs::read_to_string(folder.join("gate.yaml")).unwrap().replace("${VERSION}", version);
        fs::write(folder.join("gate.yaml"), format!("{gate}waitPeriod: 1s\n{more}")).unwrap();
        let (code, said) = job().run(&folder);
        let asked = fs::read_to_string(folder.join("asked")).unwrap();
        let hooks = asked.lines().map(|line| match line.rsplit_once("http://localhost:8080/") {
            Some((_, hook)) => hook.to_owned(),
            None => line.to_owned(),
        });
        (code, hooks.collect::<Vec<_>>(), said)
    };
    let before = ["gate/close", "rollback/close", "kubectl apply -f deploy/"];
    for (cluster, version, more, code, after) in [
        (&healthy, "v1", "", 0, Some("gate/open")),
        (&under_analysis, "v2", "workload: canary/payments\n", 0, Some("gate/open")),
        (&crashing, "v1", "", 1, Some("rollback/open")),
        (&healthy, "v9", "", 4, None),
        (&under_analysis, "v1", "workload: canary/payments\n", 4, None),
    ] {
        let (ended, hooks, said) = hooks(cluster, version, more);
        assert_eq!(ended, code, "{said}");
        assert_eq!(hooks, before.into_iter().chain(after).collect::<Vec<_>>(), "{said}");
    }
}
