//! The gate behind what deploys: as a Job that is waited for, as a hook of Argo CD, after Helm, and after Flux.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use k8s_openapi::api::batch::v1::Job;
use serde::Deserialize;
use serde_json::Value;

use super::job::Step;
use super::{Cluster, checkout, clusters, known, text};
use crate::docs::release_host::script;

fn documents(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.split("\n---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect()
}

fn of_kind(file: &str, kind: &str) -> Value {
    documents(file).into_iter().find(|document| document["kind"] == kind).unwrap()
}

/// A kubectl that plays a Job: the conditions that each look at it finds, and the exit code that its container has.
fn play(folder: &Path, looks: &[&str], exit_code: &str) {
    fs::create_dir_all(folder.join("stubs")).unwrap();
    fs::write(folder.join("looks"), looks.join("\n") + "\n").unwrap();
    let body = format!(
        "cd '{}'
echo kubectl \"$@\" >> asked
case \"$*\" in
  *'get job/crashgate'*)
    look=$(head -n 1 looks)
    # The last one stays.
    [ \"$(wc -l < looks)\" -le 1 ] || sed -i 1d looks
    [ \"$look\" != unreachable ] || exit 1
    printf '%s' \"$look\" ;;
  *'get pods'*) printf '%s' '{exit_code}' ;;
  *logs*) echo 'the verdict' ;;
esac",
        folder.display()
    );
    script(&folder.join("stubs/kubectl"), &body);
}

#[test]
fn the_job_is_waited_for_until_either_end_and_its_exit_code_is_the_verdicts() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    for (looks, exit_code, expected) in [
        (&["", "SuccessCriteriaMet", "SuccessCriteriaMet Complete"][..], "0", 0),
        (&["", "FailureTarget", "FailureTarget Failed"], "1", 1),
        (&["Failed"], "5", 5),
        (&["Failed"], "137", 137),
        // Evicted, or cut off at its deadline: no verdict is no yes.
        (&["Failed"], "", 7),
        (&["Failed"], "0", 7),
        (&["unreachable", "unreachable", "Complete"], "0", 0),
        (&["unreachable"], "0", 7),
        (&[""], "0", 7),
        // Not an end, whatever it sounds like.
        (&["Suspended"], "0", 7),
    ] {
        let (_kept, folder) = checkout(&cluster);
        play(&folder, looks, exit_code);
        let env = BTreeMap::from([("ATTEMPTS", "5"), ("PAUSE", "0")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let step = Step::new(fs::read_to_string("ci-examples/job.sh").unwrap(), env).in_sh();
        let (code, said) = step.run(&folder);
        assert_eq!(code, expected, "{looks:?}: {said}");
        let has_ended = looks.iter().any(|look| look.contains("Complete") || look.contains("Failed"));
        assert_eq!(said.contains("the verdict"), has_ended, "{looks:?}: {said}");
        // What is left of the last time is gone before anything is applied.
        let asked = fs::read_to_string(folder.join("asked")).unwrap();
        let asked: Vec<&str> = asked.lines().take(2).collect();
        assert!(asked[0].contains("delete job/crashgate --ignore-not-found --wait"), "{asked:?}");
        assert_eq!(asked[1], "kubectl apply -f manifests/rbac.yaml -f manifests/job.yaml");
    }
}

#[test]
fn a_job_of_the_last_time_that_cannot_be_deleted_is_not_asked() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [cluster, _] = clusters(&runtime);
    let (_kept, folder) = checkout(&cluster);
    fs::create_dir(folder.join("stubs")).unwrap();
    script(&folder.join("stubs/kubectl"), "case \"$*\" in *delete*) exit 1 ;; *) printf Complete ;; esac");
    let step = Step::new(fs::read_to_string("ci-examples/job.sh").unwrap(), BTreeMap::new()).in_sh();
    assert_eq!(step.run(&folder).0, 1);
}

/// The script may wait for longer than the Job may run.
#[test]
fn the_script_outlasts_the_job() {
    let script = fs::read_to_string("ci-examples/job.sh").unwrap();
    let value = |name: &str| -> i64 {
        script.split_once(&format!("${{{name}:-")).unwrap().1.split_once('}').unwrap().0.parse().unwrap()
    };
    let job: Job = serde_json::from_value(of_kind("manifests/job.yaml", "Job")).unwrap();
    assert!(value("ATTEMPTS") * value("PAUSE") > job.spec.unwrap().active_deadline_seconds.unwrap());
}

