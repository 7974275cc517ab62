//! Random Rollouts as an API server could have stored them: generations in every spelling, statuses that miss or contradict,
//! phases that nobody knows, hash labels that are not there, objects of a megabyte; and a Deployment in their place.

use crashgate::gate::Fact;
use crashgate::gate::model::{Object, Source, Workload, WorkloadKind};
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Until;
use crashgate::recording::mapping;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::cases;
use crate::scenario::objects::{deployment, pod, replica_set, rollout, rollout_set};
use crate::scenario::{Scenario, plan};

/// A Rollout at one moment.
#[derive(Debug, Clone)]
struct Told {
    generation: i64,
    /// `status.observedGeneration`, as it is written; absent where it is null.
    observed: Value,
    /// The status is there at all.
    has_status: bool,
    hash: Option<&'static str>,
    stable: &'static str,
    phase: Option<&'static str>,
    aborted: bool,
    pause: Option<&'static str>,
    step: Option<u32>,
    steps: usize,
    replicas: u32,
    gated: bool,
    padding: usize,
}

#[derive(Debug, Clone)]
enum Happening {
    /// Time passes, in tenths of a second.
    Wait(u16),
    Rollout(Told),
    /// The `ReplicaSet` of the gated template wants so many pods; with its hash label or without.
    Set {
        replicas: u32,
        labelled: bool,
    },
    Ready(usize),
    Unready(usize),
    Gone(usize),
    /// A Deployment takes the Rollout's place.
    BecomesDeployment,
    Listed,
}

const PODS: [&str; 3] = ["a", "b", "c"];

fn told() -> impl Strategy<Value = Told> {
    let observed = prop_oneof![
        6 => (0_i64..4).prop_map(|number| json!(number.to_string())),
        1 => (0_i64..4).prop_map(|number| json!(number)),
        1 => Just(Value::Null),
        1 => Just(json!("65c9896dd9")),
        1 => Just(json!("")),
        1 => Just(json!(true)),
        1 => Just(json!({"odd": 1})),
    ];
    let hash = prop::sample::select(vec![Some("v2"), Some("v2"), Some("v2"), Some("v1"), None]);
    let phase = prop::sample::select(vec![
        Some("Paused"),
        Some("Healthy"),
        Some("Progressing"),
        Some("Degraded"),
        Some("Splendid"),
        None,
    ]);
    let pause = prop::sample::select(vec![None, Some("CanaryPauseStep"), Some("InconclusiveAnalysisRun"), Some("Odd")]);
    let status = (observed, prop::bool::weighted(0.9), hash, prop::sample::select(vec!["v1", "v2"]), phase);
    let rest = (prop::bool::weighted(0.1), pause, prop::option::weighted(0.8, 0_u32..4), 0_usize..4);
    let spec = (1_i64..4, 1_u32..4, prop::bool::weighted(0.8), prop_oneof![19 => Just(0), 1 => Just(1_000_000)]);
    (status, rest, spec).prop_map(
        |(
            (observed, has_status, hash, stable, phase),
            (aborted, pause, step, steps),
            (generation, replicas, gated, padding),
        )| {
            Told {
                generation,
                observed,
                has_status,
                hash,
                stable,
                phase,
                aborted,
                pause,
                step,
                steps,
                replicas,
                gated,
                padding,
            }
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        5 => (1_u16..150).prop_map(Wait),
        5 => told().prop_map(Rollout),
        3 => (0_u32..4, prop::bool::weighted(0.9)).prop_map(|(replicas, labelled)| Set { replicas, labelled }),
        6 => (0..3_usize).prop_map(Ready),
        1 => (0..3_usize).prop_map(Unready),
        1 => (0..3_usize).prop_map(Gone),
        1 => Just(BecomesDeployment),
        1 => Just(Listed),
    ]
}

impl Told {
    fn object(&self) -> Value {
        let version = if self.gated { "v2" } else { "v1" };
        let mut rollout = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop", "uid": "rollout-web", "generation": self.generation,
                "annotations": {"padding": "x".repeat(self.padding)}},
            "spec": {"replicas": self.replicas, "selector": {"matchLabels": {"app": "web"}},
                "strategy": {"canary": {"steps": vec![json!({"pause": {}}); self.steps]}},
                "template": {"metadata": {"labels": {"app": "web", "version": version}},
                    "spec": {"containers": [{"name": "app", "image": format!("registry.example:5000/shop/web:{version}")}]}}},
        });
        if self.has_status {
            let mut status =
                json!({"observedGeneration": self.observed, "abort": self.aborted, "stableRS": self.stable});
            if let Some(hash) = self.hash {
                status["currentPodHash"] = hash.into();
            }
            if let Some(phase) = self.phase {
                status["phase"] = phase.into();
            }
            if let Some(step) = self.step {
                status["currentStepIndex"] = step.into();
            }
            if let Some(reason) = self.pause {
                status["pauseConditions"] = json!([{"reason": reason}]);
            }
            rollout["status"] = status;
        }
        rollout
    }

    fn mapped(&self) -> Option<Workload> {
        let raw = RawValue::from_string(self.object().to_string()).unwrap();
        match mapping::object(Source::Workloads(WorkloadKind::Rollout), &raw) {
            Ok(Object::Workload(workload)) => Some(workload.as_ref().clone()),
            _ => None,
        }
    }

    /// The status is of the newest spec, by a number that says so.
    fn is_observed(&self) -> bool {
        let number = match &self.observed {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        self.has_status && number.is_some_and(|observed: i64| observed >= self.generation)
    }
}

