//! The JSON Schema of a gate, for editors and for people. Generated from the types here, which only mirror what the
//! parser takes; tests hold the two together.

// The mirror is never built, only described.
#![expect(dead_code, reason = "the fields are read by the schema generator alone")]

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Anything with a variable in it: what it will hold cannot be known here.
const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}";

/// The schema of one gate document.
#[must_use]
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(refuse_null));
    settings.into_generator().into_root_schema_for::<Gate>()
}

/// An optional key may be left out; it may not be null, which the generator would allow.
fn refuse_null(schema: &mut Schema) {
    let Some(choices) = schema.get("anyOf").and_then(Value::as_array) else { return };
    let [Value::Object(only), Value::Object(null)] = choices.as_slice() else { return };
    if null.get("type").is_some_and(|kind| kind == "null") {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

/// The schema as the text that `crashgate schema` prints and `manifests/gate.schema.json` holds.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema().to_value())
}

/// One gate of crashgate: one app at one version under judgement. Several YAML documents in a file are several gates. In
/// every value, ${VAR} and ${VAR:-default} read the environment.
#[derive(JsonSchema)]
#[schemars(title = "crashgate gate", rename_all = "camelCase", deny_unknown_fields)]
struct Gate {
    /// The app's name. Without `selector` and `workload` it is also the value of the pods' label `app`.
    app: Text,
    /// The version that must come up. Without `selector` and `workload` it is also the value of the pods' label
    /// `version`. Kept as it is written: 1.10 stays 1.10.
    version: Text,
    /// The namespace of the pods. Required here or by --namespace.
    namespace: Option<Namespace>,
    /// A pass rests on data proven no older than this; also the polling interval where watching is not allowed.
    #[schemars(extend("default" = "10s"))]
    delay: Option<Time>,
    /// How long the app may take to become healthy.
    #[schemars(extend("default" = "60s"))]
    wait_period: Option<Time>,
    /// How long the app must stay healthy without a break before it passes. 0s passes on first sight.
    #[schemars(extend("default" = "30s"))]
    stable_for: Option<TimeOrZero>,
    /// Crashes allowed per container, counted since the pod was created.
    #[schemars(extend("default" = 0))]
    max_restarts: Option<Count>,
    /// Pins the gate to one workload: its generation, its template, its number of pods. Its pods need no version label;
    /// the version must then stand in the template's version label or in an image's tag or digest.
    workload: Option<Workload>,
    /// Replaces the default selector app=<app>,version=<version>. Spelled as kubectl's -l.
    selector: Option<SelectorText>,
    /// Other label keys for the default selector.
    labels: Option<Labels>,
    /// A floor for the number of pods; the target is the larger of this and what the owning workload asks for.
    replicas: Option<Pods>,
    /// How much of the target must be ready: a share or a number of pods. Default: all of it.
    min_ready: Option<MinReady>,
    /// How long a cause may last before it counts.
    grace: Option<Graces>,
    /// Containers whose state and crashes decide nothing.
    ignore_containers: Option<Containers>,
    /// The cluster that must be asked: any other is refused before anything is judged. Not looked at where a recording is
    /// judged.
    expect: Option<Expect>,
    /// A pod that must end with exit code 0 once the app has been stable for long enough, before the gate passes.
    smoke: Option<Smoke>,
}

/// What the cluster must be known by.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("minProperties" = 1))]
struct Expect {
    /// The URL of its API server, as the kubeconfig names it.
    server: Option<Server>,
    /// The UID of its namespace kube-system, which lives and dies with the cluster.
    cluster_uid: Option<Uid>,
}

/// The pod of the smoke run. It is created in the gate's namespace and deleted afterwards.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct Smoke {
    /// Its image.
    image: Text,
    /// Its command, in place of the image's own.
    command: Option<Words>,
    /// Its arguments, in place of the image's own.
    args: Option<Words>,
    /// How long it may take from its creation to its end.
    #[schemars(extend("default" = "1m"))]
    timeout: Option<Time>,
    /// The service account whose token it gets; it gets none where none is named.
    service_account: Option<Text>,
    /// What it may do: `restricted` as the Pod Security Standard says (no root), `root` the same but for root, `unset`
    /// whatever the image and the cluster want.
    #[schemars(extend("default" = "restricted"))]
    security: Option<SecurityLevel>,
}

/// The label keys of the default selector.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("minProperties" = 1))]
struct Labels {
    /// The key of the label that holds the app.
    #[schemars(extend("default" = "app"))]
    app: Option<Text>,
    /// The key of the label that holds the version.
    #[schemars(extend("default" = "version"))]
    version: Option<Text>,
}

