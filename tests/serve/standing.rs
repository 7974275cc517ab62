//! Gates that stand, over small stories in virtual time.

use crashgate::gate::result::Verdict;
use crashgate::report::model::Event;
use crashgate::serve::{Call, Gates, Mode};

use super::world::{Is, Service, World, call, deployment, pod, replica_set, revision, why, words};

const ONE: &str = "web-hash1";

fn healthy() -> World {
    World::default().at(0.0, revision("d1", "web:1"))
}

fn once() -> Call {
    Call { mode: Mode::Once, ..call() }
}

fn of_revision(name: &str) -> Call {
    Call { revision: Some(name.to_owned()), ..call() }
}

/// The verdicts of a story without their times and whether they are current.
fn verdicts(story: &[String]) -> Vec<&str> {
    let mut verdicts: Vec<&str> = story.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    verdicts.dedup();
    verdicts
}

/// True where a line of the story says that at a second between these.
fn says_between(story: &[String], what: &str, from: u64, to: u64) -> bool {
    story.iter().any(|line| {
        let (at, said) = line.split_once(' ').unwrap();
        said == what && (from..=to).contains(&at.parse().unwrap())
    })
}

#[tokio::test(start_paused = true)]
async fn a_pass_stands_for_as_long_as_all_is_well_and_a_crash_after_it_is_told_at_the_next_call() {
    let service = Service::new(healthy().at(300.0, [pod(ONE, "d1", "web:1", Is::Crashed)]));
    let first = service.now(&call());
    assert_eq!((first.verdict, first.is_current), (None, false));
    let story = service.story(299.0, &call()).await;
    assert_eq!(verdicts(&story), ["pending", "healthy"], "{story:?}");
    assert!(says_between(&story, "healthy current", 10, 11), "{story:?}");
    let view = service.at(310.0, &call()).await;
    assert_eq!(view.id, first.id);
    assert_eq!((view.verdict, view.is_current), (Some(Verdict::Failed), true));
    assert!(why(&view).starts_with("container web ended with exit code 1"), "{}", why(&view));
    assert_eq!(view.revision.as_deref(), Some("hash1"));
    // What is shown of it is one story: the round, and the vigil that saw the crash.
    let run = view.run.unwrap();
    assert_eq!(run.verdict(), Verdict::Failed);
    assert_eq!(run.gates[0].outcome.decided_after.as_secs(), 300);
    let log = view.log.lock().unwrap();
    assert_eq!(log.gates[0].events.last().unwrap().0.as_secs(), 300);
    assert_eq!(log.gates[0].plan.wait_period.as_secs(), 30);
    // What the vigil knew from the beginning is told once, and its window has no end.
    let count = |what: fn(&Event) -> bool| log.gates[0].events.iter().filter(|(_, event)| what(event)).count();
    assert_eq!(count(|event| matches!(event, Event::PodAppeared { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::WindowOpened { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::Crash { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ready_any_more_is_pending_and_has_to_pass_anew() {
    let world =
        healthy().at(100.0, [pod(ONE, "d1", "web:1", Is::NotReady)]).at(108.0, [pod(ONE, "d1", "web:1", Is::Ready)]);
    let service = Service::new(world);
    let story = service.story(300.0, &call()).await;
    assert_eq!(verdicts(&story), ["pending", "healthy", "pending", "healthy"], "{story:?}");
    assert!(says_between(&story, "pending current", 100, 100), "{story:?}");
    // A whole window of 10 s after it was ready again.
    assert!(says_between(&story, "healthy current", 118, 120), "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_final_for_its_revision_and_never_current_for_the_next_one() {
    let world = World::default()
        .at(0.0, [deployment("d1", "web:1", 1), replica_set("d1", "web:1", 1), pod(ONE, "d1", "web:1", Is::Crashed)])
        // It gets well, which takes nothing back.
        .at(60.0, [pod(ONE, "d1", "web:1", Is::Ready)])
        .at(100.0, revision("d1", "web:2"))
        .gone(100.0, "pods", "u-web-hash1");
    let service = Service::new(world);
    service.now(&call());
    let failed = service.at(90.0, &call()).await;
    assert_eq!(words(&failed), "failed current");
    let next = service.at(101.0, &call()).await;
    assert_ne!(next.id, failed.id);
    assert_eq!(next.verdict, None);
    let old = service.registry.look(&failed.id).unwrap().borrow().clone();
    assert_eq!(words(&old), "failed");
    let next = service.at(140.0, &call()).await;
    assert_eq!((words(&next).as_str(), next.revision.as_deref()), ("healthy current", Some("hash2")));
    let old = service.registry.look(&failed.id).unwrap().borrow().clone();
    assert_eq!((words(&old).as_str(), old.revision.as_deref()), ("failed", Some("hash1")));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_current_for_a_workload_of_the_same_name_that_was_created_anew() {
    let crashed = [deployment("d1", "web:1", 1), replica_set("d1", "web:1", 1), pod(ONE, "d1", "web:1", Is::Crashed)];
    let mut anew = revision("d2", "web:1");
    anew[2]["metadata"]["uid"] = "u-new".into();
    let world = World::default()
        .at(0.0, crashed)
        .gone(100.0, "deployments", "d1")
        .gone(100.0, "replicasets", "d1-hash1")
        .gone(100.0, "pods", "u-web-hash1")
        .at(100.1, anew);
    let service = Service::new(world);
    let failed = service.now(&call()).id;
    assert_eq!(words(&service.at(99.0, &call()).await), "failed current");
    let view = service.at(150.0, &call()).await;
    assert_eq!(words(&view), "healthy current");
    let old = service.registry.look(&failed).unwrap().borrow().clone();
    assert_eq!(words(&old), "failed");
}

#[tokio::test(start_paused = true)]
async fn who_cannot_see_says_pending_and_passes_anew_only_after_a_whole_window() {
    let service = Service::new(healthy().away(100.0, 140.0));
    let story = service.story(400.0, &call()).await;
    let blind = |line: &&String| {
        let at: u64 = line.split(' ').next().unwrap().parse().unwrap();
        (112..=149).contains(&at)
    };
    assert!(!story.iter().filter(blind).any(|line| line.contains("healthy")), "{story:?}");
    assert!(says_between(&story, "pending", 100, 112), "{story:?}");
    assert_eq!(story.last().unwrap().split_once(' ').unwrap().1, "healthy current", "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn watches_that_are_cut_once_cost_nothing() {
    let service = Service::new(healthy().cut(100.0));
    let story = service.story(400.0, &call()).await;
    assert_eq!(verdicts(&story), ["pending", "healthy"], "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn a_canary_without_pods_is_judged_once_it_has_some() {
    let world = World::default()
        .at(0.0, [deployment("d1", "web:1", 0), replica_set("d1", "web:1", 0)])
        .at(200.0, revision("d1", "web:1"));
    let service = Service::new(world);
    let story = service.story(400.0, &call()).await;
    assert_eq!(verdicts(&story), ["pending", "nothing-matched", "healthy"], "{story:?}");
    assert!(says_between(&story, "healthy current", 210, 216), "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn a_workload_that_comes_later_is_judged_then() {
    let world = World::default().at(0.0, [pod("other", "d9", "db:1", Is::Ready)]).at(100.0, revision("d1", "web:1"));
    let service = Service::new(world);
    let story = service.story(300.0, &call()).await;
    assert_eq!(verdicts(&story), ["pending", "nothing-matched", "healthy"], "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn the_revision_that_follows_is_judged_in_its_turn_and_the_waiting_caller_hears_of_it() {
    let world = healthy()
        .at(5.0, [deployment("d1", "web:2", 1), replica_set("d1", "web:2", 1)])
        .at(8.0, [pod("web-hash2", "d1", "web:2", Is::Ready)])
        .gone(9.0, "pods", "u-web-hash1");
    let service = Service::new(world);
    let first = service.now(&call());
    let mut receiver = service.call(&call());
    let passed = receiver.wait_for(|view| view.verdict == Some(Verdict::Healthy)).await.unwrap().clone();
    assert_ne!(passed.id, first.id);
    assert_eq!(passed.revision.as_deref(), Some("hash2"));
    assert!((18..=22).contains(&service.start.elapsed().as_secs()));
    let old = service.registry.look(&first.id).unwrap().borrow().clone();
    assert_eq!(words(&old), "superseded");
    assert!(why(&old).contains("deployment/web"), "{}", why(&old));
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_is_named_is_waited_for_and_is_over_once_the_workload_went_on() {
    let world = healthy()
        .at(20.0, revision("d1", "web:2"))
        .gone(20.0, "pods", "u-web-hash1")
        .at(100.0, revision("d1", "web:3"))
        .gone(100.0, "pods", "u-web-hash2");
    let service = Service::new(world);
    let waiting = service.now(&of_revision("hash2"));
    let pending = service.at(12.0, &of_revision("hash2")).await;
    assert_eq!((pending.verdict, pending.is_current), (None, false));
    assert!(
        why(&pending).contains("deployment/web does not have revision hash2 yet; it has hash1"),
        "{}",
        why(&pending)
    );
    let passed = service.at(50.0, &of_revision("hash2")).await;
    assert_eq!((words(&passed).as_str(), &passed.id), ("healthy current", &waiting.id));
    assert_eq!(passed.revision.as_deref(), Some("hash2"));
    let over = service.at(110.0, &of_revision("hash2")).await;
    assert_eq!((words(&over).as_str(), &over.id), ("superseded", &waiting.id));
    let over = service.at(300.0, &of_revision("hash2")).await;
    assert_eq!(words(&over), "superseded");
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_never_comes_is_nothing_matched_and_never_that_of_another() {
    let service = Service::new(healthy());
    let story = service.story(200.0, &of_revision("hash7")).await;
    assert_eq!(verdicts(&story), ["pending", "nothing-matched"], "{story:?}");
    assert!(says_between(&story, "nothing-matched", 30, 31), "{story:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gate_of_mode_once_keeps_its_first_verdict_and_a_new_revision_is_judged_anew() {
    let world = healthy().at(100.0, [pod(ONE, "d1", "web:1", Is::Crashed)]).at(200.0, revision("d1", "web:2")).gone(
        200.0,
        "pods",
        "u-web-hash1",
    );
    let service = Service::new(world);
    let first = service.now(&once());
    let passed = service.at(150.0, &once()).await;
    assert_eq!((words(&passed).as_str(), &passed.id), ("healthy current", &first.id));
    let next = service.at(201.0, &once()).await;
    assert_eq!(next.verdict, None, "what passed was another revision");
    assert_ne!(next.id, first.id);
    let old = service.registry.look(&first.id).unwrap().borrow().clone();
    assert_eq!(words(&old), "healthy", "and it is not current");
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_missing_are_asked_for_seldom_and_condemn_nothing_for_good() {
    let service = Service::new(healthy().forbidden(0.0, 400.0));
    service.now(&call());
    let view = service.at(300.0, &call()).await;
    assert_eq!(view.verdict, Some(Verdict::Inconclusive));
    assert!(why(&view).starts_with("pods may not be listed"), "{}", why(&view));
    // No more often than once a `delay`.
    let asked = service.stub.of("LIST", "pods").len();
    assert!(asked <= 60, "{asked}");
    assert_eq!(words(&service.at(520.0, &call()).await), "healthy current");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_for_a_pod_that_leaves_has_to_be_ready_too() {
    let new = |is| pod("web-new", "d1", "web:1", is);
    let world = healthy().at(100.0, [new(Is::NotReady)]).gone(101.0, "pods", "u-web-hash1").at(140.0, [new(Is::Ready)]);
    let service = Service::new(world);
    let story = service.story(300.0, &call()).await;
    assert_eq!(verdicts(&story).last(), Some(&"healthy"), "{story:?}");
    assert!(says_between(&story, "pending current", 100, 101), "{story:?}");
    assert!(says_between(&story, "healthy current", 150, 160), "{story:?}");
}
