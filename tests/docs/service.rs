//! The service as docs/ shows it: every curl line is run, every plan and token file is read.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_crashgate");
const PAGE: &str = include_str!("../../docs/serve.md");

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut place = 0;
    while place < lines.len() {
        let indent = lines[place].len() - lines[place].trim_start().len();
        if lines[place].trim_start() == format!("```{language}") {
            let body: Vec<&str> = lines[place + 1..].iter().take_while(|line| line.trim() != "```").copied().collect();
            place += body.len() + 1;
            let body = body.into_iter().map(|line| line.get(indent..).unwrap_or_default());
            blocks.push(body.collect::<Vec<_>>().join("\n"));
        }
        place += 1;
    }
    blocks
}

/// The service, which ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_curl_line_of_the_page_is_answered_as_it_says() {
    let command = blocks(PAGE, "sh").into_iter().find(|block| block.starts_with("crashgate serve ")).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut child = Command::new(BINARY)
        .args(command.split_whitespace().skip(1))
        .args(["--listen", &address])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    let _running = Running(child);
    // It is listening once it says so, and goes on to be read.
    let mut lines = told.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains(&address)), "it says where it listens");
    std::thread::spawn(move || lines.for_each(drop));

    let curls: Vec<String> = blocks(PAGE, "bash")
        .iter()
        .flat_map(|block| block.lines())
        .filter(|line| line.starts_with("curl "))
        .map(str::to_owned)
        .collect();
    let answers: Vec<(String, String)> = curls
        .iter()
        .map(|line| {
            let line = format!("{} -w '\n%{{http_code}}'", line.replace("127.0.0.1:8080", &address));
            let output = Command::new("sh").args(["-c", &line]).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let (body, status) = said.rsplit_once('\n').unwrap();
            (status.to_owned(), body.trim().to_owned())
        })
        .collect();
    let statuses: Vec<&str> = answers.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["200", "409", "200"], "{answers:?}");
    let gate: serde_json::Value = serde_json::from_str(&answers[0].1).unwrap();
    assert_eq!((&gate["verdict"], &gate["exitCode"]), (&"failed".into(), &1.into()), "{gate}");
    let why = "container app ended with exit code 1, 2 s after its start";
    assert_eq!(gate["summary"]["why"], why);
    assert!(answers[1].1.contains(why) && answers[2].1.contains(why), "{answers:?}");
}

#[test]
fn every_plan_and_token_file_of_the_page_is_taken() {
    let page = fs::read_to_string("docs/serve.md").unwrap();
    let (tokens, plans): (Vec<String>, Vec<String>) =
        blocks(&page, "yaml").into_iter().partition(|block| block.starts_with("tokens:"));
    assert_eq!((tokens.len(), plans.len()), (1, 1));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tokens.yaml"), &tokens[0]).unwrap();
    crashgate::serve::http::TokenFile::load(&folder.path().join("tokens.yaml")).unwrap();
    fs::create_dir(folder.path().join("plans")).unwrap();
    fs::write(folder.path().join("plans/default.yaml"), &plans[0]).unwrap();
    let plans = crashgate::serve::Plans::open(folder.path().join("plans"), |_| None).unwrap();
    assert_eq!((plans.names(), plans.problems()), (vec!["default".to_owned()], Vec::new()));
}

#[test]
fn the_plans_that_are_shipped_have_no_mistakes() {
    let plans = crashgate::serve::Plans::open("manifests/plans".into(), |_| None).unwrap();
    assert_eq!((plans.names(), plans.problems()), (vec!["default".to_owned()], Vec::new()));
}

/// What the pages show of webhooks, and of the analysis, stands in the recipes.
#[test]
fn what_the_pages_of_the_controllers_show_is_part_of_their_recipes() {
    for (page, recipe) in [
        ("docs/flagger.md", "manifests/flagger/canary.yaml"),
        ("docs/argo-rollouts.md", "manifests/argo-rollouts/rollout.yaml"),
    ] {
        let (page, recipe) = (fs::read_to_string(page).unwrap(), fs::read_to_string(recipe).unwrap());
        let shown = blocks(&page, "yaml");
        assert_eq!(shown.len(), 1);
        for line in shown[0].lines().map(|line| line.trim().trim_start_matches("- ")).filter(|line| !line.is_empty()) {
            let line = line.strip_prefix("analysis:").map_or(line, |_| "analysis:");
            assert!(recipe.contains(line), "{line} is not in the recipe");
        }
    }
}

/// The Deployment: every object is of a kind that Kubernetes has, with no field that it does not, its arguments are understood,
/// and it ends within the time that it is given.
#[test]
fn the_deployment_is_what_kubernetes_and_crashgate_understand() {
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::{ConfigMap, Service, ServiceAccount};
    use k8s_openapi::api::networking::v1::NetworkPolicy;
    use k8s_openapi::api::policy::v1::PodDisruptionBudget;
    use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
    use serde_json::Value;

    fn known<T: serde::de::DeserializeOwned + serde::Serialize>(value: &Value) -> bool {
        serde_json::from_value::<T>(value.clone()).is_ok_and(|object| serde_json::to_value(&object).unwrap() == *value)
    }
    let text = fs::read_to_string("manifests/serve.yaml").unwrap();
    let documents: Vec<Value> = text.split("\n---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect();
    for document in &documents {
        let is_known = match document["kind"].as_str().unwrap() {
            "ServiceAccount" => known::<ServiceAccount>(document),
            "Role" => known::<Role>(document),
            "RoleBinding" => known::<RoleBinding>(document),
            "ConfigMap" => known::<ConfigMap>(document),
            "Deployment" => known::<Deployment>(document),
            "Service" => known::<Service>(document),
            "PodDisruptionBudget" => known::<PodDisruptionBudget>(document),
            "NetworkPolicy" => known::<NetworkPolicy>(document),
            other => panic!("{other}"),
        };
        assert!(is_known, "{document:#}");
    }
    let of = |kind: &str| documents.iter().find(|document| document["kind"] == kind).unwrap();
    // The rights are those of any gate, and all of them read.
    let rbac = fs::read_to_string("manifests/rbac.yaml").unwrap();
    let gate: Vec<Value> = rbac.split("\n---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect();
    let role = gate.iter().find(|document| document["kind"] == "Role").unwrap();
    assert_eq!(of("Role")["rules"], role["rules"]);

    let pod = &of("Deployment")["spec"]["template"]["spec"];
    let arguments: Vec<&str> =
        pod["containers"][0]["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect();
    let help = Command::new(BINARY).arg(arguments[0]).arg("--help").args(&arguments[1..]).output().unwrap();
    assert!(help.status.success(), "{}", String::from_utf8_lossy(&help.stderr));
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("[default: 20s]"), "the grace is 20 s: {help}");
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > 20);
    // What is mounted is what the arguments name.
    for argument in ["--plans=/plans", "--auth=/tokens/tokens.yaml"] {
        assert!(arguments.contains(&argument), "{arguments:?}");
    }
    let plans = of("ConfigMap")["data"].as_object().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in plans {
        fs::write(folder.path().join(name), content.as_str().unwrap()).unwrap();
    }
    let plans = crashgate::serve::Plans::open(folder.path().into(), |_| None).unwrap();
    assert_eq!((plans.names(), plans.problems()), (vec!["default".to_owned()], Vec::new()));
}
