//! Whole gates over a recorded cluster, with Prometheus and `VictoriaMetrics` as they are, in real time. What the pods count
//! goes on with the scrapes, and the cluster goes on when a test tells it to: nothing here depends on how fast anything is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashgate::gate::result::{Code, Outcome, Verdict, figures};
use crashgate::gate::spec::{MetricsSource, Plan};
use serde_json::{Value, json};

use super::metric_servers::{Backend, Server, guarded, ready};
use super::source::{Source, client, of_url, response};
use super::story::{ALL_READY, App, CANARY, Counters, HEALTHY, STABLE, Story, errors, plan, samples, served, share};

const NAMESPACE: &str = "rec-canary-healthy";
const METRIC: &str = "requests_total";

/// The healthy recording, with a server that scrapes this app.
async fn story(backend: Backend, app: &App) -> (Story, Server) {
    let server = Server::start(backend, app.addr, &[]).await;
    let source = of_url(&server.url);
    ready(&client(&source).unwrap()).await;
    (Story::healthy(&source), server)
}

/// Good and bad requests of every pod between two scrapes.
fn rates(canary: (u64, u64), stable: (u64, u64)) -> impl FnMut(&mut Counters) + Send {
    move |counters| {
        served(counters, METRIC, CANARY, canary);
        for pod in STABLE {
            served(counters, METRIC, pod, stable);
        }
    }
}

/// The verdict, its first cause and what is said of that.
fn told(outcome: &Outcome) -> (Verdict, Option<Code>, &str) {
    let first = outcome.findings.first();
    (outcome.verdict, first.map(|finding| finding.code), first.map_or("", |finding| &finding.message))
}

