//! Every key of a gate, each defined once. To add one, add it here and a field to the plan.

use crate::gate::spec::{Grace, MinReady, Plan, Until};

use super::draft::put;
use super::duration::{self, Zero};
use super::expect::EXPECT;
use super::keys::{FlagTakes, Form, Group, KeyDefinition, Need};
use super::metrics::{self, METRICS, STABLE};
use super::smoke::SMOKE;
use super::value_type as of;
use super::values;

/// Makes the list of keys and their definitions from one entry a key. What an entry leaves out is as in
/// [`KeyDefinition::NEW`].
macro_rules! keys {
    ($($key:ident { description: $description:literal, $($field:ident: $value:expr),+ $(,)? }),+ $(,)?) => {
        /// A top-level key of a gate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $(#[doc = $description] $key),+
        }

        impl Key {
            /// Every key, in the order of the documentation.
            pub const ALL: [Self; [$(stringify!($key)),+].len()] = [$(Self::$key),+];

            /// Returns all that is known of the key.
            pub(super) fn definition(self) -> &'static KeyDefinition {
                match self {
                    $(Self::$key => {
                        static DEFINITION: KeyDefinition = KeyDefinition {
                            description: $description,
                            $($field: $value,)+
                            ..KeyDefinition::NEW
                        };
                        &DEFINITION
                    })+
                }
            }
        }
    };
}

