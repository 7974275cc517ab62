//! Probes that never succeed, flap, or get the container killed.

use crate::suite::ask::check;
use crate::suite::expect::Holds::{Container, ExitStatus, Shows};
use crate::suite::expect::{failed, healthy, timed_out};
use crate::suite::objects::{NEVER_READY, SERVES, container, deployment, pod, probe, probed, with};
use crate::suite::story::Story;

pub fn stories() -> Vec<Story> {
    vec![
        Story::new(
            "readiness-never",
            "the process runs, but its readiness probe never succeeds",
            check("search", "v1").and("--stable-for 5s --wait-period 20s"),
            timed_out(&["NotReady"]).holds([Container("app"), Shows("readiness probe")]),
        )
        .applying([deployment("search", "v1", 2, pod([probed(NEVER_READY)]))])
        .recorded("never-ready"),
        Story::new(
            "readiness-flaps",
            "readiness comes and goes every five seconds without any restart",
            check("checkout", "v1").and("--stable-for 10s --wait-period 45s"),
            timed_out(&["ReadinessFlapping"]).holds([Container("app")]).within(75),
        )
        .applying([deployment("checkout", "v1", 1, {
            let script = "while :; do echo ok > /tmp/ready; sleep 5 & wait $!; rm /tmp/ready; sleep 5 & wait $!; done";
            pod([with(container("app", script), "readinessProbe", probe("test -f /tmp/ready", 1, 1))])
        })])
        .recorded("readiness-flaps"),
        Story::new(
            "liveness-kill",
            "the liveness probe fails, and the kubelet kills the container, which ignores SIGTERM",
            check("payments", "v1").and("--stable-for 20s --wait-period 60s"),
            failed(&["LivenessProbeFailed"]).holds([Container("app"), ExitStatus(137), Shows("liveness probe")]),
        )
        .applying([deployment("payments", "v1", 1, {
            let probe = with(probe("test -f /tmp/alive", 2, 2), "initialDelaySeconds", 3);
            pod([with(container("app", &format!("trap '' TERM; {NEVER_READY}")), "livenessProbe", probe)])
        })])
        .recorded("liveness-kill"),
        Story::new(
            "startup-probe-kill",
            "the startup probe never succeeds, and the kubelet kills the container",
            check("search", "v1").timed(),
            failed(&["StartupProbeFailed"]).holds([Container("app"), Shows("startup probe")]),
        )
        .applying([deployment("search", "v1", 1, {
            pod([with(container("app", NEVER_READY), "startupProbe", probe("test -f /tmp/started", 2, 3))])
        })])
        .recorded("startup-probe-kill"),
        Story::new(
            "slow-start",
            "2 replicas become ready 20 seconds after their start, within the wait",
            check("search", "v1").timed(),
            healthy(),
        )
        .applying([deployment("search", "v1", 2, {
            let probe = with(probe("test -f /tmp/ready", 1, 60), "initialDelaySeconds", 1);
            let script = format!("sleep 18 & wait $!; {SERVES}");
            pod([with(container("app", &script), "startupProbe", probe)])
        })])
        .recorded("slow-start"),
    ]
}
