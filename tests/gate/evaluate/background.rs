//! Who still serves where a version did not come up, and what was changed in its template.

use crashgate::gate::model::{Detail, Source, TemplateParts, TroubleKind, Workload, WorkloadKind};
use crashgate::gate::result::{Background, OlderRevision, Outcome, Verdict};
use crashgate::gate::spec::{Pin, Plan};

use crate::scenario::objects::{
    Bend as _, canary, deployment, pod, replica_set, rollout, rollout_set, state_of, stateful_set,
};
use crate::scenario::{Scenario, plan};

/// The `ReplicaSet` of an older version of a Deployment, so many of whose pods are ready.
fn older(owner: &Workload, version: &str, revision: u64, ready: u32) -> Workload {
    let mut set = replica_set(&Workload { revision: Some(revision), ..deployment(&owner.name, version, ready) });
    set.detail = Detail::ReplicaSet { ready: Some(ready), replica_failure: None };
    set
}

/// A Deployment at its second revision and the `ReplicaSet` of that, which has no ready pod.
fn second(replicas: u32) -> (Workload, Workload) {
    let mut owner = Workload { revision: Some(2), ..deployment("web", "v2", replicas) };
    owner.available = Some(0);
    let mut set = replica_set(&owner);
    set.detail = Detail::ReplicaSet { ready: Some(0), replica_failure: None };
    (owner, set)
}

fn pinned(kind: WorkloadKind, name: &str) -> Plan {
    Plan { workload: Some(Pin { kind, name: name.to_owned() }), ..plan() }
}

/// An older revision: its version, its name and the number of its ready pods.
type Older<'a> = (Option<&'a str>, &'a str, u32);

/// Who serves, by workload.
fn serving(outcome: &Outcome) -> Vec<(&str, Vec<Older<'_>>)> {
    fn older(one: &OlderRevision) -> Older<'_> {
        (one.version.as_deref(), &one.name, one.ready)
    }
    let serving = outcome.background.serving.iter();
    serving.map(|serving| (serving.workload.as_str(), serving.older.iter().map(older).collect())).collect()
}

#[test]
fn the_version_that_still_serves_is_named_with_its_ready_pods() {
    let (owner, set) = second(2);
    let mut story = Scenario::new(plan());
    story.workload(owner.clone()).workload(older(&owner, "v0", 1, 1)).workload(older(&owner, "v1", 1, 3));
    story.workload(set.clone()).pod(pod(&set, "a").terminated("app", 1, "Error"));
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Failed);
    let expected = vec![(Some("v1"), "web-v1", 3), (Some("v0"), "web-v0", 1)];
    assert_eq!(serving(outcome), [("deployment/web", expected)]);
}

#[test]
fn where_no_revision_has_a_ready_pod_nothing_serves() {
    let (owner, set) = second(1);
    let mut story = Scenario::new(plan());
    story.workload(owner.clone()).workload(older(&owner, "v1", 1, 0)).workload(set.clone());
    story.pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), [("deployment/web", vec![])]);
}

#[test]
fn where_its_own_pods_alone_serve_nothing_is_said() {
    let (owner, set) = second(2);
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(set.clone()).pod(pod(&set, "a")).pod(pod(&set, "b").terminated("app", 1, "Error"));
    assert_eq!((story.ends().verdict, serving(story.ends())), (Verdict::Failed, vec![]));
}

#[test]
fn what_was_not_seen_fresh_is_not_told() {
    for source in [Source::Workloads(WorkloadKind::ReplicaSet), Source::Workloads(WorkloadKind::Deployment)] {
        let (owner, set) = second(1);
        let mut story = Scenario::new(plan());
        story.workload(owner.clone()).workload(older(&owner, "v1", 1, 3)).workload(set.clone());
        story.lose(source, TroubleKind::Unreachable).pod(pod(&set, "a").terminated("app", 1, "Error"));
        assert_eq!((story.ends().verdict, serving(story.ends())), (Verdict::Failed, vec![]), "{source}");
    }
    // A set that does not say how many of its pods are ready may have some.
    let (owner, set) = second(1);
    let mut silent = older(&owner, "v1", 1, 0);
    silent.detail = Detail::ReplicaSet { ready: None, replica_failure: None };
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(silent).workload(set.clone());
    story.pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), []);
    // The Deployment itself counts pods that the gate has not seen yet.
    let (mut owner, set) = second(1);
    owner.available = Some(1);
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(set.clone()).pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), []);
}

