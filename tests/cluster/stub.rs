//! A scripted API server, and a gate that does what a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use crashgate::cluster::api::Connection;
use crashgate::cluster::api::Target;
use crashgate::cluster::drive::Decider;
use crashgate::cluster::drive::{Run, Sink};
use crashgate::gate::result::{Background, Evidence, Finding, GateEvent, Outcome, Proved, Verdict};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Want};
use tokio::time::{Instant, sleep};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Ask {
    pub at: Duration,
    /// `LIST`, `WATCH`, `GET`, `LOG` or `VERSION`.
    pub verb: &'static str,
    /// `pods`, `deployments`, …
    pub resource: String,
    pub path: String,
    pub query: String,
    pub authorization: String,
    /// How many of this verb and resource came before.
    pub nth: usize,
}

/// What is answered.
pub enum Reply {
    /// Status, content type, body.
    Whole(u16, &'static str, String),
    /// As above, with a header `Retry-After` in seconds.
    Later(u16, u64),
    /// A stream of JSON.
    Stream(Vec<Step>),
    /// Nothing, ever.
    Hang,
    /// The connection is closed without an answer.
    Hangup,
}

/// A step of a stream; after the last one it ends in good order.
pub enum Step {
    Line(String),
    Wait(u64),
    Cut,
    Hang,
}

type Script = Box<dyn FnMut(&Ask) -> Option<Reply> + Send>;

struct Inner {
    start: Instant,
    asks: Vec<Ask>,
    script: Script,
}

/// The server.
#[derive(Clone)]
pub struct Stub {
    inner: Arc<Mutex<Inner>>,
    /// One for each stream that is open, beside this one.
    open: Arc<()>,
}

impl Stub {
    /// A server that answers what the script says; where it says nothing, as an empty cluster where nothing happens.
    pub fn new(script: impl FnMut(&Ask) -> Option<Reply> + Send + 'static) -> Self {
        let inner = Inner { start: Instant::now(), asks: Vec::new(), script: Box::new(script) };
        Self { inner: Arc::new(Mutex::new(inner)), open: Arc::default() }
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        Arc::strong_count(&self.open) - self.counted()
    }

    /// How many handles of this server there are.
    fn counted(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    pub fn quiet() -> Self {
        Self::new(|_| None)
    }

    /// What a socket serves: there an answer can always be given, if only a bad one.
    pub fn router(&self) -> Router {
        let serve = |State(stub): State<Self>, request: Request| async move {
            answer(stub, request).await.unwrap_or_else(|_| Response::builder().status(502).body("away".into()).unwrap())
        };
        Router::new().fallback(serve).with_state(self.clone())
    }

    /// A connection without sockets.
    pub fn connection(&self) -> Arc<Connection> {
        let stub = self.clone();
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            answer(stub.clone(), request.map(Body::new))
        });
        let client = kube::Client::new(service, "default");
        let target = Target { server: "https://stub.example".to_owned(), ..Target::default() };
        Arc::new(Connection::with_client(client, target, Duration::from_secs(10), "default"))
    }

    pub fn asks(&self) -> Vec<Ask> {
        self.inner.lock().unwrap().asks.clone()
    }

    pub fn of(&self, verb: &str, resource: &str) -> Vec<Ask> {
        self.asks().into_iter().filter(|ask| ask.verb == verb && ask.resource == resource).collect()
    }

    fn ask(&self, request: &Request) -> Reply {
        let mut inner = self.inner.lock().unwrap();
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.split('/').skip_while(|part| *part != "namespaces").skip(2).collect();
        let resource = (*parts.first().unwrap_or(&"")).to_owned();
        let verb = match parts.len() {
            0 => "VERSION",
            1 if query.contains("watch=true") => "WATCH",
            1 => "LIST",
            2 => "GET",
            _ => "LOG",
        };
        let nth = inner.asks.iter().filter(|ask| ask.verb == verb && ask.resource == resource).count();
        let authorization = request.headers().get("authorization");
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let ask = Ask { at: inner.start.elapsed(), verb, resource, path, query, authorization, nth };
        inner.asks.push(ask.clone());
        (inner.script)(&ask).unwrap_or_else(|| usual(&ask))
    }
}

fn usual(ask: &Ask) -> Reply {
    match ask.verb {
        "VERSION" => json(200, r#"{"gitVersion":"v1.35.6"}"#),
        // Most API servers have none of these.
        "LIST" | "WATCH" if ["rollouts", "clonesets", "canaries"].contains(&ask.resource.as_str()) => {
            Reply::Whole(404, "text/plain", "404 page not found\n".to_owned())
        }
        "LIST" => listed(&ask.resource, 100, &[]),
        "WATCH" => Reply::Stream(vec![Step::Hang]),
        // Quoted twice, for it stands in a text of JSON.
        _ => status(404, &format!("{}.apps \\\"{}\\\" not found", ask.resource, ask.path.rsplit('/').next().unwrap())),
    }
}

/// An API server that is not there: no answer comes of it.
#[derive(Debug)]
struct Away;

impl std::fmt::Display for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection refused")
    }
}

impl std::error::Error for Away {}

