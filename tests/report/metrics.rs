//! What people and programs are told of metrics: the checks in every report, and only news while they are watched.

use std::time::Duration;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::{Run, Sink as _};
use crashgate::gate::model::Number;
use crashgate::gate::result::{
    CheckReport, CheckStanding, Code, GateEvent, Latency, Measured, Proof, ShareCounts, SharePoint, ShareReport,
    ValueReport, Verdict,
};
use crashgate::gate::spec::Plan;
use crashgate::manifest::Origin;
use crashgate::report::files::Kind;
use crashgate::report::github::{Step, Surroundings};
use crashgate::report::human::Human;
use crashgate::report::live::{LiveState, Screen, frame};
use crashgate::report::model::{self, Event};
use crashgate::report::run_log::{ReportInput, RunLog};
use serde_json::{Value, json};

use super::build::{self, finding, gate, heard, outcome, pod, printer, run, shown, sink, verdict_of};

/// 2026-01-02T03:04:05Z, when the runs of these tests begin.
const BEGAN_MS: i64 = 1_767_323_045_000;

const fn counts(total: u64, bad: u64) -> ShareCounts {
    ShareCounts { total, bad }
}

fn ln(e: f64) -> Number {
    Number(e.ln())
}

fn proof(limit: f64, broken: Option<f64>, kept: Option<f64>) -> Proof {
    Proof {
        limit: Number(limit),
        ln_e_broken: broken.map(ln),
        ln_threshold_broken: ln(40.0),
        ln_e_kept: kept.map(ln),
        ln_threshold_kept: ln(20.0),
    }
}

/// A check of a share whose canary counted so much every 10 s since the run began.
fn share(name: &str, standing: CheckStanding, (looks, each): (i64, ShareCounts)) -> CheckReport {
    let points: Vec<SharePoint> = (1..=looks)
        .map(|look| SharePoint { at_ms: BEGAN_MS + look * 10_000, canary: each, stable: ShareCounts::default() })
        .collect();
    let canary = points.iter().fold(ShareCounts::default(), |sum, point| sum.plus(point.canary));
    let measured = ShareReport {
        slower_than: None,
        canary,
        stable: None,
        limit: Some(proof(0.01, Some(494.3), Some(8.9))),
        worse: None,
        unharmed: None,
        stable_differs: false,
        over_since_ms: None,
        more_needed: None,
        points,
    };
    CheckReport {
        name: name.to_owned(),
        standing,
        measured: Measured::Share(Box::new(measured)),
        lacking: None,
        answers: looks.unsigned_abs(),
    }
}

/// A check that is proven neither way, and nobody knows when it will be.
pub fn undecided(name: &str) -> CheckReport {
    share(name, CheckStanding::Undecided, (3, counts(14, 0)))
}

fn told(check: &mut CheckReport) -> &mut ShareReport {
    let Measured::Share(told) = &mut check.measured else { panic!("a share") };
    told
}

/// The same, compared with stable pods that counted so much every time.
fn beside(mut check: CheckReport, each: ShareCounts) -> CheckReport {
    let told = told(&mut check);
    for point in &mut told.points {
        point.stable = each;
    }
    told.stable = Some(told.points.iter().fold(ShareCounts::default(), |sum, point| sum.plus(point.stable)));
    told.worse = Some(proof(1.5, Some(12.0), None));
    told.unharmed = Some(proof(3.0, None, Some(3.1)));
    check
}

/// Over its limit, with the stable pods beside it.
fn errors() -> CheckReport {
    let mut check = beside(share("errors", CheckStanding::OverLimit, (12, counts(100, 5))), counts(990, 9));
    told(&mut check).over_since_ms = Some(BEGAN_MS + 10_000);
    check
}

fn latency() -> CheckReport {
    let mut check = share("latency", CheckStanding::Good, (12, counts(100, 0)));
    let told = told(&mut check);
    told.slower_than = Some(Latency::of("http_request_duration_seconds_bucket", Number(0.5)));
    told.limit = Some(proof(0.01, Some(0.1), Some(56.7)));
    check
}

