//! Gates of what runs now: what is taken from a workload, and what is refused before any cluster is asked.

use crashgate::gate::model::{Role, TemplateContainer, Workload};
use crashgate::gate::spec::ManifestTemplate;
use crashgate::manifest::{Key, Live, Overrides, Present};

use crate::scenario::objects::{deployment, stateful_set};

fn flags(texts: &[(Key, &str)]) -> Overrides {
    let mut flags = Overrides::default();
    for (key, text) in texts {
        flags.set(*key, text);
    }
    flags
}

fn live(words: &[&str], texts: &[(Key, &str)]) -> Live {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Live::read(&words, words.is_empty(), false, flags(texts)).unwrap().unwrap()
}

/// What is wrong with the words and flags.
#[track_caller]
fn refused(words: &[&str], all: bool, has_files: bool, texts: &[(Key, &str)]) -> String {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Live::read(&words, all, has_files, flags(texts)).unwrap_err().to_string()
}

/// A Deployment `web` with these template labels and containers.
fn web(labels: &[(&str, &str)], images: &[(&str, &str)]) -> Workload {
    let mut web = deployment("web", "v2", 2);
    web.template.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let container = |(name, image): &(&str, &str)| TemplateContainer {
        name: (*name).to_owned(),
        role: Role::App,
        image: (*image).to_owned(),
    };
    web.template.containers = images.iter().map(container).collect();
    web
}

fn present(workload: &Workload) -> Present {
    live(&["deployment/web"], &[]).present("shop", workload)
}

#[test]
fn kinds_and_names_are_read_as_kubectl_users_type_them() {
    for words in [
        &["deployment/checkout"][..],
        &["deploy/checkout"],
        &["deployments/checkout"],
        &["Deployment/checkout"],
        &["deployments.apps/checkout"],
        &["deployment.v1.apps/checkout"],
        &["deployment", "checkout"],
        &["deploy", "checkout"],
    ] {
        let plan = live(words, &[]).unseen("shop");
        assert_eq!(plan.workload.unwrap().to_string(), "deployment/checkout", "{words:?}");
        assert_eq!((plan.app.as_str(), plan.namespace.as_str()), ("checkout", "shop"));
    }
    assert_eq!(live(&["sts/db"], &[]).unseen("shop").workload.unwrap().to_string(), "statefulset/db");
}

#[test]
fn the_version_is_that_of_the_label_else_of_the_apps_own_image() {
    let v = ("version", "v2");
    for (labels, images, version, taken) in [
        (&[v][..], &[("app", "shop/web:1")][..], "v2", "version v2, from the label version of its template"),
        (
            &[v, ("app.kubernetes.io/version", "2.3")],
            &[("app", "shop/web:1")],
            "2.3",
            "version 2.3, from the label app.kubernetes.io/version of its template",
        ),
        (&[], &[("app", "r:5000/shop/web:1.27")], "1.27", "version 1.27, from the image of its container app"),
        (
            &[],
            &[("app", "shop/web@sha256:abc")],
            "sha256:abc",
            "version sha256:abc, from the image of its container app",
        ),
        // The container that is named after the workload, and the repository's, go before the first.
        (&[], &[("proxy", "envoy:9"), ("web", "x:3")], "3", "version 3, from the image of its container web"),
        (&[], &[("proxy", "envoy:9"), ("main", "shop/web:4")], "4", "version 4, from the image of its container main"),
        (&[], &[("one", "a:1"), ("two", "b:2")], "1", "version 1, from the image of its container one, the first of 2"),
        (&[], &[("app", "shop/web")], "latest", "version latest, for the image of its container app has no tag"),
        // Nothing can be called by an empty label.
        (&[("version", "")], &[("app", "shop/web:5")], "5", "version 5, from the image of its container app"),
    ] {
        let present = present(&web(labels, images));
        assert_eq!((present.plan.version.as_str(), present.taken.as_str()), (version, taken), "{labels:?} {images:?}");
        assert_eq!(present.plan.workload.unwrap().to_string(), "deployment/web");
        let expected = ManifestTemplate {
            images: images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned())).collect(),
            version_label: taken.contains("label"),
        };
        assert_eq!(present.plan.template, Some(expected));
    }
}

#[test]
fn the_app_is_that_of_the_label_else_the_name() {
    let labelled = present(&web(&[("app.kubernetes.io/name", "checkout"), ("version", "v2")], &[("app", "a:1")]));
    assert_eq!(labelled.plan.app, "checkout");
    assert_eq!(
        labelled.taken,
        "app checkout, from the label app.kubernetes.io/name of its template; version v2, from the label version of its template"
    );
    assert_eq!(present(&web(&[], &[("app", "a:1")])).plan.app, "web");
    let flagged = live(&["deployment/web"], &[(Key::App, "shop-web")]);
    assert_eq!(flagged.present("shop", &web(&[("app", "x")], &[("app", "a:1")])).plan.app, "shop-web");
}

