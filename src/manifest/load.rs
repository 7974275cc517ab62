//! From sources and flags to plans.

use crate::gate::spec::{Plan, Until};

use super::concealed::concealed;
use super::definitions::Key;
use super::diagnostics::{Diagnostic, Diagnostics, Message, Place, Problems};
use super::expand::Env;
use super::expected::Expected;
use super::left_out::{LeftOut, Why};
use super::node::{Node, Value};
use super::objects::{self, Object};
use super::origin::Origin;
use super::overrides::Overrides;
use super::resolve::resolve;
use super::source::{Source, Text};
use super::{gate, tree, workload};

/// A plan, and where it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// The cluster that it is about.
    pub expect: Expected,
    /// Where its document begins. `None` where the flags alone made the gate.
    pub origin: Option<Origin>,
}

/// What is added to the kind of a hook, where the kinds of a file are listed.
const HOOK: &str = " (a hook)";

/// What manifests hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// Every gate, in their order.
    pub gates: Vec<Loaded>,
    /// Every Kubernetes object that is not gated, in their order.
    pub left_out: Vec<LeftOut>,
}

/// Reads every source and lays the flags over each gate in it. Without sources the flags alone make one gate. `env`
/// reads an environment variable, `None` where it is not set.
///
/// # Errors
/// Every problem of all sources and flags together, in their order; see [`Diagnostics`].
pub fn load(sources: &[Source], flags: &Overrides, env: Env<'_>) -> Result<Manifests, Diagnostics> {
    let mut problems: Vec<Diagnostic> =
        flags.problems().iter().map(|problem| Diagnostic::of_flags(&problem.message)).collect();
    let (mut gates, mut left_out) = (Vec::new(), Vec::new());
    for (index, source) in sources.iter().enumerate() {
        if sources[..index].contains(source) {
            problems.push(Diagnostic::of_flags(&given_twice(source)));
            continue;
        }
        match source.read() {
            Ok(text) => gates.extend(read_text(&text, flags, env, &mut problems, &mut left_out)),
            Err(problem) => problems.push(problem),
        }
    }
    if sources.is_empty() {
        let mut missing = Problems::default();
        match flags.draft().finish(None, &mut missing) {
            Ok((plan, expect)) => gates.push(Some(Loaded { plan, expect, origin: None })),
            Err(_) if flags.is_empty() => problems.push(Diagnostic::of_flags(&Message::new(
                "nothing says which gate is meant",
                "give a file with `-f gate.yaml`, or `--app`, `--version` and `--namespace`",
            ))),
            Err(_) => problems.extend(missing.all().iter().map(|problem| without_file(&problem.message))),
        }
    }
    if gates.len() > 1 {
        for key in Key::ALL.into_iter().filter(|key| flags.is_of_one_gate(*key)) {
            let flag = key.flag().unwrap_or(key.name());
            problems.push(Diagnostic::of_flags(&Message::new(
                format!("`{flag}` is given for one gate, and the manifests have {}", gates.len()),
                format!("write `{}` into each gate, or run one gate at a time", key.name()),
            )));
        }
    }
    // Asked for on the command line, it must hold for something.
    if problems.is_empty() && flags.promoted() && gates.iter().flatten().all(|gate| gate.plan.until == Until::Step) {
        problems.push(Diagnostic::of_flags(&Message::new(
            "`--until` is `promoted`, and no workload of the manifests is of a kind that is ever promoted",
            "leave out `--until`: a gate of such a workload passes once the whole rollout is healthy",
        )));
    }
    if problems.is_empty() && gates.iter().flatten().all(|gate| gate.plan.metrics.is_none()) {
        problems.extend(flags.metrics_without_file().iter().map(Diagnostic::of_flags));
    }
    Diagnostics::none_or_err(problems)?;
    Ok(Manifests { gates: gates.into_iter().flatten().collect(), left_out })
}

fn given_twice(source: &Source) -> Message {
    let name = match source {
        Source::Stdin => "-".to_owned(),
        Source::File(path) => path.display().to_string(),
        Source::Text(text) => text.name.clone(),
    };
    Message::new(format!("`-f {name}` is given twice"), "give each file once")
}

