//! What a gate may ask of metrics: every key, what the keys mean together, and what is said of mistakes.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crashgate::gate::model::{Number, WorkloadKind};
use crashgate::gate::spec::{Check, Count, Measure, Metrics, Plan, StableArm, Undecided, Versus};
use crashgate::manifest::{self, Diagnostics, Key, Live, Overrides, Source, Summary};
use tempfile::TempDir;

const BAD: &str = "bad: 'http_requests_total{$pods,code=~\"5..\"}'";
const TOTAL: &str = "total: 'http_requests_total{$pods}'";

/// What a file with this content says with these flags. The environment has `TENANT` and `SECRET`.
fn load(content: &str, flags: &[(Key, &str)]) -> Result<Vec<Plan>, Diagnostics> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gate.yaml");
    fs::write(&path, content).unwrap();
    let mut overrides = Overrides::default();
    for (key, text) in flags {
        overrides.set(*key, text);
    }
    let env = |name: &str| match name {
        "TENANT" => Some("shop".to_owned()),
        "SECRET" => Some("hunter2\nhunter2".to_owned()),
        _ => None,
    };
    let loaded = manifest::load(&[Source::File(path)], &overrides, &env)?;
    Ok(loaded.gates.into_iter().map(|gate| gate.plan).collect())
}

/// A gate with these lines more.
fn gate(lines: &str) -> String {
    format!("app: checkout\nversion: v2\nnamespace: shop\n{lines}\n")
}

/// A gate with one check of these keys.
fn gate_of_check(keys: &[&str]) -> String {
    gate(&format!("metrics:\n  source: {{url: 'http://prom:9090'}}\n  checks:\n  - {}", keys.join("\n    ")))
}

/// A gate of one good check, with these keys of the source.
fn gate_of_source(keys: &str) -> String {
    gate(&format!("metrics:\n  source: {{{keys}}}\n  checks: [{{name: errors, {BAD}, {TOTAL}, max: 1%}}]"))
}

fn metrics(content: &str) -> Metrics {
    let mut plans = load(content, &[]).unwrap_or_else(|problems| panic!("{content}\n{problems}"));
    plans.remove(0).metrics.unwrap()
}

fn check(keys: &[&str]) -> Check {
    metrics(&gate_of_check(keys)).checks.remove(0)
}

/// The one problem of a file: line, column, sentence and remedy.
fn refused(content: &str) -> (usize, usize, String, String) {
    refused_with(content, &[])
}

fn refused_with(content: &str, flags: &[(Key, &str)]) -> (usize, usize, String, String) {
    let problems = load(content, flags).err().unwrap_or_else(|| panic!("understood:\n{content}"));
    let [problem] = problems.all() else { panic!("{content}\n{problems}") };
    let (line, column) = problem.position.unwrap_or_default();
    (line, column, problem.sentence.clone(), problem.remedy.clone())
}

