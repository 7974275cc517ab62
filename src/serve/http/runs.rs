//! Pods that are run for a caller: of listed images alone, a few at a time, and deleted whatever the caller does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use super::body::RunCall;
use super::images::AllowedImages;
use crate::cluster::api::Connection;
use crate::cluster::run::{OutputTail, PodOutput, PodReport, pod_run};
use crate::gate::result::Verdict;
use crate::gate::spec::PodOrder;
use crate::report::json::pod_run::{Setting, render};
use crate::report::pod_run::NOT_RUN;
use crate::text::{Redaction, SafeText};

/// So many pods run at a time.
const AT_A_TIME: usize = 4;
/// So long a caller waits for its turn.
const LONGEST_TURN: Duration = Duration::from_mins(1);
/// So long a pod may take from its creation to its end.
const LONGEST_RUN: Duration = Duration::from_mins(5);
/// So much of the output is answered; of more, the end.
const KEPT: usize = 1024 * 1024;

/// Runs pods.
#[derive(Debug)]
pub struct Runs {
    connection: Arc<Connection>,
    images: AllowedImages,
    turns: Arc<Semaphore>,
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Runs {
    /// Runs pods of these images over this connection, until the server ends.
    #[must_use]
    pub fn new(connection: Arc<Connection>, images: AllowedImages, stopping: CancellationToken) -> Self {
        Self { connection, images, turns: Arc::new(Semaphore::new(AT_A_TIME)), tracker: TaskTracker::new(), stopping }
    }

    /// The images that may be run.
    #[must_use]
    pub const fn images(&self) -> &AllowedImages {
        &self.images
    }

    /// The namespace of pods whose caller names none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.connection.namespace()
    }

    /// The runs that are under way: each has deleted its pod once it is over.
    #[must_use]
    pub fn tracker(&self) -> TaskTracker {
        self.tracker.clone()
    }

    /// Runs one pod to its end and returns the result of `crashgate run`, with `exit_code` beside `exitCode`. The pod is
    /// deleted too where nobody waits for that any more.
    ///
    /// # Errors
    /// What keeps it from being run for the time being.
    pub async fn run(&self, call: RunCall, namespace: &str) -> Result<Map<String, Value>, SafeText> {
        let turn = tokio::select! {
            turn = tokio::time::timeout(LONGEST_TURN, Arc::clone(&self.turns).acquire_owned()) => turn,
            () = self.stopping.cancelled() => return Err("the server is shutting down; ask again".into()),
        };
        // The semaphore is never closed.
        let Ok(Ok(turn)) = turn else {
            return Err("as many pods are running as may; ask again".into());
        };
        let started_at = jiff::Timestamp::now();
        let RunCall { image, command, args, namespace: _ } = call;
        let order = PodOrder { command, args, timeout: LONGEST_RUN, ..PodOrder::new(&image) };
        let (stop, stopped) = watch::channel(None);
        // Ends the run where the caller goes away.
        let gone = CancellationToken::new();
        let _guard = gone.clone().drop_guard();
        let (connection, stopping) = (Arc::clone(&self.connection), self.stopping.clone());
        let name = namespace.to_owned();
        // In a task of its own: it goes on until the pod is deleted.
        let running = self.tracker.spawn(async move {
            let _turn = turn;
            let mut kept = Kept(OutputTail::new(KEPT));
            let ended_early = async {
                let verdict = tokio::select! {
                    () = gone.cancelled() => Verdict::HungUp,
                    () = stopping.cancelled() => Verdict::Terminated,
                };
                stop.send_replace(Some(verdict));
                std::future::pending::<std::convert::Infallible>().await
            };
            let report: PodReport = tokio::select! {
                report = pod_run::run(&connection, &name, &order, false, &mut kept, stopped) => report,
                never = ended_early => match never {},
            };
            (report, kept)
        });
        let Ok((report, kept)) = running.await else { return Err("crashgate itself failed at this run".into()) };
        let target = self.connection.target();
        let setting = Setting { started_at, target, namespace, image: &image, redaction: Redaction::On };
        Ok(with_exit_code(&render(setting, &report, &kept.0)))
    }
}

/// Adds `exit_code`, as callers know it from other runners, to the result of `crashgate run`.
fn with_exit_code(result: &str) -> Map<String, Value> {
    let mut fields: Map<String, Value> = serde_json::from_str(result).unwrap_or_default();
    let exit_code = fields.get("exitCode").cloned().unwrap_or(Value::from(NOT_RUN));
    fields.insert("exit_code".to_owned(), exit_code);
    fields
}

struct Kept(OutputTail);

impl PodOutput for Kept {
    fn wrote(&mut self, bytes: &[u8]) {
        self.0.take(bytes);
    }

    fn said(&mut self, words: &str) {
        info!("{}", Redaction::On.text(words).line());
    }
}
