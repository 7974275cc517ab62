//! Gates whose views the test sets, and a client that holds every answer against the `OpenAPI` document.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use crashgate::cluster::api::Target;
use crashgate::cluster::drive;
use crashgate::gate::result::{Background, Code, Finding, Outcome, Place, Proved, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::report::model::{self, Event};
use crashgate::report::run_log::RunLog;
use crashgate::serve::http::{Auth, Extras, Limits, Service, Shutdown, router};
use crashgate::serve::{Call, GateId, GateView, Gates, Mode, Refused};
use crashgate::text::{Redaction, Untrusted};
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// Gates that do nothing by themselves. The plan `web` judges any workload, `pinned` names one, `other` does not exist.
#[derive(Default)]
pub struct Fake {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    gates: BTreeMap<String, watch::Sender<GateView>>,
    calls: Vec<Call>,
    looks: usize,
    refuses: Option<Refused>,
    panics: bool,
    moved_on: bool,
}

pub fn view(id: &str, call: Call) -> GateView {
    GateView {
        id: GateId::of(id),
        call: Arc::new(call),
        revision: Some("7d9f".to_owned()),
        judged: None,
        verdict: None,
        is_current: true,
        why: "waiting for 2 of 3 pods".into(),
        began: "2026-01-02T03:04:05Z".parse().unwrap(),
        changed: "2026-01-02T03:04:05Z".parse().unwrap(),
        run: None,
        log: Arc::new(Mutex::new(RunLog::default())),
        heard: 0,
    }
}

pub fn call(plan: &str, namespace: &str) -> Call {
    Call {
        plan: plan.to_owned(),
        namespace: namespace.to_owned(),
        workload: None,
        revision: None,
        run: None,
        mode: Mode::Standing,
    }
}

/// A round that ended so.
pub fn run(verdict: Verdict) -> model::Run {
    let finding = Finding {
        code: Code::CrashLoop,
        place: Place::default(),
        message: "exit code 1 <b>password=hunter2secret".to_owned(),
        exit_status: Some(1),
        restarts: Some(3),
        next_step: "Fix it.".to_owned(),
        also: Vec::new(),
        log: None,
        evidence: Vec::new(),
    };
    let outcome = Outcome {
        verdict,
        decided_after: std::time::Duration::from_secs(4),
        findings: if verdict == Verdict::Healthy { Vec::new() } else { vec![finding] },
        pods: Vec::new(),
        warnings: Vec::new(),
        ready: 1,
        wanted: Some(3),
        checks: Vec::new(),
        background: Background::default(),
        proved: Proved::default(),
    };
    let gate = drive::GateRun { plan: Plan::new("web", "7d9f", "shop"), outcome, requests: 4 };
    let run = drive::Run {
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        duration: std::time::Duration::from_secs(5),
        target: Target::default(),
        gates: vec![gate],
    };
    model::Run::of(&run, Redaction::On)
}

impl Fake {
    /// Puts a gate there, and returns what changes it.
    pub fn put(&self, view: GateView) -> watch::Sender<GateView> {
        let id = view.id.to_string();
        let sender = watch::channel(view).0;
        self.state.lock().unwrap().gates.insert(id, sender.clone());
        sender
    }

    /// Puts a gate of this call there, with this verdict.
    pub fn stands(&self, id: &str, call: Call, verdict: Option<Verdict>) -> watch::Sender<GateView> {
        self.put(GateView { verdict, run: verdict.map(|verdict| Arc::new(run(verdict))), ..view(id, call) })
    }

    pub fn refuse(&self, refused: Option<Refused>) {
        self.state.lock().unwrap().refuses = refused;
    }

    pub fn panic(&self) {
        self.state.lock().unwrap().panics = true;
    }

    /// What the cluster runs now is not what any gate has judged, and no watch has told so.
    pub fn move_on(&self) {
        self.state.lock().unwrap().moved_on = true;
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    pub fn looks(&self) -> usize {
        self.state.lock().unwrap().looks
    }

    pub fn ids(&self) -> Vec<String> {
        self.state.lock().unwrap().gates.keys().cloned().collect()
    }

    fn checked(&self) -> std::sync::MutexGuard<'_, State> {
        let panics = self.state.lock().unwrap().panics;
        assert!(!panics, "on purpose");
        self.state.lock().unwrap()
    }
}

impl Gates for Fake {
    fn call(&self, call: Call) -> Result<watch::Receiver<GateView>, Refused> {
        let mut state = self.checked();
        if let Some(refused) = &state.refuses {
            return Err(refused.clone());
        }
        if call.plan != "web" && call.plan != "pinned" {
            return Err(Refused::NoPlan { plan: call.plan, near: "did you mean web?".to_owned() });
        }
        if call.plan == "web" && call.workload.is_none() {
            return Err(Refused::NotOfThePlan("neither the plan nor the call names a workload".to_owned()));
        }
        state.calls.push(call.clone());
        let known = state.gates.values().find(|gate| {
            let known = Arc::clone(&gate.borrow().call);
            known.plan == call.plan && known.namespace == call.namespace
        });
        if let Some(known) = known {
            return Ok(known.subscribe());
        }
        let id = format!("new-{}", state.gates.len());
        let sender = watch::channel(view(&id, call)).0;
        let receiver = sender.subscribe();
        state.gates.insert(id, sender);
        Ok(receiver)
    }

    fn look(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        let mut state = self.checked();
        state.looks += 1;
        state.gates.get(id.as_str()).map(watch::Sender::subscribe)
    }

    fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.checked().gates.get(id.as_str()).map(watch::Sender::subscribe)
    }

    fn confirm<'a>(&'a self, _: &'a GateView) -> BoxFuture<'a, bool> {
        let is_confirmed = !self.checked().moved_on;
        Box::pin(async move { is_confirmed })
    }

    fn forget(&self, id: &GateId) -> bool {
        self.checked().gates.remove(id.as_str()).is_some()
    }

    fn all(&self) -> Vec<GateView> {
        self.checked().gates.values().map(|gate| gate.borrow().clone()).collect()
    }
}

