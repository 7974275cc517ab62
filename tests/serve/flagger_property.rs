//! Whatever happens to a canary, the service and the API server: only what truly crashed is rolled back, and only what was
//! truly ready is promoted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::flagger_model::{Flagger, Hook, Phase, Server, Webhook};
use super::live_cluster::{Life, LiveCluster};
use super::service::Service;

#[derive(Debug, Clone, Copy)]
enum Action {
    /// Another version is applied, with this life.
    Apply(Life),
    /// So many ticks of the scheduler.
    Ticks(usize),
    /// The API server is away for so many seconds.
    Outage(u64),
    /// The service is started anew, after so many seconds.
    Restart(u64),
    /// So much time passes without a tick.
    Pass(u64),
    /// A script asks for a rollback beside the scheduler.
    AskForRollback,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        (1_u64..80).prop_map(|after| Life::Ready(seconds(after))),
        (1_u64..20, 1_u64..120).prop_map(|(after, lives)| Life::Crashes(seconds(after), seconds(lives))),
        Just(Life::Unschedulable),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => life().prop_map(Action::Apply),
        8 => (1_usize..12).prop_map(Action::Ticks),
        2 => (1_u64..90).prop_map(Action::Outage),
        1 => (0_u64..40).prop_map(Action::Restart),
        2 => (1_u64..60).prop_map(Action::Pass),
        3 => Just(Action::AskForRollback),
    ]
}

const PLAN: [(&str, &str); 1] = [("default", "waitPeriod: 90s\nstableFor: 20s\n")];

async fn play(actions: Vec<Action>) -> Result<(), TestCaseError> {
    let cluster = LiveCluster::new();
    let mut service = Service::over(cluster.connection(), &PLAN);
    let server: Server = Arc::new(Mutex::new(Some(service.router())));
    let hold = "/flagger/default/hold";
    let webhook = |hook, url| Webhook { hook, url, timeout: seconds(15), retries: 1 };
    let webhooks = vec![
        webhook(Hook::ConfirmTrafficIncrease, hold),
        webhook(Hook::ConfirmPromotion, hold),
        webhook(Hook::Rollback, "/flagger/default/rollback"),
    ];
    let mut flagger = Flagger::new(&cluster, Arc::clone(&server), "v1", webhooks);
    let mut version = 1;
    for action in actions {
        match action {
            Action::Apply(life) => {
                version += 1;
                cluster.life(&format!("v{version}"), life);
                flagger.apply(&format!("v{version}"));
            }
            Action::Ticks(ticks) => flagger.run(ticks).await,
            Action::Outage(away) => {
                cluster.set_down(true);
                flagger.tick().await;
                tokio::time::sleep(seconds(away)).await;
                cluster.set_down(false);
            }
            Action::Restart(away) => {
                *server.lock().unwrap() = None;
                drop(service);
                tokio::time::sleep(seconds(away)).await;
                service = Service::over(cluster.connection(), &PLAN);
                *server.lock().unwrap() = Some(service.router());
            }
            Action::Pass(passes) => tokio::time::sleep(seconds(passes)).await,
            Action::AskForRollback => {
                let truth = cluster.has_crashed("podinfo", &flagger.applied);
                let (status, words) = service.flagger("/flagger/default/rollback", "podinfo", "Progressing").await;
                prop_assert!(status == 409 || (status == 200 && truth), "{status} {words}, crashed: {truth}");
            }
        }
        for called in flagger.calls.drain(..) {
            let yes = called.status == Some(200);
            let is_known = called.status.is_none_or(|status| matches!(status, 200 | 409));
            prop_assert!(is_known, "{called:?}");
            if called.hook == Hook::Rollback && yes {
                prop_assert!(cluster.has_crashed("podinfo", &called.version), "{called:?}");
            }
            if called.hook != Hook::Rollback && yes {
                prop_assert!(cluster.was_ready_for("podinfo", &called.version, seconds(20)), "{called:?}");
            }
        }
        prop_assert!(
            flagger.phase != Phase::Succeeded || cluster.was_ready_for("podinfo", &flagger.promoted, seconds(20))
        );
    }
    Ok(())
}

/// As many as `CRASHGATE_PROPERTY_CASES` asks for, where it is set: each of these takes as long as twenty of a pure gate.
fn cases() -> ProptestConfig {
    let asked: Option<u32> = std::env::var("CRASHGATE_PROPERTY_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.map_or(40, |cases| cases / 20),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn flagger_rolls_back_what_crashed_and_promotes_what_was_ready(actions in proptest::collection::vec(action(), 3..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(actions))?;
    }
}