keys!(
    App {
        description: "The app's name. Without `selector` and `workload` it is also the value of the pods' label `app`.",
        name: "app",
        example: "checkout",
        other_names: &["name"],
        form: Form::Scalar(&of::TEXT, |to, name, text| put(&mut to.plan.app, values::line(name, text))),
        flag: Some("--app"),
        value_name: "NAME",
        help: "The app's name",
        need: Need::ByKey,
        is_of_one_gate: true,
    },
    Version {
        description: "The version that must come up. Without `selector` and `workload` it is also the value of the \
                      pods' label `version`. Kept as it is written: 1.10 stays 1.10.",
        name: "version",
        example: "v2.3.1",
        other_names: &["tag", "image"],
        form: Form::Scalar(&of::TEXT, |to, name, text| put(&mut to.plan.version, values::line(name, text))),
        flag: Some("--version"),
        value_name: "VERSION",
        help: "The version of the app that must become healthy",
        need: Need::ByKey,
        is_of_one_gate: true,
    },
    Namespace {
        description: "The namespace of the pods. Required here or by --namespace.",
        name: "namespace",
        example: "shop",
        other_names: &["ns"],
        form: Form::Scalar(&of::NAMESPACE, |to, name, text| {
            put(&mut to.plan.namespace, values::namespace(name, text))
        }),
        flag: Some("--namespace"),
        short: Some('n'),
        value_name: "NAMESPACE",
        help: "The namespace of the pods",
        need: Need::ByKeyOrFlag,
    },
    Delay {
        description: "A pass rests on data proven no older than this; also the polling interval where watching is not \
                      allowed.",
        name: "delay",
        default: Some("10s"),
        example: "10s",
        other_names: &["interval"],
        form: Form::Scalar(&of::TIME, |to, name, text| {
            put(&mut to.plan.delay, duration::parse(name, text, Zero::Refused))
        }),
        flag: Some("--delay"),
        value_name: "DURATION",
        help: "How old the data of a pass may be; also the polling interval where watching is not allowed",
        summary: |plan| Some(format!("delay {}", duration::format(plan.delay))),
    },
    WaitPeriod {
        description: "How long the app may take to become healthy.",
        name: "waitPeriod",
        default: Some("60s"),
        example: "60s",
        other_names: &["timeout"],
        form: Form::Scalar(&of::TIME, |to, name, text| {
            put(&mut to.plan.wait_period, duration::parse(name, text, Zero::Refused))
        }),
        flag: Some("--wait-period"),
        flag_alias: Some("--timeout"),
        value_name: "DURATION",
        help: "How long the app may take to become healthy",
        summary: |plan| Some(format!("wait {}", duration::format(plan.wait_period))),
    },
    StableFor {
        description: "How long the app must stay healthy without a break before it passes. 0s passes on first sight.",
        name: "stableFor",
        default: Some("30s"),
        example: "30s",
        form: Form::Scalar(&of::TIME_OR_ZERO, |to, name, text| {
            put(&mut to.plan.stable_for, duration::parse(name, text, Zero::Allowed))
        }),
        flag: Some("--stable-for"),
        value_name: "DURATION",
        help: "How long the app must stay healthy before it passes",
        summary: |plan| Some(format!("stable {}", duration::format(plan.stable_for))),
    },
    MaxRestarts {
        description: "Crashes allowed per container, counted since the pod was created.",
        name: "maxRestarts",
        default: Some("0"),
        example: "0",
        other_names: &["restarts"],
        form: Form::Scalar(&of::COUNT, |to, name, text| { put(&mut to.plan.max_restarts, values::count(name, text)) }),
        flag: Some("--max-restarts"),
        value_name: "COUNT",
        help: "Crashes allowed per container",
        summary: |plan| (plan.max_restarts > 0).then(|| format!("up to {} restarts", plan.max_restarts)),
    },
    Workload {
        description: "Pins the gate to one workload: its generation, its template, its number of pods. Its pods need \
                      no version label; the version must then stand in the template's version label or in an image's \
                      tag or digest.",
        name: "workload",
        example: "deployment/checkout",
        other_names: &["deployment"],
        form: Form::Scalar(&of::WORKLOAD, |to, name, text| {
            put(&mut to.plan.workload, values::pin(name, text).map(Some))
        }),
        flag: Some("--workload"),
        value_name: "KIND/NAME",
        help: "Pin the gate to one workload, as in `deployment/checkout`",
        is_of_one_gate: true,
    },
    Selector {
        description: "Replaces the default selector app=<app>,version=<version>. Spelled as kubectl's -l.",
        name: "selector",
        example: "app=checkout,version=v2.3.1",
        other_names: &["labelSelector"],
        form: Form::Scalar(&of::SELECTOR, |to, name, text| {
            put(&mut to.plan.selector, values::selector(name, text))
        }),
        flag: Some("--selector"),
        short: Some('l'),
        value_name: "SELECTOR",
        help: "Find the pods by this label selector [default: app=APP,version=VERSION]",
        is_of_one_gate: true,
    },
    Labels {
        description: "Other label keys for the default selector.",
        name: "labels",
        example: "{app: app.kubernetes.io/name}",
        form: Form::Map(&LABELS),
        flag: Some("--labels"),
        value_name: "LABEL=KEY",
        help: "Other label keys for the default selector, as in `app=app.kubernetes.io/name`",
    },
    Replicas {
        description: "A floor for the number of pods; the target is the larger of this and what the owning workload \
                      asks for.",
        name: "replicas",
        example: "3",
        form: Form::Scalar(&of::PODS, |to, name, text| {
            put(&mut to.plan.replicas, values::replicas(name, text).map(Some))
        }),
        flag: Some("--replicas"),
        value_name: "COUNT",
        help: "The minimum number of pods",
        summary: |plan| plan.replicas.map(|replicas| format!("at least {replicas} pods")),
    },
    MinReady {
        description: "How much of the target must be ready: a share or a number of pods. Default: all of it.",
        name: "minReady",
        example: "95%",
        form: Form::Scalar(&of::MIN_READY, |to, name, text| {
            put(&mut to.plan.min_ready, values::min_ready(name, text).map(Some))
        }),
        flag: Some("--min-ready"),
        value_name: "SHARE",
        help: "How much of the target must be ready, as in `95%` or `3` [default: all]",
        summary: |plan| match plan.min_ready? {
            MinReady::Count(pods) => Some(format!("{pods} ready are enough")),
            MinReady::Percent(percent) => Some(format!("{percent}% ready are enough")),
        },
    },
    Grace {
        description: "How long a cause may last before it counts.",
        name: "grace",
        example: "{ImagePull: 30s}",
        form: Form::Map(&GRACES),
        flag: Some("--grace"),
        value_name: "CAUSE=DURATION",
        help: "How long a cause may last before it counts, as in `ImagePull=30s`",
        summary: graces,
    },
    IgnoreContainers {
        description: "Containers whose state and crashes decide nothing.",
        name: "ignoreContainers",
        example: "[istio-proxy]",
        form: Form::List {
            value: &of::CONTAINERS,
            add: |to, name, text| {
                to.plan.ignore_containers.insert(values::container(name, text)?);
                Ok(())
            },
            may_be_empty: false,
        },
        flag: Some("--ignore-containers"),
        value_name: "NAMES",
        help: "Containers to ignore",
        summary: |plan| {
            let names: Vec<&str> = plan.ignore_containers.iter().map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("ignoring {}", names.join(",")))
        },
    },
    Until {
        description: "How far a workload that is delivered in steps must have come. step: the pods that its present \
                      step asks for are healthy. promoted: the new revision has become the stable one. Only for \
                      workloads that can be promoted.",
        name: "until",
        default: Some("step"),
        example: "promoted",
        form: Form::Scalar(&of::UNTIL, |to, name, text| put(&mut to.plan.until, values::until(name, text))),
        flag: Some("--until"),
        value_name: "GOAL",
        help: "How far a workload delivered in steps must have come: `step` or `promoted`",
        summary: |plan| (plan.until == Until::Promoted).then(|| "until promoted".to_owned()),
    },
    Expect {
        description: "The cluster that must be asked: any other is refused before anything is judged. Not looked at \
                      where a recording is judged.",
        name: "expect",
        example: "{server: https://prod.example.com:6443}",
        other_names: &["cluster"],
        form: Form::Map(&EXPECT),
        flag: Some("--expect"),
        value_name: "MARK=VALUE",
        help: "Refuse any other cluster than this, as in `server=https://prod.example.com:6443` or `clusterUid=UID`",
    },
    Smoke {
        description: "A pod that must end with exit code 0 once the app has been stable for long enough, before the \
                      gate passes.",
        name: "smoke",
        example: "{image: shop/smoke:1, timeout: 1m}",
        form: Form::Map(&SMOKE),
        flag: Some("--smoke"),
        value_name: "KEY=VALUE",
        help: "Run this pod before a pass, as in `image=shop/smoke:1`, or `none`. Repeat it for more keys",
        summary: |plan| {
            let smoke = plan.smoke.as_ref()?;
            Some(format!("smoke run of {} within {}", smoke.image, duration::format(smoke.timeout)))
        },
    },
    Stable {
        description: "The pods that metrics are compared with: previous (the older pods of the same workload), another \
                      workload, a version or a selector.",
        name: "stable",
        default: Some("previous"),
        example: "deployment/checkout-stable",
        other_names: &["baseline", "primary"],
        form: Form::Either {
            value: &of::STABLE_ARM,
            set: |to, name, text| put(&mut to.metrics.stable, metrics::arm(name, text).map(Some)),
            group: &STABLE,
        },
        flag: Some("--stable"),
        value_name: "PODS",
        help: "The pods that metrics are compared with: `previous`, `KIND/NAME`, `version=VERSION` or `selector=SELECTOR`",
    },
    WatchFor {
        description: "How long metrics are watched at most, from the first ready pod on. Default: as long as `stableFor`, \
                      and never less.",
        name: "watchFor",
        example: "5m",
        form: Form::Scalar(&of::TIME, |to, name, text| {
            put(&mut to.metrics.watch_for, duration::parse(name, text, Zero::Refused).map(Some))
        }),
        flag: Some("--watch-for"),
        value_name: "DURATION",
        help: "How long metrics are watched at most [default: as long as --stable-for]",
    },
    Metrics {
        description: "What is asked of a Prometheus server: each check must be proven good before the gate passes, and \
                      one that is proven bad fails it.",
        name: "metrics",
        example: "{source: {url: 'http://prometheus.monitoring:9090'}, checks: [{name: errors, bad: \
                  'http_requests_total{$pods,code=~\"5..\"}', total: 'http_requests_total{$pods}', max: 1%, versus: stable}]}",
        other_names: &["thresholds", "analysis", "prometheus"],
        form: Form::Map(&METRICS),
        flag: Some("--metrics"),
        value_name: "none|dry",
        help: "Leave out the metrics of the file (`none`), or tell them and let them decide nothing (`dry`)",
        summary: |plan| plan.metrics.as_ref().map(metrics::finish::summary),
    },
);