/// What a gate lacks that has no file to lack it.
fn without_file(message: &Message) -> Diagnostic {
    Diagnostic::of_flags(&Message::new(
        message.sentence.clone(),
        format!("{}, or a file with `-f gate.yaml`", message.remedy),
    ))
}

/// The gates of one text: `None` for one that has problems, so that it still counts.
fn read_text(
    text: &Text,
    flags: &Overrides,
    env: Env<'_>,
    all: &mut Vec<Diagnostic>,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Option<Loaded>> {
    let tree::Parsed { documents, mut problems } = tree::parse(&text.content);
    let mut gates = Vec::new();
    let mut others = Vec::new();
    let mut empty = Vec::new();
    let mut items = Vec::new();
    for document in &documents {
        let is_empty_list = || document.get("items").is_some() && document.get("kind").is_some();
        match objects::objects(document) {
            _ if matches!(document.value, Value::Null(_)) => empty.push(document.place),
            found if !found.is_empty() => items.extend(found),
            _ if is_empty_list() => others.push("an empty List".to_owned()),
            _ => items.push(Object::Gate(document)),
        }
    }
    resolve(&mut items);
    for item in items {
        let (draft, start) = match item {
            Object::Gate(document) => (gate::read(document, flags, env, &mut problems), start_of(document)),
            Object::Workload { kind, root, template } => {
                (workload::read(kind, root, template, flags, &mut problems), start_of(root))
            }
            Object::LeftOut(kind, node, why) => {
                let is_hook = matches!(why, Why::Hook { .. });
                others.push(if is_hook { format!("{kind}{HOOK}") } else { kind.to_owned() });
                let origin = Origin { file: text.name.clone(), line: start_of(node).line };
                left_out.push(LeftOut { origin, name: objects::name(kind, node), why });
                continue;
            }
            Object::Refused(problem) => {
                problems.add(problem);
                continue;
            }
        };
        let origin = Origin { file: text.name.clone(), line: start.line };
        let plan = draft.finish(Some(start), &mut problems).ok();
        gates.push(plan.map(|(plan, expect)| Loaded { plan, expect, origin: Some(origin) }));
    }
    if gates.is_empty() && problems.all().is_empty() {
        problems.report(None, no_gate(&text.content, &others));
    } else if others.is_empty() && !gates.is_empty() {
        // Rendered Kubernetes manifests are full of empty documents; between gates one is a gate that got lost.
        for place in empty {
            problems.report(in_text(place, &text.content), empty_document());
        }
    }
    let shown = concealed(&text.content, &documents);
    all.extend(problems.sorted().iter().map(|problem| Diagnostic::in_text(&text.name, &shown, problem)));
    gates
}

/// Where a document begins: its first key.
pub(super) fn start_of(document: &Node) -> Place {
    match &document.value {
        Value::Map(entries) => entries.first().map_or(document.place, |(key, _)| key.place),
        _ => document.place,
    }
}

/// The place, where the text has such a line; else its last line.
pub(super) fn in_text(place: Place, text: &str) -> Place {
    Place { line: place.line.min(text.lines().count().max(1)), column: 1, width: 1 }
}

pub(super) fn empty_document() -> Message {
    Message::new("a document between `---` lines is empty", "remove a `---` line, or write a gate there")
}

fn no_gate(text: &str, others: &[String]) -> Message {
    let sentence = if text.trim().is_empty() {
        "the file is empty".to_owned()
    } else if text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
        "the file holds nothing but comments".to_owned()
    } else if others.is_empty() {
        "every document of the file is empty".to_owned()
    } else {
        let mut kinds = others.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        format!("the file holds no gate and no workload, only {}", kinds.join(", "))
    };
    if others.iter().any(|other| other.ends_with(HOOK)) {
        return Message::new(
            sentence,
            "give the manifest of what is deployed as well; `crashgate check job/migrate` gates one by itself",
        );
    }
    Message::new(
        sentence,
        "write a gate (`app`, `version`, `namespace`), or give the manifest of a Deployment, StatefulSet, DaemonSet, Job, Rollout or CloneSet",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Diagnostic, Diagnostics, Expected, Key, Loaded, Overrides, Text, read_text};
    use crate::gate::model::Selector;
    use crate::gate::spec::{Grace, ManifestTemplate, MinReady, Plan};

    fn overrides(flags: &[(Key, &str)]) -> Overrides {
        let mut overrides = Overrides::default();
        for (key, text) in flags {
            overrides.set(*key, text);
        }
        overrides
    }

    fn read(content: &str, flags: &[(Key, &str)]) -> Result<Vec<Loaded>, Vec<Diagnostic>> {
        let text = Text { name: "gate.yaml".to_owned(), content: content.to_owned() };
        let env = |name: &str| (name == "TAG").then(|| "v2: {a: b}\n".trim_end().to_owned());
        let mut problems = Vec::new();
        let gates = read_text(&text, &overrides(flags), &env, &mut problems, &mut Vec::new());
        if problems.is_empty() {
            assert!(gates.iter().all(Option::is_some), "refused without a word: {content}");
            return Ok(gates.into_iter().flatten().collect());
        }
        Err(problems)
    }

    fn plan(content: &str) -> Plan {
        let mut gates = read(content, &[]).unwrap();
        assert_eq!(gates.len(), 1);
        gates.remove(0).plan
    }

    #[test]
    fn three_keys_make_a_gate_with_every_default() {
        assert_eq!(plan("app: a\nversion: v1\nnamespace: n\n"), Plan::new("a", "v1", "n"));
    }

    #[test]
    fn every_key_is_understood() {
        let plan = plan(
            "app: checkout\nversion: v2.3.1\nnamespace: shop\ndelay: 5s\nwaitPeriod: 2m\nstableFor: 0s\nmaxRestarts: 2\n\
             workload: sts/checkout\nselector: app=checkout\nlabels: {app: a.io/app, version: a.io/version}\n\
             replicas: 3\nminReady: 95%\ngrace: {ImagePull: 30s, Config: 0s}\nignoreContainers: [istio-proxy, log]\n",
        );
        assert_eq!(plan.delay, Duration::from_secs(5));
        assert_eq!(plan.wait_period, Duration::from_mins(2));
        assert_eq!(plan.stable_for, Duration::ZERO);
        assert_eq!(plan.max_restarts, 2);
        assert_eq!(plan.workload.unwrap().to_string(), "statefulset/checkout");
        assert_eq!(plan.selector.to_string(), "app=checkout");
        assert_eq!(plan.version_label, "a.io/version");
        assert_eq!(plan.replicas, Some(3));
        assert_eq!(plan.min_ready, Some(MinReady::Percent(95)));
        assert_eq!(plan.grace[&Grace::ImagePull], Duration::from_secs(30));
        assert_eq!(plan.grace[&Grace::Config], Duration::ZERO);
        assert_eq!(plan.ignore_containers.len(), 2);
    }

    #[test]
    fn versions_are_kept_as_they_are_written() {
        for version in ["1.10", "007", "1e3", "0x10", "yes", "true", "1_000", "2026-01-01"] {
            assert_eq!(plan(&format!("app: a\nversion: {version}\nnamespace: n\n")).version, version);
        }
    }

    #[test]
    fn labels_change_the_default_selector() {
        let plan = plan("app: a\nversion: v1\nnamespace: n\nlabels: {version: a.io/version}\n");
        assert_eq!(plan.selector, Selector::equals([("app", "a"), ("a.io/version", "v1")]));
    }

    #[test]
    fn a_variable_cannot_become_yaml() {
        let gate = "app: a\nversion: ${TAG}\nnamespace: n\nselector: app=a\n";
        assert_eq!(plan(gate).version, "v2: {a: b}");
    }

    #[test]
    fn flags_win_and_what_they_replace_is_not_read() {
        let gate = "app: a\nversion: ${UNSET}\nnamespace: n\ndelay: 60\ngrace: {Config: 1s, Quota: 1s}\n";
        let flags = [(Key::Version, "v9"), (Key::Delay, "7s"), (Key::Grace, "Config=3s"), (Key::Grace, "Volume=4s")];
        let plan = read(gate, &flags).unwrap().remove(0).plan;
        assert_eq!((plan.version.as_str(), plan.delay), ("v9", Duration::from_secs(7)));
        let graces: Vec<_> = plan.grace.into_iter().map(|(grace, time)| (grace.name(), time.as_secs())).collect();
        assert_eq!(graces, [("Config", 3), ("Volume", 4), ("Quota", 1)]);
    }

    #[test]
    fn a_gate_knows_where_it_is_written() {
        let gates = read("# one\napp: a\nversion: v1\nnamespace: n\n---\n\napp: b\nversion: v1\nnamespace: n\n", &[]);
        let lines: Vec<_> = gates.unwrap().into_iter().map(|gate| gate.origin.unwrap().line).collect();
        assert_eq!(lines, [2, 7]);
    }

    #[test]
    fn a_workload_manifest_is_a_gate() {
        let manifest = "\
apiVersion: v1
kind: ConfigMap
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, unknown: [fine]}
spec:
  template:
    metadata: {labels: {app.kubernetes.io/name: checkout, app.kubernetes.io/version: 1.10}}
    spec: {containers: [{name: app, image: 'registry:5000/app:1', args: ['${NOT_OURS}']}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec: {template: {spec: {containers: [{name: migrate, image: 'registry:5000/migrate:7'}]}}}
";
        let gates = read(manifest, &[(Key::WaitPeriod, "5m")]).unwrap();
        let said: Vec<_> = gates.iter().map(|gate| super::super::Summary(&gate.plan).to_string()).collect();
        assert_eq!(
            said,
            [
                "checkout 1.10 in shop: pinned to deployment/web; delay 10s; wait 5m; stable 30s",
                "migrate 7 in shop: pinned to job/migrate; delay 10s; wait 5m; stable 30s",
            ]
        );
        assert_eq!(gates[0].plan.version_label, "app.kubernetes.io/version");
        let template = |images: &[(&str, &str)], version_label| ManifestTemplate {
            images: images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned())).collect(),
            version_label,
        };
        assert_eq!(gates[0].plan.template, Some(template(&[("app", "registry:5000/app:1")], true)));
        assert_eq!(gates[1].plan.template, Some(template(&[("migrate", "registry:5000/migrate:7")], false)));
    }

    #[test]
    fn flags_alone_make_a_gate() {
        let flags = overrides(&[(Key::App, "a"), (Key::Version, "v1"), (Key::Namespace, "n")]);
        let gates = super::load(&[], &flags, &|_| None).unwrap();
        assert_eq!(
            gates.gates,
            [Loaded { plan: Plan::new("a", "v1", "n"), expect: Expected::default(), origin: None }]
        );
        let nothing: Diagnostics = super::load(&[], &Overrides::default(), &|_| None).unwrap_err();
        assert_eq!(nothing.all().len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_it_panic(text in "\\PC{0,200}") {
            let _ = read(&text, &[]);
        }

        #[test]
        fn no_text_that_looks_like_yaml_makes_it_panic(
            parts in proptest::collection::vec(prop::sample::select(vec![
                "app", "version", "namespace", "delay", "grace", "labels", ": ", "\n", "  ", "- ", "[", "]", "{", "}",
                "&a ", "*a", "<<", "---\n", "\t", "\"", "'", "|", "${", "${TAG}", "}", "null", "~", "1s", "!x ", "? ", "#",
                "apiVersion: apps/v1\nkind: Deployment\n", "items", "ö", "\u{1F600}", "%", ",",
            ]), 0..40),
        ) {
            if let Err(problems) = read(&parts.concat(), &[]) {
                for problem in problems {
                    let shown = problem.to_string();
                    prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{:?}", shown);
                }
            }
        }

        #[test]
        fn no_duration_makes_it_panic(text in "[0-9a-zµ. -]{0,40}|[0-9]{1,22}(s|ms|ns|h|y|w)( [0-9]{1,22}(s|ms|ns|h|y|w)){0,4}") {
            let _ = super::super::duration::parse("delay", &text, super::super::duration::Zero::Allowed);
        }
    }
}
