//! Gate files as plans of the service: what may be absent, what calls are allowed, and what is taken from the workload.

use std::collections::BTreeMap;

use crashgate::gate::model::{CanaryPhase, Selector, Workload};
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::{Grace, Pin, Revision, Until};
use crashgate::manifest::{Blueprint, Text};

use crate::scenario::Scenario;
use crate::scenario::objects::{canary, deployment, pod, replica_set, stateful_set};

fn text(content: &str) -> Text {
    Text { name: "checkout.yaml".to_owned(), content: content.to_owned() }
}

fn read(content: &str) -> Blueprint {
    Blueprint::read(&text(content), &|_| None).unwrap_or_else(|problems| panic!("{content}\n{problems}"))
}

#[track_caller]
fn refused(content: &str) -> String {
    Blueprint::read(&text(content), &|_| None).unwrap_err().to_string()
}

fn pin(name: &str) -> Pin {
    Pin { kind: crashgate::gate::model::WorkloadKind::Deployment, name: name.to_owned() }
}

/// A Deployment `web` whose template has these labels.
fn web(labels: &[(&str, &str)]) -> Workload {
    let mut web = deployment("web", "v2", 2);
    web.template.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    web
}

#[test]
fn a_plan_without_a_version_is_about_the_revision_that_is_there() {
    let plan = read("stableFor: 45s");
    assert_eq!((plan.namespace(), plan.workload(), plan.names_version()), (None, None, false));
    let workload = web(&[("app", "web"), ("version", "v2")]);
    let present = plan.present("shop", &workload);
    assert_eq!((present.app.as_str(), present.version.as_str(), present.namespace.as_str()), ("web", "v2", "shop"));
    assert_eq!(present.stable_for.as_secs(), 45);
    assert_eq!(present.workload, Some(pin("web")));
    let revision = Revision { uid: workload.uid.clone(), fingerprint: workload.template.fingerprint };
    assert_eq!(present.revision, Some(revision));
    let images: BTreeMap<_, _> = [("app".to_owned(), "registry.example:5000/shop/web:v2".to_owned())].into();
    assert_eq!(present.template.unwrap().images, images);
    assert_eq!(present.selector, Selector::equals([("app", "web"), ("version", "v2")]));
}

#[test]
fn the_revision_of_a_canary_is_the_template_of_its_target() {
    let mut target = deployment("web", "v2", 2);
    let mut pinned = canary(&target, CanaryPhase::Progressing);
    target.referrer = Some(pinned.reference());
    // A Canary has no template of its own: whoever reads it lends it that of its target.
    pinned.template.clone_from(&target.template);
    let plan = read("delay: 5s").present("shop", &pinned);
    let mut story = Scenario::new(plan);
    let set = replica_set(&target);
    story.workload(canary(&target, CanaryPhase::Progressing)).workload(target.clone()).workload(set.clone());
    story.pods([pod(&set, "a"), pod(&set, "b")]).at(5.0).still_open();
    // As where an environment variable is another one: neither a label nor an image tells.
    target.template.fingerprint += 1;
    story.workload(target);
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Superseded, "{outcome:?}");
    assert!(outcome.findings[0].message.contains("its pod template was changed"), "{outcome:?}");
}

#[test]
fn a_plan_with_a_version_waits_for_it_and_pins_no_revision() {
    let plan = read("version: v3\nworkload: deployment/web");
    assert!(plan.names_version());
    let present = plan.present("shop", &web(&[("app", "web"), ("version", "v2")]));
    assert_eq!((present.version.as_str(), present.revision, present.template), ("v3", None, None));
    assert_eq!(present.selector, Selector::equals([("app", "web"), ("version", "v3")]));
}

#[test]
fn what_the_plan_names_is_not_taken_from_the_workload() {
    let plan = read("app: checkout\nlabels: {version: release}\nselector: 'tier=web'");
    let present = plan.present("shop", &web(&[("app", "web"), ("version", "v2"), ("release", "r7")]));
    assert_eq!((present.app.as_str(), present.version.as_str()), ("checkout", "r7"));
    assert_eq!(present.version_label, "release");
    assert_eq!(present.selector.to_string(), "tier=web");

    let plan = read("labels: {app: team/name}");
    let present = plan.present("shop", &web(&[("app", "web"), ("team/name", "till"), ("version", "v2")]));
    assert_eq!(present.selector, Selector::equals([("team/name", "till"), ("version", "v2")]));
}

#[test]
fn before_the_workload_is_seen_the_plan_is_pinned_to_its_name() {
    let unseen = read("waitPeriod: 5m").unseen("shop", &pin("web"));
    assert_eq!((unseen.app.as_str(), unseen.version.as_str(), unseen.namespace.as_str()), ("web", "unknown", "shop"));
    assert_eq!((unseen.workload, unseen.revision, unseen.wait_period.as_secs()), (Some(pin("web")), None, 300));
}

#[test]
fn what_a_plan_names_limits_its_calls() {
    let free = read("delay: 5s");
    assert_eq!(free.admit("any", Some(&pin("web"))), Ok(pin("web")));
    assert!(free.admit("any", None).unwrap_err().starts_with("neither the plan nor the call names a workload"));

    let bound = read("namespace: shop\nworkload: deploy/web");
    assert_eq!(bound.namespace(), Some("shop"));
    assert_eq!(bound.admit("shop", None), Ok(pin("web")));
    assert_eq!(bound.admit("shop", Some(&pin("web"))), Ok(pin("web")));
    let said = "the plan is for namespace shop, and the call names namespace `till`";
    assert_eq!(bound.admit("till", None), Err(said.to_owned()));
    let said = "the plan is for deployment/web, and the call names `deployment/api`";
    assert_eq!(bound.admit("shop", Some(&pin("api"))), Err(said.to_owned()));
}