#[test]
fn every_key_of_metrics_is_understood() {
    let metrics = metrics(&gate(
        r#"stableFor: 30s
watchFor: 5m
stable: deploy/checkout-stable
metrics:
  source:
    url: https://mimir.example.com/prometheus
    user: ann
    passwordFile: /run/password
    headers: {X-Scope-OrgID: '${TENANT}'}
    ca: ca.pem
    cert: tls.crt
    key: tls.key
  podLabels: {namespace: kubernetes_namespace, pod: kubernetes_pod_name}
  checks:
  - name: errors
    bad: 'http_requests_total{$pods,code=~"5.."}'
    total: 'http_requests_total{$pods}'
    max: 0.5%
    versus: stable
    tolerate: 2x
    harm: 4
    alpha: 1%
    undecided: pass
  - name: latency
    histogram: http_request_duration_seconds_bucket{$pods}
    slowerThan: 300ms
    max: 0.01
  - name: files
    query: max(process_open_fds{$pods} / process_max_fds{$pods})
    max: 80%
    min: -1
    for: 30s
    undecided: fail"#,
    ));
    assert_eq!(metrics.watch_for, Duration::from_mins(5));
    assert_eq!(metrics.stable, StableArm::Workload(WorkloadKind::Deployment, "checkout-stable".to_owned()));
    let source = &metrics.source;
    assert_eq!(source.url, "https://mimir.example.com/prometheus");
    assert_eq!((source.user.as_deref(), source.password_file.as_deref()), (Some("ann"), Some("/run/password")));
    assert_eq!(source.headers["X-Scope-OrgID"], "shop");
    assert_eq!((source.ca.as_deref(), source.cert.as_deref()), (Some("ca.pem"), Some("tls.crt")));
    assert_eq!((source.key.as_deref(), source.token_file.as_deref()), (Some("tls.key"), None));
    assert!(!source.insecure && !metrics.dry);
    assert_eq!(metrics.pod_labels.namespace.as_deref(), Some("kubernetes_namespace"));
    assert_eq!(metrics.pod_labels.pod, "kubernetes_pod_name");

    let [errors, latency, files] = &metrics.checks[..] else { panic!("{metrics:?}") };
    assert_eq!((errors.name.as_str(), errors.undecided), ("errors", Undecided::Pass));
    let Measure::Share { count: Count::Counters { bad, total }, max, versus, alpha } = &errors.measure else {
        panic!()
    };
    assert_eq!(bad.to_string(), "http_requests_total{$pods,code=~\"5..\"}");
    assert_eq!(total.to_string(), "http_requests_total{$pods}");
    assert_eq!((*max, *alpha), (Some(Number(0.005)), Number(0.01)));
    assert_eq!(*versus, Some(Versus { tolerate: Number(2.0), harm: Number(4.0) }));
    assert_eq!((latency.name.as_str(), latency.undecided), ("latency", Undecided::Inconclusive));
    let Measure::Share { count: Count::Slower { bound, .. }, max, versus, alpha } = &latency.measure else { panic!() };
    assert_eq!((*bound, *max, *versus), (Number(0.3), Some(Number(0.01)), None));
    assert_eq!(*alpha, Metrics::DEFAULT_ALPHA);
    assert_eq!(
        files.measure,
        Measure::Query {
            query: "max(process_open_fds{$pods} / process_max_fds{$pods})".to_owned(),
            max: Some(Number(0.8)),
            min: Some(Number(-1.0)),
            hold: Duration::from_secs(30),
        }
    );
}

#[test]
fn a_comparison_without_numbers_has_those_of_the_documentation() {
    let check = check(&["name: errors", BAD, TOTAL, "versus: stable"]);
    let Measure::Share { max: None, versus: Some(versus), alpha, .. } = check.measure else { panic!("{check:?}") };
    assert_eq!(versus, Versus { tolerate: Number(1.5), harm: Number(3.0) });
    assert_eq!(alpha, Number(0.05));
}

#[test]
fn metrics_are_watched_for_as_long_as_the_app_must_be_stable_and_never_less() {
    let checks = format!("metrics: {{source: {{url: 'http://p'}}, checks: [{{name: e, {BAD}, {TOTAL}, max: 1%}}]}}");
    for (lines, seconds) in [
        ("", 30),
        ("stableFor: 2m\n", 120),
        ("watchFor: 5s\n", 30),
        ("watchFor: 5m\n", 300),
        ("stableFor: 0s\nwatchFor: 10s\n", 10),
    ] {
        assert_eq!(metrics(&gate(&format!("{lines}{checks}"))).watch_for, Duration::from_secs(seconds), "{lines}");
    }
    let (_, _, sentence, remedy) = refused(&gate(&format!("stableFor: 0s\n{checks}")));
    assert!(sentence.contains("that is 0s") && remedy.contains("watchFor: 5m"), "{sentence}: {remedy}");
    let plans = load(&gate(&checks), &[(Key::WatchFor, "7m"), (Key::StableFor, "10m")]).unwrap();
    assert_eq!(plans[0].metrics.as_ref().unwrap().watch_for, Duration::from_mins(10));
}

