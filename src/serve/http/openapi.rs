//! The `OpenAPI` document: paths from the table of routes, schemas from the types.

use std::sync::OnceLock;

use axum::response::Response;
use http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::GateAnswer;
use super::body::{GateCall, Hook, LONGEST_NAME, NAME, RunCall};
use super::refusal::{ErrorBody, of};
use super::route::{Content, ROUTES, Route, Row};
use crate::report::json;

/// Times of at most a day, in the spellings that a controller is given.
const WAIT: &str = "^([0-9]{1,5}ms|([0-9]{1,3}m ?)?[0-9]{1,4}s|[0-9]{1,3}m|1?[0-9]h)$";

/// The document, as `manifests/openapi.json` has it.
#[must_use]
pub fn document() -> String {
    // A JSON value can always be written.
    let mut text = serde_json::to_string_pretty(&made()).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn answer() -> Response {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    of(StatusCode::OK, "application/json", DOCUMENT.get_or_init(document).clone())
}

fn made() -> Value {
    let mut paths = Map::new();
    for row in &ROUTES {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method.as_str().to_lowercase()] = operation(row);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "crashgate serve",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A deployment gate for Kubernetes, where promotion controllers ask for it",
            "description": "What is temporary is told as pending. No status is a redirect, 429 or, but for /readyz, 5xx. \
                Heads of requests that are no HTTP or too large are refused by the connection with 400, 414 or 431.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The token is the password; the user is anybody."},
            },
        },
    })
}

