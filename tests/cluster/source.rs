//! One source: what makes it list again, what makes it lost, and what it costs.

mod past;

use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Budget;
use crashgate::cluster::api::Collection;
use crashgate::cluster::api::RequestCounter;
use crashgate::cluster::watch::Link;
use crashgate::cluster::watch::{Audience, Inbox, Observed, ProbeSchedule, Shared, SourceHandle, SourceTask, Terms};
use crashgate::gate::Fact;
use crashgate::gate::model::{Source, WorkloadKind};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::stub::{Ask, Reply, Step, Stub, json, line, listed, pod_line, status, status_object};

const DELAY: Duration = Duration::from_secs(10);

struct Rig {
    stub: Stub,
    inbox: Inbox,
    sleeps: watch::Sender<u64>,
    handle: SourceHandle,
    _task: AbortOnDropHandle<()>,
}

impl Rig {
    fn pods(script: impl FnMut(&Ask) -> Option<Reply> + Send + 'static) -> Self {
        Self::of(Source::Pods, script)
    }

    fn of(source: Source, script: impl FnMut(&Ask) -> Option<Reply> + Send + 'static) -> Self {
        let stub = Stub::new(script);
        let inbox = Inbox::new(1000);
        let (sleeps, receiver) = watch::channel(0);
        let budget = Arc::new(Budget::new([DELAY]));
        let handle = SourceHandle::default();
        let shared = Shared {
            connection: stub.connection(),
            budget: Arc::clone(&budget),
            link: Arc::new(Link::new(budget)),
            sleeps: receiver,
            doubts_refusals: true,
        };
        let collection = Collection::selected(source, "shop", "app=checkout,version=v1".to_owned());
        let schedule = ProbeSchedule {
            waits_for_need: false,
            quiet: DELAY,
            first: DELAY,
            last_window: None,
            poll: DELAY,
            settled: DELAY / 2,
            most_breaks: 3,
        };
        let audience = Audience::new(source, false);
        let _ = audience.join(inbox.subscriber(source), Terms::leading(schedule));
        let task = SourceTask::new(collection, shared, RequestCounter::default(), audience, handle.clone());
        Self { stub, inbox, sleeps, handle, _task: AbortOnDropHandle::new(tokio::spawn(task.run())) }
    }

    /// The next fact; `None` where nothing will come any more.
    async fn fact(&self) -> Option<Observed> {
        if self.inbox.arrived().await { self.inbox.next(self.inbox.moment()) } else { None }
    }

    /// The next fact in words: `listed 2`, `seen`, `gone`, `lost Stale`, `denied`, `noticed CODE`.
    async fn next(&mut self) -> String {
        let Ok(Some(observed)) = timeout(Duration::from_mins(10), self.fact()).await else {
            panic!("no more facts; {:#?}", self.stub.asks());
        };
        words(&observed.fact)
    }

    async fn expect(&mut self, facts: &[&str]) {
        for fact in facts {
            assert_eq!(self.next().await, *fact, "{:#?}", self.stub.asks());
        }
    }

    fn count(&self, verb: &str) -> usize {
        self.stub.asks().iter().filter(|ask| ask.verb == verb).count()
    }
}

/// What was told so far, in words.
async fn facts_of(rig: Rig) -> Vec<String> {
    let mut told = Vec::new();
    while let Ok(Some(observed)) = timeout(Duration::from_millis(1), rig.fact()).await {
        told.push(words(&observed.fact));
    }
    told
}

fn words(fact: &Fact) -> String {
    match fact {
        Fact::Listed { objects, .. } => format!("listed {}", objects.len()),
        Fact::Seen(_) => "seen".to_owned(),
        Fact::Gone { .. } => "gone".to_owned(),
        Fact::Lost { trouble, .. } if trouble.hopeless => format!("lost {:?} for good", trouble.kind),
        Fact::Lost { trouble, .. } => format!("lost {:?}", trouble.kind),
        Fact::Denied { .. } => "denied".to_owned(),
        Fact::Resumed { .. } => "resumed".to_owned(),
        Fact::Rested { .. } => "rested".to_owned(),
        Fact::Noticed(warning) => format!("noticed {}", warning.code),
        Fact::OwnerRead(_)
        | Fact::OwnerUnread { .. }
        | Fact::Confirmed { .. }
        | Fact::Smoked(_)
        | Fact::StableListed(_)
        | Fact::Measured(_)
        | Fact::RecordingEnded => panic!("not from a source"),
    }
}

