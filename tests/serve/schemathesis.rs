//! What a client that is made from `/openapi.json` meets: the running service keeps to its own document.
//!
//! Schemathesis makes the requests, good ones and bad ones. See `docs::vendors` for how it is installed.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use super::http_binary::{plans, serving};
use crate::docs::vendors::tools;

/// Without these, nearly all that is asked for is unknown. Two of three requests name what the recording has; nobody waits
/// for long; and what was answered is counted, for a test of refusals alone shows little.
const HOOKS: &str = r#"
import atexit, json, os
import schemathesis

BODY = {"plan": "web", "namespace": "rec-crash-loop", "workload": "deploy/payments", "name": "payments",
        "phase": "Progressing"}
counts, ids, asked = {}, [], 0


def often():
    global asked
    asked += 1
    return asked % 3 > 0


@schemathesis.hook
def before_call(context, case, kwargs):
    # What is wrong on purpose stays wrong.
    if not (case.meta and case.meta.generation.mode.is_positive):
        return
    if isinstance(case.body, dict):
        if often():
            case.body = {**case.body, **{name: value for name, value in BODY.items() if name in case.body}}
        if case.body.get("plan") == "web":
            case.body["workload"] = BODY["workload"]
    if case.path_parameters and often():
        real = {"plan": "web", "id": ids[-1] if ids else "none"}
        case.path_parameters = {name: real.get(name, value) for name, value in case.path_parameters.items()}
    if case.query and "wait" in case.query:
        case.query["wait"] = "10ms"


@schemathesis.hook
def after_call(context, case, response):
    key = f"{case.operation.label} {response.status_code}"
    counts[key] = counts.get(key, 0) + 1
    if case.operation.label == "POST /v1/gates" and response.status_code == 200 and response.json()["id"]:
        ids.append(response.json()["id"])


@atexit.register
def tell():
    with open(os.environ["COUNTS"], "w") as file:
        json.dump(counts, file)
"#;

/// A pending gate is no refusal.
const SETTINGS: &str = "[checks]\n\
    positive_data_acceptance.expected-statuses = [\"2xx\", 401, 403, 404, 409, 425]\n";

#[ignore = "needs Python and the network: cargo test --test it -- --ignored schemathesis"]
#[test]
fn every_answer_keeps_to_the_document_whatever_is_asked() {
    let tools = tools();
    let plan = plans("waitPeriod: 30s\nstableFor: 10s\n");
    // A request that is wrong on purpose may wait for long: it is answered before the client gives up.
    let serving = serving(&plan, &["--max-wait", "2s"]);
    let (address, process) = (serving.address.clone(), serving.id().to_string());
    // Read all the while: a process whose log nobody reads stands still.
    let ended = thread::spawn(move || serving.ended());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hooks.py"), HOOKS).unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), SETTINGS).unwrap();
    let counts = folder.path().join("counts.json");
    let output = Command::new(tools.join("venv/bin/schemathesis"))
        .args(["run", &format!("http://{address}/openapi.json")])
        .args(["--checks", "all", "--seed", "14", "--max-examples", "40", "--max-time", "45"])
        .args(["--request-timeout", "10", "--no-shrink", "--continue-on-failure", "--warnings", "off"])
        .envs([("SCHEMATHESIS_HOOKS", "hooks".as_ref()), ("PYTHONPATH", folder.path()), ("COUNTS", &counts)])
        .current_dir(folder.path())
        .output();
    assert!(Command::new("kill").args(["-s", "TERM", &process]).status().unwrap().success());
    let (code, log) = ended.join().unwrap();
    assert_eq!(code, Some(0), "{log}");
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let counted = std::fs::read_to_string(&counts).unwrap_or_default();
    assert!(output.status.success(), "{counted}\n{said}");
    let counted: BTreeMap<String, u64> = serde_json::from_str(&counted).unwrap();
    for reached in [
        "POST /v1/gates 200",
        "POST /v1/gates 400",
        "GET /v1/gates/{id} 200",
        "GET /v1/gates/{id} 404",
        "DELETE /v1/gates/{id} 204",
        "GET /v1/gates/{id}/report.json 200",
        "GET /v1/gates/{id}/report.md 200",
        "GET /v1/gates/{id}/report.html 200",
        "GET /v1/gates/{id}/report.xml 200",
        "POST /flagger/{plan}/hold 409",
        "POST /flagger/{plan}/event 202",
        "POST /v1/runs 403",
    ] {
        assert!(counted.contains_key(reached), "{reached}: {counted:?}");
    }
}
