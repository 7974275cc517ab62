//! The examples do what they say: Kubernetes knows every field, and every step of every pipeline is executed, the way its
//! system does it, against a cluster that is well and one that is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crashgate::gate::model::{Source, WorkloadKind};
use crashgate::sandbox::{Options, Running, Sandbox};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::release_host::{self, Answer, Host, VERSION};
use job::{Job as CiJob, Step};

mod argo;
mod canary_stages;
mod deployers;
mod flagger;
mod github;
mod job;
mod tekton;

/// The document once through the type: what the type does not know is lost, and so differs.
fn known<T: Serialize + DeserializeOwned>(document: &Value) {
    let object: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&object).unwrap(), document);
}

#[test]
fn kubernetes_knows_every_field_of_every_manifest() {
    let mut checked = 0;
    for file in ["manifests/rbac.yaml", "manifests/rbac-run.yaml", "manifests/job.yaml", "ci-examples/argocd-sync.yaml"]
    {
        for text in fs::read_to_string(file).unwrap().split("\n---\n") {
            let document: Value = serde_yaml::from_str(text).unwrap();
            match document["kind"].as_str().unwrap() {
                "ServiceAccount" => known::<ServiceAccount>(&document),
                "Role" => known::<Role>(&document),
                "RoleBinding" => known::<RoleBinding>(&document),
                "ConfigMap" => known::<ConfigMap>(&document),
                "Job" => known::<Job>(&document),
                other => panic!("{file}: no type for {other}"),
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
}

/// The rules of a Role, those too that a comment holds ready.
fn rules(file: &str) -> Vec<PolicyRule> {
    let text = fs::read_to_string(file).unwrap();
    let role = text.split("\n---\n").find(|document| document.contains("\nkind: Role\n")).unwrap();
    let ready = role.lines().filter_map(|line| line.strip_prefix("#  ")).map(|line| format!("  {line}\n"));
    let (rules, ready) = (role.split_once("rules:\n").unwrap().1, ready.collect::<String>());
    let of = |text: &str| serde_yaml::from_str::<Vec<PolicyRule>>(text).unwrap();
    [of(rules), of(&ready)].concat()
}

#[test]
fn a_gate_may_only_read_and_every_optional_kind_has_a_rule_of_its_own() {
    let rules = rules("manifests/rbac.yaml");
    let mut optional = BTreeMap::new();
    for rule in &rules {
        assert!(rule.verbs.iter().all(|verb| ["get", "list", "watch"].contains(&verb.as_str())), "{rule:?}");
        assert!(rule.non_resource_urls.is_none() && rule.resource_names.is_none(), "{rule:?}");
        let groups = rule.api_groups.as_ref().unwrap();
        assert_eq!(groups.len(), 1, "a rule that is left out takes nothing else with it: {rule:?}");
        let resources = rule.resources.clone().unwrap();
        assert!(resources.iter().all(|resource| !resource.contains('*')), "{rule:?}");
        if groups[0].contains('.') {
            assert!(optional.insert(groups[0].as_str(), (resources, rule.verbs.len())).is_none(), "{rule:?}");
        }
    }
    // Those that the gate reads, and the one that is held ready for owners of any kind.
    let mut expected =
        BTreeMap::from([("ray.io", (vec!["rayclusters".to_owned(), "rayclusters/scale".to_owned()], 1))]);
    for kind in WorkloadKind::ALL.into_iter().filter(|kind| kind.is_custom()) {
        let source = Source::Workloads(kind);
        expected.insert(source.group(), (vec![source.resource().to_owned()], 3));
    }
    assert_eq!(optional, expected);
}

fn yaml(file: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what} is a text: {value}"))
}

fn list<'a>(value: &'a Value, what: &str) -> &'a [Value] {
    value.as_array().unwrap_or_else(|| panic!("{what} is a list: {value}"))
}