/// Not decided yet: 168 requests to go.
fn open() -> CheckReport {
    let mut check = undecided("checkout-errors");
    told(&mut check).more_needed = Some(168);
    check.lacking = Some("about 168 more canary requests like these would prove it good".to_owned());
    check
}

fn files(values: &[f64], standing: CheckStanding) -> CheckReport {
    let points: Vec<(u64, Number)> = (1..).zip(values).map(|(look, value)| (look * 10_000, Number(*value))).collect();
    let told =
        ValueReport { max: Some(Number(0.8)), min: None, newest: points.last().map(|(_, value)| *value), points };
    CheckReport {
        name: "files".to_owned(),
        standing,
        measured: Measured::Value(Box::new(told)),
        lacking: None,
        answers: values.len() as u64,
    }
}

/// A gate that failed by its metrics, and said so.
pub fn failed() -> Run {
    let mut cause = finding(
        Code::MetricOverLimit,
        "errors: 5% of 1,200 canary requests were bad, and 0.91% of the 11,880 that the stable pods served. The limit is 1%, \
         exceeded since 03:04:15 UTC. Evidence: E = 494, and 40 is proof",
    );
    cause.place.check = Some("errors".to_owned());
    let mut outcome = outcome(Verdict::Failed, 125_000, vec![cause]);
    outcome.pods = vec![pod("web-1", "ready", true, 0, None), pod("web-2", "ready", true, 0, None)];
    outcome.ready = 2;
    let mut no_data = share("queue", CheckStanding::NoData, (0, counts(0, 0)));
    no_data.lacking = Some("the source has no series of the canary pods".to_owned());
    outcome.checks = vec![errors(), latency(), files(&[0.2, 0.4, 0.3], CheckStanding::Good), no_data];
    run(vec![gate("web", "v2", "shop", outcome)])
}

fn healthy(checks: Vec<CheckReport>) -> Run {
    let mut outcome = outcome(Verdict::Healthy, 125_000, Vec::new());
    outcome.ready = 2;
    outcome.checks = checks;
    run(vec![gate("web", "v2", "shop", outcome)])
}

