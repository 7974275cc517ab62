//! A plan in the words of a manifest: what a recording keeps of the gate that was recorded.

use serde_json::{Map, Value, json};

use crate::gate::model::Selector;
use crate::gate::spec::{MinReady, Plan, Until};

use super::definitions::Key;
use super::duration;

/// Returns the plan as a gate document, of which [`load`](super::load) makes the same plan again. Three things are
/// not in it: metrics, whose queries and credentials are the manifest's own, a smoke run but for its image, and the
/// template that a workload manifest asks for.
#[must_use]
pub fn written(plan: &Plan) -> Value {
    let mut document = Map::new();
    let mut put = |key: Key, value: Value| document.insert(key.name().to_owned(), value);
    put(Key::App, json!(plan.app));
    put(Key::Version, json!(plan.version));
    put(Key::Namespace, json!(plan.namespace));
    put(Key::Delay, time(plan.delay));
    put(Key::WaitPeriod, time(plan.wait_period));
    put(Key::StableFor, time(plan.stable_for));
    put(Key::MaxRestarts, json!(plan.max_restarts));
    if let Some(pin) = &plan.workload {
        put(Key::Workload, json!(pin.to_string()));
    }
    let of_labels = Selector::equals([("app", plan.app.as_str()), (&plan.version_label, &plan.version)]);
    if plan.selector != of_labels {
        put(Key::Selector, json!(plan.selector.to_string()));
    }
    if plan.version_label != "version" {
        put(Key::Labels, json!({ "version": plan.version_label }));
    }
    if let Some(replicas) = plan.replicas {
        put(Key::Replicas, json!(replicas));
    }
    match plan.min_ready {
        Some(MinReady::Count(pods)) => _ = put(Key::MinReady, json!(pods)),
        Some(MinReady::Percent(percent)) => _ = put(Key::MinReady, json!(format!("{percent}%"))),
        None => {}
    }
    if !plan.grace.is_empty() {
        let graces = plan.grace.iter().map(|(grace, patience)| (grace.name().to_owned(), time(*patience)));
        put(Key::Grace, Value::Object(graces.collect()));
    }
    if !plan.ignore_containers.is_empty() {
        put(Key::IgnoreContainers, json!(plan.ignore_containers));
    }
    if plan.until != Until::Step {
        put(Key::Until, json!(plan.until.name()));
    }
    if let Some(order) = &plan.smoke {
        put(Key::Smoke, json!({ "image": order.image }));
    }
    Value::Object(document)
}

fn time(duration: std::time::Duration) -> Value {
    json!(duration::format(duration).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Key, written};
    use crate::gate::spec::Plan;
    use crate::manifest::{Overrides, Source, Text, load};

    fn read(content: &str) -> Plan {
        let source = Source::Text(Text { name: "gate.yaml".to_owned(), content: content.to_owned() });
        let mut gates = load(&[source], &Overrides::default(), &|_| None).unwrap_or_else(|error| panic!("{error}"));
        gates.gates.remove(0).plan
    }

    /// What a recording cannot keep, and keys that mean nothing without it.
    const LEFT_OUT: [Key; 4] = [Key::Expect, Key::Stable, Key::WatchFor, Key::Metrics];

    #[test]
    fn every_key_of_a_plan_is_read_back_as_it_was() {
        for key in Key::ALL.into_iter().filter(|key| !LEFT_OUT.contains(key)) {
            let required = [Key::App, Key::Version, Key::Namespace];
            let mut document: Vec<String> =
                required.iter().filter(|one| **one != key).map(|one| one.example()).collect();
            // Only what can be promoted may be waited for until it is.
            document.push(key.example());
            let plan = read(&document.join("\n"));
            let again = read(&written(&plan).to_string());
            if key == Key::Smoke {
                assert_eq!(again.smoke.map(|order| order.image), plan.smoke.map(|order| order.image));
            } else {
                assert_eq!(again, plan, "{}", key.name());
            }
        }
        let all = "{app: a, version: 1.10, namespace: n, labels: {app: x/app, version: x/v}, minReady: 95%, \
                   grace: {ImagePull: 1m 30s, Quota: 0s}, ignoreContainers: [b, c], delay: 500ms}";
        assert_eq!(read(&written(&read(all)).to_string()), read(all));
    }
}