/// `env:` and the like, its values with the system's own variables filled in.
fn env(value: &Value, fill_in: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), fill_in(text(value, name)))).collect()
}

/// The system has nothing to fill in.
fn as_it_is(text: &str) -> String {
    text.to_owned()
}

/// The template with its inputs filled in as GitLab does it, and what it says of them.
fn gitlab_template(inputs: &[(&str, &str)]) -> (Value, Value) {
    let file = fs::read_to_string("ci-examples/gitlab/crashgate.yml").unwrap();
    let (header, template) = file.split_once("\n---\n").unwrap();
    let header: Value = serde_yaml::from_str(header).unwrap();
    let declared = header["spec"]["inputs"].as_object().unwrap();
    assert!(inputs.iter().all(|(name, _)| declared.contains_key(*name)), "{inputs:?}");
    let filled = declared.iter().fold(template.to_owned(), |text, (name, input)| {
        let given = inputs.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
        let value = given.unwrap_or_else(|| input["default"].as_str().unwrap());
        // A value is a value: it is not read as YAML.
        text.replace(&format!("$[[ inputs.{name} ]]"), &serde_json::to_string(value).unwrap())
    });
    assert!(!filled.contains("$[["), "every input is declared: {filled}");
    (serde_yaml::from_str(&filled).unwrap(), header)
}

/// GitLab puts the lines of `before_script` and `script` into one script, which the image's shell reads.
fn gitlab_with(inputs: &[(&str, &str)]) -> CiJob {
    let job = &gitlab_template(inputs).0[".crashgate"];
    let lines = ["before_script", "script"].map(|part| list(&job[part], part)).concat();
    let script: Vec<&str> = lines.iter().map(|line| text(line, "a line")).collect();
    let mut env = env(&job["variables"], &as_it_is);
    env.extend([("GITLAB_CI", "true"), ("VERSION", "v1")].map(|(name, value)| (name.to_owned(), value.to_owned())));
    let artifacts = &job["artifacts"];
    let kept = list(&artifacts["paths"], "paths")
        .iter()
        .chain([&artifacts["reports"]["junit"], &artifacts["reports"]["dotenv"]]);
    CiJob {
        steps: vec![Step::new("set -e\n".to_owned() + &script.join("\n"), env).in_sh()],
        kept: kept.map(|path| text(path, "an artifact").to_owned()).collect(),
    }
}

fn gitlab() -> CiJob {
    gitlab_with(&[])
}

/// Azure runs each script without `-e`: its last command decides.
fn azure() -> CiJob {
    let pipeline = yaml("ci-examples/azure-pipelines.yml");
    let fill_in = |text: &str| text.replace("$(Build.SourceVersion)", "v1");
    let steps = list(&pipeline["steps"], "steps");
    let scripts = steps.iter().filter(|step| step["script"].is_string());
    let named =
        |step: &Value| step["publish"].as_str().or(step["inputs"]["testResultsFiles"].as_str()).map(str::to_owned);
    CiJob {
        steps: scripts.map(|step| Step::new(text(&step["script"], "a script"), env(&step["env"], &fill_in))).collect(),
        kept: steps.iter().filter_map(named).collect(),
    }
}

fn circleci() -> CiJob {
    let job = &yaml("ci-examples/circleci.yml")["jobs"]["gate"];
    let mut env = env(&job["environment"], &as_it_is);
    env.insert("CIRCLE_SHA1".to_owned(), "v1".to_owned());
    let steps = list(&job["steps"], "steps");
    let commands = steps.iter().filter_map(|step| step["run"]["command"].as_str());
    let path = |key: &str| steps.iter().find_map(|step| step[key]["path"].as_str()).unwrap();
    CiJob {
        steps: commands.map(|command| Step::new(format!("set -eo pipefail\n{command}"), env.clone())).collect(),
        // It wants its results in a folder of the folder.
        kept: vec![
            format!("{}/crashgate/junit.xml", path("store_test_results")),
            format!("{}/crashgate.html", path("store_artifacts")),
        ],
    }
}