#[test]
fn the_stable_pods_are_said_in_a_word_a_version_or_labels() {
    let with = |stable: &str| {
        gate(&format!(
            "{stable}\nmetrics: {{source: {{url: 'http://p'}}, checks: [{{name: e, {BAD}, {TOTAL}, versus: stable}}]}}"
        ))
    };
    assert_eq!(metrics(&with("")).stable, StableArm::Previous);
    assert_eq!(metrics(&with("stable: previous")).stable, StableArm::Previous);
    assert_eq!(
        metrics(&with("stable: rollouts.argoproj.io/web")).stable,
        StableArm::Workload(WorkloadKind::Rollout, "web".to_owned())
    );
    assert_eq!(metrics(&with("stable: {version: 1.10}")).stable, StableArm::Version("1.10".to_owned()));
    let StableArm::Selector(selector) = metrics(&with("stable: {selector: 'app=checkout,track=stable'}")).stable else {
        panic!()
    };
    assert_eq!(selector.to_string(), "app=checkout,track=stable");

    for (flag, arm) in [
        ("previous", StableArm::Previous),
        ("deployment/web", StableArm::Workload(WorkloadKind::Deployment, "web".to_owned())),
        ("version=v1", StableArm::Version("v1".to_owned())),
    ] {
        let plans = load(&with("stable: {version: v0}"), &[(Key::Stable, flag)]).unwrap();
        assert_eq!(plans[0].metrics.as_ref().unwrap().stable, arm, "{flag}");
    }
    for (stable, sentence) in [
        ("stable: v1", "names no pods"),
        ("stable: pod/web", "not a kind of workload"),
        ("stable: [a]", "must be a single value"),
        ("stable: {version: v1, selector: a=b}", "each says which pods are meant"),
        ("stable: {version: v2}", "compared with itself"),
        ("workload: deploy/web\nstable: deployment/web", "compared with itself"),
        ("stable: {versoin: v1}", "not a key that `stable` knows"),
        ("stable: {version: a b}", "not a valid label value"),
    ] {
        let (line, _, told, _) = refused(&with(stable));
        assert!(line >= 4 && told.contains(sentence), "{stable}: {told}");
    }
}

