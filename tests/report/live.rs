//! The live view: frames as they are drawn, from the events of recordings, at two widths and in every tight place.

use std::path::Path;
use std::time::Duration;

use crashgate::cluster::drive::Sink as _;
use crashgate::gate::result::{CheckReport, Code, GateEvent, Notice, PodGlance, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::recording::{reader::Reader, replay};
use crashgate::report::live::{Live, LiveState, Screen, frame};
use crashgate::report::model;
use crashgate::report::printer::Look;

use super::build::{self, With as _, finding, heard, printer, run, sink, warning};
use super::metrics::undecided;

fn screen(columns: usize) -> Screen {
    Screen { columns, rows: 24, colour: false }
}

fn text(picture: &LiveState, screen: Screen, millis: u64) -> String {
    let lines = frame(picture, screen, Duration::from_millis(millis));
    assert!(lines.len() < screen.rows.max(1), "a frame never fills the screen");
    for line in &lines {
        assert!(line.columns < screen.columns.max(1), "too wide for {}: {line:?}", screen.columns);
    }
    lines.into_iter().map(|line| line.text.to_string() + "\n").collect()
}

/// What the view knows at this moment of a recording.
fn picture_of(recording: &str, app: &str, version: &str, millis: u64) -> LiveState {
    let path = format!("tests/recordings/{recording}.ndjson");
    let mut reader = Reader::open(Path::new(&path)).unwrap();
    let header = reader.header().clone();
    let mut plan = Plan::new(app, version, &header.namespace);
    plan.delay = Duration::from_secs(2);
    plan.stable_for = Duration::from_secs(10);
    let mut picture = LiveState::new(header.started_at, &[model::Plan::of(&plan)]);
    let mut tell = |gate: usize, at: Duration, event: &GateEvent| {
        if at <= Duration::from_millis(millis) {
            picture.learn(gate, at, &heard(event));
        }
    };
    replay::replay(&mut reader, vec![plan], &mut tell).unwrap();
    picture
}

#[test]
fn the_view_of_a_rollout_that_is_stuck_and_of_a_slow_start() {
    let moments = [
        ("rolling-update-stuck", "payments", "v2", 3000),
        ("rolling-update-stuck", "payments", "v2", 13_000),
        ("rolling-update-stuck", "payments", "v2", 14_600),
        ("slow-start", "search", "v1", 10_000),
        ("slow-start", "search", "v1", 38_000),
        ("missing-configmap", "checkout", "v1", 9000),
    ];
    for columns in [80, 60] {
        let shown: Vec<String> = moments
            .iter()
            .map(|(recording, app, version, millis)| {
                let picture = picture_of(recording, app, version, *millis);
                format!("== {recording} at {millis} ms\n{}", text(&picture, screen(columns), *millis))
            })
            .collect();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(format!("live-{columns}"), shown.join("\n"));
        });
    }
}

fn glance(pod: &str, state: &str, ready: bool, troubled: bool) -> GateEvent {
    GateEvent::PodGlance(Box::new(PodGlance {
        pod: pod.to_owned(),
        state: build::state(state),
        ready,
        troubled,
        containers_ready: u32::from(ready),
        containers: 1,
        restarts: u32::from(troubled),
        created: Some("2026-01-02T03:04:00Z".to_owned()),
        waits_for: (!ready).then(|| state.to_owned()),
    }))
}

/// A view of gates in which nothing has happened yet.
fn picture(plans: &[Plan]) -> LiveState {
    let plans: Vec<_> = plans.iter().map(model::Plan::of).collect();
    LiveState::new("2026-01-02T03:04:05Z".parse().unwrap(), &plans)
}

fn fleet(gates: usize, pods: usize) -> LiveState {
    let plans: Vec<Plan> = (0..gates).map(|gate| Plan::new(&format!("app{gate}"), "v1", "shop")).collect();
    let mut picture = picture(&plans);
    for gate in 0..gates {
        for pod in 0..pods {
            let event = glance(&format!("app{gate}-pod-{pod:03}"), "running, not ready", pod % 3 == 1, pod + 1 == pods);
            picture.learn(gate, Duration::from_secs(1), &heard(&event));
        }
        for n in 0..20 {
            let event = GateEvent::Warned(warning(Notice::EventsForbidden, &format!("warning {n}")));
            picture.learn(gate, Duration::from_secs(n), &heard(&event));
        }
    }
    picture
}

