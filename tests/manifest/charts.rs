//! What charts render and clusters print: what of it is gated, what is left out and with which words, what is refused.

use std::process::Stdio;

use crate::cli::{crashgate, told};

/// Exit code, stdout and stderr of `validate -f` for a file of `charts/`.
fn validate(chart: &str, flags: &[&str]) -> (Option<i32>, String, String) {
    told(&crashgate(&["validate", "-f", &path(chart)]).args(flags).output().unwrap())
}

fn path(chart: &str) -> String {
    format!("tests/manifest/charts/{chart}.yaml")
}

/// The lines without the path of the chart in front of them.
fn lines<'t>(text: &'t str, chart: &str) -> Vec<&'t str> {
    let path = path(chart);
    text.lines().map(|line| line.strip_prefix(&*path).unwrap_or(line)).collect()
}

const SHOP: [&str; 4] = [
    "shop 4.2.0 in shop: pinned to deployment/shop-web; delay 10s; wait 1m; stable 30s; ignoring metrics",
    "shop-worker sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 in shop: pinned to deployment/shop-worker; delay 10s; wait 1m; stable 30s; ignoring metrics",
    "shop-db 16.3 in shop: pinned to statefulset/shop-db; delay 10s; wait 1m; stable 30s; ignoring metrics",
    "shop-seed-4-2-0 4.2.0 in shop: pinned to job/shop-seed-4-2-0; delay 10s; wait 1m; stable 30s; ignoring metrics",
];

#[test]
fn of_a_rendered_chart_the_workloads_are_gated_and_the_hooks_left_out_with_a_line() {
    let (code, stdout, stderr) = validate("shop", &["--ignore-containers", "metrics"]);
    assert_eq!((code, stdout.lines().collect::<Vec<_>>()), (Some(0), SHOP.to_vec()), "{stderr}");
    assert_eq!(
        lines(&stderr, "shop"),
        [
            ":248: Pod shop-test is left out: it is a hook of Helm (test)",
            ":262: Job shop-migrate is left out: it is a hook of Helm (pre-install,pre-upgrade)",
        ]
    );
}

#[test]
fn who_asks_hears_of_everything_that_is_not_gated() {
    let (code, _, stderr) = validate("shop", &["--ignore-containers", "metrics", "-v"]);
    assert_eq!(code, Some(0));
    let words: Vec<&str> = stderr.lines().map(|line| line.splitn(3, ':').nth(2).unwrap().trim()).collect();
    assert_eq!(
        words,
        [
            "ServiceAccount shop is left out: it has no pod template",
            "PodDisruptionBudget shop-web is left out: it has no pod template",
            "ConfigMap shop-config is left out: it has no pod template",
            "CustomResourceDefinition coupons.shop.example.com is left out: it has no pod template",
            "Coupon welcome is left out: it has no pod template",
            "Service shop-web is left out: it has no pod template",
            "HorizontalPodAutoscaler shop-web is left out: it has no pod template",
            "CronJob shop-cleanup is left out: its pods come by the clock, not with the deploy",
            "Ingress shop is left out: it has no pod template",
            "Pod shop-test is left out: it is a hook of Helm (test)",
            "Job shop-migrate is left out: it is a hook of Helm (pre-install,pre-upgrade)",
        ]
    );
}

#[test]
fn a_chart_that_is_piped_in_is_gated_just_so() {
    let chart = std::fs::File::open(path("shop")).unwrap();
    let mut check = crashgate(&["check", "-f", "-", "--ignore-containers", "metrics", "--wait-period", "2s"]);
    check.args(["--delay", "1s", "--rehearse", "tests/recordings/crash-loop.ndjson"]).stdin(Stdio::from(chart));
    let (code, stdout, stderr) = told(&check.output().unwrap());
    // The recording is of another namespace: nothing of the chart is there.
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    for pin in ["deployment/shop-web", "deployment/shop-worker", "statefulset/shop-db", "job/shop-seed-4-2-0"] {
        assert!(stdout.contains(&format!("{pin} does not exist")), "{pin}: {stdout}");
    }
    let warning = "warning: nothing will be found for shop 4.2.0: the gate is about namespace shop, and the recording about rec-crash-loop";
    assert!(stderr.contains(warning), "{stderr}");
    let hook = "<stdin>:262: Job shop-migrate is left out: it is a hook of Helm (pre-install,pre-upgrade)";
    assert!(stderr.contains(hook), "{stderr}");
}

