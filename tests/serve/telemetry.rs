//! What the service tells of itself: figures that a monitoring system can read, and whose request a log line belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use crashgate::gate::result::Verdict;
use crashgate::serve::telemetry::{Metrics, Notified, Now, trace};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::fake::{decided, pending, recorded};

/// The samples of a text, by their names with labels, after its form was held against the rules of `OpenMetrics` 1.0.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut helps, mut family, mut done) = (BTreeSet::new(), "", BTreeSet::new());
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        assert!(!line.is_empty() && line.trim() == line, "{line:?}");
        if let Some(said) = line.strip_prefix("# ") {
            let (what, rest) = said.split_once(' ').unwrap();
            let (name, value) = rest.split_once(' ').unwrap();
            if name != family {
                assert!(done.insert(name), "{name} is interrupted by another family");
                family = name;
            }
            match what {
                "TYPE" => assert!(types.insert(name, value).is_none(), "{name} has two types"),
                "HELP" => assert!(helps.insert(name), "{name} has two helps"),
                "UNIT" => assert!(name.ends_with(value), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let bare = name.split('{').next().unwrap();
        let suffixes: &[&str] = match types[family] {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{other}"),
        };
        assert!(suffixes.iter().any(|suffix| bare == format!("{family}{suffix}")), "{line} is no sample of {family}");
        assert!(value.is_finite() && value >= 0.0, "{line}");
        assert!(samples.insert(name.to_owned(), value).is_none(), "{name} twice");
    }
    assert_eq!(types.keys().copied().collect::<BTreeSet<_>>(), helps, "all is explained");
    samples
}

fn counted() -> Metrics {
    let metrics = Metrics::new();
    metrics.answered("/v1/gates", StatusCode::OK, Duration::from_millis(7));
    metrics.answered("/v1/gates", StatusCode::OK, Duration::from_secs(8));
    metrics.answered("/flagger/{plan}/check", StatusCode::TOO_EARLY, Duration::from_millis(1));
    metrics.round_ended(recorded(decided("a", "payments", Verdict::Failed, ""), "crash-loop").run.as_ref().unwrap());
    metrics.round_ended(recorded(decided("a", "checkout", Verdict::Healthy, ""), "healthy").run.as_ref().unwrap());
    metrics.notified(Notified::Sent);
    metrics
}

#[test]
fn the_figures_are_open_metrics_and_count_what_happened() {
    let metrics = counted();
    let waiting = [metrics.waits(), metrics.waits()];
    let gates = [pending("a", "x", "n", "w"), pending("b", "x", "n", "w"), decided("c", "x", Verdict::Healthy, "")];
    let now = Now { requests: 7, watches: 4, plan_problems: 1, followers: 3 };
    let figures = samples(&metrics.text(&gates, now));
    for (name, value) in [
        ("crashgate_gates{verdict=\"pending\"}", 2.0),
        ("crashgate_gates{verdict=\"healthy\"}", 1.0),
        ("crashgate_gates{verdict=\"failed\"}", 0.0),
        ("crashgate_calls_total{route=\"/v1/gates\",status=\"200\"}", 2.0),
        ("crashgate_calls_total{route=\"/flagger/{plan}/check\",status=\"425\"}", 1.0),
        ("crashgate_call_duration_seconds_count{route=\"/v1/gates\"}", 2.0),
        ("crashgate_call_duration_seconds_bucket{le=\"0.01\",route=\"/v1/gates\"}", 1.0),
        ("crashgate_call_duration_seconds_bucket{le=\"10.0\",route=\"/v1/gates\"}", 2.0),
        ("crashgate_rounds_total{verdict=\"failed\",code=\"CrashLoop\"}", 1.0),
        ("crashgate_rounds_total{verdict=\"healthy\",code=\"none\"}", 1.0),
        ("crashgate_api_requests_total", 7.0),
        ("crashgate_watches_open", 4.0),
        ("crashgate_callers_waiting", 2.0),
        ("crashgate_notifications_total{result=\"sent\"}", 1.0),
        ("crashgate_notifications_total{result=\"dropped\"}", 0.0),
        ("crashgate_plan_problems", 1.0),
        ("crashgate_page_followers", 3.0),
        (concat!("crashgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(figures.get(name), Some(&value), "{name} in {figures:#?}");
    }
    drop(waiting);
    let later = samples(&metrics.text(&gates[2..], Now::default()));
    assert_eq!((later["crashgate_callers_waiting"], later["crashgate_gates{verdict=\"pending\"}"]), (0.0, 0.0));
}

#[test]
fn no_figure_names_an_app_a_pod_or_a_namespace() {
    let metrics = counted();
    let gates = [pending("secret-id", "the-plan", "the-namespace", "the-workload")];
    let text = metrics.text(&gates, Now::default());
    for name in ["the-plan", "the-namespace", "the-workload", "secret-id", "payments", "rec-crash-loop"] {
        assert!(!text.contains(name), "{name}");
    }
    let labels: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('{'))
        .flat_map(|(_, rest)| rest.split(['{', ',', '}']))
        .filter_map(|pair| pair.split_once("=\"").map(|(name, _)| name))
        .collect();
    assert_eq!(labels, ["code", "le", "result", "route", "status", "verdict", "version"].into());
}

/// What is logged, each line with the fields of its call.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &[" ", field.name(), "=", &format!("{value:?}")].concat();
    }
}

impl<S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>> Layer<S> for Heard {
    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, id: &tracing::Id, context: Context<'_, S>) {
        let mut words = Words(String::new());
        attributes.record(&mut words);
        context.span(id).unwrap().extensions_mut().insert(words);
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut words = Words(String::new());
        event.record(&mut words);
        for span in context.event_scope(event).into_iter().flatten() {
            words.0.push_str(&span.extensions().get::<Words>().unwrap().0);
        }
        self.0.lock().unwrap().push(words.0);
    }
}

#[tokio::test]
async fn lines_of_the_log_carry_the_trace_of_the_call_that_they_belong_to() {
    let heard = Heard::default();
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone()));
    let answer = || async {
        tokio::task::yield_now().await;
        tracing::info!("answered");
    };
    let routes = axum::Router::new().route("/", get(answer)).layer(axum::middleware::from_fn(trace::follow));
    let (trace_id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    for header in [format!("00-{trace_id}-{parent}-01"), "00-garbage\"-01".to_owned()] {
        let request = Request::get("/").header("traceparent", header).body(Body::empty()).unwrap();
        assert_eq!(routes.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
    }
    let lines: Vec<String> = heard.0.lock().unwrap().iter().filter(|line| line.contains("answered")).cloned().collect();
    let expected = format!(" message=answered trace_id=\"{trace_id}\" parent=\"{parent}\"");
    assert_eq!(lines, [expected, " message=answered".to_owned()]);
}