/// Buildkite fills in `$NAME` itself and leaves `$$NAME` to the shell. Behind `continue_on_failure` it goes on.
fn buildkite() -> CiJob {
    let mut steps = Vec::new();
    let (mut always, mut kept) = (false, Vec::new());
    let env = BTreeMap::from([("BUILDKITE_COMMIT".to_owned(), "v1".to_owned())]);
    for step in list(&yaml("ci-examples/buildkite.yml")["steps"], "steps") {
        always |= step["continue_on_failure"] == true;
        if let Some(command) = step["command"].as_str() {
            let step = Step::new(format!("set -e\n{}", command.replace("$$", "$")), env.clone());
            steps.push(if always { step.even_after_failure() } else { step });
        }
        kept.extend(
            step["artifact_paths"].as_array().into_iter().flatten().map(|path| text(path, "a path").to_owned()),
        );
    }
    CiJob { steps, kept }
}

/// The Jenkinsfile is a program; its `sh` steps are what is in it for a shell. Jenkins runs them with `-xe`.
fn jenkins() -> CiJob {
    let file = fs::read_to_string("ci-examples/Jenkinsfile").unwrap();
    let quoted = |mark: &str, file: &str| -> Vec<String> {
        let parts: Vec<String> = file.split(&format!("sh {mark}")).skip(1).map(str::to_owned).collect();
        parts.iter().map(|part| part.split_once(mark).unwrap().0.to_owned()).collect()
    };
    let long = quoted("'''", &file);
    let short = quoted("'", &file.replace("'''", "\""));
    let named = |mark: &str| file.split_once(mark).unwrap().1.split_once('\'').unwrap().0.to_owned();
    let env = BTreeMap::from([("VERSION".to_owned(), "v1".to_owned())]);
    CiJob {
        steps: short
            .into_iter()
            .chain(long)
            .map(|script| Step::new(format!("set -xe\n{script}"), env.clone()))
            .collect(),
        kept: vec![named("junit '"), named("artifacts: '")],
    }
}

/// A container of Kubernetes: a command without a shell.
fn container(file: &str) -> CiJob {
    let last = fs::read_to_string(file).unwrap().split("\n---\n").last().map(str::to_owned).unwrap();
    let job: Value = serde_yaml::from_str(&last).unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let words = list(&container["command"], "command").iter().chain(list(&container["args"], "args"));
    let words = words.map(|word| text(word, "a word").to_owned()).collect();
    CiJob {
        steps: vec![Step::of_words(words, BTreeMap::from([("VERSION".to_owned(), "v1".to_owned())]))],
        kept: Vec::new(),
    }
}

/// Those that install crashgate do so on an agent that has none.
fn examples() -> Vec<(&'static str, CiJob)> {
    let mut examples = vec![
        ("ci-examples/gitlab/crashgate.yml", gitlab()),
        ("ci-examples/Jenkinsfile", jenkins()),
        ("ci-examples/azure-pipelines.yml", azure()),
        ("ci-examples/circleci.yml", circleci()),
        ("ci-examples/buildkite.yml", buildkite()),
        ("ci-examples/tekton-task.yaml", tekton::job()),
        ("ci-examples/argocd-sync.yaml", container("ci-examples/argocd-sync.yaml")),
        ("manifests/job.yaml", container("manifests/job.yaml")),
        ("ci-examples/flagger.sh", flagger::job()),
    ];
    for (file, job) in &mut examples {
        if installs(file) {
            job.steps = job.steps.drain(..).map(Step::without_crashgate).collect();
        }
    }
    examples
}

fn installs(file: &str) -> bool {
    fs::read_to_string(file).unwrap().contains("install.sh")
}