#[test]
fn an_older_template_of_the_same_version_is_no_other_version() {
    let (owner, set) = second(1);
    let mut before = older(&owner, "v2", 1, 2);
    (before.uid, before.name, before.template.fingerprint) = ("before".to_owned(), "web-before".to_owned(), 1);
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(before).workload(set.clone()).pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), [("deployment/web", vec![(None, "web-before", 2)])]);
}

#[test]
fn of_kinds_without_replica_sets_the_pods_that_were_seen_are_told() {
    let mut owner = stateful_set("web", "v2", 3);
    owner.available = Some(0);
    let old = |name: &str| {
        let mut old = pod(&stateful_set("web", "v1", 3), name);
        old.controller.clone_from(&pod(&stateful_set("web", "v2", 3), name).controller);
        old
    };
    let broken = |name: &str| pod(&stateful_set("web", "v2", 3), name).terminated("app", 1, "Error");
    let mut story = Scenario::new(pinned(WorkloadKind::StatefulSet, "web"));
    story.workload(owner.clone()).pod(old("web-0")).pod(old("web-1").deleting()).pod(broken("web-2"));
    assert_eq!(serving(story.ends()), [("statefulset/web", vec![(Some("v1"), "web-v1", 1)])]);
    let mut story = Scenario::new(pinned(WorkloadKind::StatefulSet, "web"));
    story.workload(owner.clone()).pod(broken("web-2"));
    assert_eq!(serving(story.ends()), [("statefulset/web", vec![])]);
    // Without a pin the pods of other versions are not watched: that none was seen says nothing.
    let mut story = Scenario::new(plan());
    story.workload(owner).pod(broken("web-2"));
    assert_eq!((story.ends().verdict, serving(story.ends())), (Verdict::Failed, vec![]));
}

#[test]
fn of_a_rollout_the_stable_set_serves() {
    let mut owner = rollout("web", "v2", 4);
    (state_of(&mut owner).stable_hash, owner.available) = (Some("v1".to_owned()), Some(3));
    let mut set = rollout_set(&owner, 1);
    set.detail = Detail::ReplicaSet { ready: Some(0), replica_failure: None };
    let mut stable = rollout_set(&rollout("web", "v1", 4), 3);
    stable.controller.clone_from(&set.controller);
    stable.detail = Detail::ReplicaSet { ready: Some(3), replica_failure: None };
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(set.clone()).workload(stable).pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), [("rollout/web", vec![(Some("v1"), "web-v1", 3)])]);
}

#[test]
fn of_the_target_of_a_canary_its_copy_serves() {
    let (mut owner, set) = second(1);
    let analysis = canary(&owner, crashgate::gate::model::CanaryPhase::Progressing);
    owner.referrer = Some(analysis.reference());
    let primary = deployment("web-primary", "v1", 2);
    let mut story = Scenario::new(plan());
    story.workload(analysis.clone()).workload(owner.clone()).workload(set.clone()).workload(primary);
    story.pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!(serving(story.ends()), [("deployment/web", vec![(Some("v1"), "web-primary", 2)])]);
    // Without its copy nobody can say that nothing serves.
    let mut story = Scenario::new(plan());
    story.workload(analysis).workload(owner).workload(set.clone()).pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_eq!((story.ends().verdict, serving(story.ends())), (Verdict::Failed, vec![]));
}

#[test]
fn a_pass_has_no_background() {
    let owner = Workload { revision: Some(2), ..deployment("web", "v2", 1) };
    let set = replica_set(&owner);
    let mut story = Scenario::new(plan());
    story.workload(owner.clone()).workload(older(&owner, "v1", 1, 3)).workload(set.clone()).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, &outcome.background), (Verdict::Healthy, &Background::default()));
    assert_eq!((outcome.proved.crashes, outcome.proved.allowed), (0, 0));
}

/// Parts of a template, each with its container, its name, and the value that is shown.
fn parts(all: &[(&str, &str, u64, &str)]) -> TemplateParts {
    TemplateParts::of(all.iter().copied())
}

/// What was changed between two revisions, in words: `since web-v1: app image a → b`.
fn changed(outcome: &Outcome) -> Vec<String> {
    let of = |changes: &crashgate::gate::result::TemplateChanges| {
        let since = changes.from.name.clone();
        let told = changes.changes.iter().map(move |change| {
            let place = change.container.as_deref().unwrap_or("pod");
            let values = (change.before.as_deref().unwrap_or("-"), change.after.as_deref().unwrap_or("-"));
            format!("{since}: {place} {} {:?} {} {}", change.part, change.how, values.0, values.1)
        });
        told.collect::<Vec<_>>()
    };
    outcome.background.changes.iter().flat_map(of).collect()
}