#[test]
fn what_is_measured_is_said_once_and_whole() {
    let latency = "histogram: 'latency_bucket{$pods}'";
    let query = "query: 'max(a{$pods})'";
    // The line of the mistake, what is wrong, what to do.
    let cases: &[(&[&str], usize, &str, &str)] = &[
        (&["name: e", BAD, "max: 1%"], 8, "`bad` needs `total`", "add the counters of everything"),
        (&["name: e", TOTAL, "max: 1%"], 8, "`total` needs `bad`", "add the counters of what is bad"),
        (&["name: e", latency, "max: 1%"], 8, "`histogram` needs `slowerThan`", "slowerThan: 500ms"),
        (&["name: e", "slowerThan: 1s", "max: 1%"], 8, "`slowerThan` needs `histogram`", "add the buckets"),
        (&["name: e", "max: 1%"], 7, "the check `e` does not say what is measured", "write `bad` and `total`"),
        (&["name: e", BAD, TOTAL, query, "max: 1%"], 10, "the check `e` has `bad` and `query`", "make two checks"),
        (&["name: e", BAD, TOTAL, "slowerThan: 1s"], 10, "has `bad` and `slowerThan`", "make two checks"),
        (&["name: e", latency, "slowerThan: 1s", query, "max: 1%"], 10, "has `histogram` and `query`", "make two"),
        (&["name: e", BAD, TOTAL], 7, "the check `e` has no limit", "add `max: 1%`, or `versus: stable`"),
        (&["name: e", query], 7, "the check `e` has no limit", "add `max` or `min`"),
        (&["name: e", query, "for: 1m"], 7, "the check `e` has no limit", "add `max` or `min`"),
        (&[BAD, TOTAL, "max: 1%"], 7, "a check has no `name`", "name: errors"),
        (&["name: two words", BAD, TOTAL, "max: 1%"], 7, "not one plain word", "letters, digits"),
        (&["name: e", BAD, TOTAL, "min: 99%"], 10, "`min` is for `query`", "`min: 99%` of what is good is `max: 1%`"),
        (&["name: e", BAD, TOTAL, "max: 1%", "for: 1m"], 11, "`for` is for `query`", "remove it"),
        (&["name: e", query, "max: 1", "versus: stable"], 10, "`versus` is for shares", "remove `versus`"),
        (&["name: e", query, "max: 1", "alpha: 1%"], 10, "`alpha` is for shares", "remove `alpha`"),
        (&["name: e", query, "max: 1", "min: 2"], 10, "no number is between them", "not larger than `max`"),
        (&["name: e", BAD, TOTAL, "max: 5"], 10, "a share is at most 1", "write `5%` or `0.05`"),
        (&["name: e", BAD, TOTAL, "max: 1"], 10, "a share is at most 1", "write `1%` or `0.01`"),
        (&["name: e", BAD, TOTAL, "max: 100"], 10, "a share is at most 1", "write `1%` or `0.01`"),
        (&["name: e", BAD, TOTAL, "max: 100%"], 10, "no share is larger", "as in `1%`"),
        (&["name: e", BAD, TOTAL, "max: 0%"], 10, "can never be proven", "as in `0.1%`"),
        (&["name: e", BAD, TOTAL, "max: -1%"], 10, "can never be proven", "as in `0.1%`"),
        (&["name: e", BAD, TOTAL, "max: few"], 10, "not a number", "as in `1%`"),
        (&["name: e", BAD, TOTAL, "max: 1%", "harm: 2x"], 11, "does not compare", "add `versus: stable`"),
        (&["name: e", BAD, TOTAL, "versus: previous"], 10, "is `previous`", "write `stable`"),
        (&["name: e", BAD, TOTAL, "versus: stable", "tolerate: 0.5x"], 11, "less than the stable pods", "as in `1.5x`"),
        (&["name: e", BAD, TOTAL, "versus: stable", "tolerate: 4x"], 11, "`harm` is 3x (the default)", "harm: 8x"),
        (
            &["name: e", BAD, TOTAL, "versus: stable", "harm: 1.2x"],
            11,
            "`tolerate` is 1.5x (the default)",
            "larger `harm`",
        ),
        (&["name: e", BAD, TOTAL, "max: 1%", "alpha: 60%"], 11, "at most 50%", "as in `5%`"),
        (&["name: e", BAD, TOTAL, "max: 1%", "undecided: maybe"], 11, "is `maybe`", "inconclusive, pass, fail"),
        (&["name: e", BAD, TOTAL, "maxx: 1%"], 10, "`maxx` is not a key", "did you mean `max`?"),
        (&["name: e", BAD, TOTAL, "limit: 1%"], 10, "`limit` is not a key", "the keys are name, bad, total"),
        (&["name: e", "bad: http_requests_total", TOTAL, "max: 1%"], 8, "no `$pods`", "http_requests_total{$pods"),
        (
            &["name: e", BAD, "total: 'rate(a{$pods}[1m])'", "max: 1%"],
            9,
            "does not belong to a plain selector",
            "takes the differences",
        ),
        (&["name: e", "query: 'max(up)'", "max: 1"], 8, "no `$pods`", "inside the braces"),
        (&["name: e", "bad: 'a{$pods,b=~\"[\"}'", TOTAL, "max: 1%"], 8, "is not a regular expression", "RE2"),
    ];
    for (keys, line, sentence, remedy) in cases {
        let told = refused(&gate_of_check(keys));
        assert!(told.2.contains(sentence) && told.3.contains(remedy), "{keys:?}: {told:?}");
        assert_eq!(told.0, *line, "{keys:?}: {told:?}");
    }
}

