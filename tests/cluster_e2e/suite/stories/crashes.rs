//! Containers that crash: at once, late, for want of memory, before the app, beside it.

use serde_json::json;

use crate::suite::ask::check;
use crate::suite::expect::Holds::{
    Container, ExitStatus, Inert, Names, NoLine, Nowhere, ReadyPods, Role, Says, Shows, Warning,
};
use crate::suite::expect::{failed, healthy};
use crate::suite::objects::{CRASHES, SERVES, container, deployment, pod, probed, with};
use crate::suite::story::Story;

/// What a crashing container writes to take over a terminal or a CI job, and secrets that stand nowhere but in its log.
const HOSTILE: &str = r#"printf '\033[31mred\033[0m \033[2J\033]0;owned\007\n'; echo '::set-output name=x::y'; echo '##[error]boo'; echo '::stop-commands::x'; printf 'carriage\rreturn\n'; p=hunter; t=ghp_0123456789abcdef; echo "connecting with password=${p}2 token=${t}0123456789abcdef0123"; sleep 1; echo 'fatal: config rejected' >&2; exit 3"#;

#[expect(clippy::too_many_lines, reason = "a list of stories, one after the other")]
pub fn stories() -> Vec<Story> {
    let app_ended = |status| [Container("app"), Role("app"), ExitStatus(status)];
    vec![
        Story::new(
            "healthy",
            "a Deployment of 3 replicas becomes ready within seconds and stays so",
            check("checkout", "v1").timed(),
            healthy().holds([ReadyPods(3)]),
        )
        .applying([deployment("checkout", "v1", 3, pod([probed(SERVES)]))])
        .recorded("healthy"),
        Story::new(
            "crash-loop",
            "2 replicas end with exit code 1 two seconds after each start; they have no readiness probe, so they are Ready in between",
            check("payments", "v1").timed(),
            failed(&["CrashLoop"]).holds(app_ended(1)).holds([Names("payments-"), Shows("DATABASE_URL is not set")]),
        )
        .applying([deployment("payments", "v1", 2, pod([container("app", CRASHES)]))])
        .recorded("crash-loop"),
        Story::new(
            "crash-loop-exit-0",
            "the container ends with exit code 0 again and again",
            check("search", "v1").timed(),
            failed(&["CrashLoop"]).holds(app_ended(0)),
        )
        .applying([deployment("search", "v1", 1, pod([container("app", "echo INFO done; sleep 2; exit 0")]))])
        .recorded("crash-loop-exit-0"),
        Story::new(
            "crash-late",
            "the container is ready for ten seconds, then ends with exit code 1",
            check("checkout", "v1").and("--stable-for 15s --wait-period 60s"),
            failed(&["CrashLoop"]).holds(app_ended(1)).holds([Shows("lost connection to ledger-db")]).within(75),
        )
        .applying([deployment("checkout", "v1", 1, pod([probed(
            "echo ok > /tmp/ready; sleep 10; echo 'fatal: lost connection to ledger-db:5432' >&2; exit 1",
        )]))])
        .recorded("late-crash"),
        Story::new(
            "crash-tolerated",
            "the first start ends with exit code 1, the second runs for good; one crash is allowed",
            check("payments", "v1").timed().and("--max-restarts 1"),
            healthy().holds([Warning("RestartTolerated"), ReadyPods(1)]),
        )
        .applying([deployment("payments", "v1", 1, {
            let script = format!("if [ ! -e /state/tried ]; then echo x > /state/tried; sleep 2; exit 1; fi; {SERVES}");
            let app = with(probed(&script), "volumeMounts", json!([{"name": "state", "mountPath": "/state"}]));
            with(pod([app]), "volumes", json!([{"name": "state", "emptyDir": {}}]))
        })])
        .recorded("one-crash-then-healthy"),
        Story::new(
            "oom-killed",
            "the container outgrows its memory limit of 32Mi",
            check("ledger", "v1").timed(),
            failed(&["OomKilled"]).holds(app_ended(137)),
        )
        .applying([deployment("ledger", "v1", 1, pod([with(
            container("app", "sleep 1; echo INFO loading a snapshot into memory; tail /dev/zero"),
            "resources",
            json!({"limits": {"memory": "32Mi"}, "requests": {"memory": "16Mi"}}),
        )]))])
        .recorded("oom-killed"),
        Story::new(
            "exit-127",
            "the shell does not find the command",
            check("search", "v1").timed(),
            failed(&["CrashLoop", "StartFailed"]).holds(app_ended(127)).holds([Shows("gunicorn")]),
        )
        .applying([deployment("search", "v1", 1, pod([container("app", "gunicorn search.wsgi:app")]))])
        .recorded("exit-127"),
        Story::new(
            "bad-command",
            "the command is a file that the image does not have",
            check("search", "v1").timed(),
            failed(&["StartFailed"]).holds([Container("app"), Shows("/app/search-server")]),
        )
        .applying([deployment("search", "v1", 1, pod([with(
            container("app", ""),
            "command",
            json!(["/app/search-server"]),
        )]))])
        .recorded("bad-command"),
        Story::new(
            "init-crash",
            "the init container ends with exit code 1 two seconds after each start",
            check("ledger", "v1").timed(),
            failed(&["CrashLoop"]).holds([Container("migrate"), Role("init"), ExitStatus(1)]),
        )
        .applying([deployment("ledger", "v1", 1, {
            with(pod([probed(SERVES)]), "initContainers", json!([container("migrate", CRASHES)]))
        })])
        .recorded("init-crash"),
        Story::new(
            "init-crash-tolerated",
            "the init container fails twice and then succeeds; two crashes are allowed",
            check("ledger", "v1").and("--stable-for 8s --wait-period 90s --max-restarts 2"),
            healthy().holds([Warning("RestartTolerated"), ReadyPods(1)]).within(115),
        )
        .applying([deployment("ledger", "v1", 1, {
            let script = "echo x >> /state/tries; sleep 1; n=0; while read line; do n=$((n+1)); done < /state/tries; \
                          if [ $n -lt 3 ]; then echo 'fatal: ledger-db:5432 is starting up' >&2; exit 1; fi";
            let mounts = json!([{"name": "state", "mountPath": "/state"}]);
            let pod = with(pod([probed(SERVES)]), "volumes", json!([{"name": "state", "emptyDir": {}}]));
            with(pod, "initContainers", json!([with(container("migrate", script), "volumeMounts", mounts)]))
        })])
        .recorded("init-crash-twice-then-fine"),
        Story::new(
            "sidecar-healthy",
            "a native sidecar and the app are both fine",
            check("cart", "v1").timed(),
            healthy(),
        )
        .since(29)
        .applying([deployment("cart", "v1", 2, {
            let sidecar = with(container("proxy", "sleep 100000 & wait $!"), "restartPolicy", "Always");
            with(pod([probed(SERVES)]), "initContainers", json!([sidecar]))
        })])
        .recorded("sidecar-healthy"),
        Story::new(
            "sidecar-crash",
            "the native sidecar ends with exit code 1 four seconds after each start; the app stays up",
            check("cart", "v1").timed(),
            failed(&["CrashLoop"]).holds([Container("proxy"), Role("sidecar"), ExitStatus(1)]),
        )
        .since(29)
        .applying([deployment("cart", "v1", 1, {
            let script = "sleep 4; echo 'fatal: cannot reach the control plane' >&2; exit 1";
            let sidecar = with(container("proxy", script), "restartPolicy", "Always");
            with(pod([probed(SERVES)]), "initContainers", json!([sidecar]))
        })])
        .recorded("sidecar-crash"),
        Story::new(
            "second-container-crash",
            "the first of two containers is fine, the second ends with exit code 1 after eight seconds",
            check("payments", "v1").and("--stable-for 30s --wait-period 60s"),
            failed(&["CrashLoop"]).holds([Container("audit-shipper"), Role("app"), ExitStatus(1)]).within(100),
        )
        .applying([deployment("payments", "v1", 1, {
            pod([probed(SERVES), container("audit-shipper", "sleep 8; echo 'fatal: no route to host' >&2; exit 1")])
        })])
        .recorded("second-container-late-crash"),
        Story::new(
            "hostile-logs",
            "a crashing container writes terminal escapes, workflow commands and secrets; asked as a GitHub job does",
            check("search", "v1").timed().with("GITHUB_ACTIONS", "true"),
            failed(&["CrashLoop"]).holds(app_ended(3)).holds([
                Shows("fatal: config rejected"),
                Says("***"),
                Inert,
                NoLine("::set-output name=x"),
                NoLine("##[error]boo"),
                NoLine("::stop-commands::x"),
                Nowhere("hunter2"),
                Nowhere("ghp_0123456789abcdef0123"),
            ]),
        )
        .applying([deployment("search", "v1", 1, pod([container("app", HOSTILE)]))])
        .recorded("hostile-logs"),
    ]
}