pub fn document(run: &Run, kind: Kind) -> String {
    let mut log = RunLog::default();
    log.begin(&model::Target::default(), &[model::Plan::of(&run.gates[0].plan)]);
    kind.render(&ReportInput { run: &shown(run), log: &log, error: None }).to_string()
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_failure_by_metrics_shows_every_check_and_says_what_e_is_on_one_screen() {
    for columns in [100, 60] {
        let text = verdict_of(&failed(), columns);
        assert!(text.lines().count() <= 25, "too long:\n{text}");
        assert_eq!(text.matches("E is the weight").count(), 1, "once is enough:\n{text}");
        snapshot(&format!("metrics-failed-{columns}"), &text);
    }
}

#[test]
fn a_pass_names_what_it_proved() {
    let text = verdict_of(&healthy(vec![latency(), files(&[0.2], CheckStanding::Good)]), 100);
    snapshot("metrics-healthy", &text);
}

#[test]
fn a_block_of_many_checks_stays_on_one_screen_and_keeps_those_that_are_not_good() {
    let mut checks: Vec<CheckReport> =
        (0..40).map(|n| CheckReport { name: format!("good-{n}"), ..latency() }).collect();
    checks.push(errors());
    let mut run = failed();
    run.gates[0].outcome.checks = checks;
    let text = verdict_of(&run, 100);
    assert!(text.lines().count() <= 25, "too long:\n{text}");
    assert!(text.contains("✘ errors over its limit"), "{text}");
    assert!(text.contains("40 of 41 checks good") && text.contains("more checks, in the JSON result"), "{text}");
}

#[test]
fn a_gate_without_metrics_says_nothing_of_them() {
    let run = run(vec![gate("web", "v2", "shop", outcome(Verdict::Healthy, 1, Vec::new()))]);
    assert!(!verdict_of(&run, 100).contains("Metrics"));
    for kind in Kind::ALL {
        let text = document(&run, kind);
        let body = text.split("</style>").last().unwrap();
        for word in ["Metrics", "\"checks\"", "| Check |", " check "] {
            assert!(!body.contains(word), "{word} in {kind:?}");
        }
    }
}

#[test]
fn the_json_of_a_share_has_its_counts_its_limits_and_its_evidence() {
    let result: Value = serde_json::from_str(&build::json(&failed())).unwrap();
    let gate = &result["gates"][0];
    assert_eq!(gate["findings"][0]["check"], "errors");
    let mut check = gate["checks"][0].clone();
    let points = check.as_object_mut().unwrap().remove("points").unwrap();
    assert_eq!(
        points[0],
        json!({
            "atMs": BEGAN_MS + 10_000, "canary": {"total": 100, "bad": 5, "share": 0.05},
            "stable": {"total": 990, "bad": 9, "share": 9.0 / 990.0},
        })
    );
    assert_eq!(points.as_array().unwrap().len(), 12);
    let evidence = check.as_object_mut().unwrap().remove("evidence").unwrap();
    let proofs =
        [("overLimit", 494.3, 40.0), ("belowLimit", 8.9, 20.0), ("worse", 12.0, 40.0), ("unharmed", 3.1, 20.0)];
    for (name, e, enough) in proofs {
        let proof = &evidence[name];
        // Parsing a number back may cost its last digit.
        let is = |key: &str, e: f64| (proof[key].as_f64().unwrap() - f64::ln(e)).abs() < 1e-12;
        assert!(is("lnE", e) && is("lnThreshold", enough), "{name}: {proof}");
        assert_eq!(proof["proven"], e >= enough, "{name}");
    }
    assert_eq!(evidence.as_object().unwrap().len(), proofs.len());
    assert_eq!(
        check,
        json!({
            "name": "errors", "standing": "over-limit", "kind": "share",
            "limits": {"max": 0.01, "tolerate": 1.5, "harm": 3.0},
            "canary": {"total": 1200, "bad": 60, "share": 0.05},
            "stable": {"total": 11_880, "bad": 108, "share": 0.009_090_909_090_909_09}, "stableDiffers": false,
            "overSince": "2026-01-02T03:04:15Z", "answers": 12,
        })
    );
    assert_eq!(
        gate["checks"][2],
        json!({
            "name": "files", "standing": "good", "kind": "value", "limits": {"max": 0.8}, "newest": 0.3, "answers": 3,
            "points": [{"afterMs": 10_000, "value": 0.2}, {"afterMs": 20_000, "value": 0.4}, {"afterMs": 30_000, "value": 0.3}],
        })
    );
    assert_eq!(gate["checks"][3]["canary"], json!({"total": 0, "bad": 0}), "a share of nothing is none");
    assert_eq!(gate["checks"][3]["lacking"], "the source has no series of the canary pods");
}

#[test]
fn the_json_bounds_its_points_loses_no_request_and_is_never_null() {
    let mut long = share("errors", CheckStanding::Undecided, (719, counts(7, 1)));
    told(&mut long).limit = Some(proof(0.01, Some(0.0), Some(f64::INFINITY)));
    let mut values = vec![0.1; 719];
    values[350] = 0.9;
    let run = healthy(vec![long, files(&values, CheckStanding::Good)]);
    let text = build::json(&run);
    assert!(!text.contains("null"), "{text}");
    let result: Value = serde_json::from_str(&text).unwrap();
    let checks = &result["gates"][0]["checks"];
    let points = checks[0]["points"].as_array().unwrap();
    assert!((100..=200).contains(&points.len()), "{}", points.len());
    assert_eq!(points.iter().map(|point| point["canary"]["total"].as_u64().unwrap()).sum::<u64>(), 719 * 7);
    assert_eq!(points.last().unwrap()["atMs"], BEGAN_MS + 7_190_000, "the newest stays where it was");
    assert_eq!(checks[0]["evidence"]["belowLimit"]["proven"], true);
    let points = checks[1]["points"].as_array().unwrap();
    assert!((100..=200).contains(&points.len()), "{}", points.len());
    assert!(points.iter().any(|point| point["value"] == 0.9), "the value that broke the limit is there");
    assert_eq!(points.last().unwrap()["afterMs"], 7_190_000);
}

#[test]
fn every_standing_is_spelled_alike_in_json_and_in_the_gate() {
    for standing in CheckStanding::ALL {
        let result: Value =
            serde_json::from_str(&build::json(&healthy(vec![share("x", standing, (1, counts(1, 0)))]))).unwrap();
        assert_eq!(result["gates"][0]["checks"][0]["standing"], standing.name());
    }
}

/// The case of that check in `JUnit`: the whole element.
fn case<'a>(xml: &'a str, check: &str) -> &'a str {
    let from = xml.find(&format!("name=\"v2 check {check}\"")).unwrap();
    xml[from..].split("</testcase>").next().unwrap()
}

