//! The connections: how many there are, how long each may take, and how they end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::activity::{Activity, Answered, Ending, Noted};
use super::limits::Limits;
use super::shutdown::Shutdown;

/// The connections that there are.
struct Connections {
    limits: Limits,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    slots: Arc<Semaphore>,
    /// One has become unused.
    idle: Arc<Notify>,
}

/// Serves until the server closes, and then until the last answer is given, or the grace is over.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, shutdown: &Shutdown) {
    let connections = Arc::new(Connections {
        limits: limits.clone(),
        open: Mutex::default(),
        slots: Arc::new(Semaphore::new(limits.connections)),
        idle: Arc::default(),
    });
    let mut tasks = JoinSet::new();
    let mut number = 0;
    // Kept from one turn to the next: dropped while it waits for room, it would drop the connection that it holds.
    let mut taking = Box::pin(take(&listener, &connections));
    loop {
        tokio::select! {
            taken = &mut taking => {
                number += 1;
                tasks.spawn(one(taken, number, Arc::clone(&connections), router.clone(), shutdown.clone()));
                taking.set(take(&listener, &connections));
            }
            Some(_) = tasks.join_next() => {}
            () = shutdown.closing.cancelled() => break,
        }
    }
    drop(taking);
    drop(listener);
    tokio::select! {
        () = async { while tasks.join_next().await.is_some() {} } => {}
        () = shutdown.over.cancelled() => tasks.shutdown().await,
    }
}

/// Takes a connection, and waits for room for it: one more than may be served is held, and the others wait in the system's
/// queue.
async fn take(listener: &TcpListener, connections: &Connections) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // No file descriptor is free, or the client was gone already: a moment later it may go on.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        loop {
            if let Ok(slot) = Arc::clone(&connections.slots).try_acquire_owned() {
                return (socket, slot);
            }
            connections.evict_longest_idle();
            tokio::select! {
                slot = Arc::clone(&connections.slots).acquire_owned() => {
                    // The semaphore is never closed.
                    if let Ok(slot) = slot {
                        return (socket, slot);
                    }
                }
                () = connections.idle.notified() => {}
            }
        }
    }
}

impl Connections {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn evict_longest_idle(&self) {
        let open = self.open();
        let unused = open.values().filter_map(|activity| Some((activity.idle_since()?, activity)));
        if let Some((_, activity)) = unused.min_by_key(|(since, _)| *since) {
            activity.evict();
        }
    }
}

async fn one(
    (socket, _slot): (TcpStream, OwnedSemaphorePermit),
    number: u64,
    connections: Arc<Connections>,
    router: Router,
    shutdown: Shutdown,
) {
    // A small answer must not wait for another.
    let _ = socket.set_nodelay(true);
    let activity = Activity::begin();
    connections.open().insert(number, Arc::clone(&activity));
    let _entry = Entry { number, connections: Arc::clone(&connections) };
    let limits = connections.limits.clone();
    let noted = Arc::clone(&activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let (activity, router, connections) = (Arc::clone(&noted), router.clone(), Arc::clone(&connections));
        async move {
            activity.busy();
            let response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let is_full = connections.slots.available_permits() == 0;
            let idle = Arc::clone(&connections.idle);
            let mut response = response.map(|body| Answered::new(body, activity, idle));
            if is_full {
                // Others wait for the connection.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = http1::Builder::new();
    builder.max_buf_size(limits.head_size);
    let connection = builder.serve_connection(TokioIo::new(Noted::new(socket, Arc::clone(&activity))), service);
    let mut connection = std::pin::pin!(connection);
    let mut is_closing = false;
    loop {
        tokio::select! {
            // What goes wrong with a connection ends it, and is the client's to tell.
            _ = connection.as_mut() => return,
            ending = activity.ends(&limits) => match ending {
                Ending::Slow => return,
                Ending::Idle if is_closing => return,
                Ending::Idle => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            },
            () = shutdown.closing.cancelled(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Takes a connection out of the list when it is over, whatever ended it.
struct Entry {
    number: u64,
    connections: Arc<Connections>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}