#[test]
fn a_gate_whose_metrics_check_nothing_is_refused() {
    let source = "source: {url: 'http://prom:9090'}";
    for (lines, sentence) in [
        ("metrics:".to_owned(), "`metrics` is empty"),
        ("metrics: {}".to_owned(), "`metrics` is empty"),
        ("metrics: http://prom:9090".to_owned(), "`metrics` is a text, and must be a map"),
        (format!("metrics: {{{source}}}"), "`metrics` has no `checks`"),
        (format!("metrics: {{{source}, checks: []}}"), "`metrics.checks` is empty"),
        (format!("metrics: {{{source}, checks: }}"), "`metrics.checks` is empty"),
        (
            format!("metrics: {{{source}, checks: {{errors: 1%}}}}"),
            "`metrics.checks` is a map, and must be a list of maps",
        ),
        (format!("metrics: {{{source}, checks: [errors]}}"), "`metrics.checks[0]` is a text, and must be a map"),
        (format!("metrics: {{{source}, checks: [{{}}]}}"), "`metrics.checks[0]` is empty"),
        (format!("metrics: {{{source}, chekcs: [{{name: e}}]}}"), "`chekcs` is not a key that `metrics` knows"),
        (format!("metrics: {{checks: [{{name: e, {BAD}, {TOTAL}, max: 1%}}]}}"), "does not say where to ask"),
        (
            format!("metrics: {{source: {{user: a}}, checks: [{{name: e, {BAD}, {TOTAL}, max: 1%}}]}}"),
            "does not say where to ask",
        ),
        (format!("thresholds: {{{source}}}"), "`thresholds` is not a known key"),
    ] {
        let (line, column, told, remedy) = refused(&gate(&lines));
        assert!(told.contains(sentence), "{lines}: {told}");
        assert!(line == 4 && column > 0 && !remedy.is_empty(), "{lines}: {line}:{column} {remedy}");
    }
    let (_, _, _, remedy) = refused(&gate("thresholds: {errors: 1%}"));
    assert_eq!(remedy, "did you mean `metrics`?");
}

#[test]
fn two_checks_of_one_name_are_told_apart() {
    let one = format!("{{name: errors, {BAD}, {TOTAL}, max: 1%}}");
    let told = refused(&gate(&format!("metrics:\n  source: {{url: 'http://p'}}\n  checks:\n  - {one}\n  - {one}")));
    assert_eq!((told.0, told.2.as_str()), (8, "two checks are called `errors`"));
}

#[test]
fn every_bad_check_is_told_in_one_run() {
    let content = gate(&format!(
        "metrics:\n  source: {{url: 'prom:9090'}}\n  checks:\n  - {{name: a, {BAD}, max: 1%}}\n  - {{name: b, {BAD}, {TOTAL}, max: few}}\n  - {{name: c}}"
    ));
    let problems = load(&content, &[]).unwrap_err();
    let lines: Vec<usize> = problems.all().iter().map(|problem| problem.position.unwrap().0).collect();
    assert_eq!(lines, [5, 7, 8, 9], "{problems}");
}