#[test]
fn junit_has_a_case_for_each_check_and_blames_what_decided() {
    let xml = document(&failed(), Kind::Junit);
    assert!(xml.contains("tests=\"7\" failures=\"2\" errors=\"0\" skipped=\"1\""), "{xml}");
    let errors = case(&xml, "errors");
    assert!(
        errors.contains("<failure message=\"errors: over its limit: 60 of 1,200 canary requests bad (5%)"),
        "{errors}"
    );
    assert!(errors.contains("type=\"MetricOverLimit\"") && errors.contains("Next: "), "{errors}");
    assert!(!case(&xml, "latency").contains("<failure") && case(&xml, "latency").contains("proven good"));
    assert!(case(&xml, "queue").contains("<skipped message=\"queue: no data"), "it decided nothing");
}

#[test]
fn junit_tells_what_was_asked_in_vain_as_an_error_and_what_may_pass_as_skipped() {
    let mut cause = finding(Code::MetricsUnreachable, "errors: connection refused");
    cause.place.check = Some("errors".to_owned());
    let mut outcome = outcome(Verdict::Inconclusive, 60_000, vec![cause]);
    let mut unreachable = share("errors", CheckStanding::Unreachable, (0, counts(0, 0)));
    unreachable.lacking = Some("connection refused".to_owned());
    // Of the same kind, and not the cause: the manifest lets it pass.
    let other = CheckReport { name: "latency".to_owned(), ..unreachable.clone() };
    outcome.checks = vec![unreachable, other];
    let xml = document(&run(vec![gate("web", "v2", "shop", outcome)]), Kind::Junit);
    assert!(case(&xml, "errors").contains("<error ") && case(&xml, "errors").contains("connection refused"), "{xml}");
    assert!(case(&xml, "latency").contains("<skipped "), "{xml}");
    let xml = document(&healthy(vec![open(), errors()]), Kind::Junit);
    assert!(xml.contains("failures=\"0\" errors=\"0\" skipped=\"2\""), "a pass has no failure: {xml}");
}

#[test]
fn markdown_and_the_job_summary_have_a_table_of_the_checks() {
    let text = document(&failed(), Kind::Markdown);
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).take(6).collect();
    snapshot("metrics-markdown", &table.join("\n"));
    assert_eq!(table.iter().map(|row| row.matches(" | ").count()).collect::<Vec<_>>(), [5, 0, 5, 5, 5, 5]);
    assert!(text.contains("E is the weight of the evidence"));
    assert!(document(&failed(), Kind::Github).contains("| ❌ over its limit |"));
    assert!(
        document(&failed(), Kind::Gitlab).contains("CRASHGATE_MESSAGE=errors: 5% of 1,200 canary requests were bad")
    );
}

