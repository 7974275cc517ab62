//! Telling others of verdicts, through receivers on loopback: what they are sent, how they know that it is genuine, and that
//! nobody waits for one that is slow, down or lost.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::any;
use crashgate::cluster::api::ProxyVariables;
use crashgate::gate::result::Verdict;
use crashgate::serve::GateView;
use crashgate::serve::notify::{Notifier, Patience, Secret, Target};
use crashgate::serve::observer::Observer;
use crashgate::serve::telemetry::{Metrics, Now};
use http::{HeaderMap, StatusCode, Uri};
use ring::hmac;
use tokio::sync::mpsc;

use super::fake::{decided, recorded};

/// A request as a receiver got it.
struct Got {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Clone)]
struct Answers {
    got: mpsc::UnboundedSender<Got>,
    /// The statuses in their order, and 200 after them. An answer of 0 never comes.
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

/// A receiver on loopback that answers so.
struct Receiver {
    url: String,
    got: mpsc::UnboundedReceiver<Got>,
}

impl Receiver {
    async fn answering(statuses: &[u16]) -> Self {
        let (sender, got) = mpsc::unbounded_channel();
        let answers = Answers { got: sender, statuses: Arc::new(Mutex::new(statuses.iter().copied().collect())) };
        let take = async |State(answers): State<Answers>, uri: Uri, headers: HeaderMap, body: Bytes| {
            let status = answers.statuses.lock().unwrap().pop_front().unwrap_or(200);
            let _ = answers.got.send(Got { path: uri.to_string(), headers, body });
            if status == 0 {
                std::future::pending::<()>().await;
            }
            (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in?token=s3cr3t", listener.local_addr().unwrap());
        let routes = Router::new().fallback(any(take)).with_state(answers);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, got }
    }

    async fn next(&mut self) -> Got {
        tokio::time::timeout(Duration::from_mins(1), self.got.recv()).await.expect("something is sent").unwrap()
    }
}

fn notifier(urls: &[&str], secret: Option<&[u8]>, metrics: &Metrics) -> Notifier {
    let targets = urls.iter().map(|url| url.parse::<Target>().unwrap()).collect();
    let secret = secret.map(|bytes| Secret::of(bytes).unwrap());
    let patience = Patience { answer: Duration::from_secs(30), pause: Duration::from_millis(1) };
    let proxies = ProxyVariables { https: None, http: None, except: None };
    Notifier::new(targets, secret.as_ref(), &proxies, patience, metrics.clone()).unwrap()
}

fn failed() -> GateView {
    recorded(decided("aa", "payments", Verdict::Failed, "pod payments-1 crashed"), "crash-loop")
}

fn tell(notifier: &Notifier, view: &GateView) {
    notifier.tell(view, view.run.as_ref().unwrap());
}

fn count(metrics: &Metrics, result: &str) -> u32 {
    let text = metrics.text(&[], Now::default());
    let name = format!("crashgate_notifications_total{{result=\"{result}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

/// The recipe of the documentation: HMAC-SHA256 over `TIMESTAMP.BODY` with the shared secret, in hexadecimal.
pub fn is_genuine(secret: &[u8], timestamp: &str, body: &[u8], signature: &str) -> bool {
    let Some(digits) = signature.strip_prefix("sha256=") else { return false };
    let tag: Option<Vec<u8>> =
        (0..digits.len() / 2).map(|place| u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).ok()).collect();
    let message = [timestamp.as_bytes(), b".", body].concat();
    tag.is_some_and(|tag| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message, &tag).is_ok())
}

#[tokio::test]
async fn a_result_is_sent_as_json_with_a_signature_that_no_change_survives() {
    let mut receiver = Receiver::answering(&[]).await;
    let metrics = Metrics::new();
    let notifier = notifier(&[&receiver.url], Some(b"secret\n"), &metrics);
    let view = failed();
    tell(&notifier, &view);
    let got = receiver.next().await;
    assert_eq!((got.path.as_str(), got.header("content-type")), ("/in?token=s3cr3t", "application/json"));
    assert_eq!(got.body, crashgate::report::json::render(view.run.as_ref().unwrap()).as_bytes());
    assert_eq!((got.json()["schema"].as_i64(), got.json()["verdict"].as_str()), (Some(1), Some("failed")));
    let (timestamp, signature) = (got.header("x-crashgate-timestamp"), got.header("x-crashgate-signature"));
    assert!((timestamp.parse::<i64>().unwrap() - jiff::Timestamp::now().as_second()).abs() < 300);
    assert!(is_genuine(b"secret", timestamp, &got.body, signature));
    let forged = String::from_utf8(got.body.to_vec()).unwrap().replace("\"failed\"", "\"healthy\"");
    assert!(!is_genuine(b"secret", timestamp, forged.as_bytes(), signature), "another body");
    assert!(!is_genuine(b"secret", &format!("{timestamp}0"), &got.body, signature), "another moment");
    assert!(!is_genuine(b"guess", timestamp, &got.body, signature), "another secret");
    notifier.drain(Duration::from_secs(30)).await;
    assert_eq!(count(&metrics, "sent"), 1);
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let mut receiver = Receiver::answering(&[]).await;
    let notifier = notifier(&[&receiver.url], None, &Metrics::new());
    tell(&notifier, &failed());
    assert!(!receiver.next().await.headers.contains_key("x-crashgate-signature"));
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_given_up() {
    for (statuses, tries, result) in [
        (&[500, 429, 200][..], 3, "sent"),
        (&[503, 503, 503], 3, "failed"),
        (&[404], 1, "failed"),
        (&[302], 1, "failed"),
        (&[204], 1, "sent"),
    ] {
        let mut receiver = Receiver::answering(statuses).await;
        let metrics = Metrics::new();
        let notifier = notifier(&[&receiver.url], None, &metrics);
        tell(&notifier, &failed());
        notifier.drain(Duration::from_secs(30)).await;
        assert_eq!(count(&metrics, result), 1, "{statuses:?}");
        let mut got = 0;
        while receiver.got.try_recv().is_ok() {
            got += 1;
        }
        assert_eq!(got, tries, "{statuses:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_given_up_and_keeps_no_other_from_its_news() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let mut receiver = Receiver::answering(&[]).await;
    let metrics = Metrics::new();
    let notifier = notifier(&[&nowhere, &receiver.url], None, &metrics);
    tell(&notifier, &failed());
    receiver.next().await;
    notifier.drain(Duration::from_secs(30)).await;
    assert_eq!((count(&metrics, "sent"), count(&metrics, "failed")), (1, 1));
}

#[tokio::test]
async fn nobody_waits_for_a_receiver_that_hangs() {
    let mut receiver = Receiver::answering(&[0; 400]).await;
    let metrics = Metrics::new();
    let notifier = notifier(&[&receiver.url], None, &metrics);
    let view = failed();
    tell(&notifier, &view);
    receiver.next().await;
    for _ in 0..300 {
        tell(&notifier, &view);
    }
    assert_eq!(count(&metrics, "dropped"), 300 - 256, "so many wait for it");
    notifier.drain(Duration::from_millis(20)).await;
    assert_eq!(count(&metrics, "sent"), 0);
}

#[tokio::test]
async fn slack_is_sent_plain_words_in_its_own_form() {
    let mut receiver = Receiver::answering(&[]).await;
    let notifier = notifier(&[&format!("slack:{}", receiver.url)], None, &Metrics::new());
    let mut view = failed();
    view.why = crashgate::text::Redaction::On
        .text("<!channel> *bold* <https://evil|click> & password=hunter2secret\n\u{1b}[2J");
    tell(&notifier, &view);
    let got = receiver.next().await;
    let message = got.json();
    let shown = message["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(shown.starts_with("Failed: ") && shown.contains("in namespace shop\n&lt;!channel&gt; *bold*"), "{shown}");
    assert_eq!(message["blocks"][0]["text"]["type"], "plain_text");
    assert_eq!(
        (message["mrkdwn"].as_bool(), message["blocks"][1]["elements"][0]["type"].as_str()),
        (Some(false), Some("plain_text"))
    );
    let all = String::from_utf8(got.body.to_vec()).unwrap();
    assert!(!all.contains("<!") && !all.contains("hunter2") && !all.contains('\u{1b}'), "{all}");
}

#[tokio::test]
async fn only_a_change_of_the_verdict_is_told_and_each_round_is_counted_once() {
    let mut receiver = Receiver::answering(&[]).await;
    let metrics = Metrics::new();
    let mut observer = Observer::new(Some(notifier(&[&receiver.url], None, &metrics)), metrics.clone());
    let healthy = recorded(decided("aa", "checkout", Verdict::Healthy, "well"), "healthy");
    let mut pending = healthy.clone();
    (pending.verdict, pending.run) = (None, None);
    let mut taken_back = healthy.clone();
    taken_back.verdict = None;
    // The verdict of a round that is not there yet.
    let mut ahead = healthy.clone();
    ahead.verdict = Some(Verdict::Failed);
    let looks = [&pending, &healthy, &healthy, &taken_back, &healthy, &ahead, &failed(), &failed()];
    for view in looks {
        observer.look(std::slice::from_ref(view));
    }
    for verdict in ["healthy", "failed"] {
        assert_eq!(receiver.next().await.json()["verdict"], verdict);
    }
    observer.look(&[]);
    drop(observer);
    assert!(receiver.got.try_recv().is_err());
    let text = metrics.text(&[], Now::default());
    assert!(text.contains("crashgate_rounds_total{verdict=\"healthy\",code=\"none\"} 1\n"), "{text}");
    assert!(text.contains("crashgate_rounds_total{verdict=\"failed\",code=\"CrashLoop\"} 2\n"), "two rounds: {text}");
}

#[tokio::test]
async fn the_end_of_an_interrupted_process_is_no_news() {
    let mut receiver = Receiver::answering(&[]).await;
    let metrics = Metrics::new();
    let notifier = notifier(&[&receiver.url], None, &metrics);
    let mut ended = failed();
    ended.verdict = Some(Verdict::Terminated);
    let mut run = (**ended.run.as_ref().unwrap()).clone();
    run.gates[0].outcome.verdict = Verdict::Terminated;
    ended.run = Some(Arc::new(run));
    let gates = super::fake::FakeGates::with([ended, failed_as("bb")]);
    let stopping = tokio_util::sync::CancellationToken::new();
    stopping.cancel();
    Observer::new(Some(notifier), metrics).follow(gates, stopping, Duration::from_secs(30)).await;
    assert_eq!(receiver.next().await.json()["verdict"], "failed");
    assert!(receiver.got.try_recv().is_err());
}

/// The same gate under another id.
fn failed_as(id: &str) -> GateView {
    GateView { id: crashgate::serve::GateId::of(id), ..failed() }
}