#[test]
fn a_frame_fits_whatever_the_screen_and_however_much_there_is_to_tell() {
    for (gates, pods) in [(0, 0), (1, 0), (1, 1), (1, 500), (3, 7), (40, 4)] {
        let picture = fleet(gates, pods);
        for columns in [0, 1, 2, 20, 39, 40, 60, 80, 97, 200] {
            for rows in [0, 1, 2, 5, 9, 16, 24, 50] {
                text(&picture, Screen { columns, rows, colour: false }, 5000);
                let coloured = frame(&picture, Screen { columns, rows, colour: true }, Duration::from_secs(5));
                assert!(coloured.iter().all(|line| line.columns <= columns.saturating_sub(1)));
            }
        }
    }
}

#[test]
fn with_more_pods_than_rows_the_troubled_ones_are_shown_and_the_rest_is_counted() {
    let shown = text(&fleet(1, 500), screen(80), 5000);
    assert!(shown.contains("✘ app0-pod-499"), "{shown}");
    assert!(shown.contains("more pods, 166 of them ready"), "{shown}");
}

#[test]
fn the_frame_changes_with_time_alone_at_most_ten_times_a_second() {
    let picture = fleet(1, 1);
    let frames: Vec<String> = (0..1000).map(|millis| text(&picture, screen(80), millis)).collect();
    let changes = frames.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!((1..10).contains(&changes), "{changes}");
}

#[test]
fn the_last_frame_is_erased_before_the_end_and_nothing_but_known_sequences_is_written() {
    let (printer, stdout, stderr) = printer();
    let printer = printer.with_look(Look { terminal: true, colour: false, columns: 80 });
    let run = run(Vec::new());
    let mut live = sink(Live::new(printer));
    live.begin(&run.target, &[Plan::new("payments", "v2", "shop")]);
    live.event(0, Duration::from_millis(5), &glance("payments-a", "running\x1b[2J", false, false));
    let began = std::time::Instant::now();
    // The first frame may be drawn before the pod is told: the next one shows it.
    while !stderr.text().contains("running\\") {
        assert!(began.elapsed() < Duration::from_mins(1), "no frame shows the pod: {}", stderr.text());
        std::thread::sleep(Duration::from_millis(5));
    }
    live.event(0, Duration::from_secs(1), &GateEvent::Decided { verdict: Verdict::Failed });
    live.end(&run);
    drop(live);
    assert_eq!(stdout.text(), "", "stdout is not the view's");
    let written = stderr.text();
    assert!(written.contains("payments v2 in shop") && written.contains("running\\"), "{written}");
    let (_, erased) = written.rsplit_once('\r').unwrap();
    assert!(erased.starts_with("\x1b[") && erased.ends_with("A\x1b[J"), "{erased:?}");
    let mut rest = written.as_str();
    while let Some((_, after)) = rest.split_once('\x1b') {
        let digits = after.strip_prefix('[').unwrap().trim_start_matches(|c: char| c.is_ascii_digit());
        assert!(digits.starts_with(['A', 'J', 'K']), "{after:?}");
        rest = digits;
    }
}

/// Everything that pods and the API server say, in the places where the view shows it, names among them.
pub(super) fn seen(text: &str, columns: usize) -> String {
    shown(text, text, columns)
}

/// The same with honest names.
pub(super) fn said(text: &str, columns: usize) -> String {
    shown("payments", text, columns)
}

fn shown(name: &str, text: &str, columns: usize) -> String {
    let plans = [Plan::new(name, name, name), Plan::new("b", "v1", "shop")];
    let mut picture = picture(&plans);
    let at = Duration::from_secs(1);
    let cause = finding(Code::ConfigMissing, text).in_pod(name, None);
    for event in [
        glance(name, text, false, true),
        glance("quiet", "ready", true, false),
        GateEvent::Cause { finding: Box::new(cause), counts_at: None },
        GateEvent::WindowBroken { why: text.to_owned() },
        GateEvent::Measured(Box::new(CheckReport { lacking: Some(text.to_owned()), ..undecided(name) })),
        GateEvent::Warned(warning(Notice::EventsForbidden, text)),
    ] {
        picture.learn(0, at, &heard(&event));
        picture.learn(1, at, &heard(&event));
    }
    let lines = frame(&picture, Screen { columns, rows: 60, colour: false }, at);
    lines.into_iter().map(|line| line.text.to_string() + "\n").collect()
}
