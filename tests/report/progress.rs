//! What a person sees on stderr while a gate runs.

use std::time::Duration;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::Sink;
use crashgate::gate::model::{Role, Source, WorkloadKind};
use crashgate::gate::result::{Code, GateEvent, Notice, Verdict};
use crashgate::gate::spec::{Pin, Plan};
use crashgate::report::human::Human;
use crashgate::report::printer::Look;

use super::build::{self, With as _, finding, gate, outcome, printer, run, sink, warning};

const POD: &str = "payments-5949ff565-fnj7t";

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn state(words: &str) -> GateEvent {
    GateEvent::PodState { pod: POD.to_owned(), state: build::state(words) }
}

#[test]
fn each_change_is_a_line_and_only_the_verdict_is_on_stdout() {
    let (printer, stdout, stderr) = printer();
    let mut human = sink(Human::new(printer));
    let run = run(vec![gate(
        "payments",
        "v1",
        "shop",
        outcome(Verdict::Failed, 4470, vec![finding(Code::CrashLoop, "It ended.")]),
    )]);
    human.begin(&run.target, &[run.gates[0].plan.clone()]);
    human.event(0, at(300), &GateEvent::Progress { ready: 0, wanted: Some(2) });
    human.event(0, at(900), &GateEvent::PodAppeared { pod: POD.to_owned() });
    human.event(0, at(1000), &state("pulling the image"));
    human.event(0, at(1100), &state("pulling the image"));
    human.event(
        0,
        at(1200),
        &GateEvent::Cause {
            finding: Box::new(finding(Code::ConfigMissing, "ConfigMap a is missing.").in_pod(POD, None)),
            counts_at: Some(at(16_200)),
        },
    );
    human.event(0, at(2365), &GateEvent::WindowOpened { until: at(32_365) });
    human.event(0, at(2400), &GateEvent::Trouble { source: Source::Pods, message: "watch closed".to_owned() });
    human.event(0, at(2500), &GateEvent::Recovered { source: Source::Pods });
    human.event(0, at(2600), &GateEvent::Warned(warning(Notice::EventsForbidden, "Events cannot be read.")));
    human.event(0, at(4460), &GateEvent::WindowBroken { why: "a pod is not ready any more".to_owned() });
    let crash = GateEvent::Crash {
        pod: POD.to_owned(),
        container: "app".to_owned(),
        role: Role::App,
        how: "exit code 1".to_owned(),
        crashes: 1,
        allowed: 0,
    };
    human.event(0, at(4465), &crash);
    human.event(0, at(4470), &GateEvent::Decided { verdict: Verdict::Failed });
    assert_eq!(stdout.text(), "");
    human.end(&run);
    assert_eq!(
        stderr.text(),
        "\
Cluster https://10.0.0.1:6443, Kubernetes v1.35.6, context shop, config ~/.kube/config
Gate payments v1 in namespace shop: pods with app=payments,version=v1; 1 m to get ready, then 30 s without a break
    +0.3s  0 of 2 pods ready
    +0.9s  payments-5949ff565-fnj7t: first seen
    +1.0s  payments-5949ff565-fnj7t: pulling the image
    +1.2s  ConfigMissing in payments-5949ff565-fnj7t: ConfigMap a is missing. (counts at +16.2s if it persists)
    +2.4s  everything is ready and must stay so until +32.4s
    +2.4s  trouble reading pods: watch closed
    +2.5s  pods can be read again
    +2.6s  warning: Events cannot be read. (EventsForbidden)
    +4.5s  not stable: a pod is not ready any more; the stability window starts again
    +4.5s  payments-5949ff565-fnj7t: container app ended: exit code 1 (1 crash, 0 allowed)
    +4.5s  decided: failed
Times count from 2026-01-02 03:04:05 UTC
"
    );
    assert!(stdout.text().starts_with("✘ FAILED: payments v1"));
}

#[test]
fn silence_is_broken_once_a_minute_with_what_is_waited_for() {
    let (printer, _, stderr) = printer();
    let mut human = sink(Human::new(printer));
    human.begin(&Target::default(), &[Plan::new("payments", "v1", "shop"), Plan::new("web", "v2", "shop")]);
    for second in 1..=60 {
        human.idle(at(second * 1000));
    }
    human.event(0, at(61_000), &GateEvent::Progress { ready: 1, wanted: Some(2) });
    human.event(0, at(61_000), &GateEvent::PodAppeared { pod: POD.to_owned() });
    human.event(0, at(61_000), &state("running, not ready"));
    human.event(1, at(61_000), &GateEvent::Decided { verdict: Verdict::Healthy });
    human.idle(at(120_000));
    human.idle(at(121_000));
    human.event(0, at(122_000), &GateEvent::WindowOpened { until: at(200_000) });
    human.idle(at(190_000));
    let said = stderr.text();
    let said: Vec<&str> = said.lines().skip(3).collect();
    assert_eq!(
        said,
        [
            " +1m00.0s  [payments v1] waiting for the first pod of this version",
            " +1m00.0s  [web v2] waiting for the first pod of this version",
            " +1m01.0s  [payments v1] 1 of 2 pods ready",
            " +1m01.0s  [payments v1] payments-5949ff565-fnj7t: first seen",
            " +1m01.0s  [payments v1] payments-5949ff565-fnj7t: running, not ready",
            " +1m01.0s  [web v2] decided: healthy",
            " +2m01.0s  [payments v1] waiting: 1 of 2 pods ready; payments-5949ff565-fnj7t: running, not ready",
            " +2m02.0s  [payments v1] everything is ready and must stay so until +3m20.0s",
            " +3m10.0s  [payments v1] 1 of 2 pods ready, and must stay so until +3m20.0s",
        ]
    );
}

#[test]
fn a_rehearsal_says_so_and_a_pin_is_named() {
    let (printer, stdout, stderr) = printer();
    let mut human = sink(Human::progress_only(printer));
    let target =
        Target { rehearsal: Some("crash-loop.ndjson".to_owned()), version: "v1.35.6".to_owned(), ..Target::default() };
    let mut plan = Plan::new("checkout", "v1", "shop");
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "checkout".to_owned() });
    plan.stable_for = Duration::ZERO;
    human.begin(&target, &[plan]);
    human.end(&run(Vec::new()));
    assert_eq!(
        stderr.text(),
        "\
Rehearsal: the recording crash-loop.ndjson is played back, no real cluster is contacted; Kubernetes v1.35.6
Gate checkout v1 in namespace shop: workload deployment/checkout; 1 m to get ready, no stability window
Times count from 2026-01-02 03:04:05 UTC
"
    );
    assert_eq!(stdout.text(), "");
}

#[test]
fn colour_is_only_there_where_it_is_wanted() {
    for (colour, marks) in [(false, 0), (true, 1)] {
        let (printer, stdout, stderr) = printer();
        let mut human = sink(Human::new(printer.with_look(Look { terminal: true, colour, columns: 80 })));
        let run = run(vec![gate(
            "payments",
            "v1",
            "shop",
            outcome(Verdict::Failed, 1, vec![finding(Code::CrashLoop, "It ended.")]),
        )]);
        human.begin(&run.target, &[run.gates[0].plan.clone()]);
        human.event(0, at(1), &GateEvent::Confirming);
        human.end(&run);
        assert_eq!(usize::from(stdout.text().contains("\x1b[")), marks);
        assert_eq!(usize::from(stderr.text().contains("\x1b[")), marks);
    }
}