/// Answers the first watch so, and later ones as a quiet cluster does.
fn first_watch(mut steps: Vec<Step>) -> impl FnMut(&Ask) -> Option<Reply> + Send {
    move |ask| (ask.verb == "WATCH" && ask.nth == 0).then(|| Reply::Stream(std::mem::take(&mut steps)))
}

#[tokio::test(start_paused = true)]
async fn lists_then_watches_from_its_version() {
    let mut rig = Rig::pods(first_watch(vec![pod_line("ADDED", "a", 101), pod_line("DELETED", "a", 102), Step::Hang]));
    rig.expect(&["listed 0", "seen", "gone"]).await;
    let asks = rig.stub.asks();
    assert_eq!(asks[0].path, "/api/v1/namespaces/shop/pods");
    assert_eq!(
        asks[0].query, "limit=500&labelSelector=app%3Dcheckout%2Cversion%3Dv1",
        "a quorum read of one selection"
    );
    assert!(asks[1].query.contains("resourceVersion=100&") && asks[1].query.contains("allowWatchBookmarks=true"));
}

#[tokio::test(start_paused = true)]
async fn silence_is_answered_with_a_list_and_the_watch_goes_on() {
    let mut rig = Rig::pods(|_| None);
    rig.expect(&["listed 0", "listed 0", "listed 0", "listed 0"]).await;
    assert_eq!((rig.count("LIST"), rig.count("WATCH")), (4, 1));
    let times: Vec<u64> = rig.stub.of("LIST", "pods").iter().map(|ask| ask.at.as_secs()).collect();
    assert_eq!(times, [0, 10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_speaks_is_proven_in_every_third_delay_only() {
    let bookmark = || line("BOOKMARK", r#"{"kind":"Pod","metadata":{"resourceVersion":"100"}}"#);
    let steps = (0..20).flat_map(|_| [Step::Wait(8000), bookmark()]).chain([Step::Hang]).collect();
    let mut rig = Rig::pods(first_watch(steps));
    rig.expect(&["listed 0", "listed 0", "listed 0"]).await;
    let lists: Vec<u64> = rig.stub.of("LIST", "pods").iter().map(|ask| ask.at.as_secs()).collect();
    assert_eq!(lists, [0, 30, 60], "its bookmarks come, and its events may be lost all the same");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_goes_on_where_it_broke() {
    let cases: Vec<(&str, Reply)> = vec![
        (
            "500 in the stream",
            Reply::Stream(vec![pod_line("ADDED", "a", 107), line("ERROR", &status_object(500, "etcd"))]),
        ),
        ("an early end", Reply::Stream(vec![pod_line("ADDED", "a", 107)])),
        ("a cut", Reply::Stream(vec![pod_line("ADDED", "a", 107), Step::Cut])),
    ];
    for (name, reply) in cases {
        let mut reply = Some(reply);
        let mut rig = Rig::pods(move |ask| match (ask.verb, ask.nth) {
            ("WATCH", 1) => Some(Reply::Stream(vec![pod_line("DELETED", "a", 108), Step::Hang])),
            ("WATCH", _) => reply.take(),
            _ => None,
        });
        rig.expect(&["listed 0", "seen", "gone"]).await;
        let asks = rig.stub.asks();
        assert_eq!(asks.len(), 3, "{name}: no list was needed: {asks:#?}");
        assert!(asks[2].query.contains("resourceVersion=107&"), "{name}: {asks:#?}");
        assert!(asks[2].at < Duration::from_secs(1), "{name}: {asks:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_has_expired_leads_to_a_list() {
    let cases: Vec<(&str, Reply)> = vec![
        ("410 in the stream", Reply::Stream(vec![line("ERROR", &status_object(410, "too old"))])),
        ("410 at the opening", status(410, "too old")),
        ("504 at the opening", status(504, "Too large resource version: 9")),
    ];
    for (name, reply) in cases {
        let mut reply = Some(reply);
        let mut rig = Rig::pods(move |ask| match (ask.verb, ask.nth) {
            ("WATCH", 0) => Some(Reply::Stream(vec![Step::Wait(8000), pod_line("ADDED", "a", 107), Step::Cut])),
            ("WATCH", 1) => reply.take(),
            ("LIST", 1..) => Some(listed("pods", 110, &[("a", 107)])),
            _ => None,
        });
        rig.expect(&["listed 0", "seen", "listed 1"]).await;
        let asks = rig.stub.asks();
        assert!(asks[3].verb == "LIST" && asks[3].at < Duration::from_secs(10), "{name}: {asks:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_a_busy_server_opens_later_goes_on_and_is_not_lost_for_it() {
    let replies: [fn() -> Reply; 2] = [|| status(500, "etcd"), || Reply::Later(429, 1)];
    for reply in replies {
        let mut rig = Rig::pods(move |ask| (ask.verb == "WATCH" && ask.nth == 0).then(reply));
        rig.expect(&["listed 0", "listed 0"]).await;
        let asks = rig.stub.asks();
        assert_eq!((asks[1].verb, asks[2].verb), ("WATCH", "WATCH"), "{asks:#?}");
        assert!(asks[3].at >= DELAY, "{asks:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_away_for_longer_is_lost_and_resumed_without_a_list() {
    let mut rig = Rig::pods(|ask| match (ask.verb, ask.at.as_secs()) {
        ("WATCH", 0) => Some(Reply::Stream(vec![Step::Wait(6000), pod_line("ADDED", "a", 107), Step::Cut])),
        ("WATCH", 6..10) => Some(Reply::Hangup),
        ("WATCH", _) => Some(Reply::Stream(vec![pod_line("DELETED", "a", 108), Step::Hang])),
        _ => None,
    });
    rig.expect(&["listed 0", "seen", "lost Unreachable", "resumed", "gone"]).await;
    assert_eq!(rig.count("LIST"), 1, "{:#?}", rig.stub.asks());
    let last = rig.stub.of("WATCH", "pods").pop().unwrap();
    assert!(last.query.contains("resourceVersion=107&") && last.at < Duration::from_secs(14), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn watches_that_are_of_no_use_are_replaced_by_lists() {
    type Case = (&'static str, fn() -> Reply);
    let replies: [Case; 4] = [
        ("closed at once", || Reply::Stream(vec![])),
        ("410 as status", || status(410, "too old")),
        ("410 in the stream", || Reply::Stream(vec![line("ERROR", &status_object(410, "too old"))])),
        ("closed after 4 s", || Reply::Stream(vec![Step::Wait(4000)])),
    ];
    for (name, reply) in replies {
        let rig = Rig::pods(move |ask| (ask.verb == "WATCH").then(reply));
        tokio::time::sleep(Duration::from_secs(58)).await;
        let asks = rig.stub.asks();
        let watches = asks.iter().filter(|ask| ask.verb == "WATCH").count();
        assert!((1..=3).contains(&watches), "{name}: three are enough to know: {asks:#?}");
        let lists: Vec<u64> = rig.stub.of("LIST", "pods").iter().map(|ask| ask.at.as_secs()).collect();
        let settled: Vec<u64> = lists.iter().copied().filter(|at| *at > 14).collect();
        assert!(settled.windows(2).all(|pair| pair[1] - pair[0] == 10), "{name}: then every `delay`: {lists:?}");
        assert!(settled.len() >= 4 && lists[..lists.len() - settled.len()].len() <= 4, "{name}: {lists:?}");
        assert!(asks.len() <= 16 + 2 * 6, "{name}: {asks:#?}");
        let told = facts_of(rig).await;
        assert_eq!(told.iter().filter(|fact| *fact == "noticed WatchUnusable").count(), 1, "{name}: {told:?}");
        let lost = told.iter().rposition(|fact| fact.starts_with("lost"));
        assert!(lost.is_none_or(|lost| lost + 2 < told.len()), "{name}: not for long: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_some_time_of_lists_a_watch_is_tried_again() {
    let rig = Rig::pods(|ask| (ask.verb == "WATCH" && ask.at.as_secs() < 30).then(|| Reply::Stream(vec![])));
    tokio::time::sleep(Duration::from_secs(100)).await;
    let watches = rig.stub.of("WATCH", "pods");
    let at: Vec<u64> = watches.iter().map(|ask| ask.at.as_secs()).filter(|at| *at > 5).collect();
    assert!(at.len() == 1 && (60..75).contains(&at[0]), "{watches:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_cut_every_ten_seconds_is_opened_again_and_proven_now_and_then() {
    let rig = Rig::pods(|ask| (ask.verb == "WATCH").then(|| Reply::Stream(vec![Step::Wait(10_000)])));
    tokio::time::sleep(Duration::from_secs(101)).await;
    let lists: Vec<u64> = rig.stub.of("LIST", "pods").iter().map(|ask| ask.at.as_secs()).collect();
    assert!(
        lists.windows(2).all(|pair| pair[1] - pair[0] <= 21),
        "never unproven for more than two `delay`: {lists:?}"
    );
    let asks = rig.stub.asks().len();
    assert!((14..=18).contains(&asks), "{asks} requests: one and a half a `delay`");
    let told = facts_of(rig).await;
    assert!(told.iter().all(|fact| fact == "listed 0"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_nobody_needs_rests_and_goes_on_where_it_stopped() {
    let mut rig = Rig::of(Source::Workloads(WorkloadKind::Job), |_| None);
    rig.handle.vote(0, None);
    rig.expect(&["listed 0"]).await;
    rig.handle.vote(0, Some(false));
    rig.expect(&["rested"]).await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(rig.stub.asks().len(), 1, "listed once, and never watched");
    rig.handle.vote(1, Some(true));
    // That it tells all that came meanwhile is proven at once.
    rig.expect(&["resumed", "listed 0"]).await;
    let asks = rig.stub.asks();
    assert!(asks[1].verb == "WATCH" && asks[1].query.contains("resourceVersion=100&"), "{asks:#?}");
    rig.handle.vote(1, Some(false));
    rig.expect(&["rested"]).await;
    rig.handle.relist();
    rig.expect(&["listed 0", "rested"]).await;
    assert_eq!(rig.stub.asks().len(), 4, "a list, and no watch after it");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_asked_to_tells_anew_without_breaking_its_watch() {
    let mut rig = Rig::pods(|_| None);
    rig.expect(&["listed 0"]).await;
    rig.handle.relist();
    rig.expect(&["listed 0"]).await;
    let asks = rig.stub.asks();
    assert!(asks.len() == 3 && asks[2].at < Duration::from_secs(1), "{asks:#?}");
    assert_eq!(rig.count("WATCH"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_fails_does_not_give_up_a_watch_that_is_alive() {
    let mut rig = Rig::pods(|ask| match (ask.verb, ask.at.as_secs()) {
        ("LIST", 10..13) => Some(status(503, "starting")),
        ("WATCH", _) => Some(Reply::Stream(vec![Step::Wait(12_000), pod_line("ADDED", "a", 107), Step::Hang])),
        ("LIST", 13..) => Some(listed("pods", 108, &[("a", 107)])),
        _ => None,
    });
    rig.expect(&["listed 0", "lost Unreachable", "seen", "listed 1"]).await;
    assert_eq!(rig.count("WATCH"), 1, "{:#?}", rig.stub.asks());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_makes_the_source_stale_until_it_is_listed() {
    for bad in [
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":5}}",
        "{\"type\":\"ADD",
        "<html>",
        "{\"type\":\"X\",\"object\":{}}",
    ] {
        let mut rig = Rig::pods(first_watch(vec![Step::Line(bad.to_owned()), Step::Hang]));
        rig.expect(&["listed 0", "lost Stale", "listed 0"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_no_list_can_show_keeps_the_source_stale() {
    let mut rig = Rig::pods(|ask| {
        (ask.verb == "LIST").then(|| {
            json(200, r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"uid":"a","resourceVersion":"1","labels":5}}]}"#)
        })
    });
    rig.expect(&["lost Stale"]).await;
    assert_eq!(rig.count("WATCH"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_that_missed_something_is_opened_again() {
    let mut rig = Rig::pods(|ask| match (ask.verb, ask.nth) {
        ("LIST", 0) => Some(listed("pods", 100, &[("a", 90), ("b", 91)])),
        ("LIST", _) => Some(listed("pods", 200, &[("a", 150), ("c", 160)])),
        _ => None,
    });
    rig.expect(&["listed 2", "noticed WatchSilent", "listed 2"]).await;
    // Opened again from what the list showed, and now the lists agree.
    rig.expect(&["listed 2", "listed 2"]).await;
    let watches = rig.stub.of("WATCH", "pods");
    assert_eq!(watches.len(), 2);
    assert!(watches[1].query.contains("resourceVersion=200&"), "{watches:#?}");
    assert!(watches[1].at <= Duration::from_secs(13), "{watches:#?}");
}

#[tokio::test(start_paused = true)]
async fn news_that_are_on_their_way_break_nothing_and_never_go_back() {
    // The list at 10 s shows version 103; the watch tells 102 and 103 a moment later.
    let steps = vec![Step::Wait(10_300), pod_line("MODIFIED", "a", 102), pod_line("MODIFIED", "a", 103), Step::Hang];
    let mut watch = first_watch(steps);
    let mut rig = Rig::pods(move |ask| match (ask.verb, ask.nth) {
        ("LIST", 0) => Some(listed("pods", 100, &[("a", 100)])),
        ("LIST", _) => Some(listed("pods", 103, &[("a", 103)])),
        _ => watch(ask),
    });
    rig.expect(&["listed 1", "seen", "seen", "listed 1"]).await;
    assert_eq!(rig.count("WATCH"), 1);
    let lists: Vec<u64> = rig.stub.of("LIST", "pods").iter().map(|ask| ask.at.as_secs()).collect();
    assert_eq!(lists, [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_in_time_goes_on_from_its_last_bookmark() {
    let bookmark = line("BOOKMARK", r#"{"kind":"Pod","metadata":{"resourceVersion":"777"}}"#);
    let mut rig = Rig::pods(first_watch(vec![Step::Wait(284_000), bookmark, Step::Wait(1000)]));
    while rig.count("WATCH") < 2 {
        rig.next().await;
    }
    let asks = rig.stub.asks();
    let again = asks.iter().position(|ask| ask.verb == "WATCH" && ask.nth == 1).unwrap();
    assert!(asks[again].query.contains("resourceVersion=777&"), "{:?}", asks[again]);
    assert!(asks[again].at.as_secs() >= 280);
    let before = &asks[again - 1];
    assert!(before.verb == "LIST" && before.at + Duration::from_secs(2) < asks[again].at, "no list was needed");
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_list_of_pods_is_asked_for_again_before_it_ends_the_source() {
    let mut rig = Rig::pods(|ask| (ask.verb == "LIST").then(|| status(403, "pods is forbidden")));
    rig.expect(&["lost Forbidden"]).await;
    let Ok(Some(Observed { fact: Fact::Denied { message, .. }, .. })) =
        timeout(Duration::from_mins(1), rig.fact()).await
    else {
        panic!("denied in the end")
    };
    assert!(message.starts_with("pods is forbidden; it needs apiGroups"), "{message}");
    assert!(rig.fact().await.is_none(), "nothing more comes");
    let at: Vec<u64> = rig.stub.asks().iter().map(|ask| ask.at.as_secs()).collect();
    assert_eq!(at, [0, 1, 3, 7], "bounded");
}

#[tokio::test(start_paused = true)]
async fn rights_that_come_late_are_found() {
    let mut rig = Rig::pods(|ask| (ask.at.as_secs() < 5).then(|| status(403, "pods is forbidden")));
    rig.expect(&["lost Forbidden", "listed 0", "listed 0"]).await;
    // A gate does without a kind that it may not read, and hears of it at once.
    let mut rig = Rig::of(Source::Workloads(WorkloadKind::Job), |ask| {
        (ask.at.as_secs() < 8).then(|| status(403, "jobs is forbidden"))
    });
    rig.expect(&["denied", "listed 0"]).await;
    let at: Vec<u64> = rig.stub.of("LIST", "jobs").iter().map(|ask| ask.at.as_secs()).collect();
    assert_eq!(at, [0, 5, 15]);
    let mut rig = Rig::of(Source::Workloads(WorkloadKind::Job), |_| Some(status(403, "jobs is forbidden")));
    rig.expect(&["denied"]).await;
    assert!(rig.fact().await.is_none(), "told once, and asked for no more than three times");
    assert_eq!(rig.stub.asks().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_watch_is_replaced_by_lists() {
    let mut rig = Rig::pods(|ask| (ask.verb == "WATCH").then(|| status(403, "no watch")));
    rig.expect(&["listed 0", "noticed WatchForbidden", "listed 0", "listed 0", "listed 0"]).await;
    assert_eq!((rig.count("LIST"), rig.count("WATCH")), (4, 1));
    assert_eq!(rig.stub.of("LIST", "pods")[3].at.as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_again_and_again_end_the_source_for_good() {
    let mut rig = Rig::pods(|ask| (ask.verb == "LIST").then(|| status(401, "Unauthorized")));
    rig.expect(&["lost Unauthorized", "lost Unauthorized for good"]).await;
    assert!(rig.fact().await.is_none());
    assert_eq!(rig.stub.asks().len(), 4);
    // An API server that starts may not know its own tokens yet.
    let mut rig = Rig::pods(|ask| (ask.at.as_secs() < 2).then(|| status(401, "Unauthorized")));
    rig.expect(&["lost Unauthorized", "listed 0"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_api_without_the_kind_has_none_of_it() {
    let mut rig = Rig::of(Source::Workloads(WorkloadKind::Job), |_| {
        Some(Reply::Whole(404, "text/plain", "404 page not found\n".to_owned()))
    });
    rig.expect(&["listed 0"]).await;
    let mut rig = Rig::pods(|_| Some(Reply::Whole(404, "text/plain", "404 page not found\n".to_owned())));
    rig.expect(&["lost Unreachable"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_no_api_server_says_is_unreachable() {
    let page = "<!doctype html><html><title>Sign in</title></html>";
    for (code, content_type) in [(200, "text/html"), (200, "application/json"), (403, "text/html"), (302, "")] {
        let mut rig = Rig::pods(move |_| Some(Reply::Whole(code, content_type, page.to_owned())));
        rig.expect(&["lost Unreachable"]).await;
    }
    let mut rig = Rig::pods(|_| Some(json(200, "{}")));
    rig.expect(&["lost Stale"]).await;
}

#[tokio::test(start_paused = true)]
async fn failures_make_no_storm() {
    let replies: [fn() -> Reply; 4] =
        [|| status(500, "etcd"), || Reply::Later(429, 1), || Reply::Hang, || json(200, "{}")];
    for reply in replies {
        let mut rig = Rig::pods(move |ask| (ask.at < Duration::from_mins(8)).then(reply));
        let fact = rig.next().await;
        assert!(fact.starts_with("lost"), "{fact}");
        assert_eq!(rig.next().await, "listed 0", "the same trouble is told once");
        let asks = rig.stub.asks().len();
        let allowed = 16 + 2 * 8 * 6 + 2;
        assert!((30..=allowed).contains(&asks), "{asks} requests in eight minutes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_lists_everything_again() {
    let mut rig = Rig::pods(|_| None);
    rig.expect(&["listed 0"]).await;
    rig.sleeps.send_modify(|count| *count += 1);
    rig.expect(&["lost Stale", "listed 0"]).await;
}