#[test]
fn a_source_is_asked_in_one_way() {
    let url = "url: 'http://prom:9090'";
    let cases = [
        (format!("{url}, user: ann"), "`user` needs `passwordFile`"),
        (format!("{url}, passwordFile: p"), "`passwordFile` needs `user`"),
        (format!("{url}, cert: c"), "`cert` needs `key`"),
        (format!("{url}, key: k"), "`key` needs `cert`"),
        (format!("{url}, tokenFile: t, user: u, passwordFile: p"), "`tokenFile` and `user` are both given"),
        (format!("{url}, tokenFile: t, headers: {{authorization: x}}"), "the header `authorization` and `tokenFile`"),
        (
            format!("{url}, user: u, passwordFile: p, headers: {{Authorization: x}}"),
            "the header `Authorization` and `user`",
        ),
        (format!("{url}, headers: {{X-A: x, x-a: y}}"), "given twice"),
        (format!("{url}, headers: {{'X A': x}}"), "cannot be the name of a header"),
        (format!("{url}, headers: {{Content-Length: 3}}"), "crashgate sets itself"),
        (format!("{url}, headers: [x]"), "`metrics.source.headers` is a list, and must be a map"),
        (format!("{url}, ca: c, insecure: true"), "nobody looks at `ca`"),
        (format!("{url}, insecure: yes"), "`metrics.source.insecure` is `yes`"),
        (format!("{url}, token: abc"), "`token` is not a key that `metrics.source` knows"),
        ("url: 'prom:9090'".to_owned(), "not the URL of a Prometheus server"),
        ("url: 'http://prom?a=b'".to_owned(), "after a `?`"),
        ("url: '${NO_SUCH_URL}'".to_owned(), "`NO_SUCH_URL` is not set"),
    ];
    for (keys, sentence) in cases {
        let (line, _, told, remedy) = refused(&gate_of_source(&keys));
        assert!(line == 5 && told.contains(sentence) && !remedy.is_empty(), "{keys}: {line} {told}");
    }
    assert!(refused(&gate_of_source("url: 'http://p', token: abc")).3.contains("`tokenFile`"));
    assert!(metrics(&gate_of_source("url: 'http://p', insecure: true, tokenFile: t")).source.insecure);
    for (labels, sentence) in [
        ("{pod: a-b}", "cannot be a label of series"),
        ("{namespace: pod}", "the same label"),
        ("{pods: x}", "did you mean `pod`?"),
    ] {
        let content = gate_of_check(&["name: e", BAD, TOTAL, "max: 1%"])
            .replace("  checks:", &format!("  podLabels: {labels}\n  checks:"));
        let (line, _, told, remedy) = refused(&content);
        assert!(line == 6 && format!("{told} {remedy}").contains(sentence), "{labels}: {told} {remedy}");
    }
    for none in ["''", "none"] {
        let content = gate_of_check(&["name: e", BAD, TOTAL, "max: 1%"])
            .replace("  checks:", &format!("  podLabels: {{namespace: {none}}}\n  checks:"));
        assert_eq!(metrics(&content).pod_labels.namespace, None);
    }
}

#[test]
fn no_secret_of_a_source_is_shown_with_any_problem() {
    for (keys, sentence) in [
        ("url: 'http://p', headers: {X-Key: '${SECRET}'}", "the value of the header `X-Key`"),
        ("url: 'http://p', headers: {X-Key: 'hunter2ü'}", "the value of the header `X-Key`"),
        ("url: 'http://p', headers: {X-Key: 'hunter2${'}", "a `${` is never closed"),
        ("url: 'http://ann:hunter2@p'", "holds a user or a password"),
        // Another mistake on the line of a secret.
        ("url: 'http://p', headers: {X-Key: hunter2, Accept: hunter2}, cert: c", "`cert` needs `key`"),
        ("url: 'http://p', headers: {X-Key: [hunter2]}", "must be a single value"),
        ("url: 'http://p', header: {X-Key: x}", "did you mean `headers`?"),
    ] {
        let problems = load(&gate_of_source(keys), &[]).unwrap_err();
        let shown = problems.to_string();
        assert!(!shown.contains("hunter2"), "{keys}: {shown}");
        assert!(shown.contains(sentence) && shown.contains("gate.yaml:5:"), "{keys}: {shown}");
    }
}

#[test]
fn the_placeholder_of_pods_is_no_variable() {
    let check = check(&["name: e", "query: 'sum(a{$pods,tenant=\"${TENANT}\"})'", "max: 1"]);
    let Measure::Query { query, .. } = check.measure else { panic!() };
    assert_eq!(query, "sum(a{$pods,tenant=\"shop\"})");
}

