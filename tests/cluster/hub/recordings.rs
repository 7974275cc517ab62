//! Every recording is judged the same by a gate that shares a hub with others, from the begin or from later on, as by a gate
//! that is alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::{Hub, judge_deciders};
use crashgate::cluster::never;
use crashgate::gate::Gate;
use crashgate::gate::result::Outcome;
use crashgate::gate::spec::Plan;
use crashgate::sandbox::{Begin, Options, Running, Sandbox};
use tokio::time::sleep;

use super::{join, outcome};
use crate::cluster::stub::Counting;

/// When the ones that come later come.
const LATER: Duration = Duration::from_secs(4);

fn connection(running: &Running) -> Arc<Connection> {
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"))
}

fn plan(namespace: &str, app: &str, version: &str) -> Plan {
    let mut plan = Plan::new(app, version, namespace);
    (plan.delay, plan.stable_for) = (Duration::from_secs(2), Duration::from_secs(10));
    plan.wait_period = Duration::from_secs(40);
    plan
}

/// A plan of the same app with a selector of its own.
fn other(plan: &Plan, number: usize) -> Plan {
    Plan { selector: format!("{},not-{number}!=x", plan.selector).parse().unwrap(), ..plan.clone() }
}

async fn alone(connection: Arc<Connection>, plan: Plan) -> Outcome {
    let run = judge_deciders(connection, vec![Gate::new(plan)], &mut Counting::default(), never()).await;
    run.gates[0].outcome.clone()
}

/// What a reader learns: the verdict and, where it is one that has a cause, the first of its causes.
fn told(outcome: &Outcome) -> (String, Option<String>) {
    let cause = outcome.findings.first().map(|finding| format!("{:?} {:?}", finding.code, finding.place));
    (outcome.verdict.to_string(), cause)
}

#[tokio::test(start_paused = true)]
async fn several_gates_of_one_hub_judge_every_recording_as_a_gate_alone_does() {
    let expected = std::fs::read_to_string("tests/recordings/expected.tsv").unwrap();
    let rows = expected.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows: BTreeSet<(&str, &str, &str)> = rows
        .map(|row| {
            let mut columns = row.split('\t');
            (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap())
        })
        .collect();
    let (mut judged, mut differing) = (0, Vec::new());
    for (name, app, version) in rows {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{name}.ndjson"));
        let sandbox = Sandbox::load(&path).unwrap();
        let plan = plan(&sandbox.header().namespace, app, version);
        let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
        running.start();
        let hub = Hub::new(connection(&running));
        let from_the_begin = async {
            let gates = [plan.clone(), other(&plan, 1), other(&plan, 2)].map(|plan| join(&hub, Gate::new(plan)));
            futures::future::join_all(gates.map(outcome)).await
        };
        let later = async {
            sleep(LATER).await;
            let gates = [plan.clone(), other(&plan, 3)].map(|plan| join(&hub, Gate::new(plan)));
            futures::future::join_all(gates.map(outcome)).await
        };
        let alone_later = async {
            sleep(LATER).await;
            alone(connection(&running), plan.clone()).await
        };
        let (shared, shared_later, single, single_later) =
            tokio::join!(from_the_begin, later, alone(connection(&running), plan.clone()), alone_later);
        for (outcomes, single, when) in [(shared, single, "from the begin"), (shared_later, single_later, "later")] {
            for outcome in outcomes {
                judged += 1;
                if told(&outcome) != told(&single) {
                    differing.push(format!(
                        "{name} {app} {version} {when}: {:?}, alone {:?}",
                        told(&outcome),
                        told(&single)
                    ));
                }
            }
        }
    }
    assert!(judged > 300, "{judged}");
    assert!(differing.is_empty(), "{} of {judged}:\n{}", differing.len(), differing.join("\n"));
}