/// Why the gate may not pass now, by a reading of its own; `None` where it may.
fn objection(
    told: Option<&Told>,
    set: Option<(u32, bool)>,
    ready: usize,
    unready: usize,
    until: Until,
) -> Option<String> {
    let Some(told) = told else { return Some("there is no Rollout".to_owned()) };
    let Some((wanted, labelled)) = set else { return Some("there is no ReplicaSet".to_owned()) };
    let holds_back = told.step.is_some_and(|step| (step as usize) < told.steps) && until == Until::Step;
    let wanted = if holds_back { wanted } else { told.replicas };
    let is_promoted = told.stable == "v2" && told.phase == Some("Healthy");
    let reasons = [
        (!told.gated, "the template is another version's"),
        (!told.is_observed(), "the status is of an older spec"),
        (told.hash != Some("v2") || !labelled, "the newest ReplicaSet is not this one"),
        (told.aborted, "it was aborted"),
        (told.phase == Some("Degraded"), "it is degraded"),
        (told.pause == Some("InconclusiveAnalysisRun"), "its analysis could not tell"),
        (wanted == 0 || ready < wanted as usize, "pods are missing"),
        (unready > 0, "a pod is not ready"),
        (until == Until::Promoted && !is_promoted, "it is not promoted"),
    ];
    reasons.into_iter().find(|(stands, _)| *stands).map(|(_, why)| why.to_owned())
}

fn passes_only_with_proof(happenings: &[Happening], until: Until) -> Result<(), TestCaseError> {
    let mut plan = plan();
    plan.until = until;
    let mut story = Scenario::new(plan);
    let (mut now, mut told, mut set) = (0.0, None::<Told>, None);
    let mut pods: [Option<bool>; 3] = [None; 3];
    let owner = rollout_set(&rollout("web", "v2", 3), 1);
    for happening in happenings {
        match happening {
            Happening::Wait(tenths) => {
                now += f64::from(*tenths) / 10.0;
                story.at(now);
            }
            Happening::Rollout(next) => {
                // What cannot be read is no news, and loses the source.
                match next.mapped() {
                    Some(workload) => {
                        story.workload(workload);
                        told = Some(next.clone());
                    }
                    None => {
                        story
                            .lose(Source::Workloads(WorkloadKind::Rollout), crashgate::gate::model::TroubleKind::Stale);
                    }
                }
            }
            Happening::Set { replicas, labelled } => {
                let mut next = rollout_set(&rollout("web", "v2", 3), *replicas);
                if !labelled {
                    next.template.labels.remove("rollouts-pod-template-hash");
                }
                story.workload(next);
                set = Some((*replicas, *labelled));
            }
            Happening::Ready(place) | Happening::Unready(place) => {
                let ready = matches!(happening, Happening::Ready(_));
                let mut one = pod(&owner, PODS[*place]);
                if !ready {
                    one.ready.as_mut().unwrap().status = false;
                }
                story.pod(one);
                pods[*place] = Some(ready);
            }
            Happening::Gone(place) => {
                if pods[*place].take().is_some() {
                    story.pod_gone(&pod(&owner, PODS[*place]).uid);
                }
            }
            Happening::BecomesDeployment => {
                if told.take().is_some() {
                    story.workload_gone(WorkloadKind::Rollout, "rollout-web");
                }
                let web = deployment("web", "v1", 3);
                story.workload(web.clone()).workload(replica_set(&web));
            }
            Happening::Listed => _ = story.list_all(),
        }
        if let Some(outcome) = story.ended() {
            if outcome.verdict == Verdict::Healthy {
                // What had been told when it passed: time alone passes a gate.
                prop_assert!(matches!(happening, Happening::Wait(_)), "it passed by {happening:?}");
                let count = |is| pods.iter().filter(|pod| **pod == Some(is)).count();
                let objection = objection(told.as_ref(), set, count(true), count(false), until);
                prop_assert_eq!(objection, None);
            }
            prop_assert!(outcome.verdict == Verdict::Healthy || !outcome.findings.is_empty());
            return Ok(());
        }
    }
    let outcome = story.ends();
    if outcome.verdict == Verdict::Healthy {
        let count = |is| pods.iter().filter(|pod| **pod == Some(is)).count();
        prop_assert_eq!(objection(told.as_ref(), set, count(true), count(false), until), None);
    }
    Ok(())
}

/// One that has all that a pass needs: random ones seldom do.
fn good() -> Vec<Happening> {
    let told = Told {
        generation: 2,
        observed: json!("2"),
        has_status: true,
        hash: Some("v2"),
        stable: "v1",
        phase: Some("Paused"),
        aborted: false,
        pause: Some("CanaryPauseStep"),
        step: Some(0),
        steps: 2,
        replicas: 3,
        gated: true,
        padding: 0,
    };
    vec![Happening::Rollout(told), Happening::Set { replicas: 1, labelled: true }, Happening::Ready(0)]
}

#[test]
fn the_good_one_passes_or_the_property_shows_nothing() {
    let mut story = Scenario::new(plan());
    let owner = rollout_set(&rollout("web", "v2", 3), 1);
    let Happening::Rollout(told) = &good()[0] else { unreachable!() };
    story.workload(told.mapped().unwrap()).workload(owner.clone()).pod(pod(&owner, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn facts_that_never_come_are_no_proof() {
    let mut story = Scenario::unlisted(plan());
    story.tell(Fact::Listed { source: Source::Pods, objects: Vec::new() });
    assert_ne!(story.ends().verdict, Verdict::Healthy);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_rollout_passes_without_proof(
        well in any::<bool>(),
        tail in prop::collection::vec(happening(), 0..16),
        promoted in prop::bool::weighted(0.3),
    ) {
        let mut happenings = if well { good() } else { Vec::new() };
        happenings.extend(tail);
        let until = if promoted { Until::Promoted } else { Until::Step };
        passes_only_with_proof(&happenings, until)?;
    }
}