#[test]
fn a_call_that_makes_no_sense_of_the_plan_is_not_admitted() {
    let promoted = read("until: promoted");
    assert!(promoted.admit("shop", Some(&pin("web"))).unwrap_err().contains("never promoted"));
    let rollout = Pin { kind: crashgate::gate::model::WorkloadKind::Rollout, name: "web".to_owned() };
    assert_eq!(promoted.admit("shop", Some(&rollout)), Ok(rollout.clone()));
    assert_eq!(promoted.unseen("shop", &rollout).until, Until::Promoted);

    let compared = read(
        "stable: deployment/web\nmetrics: {source: {url: 'http://p:9090'}, checks: [{name: errors, bad: \
         'http_requests_total{$pods,code=~\"5..\"}', total: 'http_requests_total{$pods}', max: 1%, versus: stable}]}",
    );
    assert!(compared.admit("shop", Some(&pin("web"))).unwrap_err().contains("compared with itself"));
    assert_eq!(compared.admit("shop", Some(&pin("web-canary"))), Ok(pin("web-canary")));
}

#[test]
fn the_cluster_the_metrics_and_the_smoke_run_of_a_plan_are_kept() {
    let plan = read(
        "expect: {clusterUid: 6f9619ff-8b86-4d01-b42d-00c04fc964ff}\nsmoke: {image: 'shop/smoke:1'}\ngrace: {ImagePull: 7s}\nmetrics: {source: {url: \
         'http://p:9090'}, checks: [{name: latency, query: 'up{$pods}', min: 1}]}",
    );
    assert_eq!(plan.expect().cluster_uid.as_deref(), Some("6f9619ff-8b86-4d01-b42d-00c04fc964ff"));
    let present = plan.present("shop", &stateful_set("db", "v1", 1));
    let smoke = present.smoke.unwrap();
    assert_eq!(smoke.image, "shop/smoke:1");
    assert_eq!(smoke.grace[&Grace::ImagePull].as_secs(), 7);
    assert_eq!(present.metrics.unwrap().checks.len(), 1);
    assert_eq!(present.workload.unwrap().to_string(), "statefulset/db");
}

#[test]
fn variables_are_filled_in_and_one_that_is_missing_is_told_with_its_place() {
    let env = |name: &str| (name == "WAIT").then(|| "3m".to_owned());
    let plan = Blueprint::read(&text("waitPeriod: ${WAIT}\nstableFor: ${STABLE:-10s}"), &env).unwrap();
    let unseen = plan.unseen("shop", &pin("web"));
    assert_eq!((unseen.wait_period.as_secs(), unseen.stable_for.as_secs()), (180, 10));
    let said = refused("delay: ${DELAY}");
    assert!(said.starts_with("checkout.yaml:1:8: the environment variable `DELAY` is not set"), "{said}");
}

#[test]
fn mistakes_are_told_as_in_any_gate_file() {
    let said = refused("stablefor: 30s\nwaitPeriod: 1x");
    assert!(said.contains("checkout.yaml:1:1: `stablefor` is not a known key of a gate"), "{said}");
    assert!(said.contains("fix: did you mean `stableFor`?") && said.contains("checkout.yaml:2:13"), "{said}");
    assert!(!said.contains("has no `version`"), "a plan needs none: {said}");
    // The second of two keys, a list, a word: all as they ever were.
    for wrong in ["delay: 1s\ndelay: 2s", "- delay", "checkout", "smoke: {timeout: 5s}", "workload: checkout"] {
        assert!(refused(wrong).starts_with("checkout.yaml:"), "{wrong}");
    }
}

#[test]
fn a_file_is_one_gate_and_nothing_else() {
    let said = refused("delay: 5s\n---\ndelay: 7s");
    assert!(said.starts_with("checkout.yaml:3:1: this is a second gate, and a plan is one"), "{said}");
    let said = refused("delay: 5s\n---\n---\n");
    assert!(said.contains("a document between `---` lines is empty"), "{said}");
    for empty in ["", "\n\n", "# nothing yet\n", "---\n"] {
        assert!(refused(empty).contains("the file holds no gate"), "{empty:?}");
    }
    assert_eq!(read("---\n# ours\ndelay: 5s\n"), read("delay: 5s"));
}

#[test]
fn a_kubernetes_object_is_no_plan() {
    for (object, kind) in [
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}", "Deployment"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {}", "ConfigMap"),
        ("apiVersion: v1\nkind: List\nitems: []", "List"),
        ("delay: 5s\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}", "Pod"),
    ] {
        let said = refused(object);
        assert!(said.contains(&format!("this is a Kubernetes object (`{kind}`), and a plan is a gate")), "{said}");
    }
    assert!(refused("kind: Deployment").contains("has both `apiVersion` and `kind`"));
}

#[test]
fn plans_are_equal_where_they_judge_alike() {
    assert_eq!(read("delay: 5s\nstableFor: 30s"), read("# why\nstableFor: 0.5m\n\ndelay: 5s"));
    assert_ne!(read("delay: 5s"), read("delay: 6s"));
    assert_ne!(read("delay: 5s"), read("delay: 5s\nnamespace: default"), "one allows every namespace");
    assert_ne!(read("delay: 5s"), read("delay: 5s\nversion: unknown"), "one waits for a version");
    assert_ne!(read("delay: 5s"), read("delay: 5s\nexpect: {clusterUid: 6f9619ff-8b86-4d01-b42d-00c04fc964ff}"));
}