#[test]
fn keys_of_metrics_without_metrics_are_refused_and_not_passed_over() {
    for (line, sentence) in [
        ("watchFor: 5m", "`watchFor` says how long metrics are watched, and the gate has no `metrics`"),
        ("stable: deployment/x", "`stable` says which pods metrics are compared with, and the gate has no `metrics`"),
        ("stable: {version: v1}", "`stable` says which pods metrics are compared with, and the gate has no `metrics`"),
    ] {
        let told = refused(&gate(line));
        assert_eq!((told.0, told.2.as_str()), (4, sentence));
    }
    let told = refused(
        &gate_of_check(&["name: e", BAD, TOTAL, "max: 1%"]).replace("metrics:", "stable: deployment/x\nmetrics:"),
    );
    assert!(told.0 == 4 && told.2.contains("no check compares") && told.3.contains("versus: stable"), "{told:?}");
    // By flag they must hold for one gate at least.
    for (key, text, flag) in [
        (Key::WatchFor, "5m", "--watch-for"),
        (Key::Stable, "previous", "--stable"),
        (Key::Metrics, "dry", "--metrics"),
    ] {
        let told = refused_with(&gate(""), &[(key, text)]);
        assert_eq!(told.2, format!("`{flag}` is given, and no gate has metrics"));
        let two = format!("{}---\n{}", gate(""), gate_of_check(&["name: e", BAD, TOTAL, "max: 1%"]));
        assert_eq!(load(&two, &[(key, text)]).unwrap().len(), 2);
        let mut flags = Overrides::default();
        flags.set(key, text);
        let problems = Live::read(&["deployment/x".to_owned()], false, false, flags).unwrap_err();
        assert!(problems.to_string().contains(flag), "{problems}");
    }
}

#[test]
fn a_flag_leaves_metrics_out_or_lets_them_decide_nothing() {
    let good = gate_of_check(&["name: e", BAD, TOTAL, "max: 1%"]);
    let plan = load(&good, &[(Key::Metrics, "dry")]).unwrap().remove(0);
    assert!(plan.metrics.as_ref().unwrap().dry);
    assert!(Summary(&plan).to_string().ends_with("metrics: e; watched for up to 30s; told only (dry)"));
    // What is left out need not even be complete: its variables may be those of the pipeline.
    let unset = gate("watchFor: 5m\nmetrics: {source: {url: '${NO_SUCH_URL}'}, checks: []}");
    let plan = load(&unset, &[(Key::Metrics, "none")]).unwrap().remove(0);
    assert_eq!(plan.metrics, None);
    for text in ["off", "", "source=http://p", "checks=x"] {
        let (.., sentence, remedy) = refused_with(&good, &[(Key::Metrics, text)]);
        assert!(sentence.contains("`metrics` is more than a flag can say"), "{text}: {sentence}");
        assert!(remedy.contains("`--metrics none` or `--metrics dry`"), "{text}: {remedy}");
    }
}

#[test]
fn every_recipe_is_a_gate_of_a_version_that_must_be_set() {
    let mut files: Vec<_> = fs::read_dir("manifests/metrics").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 5);
    for file in files {
        let validate = |version: Option<&str>| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_crashgate"));
            command
                .arg("validate")
                .arg("-f")
                .arg(&file)
                .env("PROM_URL", "http://prometheus:9090")
                .env_remove("VERSION");
            command.envs(version.map(|version| ("VERSION", version))).output().unwrap()
        };
        let good = validate(Some("v2"));
        let said = String::from_utf8_lossy(&good.stdout);
        assert!(good.status.success() && said.contains("metrics: errors, latency"), "{}: {good:?}", file.display());
        let unset = validate(None);
        let said = String::from_utf8_lossy(&unset.stderr);
        assert!(unset.status.code() == Some(2) && said.contains("`VERSION` is not set"), "{}: {said}", file.display());
    }
}

#[test]
fn validate_sums_up_what_is_checked() {
    let folder = TempDir::new().unwrap();
    let content = gate_of_check(&["name: errors", BAD, TOTAL, "versus: stable"]);
    fs::write(folder.path().join("gate.yaml"), content.replace("metrics:", "stable: {version: v1}\nmetrics:")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(["validate", "-f", "gate.yaml", "--watch-for", "5m"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.ends_with("; metrics: errors; watched for up to 5m; compared with version v1\n"), "{said}");
    fs::write(folder.path().join("gate.yaml"), gate_of_source("url: 'http://p', headers: {X-Key: hunter2}, cert: c"))
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(["validate", "-f", "gate.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("gate.yaml:5:") && said.contains("fix: add `key`") && !said.contains("hunter2"), "{said}");
}
