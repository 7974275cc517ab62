//! What values look like, as the JSON Schema describes them. The functions that read them are in [`values`](super::values).

use serde_json::{Value, json};

/// A kind of value that several keys may share.
pub(super) struct ValueType {
    /// Its name in the schema's `$defs`.
    pub name: &'static str,
    /// Its schema.
    pub schema: fn() -> Value,
    /// A text that begins with `-` is most likely a number, and the flag takes it: what is wrong with a negative number
    /// is explained better here than by the parser of the command line.
    pub is_quantity: bool,
}

impl ValueType {
    const fn new(name: &'static str, schema: fn() -> Value) -> Self {
        Self { name, schema, is_quantity: false }
    }

    const fn quantity(name: &'static str, schema: fn() -> Value) -> Self {
        Self { name, schema, is_quantity: true }
    }
}

// Numbers and booleans too, because an unquoted 1.10 or 007 is taken as it is written.
pub(super) static TEXT: ValueType =
    ValueType::new("Text", || json!({ "type": ["string", "number", "boolean"], "minLength": 1 }));

pub(super) static NAMESPACE: ValueType = ValueType::new(
    "Namespace",
    || json!({ "type": "string", "pattern": either("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"), "examples": ["shop"] }),
);

pub(super) static TIME: ValueType = ValueType::quantity("Time", || {
    json!({
        "description": "A number and a unit, longer than zero and 24h at most.",
        "type": "string", "pattern": either(TIME_PATTERN), "examples": ["30s", "1m 30s"],
    })
});

pub(super) static TIME_OR_ZERO: ValueType = ValueType::quantity("TimeOrZero", || {
    json!({
        "description": "A number and a unit, 24h at most. 0s is allowed.",
        "type": "string", "pattern": either(TIME_PATTERN), "examples": ["30s", "0s"],
    })
});

pub(super) static COUNT: ValueType = ValueType::quantity(
    "Count",
    || json!({ "type": ["integer", "string"], "minimum": 0, "pattern": either("0|[1-9][0-9]*") }),
);

pub(super) static PODS: ValueType = ValueType::quantity(
    "Pods",
    || json!({ "type": ["integer", "string"], "minimum": 1, "pattern": either("[1-9][0-9]*") }),
);

pub(super) static MIN_READY: ValueType = ValueType::quantity("MinReady", || {
    json!({
        "type": ["integer", "string"], "minimum": 1, "pattern": either("([1-9][0-9]?|100)%|[1-9][0-9]*"),
        "examples": ["95%", 3],
    })
});

pub(super) static WORKLOAD: ValueType = ValueType::new("Workload", || {
    json!({
        "type": "string", "pattern": either("[A-Za-z0-9.]+/[a-z0-9]([a-z0-9.-]*[a-z0-9])?"),
        "examples": ["deployment/checkout", "sts/db", "rollout/web"],
    })
});

pub(super) static UNTIL: ValueType =
    ValueType::new("Until", || json!({ "type": "string", "pattern": either("step|promoted") }));

pub(super) static SELECTOR: ValueType = ValueType::new(
    "SelectorText",
    || json!({ "type": "string", "minLength": 1, "examples": ["app=checkout,version=v2.3.1"] }),
);

pub(super) static CONTAINERS: ValueType = ValueType::new("Containers", || {
    json!({
        "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 }, "examples": [["istio-proxy"]],
    })
});

pub(super) static SERVER: ValueType = ValueType::new(
    "Server",
    || json!({ "type": "string", "pattern": either("https?://.+"), "examples": ["https://prod.example.com:6443"] }),
);

pub(super) static UID: ValueType = ValueType::new(
    "Uid",
    || json!({ "type": "string", "pattern": either("[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}") }),
);

pub(super) static WORDS: ValueType =
    ValueType::new("Words", || json!({ "type": "array", "items": { "type": ["string", "number", "boolean"] } }));

pub(super) static SECURITY: ValueType =
    ValueType::new("SecurityLevel", || json!({ "type": "string", "pattern": either("restricted|root|unset") }));

pub(super) static TRUTH: ValueType =
    ValueType::new("Truth", || json!({ "type": ["boolean", "string"], "pattern": either("true|false") }));

pub(super) static HEADERS: ValueType = ValueType::new("Headers", || {
    json!({
        "type": "object", "minProperties": 1, "additionalProperties": { "type": ["string", "number", "boolean"] },
        "examples": [{ "X-Scope-OrgID": "shop" }],
    })
});

pub(super) static SERIES_LABEL: ValueType = ValueType::new(
    "SeriesLabel",
    || json!({ "type": "string", "pattern": either("[A-Za-z_][A-Za-z0-9_]*|"), "examples": ["pod"] }),
);

pub(super) static WORD: ValueType = ValueType::new(
    "Word",
    || json!({ "type": ["string", "number"], "pattern": either("[A-Za-z0-9._-]{1,63}"), "examples": ["errors"] }),
);

pub(super) static SERIES: ValueType = ValueType::new("PromQl", || {
    json!({
        "description": "PromQL. $pods becomes the matchers of the pods that are judged.",
        "type": "string", "pattern": format!(r"\$pods|{VARIABLE}"), "examples": ["http_requests_total{$pods}"],
    })
});

pub(super) static BOUND: ValueType = ValueType::quantity("Bound", || {
    json!({
        "description": "A time, or a number as in the label le of the series.",
        "type": ["string", "number"], "pattern": either(&format!(r"[0-9]*\.?[0-9]+|{TIME_PATTERN}")),
        "examples": ["500ms", 0.5],
    })
});

pub(super) static LIMIT: ValueType = ValueType::quantity("Limit", || {
    json!({
        "description": "A number, or a share with a %.",
        "type": ["string", "number"], "pattern": either(&format!("-?{NUMBER_PATTERN}\\s*%?")), "examples": ["1%", 0.01],
    })
});

pub(super) static SHARE: ValueType = ValueType::quantity("Share", || {
    json!({
        "type": ["string", "number"], "exclusiveMinimum": 0, "maximum": 0.5,
        "pattern": either(&format!("{NUMBER_PATTERN}\\s*%?")), "examples": ["5%", 0.05],
    })
});

pub(super) static ODDS: ValueType = ValueType::quantity("Odds", || {
    json!({
        "description": "An odds ratio, at least 1.",
        "type": ["string", "number"], "minimum": 1, "pattern": either(&format!("{NUMBER_PATTERN}\\s*[xX×]?")),
        "examples": ["1.5x"],
    })
});

pub(super) static VERSUS: ValueType =
    ValueType::new("Versus", || json!({ "type": "string", "pattern": either("stable") }));

pub(super) static UNDECIDED: ValueType =
    ValueType::new("Undecided", || json!({ "type": "string", "pattern": either("inconclusive|pass|fail") }));

pub(super) static STABLE_ARM: ValueType = ValueType::new("StableArm", || {
    json!({
        "type": "string", "pattern": either("previous|[A-Za-z0-9.]+/[a-z0-9]([a-z0-9.-]*[a-z0-9])?"),
        "examples": ["previous", "deployment/checkout-stable"],
    })
});

/// A number in decimal digits.
const NUMBER_PATTERN: &str = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";

const TIME_PATTERN: &str = r"([0-9]+(\.[0-9]+)?\s*[a-zµ]+\s*)+";

/// Anything with a variable in it: what it will hold cannot be known here.
const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}";

/// The whole text is the pattern, or there is a variable somewhere in it.
fn either(pattern: &str) -> String {
    format!("^({pattern})$|{VARIABLE}")
}