static LABELS: Group = Group {
    name: "Labels",
    description: "The label keys of the default selector.",
    keys: &[
        KeyDefinition {
            name: "app",
            description: "The key of the label that holds the app.",
            default: Some("app"),
            example: "app.kubernetes.io/name",
            form: Form::Scalar(&of::TEXT, |to, name, text| put(&mut to.app_label, values::label_key(name, text))),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "version",
            description: "The key of the label that holds the version.",
            default: Some("version"),
            example: "app.kubernetes.io/version",
            form: Form::Scalar(&of::TEXT, |to, name, text| {
                put(&mut to.plan.version_label, values::label_key(name, text))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "label",
    flag: FlagTakes::Entries,
};

static GRACES: Group = Group {
    name: "Graces",
    description: "How long a cause may last before it counts. 0s: at once. Where no default is given: until the end of \
                  the wait period.",
    keys: &[
        grace::<{ Grace::ImagePull as usize }>(Some("0s"), "The image is missing or may not be pulled."),
        grace::<{ Grace::Registry as usize }>(None, "The registry does not answer, or not well."),
        grace::<{ Grace::Config as usize }>(
            Some("15s"),
            "A ConfigMap, Secret or key is missing, or the container cannot be created from its spec.",
        ),
        grace::<{ Grace::Unschedulable as usize }>(None, "No node takes the pod."),
        grace::<{ Grace::Volume as usize }>(None, "A volume is not there, not bound, not attached or not mounted."),
        grace::<{ Grace::Quota as usize }>(None, "A ResourceQuota forbids the pod."),
        grace::<{ Grace::Admission as usize }>(None, "An admission check forbids the pod."),
        grace::<{ Grace::Sandbox as usize }>(None, "The node cannot build the pod's sandbox."),
    ],
    noun: "cause",
    flag: FlagTakes::Entries,
};

/// Returns the key of a cause, which is given by its place in [`Grace::ALL`].
const fn grace<const CAUSE: usize>(default: Option<&'static str>, description: &'static str) -> KeyDefinition {
    KeyDefinition {
        name: Grace::ALL[CAUSE].name(),
        description,
        default,
        example: "30s",
        form: Form::Scalar(&of::TIME_OR_ZERO, |to, name, text| {
            to.plan.grace.insert(Grace::ALL[CAUSE], duration::parse(name, text, Zero::Allowed)?);
            Ok(())
        }),
        ..KeyDefinition::NEW
    }
}

fn graces(plan: &Plan) -> Option<String> {
    let graces: Vec<String> = plan
        .grace
        .iter()
        .map(|(grace, patience)| format!("grace {} {}", grace.name(), duration::format(*patience)))
        .collect();
    (!graces.is_empty()).then(|| graces.join("; "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{GRACES, Key, KeyDefinition};
    use crate::gate::spec::Grace;
    use crate::manifest::diagnostics::{Problem, Problems};
    use crate::manifest::draft::Draft;
    use crate::manifest::duration::{self, Zero};
    use crate::manifest::keys::Form;
    use crate::manifest::overrides::Overrides;
    use crate::manifest::schema::schema;
    use crate::manifest::{gate, tree};

    /// Every key with the keys around it, and those of maps after their maps.
    fn walk() -> Vec<Vec<&'static KeyDefinition>> {
        fn below(path: &[&'static KeyDefinition], all: &mut Vec<Vec<&'static KeyDefinition>>) {
            all.push(path.to_vec());
            if let Some(Form::Map(group) | Form::Maps { group, .. } | Form::Either { group, .. }) =
                path.last().map(|key| &key.form)
            {
                for key in group.keys {
                    below(&[path, &[key]].concat(), all);
                }
            }
        }
        let mut all = Vec::new();
        for key in Key::ALL {
            below(&[key.definition()], &mut all);
        }
        all
    }

    /// What messages call the key: those of a list of maps belong to its first one.
    fn name(path: &[&KeyDefinition]) -> String {
        let last = path.len() - 1;
        let shown = |(index, key): (usize, &&KeyDefinition)| match key.form {
            Form::Maps { .. } if index < last => format!("{}[0]", key.name),
            _ => key.name.to_owned(),
        };
        path.iter().enumerate().map(shown).collect::<Vec<_>>().join(".")
    }

    /// A document that says `value` under the last key of the path, spelled `as_name`, and nothing else.
    fn document(path: &[&KeyDefinition], as_name: &str, value: &str) -> String {
        match path {
            [] | [_] => format!("{as_name}: {value}"),
            [outer, inner @ ..] => {
                let inner = document(inner, as_name, value);
                match outer.form {
                    Form::Maps { .. } => format!("{}: [{{{inner}}}]", outer.name),
                    _ => format!("{}: {{{inner}}}", outer.name),
                }
            }
        }
    }

    fn read(document: &str) -> (Draft, Vec<Problem>) {
        let parsed = tree::parse(document);
        assert!(parsed.problems.all().is_empty(), "{document}: {:?}", parsed.problems);
        let mut problems = Problems::default();
        let draft = gate::read(&parsed.documents[0], &Overrides::default(), &|_| None, &mut problems);
        (draft, problems.sorted())
    }

    #[test]
    fn every_example_is_understood_and_says_something() {
        for path in walk() {
            let key = path.last().unwrap();
            let document = document(&path, key.name, key.example);
            let (draft, problems) = read(&document);
            assert_eq!(problems, [], "{document}");
            assert!(draft.has(&name(&path)), "{document}");
        }
    }

    #[test]
    fn every_default_is_what_a_silent_manifest_means() {
        for path in walk() {
            let key = path.last().unwrap();
            let Some(default) = key.default else { continue };
            let (said, problems) = read(&document(&path, key.name, default));
            assert_eq!(problems, [], "{}", name(&path));
            let mut silent = Draft::default();
            match path[0].name {
                // A cause has its default where the plan has none.
                "grace" => continue,
                "smoke" => drop(silent.smoke()),
                _ => {}
            }
            assert_eq!((said.plan, said.app_label), (silent.plan, silent.app_label), "{}", name(&path));
        }
    }

    #[test]
    fn every_cause_has_the_default_of_the_gate_and_sets_itself() {
        assert_eq!(GRACES.keys.iter().map(|key| key.name).collect::<Vec<_>>(), Grace::ALL.map(Grace::name));
        for (key, grace) in GRACES.keys.iter().zip(Grace::ALL) {
            let default = key.default.map(|text| duration::parse(key.name, text, Zero::Allowed).unwrap());
            assert_eq!(default, grace.default_patience(), "{}", key.name);
            let (draft, _) = read(&format!("grace: {{{}: 7s}}", key.name));
            assert_eq!(draft.plan.grace.into_iter().collect::<Vec<_>>(), [(grace, Duration::from_secs(7))]);
        }
    }

    #[test]
    fn a_value_of_another_shape_is_refused_where_it_stands_with_an_example_of_this_key() {
        for path in walk() {
            let key = path.last().unwrap();
            let wrong = if matches!(key.form, Form::Scalar(..) | Form::Either { .. }) { "[x]" } else { "wrong" };
            let document = document(&path, key.name, wrong);
            let (_, problems) = read(&document);
            let [problem] = &problems[..] else { panic!("{document}: {problems:?}") };
            assert!(problem.message.sentence.starts_with(&format!("`{}` is", name(&path))), "{problem:?}");
            assert_eq!(problem.place.unwrap().column, document.find(wrong).unwrap() + 1, "{document}");
            let example = format!("{}: {}", key.name, key.example);
            assert!(problem.message.remedy.contains(&example), "{example}: {problem:?}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_in_any_key_finds_it() {
        for path in walk() {
            let key = path.last().unwrap();
            let slip = format!("{}x", key.name);
            let (_, problems) = read(&document(&path, &slip, key.example));
            let [problem] = &problems[..] else { panic!("{slip}: {problems:?}") };
            assert!(problem.message.sentence.starts_with(&format!("`{slip}`")), "{problem:?}");
            assert_eq!(problem.message.remedy, format!("did you mean `{}`?", key.name));
        }
    }

    #[test]
    fn other_names_are_none_of_ours_and_mean_one_key() {
        for key in Key::ALL {
            for other in key.definition().other_names {
                assert_eq!(Key::from_name(other), None);
                assert_eq!(Key::meant(other), Some(key), "{other}");
            }
        }
    }

    #[test]
    fn every_key_is_described_in_the_schema() {
        let schema = schema();
        for path in walk() {
            let mut object = &schema;
            for key in &path {
                let property = &object["properties"][key.name];
                assert_eq!(property["description"], key.description, "{}", name(&path));
                assert!(!key.description.is_empty(), "{}", name(&path));
                let shared = match key.form {
                    Form::Maps { .. } => &property["items"],
                    Form::Either { .. } => &property["anyOf"][1],
                    _ => property,
                };
                let shared = shared["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')).unwrap();
                object = schema.pointer(shared).unwrap();
            }
        }
    }

    #[test]
    fn a_flag_is_its_key_in_kebab_case_and_a_key_without_one_is_no_scalar() {
        for key in Key::ALL {
            let kebab: String = key
                .name()
                .chars()
                .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
                .collect();
            match key.flag() {
                Some(flag) => assert_eq!(flag, format!("--{kebab}")),
                None => assert!(matches!(key.definition().form, Form::Map(_)), "{kebab}"),
            }
        }
    }

    #[test]
    fn an_alias_of_a_flag_is_the_flag_of_no_key() {
        let flags: Vec<&str> = Key::ALL.into_iter().filter_map(Key::flag).collect();
        let aliases: Vec<&str> = Key::ALL.into_iter().filter_map(Key::flag_alias).collect();
        assert_eq!(aliases, ["--timeout"], "as kubectl rollout status calls it");
        assert!(aliases.iter().all(|alias| alias.starts_with("--") && !flags.contains(alias)));
    }
}