/// A log in which something happened.
pub fn log() -> RunLog {
    let mut log = RunLog::default();
    log.begin(&model::Target::default(), &[model::Plan::of(&Plan::new("web", "7d9f", "shop"))]);
    log.hear(0, std::time::Duration::from_secs(1), &Event::PodAppeared { pod: Untrusted::name("web-1") });
    log
}

/// Everything that a test of the routes needs.
pub struct Served {
    pub gates: Arc<Fake>,
    pub router: Router,
    pub shutdown: Shutdown,
}

/// Fake gates behind all routes, for whoever these credentials admit.
pub fn served(auth: Auth) -> Served {
    served_as(auth, Limits::default(), |service| service)
}

pub fn served_as(auth: Auth, limits: Limits, change: impl FnOnce(Service) -> Service) -> Served {
    let gates = Arc::new(Fake::default());
    let shutdown = Shutdown::default();
    let service = Service::new(Arc::clone(&gates) as Arc<dyn Gates>, auth, limits, shutdown.clone());
    Served { gates, router: router(change(service), Extras::default()), shutdown }
}

/// An answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The one line that Flagger shows.
    pub fn line(&self) -> &str {
        let line = self.body.strip_suffix('\n').unwrap();
        assert!(!line.contains(['\n', '\r']) && line.len() <= 900 && !line.is_empty(), "{line}");
        assert!(self.header("content-type").starts_with("text/plain"), "{:?}", self.headers);
        line
    }
}

/// Sends a request with these headers, and holds the answer against the document.
pub async fn send(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Got {
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method.clone()).uri(path).header("host", "127.0.0.1:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let got = Got { status, headers, body: String::from_utf8(body.to_vec()).unwrap() };
    check(&method, path, &got);
    got
}

pub async fn post(router: &Router, path: &str, body: &str) -> Got {
    send(router, "POST", path, &[("content-type", "application/json")], body.to_owned()).await
}

pub async fn get(router: &Router, path: &str) -> Got {
    send(router, "GET", path, &[], Body::empty()).await
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&crashgate::serve::http::document()).unwrap());

/// What holds for every answer, and that its status and its type stand in the document.
fn check(method: &Method, path: &str, got: &Got) {
    let about = format!("{method} {path}: {got:?}");
    assert_eq!(got.header("x-content-type-options"), "nosniff", "{about}");
    assert!(!got.header("content-security-policy").is_empty() && got.header("cache-control") == "no-store", "{about}");
    assert!(!(300..400).contains(&got.status) && got.status != 429, "{about}");
    assert!(got.status < 500 || (path == "/readyz" && got.status == 503), "{about}");
    let bare = path.split('?').next().unwrap();
    let segments: Vec<&str> = bare.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        let fits = |(part, segment): (&&str, &&str)| part == segment || part.starts_with('{');
        parts.len() == segments.len() && parts.iter().zip(&segments).all(fits)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let known = paths.iter().find(|(template, _)| fits(template)).map(|(_, methods)| methods);
    let Some(methods) = known else {
        assert_eq!(got.status, 404, "{about}");
        return;
    };
    let method = if *method == Method::HEAD && methods.get("get").is_some() { &Method::GET } else { method };
    let Some(operation) = methods.get(method.as_str().to_lowercase()) else {
        assert!(matches!(got.status, 405 | 403) && (got.status == 403 || !got.header("allow").is_empty()), "{about}");
        return;
    };
    let response = &operation["responses"][got.status.to_string()];
    assert!(response.is_object(), "a status that is not in the document: {about}");
    if got.status == StatusCode::NO_CONTENT {
        assert_eq!(got.body, "", "{about}");
        return;
    }
    let kind = got.header("content-type").split(';').next().unwrap();
    assert!(response["content"].get(kind).is_some(), "a type that is not in the document: {about}");
}