async fn answer(stub: Stub, request: Request) -> Result<Response, Away> {
    let whole = |status: u16, content_type: &str, body: Body| {
        Response::builder().status(status).header("content-type", content_type).body(body).unwrap()
    };
    Ok(match stub.ask(&request) {
        Reply::Whole(status, content_type, body) => whole(status, content_type, body.into()),
        Reply::Later(status, seconds) => {
            Response::builder().status(status).header("retry-after", seconds).body("later".into()).unwrap()
        }
        Reply::Hang => std::future::pending().await,
        Reply::Hangup => return Err(Away),
        Reply::Stream(steps) => {
            let steps: VecDeque<Step> = steps.into();
            let open = Arc::clone(&stub.open);
            let stream = futures::stream::unfold((steps, open), |(mut steps, open)| async move {
                loop {
                    let item: Result<Bytes, std::io::Error> = match steps.pop_front()? {
                        Step::Line(line) => Ok(format!("{line}\n").into()),
                        Step::Cut => Err(std::io::ErrorKind::UnexpectedEof.into()),
                        Step::Hang => std::future::pending().await,
                        Step::Wait(ms) => {
                            sleep(Duration::from_millis(ms)).await;
                            continue;
                        }
                    };
                    return Some((item, (steps, open)));
                }
            });
            whole(200, "application/json", Body::from_stream(stream))
        }
    })
}

pub fn json(status: u16, body: &str) -> Reply {
    Reply::Whole(status, "application/json", body.to_owned())
}

pub fn status(code: u16, message: &str) -> Reply {
    json(code, &status_object(code, message))
}

pub fn status_object(code: u16, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{message}","reason":"R","code":{code}}}"#
    )
}

/// A LIST of objects, each with its UID (its name too) and version.
pub fn listed(resource: &str, version: u32, objects: &[(&str, u32)]) -> Reply {
    let kind = match resource {
        "pods" => "Pod",
        "events" => "Event",
        "deployments" => "Deployment",
        "replicasets" => "ReplicaSet",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        "jobs" => "Job",
        other => panic!("{other}"),
    };
    let items: Vec<String> = objects.iter().map(|(uid, version)| object(kind, uid, *version)).collect();
    json(
        200,
        &format!(
            r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"}},"items":[{}]}}"#,
            items.join(",")
        ),
    )
}

/// An object of any kind, with enough in it to be one.
pub fn object(kind: &str, uid: &str, version: u32) -> String {
    let spec = match kind {
        "Pod" => r#""containers":[]"#.to_owned(),
        "Event" => String::new(),
        _ => format!(
            r#""selector":{{"matchLabels":{{"run":"{uid}"}}}},"template":{{"metadata":{{}},"spec":{{"containers":[]}}}}"#
        ),
    };
    format!(
        r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{"name":"{uid}","namespace":"shop","uid":"{uid}","resourceVersion":"{version}"}},"spec":{{{spec}}},"status":{{}},"involvedObject":{{"kind":"Pod","name":"p","uid":"u"}},"reason":"R","message":"m"}}"#
    )
}

pub fn line(kind: &str, object: &str) -> Step {
    Step::Line(format!(r#"{{"type":"{kind}","object":{object}}}"#))
}

pub fn pod_line(kind: &str, uid: &str, version: u32) -> Step {
    line(kind, &object("Pod", uid, version))
}

/// A plan for `checkout` v1 in `shop` with a `delay` of 10 s.
pub fn plan() -> Plan {
    Plan::new("checkout", "v1", "shop")
}

pub type Facts = Arc<Mutex<Vec<(Duration, Fact)>>>;

/// A gate that does what a test says.
pub struct Fake {
    pub plan: Plan,
    pub facts: Facts,
    pub ends_at: Option<Duration>,
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
    pub want: Arc<Mutex<Want>>,
    pub panics_at: Option<Duration>,
    pub outcome: Option<Outcome>,
}

impl Fake {
    /// A gate that passes at this time.
    pub fn until(seconds: u64) -> Self {
        let wait_period = Duration::from_secs(seconds.max(60));
        Self {
            plan: Plan { wait_period, ..plan() },
            facts: Facts::default(),
            ends_at: Some(Duration::from_secs(seconds)),
            verdict: Verdict::Healthy,
            findings: Vec::new(),
            want: Arc::new(Mutex::new(Want::Nothing)),
            panics_at: None,
            outcome: None,
        }
    }
}

impl Decider for Fake {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        self.facts.lock().unwrap().push((at, fact));
    }

    fn advance(&mut self, now: Duration) {
        assert!(self.panics_at.is_none_or(|at| now < at), "as the test asks for");
        if self.ends_at.is_some_and(|at| now >= at) {
            self.end(now, self.verdict);
        }
    }

    fn wake_at(&self) -> Option<Duration> {
        self.panics_at.or(self.ends_at)
    }

    fn want(&self) -> Want {
        self.want.lock().unwrap().clone()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn end(&mut self, now: Duration, verdict: Verdict) {
        self.outcome = Some(Outcome {
            verdict,
            decided_after: now,
            findings: self.findings.clone(),
            pods: Vec::new(),
            warnings: Vec::new(),
            ready: 0,
            wanted: None,
            checks: Vec::new(),
            background: Background::default(),
            proved: Proved::default(),
        });
    }

    fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        self.outcome.as_mut().unwrap().findings[place].evidence.extend(evidence);
    }

    fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        Vec::new()
    }
}

/// A sink that counts.
#[derive(Default)]
pub struct Counting {
    pub begun: u32,
    pub idle: u32,
    pub ended: u32,
}

impl Sink for Counting {
    fn begin(&mut self, _: &Target, _: &[Plan]) {
        self.begun += 1;
    }

    fn event(&mut self, _: usize, _: Duration, _: &GateEvent) {}

    fn idle(&mut self, _: Duration) {
        self.idle += 1;
    }

    fn end(&mut self, _: &Run) {
        self.ended += 1;
    }
}
