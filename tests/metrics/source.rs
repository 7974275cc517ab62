//! A scripted source of metrics on loopback, and what is asked of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use crashgate::cluster::api::ProxyVariables;
use crashgate::gate::model::{
    Arm, Measurement, MetricAnswer, MetricQuestion, MetricTrouble, MetricTroubleKind, Number,
};
use crashgate::gate::spec::{Check, Measure, MetricsSource, PodLabels, Undecided};
use crashgate::metrics::{MetricsClient, SourceError};
use crashgate::recording::line::Entry;
use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An answer with a vector of one value.
pub const ONE: &str =
    r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[5,"0.25"]}]}}"#;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub form: BTreeMap<String, String>,
}

impl Asked {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

type Script = dyn Fn(Asked) -> BoxFuture<'static, Response> + Send + Sync;

/// A source that answers as it is told to.
#[derive(Clone)]
pub struct Source {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Script>,
}

impl Source {
    pub fn new(script: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        Self::later(move |asked| {
            let response = script(&asked);
            Box::pin(async move { response })
        })
    }

    pub fn later(script: impl Fn(Asked) -> BoxFuture<'static, Response> + Send + Sync + 'static) -> Self {
        Self { asked: Arc::default(), script: Arc::new(script) }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn router(&self) -> Router {
        let source = self.clone();
        Router::new().fallback(move |request: axum::extract::Request| {
            let source = source.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let form = serde_urlencoded(std::str::from_utf8(&body).unwrap());
                let asked = Asked {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().map(str::to_owned),
                    headers: parts.headers,
                    form,
                };
                source.asked.lock().unwrap().push(asked.clone());
                (source.script)(asked).await
            }
        })
    }

    /// Serves it, and returns its URL.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{addr}")
    }
}

/// The fields of a form, decoded.
fn serde_urlencoded(form: &str) -> BTreeMap<String, String> {
    let url = format!("http://x/?{form}").parse::<http::Uri>().unwrap();
    axum::extract::Query::<BTreeMap<String, String>>::try_from_uri(&url).unwrap().0
}

/// A response of this status, type and body.
pub fn response(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header("content-type", content_type).body(body.into()).unwrap()
}

/// A response with JSON.
pub fn json(status: u16, body: &str) -> Response {
    response(status, "application/json", body.to_owned())
}

/// A server that reads a request and sends these bytes; then it closes, or never.
pub async fn raw(bytes: &'static [u8], closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 16 * 1024]).await;
                let _ = socket.write_all(bytes).await;
                if !closes {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    addr
}

pub fn of_url(url: &str) -> MetricsSource {
    MetricsSource { url: url.to_owned(), ..MetricsSource::default() }
}

/// A client without any proxy of this machine's environment.
pub fn client(source: &MetricsSource) -> Result<MetricsClient, SourceError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    MetricsClient::with_proxies(source, "/".as_ref(), &ProxyVariables::default())
}

/// A check of this query, which has a number for its answer.
pub fn check(query: &str) -> Check {
    let measure = Measure::Query { query: query.to_owned(), max: Some(Number(1.0)), min: None, hold: Duration::ZERO };
    Check { name: "files".to_owned(), measure, undecided: Undecided::Inconclusive }
}

pub fn question(arm: Arm) -> MetricQuestion {
    MetricQuestion {
        check: "files".to_owned(),
        arm,
        pods: ["web-a".to_owned(), "web-b".to_owned()].into(),
        window: Duration::from_secs(30),
        every_bucket: false,
    }
}

/// Asks once about the canary.
pub async fn measure(client: &MetricsClient) -> Measurement {
    client.measure(&check("max(open{$pods})"), &PodLabels::default(), "shop", &question(Arm::Canary)).await
}

pub async fn answer(source: &MetricsSource) -> MetricAnswer {
    measure(&client(source).unwrap()).await.answer.unwrap()
}

/// What is said where the source gives no answer; asking again may help.
pub async fn trouble(source: &MetricsSource) -> String {
    let MetricTrouble { kind, message } = measure(&client(source).unwrap()).await.answer.unwrap_err();
    assert_eq!(kind, MetricTroubleKind::Unreachable, "{message}");
    message
}

/// A tap, and what it has heard.
pub fn tap() -> (crashgate::cluster::api::connection::Tap, Arc<Mutex<Vec<Entry>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    let tap = move |_: tokio::time::Instant, entry: &Entry| {
        let Entry::Metrics(entry) = entry else { panic!("{entry:?}") };
        ears.lock().unwrap().push(Entry::Metrics(entry.clone()));
    };
    (Arc::new(Mutex::new(tap)), heard)
}
