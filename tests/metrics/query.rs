//! The text of queries: exactly these pods, one moment, and nothing that a name could add.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crashgate::gate::model::{Arm, MatchOp, Matcher, MetricQuestion, Number, SeriesSelector};
use crashgate::gate::spec::{Check, Count, Measure, PodLabels, Undecided};
use crashgate::metrics::query::text;
use proptest::prelude::*;

fn share(count: Count) -> Check {
    let measure = Measure::Share { count, max: Some(Number(0.01)), versus: None, alpha: Number(0.05) };
    Check { name: "errors".to_owned(), measure, undecided: Undecided::Inconclusive }
}

fn counters(bad: &str, total: &str) -> Check {
    share(Count::Counters { bad: bad.parse().unwrap(), total: total.parse().unwrap() })
}

fn slower(histogram: &str, bound: f64) -> Check {
    share(Count::Slower { histogram: histogram.parse().unwrap(), bound: Number(bound) })
}

fn plain(query: &str) -> Check {
    let measure = Measure::Query { query: query.to_owned(), max: Some(Number(1.0)), min: None, hold: Duration::ZERO };
    Check { name: "files".to_owned(), measure, undecided: Undecided::Inconclusive }
}

fn about(pods: &[&str]) -> MetricQuestion {
    let pods: BTreeSet<String> = pods.iter().map(|pod| (*pod).to_owned()).collect();
    MetricQuestion {
        check: "errors".to_owned(),
        arm: Arm::Canary,
        pods,
        window: Duration::from_mins(1),
        every_bucket: false,
    }
}

fn ask(check: &Check, pods: &[&str]) -> String {
    text(check, &PodLabels::default(), "shop", &about(pods))
}

/// The matchers of a query for raw samples.
fn matchers(query: &str) -> Vec<Matcher> {
    let selector = query.rsplit_once('[').unwrap().0.replacen('{', "{$pods,", 1);
    selector.parse::<SeriesSelector>().unwrap_or_else(|error| panic!("{query}: {error}")).matchers
}