#[test]
fn a_step_of_github_is_told_the_counts_of_both_arms_at_the_line_of_the_manifest() {
    let (printer, _, stderr) = printer();
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary");
    let surroundings = Surroundings { summary: Some(summary.clone()), ..Surroundings::default() };
    let run = failed();
    let mut step = Step::new(printer, surroundings, Vec::new());
    step.plan([(model::Plan::of(&run.gates[0].plan), Some(Origin { file: "gate.yaml".to_owned(), line: 7 }))]);
    let mut step = sink(step);
    step.begin(&run.target, &[run.gates[0].plan.clone()]);
    step.end(&run);
    let said = stderr.text();
    let error = said.lines().find(|line| line.starts_with("::error")).unwrap();
    assert!(error.contains("file=gate.yaml,line=7") && error.contains("MetricOverLimit"), "{error}");
    assert!(error.contains("5%25 of 1,200 canary requests were bad, and 0.91%25 of the 11,880"), "{error}");
    assert!(std::fs::read_to_string(summary).unwrap().contains("| errors | ❌ over its limit |"));
}

fn measured(check: CheckReport) -> GateEvent {
    GateEvent::Measured(Box::new(check))
}

fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}

#[test]
fn a_log_has_a_line_where_a_check_stands_otherwise_and_none_for_each_look() {
    let (printer, _, stderr) = printer();
    let mut human = sink(Human::new(printer));
    human.begin(&Target::default(), &[Plan::new("web", "v2", "shop")]);
    human.event(0, at(1), &GateEvent::Progress { ready: 2, wanted: Some(2) });
    for second in 2..50 {
        human.event(0, at(second), &measured(open()));
        human.event(0, at(second), &measured(files(&[0.2], CheckStanding::Good)));
    }
    human.event(0, at(50), &GateEvent::WindowOpened { until: at(200) });
    human.idle(at(110));
    human.event(0, at(111), &measured(CheckReport { name: "checkout-errors".to_owned(), ..errors() }));
    let said = stderr.text();
    let said: Vec<&str> = said.lines().skip(2).collect();
    assert_eq!(
        said,
        [
            "    +1.0s  2 of 2 pods ready",
            "    +2.0s  check checkout-errors: undecided: 0 of 42 canary requests bad; max 1% (E = 8.9, 20 is proof); \
             about 168 more canary requests like these would prove it good",
            "    +2.0s  check files: good: the value is 0.2; max 0.8",
            "   +50.0s  everything is ready and must stay so until +3m20.0s",
            " +1m50.0s  2 of 2 pods ready, and must stay so until +3m20.0s; checkout-errors: 0 of 42 bad, about 168 more \
             requests: 2 m at 1.4/s",
            " +1m51.0s  check checkout-errors: over its limit: 60 of 1,200 canary requests bad (5%), 108 of 11,880 of the \
             stable pods (0.91%); max 1%, tolerate 1.5x, harm 3x (E = 494, 40 is proof)",
        ]
    );
}

#[test]
fn what_is_kept_of_a_run_are_changes_without_their_points() {
    let mut log = RunLog::default();
    log.begin(&model::Target::default(), &[model::Plan::of(&Plan::new("web", "v2", "shop"))]);
    for second in 1..30_000 {
        log.hear(0, at(second), &heard(&measured(errors())));
    }
    log.hear(0, at(30_000), &heard(&measured(CheckReport { name: "errors".to_owned(), ..latency() })));
    log.hear(0, at(30_001), &heard(&measured(open())));
    let kept: Vec<_> = log.gates[0]
        .events
        .iter()
        .map(|(at, event)| {
            let Event::Measured(check) = event else { panic!("a look") };
            let Measured::Share(told) = &check.measured else { panic!("a share") };
            (at.as_secs(), check.standing, told.points.len())
        })
        .collect();
    let expected =
        [(1, CheckStanding::OverLimit, 0), (30_000, CheckStanding::Good, 0), (30_001, CheckStanding::Undecided, 0)];
    assert_eq!(kept, expected);
    assert_eq!(log.gates[0].left_out, 0);
}

