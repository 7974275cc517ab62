//! The server: which part answers a request.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::accept::{self, Shape};
use super::clock::Clock;
use super::faults::{self, Closed, Playback};
use super::path::{self, Target};
use super::pods::PodScript;
use super::query::Parameters;
use super::running::{self, AtEnd, Begin, Options, Requests};
use super::state::{Look, State};
use super::status::{Refusal, json_response};
use super::timeline::{Collection, Object, Timeline};
use super::{access, discovery, list, logs, pods, table, watch};

/// What every request can see.
#[derive(Debug)]
pub(super) struct Shared {
    /// The recording, and the pods that were created beside it.
    pub state: State,
    /// What becomes of pods that are created; without a script none are.
    pub script: Option<PodScript>,
    /// Its clock.
    pub clock: Clock,
    /// What comes after its end.
    pub at_end: AtEnd,
    /// Where the server listens.
    pub addr: SocketAddr,
    /// The requests that came.
    pub requests: Requests,
    /// Ends every stream and the server.
    pub stop: CancellationToken,
    /// What goes wrong on purpose.
    pub faults: Playback,
    /// This playback: a continue token of another one means nothing here.
    pub playback: String,
    begin: Begin,
}

impl Shared {
    pub fn new(timeline: Arc<Timeline>, options: Options, addr: SocketAddr) -> Self {
        let playback = format!("{:x}", jiff::Timestamp::now().as_nanosecond());
        let clock = Clock::new(timeline.header.started_at, timeline.end_ms, options.offset);
        let (requests, stop) = (Requests::default(), CancellationToken::new());
        let Options { begin, at_end, faults, pods: script, .. } = options;
        let (faults, state) = (Playback::new(faults), State::new(timeline));
        Self { state, script, clock, at_end, addr, requests, stop, faults, playback, begin }
    }

    /// What there is at this moment.
    pub fn look(&self) -> Look {
        self.state.look(&self.clock)
    }

    /// What there is, where the moment does not matter.
    pub fn timeline(&self) -> Arc<Timeline> {
        self.look().timeline
    }

    /// True once the recording is over and nothing is to be served any more.
    pub fn is_over(&self) -> bool {
        self.at_end == AtEnd::Refuse && self.clock.has_ended()
    }
}

/// Takes a request in, and gives its answer or the end of its connection.
pub(super) async fn handle(shared: Arc<Shared>, request: Request) -> Result<Response, Closed> {
    if shared.begin == Begin::AtFirstRequest {
        shared.clock.start();
    }
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(running::Request {
        method: running::shortened(request.method().as_str()),
        path: running::shortened(request.uri().path()),
        query: running::shortened(request.uri().query().unwrap_or_default()),
        at_ms: shared.clock.now_ms(),
    });
    faults::disturbed(shared, request).await
}

/// The answer where nothing goes wrong on purpose.
pub(super) async fn answered(shared: Arc<Shared>, request: Request) -> Response {
    answer(shared, request).await.unwrap_or_else(IntoResponse::into_response)
}

/// Answers any request. Every one passes here once.
async fn answer(shared: Arc<Shared>, request: Request) -> Result<Response, Refusal> {
    if shared.is_over() {
        return Err(Refusal::ended());
    }
    let request_path = request.uri().path().to_owned();
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::POST if access::is_review(&request_path) => return access::answer(&shared, request).await,
        Method::POST | Method::DELETE if shared.script.is_some() => return pods::answer(&shared, request).await,
        ref method => return Err(Refusal::read_only(method)),
    }
    if let Some(response) = discovery::answer(&shared, &request_path, request.headers()) {
        return Ok(response);
    }
    let target = path::parse(&request_path).ok_or_else(Refusal::no_resource)?;
    let look = shared.look();
    let collection = look.timeline.collection(&target.resource).ok_or_else(Refusal::no_resource)?;
    if target.resource.is_core("secrets") {
        return Err(Refusal::forbidden("secrets is forbidden: a recording holds no secrets"));
    }
    let parameters = Parameters::of(request.uri())?;
    match (target.name.as_deref(), target.subresource.as_deref()) {
        (None, _) => {
            let shape = accept::shape(request.headers())?;
            if parameters.flag("watch") {
                watch::answer(&shared, &target, &parameters, shape)
            } else {
                list::answer(&shared, &look, &target, &parameters, shape)
            }
        }
        (Some(name), None | Some("status")) => {
            let shape = accept::shape(request.headers())?;
            let object = find(collection, look.now_ms, &target, name)?;
            Ok(json_response(StatusCode::OK, &one(&shared, collection, &object, &parameters, shape)))
        }
        (Some(name), Some("log")) if target.resource.is_core("pods") => {
            let pod = find(collection, look.now_ms, &target, name)?;
            logs::answer(&shared, &look, &pod, &parameters)
        }
        _ => Err(Refusal::no_resource()),
    }
}

fn find(collection: &Collection, now_ms: u64, target: &Target, name: &str) -> Result<Arc<Object>, Refusal> {
    let key = (target.namespace.clone().unwrap_or_default(), name.to_owned());
    let mut snapshot = collection.at(now_ms);
    snapshot.objects.remove(&key).ok_or_else(|| Refusal::no_object(&target.resource, name))
}

fn one(shared: &Shared, collection: &Collection, object: &Object, parameters: &Parameters, shape: Shape) -> Value {
    let value = object.told(shared.clock.shift());
    match shape {
        Shape::Whole => value,
        Shape::Metadata => list::metadata_only(&value),
        Shape::Table(version) => {
            let metadata = serde_json::json!({"resourceVersion": value.pointer("/metadata/resourceVersion")});
            let include = parameters.text("includeObject");
            table::table(&collection.kind, version, &[value], include, &metadata, true)
        }
    }
}