/// How long a cause may last before it counts. 0s: at once. Where no default is given: until the end of the wait period.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields, extend("minProperties" = 1))]
struct Graces {
    /// The image is missing or may not be pulled.
    #[schemars(extend("default" = "0s"))]
    image_pull: Option<TimeOrZero>,
    /// The registry does not answer, or not well.
    registry: Option<TimeOrZero>,
    /// A ConfigMap, Secret or key is missing, or the container cannot be created from its spec.
    #[schemars(extend("default" = "15s"))]
    config: Option<TimeOrZero>,
    /// No node takes the pod.
    unschedulable: Option<TimeOrZero>,
    /// A volume is not there, not bound, not attached or not mounted.
    volume: Option<TimeOrZero>,
    /// A ResourceQuota forbids the pod.
    quota: Option<TimeOrZero>,
    /// An admission check forbids the pod.
    admission: Option<TimeOrZero>,
    /// The node cannot build the pod's sandbox.
    sandbox: Option<TimeOrZero>,
}

/// Describes a value by a schema of its own, under a name in `$defs`.
macro_rules! described {
    ($($name:ident => $schema:expr;)+) => {$(
        struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

described! {
    // Numbers and booleans too, because an unquoted 1.10 or 007 is taken as it is written.
    Text => json_schema!({ "type": ["string", "number", "boolean"], "minLength": 1 });
    Namespace => json_schema!({
        "type": "string", "pattern": either("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"), "examples": ["shop"],
    });
    Time => json_schema!({
        "description": "A number and a unit, longer than zero and 24h at most.",
        "type": "string", "pattern": either(TIME), "examples": ["30s", "1m 30s"],
    });
    TimeOrZero => json_schema!({
        "description": "A number and a unit, 24h at most. 0s is allowed.",
        "type": "string", "pattern": either(TIME), "examples": ["30s", "0s"],
    });
    Words => json_schema!({ "type": "array", "items": { "type": ["string", "number", "boolean"] } });
    SecurityLevel => json_schema!({ "type": "string", "pattern": either("restricted|root|unset") });
    Count => json_schema!({ "type": ["integer", "string"], "minimum": 0, "pattern": either("0|[1-9][0-9]*") });
    Pods => json_schema!({ "type": ["integer", "string"], "minimum": 1, "pattern": either("[1-9][0-9]*") });
    Workload => json_schema!({
        "type": "string", "pattern": either("[A-Za-z.]+/[a-z0-9]([a-z0-9.-]*[a-z0-9])?"),
        "examples": ["deployment/checkout", "sts/db"],
    });
    SelectorText => json_schema!({ "type": "string", "minLength": 1, "examples": ["app=checkout,version=v2.3.1"] });
    MinReady => json_schema!({
        "type": ["integer", "string"], "minimum": 1, "pattern": either("([1-9][0-9]?|100)%|[1-9][0-9]*"),
        "examples": ["95%", 3],
    });
    Server => json_schema!({
        "type": "string", "pattern": either("https?://.+"), "examples": ["https://prod.example.com:6443"],
    });
    Uid => json_schema!({
        "type": "string", "pattern": either("[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    });
    Containers => json_schema!({
        "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 }, "examples": [["istio-proxy"]],
    });
}

const TIME: &str = r"([0-9]+(\.[0-9]+)?\s*[a-zµ]+\s*)+";

/// The whole text is the pattern, or there is a variable somewhere in it.
fn either(pattern: &str) -> String {
    format!("^({pattern})$|{VARIABLE}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::{schema, schema_text};
    use crate::gate::spec::{Grace, Plan};
    use crate::manifest::Key;
    use crate::manifest::expect::Mark;
    use crate::manifest::smoke::{DEFAULT_TIMEOUT, SmokeKey};

    fn properties(pointer: &str) -> BTreeSet<String> {
        let value = schema().to_value();
        value.pointer(pointer).and_then(|map| map.as_object()).unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let committed = fs::read_to_string("manifests/gate.schema.json").unwrap();
        assert_eq!(committed, schema_text(), "write it anew: crashgate schema > manifests/gate.schema.json");
    }

    #[test]
    fn the_schema_has_the_parsers_keys() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(properties("/properties"), names(&Key::ALL.map(Key::name)));
        assert_eq!(properties("/$defs/Graces/properties"), names(&Grace::ALL.map(Grace::name)));
        assert_eq!(properties("/$defs/Labels/properties"), names(&["app", "version"]));
        assert_eq!(properties("/$defs/Expect/properties"), names(&Mark::ALL.map(Mark::name)));
        assert_eq!(properties("/$defs/Smoke/properties"), names(&SmokeKey::ALL.map(SmokeKey::name)));
    }

    #[test]
    fn the_schemas_defaults_are_the_plans() {
        let value = schema().to_value();
        let default =
            |pointer: &str| humantime::parse_duration(value.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
        assert_eq!(default("/properties/delay/default"), Plan::DEFAULT_DELAY);
        assert_eq!(default("/properties/waitPeriod/default"), Plan::DEFAULT_WAIT_PERIOD);
        assert_eq!(default("/properties/stableFor/default"), Plan::DEFAULT_STABLE_FOR);
        assert_eq!(default("/$defs/Smoke/properties/timeout/default"), DEFAULT_TIMEOUT);
        for grace in Grace::ALL {
            let pointer = format!("/$defs/Graces/properties/{}/default", grace.name());
            let said = value.pointer(&pointer).map(|_| default(&pointer));
            assert_eq!(said, grace.default_patience(), "{}", grace.name());
        }
    }
}