/// What the page shows for a system is what is executed here.
#[test]
fn every_command_of_the_page_for_a_system_is_one_of_its_example() {
    let section = fs::read_to_string("docs/ci.md").unwrap();
    let commands: Vec<&str> = section.lines().filter(|line| line.starts_with("crashgate check ")).collect();
    assert!(commands.len() >= 6);
    let mut executed: Vec<String> =
        examples().into_iter().flat_map(|(_, job)| job.steps).map(|step| step.shown()).collect();
    executed.push(fs::read_to_string("ci-examples/helm.sh").unwrap());
    // What is shown of the workflow is in it.
    let workflow = fs::read_to_string("ci-examples/github/workflow.yml").unwrap();
    let shown = section.split("```yaml\n").find(|block| block.starts_with("- uses: ")).unwrap();
    for line in shown.split_once("```").unwrap().0.lines() {
        assert!(workflow.contains(line.trim_start_matches([' ', '-'])), "{line}");
    }
    for command in commands {
        assert!(executed.iter().any(|script| script.contains(command)), "{command}");
    }
}

/// A cluster as it was at the end of a recording, and what is to be said of it.
struct Cluster {
    running: Running,
    app: &'static str,
    namespace: String,
    exit_code: i32,
}

fn clusters(runtime: &tokio::runtime::Runtime) -> [Cluster; 2] {
    [("healthy", "checkout", 0), ("crash-loop", "payments", 1)]
        .map(|(recording, app, exit_code)| cluster_at_the_end(runtime, recording, app, exit_code))
}

fn cluster_at_the_end(
    runtime: &tokio::runtime::Runtime,
    recording: &str,
    app: &'static str,
    exit_code: i32,
) -> Cluster {
    let sandbox = Sandbox::load(Path::new(&format!("tests/recordings/{recording}.ndjson"))).unwrap();
    let namespace = sandbox.header().namespace.clone();
    let options = Options { offset: sandbox.length(), ..Options::default() };
    Cluster { running: runtime.block_on(sandbox.serve(options)).unwrap(), app, namespace, exit_code }
}

/// A host with the release, for as long as the tests run.
fn good_host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| Host::serve(release_host::files()))
}

/// A checkout of somebody's repository, with a gate and a kubeconfig in it.
fn checkout(cluster: &Cluster) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (app, namespace) = (cluster.app, &cluster.namespace);
    let gate = format!("app: {app}\nversion: ${{VERSION}}\nnamespace: {namespace}\ndelay: 1s\nstableFor: 1s\n");
    fs::write(folder.path().join("gate.yaml"), gate).unwrap();
    fs::write(folder.path().join("kubeconfig"), cluster.running.kubeconfig_yaml()).unwrap();
    fs::write(folder.path().join("releases"), good_host().releases()).unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn every_step_of_every_example_is_executed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clusters = clusters(&runtime);
    std::thread::scope(|scope| {
        for (file, example) in examples() {
            for cluster in &clusters {
                let example = example.clone();
                scope.spawn(move || {
                    let (_kept, folder) = checkout(cluster);
                    let (code, said) = example.run(&folder);
                    assert_eq!(code, cluster.exit_code, "{file}: {said}");
                    assert!(said.contains(&cluster.namespace), "{file}: {said}");
                    for path in &example.kept {
                        let size = folder.join(path).metadata().map_or(0, |file| file.len());
                        assert!(size > 50, "{file}: {path} is not there: {said}");
                    }
                    if installs(file) {
                        let installed = [".crashgate/crashgate", ".crashgate/bin/crashgate"];
                        assert!(installed.iter().any(|path| folder.join(path).exists()), "{file}: {said}");
                    }
                    let asked = fs::read_to_string(folder.join("asked")).unwrap_or_default();
                    assert!(!asked.contains("cargo"), "{file} builds: {asked}");
                    for (tool, file_asks) in
                        [("kubectl apply", "kubectl apply"), ("buildkite-agent annotate", "annotate")]
                    {
                        let wanted =
                            fs::read_to_string(file).unwrap().contains(file_asks) && !file.starts_with("manifests");
                        assert_eq!(asked.contains(tool), wanted, "{file}: {asked}");
                    }
                });
            }
        }
    });
}