/// How a rollout ends whose new template has these parts, after older ones with their revisions, ready pods and parts.
fn rolled_out(old: &[(&str, u64, u32, TemplateParts)], new: TemplateParts) -> Scenario {
    let (owner, mut set) = second(1);
    set.template.parts = new;
    let mut story = Scenario::new(plan());
    story.workload(owner.clone());
    for (version, revision, ready, parts) in old {
        let mut set = older(&owner, version, *revision, *ready);
        set.template.parts = parts.clone();
        story.workload(set);
    }
    story.workload(set.clone()).pod(pod(&set, "a").terminated("app", 1, "Error"));
    story
}

#[test]
fn what_was_changed_is_told_the_more_telling_first() {
    let before = parts(&[
        ("", "label team", 1, "a"),
        ("", "label version", 1, "v1"),
        ("app", "args", 1, ""),
        ("app", "args --port", 1, ""),
        ("app", "env A", 1, ""),
        ("app", "env B", 1, "secretKeyRef db/url"),
        ("app", "image", 1, "shop/web:1"),
        ("app", "limits.memory", 1, "64Mi"),
        ("app", "port 80", 1, "http"),
    ]);
    let after = parts(&[
        ("", "label team", 2, "b"),
        ("", "label version", 2, "v2"),
        ("app", "args", 2, ""),
        ("app", "args --port", 1, ""),
        ("app", "args --enable-3ds", 1, ""),
        ("app", "env A", 2, ""),
        ("app", "image", 2, "shop/web:2"),
        ("app", "limits.memory", 1, "64Mi"),
        ("app", "port 80", 2, "http"),
        ("app", "workingDir", 1, "/srv"),
    ]);
    let mut story = rolled_out(&[("v1", 1, 0, before)], after);
    let expected = [
        "web-v1: app image Changed shop/web:1 shop/web:2",
        "web-v1: app args --enable-3ds Added - -",
        "web-v1: app env A Changed - -",
        "web-v1: app env B Removed secretKeyRef db/url -",
        "web-v1: app port 80 Changed - -",
        "web-v1: app workingDir Added - /srv",
        "web-v1: pod label team Changed a b",
    ];
    assert_eq!(changed(story.ends()), expected);
}

#[test]
fn the_template_is_compared_with_that_which_serves_or_else_with_the_last_one() {
    let image = |tag: u64, name: &'static str| parts(&[("app", "image", tag, name)]);
    let old = |ready: [u32; 2]| [("v0", 0, ready[0], image(0, "zero")), ("v1", 1, ready[1], image(1, "one"))];
    let told = |ready| changed(rolled_out(&old(ready), image(2, "two")).ends());
    assert_eq!(told([0, 0]), ["web-v1: app image Changed one two"]);
    assert_eq!(told([2, 1]), ["web-v0: app image Changed zero two"]);
    assert_eq!(told([1, 2]), ["web-v1: app image Changed one two"]);
}

#[test]
fn where_a_template_is_not_known_or_only_the_version_changed_nothing_is_told() {
    let version = |hash: u64| parts(&[("", "label version", hash, "v"), ("app", "image", 1, "a")]);
    assert_eq!(changed(rolled_out(&[("v1", 1, 1, version(1))], version(2)).ends()), [""; 0]);
    let unknown = TemplateParts::default();
    assert_eq!(changed(rolled_out(&[("v1", 1, 1, unknown.clone())], version(2)).ends()), [""; 0]);
    assert_eq!(changed(rolled_out(&[("v1", 1, 1, version(1))], unknown).ends()), [""; 0]);
    assert_eq!(changed(rolled_out(&[], version(1)).ends()), [""; 0]);
}

#[test]
fn a_gate_that_could_not_see_tells_of_no_change() {
    let image = |tag: u64| parts(&[("app", "image", tag, "x")]);
    let mut story = rolled_out(&[], image(2));
    assert_eq!(story.ends().verdict, Verdict::Failed);
    let (owner, mut set) = second(1);
    set.template.parts = image(2);
    let mut before = older(&owner, "v1", 1, 1);
    before.template.parts = image(1);
    let mut story = Scenario::new(plan());
    story.workload(owner).workload(before).workload(set.clone()).pod(pod(&set, "a").unready());
    story.at(5.0).gate.end(std::time::Duration::from_secs(6), Verdict::Interrupted);
    let outcome = story.ends();
    assert_eq!((outcome.verdict, changed(outcome)), (Verdict::Interrupted, vec![]));
    assert_eq!(serving(outcome).len(), 1, "who serves is known all the same");
}