fn operation(row: &Row) -> Value {
    let mut operation = json!({"operationId": id(row.route), "summary": row.summary, "tags": [tag(row)]});
    let mut parameters = Vec::new();
    if let Some(name) = variable(row.path) {
        let description = if name == "id" { "The gate's id." } else { "The name of the plan." };
        let mut schema = json!({"type": "string"});
        if name == "plan" {
            schema = json!({"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": NAME});
        }
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": schema,
        }));
    }
    if row.waits {
        parameters.push(json!({
            "name": "wait", "in": "query", "required": false, "example": "8s",
            "description": "How long to wait for a verdict at most; answered as soon as there is one. The server has a longest \
                wait, and a longer one is cut to it.",
            "schema": {"type": "string", "default": "0s", "pattern": WAIT},
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = row.body {
        operation["requestBody"] = json!({"required": true, "content": content(body)});
    }
    if let Some(right) = row.right {
        operation["security"] = json!([{"bearer": []}, {"basic": []}, {}]);
        operation["description"] = format!("Takes the right `{}`.", right.name()).into();
    } else {
        operation["security"] = json!([]);
    }
    let mut responses = Map::new();
    let refused = if row.path.starts_with("/flagger") { Content::Line } else { Content::Json };
    for (status, description) in row.refusals() {
        let content = if refused == Content::Json { error() } else { content(refused) };
        responses.insert(status.to_string(), json!({"description": description, "content": content}));
    }
    for (status, description, content_of) in row.answers {
        let mut response = json!({"description": description});
        if *content_of == Content::Json && *status == 409 {
            response["content"] = error();
        } else if *content_of != Content::Nothing {
            response["content"] = content(*content_of);
        }
        responses.insert(status.to_string(), response);
    }
    responses.sort_keys();
    operation["responses"] = responses.into();
    operation
}

fn id(route: Route) -> &'static str {
    match route {
        Route::CallGate => "callGate",
        Route::LookAtGate => "lookAtGate",
        Route::ForgetGate => "forgetGate",
        Route::ReportJson => "reportJson",
        Route::ReportMarkdown => "reportMarkdown",
        Route::ReportHtml => "reportHtml",
        Route::ReportJunit => "reportJunit",
        Route::Check => "flaggerCheck",
        Route::Hold => "flaggerHold",
        Route::Rollback => "flaggerRollback",
        Route::Event => "flaggerEvent",
        Route::RunPod => "runPod",
        Route::Healthy => "healthz",
        Route::Ready => "readyz",
        Route::OpenApi => "openapi",
    }
}

fn tag(row: &Row) -> &'static str {
    match row.path.split('/').nth(1) {
        Some("flagger") => "flagger",
        Some("v1") if row.route == Route::RunPod => "runs",
        Some("v1") => "gates",
        _ => "server",
    }
}

/// The variable part of a path.
fn variable(path: &str) -> Option<&str> {
    path.split_once('{')?.1.split_once('}').map(|(name, _)| name)
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn error() -> Value {
    json!({"application/json": {"schema": reference("Error")}})
}

fn content(content: Content) -> Value {
    let json_of = |name: &str| json!({"application/json": {"schema": reference(name)}});
    let text_of = |kind: &str| json!({kind: {"schema": {"type": "string"}}});
    match content {
        Content::Call => json_of("GateCall"),
        Content::Hook | Content::Event => json_of("Hook"),
        Content::Run => json_of("RunCall"),
        Content::Gate => json_of("Gate"),
        Content::Result => json_of("Result"),
        Content::Ran => json_of("Ran"),
        Content::Markdown => text_of("text/markdown"),
        Content::Html => text_of("text/html"),
        Content::Xml => text_of("application/xml"),
        Content::Line => text_of("text/plain"),
        Content::Json => json!({"application/json": {"schema": {"type": "object"}}}),
        Content::Nothing => json!({}),
    }
}

fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    let mut receives = SchemaSettings::draft2020_12().into_generator();
    add::<GateCall>(&mut schemas, "GateCall", &mut receives);
    add::<Hook>(&mut schemas, "Hook", &mut receives);
    add::<RunCall>(&mut schemas, "RunCall", &mut receives);
    let mut sends = SchemaSettings::draft2020_12().for_serialize().into_generator();
    add::<GateAnswer>(&mut schemas, "Gate", &mut sends);
    add::<ErrorBody>(&mut schemas, "Error", &mut sends);
    add_document(&mut schemas, "Result", &json::schema());
    add_document(&mut schemas, "Ran", &json::pod_run::schema());
    if let Some(gate) = schemas.get_mut("Gate") {
        let mut result = reference("Result");
        result["description"] = gate["properties"]["result"]["description"].clone();
        gate["properties"]["result"] = result;
    }
    if let Some(ran) = schemas.get_mut("Ran") {
        ran["properties"]["exit_code"] = json!({
            "type": "integer", "minimum": 0, "maximum": 255, "description": "The same as `exitCode`.",
        });
        if let Some(required) = ran["required"].as_array_mut() {
            required.push("exit_code".into());
        }
    }
    schemas.sort_keys();
    schemas
}

fn add<T: JsonSchema>(schemas: &mut Map<String, Value>, name: &str, generator: &mut SchemaGenerator) {
    let schema = generator.root_schema_for::<T>();
    put(schemas, name, schema.to_value());
}

/// Adds a schema that is made elsewhere.
fn add_document(schemas: &mut Map<String, Value>, name: &str, text: &str) {
    // It is JSON: it was made by the types.
    put(schemas, name, serde_json::from_str(text).unwrap_or_default());
}

/// Adds a schema, and beside it the ones that it refers to.
fn put(schemas: &mut Map<String, Value>, name: &str, mut schema: Value) {
    move_references(&mut schema);
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
        if let Some(Value::Object(parts)) = fields.remove("$defs") {
            schemas.extend(parts);
        }
    }
    schemas.insert(name.to_owned(), schema);
}

fn move_references(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(target) if key == "$ref" => {
                        *target = target.replace("#/$defs/", "#/components/schemas/");
                    }
                    other => move_references(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::made;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    if let (true, Value::String(target)) = (key == "$ref", field) {
                        found.insert(target.clone());
                    }
                    references(field, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
        let document = made();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<String> = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(found, known);
    }
}