/// The host is what nobody in the pipeline can vouch for.
#[test]
fn no_example_gates_with_a_download_that_was_tampered_with() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    let changed = |file: &str| {
        let mut files = release_host::files();
        let place = format!("/releases/download/v{VERSION}/{file}");
        let Some(Answer::Whole(bytes)) = files.get_mut(&place) else { panic!("{place}") };
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Host::serve(files)
    };
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let archive = release_host::name(&target) + ".tar.gz";
    let hosts = [changed(&archive), changed("install.sh")];
    let mut tried = 0;
    std::thread::scope(|scope| {
        for (file, example) in examples().into_iter().filter(|(file, _)| installs(file)) {
            tried += 1;
            for host in &hosts {
                let (example, cluster) = (example.clone(), &cluster);
                scope.spawn(move || {
                    let (_kept, folder) = checkout(cluster);
                    fs::write(folder.join("releases"), host.releases()).unwrap();
                    let (code, said) = example.run(&folder);
                    assert_eq!(code, 1, "{file}: {said}");
                    assert!(
                        said.contains("is not what the release says") || said.contains("install.sh: FAILED"),
                        "{said}"
                    );
                    assert!(!said.contains("HEALTHY"), "{file}: {said}");
                });
            }
        }
    });
    assert_eq!(tried, 5);
}

/// The jobs of a canary by stages install crashgate too; their other steps are executed in `canary_stages`.
#[test]
fn a_canary_by_stages_installs_what_it_asks() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    let job = &yaml("ci-examples/gitlab/canary.yml")[".canary"];
    let lines: Vec<&str> =
        list(&job["before_script"], "before_script").iter().map(|line| text(line, "a line")).collect();
    let gitlab = Step::new(format!("set -e\n{}\ncrashgate --version", lines.join("\n")), BTreeMap::new()).in_sh();
    let (_kept, folder) = checkout(&cluster);
    let (code, said) = gitlab.without_crashgate().run(&folder);
    assert!(code == 0 && said.contains(&format!("crashgate {VERSION}")), "{said}");

    let workflow = yaml("ci-examples/github/canary.yml");
    let steps = list(&workflow["jobs"]["canary"]["steps"], "steps");
    let step = steps.iter().find(|step| step["name"] == "Install crashgate").unwrap();
    let (_kept, folder) = checkout(&cluster);
    let env = ["RUNNER_TEMP", "GITHUB_PATH"].map(|name| (name.to_owned(), folder.join(name).display().to_string()));
    let script = format!("set -e\n{}", text(&step["run"], "a script"));
    let (code, said) = Step::new(script, BTreeMap::from(env)).without_crashgate().run(&folder);
    assert_eq!(code, 0, "{said}");
    let path = fs::read_to_string(folder.join("GITHUB_PATH")).unwrap();
    assert!(Path::new(path.trim()).join("crashgate").exists(), "{path}");
}