#[test]
fn what_a_job_mounts_is_the_gate_beside_it() {
    for file in ["manifests/job.yaml", "ci-examples/argocd-sync.yaml"] {
        let map = of_kind(file, "ConfigMap");
        let job = of_kind(file, "Job");
        let pod = &job["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(pod["volumes"][0]["configMap"]["name"], map["metadata"]["name"], "{file}");
        assert_eq!(job["metadata"]["namespace"], map["metadata"]["namespace"], "{file}");
        assert_eq!(container["volumeMounts"][0]["name"], pod["volumes"][0]["name"], "{file}");
        assert_eq!(container["volumeMounts"][0]["mountPath"], container["workingDir"], "{file}");
        let read = container["args"][2].as_str().unwrap();
        let gate = map["data"][read].as_str().unwrap_or_else(|| panic!("{file}: {read} is in the ConfigMap"));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("gate.yaml"), gate).unwrap();
        let validated = crate::cli::crashgate(&["validate", "-f"]).arg(folder.path().join("gate.yaml")).output();
        assert!(validated.unwrap().status.success(), "{file}: {gate}");
        // A second run could say yes where the first said no.
        assert_eq!((&job["spec"]["backoffLimit"], &pod["restartPolicy"]), (&0.into(), &"Never".into()), "{file}");
    }
}

/// What the engine of Argo CD rests on: it looks at hooks that have ended only once everything of a sync with several waves
/// or phases is healthy, which a Deployment that crashes never is.
#[test]
fn argo_cd_runs_the_gate_with_the_sync_and_in_the_same_wave_as_what_it_reads() {
    let file = "ci-examples/argocd-sync.yaml";
    let job = of_kind(file, "Job");
    let annotations = &job["metadata"]["annotations"];
    assert_eq!(annotations["argocd.argoproj.io/hook"], "Sync");
    assert_eq!(annotations["argocd.argoproj.io/hook-delete-policy"], "BeforeHookCreation");
    for document in documents(file) {
        let wave = &document["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"];
        assert!(wave.is_null(), "one wave for all: {wave}");
        let is_hook = !document["metadata"]["annotations"]["argocd.argoproj.io/hook"].is_null();
        assert_eq!(is_hook, document["kind"] == "Job");
    }
}

/// A helm with this many revisions of the release, whose manifest is what runs in the cluster.
fn helm(folder: &Path, cluster: &Cluster, revisions: usize) {
    let manifest = format!(
        "---\n# Source: chart/templates/deployment.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {app}\n  \
         labels: {{app: {app}, version: v1}}\nspec:\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    metadata:\n      \
         labels: {{app: {app}, version: v1}}\n    spec:\n      containers:\n        - name: app\n          image: localhost/busybox:1\n",
        app = cluster.app
    );
    fs::create_dir_all(folder.join("stubs")).unwrap();
    fs::write(folder.join("release.yaml"), manifest).unwrap();
    let history = vec![r#"{"revision":1}"#; revisions].join(",");
    let body = format!(
        "cd '{}'\necho helm \"$@\" >> asked\ncase \"$1 $2\" in\n  'get manifest') cat release.yaml ;;\n  history*) echo '[{history}]' ;;\nesac",
        folder.display()
    );
    script(&folder.join("stubs/helm"), &body);
}

/// The script with the namespace of the cluster, and less patience than a cluster needs.
fn helm_script(cluster: &Cluster) -> String {
    let script = fs::read_to_string("ci-examples/helm.sh").unwrap();
    assert!(script.contains("\nnamespace=shop\n"));
    let script = script.replace("\nnamespace=shop\n", &format!("\nnamespace={}\n", cluster.namespace));
    script.replace("crashgate check ", "crashgate check --stable-for 1s --delay 1s ")
}

#[test]
fn what_helm_applied_is_gated_and_only_a_version_at_fault_is_rolled_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [healthy, crashing] = clusters(&runtime);
    let env = BTreeMap::from([("VERSION".to_owned(), "v1".to_owned())]);
    for (cluster, revisions, code, is_rolled_back) in
        [(&healthy, 3, 0, false), (&crashing, 3, 1, true), (&crashing, 1, 1, false)]
    {
        let (_kept, folder) = checkout(cluster);
        helm(&folder, cluster, revisions);
        let (ended, said) = Step::new(helm_script(cluster), env.clone()).in_sh().run(&folder);
        assert_eq!(ended, code, "{said}");
        let asked = fs::read_to_string(folder.join("asked")).unwrap();
        let first = asked.lines().next().unwrap();
        assert!(
            first.starts_with("helm upgrade --install checkout ./chart ") && first.contains("image.tag=v1"),
            "{first}"
        );
        // Either would have ended before the gate began, and taken the evidence away.
        assert!(!first.contains("--wait") && !first.contains("--atomic"), "{first}");
        assert_eq!(asked.contains("helm rollback checkout"), is_rolled_back, "{asked}");
        assert!(folder.join("crashgate.xml").exists() && folder.join("crashgate.html").exists());
    }
    // A platform in trouble, or a cluster that is not the one: the release stays as it is.
    let (_kept, folder) = checkout(&healthy);
    helm(&folder, &healthy, 3);
    fs::write(folder.join("kubeconfig"), "").unwrap();
    let (ended, said) = Step::new(helm_script(&healthy), env).in_sh().run(&folder);
    assert!(ended > 1, "{said}");
    assert!(!fs::read_to_string(folder.join("asked")).unwrap().contains("rollback"));
    // Without a version nothing is deployed.
    let (_kept, folder) = checkout(&healthy);
    helm(&folder, &healthy, 3);
    let (ended, said) = Step::new(helm_script(&healthy), BTreeMap::new()).in_sh().run(&folder);
    assert!(ended != 0 && said.contains("set VERSION") && !folder.join("asked").exists(), "{said}");
}