#[test]
fn of_a_live_list_what_the_cluster_made_is_judged_with_its_owner() {
    let (code, stdout, stderr) = validate("live-list", &[]);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (Some(0), "web v7 in shop: pinned to deployment/web; delay 10s; wait 1m; stable 30s\n", "")
    );
    let (_, _, stderr) = validate("live-list", &["-v"]);
    let words: Vec<&str> = stderr.lines().map(|line| line.splitn(3, ':').nth(2).unwrap().trim()).collect();
    assert_eq!(
        words,
        [
            "Pod web-6d4cf56db6-x2v9l is left out: a ReplicaSet made it, and is judged in its place",
            "Service web is left out: it has no pod template",
            "ReplicaSet web-6d4cf56db6 is left out: a Deployment made it, and is judged in its place",
            "Job nightly-29381760 is left out: a CronJob made it, and is judged in its place",
        ]
    );
}

#[test]
fn an_operators_kind_with_a_pod_template_is_an_error_that_names_it() {
    let (code, stdout, stderr) = validate("operators", &[]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    let firsts: Vec<&str> = stderr.split("\n\n").filter_map(|block| block.lines().next()).collect();
    assert_eq!(
        firsts.iter().map(|line| line.strip_prefix(&*path("operators")).unwrap_or(line)).collect::<Vec<_>>(),
        [
            ":10:7: `Service` (`serving.knative.dev/v1`) has a pod template, and is a kind that cannot be gated yet",
            ":18:7: `RayCluster` (`ray.io/v1`) has a pod template, and is a kind that cannot be gated yet",
            ":27:7: `Transcoder` (`batch.example.com/v1`) has a pod template, and is a kind that cannot be gated yet",
            ":37:7: `StatefulSet` (`apps.kruise.io/v1beta1`) has a pod template, and is a kind that cannot be gated yet",
            "4 problems",
        ]
    );
    assert!(stderr.contains("fix: gate its pods by their labels, with a gate of its own"), "{stderr}");
}

#[test]
fn what_steers_a_rollout_is_left_out_and_named_where_its_workload_is_not_gated() {
    let (code, stdout, stderr) = validate("flagger", &[]);
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "podinfo 6.7.1 in test: pinned to deployment/podinfo; delay 10s; wait 1m; stable 30s\n")
    );
    assert_eq!(
        lines(&stderr, "flagger"),
        [
            ":40: Canary backend is left out: it steers the rollout of Deployment backend, which is not gated by this file"
        ]
    );
    let (_, _, stderr) = validate("flagger", &["-v"]);
    assert_eq!(
        lines(&stderr, "flagger")[1..],
        [
            ":26: Canary podinfo is left out: it steers the rollout of Deployment podinfo, which is gated",
            ":40: Canary backend is left out: it steers the rollout of Deployment backend, which is not gated by this file",
            ":50: Rollout podinfo is left out: it steers the rollout of Deployment podinfo, which is gated",
        ]
    );
}

#[test]
fn rollouts_and_clone_sets_are_gated_and_a_template_that_is_lent_out_is_no_gate() {
    let (code, stdout, stderr) = validate("progressive", &[]);
    assert_eq!(
        (code, stdout.lines().collect::<Vec<_>>()),
        (
            Some(0),
            vec![
                "web v7 in shop: pinned to rollout/web; delay 10s; wait 1m; stable 30s",
                "api v3 in shop: pinned to rollout/api-progressive; delay 10s; wait 1m; stable 30s",
                "cart 1.9.0 in shop: pinned to cloneset/cart; delay 10s; wait 1m; stable 30s",
            ]
        ),
        "{stderr}"
    );
    assert_eq!(
        lines(&stderr, "progressive"),
        [
            ":25: Deployment api is left out: its pod template is that of Rollout api-progressive, which is gated in its place"
        ]
    );
    let (_, _, stderr) = validate("progressive", &["-v"]);
    assert_eq!(
        lines(&stderr, "progressive")[1..],
        [":72: AnalysisTemplate gate is left out: it is a template for others"]
    );
    // What can be promoted is waited for; of a CloneSet the whole rollout is what is asked.
    let (code, stdout, stderr) = validate("progressive", &["--until", "promoted"]);
    let promoted: Vec<bool> = stdout.lines().map(|line| line.ends_with("; until promoted")).collect();
    assert_eq!((code, promoted), (Some(0), vec![true, true, false]), "{stderr}");
}