#[test]
fn the_inputs_of_the_template_reach_crashgate_and_none_becomes_a_command() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    let (_, header) = gitlab_template(&[]);
    for (name, input) in header["spec"]["inputs"].as_object().unwrap() {
        let keys: Vec<&String> = input.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["default", "description"], "{name}");
    }
    let workload = format!("deployment/checkout -n {} --stable-for 1s --delay 1s", cluster.namespace);
    for (inputs, code, said_of_it) in [
        (vec![("file", ""), ("args", workload.as_str())], 0, "deployment/checkout"),
        (vec![("args", "--wait-period 30s --stable-for 2s")], 0, "HEALTHY"),
        (vec![("context", "no such context")], 2, "no such context"),
        (vec![("file", "other gate.yaml")], 2, "other gate.yaml"),
        (vec![("args", "; touch pwned $(touch pwned) `touch pwned`")], 2, "is more than one workload"),
        (vec![("version", "9.9.9")], 1, "could not be downloaded"),
        (vec![("repository", "https://git.example.com/a/b")], 99, ""),
    ] {
        let (_kept, folder) = checkout(&cluster);
        let mut job = gitlab_with(&inputs);
        job.steps = job.steps.drain(..).map(Step::without_crashgate).collect();
        let (ended, said) = job.run(&folder);
        assert_eq!(ended, code, "{inputs:?}: {said}");
        assert!(said.contains(said_of_it), "{inputs:?}: {said}");
        assert!(!folder.join("pwned").exists());
        let asked = fs::read_to_string(folder.join("asked")).unwrap_or_default();
        let built =
            "cargo install --locked --git https://git.example.com/a/b --tag v0.1.0 --root .crashgate crashgate\n";
        assert_eq!(asked, if code == 99 { built } else { "" });
    }
    // An image with crashgate in it is not sent anywhere.
    let (_kept, folder) = checkout(&cluster);
    fs::write(folder.join("releases"), "http://releases.invalid").unwrap();
    let (ended, said) = gitlab().run(&folder);
    assert_eq!(ended, 0, "{said}");
}

#[test]
fn the_inputs_of_the_action_reach_crashgate_and_none_becomes_a_command() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    let workload = format!("deployment/checkout -n {} --stable-for 1s\n--delay 1s", cluster.namespace);
    let (refused, built) = ("0".repeat(64), "https://git.example.com/a/b");
    for (inputs, has_crashgate, verdict, said_of_it) in [
        (vec![("file", ""), ("args", workload.as_str())], false, Some("healthy"), "deployment/checkout"),
        (vec![("args", "--stable-for 2s")], true, Some("healthy"), ""),
        (vec![("context", "no such context")], false, Some("usage"), "no such context"),
        (vec![("file", "other gate.yaml")], false, Some("usage"), "other gate.yaml"),
        (
            vec![("args", "; touch pwned $(touch pwned) `touch pwned`")],
            false,
            Some("usage"),
            "is more than one workload",
        ),
        (vec![("file", "$(touch pwned)")], false, Some("usage"), "touch pwned"),
        (vec![("version", "installed")], true, Some("healthy"), ""),
        (vec![("version", "installed")], false, None, ""),
        (vec![("version", "9.9.9")], true, None, "could not be downloaded"),
        (vec![("sha256", refused.as_str())], false, None, "is not what --sha256 asks for"),
        (vec![("repository", built)], true, None, ""),
    ] {
        let (_kept, folder) = checkout(&cluster);
        let run = github::gate(&folder, &inputs, has_crashgate);
        let said = &run.said;
        assert_eq!(run.outputs["verdict"], verdict.unwrap_or_default(), "{inputs:?}: {said}");
        assert_eq!(run.failed, verdict != Some("healthy"), "{inputs:?}: {said}");
        assert!(said.contains(said_of_it), "{inputs:?}: {said}");
        assert!(!folder.join("pwned").exists());
        let asked = fs::read_to_string(folder.join("asked")).unwrap_or_default();
        let asks = asked.contains(&format!("cargo install --locked --git {built} --tag v{VERSION} --root "));
        assert_eq!(asks, inputs[0].0 == "repository", "{asked}");
    }
}

