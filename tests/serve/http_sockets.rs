//! The connections over real sockets: how many, how slow, how large, and how they end. Waits of minutes pass in virtual
//! time; the bytes are real.

use std::net::SocketAddr;
use std::time::Duration;

use crashgate::gate::result::Verdict;
use crashgate::serve::http::{Auth, Limits, Shutdown, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::http_fake::{Served, call, served_as};

/// No test waits for so long unless something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    served: Served,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

async fn running(limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = served_as(Auth::Open, limits.clone(), |service| service);
    let (router, shutdown) = (served.router.clone(), served.shutdown.clone());
    let ending = shutdown.clone();
    let task = tokio::spawn(async move { serve(listener, router, &limits, &ending).await });
    Running { address, served, shutdown, task }
}

async fn connected(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Reads one answer with a body of a known length.
async fn answer(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            if let Some(head) = text.find("\r\n\r\n") {
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                if bytes.len() >= head + 4 + length.unwrap_or_default() {
                    return;
                }
            }
            let mut more = [0; 4096];
            let count = socket.read(&mut more).await.unwrap();
            if count == 0 {
                return;
            }
            bytes.extend_from_slice(&more[..count]);
        }
    };
    timeout(PATIENCE, read).await.expect("an answer");
    String::from_utf8(bytes).unwrap()
}

/// Waits until the other side closes.
async fn closed(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset is closed too.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8(bytes).unwrap()
}

const HEALTHZ: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn posted(path: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

const CALL: &str = r#"{"plan":"pinned","namespace":"shop"}"#;

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let running = running(Limits::default()).await;
    let mut socket = connected(running.address).await;
    for _ in 0..3 {
        socket.write_all(HEALTHZ).await.unwrap();
        assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200 OK"));
    }
}