#[test]
fn a_rollout_whose_template_is_elsewhere_needs_its_version_said() {
    let text = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: api, namespace: shop}\nspec:\n  \
                workloadRef: {apiVersion: apps/v1, kind: Deployment, name: api}\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.yaml"), text).unwrap();
    let validate = |flags: &[&str]| {
        let mut command = crashgate(&["validate", "-f", "x.yaml"]);
        told(&command.args(flags).current_dir(folder.path()).output().unwrap())
    };
    let (code, stdout, stderr) = validate(&[]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_eq!(
        stderr,
        "x.yaml:5:16: the Rollout has its pod template in Deployment api, which is not in this file\n  \
         5 |   workloadRef: {apiVersion: apps/v1, kind: Deployment, name: api}\n    \
         |                ^\n  fix: add that object to the file, or give `--version`\n"
    );
    let (code, stdout, stderr) = validate(&["--version", "v3"]);
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "api v3 in shop: pinned to rollout/api; delay 10s; wait 1m; stable 30s\n"),
        "{stderr}"
    );
    // A Deployment of that name in another namespace is another one.
    let other = format!(
        "{text}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: other}}\nspec: {{template: \
         {{spec: {{containers: [{{name: a, image: 'a:1'}}]}}}}}}\n"
    );
    std::fs::write(folder.path().join("x.yaml"), other).unwrap();
    let (code, _, stderr) = validate(&[]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("which is not in this file"), "{stderr}");
}

/// Writes a manifest of one Job with these annotations beside a Deployment, and validates it.
fn with_a_job(annotations: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let template = "{template: {spec: {containers: [{name: a, image: 'a:1'}]}}}";
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {template}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata: {{name: migrate, namespace: shop, annotations: {{{annotations}}}}}\n\
         spec: {template}\n"
    );
    std::fs::write(folder.path().join("x.yaml"), text).unwrap();
    let mut command = crashgate(&["validate", "-f", "x.yaml"]);
    told(&command.current_dir(folder.path()).output().unwrap())
}

#[test]
fn every_hook_is_left_out_and_what_only_looks_like_one_is_gated() {
    for (annotations, words) in [
        ("helm.sh/hook: post-upgrade", "Helm (post-upgrade)"),
        ("helm.sh/hook: 'test, post-delete'", "Helm (test, post-delete)"),
        ("helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded", "Helm (pre-install)"),
        ("argocd.argoproj.io/hook: PreSync", "Argo CD (PreSync)"),
        ("argocd.argoproj.io/hook: 'Sync,PostSync'", "Argo CD (Sync,PostSync)"),
    ] {
        let (code, stdout, stderr) = with_a_job(annotations);
        assert_eq!((code, stdout.lines().count()), (Some(0), 1), "{annotations}: {stderr}");
        assert_eq!(stderr, format!("x.yaml:6: Job migrate is left out: it is a hook of {words}\n"));
    }
    // Argo CD applies these as it does any object.
    for annotations in
        ["argocd.argoproj.io/hook: presync", "argocd.argoproj.io/sync-wave: '1'", "helm.sh/resource-policy: keep"]
    {
        let (code, stdout, stderr) = with_a_job(annotations);
        assert_eq!((code, stdout.lines().count(), stderr.as_str()), (Some(0), 2, ""), "{annotations}");
    }
}

#[test]
fn hooks_alone_are_no_gate() {
    let folder = tempfile::tempdir().unwrap();
    let text = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop, annotations: {helm.sh/hook: test}}\n\
                spec: {template: {spec: {containers: [{name: a, image: 'a:1'}]}}}\n---\napiVersion: v1\nkind: Service\n";
    std::fs::write(folder.path().join("x.yaml"), text).unwrap();
    let mut command = crashgate(&["validate", "-f", "x.yaml"]);
    let (code, stdout, stderr) = told(&command.current_dir(folder.path()).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    let sentence = "x.yaml: the file holds no gate and no workload, only Job (a hook), Service\n";
    assert!(stderr.starts_with(sentence), "{stderr}");
    assert!(stderr.contains("`crashgate check job/migrate` gates one by itself"), "{stderr}");
}

#[test]
fn what_a_manifest_says_of_its_hooks_is_made_inert() {
    let (_, _, stderr) = with_a_job("helm.sh/hook: \"::error::x\\e[2J\"");
    assert!(
        stderr.contains("Job migrate is left out: it is a hook of Helm") && !stderr.contains('\u{1b}'),
        "{stderr:?}"
    );
}