#[test]
fn the_live_view_tells_how_far_each_check_is_in_a_few_lines() {
    let mut picture =
        LiveState::new("2026-01-02T03:04:05Z".parse().unwrap(), &[model::Plan::of(&Plan::new("web", "v2", "shop"))]);
    let mut checks = vec![latency(), open(), files(&[0.2], CheckStanding::Good)];
    let mut learn = |second, check: &CheckReport| picture.learn(0, at(second), &heard(&measured(check.clone())));
    for check in &checks {
        learn(30, check);
    }
    let drawn = |picture: &LiveState, columns| {
        let screen = Screen { columns, rows: 24, colour: false };
        let lines = frame(picture, screen, at(31));
        assert!(lines.iter().all(|line| line.columns < columns) && lines.len() < 24);
        lines.into_iter().map(|line| line.text.to_string() + "\n").collect::<String>()
    };
    snapshot("metrics-live", &(drawn(&picture, 80) + &drawn(&picture, 60)));
    checks.extend((0..12).map(|n| CheckReport { name: format!("more-{n}"), ..latency() }));
    let mut learn = |second, check: &CheckReport| picture.learn(0, at(second), &heard(&measured(check.clone())));
    for check in &checks {
        learn(31, check);
    }
    let text = drawn(&picture, 80);
    let told = text.lines().filter(|line| line.contains("✔ ") || line.contains("? ")).count();
    assert!(told == 4 && text.contains("and 11 more checks, 11 of them good"), "{text}");
    assert!(text.contains("checkout-errors"), "what is open is never left out: {text}");
}

#[test]
fn an_interval_beyond_the_scale_of_its_chart_is_an_arrow_and_no_dot_at_the_border() {
    let mut check = share("errors", CheckStanding::Undecided, (40, counts(100, 0)));
    told(&mut check).points[20].canary = counts(2, 2);
    let page = document(&healthy(vec![check]), Kind::Html);
    assert_eq!(page.matches("<path class=\"c-dot\"").count(), 1);
    assert_eq!(page.matches("<circle class=\"c-dot\" cx").count(), 39 + 1, "and that of the legend");
}

#[test]
fn the_picture_of_a_run_marks_where_a_check_stands_otherwise() {
    let run = failed();
    let mut log = RunLog::default();
    log.begin(&model::Target::default(), &[model::Plan::of(&run.gates[0].plan)]);
    log.hear(0, at(1), &heard(&GateEvent::PodAppeared { pod: "web-1".to_owned() }));
    for second in 2..20 {
        log.hear(0, at(second), &heard(&measured(CheckReport { name: "errors".to_owned(), ..undecided("errors") })));
    }
    log.hear(0, at(20), &heard(&measured(errors())));
    let run = shown(&run);
    let timeline = crashgate::report::timeline::of(&log.gates[0], &run.gates[0].outcome);
    let marks: Vec<_> = timeline.marks.iter().map(|mark| (mark.at.as_secs(), mark.words.to_string())).collect();
    let expected = [(2, "check errors: undecided".to_owned()), (20, "check errors: over its limit".to_owned())];
    assert_eq!(marks, expected);
}

