//! Pods that crashgate makes itself: `run`, and gates with `smoke:`.

use crate::suite::ask::{Ask, ask};
use crate::suite::condition::Condition::{Field, NoPods};
use crate::suite::expect::Holds::{ReadyPods, Says, Shows, Stdout, Top};
use crate::suite::expect::{exit, failed, healthy, interrupted, not_run};
use crate::suite::objects::{NEVER_READY, SERVES, deployment, pod, pod_quota, probed};
use crate::suite::step::Step;
use crate::suite::story::{Rehearsal, Story};

const SMOKE_THAT_PASSES: &str = r#"
app: checkout
version: v1
namespace: {ns}
delay: 2s
waitPeriod: 60s
stableFor: 5s
smoke: {image: "{image}", command: [/bin/sh, -c, "echo asking for a basket; exit 0"], timeout: 60s, security: root}
"#;

const SMOKE_THAT_FAILS: &str = r#"
app: checkout
version: v1
namespace: {ns}
delay: 2s
waitPeriod: 60s
stableFor: 5s
smoke: {image: "{image}", command: [/bin/sh, -c, "echo expected 200 and got 502; exit 1"], timeout: 60s, security: root}
"#;

/// `run` of a script, which SIGTERM ends at once.
fn run(flags: &str, script: &str) -> Ask {
    let ask = ask("run {image} -n {ns} --security root --pull-policy IfNotPresent --timeout 90s")
        .and(flags)
        .and("--command -- /bin/sh -c");
    ask.word(&format!("trap 'exit 0' TERM; {script}"))
}

/// Played on a sandbox in which every created pod has this life.
fn living(recording: Option<&'static str>, pods: &'static str) -> Rehearsal {
    Rehearsal { recording, pods: Some(pods), ..Rehearsal::default() }
}

pub fn stories() -> Vec<Story> {
    let checkout = || deployment("checkout", "v1", 3, pod([probed(SERVES)]));
    let smoke = |name, what, gate, expect, pods| {
        Story::new(name, what, ask("check -f {gate}").gate(gate), expect)
            .applying([checkout()])
            .rehearsed(living(Some("healthy"), pods))
    };
    vec![
        Story::new(
            "run-passes",
            "one pod is run to its end: its output is on stdout, and it is gone afterwards",
            run("-o raw", "echo out of the pod; sleep 1; exit 0"),
            exit(0).holds([Stdout("out of the pod\n")]).within(110),
        )
        .after(Step::soon(NoPods))
        .rehearsed(living(None, r#"pods: [{image: "*", after: 500ms, lasts: 1s, log: [{at: 0s, text: "out of the pod\n"}]}]"#)),
        Story::new(
            "run-exit-code",
            "the exit code of the pod is that of crashgate",
            run("-o json", "echo gone wrong >&2; exit 3"),
            crate::suite::expect::Expect { exit_code: 3, ..failed(&[]).within(110) }.holds([
                Top("containerExitCode", "3"),
                Stdout("gone wrong"),
            ]),
        )
        .after(Step::soon(NoPods))
        .rehearsed(living(None, r#"pods: [{image: "*", lasts: 1s, exitCode: 3, log: [{at: 0s, text: "gone wrong\n"}]}]"#)),
        Story::new(
            "run-image-absent",
            "the image of the pod is not on the node, and may not be pulled",
            ask("run crashgate-e2e.invalid/migrate:v1 -n {ns} --security root --pull-policy Never --timeout 60s -o json"),
            not_run("failed", &["ImageNeverPull"]),
        )
        .after(Step::soon(NoPods)),
        Story::new(
            "run-quota",
            "a ResourceQuota allows no pods",
            run("-o json", "exit 0"),
            not_run("platform", &["QuotaExceeded"]).within(110),
        )
        .applying([pod_quota("team-quota", 0)])
        .before(Step::until(Field { object: "resourcequota/team-quota", pointer: "/status/hard/pods", value: "0" }))
        .rehearsed(living(
            None,
            r#"pods: [{image: "*", refused: "exceeded quota: team-quota, requested: pods=1, used: pods=0, limited: pods=0"}]"#,
        )),
        Story::new(
            "run-interrupted",
            "crashgate gets SIGTERM while its pod runs, and takes the pod with it",
            run("-o raw", "echo up and waiting; sleep 100000 & wait $!"),
            exit(143).within(110),
        )
        .during(Step::Written("up and waiting"))
        .during(Step::Signal("TERM"))
        .after(Step::soon(NoPods))
        .rehearsed(Rehearsal {
            acting: true,
            ..living(None, r#"pods: [{image: "*", lasts: forever, log: [{at: 0s, text: "up and waiting\n"}]}]"#)
        }),
        Story::new(
            "check-interrupted",
            "a gate gets SIGTERM while it waits: its reports are written all the same",
            crate::suite::ask::check("search", "v1").timed(),
            interrupted(143).holds([Says("interrupted")]),
        )
        .applying([deployment("search", "v1", 1, pod([probed(NEVER_READY)]))])
        .during(Step::Written("search-"))
        .during(Step::Signal("TERM"))
        .rehearsed(Rehearsal { recording: Some("never-ready"), acting: true, ..Rehearsal::default() }),
        smoke(
            "smoke-passes",
            "the app is healthy, and so is the smoke run after it",
            SMOKE_THAT_PASSES,
            healthy().holds([ReadyPods(3)]),
            r#"pods: [{image: "*", after: 500ms, lasts: 1s, log: [{at: 0s, text: "asking for a basket\n"}]}]"#,
        ),
        smoke(
            "smoke-fails",
            "the app is healthy, but the smoke run ends with exit code 1",
            SMOKE_THAT_FAILS,
            failed(&["SmokeFailed"]).holds([Shows("got 502")]).within(90),
            r#"pods: [{image: "*", lasts: 1s, exitCode: 1, log: [{at: 0s, text: "expected 200 and got 502\n"}]}]"#,
        ),
    ]
}
