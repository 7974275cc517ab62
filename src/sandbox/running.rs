//! Starting and stopping the server: what callers of the sandbox see.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connections;
use super::front;
use super::load;
use super::options::{Begin, Options};
use super::prometheus;
use super::requests::Request;
use super::sample::Sample;
use super::shared::Shared;
use super::timeline::Timeline;
use crate::recording::line::Header;
use crate::recording::reader::{ReadError, Reader};
use crate::recording::subject::Subject;

/// How long open streams have to end once the server is stopped.
const STOP_TIME: Duration = Duration::from_secs(2);

/// A recording, read and ready to be served.
#[derive(Debug, Clone)]
pub struct Sandbox {
    timeline: Arc<Timeline>,
}

/// Why a recording cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port belongs to another program.
    #[error("cannot serve on 127.0.0.1:{port}: the port is in use; choose another with --port, or leave it out")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The system refuses the socket.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port; 0 stands for any free one.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

impl Sandbox {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is no recording. A torn last line is none: see [`Sandbox::is_torn`].
    pub fn load(path: &Path) -> Result<Self, ReadError> {
        Ok(Self { timeline: Arc::new(load::load(Reader::open(path)?, &mut |_| {})?) })
    }

    /// Reads a recording, and what it is about: in one reading, for it may be a pipe.
    ///
    /// # Errors
    ///
    /// As [`Sandbox::load`].
    pub fn load_with_subject(path: &Path) -> Result<(Self, Subject), ReadError> {
        let reader = Reader::open(path)?;
        let mut subject = Subject::of(reader.header());
        let timeline = load::load(reader, &mut |line| subject.hear(line))?;
        Ok((Self { timeline: Arc::new(timeline) }, subject))
    }

    /// Reads a recording from memory. Errors call it by this name.
    ///
    /// # Errors
    ///
    /// Where it is no recording.
    pub fn read(name: &str, recording: &[u8]) -> Result<Self, ReadError> {
        Ok(Self { timeline: Arc::new(load::load(Reader::new(Path::new(name), recording)?, &mut |_| {})?) })
    }

    /// A cluster with nothing in it but this namespace.
    #[must_use]
    pub fn empty(namespace: &str) -> Self {
        Self { timeline: Arc::new(load::nothing(namespace)) }
    }

    /// The recording's first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.timeline.header
    }

    /// How long the recording is.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_millis(self.timeline.end_ms)
    }

    /// True where the recording's last line was torn: the recorder was killed, and what came before is served.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.timeline.torn
    }

    /// True where the recording has answers of a metrics source.
    #[must_use]
    pub fn has_metrics(&self) -> bool {
        !self.timeline.metrics.is_empty()
    }

    /// Names to try commands with.
    #[must_use]
    pub fn sample(&self) -> Sample {
        Sample::of(&self.timeline)
    }

    /// Serves the recording on 127.0.0.1, as tasks of the present tokio runtime, until [`Running::stop`] or until the
    /// answer is dropped.
    ///
    /// # Errors
    ///
    /// Where the port cannot be had.
    pub async fn serve(self, options: Options) -> Result<Running, ServeError> {
        let port = options.port.unwrap_or(0);
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortInUse { port },
            _ => ServeError::Listen { port, source },
        };
        // Loopback and nothing else: whoever can reach the port can read the recording.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let shared = self.playback(options, addr);
        let task = tokio::spawn(connections::run(listener, Arc::clone(&shared)));
        Ok(Running { addr, stop: shared.stop.clone(), shared, task })
    }

    /// Plays the recording to clients in this process only ([`Running::client`]), over no socket: in a tokio runtime
    /// whose time is paused, it plays as fast as it is listened to.
    #[must_use]
    pub fn in_memory(self, options: Options) -> Running {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let shared = self.playback(options, addr);
        Running { addr, stop: shared.stop.clone(), shared, task: tokio::spawn(async {}) }
    }

    fn playback(self, options: Options, addr: SocketAddr) -> Arc<Shared> {
        let begin = options.begin;
        let shared = Arc::new(Shared::new(self.timeline, options, addr));
        if begin == Begin::Now {
            shared.clock.start();
        }
        let playing = Arc::clone(&shared);
        tokio::spawn(async move { playing.faults.outage.conduct(&playing.clock, &playing.stop).await });
        shared
    }
}

/// A recording that is being served. Dropping it stops the server.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// The address that is listened on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of the API server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The URL of the recording's metrics source, as a gate's `metrics.source.url` wants it.
    #[must_use]
    pub fn prometheus_url(&self) -> String {
        format!("{}{}", self.url(), prometheus::PREFIX)
    }

    /// A kubeconfig with this server as its only context, in the recording's namespace.
    #[must_use]
    pub fn kubeconfig_yaml(&self) -> String {
        let timeline = self.shared.timeline();
        let namespace = match timeline.header.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        // JSON's quoting is YAML's, and a header may hold anything.
        let namespace = serde_json::Value::from(namespace);
        let url = self.url();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\n\
             clusters:\n- name: sandbox\n  cluster:\n    server: {url}\n\
             contexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n    user: sandbox\n    namespace: {namespace}\n\
             users:\n- name: sandbox\n  user: {{}}\n"
        )
    }

    /// A client of this playback without any connection. A fault that closes a connection is an error of the request.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        let shared = Arc::clone(&self.shared);
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            front::handle(Arc::clone(&shared), request.map(axum::body::Body::new))
        });
        kube::Client::new(service, "default")
    }

    /// Starts playback where it waits to be told; else nothing changes.
    pub fn start(&self) {
        self.shared.clock.start();
    }

    /// The present moment of the recording; goes on past its end.
    #[must_use]
    pub fn position(&self) -> Duration {
        Duration::from_millis(self.shared.clock.now_ms())
    }

    /// True once the recording is over.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.shared.clock.has_ended()
    }

    /// How many requests came.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).count()
    }

    /// The requests that came, in their order; the newest ten thousand.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).newest().cloned().collect()
    }

    /// Ends every stream and the server.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_TIME, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