#[test]
fn the_time_to_go_is_told_only_where_a_rate_is_known() {
    let line = |check: &CheckReport| {
        let Event::Measured(check) = heard(&measured(check.clone())) else { panic!("a look") };
        check.progress().to_string()
    };
    let mut check = open();
    assert_eq!(line(&check), "0 of 42 bad, about 168 more requests: 2 m at 1.4/s");
    told(&mut check).points.truncate(1);
    assert_eq!(line(&check), "0 of 42 bad, about 168 more requests", "one point tells no rate");
    let mut check = open();
    // Long ago there was more traffic than there is now.
    for (place, point) in told(&mut check).points.iter_mut().enumerate() {
        point.at_ms = BEGAN_MS + if place == 0 { 0 } else { 600_000 + 100_000 * i64::try_from(place).unwrap() };
    }
    assert_eq!(line(&check), "0 of 42 bad, about 168 more requests: 20 m at 8.4/min", "the newest data count");
    told(&mut check).more_needed = Some(u64::MAX);
    assert!(line(&check).ends_with("about 18,446,744,073,709,551,615 more requests"), "{}", line(&check));
}

#[test]
fn the_page_draws_a_chart_for_each_check_with_words_for_those_who_hear_it() {
    let page = document(&failed(), Kind::Html);
    let charts: Vec<&str> =
        page.split("<svg class=\"series\"").skip(1).map(|chart| chart.split("</div>").next().unwrap()).collect();
    let [errors, latency, files] = charts.as_slice() else {
        panic!("a check without data has no chart: {}", charts.len())
    };
    assert!(
        errors.contains(
            "aria-label=\"errors: share of bad requests from 03:04:15 UTC to 03:06:05 UTC; 60 of 1,200 canary requests bad (5%); \
             the true share can be from 3.3% to 7.1%; 108 of 11,880 of the stable pods (0.91%); limit 1%; when the gate \
             ended: over its limit\""
        ),
        "{errors}"
    );
    for part in ["class=\"c-band\"", "class=\"c-canary\"", "class=\"c-stable\"", "class=\"c-limit\"", "class=\"now\""] {
        assert_eq!(errors.matches(part).count(), 1, "{part}");
    }
    assert!(!latency.contains("c-stable") && latency.contains("slower than 500 ms"), "{latency}");
    assert!(files.contains("max 0.8") && !files.contains("c-band"), "{files}");
    assert_eq!(errors.matches("<circle class=\"c-dot\"").count() + errors.matches("<path class=\"c-dot\"").count(), 12);
    assert!(!page.contains("NaN") && !page.contains("inf%"), "every number is one");
}

/// What a chart is made of, whatever the numbers are: it must be drawn, and every coordinate must be in the plot.
#[test]
fn charts_of_strange_numbers_are_charts_all_the_same() {
    let one = share("one-look", CheckStanding::Undecided, (1, counts(1, 1)));
    let mut backwards = errors();
    told(&mut backwards).points.reverse();
    let mut far = errors();
    for point in &mut told(&mut far).points {
        point.at_ms += i64::MAX / 4;
    }
    let mut wrong = errors();
    for point in &mut told(&mut wrong).points {
        point.canary = counts(1, 5);
    }
    let empty = share("no-traffic", CheckStanding::NoData, (5, counts(0, 0)));
    let values = [f64::MAX, f64::MIN, 0.0, -0.0, 1e-300];
    let checks = vec![
        one,
        backwards,
        far,
        wrong,
        empty,
        files(&values, CheckStanding::OverLimit),
        files(&[0.0], CheckStanding::Good),
    ];
    let number = checks.len();
    let page = document(&healthy(checks), Kind::Html);
    assert_eq!(page.matches("<svg class=\"series\"").count(), number);
    let paths = page.split(" d=\"M").skip(1).map(|path| path.split('"').next().unwrap());
    // An arrow is drawn around a point of its own.
    for path in paths.filter(|path| *path != "-3 3L0-3L3 3Z") {
        for coordinate in path.trim_end_matches('Z').split(['L', 'M', ' ']).filter_map(|text| text.parse::<f64>().ok())
        {
            assert!((0.0..=1000.0).contains(&coordinate), "{path}");
        }
        assert!(!path.contains("NaN") && !path.contains("inf"), "{path}");
    }
}
