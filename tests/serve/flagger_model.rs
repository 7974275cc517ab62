//! A model of Flagger's scheduler, made from what its sources say it does: when each webhook is called, what its answer means,
//! and how the POST is made. It deploys nothing itself but the scale of the canary and of the primary.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::live_cluster::LiveCluster;

/// Where a webhook is served; changed where a server is started anew.
pub type Server = Arc<Mutex<Option<Router>>>;

/// The types of webhooks, by the names that a Canary has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    ConfirmRollout,
    PreRollout,
    Rollout,
    ConfirmTrafficIncrease,
    ConfirmPromotion,
    PostRollout,
    Rollback,
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub hook: Hook,
    pub url: &'static str,
    pub timeout: Duration,
    pub retries: u32,
}

/// The phases of a Canary, as its payloads name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Initialized,
    Waiting,
    Progressing,
    WaitingPromotion,
    Succeeded,
    Failed,
}

/// One call and what came back.
#[derive(Debug, Clone)]
pub struct Called {
    pub hook: Hook,
    /// The version that was applied when it was called.
    pub version: String,
    /// Of the last attempt; `None` where there was no answer in time.
    pub status: Option<u16>,
    pub body: String,
}

pub struct Flagger {
    pub cluster: LiveCluster,
    pub server: Server,
    pub namespace: &'static str,
    pub name: &'static str,
    pub interval: Duration,
    pub threshold: u32,
    pub step: u32,
    pub max: u32,
    /// How many pods a canary has while it is analysed.
    pub replicas: u32,
    pub webhooks: Vec<Webhook>,
    pub phase: Phase,
    pub weight: u32,
    pub failed_checks: u32,
    pub calls: Vec<Called>,
    /// The version that is applied, that analysed now, and that of the primary.
    pub applied: String,
    tracked: String,
    /// Counts the changes of its configuration.
    configuration: u32,
    pub promoted: String,
}

impl Flagger {
    /// A Canary whose primary runs `version`: its target has no pods.
    pub fn new(cluster: &LiveCluster, server: Server, version: &str, webhooks: Vec<Webhook>) -> Self {
        let (namespace, name) = ("shop", "podinfo");
        cluster.deploy(namespace, "podinfo-primary", version, 2);
        cluster.deploy(namespace, name, version, 0);
        Self {
            cluster: cluster.clone(),
            server,
            namespace,
            name,
            interval: Duration::from_secs(10),
            threshold: 5,
            step: 10,
            max: 50,
            replicas: 2,
            webhooks,
            phase: Phase::Initialized,
            weight: 0,
            failed_checks: 0,
            calls: Vec::new(),
            applied: version.to_owned(),
            tracked: version.to_owned(),
            configuration: 0,
            promoted: version.to_owned(),
        }
    }

    /// Somebody applies another version to the target, which has no pods until the analysis begins.
    pub fn apply(&mut self, version: &str) {
        version.clone_into(&mut self.applied);
        let replicas = if self.phase == Phase::Progressing { self.replicas } else { 0 };
        self.cluster.deploy(self.namespace, self.name, version, replicas);
    }

    /// A `ConfigMap` of the target changes, and nothing else: Flagger analyses the same template again.
    pub fn reconfigure(&mut self) {
        self.configuration += 1;
        self.tracked.clear();
    }

