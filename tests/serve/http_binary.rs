//! `crashgate serve` as a process: what it refuses to start with, a rehearsal, and its end under load.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::{crashgate, told};

const RECORDING: &str = "tests/recordings/crash-loop.ndjson";
const CALL: &str = r#"{"plan":"web","namespace":"rec-crash-loop","workload":"deploy/payments"}"#;

fn plans(content: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("web.yaml"), content).unwrap();
    folder
}

#[test]
fn what_cannot_be_served_is_said_and_ends_with_2() {
    let folder = plans("waitPeriod: 1m\n");
    let plans = folder.path().to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let bad = folder.path().join("bad.txt");
    std::fs::write(&bad, "tokens: []").unwrap();
    let bad = bad.to_str().unwrap();
    for (arguments, said) in [
        (&[][..], "--plans"),
        (&["--plans", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--listen", "0.0.0.0:0"], "say who may with `--auth FILE`"),
        (&["--plans", plans, "--listen", "[::]:0"], "say who may"),
        (&["--plans", plans, "--listen", "8080"], "write an address and a port"),
        (&["--plans", plans, "--listen", &taken, "--rehearse", RECORDING], "choose another `--listen`"),
        (&["--plans", plans, "--auth", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--auth", bad], "nobody may ask"),
        (&["--plans", plans, "--allow-run", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--allow-run", "/dev/null"], "none in it"),
        (&["--plans", plans, "--namespaces", "shop,Cart"], "cannot be the name of a namespace"),
        (&["--plans", plans, "--grace", "20"], "write `20s`"),
        (&["--plans", plans, "--listen", "127.0.0.1:0", "--rehearse", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--listen", "127.0.0.1:0", "--kubeconfig", "/nonexistent"], "/nonexistent"),
    ] {
        let (code, stdout, stderr) = told(&crashgate(&["serve"]).args(arguments).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

struct Serving {
    child: Child,
    address: String,
    said: BufReader<std::process::ChildStderr>,
}

fn serving(folder: &tempfile::TempDir, more: &[&str]) -> Serving {
    let mut command: Command = crashgate(&["serve", "--listen", "127.0.0.1:0", "--rehearse", RECORDING, "--plans"]);
    let mut child = command.arg(folder.path()).args(more).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        assert!(said.read_line(&mut line).unwrap() > 0, "{lines:?}");
        lines.push(line.trim().to_owned());
        if line.starts_with("cluster: ") {
            break;
        }
    }
    let address = lines.iter().find_map(|line| line.strip_prefix("serving on http://")).unwrap().to_owned();
    assert!(lines.contains(&"plans: web".to_owned()), "{lines:?}");
    Serving { child, address, said }
}

impl Serving {
    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// What it said since it began to serve, and its exit code.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

/// Sends a request; the answer is read by whoever wants it.
fn sent(address: &str, head: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(
        socket,
        "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    socket
}

fn answer(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_recording_is_served_as_gates_and_begins_to_play_at_the_first_call() {
    let folder = plans("waitPeriod: 30s\nstableFor: 10s\n");
    let serving = serving(&folder, &[]);
    assert!(answer(sent(&serving.address, "GET /readyz", "")).starts_with("HTTP/1.1 200"));
    let hook = r#"{"name":"payments","namespace":"rec-crash-loop","phase":"Progressing"}"#;
    let told = answer(sent(&serving.address, "POST /flagger/web/rollback", hook));
    assert!(told.starts_with("HTTP/1.1 409") && told.contains("pending"), "nothing has crashed yet: {told}");
    let told = answer(sent(&serving.address, "POST /v1/gates?wait=40s", CALL));
    assert!(told.contains("\"verdict\": \"failed\"") && told.contains("exit code 1"), "{told}");
    let told = answer(sent(&serving.address, "POST /flagger/web/rollback", hook));
    assert!(told.starts_with("HTTP/1.1 200") && told.contains("exit code 1"), "{told}");
    let told = answer(sent(&serving.address, "GET /", ""));
    assert!(told.starts_with("HTTP/1.1 200") && told.contains("payments"), "{told}");
    let told = answer(sent(&serving.address, "GET /metrics", ""));
    assert!(told.contains("route=\"/flagger/{plan}/rollback\"") && told.ends_with("# EOF\n"), "{told}");
    serving.signal("INT");
    let (code, said) = serving.ended();
    assert_eq!((code, said.lines().last()), (Some(0), Some("stopped")), "{said}");
}

#[test]
fn at_sigterm_everybody_who_waits_is_answered_and_the_process_ends_in_its_grace() {
    let folder = plans("waitPeriod: 10m\nstableFor: 10m\nmaxRestarts: 1000\n");
    let serving = serving(&folder, &["--drain", "300ms", "--grace", "15s"]);
    // Each in a thread: all of them wait at the same time.
    let callers: Vec<_> = (0..40)
        .map(|caller| {
            let address = serving.address.clone();
            thread::spawn(move || {
                let call = CALL.replace("\"plan\"", &format!("\"run\":\"{}\",\"plan\"", caller % 5));
                answer(sent(&address, "POST /v1/gates?wait=60s", &call))
            })
        })
        .collect();
    // A client that never sends its body, and one that says nothing.
    let slow = TcpStream::connect(&serving.address).unwrap();
    write!(&slow, "POST /v1/gates HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{{").unwrap();
    let _silent = TcpStream::connect(&serving.address).unwrap();
    // All five gates stand once each is pending for somebody who does not wait.
    for run in 0..5 {
        let call = CALL.replace("\"plan\"", &format!("\"run\":\"{run}\",\"plan\""));
        assert!(answer(sent(&serving.address, "POST /v1/gates", &call)).starts_with("HTTP/1.1 200"));
    }
    let began = Instant::now();
    serving.signal("TERM");
    for caller in callers {
        let told = caller.join().unwrap();
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
        assert!(told.contains("\"verdict\": \"pending\"") || told.contains("\"verdict\": \"failed\""), "{told}");
    }
    let (code, said) = serving.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(began.elapsed() < Duration::from_secs(16), "{:?}", began.elapsed());
}
