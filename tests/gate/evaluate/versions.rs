//! What speaks for the gated version: no pass may come from pods that do not carry it.

use crashgate::gate::model::{ControllerRef, Role, TemplateContainer, Workload, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::{ManifestTemplate, Pin, Plan};

use crate::gate::{assert_says, web};
use crate::scenario::objects::{bare_pod, deployment, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

/// A gate by a selector of the user's own.
fn selecting(selector: &str) -> Plan {
    let mut plan = plan();
    plan.selector = selector.parse().unwrap();
    plan
}

fn pinned() -> Plan {
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    plan
}

#[test]
fn a_selector_without_the_version_passes_only_what_carries_it() {
    let mut story = Scenario::new(selecting("app=web"));
    let old = deployment("web", "v1", 1);
    let set = replica_set(&old);
    story.workload(old).workload(set.clone()).pod(pod(&set, "a"));
    assert_says(
        story.ends(),
        Verdict::NothingMatched,
        Code::NothingMatched,
        &["app=web", "the pods that match the selector run v1"],
    );

    let mut story = Scenario::new(selecting("app=web"));
    let set = web(&mut story, 1);
    story.pod(pod(&set, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn a_version_label_that_contradicts_beats_the_tag_of_an_image() {
    let mut story = Scenario::new(pinned());
    let mut web = deployment("web", "v2", 1);
    web.template.labels.insert("version".to_owned(), "v1".to_owned());
    let mut set = replica_set(&deployment("web", "v2", 1));
    set.template.labels.clone_from(&web.template.labels);
    story.workload(web).workload(set.clone()).pod(pod(&set, "a"));
    assert_says(story.ends(), Verdict::NothingMatched, Code::NothingMatched, &["deployment/web runs v1"]);
}

#[test]
fn a_bare_pod_and_one_of_an_unknown_owner_must_carry_the_version_too() {
    let mut plan = selecting("app=web");
    plan.replicas = Some(1);
    for owned in [false, true] {
        let mut story = Scenario::new(plan.clone());
        let mut old = bare_pod("a");
        old.labels.insert("version".to_owned(), "v1".to_owned());
        if owned {
            let reference = ControllerRef {
                api_version: "v1".to_owned(),
                kind: "Fleet".to_owned(),
                name: "web".to_owned(),
                uid: "r".to_owned(),
            };
            old.controller = Some(reference);
        }
        story.pod(old);
        assert_says(
            story.ends(),
            Verdict::NothingMatched,
            Code::NothingMatched,
            &["the pods that match the selector run v1"],
        );
    }
}

/// How a gate for `version` that is pinned to deployment/web ends, whose template has no version label and these
/// containers, each with its part and its image; the first message where it does not pass.
fn runs(
    version: &str,
    containers: &[(&str, Role, &str)],
    bend: impl FnOnce(&mut Plan, &mut Workload),
) -> Result<(), String> {
    let mut plan = pinned();
    version.clone_into(&mut plan.version);
    let mut web = deployment("web", "v2", 1);
    web.template.labels.remove("version");
    let containers = containers.iter().map(|&(name, role, image)| TemplateContainer {
        name: name.to_owned(),
        role,
        image: image.to_owned(),
    });
    web.template.containers = containers.collect();
    bend(&mut plan, &mut web);
    let mut set = replica_set(&deployment("web", "v2", 1));
    set.template = web.template.clone();
    let mut story = Scenario::new(plan);
    story.workload(web).workload(set.clone()).pod(pod(&set, "a"));
    let outcome = story.ends();
    if outcome.verdict == Verdict::Healthy {
        return Ok(());
    }
    assert_eq!(outcome.verdict, Verdict::NothingMatched, "{:?}", outcome.findings);
    Err(lead(outcome).message.clone())
}

#[test]
fn a_tag_or_digest_is_the_version_as_a_whole_or_not_at_all() {
    let one = |version, image| runs(version, &[("main", Role::App, image)], |_, _| {});
    assert_eq!(one("v1.2.3", "shop/x:v1.2.3"), Ok(()));
    assert_eq!(one("v1.2.3", "registry:5000/shop/x:v1.2.3@sha256:0a"), Ok(()));
    assert_eq!(one("sha256:0a", "registry:5000/shop/x@sha256:0a"), Ok(()));
    for (version, image, runs) in [
        ("v1.2", "shop/x:v1.2.3", "deployment/web runs v1.2.3"),
        ("v1.2.3", "shop/x:v1.2", "deployment/web runs v1.2"),
        ("2", "shop/x:v2", "deployment/web runs v2"),
        ("5000", "registry:5000/shop/x", "the image registry:5000/shop/x has neither tag nor digest"),
        ("latest", "shop/x", "the image shop/x has neither tag nor digest"),
        ("v2", "shop/v2", "the image shop/v2 has neither tag nor digest"),
        ("v2", "shop/x@sha256:0a", "deployment/web runs sha256:0a"),
        ("sha256:0", "shop/x@sha256:0a", "deployment/web runs sha256:0a"),
    ] {
        let said = one(version, image).unwrap_err();
        assert!(said.contains(runs), "{version} of {image}: {said}");
    }
}

#[test]
fn the_tag_of_a_container_beside_the_app_proves_nothing() {
    let proxy = ("proxy", Role::App, "mesh/proxy:v2");
    for app in [("web", Role::App, "shop/server:v1"), ("server", Role::App, "registry:5000/shop/web:v1")] {
        for containers in [[app, proxy], [proxy, app]] {
            assert!(runs("v2", &containers, |_, _| {}).unwrap_err().contains("deployment/web runs v1"));
            assert_eq!(runs("v1", &containers, |_, _| {}), Ok(()));
        }
    }
    for role in [Role::Init, Role::Sidecar] {
        let beside = ("proxy", role, "mesh/proxy:v2");
        assert!(runs("v2", &[beside, ("server", Role::App, "shop/x:v1")], |_, _| {}).is_err());
        assert_eq!(runs("v1", &[beside, ("server", Role::App, "shop/x:v1")], |_, _| {}), Ok(()));
    }
}

#[test]
fn where_the_apps_container_cannot_be_told_nothing_is_proven() {
    let two = [("one", Role::App, "shop/x:v1"), ("other", Role::App, "mesh/y:v2")];
    let said = runs("v2", &two, |_, _| {}).unwrap_err();
    for word in ["one (shop/x:v1)", "other (mesh/y:v2)", "ignoreContainers"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let ignoring = |plan: &mut Plan, _: &mut Workload| {
        plan.ignore_containers.insert("other".to_owned());
    };
    assert!(runs("v2", &two, ignoring).is_err());
    assert_eq!(runs("v1", &two, ignoring), Ok(()));
    let annotated = |_: &mut Plan, web: &mut Workload| web.template.main_container = Some("one".to_owned());
    assert!(runs("v2", &two, annotated).is_err());
    assert_eq!(runs("v1", &two, annotated), Ok(()));
    let same = [("one", Role::App, "shop/x:v2"), ("other", Role::App, "shop/y:v2")];
    assert_eq!(runs("v2", &same, |_, _| {}), Ok(()), "whichever it is");
}

#[test]
fn the_version_label_has_the_key_that_the_manifest_names() {
    let labelled = |key: &'static str, value: &'static str| {
        move |plan: &mut Plan, web: &mut Workload| {
            plan.version_label = "shop.example/version".to_owned();
            web.template.labels.insert(key.to_owned(), value.to_owned());
        }
    };
    let image = [("web", Role::App, "shop/web:v2")];
    assert!(runs("v2", &image, labelled("shop.example/version", "v1")).is_err());
    assert_eq!(runs("v1", &image, labelled("shop.example/version", "v1")), Ok(()));
    assert_eq!(runs("v2", &image, labelled("version", "v1")), Ok(()), "not the label that was named");
}

#[test]
fn a_selector_that_asks_for_the_version_in_some_label_is_proof() {
    let ends = |selector: &str, labels: &[(&str, &str)]| {
        let mut story = Scenario::new(selecting(selector));
        let mut one = bare_pod("a");
        one.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        one.containers[0].image = "shop/web@sha256:0a".to_owned();
        story.pod(one);
        story.ends().verdict
    };
    let carried = [("app", "web"), ("release", "v2")];
    assert_eq!(ends("app=web,release=v2", &carried), Verdict::Healthy);
    assert_eq!(ends("app=web,release in (v2)", &carried), Verdict::Healthy);
    assert_eq!(ends("app=web,release in (v1,v2)", &carried), Verdict::NothingMatched);
    assert_eq!(ends("app=web,release!=v1", &carried), Verdict::NothingMatched);
    assert_eq!(ends("app=web,release", &carried), Verdict::NothingMatched);
    let contradicting = [("app", "web"), ("release", "v2"), ("version", "v1")];
    assert_eq!(ends("app=web,release=v2", &contradicting), Verdict::NothingMatched);
}

#[test]
fn pods_of_an_older_revision_are_told_from_no_pods_at_all() {
    // The Deployment was rolled back before the gate began, and its old pods are still there.
    let mut story = Scenario::new(plan());
    let back = deployment("web", "v1", 1);
    let mut old = replica_set(&deployment("web", "v2", 0));
    old.controller = replica_set(&back).controller;
    story.workload(back).workload(old.clone()).pod(pod(&old, "a"));
    let outcome = story.ends().clone();
    assert_says(
        &outcome,
        Verdict::NothingMatched,
        Code::NothingMatched,
        &[
            "the pods that match the selector are of an older revision of deployment/web (a)",
            "deployment/web has version=v1",
        ],
    );
    assert!(!lead(&outcome).message.contains("no pod and no workload with the labels"), "{}", lead(&outcome).message);
}

/// How a gate ends that was made from a manifest with these images, where the live template has those; the first message
/// where it does not pass. The label says v2 in both.
fn deployed(manifest: &[(&str, &str)], live: &[(&str, &str)]) -> Result<(), String> {
    let of_manifest = |plan: &mut Plan, web: &mut Workload| {
        let images = manifest.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned()));
        plan.template = Some(ManifestTemplate { images: images.collect(), version_label: true });
        web.template.labels.insert("version".to_owned(), "v2".to_owned());
    };
    let live: Vec<_> = live.iter().map(|(name, image)| (*name, Role::App, *image)).collect();
    runs("v2", &live, of_manifest)
}

#[test]
fn the_live_template_must_have_every_image_of_the_manifest() {
    let app = ("web", "shop/web:9f2c");
    assert_eq!(deployed(&[app], &[app]), Ok(()));
    assert_eq!(deployed(&[app], &[("mesh", "mesh/proxy:1"), app]), Ok(()), "an injected container says nothing");
    assert_eq!(deployed(&[app], &[("web", "shop/web:9f2c@sha256:0a")]), Ok(()), "the digest of that tag was added");
    for (manifest, live, words) in [
        (
            vec![app],
            vec![("web", "shop/web:83b1")],
            "container web has the image shop/web:83b1 instead of shop/web:9f2c",
        ),
        (vec![app], vec![("web", "mirror.example/shop/web:9f2c")], "has the image mirror.example/shop/web:9f2c"),
        (vec![app], vec![("main", "shop/web:9f2c")], "it has no container web"),
        (vec![app, ("migrate", "shop/migrate:2")], vec![app], "it has no container migrate"),
        (vec![app, ("migrate", "shop/migrate:2")], vec![app, ("migrate", "shop/migrate:1")], "container migrate has"),
        (vec![("web", "shop/web:latest")], vec![("web", "shop/web:latest@sha256:0a")], "container web has"),
        (vec![("web", "shop/web")], vec![("web", "shop/web@sha256:0a")], "container web has"),
        (vec![("web", "shop/web")], vec![("web", "shop/web:latest")], "container web has"),
        (vec![("web", "shop/web@sha256:0a")], vec![("web", "shop/web@sha256:0b")], "container web has"),
        (vec![("web", "r:5000/web")], vec![("web", "r:5001/web")], "container web has"),
    ] {
        let said = deployed(&manifest, &live).unwrap_err();
        assert!(said.contains("deployment/web is not what the manifest says") && said.contains(words), "{said}");
    }
}

#[test]
fn the_label_of_the_manifest_must_be_on_the_live_template() {
    let image = [("web", Role::App, "shop/web:1")];
    let ends = |label: Option<&'static str>, version_label| {
        runs("v2", &image, |plan, web| {
            plan.template =
                Some(ManifestTemplate { images: [("web".to_owned(), "shop/web:1".to_owned())].into(), version_label });
            web.template.labels.extend(label.map(|label| ("version".to_owned(), label.to_owned())));
        })
    };
    assert_eq!(ends(Some("v2"), true), Ok(()));
    assert!(ends(Some("v1"), true).unwrap_err().contains("deployment/web runs v1"));
    assert!(ends(None, true).unwrap_err().contains("it has no label version"));
    assert_eq!(ends(None, false), Ok(()), "the version stands in the image, or was given");
}

#[test]
fn a_gate_of_a_manifest_waits_until_the_deploy_has_come() {
    let mut plan = pinned();
    let images = [("app".to_owned(), "registry.example:5000/shop/web:v3".to_owned())].into();
    plan.template = Some(ManifestTemplate { images, version_label: true });
    let mut story = Scenario::new(plan);
    // The chart's label stays as it is from deploy to deploy.
    let old = deployment("web", "v2", 1);
    let set = replica_set(&old);
    story.workload(old.clone()).workload(set.clone()).pod(pod(&set, "a")).at(20.0).still_open();
    let mut new = old;
    new.template.containers[0].image = "registry.example:5000/shop/web:v3".to_owned();
    new.template.fingerprint += 1;
    let mut new_set = replica_set(&new);
    new_set.uid.push_str("-new");
    new_set.template = new.template.clone();
    story.workload(new).workload(new_set.clone()).pod(pod(&new_set, "b"));
    let outcome = story.ends();
    assert_eq!(
        (outcome.verdict, outcome.decided_after),
        (Verdict::Healthy, crate::gate::seconds(30)),
        "{:?}",
        outcome.findings
    );
}