#[tokio::test]
async fn slow_heads_and_silent_connections_are_cut_off() {
    let limits = Limits { head_time: Duration::from_millis(300), ..Limits::default() };
    let running = running(limits).await;
    let mut silent = connected(running.address).await;
    assert_eq!(closed(&mut silent).await, "");
    let mut slow = connected(running.address).await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    assert_eq!(closed(&mut slow).await, "");
    // The second request of a connection has no more time than the first.
    let mut later = connected(running.address).await;
    later.write_all(HEALTHZ).await.unwrap();
    answer(&mut later).await;
    later.write_all(b"G").await.unwrap();
    assert_eq!(closed(&mut later).await, "");
    let mut next = connected(running.address).await;
    next.write_all(HEALTHZ).await.unwrap();
    assert!(answer(&mut next).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_and_one_that_is_too_large_hears_so() {
    let limits = Limits { body_time: Duration::from_millis(300), ..Limits::default() };
    let running = running(limits).await;
    let mut slow = connected(running.address).await;
    slow.write_all(b"POST /v1/gates HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{").await.unwrap();
    let told = answer(&mut slow).await;
    assert!(told.starts_with("HTTP/1.1 400") && told.contains("did not come within"), "{told}");

    let mut large = connected(running.address).await;
    large.write_all(&posted("/v1/gates", &"x".repeat(10_000_000))).await.unwrap();
    assert!(answer(&mut large).await.starts_with("HTTP/1.1 413"));

    let mut patient = connected(running.address).await;
    let head =
        b"POST /v1/gates HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n";
    patient.write_all(head).await.unwrap();
    assert!(answer(&mut patient).await.starts_with("HTTP/1.1 413"), "without a byte of it");

    let mut endless = connected(running.address).await;
    let head = b"POST /v1/gates HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    endless.write_all(head).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    while endless.write_all(chunk.as_bytes()).await.is_ok() {}
    let _ = closed(&mut endless).await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_no_http_are_refused_without_a_yes() {
    let running = running(Limits::default()).await;
    for head in [
        format!("POST /flagger/web/rollback HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(100_000)),
        format!("POST /flagger/web/rollback?{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(100_000)),
        format!("POST /flagger/web/rollback HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(2000)),
        "POST /flagger/web/rollback\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1} hello over TLS\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "POST /flagger/web/rollback HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd".to_owned(),
        "POST /flagger/web/rollback HTTP/1.1\r\ncontent-length: -3\r\n\r\n".to_owned(),
    ] {
        let mut socket = connected(running.address).await;
        let _ = socket.write_all(head.as_bytes()).await;
        let told = closed(&mut socket).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{}: {told}", &head[..60.min(head.len())]);
    }
}

#[tokio::test]
async fn where_connections_are_full_the_unused_make_room_and_the_used_do_not() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let running = running(limits).await;
    let gate = running.served.gates.stands("g", call("pinned", "shop"), None);
    let mut waiting = connected(running.address).await;
    waiting.write_all(&posted("/v1/gates?wait=60s", CALL)).await.unwrap();
    while running.served.gates.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut unused = connected(running.address).await;
    unused.write_all(HEALTHZ).await.unwrap();
    let told = answer(&mut unused).await;
    assert!(told.starts_with("HTTP/1.1 200") && told.to_lowercase().contains("connection: close"), "{told}");
    assert_eq!(closed(&mut unused).await, "");
    for _ in 0..5 {
        let mut next = connected(running.address).await;
        next.write_all(HEALTHZ).await.unwrap();
        assert!(answer(&mut next).await.starts_with("HTTP/1.1 200"));
    }
    gate.send_modify(|view| view.verdict = Some(Verdict::Failed));
    assert!(answer(&mut waiting).await.contains("\"verdict\": \"failed\""), "it was never in the way");
}

#[tokio::test]
async fn a_connection_that_was_left_unused_is_closed_for_one_that_waits() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let running = running(limits).await;
    let mut first = connected(running.address).await;
    first.write_all(HEALTHZ).await.unwrap();
    answer(&mut first).await;
    let mut second = connected(running.address).await;
    let gate = running.served.gates.stands("g", call("pinned", "shop"), None);
    second.write_all(&posted("/v1/gates?wait=60s", CALL)).await.unwrap();
    while running.served.gates.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut third = connected(running.address).await;
    third.write_all(HEALTHZ).await.unwrap();
    assert!(answer(&mut third).await.starts_with("HTTP/1.1 200"));
    assert_eq!(closed(&mut first).await, "", "it was unused");
    drop(gate);
}

#[tokio::test]
async fn at_the_end_those_who_wait_are_answered_the_listener_stays_and_then_all_is_closed() {
    let running = running(Limits::default()).await;
    running.served.gates.stands("g", call("pinned", "shop"), None);
    let mut waiting = connected(running.address).await;
    waiting.write_all(&posted("/v1/gates?wait=60s", CALL)).await.unwrap();
    let mut unused = connected(running.address).await;
    unused.write_all(HEALTHZ).await.unwrap();
    answer(&mut unused).await;
    while running.served.gates.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    running.shutdown.stopping.cancel();
    let told = answer(&mut waiting).await.to_lowercase();
    assert!(told.contains("\"pending\"") && told.contains("connection: close"), "{told}");
    assert_eq!(closed(&mut waiting).await, "");
    // A Service goes on sending for a moment.
    let mut late = connected(running.address).await;
    late.write_all(&posted("/v1/gates?wait=60s", CALL)).await.unwrap();
    assert!(answer(&mut late).await.contains("\"pending\""));
    let mut asked = connected(running.address).await;
    asked.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(answer(&mut asked).await.starts_with("HTTP/1.1 503"));

    running.shutdown.closing.cancel();
    timeout(PATIENCE, running.task).await.expect("it ends").unwrap();
    assert_eq!(closed(&mut unused).await, "");
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn what_does_not_end_is_cut_off_when_the_grace_is_over() {
    let running = running(Limits::default()).await;
    let mut slow = connected(running.address).await;
    slow.write_all(b"POST /v1/gates HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{").await.unwrap();
    let mut used = connected(running.address).await;
    used.write_all(HEALTHZ).await.unwrap();
    answer(&mut used).await;
    running.shutdown.stopping.cancel();
    running.shutdown.closing.cancel();
    running.shutdown.over.cancel();
    timeout(Duration::from_secs(5), running.task).await.expect("it ends without the body").unwrap();
    assert_eq!(closed(&mut slow).await, "");
}