    /// Ticks until the canary is promoted or rolled back, at most so often.
    pub async fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.tick().await;
            if matches!(self.phase, Phase::Succeeded | Phase::Failed) && self.tracked == self.applied {
                return;
            }
            sleep(self.interval).await;
        }
    }

    /// One tick, in the order of scheduler.go.
    pub async fn tick(&mut self) {
        if self.tracked != self.applied && self.phase != Phase::Progressing && self.phase != Phase::WaitingPromotion {
            // Called before the canary is scaled up, with the phase that it has and the checksum of the one before.
            if !self.all(Hook::ConfirmRollout).await {
                self.phase = Phase::Waiting;
                return;
            }
            self.tracked.clone_from(&self.applied);
            self.phase = Phase::Progressing;
            (self.weight, self.failed_checks) = (0, 0);
            self.cluster.scale(self.namespace, self.name, self.replicas);
            return;
        }
        if !matches!(self.phase, Phase::Progressing | Phase::WaitingPromotion) {
            return;
        }
        if self.tracked != self.applied {
            // A new revision: the analysis begins anew.
            self.tracked.clone_from(&self.applied);
            self.phase = Phase::Progressing;
            (self.weight, self.failed_checks) = (0, 0);
            return;
        }
        if !self.cluster.is_ready(self.namespace, self.name) {
            return;
        }
        for webhook in self.of(Hook::Rollback) {
            if self.call(&webhook).await {
                self.roll_back().await;
                return;
            }
        }
        if self.failed_checks >= self.threshold {
            self.roll_back().await;
            return;
        }
        if self.weight == 0 && !self.all(Hook::PreRollout).await {
            self.failed_checks += 1;
            return;
        }
        if self.weight > 0 && !self.all(Hook::Rollout).await {
            self.failed_checks += 1;
            return;
        }
        if self.phase == Phase::Progressing && self.weight < self.max {
            if !self.all(Hook::ConfirmTrafficIncrease).await {
                return;
            }
            self.weight = (self.weight + self.step).min(self.max);
            return;
        }
        if !self.all(Hook::ConfirmPromotion).await {
            self.phase = Phase::WaitingPromotion;
            return;
        }
        self.promoted.clone_from(&self.tracked);
        self.cluster.deploy(self.namespace, "podinfo-primary", &self.tracked.clone(), 2);
        self.end(Phase::Succeeded).await;
    }

    async fn roll_back(&mut self) {
        self.end(Phase::Failed).await;
    }

    async fn end(&mut self, phase: Phase) {
        self.phase = phase;
        self.weight = 0;
        self.cluster.scale(self.namespace, self.name, 0);
        let _ = self.all(Hook::PostRollout).await;
    }

    fn of(&self, hook: Hook) -> Vec<Webhook> {
        self.webhooks.iter().filter(|webhook| webhook.hook == hook).cloned().collect()
    }

    /// Calls the webhooks of a type in their order, until one says no.
    async fn all(&mut self, hook: Hook) -> bool {
        for webhook in self.of(hook) {
            if !self.call(&webhook).await {
                return false;
            }
        }
        true
    }

    /// The POST of Flagger's client: a timeout for each attempt, redirects are followed as GET, 429, 5xx and no answer are
    /// tried again, and every status up to 202 is a success.
    async fn call(&mut self, webhook: &Webhook) -> bool {
        let checksum = format!("{:x}-{}", self.tracked.bytes().map(u64::from).sum::<u64>(), self.configuration);
        let payload = json!({"name": self.name, "namespace": self.namespace, "phase": format!("{:?}", self.phase),
            "checksum": checksum, "metadata": {}});
        let mut pause = Duration::from_secs(1);
        let mut answer = None;
        for attempt in 0..=webhook.retries {
            if attempt > 0 {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
            answer = timeout(webhook.timeout, self.post(webhook.url, &payload)).await.ok().flatten();
            let tries_again = answer.as_ref().is_none_or(|(status, _)| {
                *status == StatusCode::TOO_MANY_REQUESTS
                    || status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED
            });
            if !tries_again {
                break;
            }
        }
        let (status, body) = answer.map_or((None, String::new()), |(status, body)| (Some(status.as_u16()), body));
        let version = self.applied.clone();
        self.calls.push(Called { hook: webhook.hook, version, status, body });
        status.is_some_and(|status| status <= 202)
    }

    async fn post(&self, url: &str, payload: &Value) -> Option<(StatusCode, String)> {
        let (mut method, mut url, mut body) = (Method::POST, url.to_owned(), payload.to_string());
        for _ in 0..10 {
            let router = self.server.lock().unwrap().clone()?;
            let request = Request::builder()
                .method(method.clone())
                .uri(&url)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::HOST, "crashgate.example")
                .body(Body::from(body.clone()))
                .unwrap();
            let response = router.oneshot(request).await.ok()?;
            let status = response.status();
            if let (true, Some(location)) = (status.is_redirection(), response.headers().get(header::LOCATION)) {
                location.to_str().ok()?.clone_into(&mut url);
                (method, body) = (Method::GET, String::new());
                continue;
            }
            let bytes = to_bytes(response.into_body(), 1 << 20).await.ok()?;
            return Some((status, String::from_utf8(bytes.to_vec()).ok()?));
        }
        None
    }

    /// How often each hook was answered with each status.
    pub fn statuses(&self, hook: Hook) -> BTreeMap<Option<u16>, usize> {
        let mut counted = BTreeMap::new();
        for called in self.calls.iter().filter(|called| called.hook == hook) {
            *counted.entry(called.status).or_default() += 1;
        }
        counted
    }
}
