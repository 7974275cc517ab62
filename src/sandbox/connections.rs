//! The connections on loopback: taken, served, and closed where a fault asks for it.

use std::sync::Arc;

use axum::response::IntoResponse;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::front;
use super::guard;
use super::shared::Shared;

/// Serves until the server is stopped, and then until the open streams have ended.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                // Closed as soon as it is made, while the server is down.
                Ok(_) if shared.faults.outage.is_on(shared.clock.now_ms()) => {}
                Ok((socket, _)) => {
                    connections.spawn(serve(socket, Arc::clone(&shared)));
                }
                // No file descriptor is free, or the client was gone already: a moment later it may go on.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
            () = shared.stop.cancelled() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    // A small answer must not wait for another.
    let _ = socket.set_nodelay(true);
    let mut restarts = shared.faults.outage.listen();
    let stop = shared.stop.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let shared = Arc::clone(&shared);
        // An error is no answer: the connection is closed.
        async move {
            match guard::check(&request) {
                Ok(()) => front::handle(shared, request.map(axum::body::Body::new)).await,
                Err(refusal) => Ok(refusal.into_response()),
            }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            // What goes wrong with a connection ends it, and is the client's to tell.
            _ = connection.as_mut() => return,
            () = restarts.begins() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