#[track_caller]
fn assert_inconclusive(outcome: &Outcome, code: Code, words: &[&str]) {
    let (verdict, found, message) = told(outcome);
    assert_eq!((verdict, verdict.exit_code(), found), (Verdict::Inconclusive, 7, Some(code)), "{message}");
    for words in words {
        assert!(message.contains(words), "{words:?} is not in: {message}");
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn a_canary_with_five_percent_fails_against_one_percent_and_equal_arms_pass() {
    for backend in Backend::BOTH {
        let app = App::serve(NAMESPACE, rates((950, 50), (990, 10))).await;
        let (compared, server) = story(backend, &app).await;
        let outcome = compared.judge_one(plan(errors(METRIC, None, true), 60)).await;
        let (verdict, code, message) = told(&outcome);
        assert_eq!((verdict, code), (Verdict::Failed, Some(Code::CanaryWorse)), "{backend:?}: {message}");
        assert_eq!(verdict.exit_code(), 1);
        let counts = share(&outcome);
        for total in [counts.canary.total, counts.stable.unwrap().total] {
            assert!(total >= 1_000 && message.contains(&figures::count(total)), "{backend:?}: {message}");
        }
        assert!(message.contains("5% of ") && message.contains("1% of the "), "{backend:?}: {message}");
        println!("{backend:?}, 5% against 1%, compared: {:?} {message}", outcome.decided_after);

        let source = of_url(&server.url);
        let limited = Story::healthy(&source);
        let outcome = limited.judge_one(plan(errors(METRIC, Some(0.01), false), 60)).await;
        let (verdict, code, message) = told(&outcome);
        assert_eq!((verdict, code), (Verdict::Failed, Some(Code::MetricOverLimit)), "{backend:?}: {message}");
        let total = figures::count(share(&outcome).canary.total);
        assert!(message.contains(&format!("5% of {total} canary requests were bad")), "{backend:?}: {message}");
        println!("{backend:?}, 5% and at most 1%: {:?} {message}", outcome.decided_after);

        // What was bad before does not count here: these counters are of another name.
        let metric = "other_requests_total";
        app.then(
            |_| (),
            move |counters| {
                [CANARY].iter().chain(&STABLE).for_each(|pod| served(counters, metric, pod, (990, 10)));
            },
        );
        let equal = Story::healthy(&source);
        let outcome = equal.judge_one(plan(errors(metric, Some(0.02), true), 60)).await;
        assert_eq!(told(&outcome), (Verdict::Healthy, None, ""), "{backend:?}");
        let (requests, time) = equal.requests();
        // One question an arm and scrape, and a few until the interval is known and at the end.
        let scrapes = time.as_secs() + 1;
        println!("{backend:?}, 1% against 1%: {requests} requests in {time:?} for two arms");
        assert!(requests <= 2 * (scrapes + 4), "{backend:?}: {requests} requests in {time:?}");
    }
}

/// Random numbers from a seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Requests of which each is bad so often in a thousand.
    fn requests(&mut self, number: u64, bad_in_1000: u64) -> (u64, u64) {
        let bad = (0..number).filter(|_| self.below(1_000) < bad_in_1000).count() as u64;
        (number - bad, bad)
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn equal_arms_never_fail_in_fifty_runs() {
    const AT_ONCE: usize = 25;
    for backend in Backend::BOTH {
        let mut verdicts: BTreeMap<String, u32> = BTreeMap::new();
        for batch in 0..2_u64 {
            let name = move |run: usize| format!("run_{batch}_{run}_requests_total");
            let mut random = Random(20 + batch);
            let mut scrape = 0_u64;
            let app = App::serve(NAMESPACE, move |counters| {
                scrape += 1;
                for run in 0..AT_ONCE {
                    // Traffic moves over to the canary while everybody's share of errors goes up and down.
                    let bad_in_1000 = 5 + 10 * u64::from(scrape % 20 >= 10) + random.below(5);
                    let canary = 50 + 20 * scrape.min(20) + random.below(100);
                    let stable = 600 - 20 * scrape.min(20) + random.below(100);
                    for (pod, number) in [(CANARY, canary)].into_iter().chain(STABLE.map(|pod| (pod, stable))) {
                        let requests = random.requests(number, bad_in_1000);
                        served(counters, &name(run), pod, requests);
                    }
                }
            })
            .await;
            let (story, _server) = story(backend, &app).await;
            let watched = |run: usize| {
                let mut plan = plan(errors(&name(run), Some(0.05), true), 60);
                // It is looked at for as long, and each look could cry wolf.
                plan.stable_for = Duration::from_secs(15);
                plan
            };
            let plans = (0..AT_ONCE).map(watched).collect();
            for outcome in story.judge(plans).await {
                let (verdict, code, message) = told(&outcome);
                let after = outcome.decided_after;
                let counts = share(&outcome);
                assert_ne!(verdict, Verdict::Failed, "{backend:?} after {after:?}: {code:?} {message} {counts:?}");
                let said = format!("{verdict:?} {}", code.map(|code| format!("{code:?}")).unwrap_or_default());
                *verdicts.entry(said).or_default() += 1;
            }
        }
        println!("{backend:?}: {verdicts:?}");
        assert_eq!(verdicts.values().sum::<u32>(), 50);
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn errors_that_are_first_seen_at_37_are_37() {
    for backend in Backend::BOTH {
        for is_born_with_its_pod in [false, true] {
            let only = |good: u64, bad: Option<u64>| {
                move |counters: &mut Counters| {
                    let told = [("200", Some(good)), ("500", bad)].into_iter();
                    let told =
                        told.filter_map(|(code, value)| Some(((METRIC.to_owned(), CANARY.to_owned(), code), value?)));
                    counters.extend(told);
                }
            };
            let app = App::serve(NAMESPACE, only(100, is_born_with_its_pod.then_some(37))).await;
            let (story, _server) = story(backend, &app).await;
            let born = async {
                if !is_born_with_its_pod {
                    story.until_answers(2).await;
                    app.then(|_| (), only(100, Some(37)));
                }
            };
            let (outcome, ()) = tokio::join!(story.judge_one(plan(errors(METRIC, Some(0.01), false), 60)), born);
            let (verdict, code, message) = told(&outcome);
            assert_eq!((verdict, code), (Verdict::Failed, Some(Code::MetricOverLimit)), "{backend:?}: {message}");
            let counts = share(&outcome).canary;
            assert_eq!((counts.bad, counts.total), (37, 137), "{backend:?} {is_born_with_its_pod}: {message}");
            assert!(message.contains("27% of 137 canary requests were bad"), "{backend:?}: {message}");
        }
    }
}

/// The recording up to the moment when all pods are ready; a second later the gated pod is deleted, and another one takes its
/// place.
fn replacement(folder: &Path, name: &str) -> PathBuf {
    let text = fs::read_to_string(HEALTHY).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.retain(|line| line["t"].as_u64().is_none_or(|at| at <= 20_000));
    let newest = lines.iter().rev().find(|line| line["event"]["object"]["metadata"]["name"] == CANARY).unwrap();
    let (path, mut pod) = (newest["event"]["path"].clone(), newest["event"]["object"].clone());
    let version = |pod: &mut Value, version: &str| pod["metadata"]["resourceVersion"] = json!(version);
    version(&mut pod, "900001");
    let gone = json!({"t": 21_000, "event": {"path": path, "type": "DELETED", "object": pod}});
    version(&mut pod, "900002");
    (pod["metadata"]["name"], pod["metadata"]["uid"]) = (json!(name), json!("5f0e4e0e-0000-4000-8000-000000000002"));
    let new = json!({"t": 21_100, "event": {"path": path, "type": "ADDED", "object": pod}});
    lines.extend([gone, new]);
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
    let path = folder.join("replacement.ndjson");
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn what_a_replaced_pod_counted_stays_and_what_the_new_one_counts_is_added() {
    const NEW: &str = "checkout-v2-7c95899798-q2w4z";
    for backend in Backend::BOTH {
        let folder = tempfile::tempdir().unwrap();
        let path = replacement(folder.path(), NEW);
        let app = App::serve(NAMESPACE, |_| ()).await;
        app.then(|counters| served(counters, METRIC, CANARY, (298, 2)), |_| ());
        let server = Server::start(backend, app.addr, &[]).await;
        let source = of_url(&server.url);
        ready(&client(&source).unwrap()).await;
        let story = Story::still(&path, ALL_READY, &source);
        let replaced = async {
            story
                .until_heard(|heard| heard.iter().any(|(_, told)| samples(told).any(|(_, value)| value > 297.0)))
                .await;
            story.go_on();
            story.until_heard(|heard| heard.iter().any(|(asked, _)| asked.pods.contains(NEW))).await;
            app.then(
                |counters| {
                    counters.clear();
                    served(counters, METRIC, NEW, (950, 50));
                },
                |_| (),
            );
        };
        let (outcome, ()) = tokio::join!(story.judge_one(plan(errors(METRIC, Some(0.01), false), 60)), replaced);
        let (verdict, code, message) = told(&outcome);
        assert_eq!((verdict, code), (Verdict::Failed, Some(Code::MetricOverLimit)), "{backend:?}: {message}");
        let counts = share(&outcome).canary;
        assert_eq!((counts.bad, counts.total), (52, 1_300), "{backend:?}: {message}");
        assert!(message.contains("4% of 1,300 canary requests were bad"), "{backend:?}: {message}");
    }
}

/// Proves the canary good within a few scrapes, and loses it long before it is stable for long enough.
async fn lost_before_the_pass(backend: Backend, all_scrapes_fail: bool) {
    let app = App::serve(NAMESPACE, rates((10_000, 10), (10_000, 10))).await;
    let (story, _server) = story(backend, &app).await;
    let ending = async {
        story.until_answers(4).await;
        if all_scrapes_fail {
            app.close();
        } else {
            let stable = |counters: &mut Counters| {
                for pod in STABLE {
                    served(counters, METRIC, pod, (10_000, 10));
                }
            };
            app.then(|counters| counters.retain(|(_, pod, _), _| pod != CANARY), stable);
        }
    };
    let mut plan = plan(errors(METRIC, Some(0.01), true), 25);
    plan.stable_for = Duration::from_secs(20);
    let (outcome, ()) = tokio::join!(story.judge_one(plan), ending);
    println!("{backend:?} {all_scrapes_fail}: {:?} {:?}", outcome.decided_after, told(&outcome));
    let proof = share(&outcome).limit.unwrap();
    assert!(proof.ln_e_kept.unwrap().0 > proof.ln_threshold_kept.0, "it was proven good: {proof:?}");
    let words = ["the newest sample of the canary pods is ", " s old, and may be 3 s old at the most"];
    assert_inconclusive(&outcome, Code::NoMetricData, &words);
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn series_that_end_and_scrapes_that_fail_are_no_pass_whatever_was_proven_before() {
    for all_scrapes_fail in [false, true] {
        let [prometheus, victoria] = Backend::BOTH.map(|backend| lost_before_the_pass(backend, all_scrapes_fail));
        tokio::join!(prometheus, victoria);
    }
}

/// Something that is neither good nor bad for a minute.
fn slow_traffic() -> impl FnMut(&mut Counters) + Send {
    rates((4, 0), (4, 0))
}

#[derive(Debug, Clone, Copy)]
enum Loss {
    Killed,
    Stopped,
}

async fn lose(server: &mut Server, loss: Loss) {
    match loss {
        Loss::Killed => server.child.kill().await.unwrap(),
        Loss::Stopped => server.signal("-STOP"),
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn a_server_that_is_killed_or_stopped_leaves_it_inconclusive_in_time() {
    for backend in Backend::BOTH {
        for (loss, words) in [(Loss::Killed, "nothing listens there"), (Loss::Stopped, "no whole answer within 3 s")] {
            let app = App::serve(NAMESPACE, slow_traffic()).await;
            let (story, mut server) = story(backend, &app).await;
            let losing = async {
                story.until_answers(2).await;
                lose(&mut server, loss).await;
            };
            let watch_for = 20;
            let plan = plan(errors(METRIC, Some(0.01), true), watch_for);
            let (outcome, ()) = tokio::join!(story.judge_one(plan), losing);
            assert_inconclusive(&outcome, Code::MetricsUnreachable, &[words, "errors: "]);
            let limit = Duration::from_secs(watch_for + 10);
            assert!(outcome.decided_after < limit, "{backend:?} {loss:?}: {:?}", outcome.decided_after);
            println!("{backend:?} {loss:?}: {:?} {}", outcome.decided_after, told(&outcome).2);
        }
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn a_crash_fails_while_the_server_is_gone() {
    const CRASHING: &str = "checkout-v2-78bc46f777-t6f58";
    for backend in Backend::BOTH {
        for loss in [Loss::Killed, Loss::Stopped] {
            let growth = |counters: &mut Counters| served(counters, METRIC, CRASHING, (4, 0));
            let app = App::serve("rec-canary-crash", growth).await;
            let mut server = Server::start(backend, app.addr, &[]).await;
            let source = of_url(&server.url);
            ready(&client(&source).unwrap()).await;
            // It runs, and has not crashed yet.
            let at = Duration::from_secs(14);
            let story = Story::still(Path::new("tests/recordings/canary-crash.ndjson"), at, &source);
            let losing = async {
                story.until_answers(2).await;
                lose(&mut server, loss).await;
                story.go_on();
            };
            let mut plan = plan(errors(METRIC, Some(0.01), false), 120);
            "rec-canary-crash".clone_into(&mut plan.namespace);
            let (outcome, ()) = tokio::join!(story.judge_one(plan), losing);
            let (verdict, code, message) = told(&outcome);
            assert_eq!((verdict, code), (Verdict::Failed, Some(Code::CrashLoop)), "{backend:?} {loss:?}: {message}");
            assert_eq!(verdict.exit_code(), 1);
        }
    }
}

/// A gate of a source that never answers as it should.
async fn unanswered(source: &MetricsSource) -> Outcome {
    let plan: Plan = plan(errors(METRIC, Some(0.01), false), 5);
    Story::healthy(source).judge_one(plan).await
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored gate_stories"]
async fn a_wrong_password_a_wrong_path_and_a_page_of_html_are_inconclusive_in_words_that_help() {
    for backend in Backend::BOTH {
        let folder = tempfile::tempdir().unwrap();
        let app = App::serve(NAMESPACE, slow_traffic()).await;
        let server = Server::start(backend, app.addr, &guarded(backend, folder.path())).await;
        let file = |name: &str| Some(folder.path().join(name).display().to_string());
        let wrong = MetricsSource {
            user: Some("ci".to_owned()),
            password_file: file("wrong"),
            ca: file("ca.pem"),
            ..of_url(&server.url.replace("http:", "https:"))
        };
        let outcome = unanswered(&wrong).await;
        let words = ["401 Unauthorized", "`user` with the password of `passwordFile` was sent"];
        assert_inconclusive(&outcome, Code::MetricsUnreachable, &words);
        assert!(!format!("{outcome:?}").contains("correct donkey"), "{backend:?}: {outcome:?}");
        println!("{backend:?}: {}", told(&outcome).2);

        let flag = match backend {
            Backend::Prometheus => "--web.external-url=http://prom.example/pre",
            Backend::VictoriaMetrics => "-http.pathPrefix=/pre",
        };
        let server = Server::start(backend, app.addr, &[flag.to_owned()]).await;
        let outcome = unanswered(&of_url(&format!("{}/other", server.url))).await;
        let words = match backend {
            Backend::Prometheus => "is the path prefix missing in `url`?",
            Backend::VictoriaMetrics => "missing -http.pathPrefix",
        };
        assert_inconclusive(&outcome, Code::MetricsUnreachable, &[words]);
        println!("{backend:?}: {}", told(&outcome).2);
    }
    let page = Source::new(|_| response(200, "text/html", "<!doctype html><title>Sign in</title>"));
    let outcome = unanswered(&of_url(&page.serve().await)).await;
    assert_inconclusive(&outcome, Code::MetricsUnreachable, &["HTML"]);
    println!("{}", told(&outcome).2);
}
