//! `crashgate serve` as a process: what it refuses to start with, a rehearsal, and its end under load.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crashgate::sandbox::{Begin, Options, Sandbox};

use super::notify::is_genuine;
use crate::cli::{crashgate, told};

const RECORDING: &str = "tests/recordings/crash-loop.ndjson";
const CALL: &str = r#"{"plan":"web","namespace":"rec-crash-loop","workload":"deploy/payments"}"#;

pub fn plans(content: &str) -> tempfile::TempDir {
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
        (&["--plans", plans, "--notify", "hooks.example.com/in/hidden"], "is not a URL; write https://HOST/PATH"),
        (&["--plans", plans, "--notify", "https://me:hidden@hooks.example.com/"], "leave out the credentials"),
        (&["--plans", plans, "--notify", "https://h/", "--notify-secret-file", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--notify", "https://h/", "--notify-secret-file", "/dev/null"], "notifications is empty"),
        (&["--plans", plans, "--notify-secret-file", bad], "--notify <URL>"),
        (&["--plans", plans, "--namespaces", "shop,Cart"], "cannot be the name of a namespace"),
        (&["--plans", plans, "--grace", "20"], "write `20s`"),
        (&["--plans", plans, "--listen", "127.0.0.1:0", "--rehearse", "/nonexistent"], "/nonexistent"),
        (&["--plans", plans, "--listen", "127.0.0.1:0", "--kubeconfig", "/nonexistent"], "/nonexistent"),
    ] {
        let (code, stdout, stderr) = told(&crashgate(&["serve"]).args(arguments).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("hidden"), "{arguments:?}: {stderr}");
    }
}

pub struct Serving {
    child: Child,
    pub address: String,
    said: BufReader<std::process::ChildStderr>,
}

pub fn serving(folder: &tempfile::TempDir, more: &[&str]) -> Serving {
    let mut command = crashgate(&["serve", "--listen", "127.0.0.1:0", "--rehearse", RECORDING]);
    command.arg("--plans").arg(folder.path()).args(more);
    begun(command)
}

fn begun(mut command: Command) -> Serving {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
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
    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args(["-s", signal, &self.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// What it said since it began to serve, and its exit code.
    pub fn ended(mut self) -> (Option<i32>, String) {
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

/// Takes one request with a body, and answers 200.
fn received(listener: &std::net::TcpListener) -> (String, String) {
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut read = BufReader::new(&socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(read.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let mut body = vec![0; header(&head, "content-length").parse().unwrap()];
    read.read_exact(&mut body).unwrap();
    write!(&socket, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap()
}

#[test]
fn a_failed_round_is_sent_once_and_signed_with_the_secret_of_the_file_or_the_environment() {
    let folder = plans("waitPeriod: 30s\nstableFor: 10s\n");
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "from the file\n").unwrap();
    for (from_file, key) in [(true, "from the file"), (false, "from the environment")] {
        let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", receiver.local_addr().unwrap());
        let mut command = crashgate(&["serve", "--listen", "127.0.0.1:0", "--rehearse", RECORDING, "--notify", &url]);
        command.env("CRASHGATE_NOTIFY_SECRET", "from the environment").env("NO_PROXY", "127.0.0.1");
        command.arg("--plans").arg(folder.path());
        if from_file {
            command.arg("--notify-secret-file").arg(secret.path());
        }
        let serving = begun(command);
        let told = answer(sent(&serving.address, "POST /v1/gates?wait=40s", CALL));
        assert!(told.contains("\"verdict\": \"failed\""), "{told}");
        let (head, body) = received(&receiver);
        assert!(head.starts_with("POST /in HTTP/1.1"), "{head}");
        let result: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((result["verdict"].as_str(), result["exitCode"].as_i64()), (Some("failed"), Some(1)));
        let (timestamp, signature) = (header(&head, "x-crashgate-timestamp"), header(&head, "x-crashgate-signature"));
        assert!(is_genuine(key.as_bytes(), timestamp, body.as_bytes(), signature), "{head}");
        serving.signal("INT");
        let (code, said) = serving.ended();
        assert_eq!(code, Some(0), "{said}");
        // The process is over: whatever it sent is here by now.
        receiver.set_nonblocking(true).unwrap();
        assert_eq!(receiver.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nothing is sent twice");
    }
}

/// Stands where an API server is to be: hangs up until there is one, and then passes on what is said.
async fn stand_in(
    listener: tokio::net::TcpListener,
    server: tokio::sync::watch::Receiver<Option<std::net::SocketAddr>>,
) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let Some(address) = *server.borrow() else { continue };
        tokio::spawn(async move {
            let mut server = tokio::net::TcpStream::connect(address).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

#[test]
fn while_the_api_server_is_down_at_the_start_everybody_is_answered_and_gates_are_judged_once_it_is_there() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (up, server) = tokio::sync::watch::channel(None);
    runtime.spawn(stand_in(listener, server));
    let folder = plans("waitPeriod: 30s\nstableFor: 10s\n");
    let config = folder.path().join("kubeconfig");
    std::fs::write(
        &config,
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{{name: c, cluster: {{server: \"{url}\"}}}}]\n\
             users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
        ),
    )
    .unwrap();
    let mut command = crashgate(&["serve", "--listen", "127.0.0.1:0", "--kubeconfig"]);
    command.arg(&config).arg("--plans").arg(folder.path()).env("NO_PROXY", "127.0.0.1");
    let mut serving = begun(command);
    let ask = |head: &str, body: &str| answer(sent(&serving.address, head, body));
    let hook = r#"{"name":"payments","namespace":"rec-crash-loop","phase":"Progressing"}"#;
    for (head, body, status, words) in [
        ("GET /healthz", "", 200, "ok"),
        ("GET /readyz", "", 503, "not ready: the API server "),
        ("POST /v1/gates?wait=60s", CALL, 200, "\"verdict\": \"pending\""),
        ("POST /v1/gates", CALL, 200, "the API server cannot be reached yet"),
        ("POST /flagger/web/check?wait=5s", hook, 425, "the API server cannot be reached yet"),
        ("POST /flagger/web/hold", hook, 409, "the API server cannot be reached yet"),
        ("POST /flagger/web/rollback", hook, 409, "the API server cannot be reached yet"),
        ("POST /flagger/web/event", hook, 202, "taken"),
    ] {
        let told = ask(head, body);
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")) && told.contains(words), "{head}: {told}");
    }
    let running = runtime.block_on(async {
        let options = Options { begin: Begin::WhenTold, ..Options::default() };
        Sandbox::load(RECORDING.as_ref()).unwrap().serve(options).await.unwrap()
    });
    up.send_replace(Some(running.url().strip_prefix("http://").unwrap().trim_end_matches('/').parse().unwrap()));
    loop {
        let mut line = String::new();
        assert!(serving.said.read_line(&mut line).unwrap() > 0, "it never notices");
        if line.contains("the API server answers") {
            break;
        }
    }
    let ask = |head: &str, body: &str| answer(sent(&serving.address, head, body));
    assert!(ask("GET /readyz", "").starts_with("HTTP/1.1 200"));
    running.start();
    let told = ask("POST /v1/gates?wait=40s", CALL);
    assert!(told.contains("\"verdict\": \"failed\"") && told.contains("exit code 1"), "{told}");
    serving.signal("INT");
    assert_eq!(serving.ended().0, Some(0));
}
