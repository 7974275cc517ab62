//! `crashgate run` against a sandbox whose pods live as a script says.

mod output;
mod signals;
mod smoke;

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crashgate::sandbox::{Options, Running, Sandbox};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cli::crashgate;

/// A cluster with a script of pods, and of faults.
pub struct Cluster {
    runtime: Runtime,
    running: Running,
    kubeconfig: tempfile::NamedTempFile,
}

impl Cluster {
    pub fn with(pods: &str, faults: &str) -> Self {
        Self::at(Sandbox::empty("shop"), Duration::ZERO, pods, faults)
    }

    /// A recording from this moment on.
    pub fn at(sandbox: Sandbox, offset: Duration, pods: &str, faults: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let faults = format!("faults:\n{}\n", if faults.is_empty() { "  []" } else { faults });
        let pods = Some(format!("pods:\n{pods}\n").parse().unwrap());
        let options = Options { pods, offset, faults: faults.parse().unwrap(), ..Options::default() };
        let running = runtime.block_on(sandbox.serve(options)).unwrap();
        let mut kubeconfig = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        kubeconfig.write_all(running.kubeconfig_yaml().as_bytes()).unwrap();
        Self { runtime, running, kubeconfig }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = crashgate(arguments);
        command.env("KUBECONFIG", self.kubeconfig.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub fn get(&self, path: &str) -> Value {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        self.runtime.block_on(async { self.running.client().request(request).await }).unwrap()
    }

    /// The pods of the empty cluster.
    pub fn pods(&self) -> Vec<String> {
        self.pods_of("shop")
    }

    /// The pods that are there and not on their way out.
    pub fn pods_of(&self, namespace: &str) -> Vec<String> {
        let pods = self.get(&format!("/api/v1/namespaces/{namespace}/pods"));
        let stays = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
        let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
        pods["items"].as_array().unwrap().iter().filter(stays).map(name).collect()
    }

    /// Waits for a request of this method whose path and query hold these words.
    pub fn wait_for(&self, method: &str, words: &str) {
        let begun = Instant::now();
        let came = || {
            self.running.requests().iter().any(|request| {
                request.method == method && format!("{}?{}", request.path, request.query).contains(words)
            })
        };
        while !came() {
            assert!(begun.elapsed() < Duration::from_mins(1), "no {method} {words}: {:?}", self.running.requests());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_containers_exit_code_is_the_process_s_and_no_pod_stays() {
    let cluster = Cluster::with(
        "- {image: ok, after: 100ms, lasts: 100ms, log: [{text: \"well\\n\"}]}\n\
         - {image: one, exitCode: 1, log: [{text: \"no\\n\"}]}\n\
         - {image: many, exitCode: 42}\n\
         - {image: hungry, exitCode: 137, reason: OOMKilled}",
        "",
    );
    let cases = [("ok", 0, "well\n"), ("one", 1, "no\n"), ("many", 42, ""), ("hungry", 137, "")];
    let running = cases.map(|(image, code, said)| (cluster.start(&["run", image]), code, said));
    for (child, code, said) in running {
        let (ended, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!((ended, stdout.as_str()), (Some(code), said), "{stderr}");
        if code == 137 {
            assert!(stderr.contains("OOMKilled (exit code 137)"), "{stderr}");
        }
    }
    assert_eq!(cluster.pods(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_run_ends_with_125_and_its_cause() {
    let cluster = Cluster::with(
        "- {image: quota, refused: 'exceeded quota: team-quota, requested: pods=1, used: pods=3, limited: pods=3'}\n\
         - {image: big, unschedulable: '0/1 nodes are available: 1 Insufficient cpu.'}\n\
         - {image: slow, lasts: forever, log: [{text: \"still here\\n\"}]}\n\
         - {image: root, configError: 'container has runAsNonRoot and image will run as root (pod: \"p\", container: run)'}\n\
         - {image: broken, exitCode: 128, reason: StartError, message: 'exec: \"nope\": executable file not found in $PATH'}",
        "",
    );
    let cases = [
        ("shop/typo:1", "failed", "ImageNotFound", "not found"),
        ("quota", "platform", "QuotaExceeded", "team-quota"),
        ("big", "platform", "Unschedulable", "cpu"),
        ("slow", "timed-out", "NotEnded", "was still running"),
        ("root", "failed", "StartFailed", "--security root"),
        ("broken", "failed", "StartFailed", "nope"),
    ];
    let running = cases.map(|case| {
        // Long enough for what it says before, on a busy machine too.
        let timeout = if case.0 == "slow" { "4s" } else { "1m" };
        let arguments = ["run", case.0, "--timeout", timeout, "--grace", "Unschedulable=1ms", "-o", "json"];
        (cluster.start(&arguments), case)
    });
    for (child, (image, verdict, code, words)) in running {
        let (ended, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(ended, Some(125), "{image}: {stdout}{stderr}");
        let result: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&result["verdict"], &result["exitCode"]), (&verdict.into(), &125.into()), "{image}: {stdout}");
        assert_eq!(result["findings"][0]["code"], code, "{image}: {stdout}");
        assert!(result.get("containerExitCode").is_none(), "{image}: it did not end by itself");
        assert!(stderr.contains(code) && stderr.contains(words), "{image}: {stderr}");
        assert_eq!(result["output"], if image == "slow" { "still here\n" } else { "" });
    }
    assert_eq!(cluster.pods(), Vec::<String>::new());
}

#[test]
fn the_pod_is_as_it_was_asked_for_and_can_be_kept() {
    let cluster = Cluster::with("- {image: tool, lasts: 0}", "");
    let arguments = ["run", "tool", "--name", "migrate", "-n", "shop", "--env", "A=b=c", "--keep", "--timeout", "90s"];
    let more =
        ["--limits", "cpu=500m,memory=64Mi", "--pull-policy", "Always", "--service-account", "ci", "--", "up", "-v"];
    let output = cluster.command(&[&arguments[..], &more].concat()).output().unwrap();
    assert_eq!(told(&output).0, Some(0), "{output:?}");
    assert_eq!(cluster.pods(), ["migrate"]);
    let pod = cluster.get("/api/v1/namespaces/shop/pods/migrate");
    assert_eq!(pod["metadata"]["labels"]["app.kubernetes.io/managed-by"], "crashgate");
    let (spec, container) = (&pod["spec"], &pod["spec"]["containers"][0]);
    assert_eq!(spec["activeDeadlineSeconds"], 120);
    assert_eq!(spec["serviceAccountName"], "ci");
    assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["args"], serde_json::json!(["up", "-v"]));
    assert_eq!(container["env"], serde_json::json!([{"name": "A", "value": "b=c"}]));
    assert_eq!(container["resources"]["limits"]["memory"], "64Mi");
    // A second one of that name is refused, and the first one stays: it is not this run's.
    let (code, _, stderr) = told(&cluster.command(&["run", "tool", "--name", "migrate"]).output().unwrap());
    assert_eq!(code, Some(125), "{stderr}");
    assert!(stderr.contains("PodExists: pod migrate already exists in namespace shop"), "{stderr}");
    assert!(stderr.contains("kubectl delete pod -n shop migrate") && !stderr.contains("Admission"), "{stderr}");
    assert_eq!(cluster.pods(), ["migrate"]);
}

#[test]
fn a_server_that_never_answers_costs_no_more_than_a_few_times_the_runs_own_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut kubeconfig = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    let server = silent.local_addr().unwrap();
    write!(
        kubeconfig,
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, namespace: shop}}}}]\nclusters: [{{name: c, cluster: {{server: 'http://{server}'}}}}]\n"
    )
    .unwrap();
    let begun = Instant::now();
    let mut command = crashgate(&["run", "tool", "--timeout", "1s", "-o", "json"]);
    let (code, stdout, stderr) = told(&command.env("KUBECONFIG", kubeconfig.path()).output().unwrap());
    assert_eq!(code, Some(125), "{stderr}");
    // A second to connect, one to create, two to look for what may be there.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {stderr}", begun.elapsed());
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&result["verdict"], &result["findings"][0]["code"]),
        (&"inconclusive".into(), &"ClusterUnreachable".into())
    );
    assert!(stderr.contains("no answer within 1 s") && stderr.contains("may be left behind"), "{stderr}");
}