#[test]
fn flags_go_on_top() {
    let flags = [
        (Key::WaitPeriod, "5m"),
        (Key::Labels, "version=release"),
        (Key::IgnoreContainers, "proxy"),
        (Key::Namespace, "other"),
    ];
    let live = live(&["deployment/web"], &flags);
    assert_eq!(live.namespace(), Some("other"));
    let template = [("version", "v1"), ("release", "r7")];
    let plan = live.present("other", &web(&template, &[("app", "a:1")])).plan;
    assert_eq!((plan.version.as_str(), plan.wait_period.as_secs()), ("r7", 300));
    assert_eq!((plan.namespace.as_str(), plan.version_label.as_str()), ("other", "release"));
    let plan = live.present("other", &web(&[], &[("proxy", "p:9"), ("main", "m:2")])).plan;
    assert_eq!(plan.version, "2");
}

#[test]
fn a_version_that_is_given_is_waited_for() {
    let live = live(&["sts/db"], &[(Key::Version, "v3")]);
    assert!(live.names_version());
    let plan = live.unseen("shop");
    assert_eq!((plan.version.as_str(), plan.template), ("v3", None));
}

#[test]
fn of_a_whole_namespace_each_workload_has_its_own_gate() {
    let all = live(&[], &[(Key::StableFor, "5s")]);
    let db = all.present("shop", &stateful_set("db", "v7", 1)).plan;
    assert_eq!((db.workload.unwrap().to_string().as_str(), db.version.as_str()), ("statefulset/db", "v7"));
    assert_eq!((db.app.as_str(), db.stable_for.as_secs()), ("web", 5));
}

#[test]
fn mistakes_are_told_with_the_remedy() {
    for (words, expected) in [
        (
            &["checkout"][..],
            "error: `checkout` is a kind without a name, or a name without a kind\n  fix: write both, as in `deployment/checkout`; `--all` gates every workload of the namespace",
        ),
        (
            &["deploymnt/x"],
            "`deploymnt` in `KIND/NAME` is not a kind of workload that a gate can be pinned to\n  fix: did you mean `deployment/x`? The kinds are ",
        ),
        (
            &["pod", "x"],
            "`pod` in `KIND/NAME` is not a kind of workload that a gate can be pinned to\n  fix: the kinds are ",
        ),
        (
            &["deployment/"],
            "error: `` in `KIND/NAME` cannot be the name of a deployment\n  fix: write a kind and a name, as in `deployment/checkout`",
        ),
        (&["deployment", ""], "cannot be the name of a deployment"),
        (
            &["deployment/a", "sts/b"],
            "error: `deployment/a sts/b` is more than one workload\n  fix: name one; `--all` gates every workload of the namespace, and `-f` as many gates as its files have",
        ),
        (&["deployment", "a", "b"], "`deployment a b` is more than one workload"),
        (&["gate.yaml"], "error: `gate.yaml` is no workload\n  fix: a file is given with `-f`, as in `-f gate.yaml`"),
        (&["./charts/x.yml"], "fix: a file is given with `-f`, as in `-f ./charts/x.yml`"),
        (&["-"], "fix: a file is given with `-f`, as in `-f -`"),
    ] {
        let told = refused(words, false, false, &[]);
        assert!(told.contains(expected), "{words:?}: {told}");
        assert!(!told.contains("problems"), "one is enough: {told}");
    }
}

#[test]
fn what_contradicts_each_other_is_told_all_at_once() {
    let told = refused(&["deploy/x"], true, true, &[(Key::Workload, "sts/y"), (Key::Delay, "7")]);
    for part in [
        "`--delay` is `7`, which names no unit",
        "`--all` and `deploy/x` are both given\n  fix: leave out one of them",
        "`-f` and `--all` are both given, and each says what is gated",
        "`--workload` and `--all` are both given\n  fix: leave out `--workload`",
        "4 problems",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = refused(&["deploy/x"], false, true, &[(Key::Selector, "a=b")]);
    assert!(told.contains("`-f` and `deploy/x` are both given"), "{told}");
    assert!(told.contains("fix: leave out `--selector`: the pods are those of the workload"), "{told}");
    let told = refused(&[], true, false, &[(Key::App, "a"), (Key::Version, "v1")]);
    assert!(told.contains("`--app` and `--all` are both given") && told.contains("`--version`"), "{told}");
    let told = refused(&["deploy/x"], false, false, &[(Key::Until, "promoted")]);
    assert!(told.contains("deployment/x is of a kind that is never promoted"), "{told}");
    let told = refused(&["deploy/x"], false, false, &[(Key::Smoke, "timeout=1m")]);
    assert!(told.contains("`smoke` names no image"), "{told}");
}
