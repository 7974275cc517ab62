//! The analysis that manifests/argo-rollouts has, held against Argo Rollouts' rules for whatever its gate may answer.

use std::fs;

use serde_json::Value;

use super::argo_model::{Ended, Limits, Measured, Run};

/// The metric of the recipe.
pub struct Recipe {
    pub limits: Limits,
    metric: Value,
}

impl Recipe {
    pub fn read() -> Self {
        let text = fs::read_to_string("manifests/argo-rollouts/analysis-template.yaml").unwrap();
        let template: Value = serde_yaml::from_str(&text).unwrap();
        let metric = template["spec"]["metrics"][0].clone();
        let limit = |name: &str| u32::try_from(metric[name].as_u64().unwrap_or_else(|| panic!("no {name}"))).unwrap();
        let limits = Limits {
            count: limit("count"),
            failure: limit("failureLimit"),
            inconclusive: limit("inconclusiveLimit"),
            consecutive_error: limit("consecutiveErrorLimit"),
            consecutive_success: limit("consecutiveSuccessLimit"),
        };
        Self { limits, metric }
    }

    /// The body that is sent, with the arguments filled in.
    pub fn body(&self, arguments: &[(&str, &str)]) -> String {
        let body = self.metric["provider"]["web"]["jsonBody"].to_string();
        let filled = |body: String, (name, value): &(&str, &str)| body.replace(&format!("{{{{args.{name}}}}}"), value);
        arguments.iter().fold(body, filled)
    }

    /// The path and the query that are asked.
    pub fn path(&self) -> String {
        let url = self.metric["provider"]["web"]["url"].as_str().unwrap();
        url.strip_prefix("http://crashgate.crashgate").unwrap().to_owned()
    }

    /// What an answer is taken for: a status that is none of 2xx is an error, and the conditions are asked of the summary.
    pub fn measure(&self, status: u16, body: &Value) -> Measured {
        if !(200..300).contains(&status) {
            return Measured::Error;
        }
        assert_eq!(self.metric["provider"]["web"]["jsonPath"], "{$.summary}");
        let Some(summary) = body.get("summary") else { return Measured::Error };
        let holds = |condition: &str| {
            let condition = self.metric[condition].as_str().unwrap();
            let wanted =
                condition.strip_prefix("result.verdict == \"").and_then(|rest| rest.strip_suffix('"')).unwrap();
            summary["verdict"] == wanted
        };
        match (holds("successCondition"), holds("failureCondition")) {
            (_, true) => Measured::Failed,
            (true, false) => Measured::Successful,
            (false, false) => Measured::Inconclusive,
        }
    }
}

/// How a run ends whose measurements are these; `None` where it goes on after them.
fn ended(limits: &Limits, measured: impl IntoIterator<Item = Measured>) -> Option<Ended> {
    let mut run = Run::default();
    measured.into_iter().find_map(|measured| run.take(measured, limits))
}

fn times(measured: Measured, times: u32) -> impl Iterator<Item = Measured> {
    (0..times).map(move |_| measured)
}

#[test]
fn a_slow_start_is_waited_for_and_a_gate_that_never_says_yes_never_passes() {
    let Limits { count, .. } = Recipe::read().limits;
    let limits = Recipe::read().limits;
    let pending = |many| times(Measured::Inconclusive, many);
    assert_eq!(ended(&limits, pending(count - 1).chain([Measured::Successful])), Some(Ended::Successful));
    assert_eq!(ended(&limits, pending(2).chain([Measured::Successful])), Some(Ended::Successful), "at once");
    assert_eq!(ended(&limits, pending(count)), Some(Ended::Inconclusive));
    assert_eq!(ended(&limits, pending(count - 1)), None, "it goes on");
}

#[test]
fn a_failure_aborts_and_a_restart_of_the_service_does_not() {
    let limits = Recipe::read().limits;
    let pending = || times(Measured::Inconclusive, 3);
    assert_eq!(ended(&limits, pending().chain([Measured::Failed])), Some(Ended::Failed));
    let away = limits.consecutive_error;
    let restarted = pending().chain(times(Measured::Error, away)).chain(pending()).chain([Measured::Successful]);
    assert_eq!(ended(&limits, restarted), Some(Ended::Successful));
    assert_eq!(ended(&limits, times(Measured::Error, away + 1)), Some(Ended::Error), "one that never comes back");
    // A retry after an error comes after 10 s, whatever the interval: longer than a node is drained for.
    assert!(away * 10 >= 120);
}

#[test]
fn a_controller_that_does_not_know_the_fifth_limit_passes_nothing_wrongly() {
    let limits = Limits { consecutive_success: 0, ..Recipe::read().limits };
    assert_eq!(ended(&limits, times(Measured::Inconclusive, limits.count)), Some(Ended::Inconclusive));
    // What a setting without any of them would do: this is the false pass that they are there for.
    let careless = Limits { inconclusive: limits.count, ..limits };
    assert_eq!(ended(&careless, times(Measured::Inconclusive, limits.count)), Some(Ended::Successful));
}

#[test]
fn every_other_verdict_is_neither_a_success_nor_a_failure() {
    let recipe = Recipe::read();
    for (verdict, measured) in [
        ("healthy", Measured::Successful),
        ("failed", Measured::Failed),
        ("pending", Measured::Inconclusive),
        ("timed-out", Measured::Inconclusive),
        ("nothing-matched", Measured::Inconclusive),
        ("platform", Measured::Inconclusive),
        ("superseded", Measured::Inconclusive),
        ("inconclusive", Measured::Inconclusive),
    ] {
        let body = serde_json::json!({"summary": {"verdict": verdict, "why": "…"}});
        assert_eq!(recipe.measure(200, &body), measured, "{verdict}");
    }
    assert_eq!(recipe.measure(404, &Value::Null), Measured::Error);
}