#[test]
fn every_step_of_the_workflow_and_the_action_is_executed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for cluster in &clusters(&runtime) {
        let (_kept, folder) = checkout(cluster);
        let run = github::run(&folder);
        let verdict = if cluster.exit_code == 0 { "healthy" } else { "failed" };
        assert_eq!(run.failed, cluster.exit_code != 0, "{}", run.said);
        assert_eq!(run.outputs["verdict"], verdict, "{}", run.said);
        assert_eq!(run.outputs["exit-code"], cluster.exit_code.to_string());
        assert_eq!(run.outputs["cause"].starts_with("CrashLoop: "), cluster.exit_code != 0, "{:?}", run.outputs);
        let reports: Vec<&str> = run.outputs["report"].lines().collect();
        assert_eq!(reports, ["crashgate-reports/crashgate.xml", "crashgate-reports/crashgate.html"]);
        assert!(reports.iter().all(|path| folder.join(path).metadata().unwrap().len() > 50));
        assert!(run.summary.contains(&cluster.namespace), "{}", run.summary);
        let asked = fs::read_to_string(folder.join("asked")).unwrap();
        let asked: Vec<&str> = asked.lines().collect();
        let undone = ["kubectl apply -f deploy/", "kubectl rollout undo deployment/checkout"];
        assert_eq!(asked, undone[..=usize::from(run.failed)], "rolled back where the version is at fault, only there");
        assert_eq!(run.kept, reports, "the reports are kept whatever the gate said");
        let annotated = crate::report::ci_log::commands(&run.said).iter().any(|command| command.name == "error");
        assert_eq!(annotated, run.failed, "{}", run.said);
    }
}

#[test]
fn nothing_that_is_not_there_is_promised() {
    let files = examples().into_iter().map(|(file, _)| file);
    for file in files.chain([
        "action.yml",
        "ci-examples/github/workflow.yml",
        "docs/install.md",
        "docs/ci.md",
        "manifests/argo-rollouts.yaml",
        "README.md",
        "docs/ci.md",
    ]) {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| line.contains("cargo install")) {
            // A name alone would be asked of a registry in which anybody may take it.
            let repository = format!("--git {} --tag v{VERSION} ", env!("CARGO_PKG_REPOSITORY"));
            let named = ["--git \"$CRASHGATE_REPOSITORY\"", "--path .", &repository];
            assert!(named.iter().any(|named| line.contains(named)), "{file}: {line}");
            assert!(line.contains("--locked"), "{file}: {line}");
        }
        for line in text.lines().filter(|line| line.contains("image:") && line.contains("crashgate")) {
            assert!(line.trim().starts_with("image: registry.example.com/crashgate:"), "{file}: {line}");
        }
        let versions = text.split("crashgate:").skip(1).map(|rest| rest.split([' ', '\n', '`']).next().unwrap());
        for version in versions.filter(|version| version.starts_with(char::is_numeric)) {
            assert_eq!(version, env!("CARGO_PKG_VERSION"), "{file}");
        }
    }
}

/// It cannot be built in a test; what it promises can be read.
#[test]
fn the_image_is_small_and_runs_as_nobody() {
    let file = fs::read_to_string("Dockerfile").unwrap();
    let (build, image) = file.split_once("\nFROM scratch\n").unwrap();
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(
        build.contains(&format!("FROM rust:{rust}-alpine AS build\n"))
            && build.contains("cargo build --release --locked")
    );
    let user: u32 = image.split_once("USER ").unwrap().1.split_once(':').unwrap().0.parse().unwrap();
    assert!(user > 0 && !image.contains("RUN ") && !image.contains("ADD "));
    let installed = image.split_once("release/crashgate ").unwrap().1.split('\n').next().unwrap();
    let path = image.split_once("ENV PATH=").unwrap().1.split('\n').next().unwrap();
    assert_eq!(installed, format!("{path}/crashgate"), "containers that name the command find it");
    // What is left out of the build cannot be in it, and everything that Cargo asks for is let in.
    let ignored = fs::read_to_string(".dockerignore").unwrap();
    let let_in: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*") && let_in.iter().all(|path| Path::new(path).exists()));
    for path in ["Cargo.toml", "Cargo.lock", "src", "benches", "tests/main.rs"] {
        assert!(let_in.contains(&path), "{path}");
    }
}