#[test]
fn a_name_that_no_pod_can_have_is_a_mistake_of_the_flags() {
    for name in ["Migrate", "a_b", "-a", "a/b", ""] {
        let (code, _, stderr) = told(&crashgate(&["run", "tool", &format!("--name={name}")]).output().unwrap());
        assert_eq!(code, Some(2), "{name}: {stderr}");
    }
}

#[test]
fn the_sandbox_checks_names_as_the_api_server_does() {
    let cluster = Cluster::with("- {image: '*'}", "");
    let create = |namespace: &str, name: &str, container: &str| {
        let pod = serde_json::json!({
            "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": [{"name": container, "image": "x"}]},
        });
        let request = http::Request::post("/api/v1/namespaces/shop/pods").body(pod.to_string().into_bytes()).unwrap();
        let answer: Result<Value, kube::Error> =
            cluster.runtime.block_on(async { cluster.running.client().request(request).await });
        match answer {
            Ok(_) => (201, String::new()),
            Err(kube::Error::Api(status)) => (status.code, format!("{}: {}", status.reason, status.message)),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(create("shop", "web-1.a", "app").0, 201);
    for (name, container, field) in [
        ("Bad_Name", "app", "metadata.name"),
        ("../x", "app", "metadata.name"),
        ("web-2", "a.b", "spec.containers[0].name"),
    ] {
        let (code, told) = create("shop", name, container);
        assert!(code == 422 && told.starts_with("Invalid: Pod") && told.contains(field), "{code} {told}");
    }
    assert_eq!(create("other", "web-3", "app").0, 400);
    assert_eq!(cluster.pods(), ["web-1.a"]);
}

#[test]
fn a_conflict_that_is_about_no_name_is_tried_again() {
    let cluster =
        Cluster::with("- {image: tool, exitCode: 3}", "- {verb: create, request: 1, fault: status, code: 409}");
    let (code, _, stderr) = told(&cluster.command(&["run", "tool"]).output().unwrap());
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(cluster.pods(), Vec::<String>::new());
}

#[test]
fn no_cluster_and_no_namespace_are_125_too() {
    let (code, _, stderr) = told(&crashgate(&["run", "tool"]).output().unwrap());
    assert_eq!(code, Some(125), "{stderr}");
    assert!(stderr.contains("kubeconfig"), "{stderr}");
    let cluster = Cluster::with("- {image: '*'}", "");
    let (code, _, stderr) = told(&cluster.command(&["run", "tool", "-n", "nowhere"]).output().unwrap());
    assert_eq!(code, Some(125), "{stderr}");
    assert!(stderr.contains("namespaces \"nowhere\" not found"), "{stderr}");
}

#[test]
fn the_example_script_is_understood() {
    crashgate::sandbox::PodScript::load(std::path::Path::new("manifests/pods.yaml")).unwrap();
    let (code, _, stderr) = told(&crashgate(&["sandbox", "--pods", "Cargo.toml"]).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("pod script"), "{stderr}");
}