/// The fields of Flux's Kustomization that the example uses, as `kustomize.toolkit.fluxcd.io/v1` has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    interval: String,
    path: String,
    prune: bool,
    source_ref: BTreeMap<String, String>,
    #[serde(default)]
    depends_on: Vec<BTreeMap<String, String>>,
    wait: bool,
    timeout: Option<String>,
    post_build: PostBuild,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostBuild {
    substitute: BTreeMap<String, String>,
}

#[test]
fn flux_runs_the_gate_after_the_app_was_applied_and_again_for_each_version() {
    let file = "ci-examples/flux.yaml";
    let kustomizations: Vec<(String, Kustomization)> = documents(file)
        .into_iter()
        .filter(|document| document["kind"] == "Kustomization")
        .map(|document| {
            assert_eq!(document["apiVersion"], "kustomize.toolkit.fluxcd.io/v1");
            let name = text(&document["metadata"]["name"], "a name").to_owned();
            (name, serde_json::from_value(document["spec"].clone()).unwrap())
        })
        .collect();
    let [(app_name, app), (_, gate)] = kustomizations.as_slice() else { panic!("two of them") };
    assert!(!app.wait && app.depends_on.is_empty(), "an app that crashes never is ready: the gate would never run");
    assert!(app.timeout.is_none() && app.path != gate.path && app.prune && gate.prune);
    assert!(gate.wait, "the Job's end is the answer");
    assert_eq!(gate.depends_on, [BTreeMap::from([("name".to_owned(), app_name.clone())])]);
    assert_eq!((&app.source_ref, &app.interval), (&gate.source_ref, &gate.interval));
    assert_eq!(
        app.post_build.substitute, gate.post_build.substitute,
        "the version that is deployed is the one that is gated"
    );
    let job = of_kind(file, "Job");
    known::<Job>(&job);
    assert_eq!(job["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/force"], "enabled");
    let timeout = humantime::parse_duration(gate.timeout.as_ref().unwrap()).unwrap();
    assert!(timeout.as_secs() > job["spec"]["activeDeadlineSeconds"].as_u64().unwrap());
    // A Job is run again only if its template changes: the version has to be in it, and not in a map that it mounts.
    assert!(job["spec"]["template"].to_string().contains("${VERSION}"));
    assert!(job["spec"]["template"]["spec"]["volumes"].is_null());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    for cluster in &clusters(&runtime) {
        let words = |version: &str| -> Vec<String> {
            let container = &job["spec"]["template"]["spec"]["containers"][0];
            let words = container["command"].as_array().unwrap().iter().chain(container["args"].as_array().unwrap());
            let filled = words.map(|word| {
                let word = text(word, "a word").replace("${VERSION}", version);
                word.replace("=checkout", &format!("={}", cluster.app))
                    .replace("=shop", &format!("={}", cluster.namespace))
            });
            filled.chain(["--stable-for=1s", "--delay=1s"].map(str::to_owned)).collect()
        };
        let (_kept, folder) = checkout(cluster);
        let (code, said) = Step::of_words(words("v1"), BTreeMap::new()).run(&folder);
        assert_eq!(code, cluster.exit_code, "{said}");
        // What Flux makes of a variable that is missing.
        let (code, said) = Step::of_words(words(""), BTreeMap::new()).run(&folder);
        assert_eq!(code, 2, "{said}");
    }
}

/// A pipeline that forgot the variable would gate the version of an example, or the one before.
#[test]
fn no_example_manifest_or_page_has_a_version_to_fall_back_on() {
    let mut open: Vec<_> = ["manifests", "ci-examples", "docs", "README.md", "action.yml"].map(Into::into).to_vec();
    let mut read = 0;
    while let Some(path) = open.pop() {
        let path: std::path::PathBuf = path;
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // Pictures are no text.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for falling_back in ["VERSION:-", "VERSION:=", "VERSION-", "VERSION="] {
            let mut found = text.split("${").skip(1).filter(|rest| rest.starts_with(falling_back));
            assert!(found.next().is_none(), "{}: ${{{falling_back}", path.display());
        }
        read += 1;
    }
    assert!(read >= 40, "{read}");
    let unset =
        crate::cli::crashgate(&["validate", "-f", "manifests/gate.yaml"]).env_remove("VERSION").output().unwrap();
    let said = String::from_utf8(unset.stderr).unwrap();
    assert!(unset.status.code() == Some(2) && said.contains("`VERSION` is not set"), "{said}");
}