#[test]
fn one_query_fetches_what_two_counters_have_in_common() {
    let pods = r#"namespace="shop",pod=~"web-a|web-b""#;
    let names = ["web-a", "web-b"];
    for (bad, total, expected) in [
        (r#"requests_total{$pods,code=~"5.."}"#, "requests_total{$pods}", format!("requests_total{{{pods}}}[60000ms]")),
        (
            r#"requests_total{$pods,job="api",code=~"5.."}"#,
            r#"requests_total{job="api",$pods,code!="404"}"#,
            format!(r#"requests_total{{{pods},job="api"}}[60000ms]"#),
        ),
        (
            r#"errors_total{$pods,job="api"}"#,
            r#"requests_total{$pods,job="api"}"#,
            format!(r#"{{__name__=~"errors_total|requests_total",{pods},job="api"}}[60000ms]"#),
        ),
        (
            r#"{__name__=~"err_.+",$pods}"#,
            "a:b.c{$pods}".replace('.', "_").as_str(),
            format!(r#"{{__name__=~"(?:err_.+)|a:b_c",{pods}}}[60000ms]"#),
        ),
        (
            r#"{__name__=~"http_.*",$pods,code="500"}"#,
            r#"{$pods,__name__=~"http_.*"}"#,
            format!(r#"{{{pods},__name__=~"http_.*"}}[60000ms]"#),
        ),
    ] {
        assert_eq!(ask(&counters(bad, total), &names), expected);
    }
}

#[test]
fn pods_are_named_by_the_labels_that_the_plan_says() {
    let check = counters("e{$pods}", "e{$pods}");
    assert_eq!(ask(&check, &["web-a"]), r#"e{namespace="shop",pod="web-a"}[60000ms]"#);
    let labels = PodLabels { namespace: None, pod: "instance_pod".to_owned() };
    let question = MetricQuestion { window: Duration::from_millis(1500), ..about(&["a.b", "c"]) };
    assert_eq!(text(&check, &labels, "shop", &question), r#"e{instance_pod=~"a\\.b|c"}[1500ms]"#);
    let labels = PodLabels { namespace: Some("kubernetes_namespace".to_owned()), pod: "p".to_owned() };
    assert_eq!(text(&check, &labels, "shop", &question), r#"e{kubernetes_namespace="shop",p=~"a\\.b|c"}[1500ms]"#);
}

#[test]
fn a_window_of_nothing_is_still_a_range() {
    let question = MetricQuestion { window: Duration::from_micros(10), ..about(&["a"]) };
    let query = text(&counters("e{$pods}", "e{$pods}"), &PodLabels::default(), "shop", &question);
    assert!(query.ends_with("}[1ms]"), "{query}");
}

#[test]
fn no_pods_select_no_series() {
    let asked = matchers(&ask(&counters("e{$pods}", "e{$pods}"), &[]));
    for pod in ["", "a"] {
        let labels: BTreeMap<String, String> = [("__name__", "e"), ("namespace", "shop"), ("pod", pod)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert!(!asked.iter().all(|matcher| matcher.holds(&labels)), "{pod:?}");
    }
}

#[test]
fn a_query_of_the_plan_has_its_pods_in_every_place_and_no_window() {
    let check = plain("max(open{$pods} / limit{$pods})");
    assert_eq!(
        ask(&check, &["a", "b"]),
        r#"max(open{namespace="shop",pod=~"a|b"} / limit{namespace="shop",pod=~"a|b"})"#
    );
}

#[test]
fn a_classic_histogram_is_asked_for_its_bound_in_every_spelling_and_for_all() {
    let spellings: &[(f64, &[&str], &[&str])] = &[
        (
            0.5,
            &["0.5", "0.50", ".5", "0.500000", "5e-1", "5e-01", "5.0E-1", "+0.5"],
            &["0.05", "5", "0.51", "1.5", "50"],
        ),
        (1.0, &["1", "1.0", "1.", "1e0", "1e+00", "1.0E0", "+1"], &["10", "0.1", "11", "-1", "1.01"]),
        (500.0, &["500", "500.0", "5e+02", "5e2", "5.0E2"], &["5000", "50", "5e+03", "0.5"]),
        (1e6, &["1e+06", "1000000", "1000000.0", "1.0E6"], &["1e+07", "100000", "1e-06"]),
        (0.000_25, &["0.00025", "2.5e-04", "2.5E-4", "0.000250"], &["0.0025", "25e-04", "2.5e+04"]),
        (0.0, &["0", "0.0", "0e0"], &["00.1", "1"]),
        (-2.5, &["-2.5", "-2.50", "-2.5e+00"], &["2.5", "+2.5"]),
    ];
    for (bound, same, other) in spellings {
        let query = ask(&slower("latency_seconds_bucket{$pods}", *bound), &["a"]);
        let all = matchers(&query);
        let le = all.iter().find(|matcher| matcher.label == "le").unwrap();
        assert_eq!(le.op, MatchOp::Matches);
        let takes = |value: &str| le.holds(&BTreeMap::from([("le".to_owned(), value.to_owned())]));
        for spelling in same.iter().chain(&["+Inf", "Inf", "inf"]) {
            assert!(takes(spelling), "{bound} as {spelling}: {query}");
            assert!(*spelling == "+Inf" || spelling.parse::<f64>().is_ok());
        }
        for spelling in other.iter().chain(&["-Inf", "", "NaN"]) {
            assert!(!takes(spelling), "{bound} is not {spelling}: {query}");
        }
    }
}

#[test]
fn a_native_histogram_has_no_bounds_to_ask_for() {
    let check = slower("latency_seconds{$pods}", 0.5);
    assert_eq!(ask(&check, &["a"]), r#"latency_seconds{namespace="shop",pod="a"}[60000ms]"#);
}

/// Texts that would be more than a value where they are not escaped.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "a",
        "web-7d9f-x2",
        ".",
        "*",
        "|",
        "\"",
        "\\",
        "}",
        "{",
        "$pods",
        "\n",
        "\r",
        "\u{0}",
        "\u{7f}",
        "\u{9f}",
        "[5m]",
        "(?i)",
        "^",
        "$",
        " or vector(0)",
        "\u{202e}",
        "ä",
        "日",
        "\\Q",
        "+",
        "?",
        "#",
        "`",
        "'",
        ",",
        "=~",
    ]);
    prop::collection::vec(parts, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn whatever_names_there_are_a_query_takes_exactly_the_pods_named(
        pods in prop::collection::btree_set(hostile().prop_filter("a pod has a name", |name| !name.is_empty()), 1..4),
        namespace in hostile(),
        value in hostile(),
        other in hostile(),
    ) {
        let total = SeriesSelector {
            matchers: vec![
                Matcher::new("__name__", MatchOp::Equal, "e").unwrap(),
                Matcher::new("path", MatchOp::Equal, &value).unwrap(),
            ],
        };
        let check = share(Count::Counters { bad: total.clone(), total });
        let question = MetricQuestion { pods: pods.clone(), ..about(&[]) };
        let query = text(&check, &PodLabels::default(), &namespace, &question);
        let asked = matchers(&query);
        prop_assert_eq!(asked.len(), 4, "{}", query);
        let takes = |namespace: &str, pod: &str, path: &str| {
            let labels: BTreeMap<String, String> =
                [("__name__", "e"), ("namespace", namespace), ("pod", pod), ("path", path)]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into();
            asked.iter().all(|matcher| matcher.holds(&labels))
        };
        for pod in &pods {
            prop_assert!(takes(&namespace, pod, &value), "{}", query);
            prop_assert!(!takes(&(namespace.clone() + "x"), pod, &value));
            prop_assert!(!takes(&namespace, pod, &(value.clone() + "x")));
        }
        prop_assert_eq!(takes(&namespace, &other, &value), pods.contains(&other), "{}", query);
    }
}
