//! What is a crash loop, and what a feed begins with.

use crashgate::feed::event::{Change, FeedEvent, Sign};
use crashgate::feed::machine::Feed;
use crashgate::gate::Fact;
use crashgate::gate::model::{ContainerState, Ended, InPlaceUpdate, Object, Phase, Pod, Source};

use crate::scenario::objects::bare_pod;

fn ended(attempt: u32, ran: u64) -> Ended {
    Ended {
        exit_code: 1,
        signal: None,
        reason: Some("Error".to_owned()),
        message: None,
        container_id: Some(format!("containerd://{attempt}")),
        started_at: None,
        finished_at: None,
        ran_seconds: Some(ran),
    }
}

/// A pod whose container is in this state, after so many restarts.
fn pod(restarts: u32, state: ContainerState, last: Option<Ended>) -> Pod {
    let mut pod = bare_pod("web-1");
    let status = pod.containers[0].status.as_mut().unwrap();
    (status.restart_count, status.state, status.last) = (restarts, state, last);
    status.container_id = Some(format!("containerd://{restarts}"));
    pod
}

fn down(attempt: u32, ran: u64) -> Pod {
    pod(
        attempt,
        ContainerState::Terminated(ended(attempt, ran)),
        attempt.checked_sub(1).map(|before| ended(before, ran)),
    )
}

fn up(restarts: u32, ran: u64) -> Pod {
    pod(restarts, ContainerState::Running, restarts.checked_sub(1).map(|before| ended(before, ran)))
}

fn waiting(restarts: u32, reason: &str) -> Pod {
    let state = ContainerState::Waiting { reason: Some(reason.to_owned()), message: None };
    pod(restarts, state, Some(ended(restarts, 2)))
}

fn listed(pods: &[Pod]) -> Fact {
    Fact::Listed {
        source: Source::Pods,
        objects: pods.iter().cloned().map(|object| Object::Pod(object.into())).collect(),
    }
}

fn seen(pod: Pod) -> Fact {
    Fact::Seen(Box::new(Object::Pod(pod.into())))
}

fn names(events: &[FeedEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.change.name()).collect()
}

/// The signs of the crash loops that are told of a new pod in these states, and after which of them.
fn loops(states: impl IntoIterator<Item = Pod>) -> Vec<(usize, Sign)> {
    let mut feed = Feed::default();
    feed.observe(listed(&[]));
    let mut loops = Vec::new();
    for (place, state) in states.into_iter().enumerate() {
        for event in feed.observe(seen(state)) {
            if let Change::CrashLoop { sign, .. } = event.change {
                loops.push((place, sign));
            }
        }
    }
    loops
}

#[test]
fn the_second_crash_is_a_loop_whichever_field_shows_it() {
    assert_eq!(loops([up(0, 2), down(0, 2), up(1, 2), down(1, 2), up(2, 2), down(2, 2)]), [(3, Sign::Terminated)]);
    assert_eq!(loops([up(0, 2), up(1, 2), up(2, 2), down(2, 2)]), [(2, Sign::Restarted)], "its ends were not seen");
    assert_eq!(loops([up(0, 2), down(0, 2), up(1, 2)]), [], "one crash is none");
}

#[test]
fn the_kubelets_own_word_counts_early_or_late() {
    assert_eq!(loops([up(0, 2), waiting(0, "CrashLoopBackOff")]), [(1, Sign::BackOff)], "after one crash");
    let late = [up(0, 2), down(0, 2), up(1, 2), down(1, 2), waiting(1, "CrashLoopBackOff")];
    assert_eq!(loops(late), [(3, Sign::Terminated)], "and is not told again when it comes late");
}

#[test]
fn crashes_far_apart_are_no_loop_and_end_one() {
    assert_eq!(loops([up(0, 2), down(0, 7000), up(1, 7000), down(1, 7000)]), []);
    let again = [up(0, 2), down(0, 2), up(1, 2), down(1, 2), up(2, 2), down(2, 7000), up(3, 7000), down(3, 2)];
    assert_eq!(loops(again), [(3, Sign::Terminated), (7, Sign::Terminated)], "a loop that was over can begin again");
}

#[test]
fn what_was_there_before_is_not_told_but_for_loops_that_stand() {
    let first = |pod: Pod| names(&Feed::default().observe(listed(&[pod])));
    assert_eq!(first(up(0, 2)), [""; 0]);
    assert_eq!(first(up(5, 2)), [""; 0], "restarts that may be months ago");
    assert_eq!(first(down(1, 2)), ["crash-loop"]);
    assert_eq!(first(waiting(3, "CrashLoopBackOff")), ["crash-loop"]);
    let mut feed = Feed::default();
    feed.observe(listed(&[up(5, 2)]));
    assert_eq!(names(&feed.observe(seen(down(5, 7000)))), ["ended"], "and one crash after months is none");
}

#[test]
fn a_pod_that_is_first_seen_late_went_the_usual_way() {
    let mut feed = Feed::default();
    feed.observe(listed(&[]));
    let events = feed.observe(seen(up(0, 2)));
    assert_eq!(names(&events), ["created", "phase", "ready"]);
    let from_pending =
        |change: &Change| matches!(change, Change::Phase { from: Some(Phase::Pending), to: Some(Phase::Running), .. });
    assert!(from_pending(&events[1].change), "{events:?}");
}

#[test]
fn a_pod_made_anew_under_its_name_is_another() {
    let mut feed = Feed::default();
    feed.observe(listed(&[up(0, 2)]));
    let mut another = up(0, 2);
    another.uid = "another".to_owned();
    let events = feed.observe(listed(&[another]));
    assert_eq!(names(&events), ["deleted", "created", "phase", "ready"]);
    assert_eq!((events[0].pod.uid.as_str(), events[1].pod.uid.as_str()), ("web-1", "another"));
    assert_eq!(feed.register().len(), 1);
}

#[test]
fn a_deployment_is_known_by_the_name_of_its_replica_set() {
    use crashgate::feed::owner::Owner;
    use crashgate::gate::model::ControllerRef;
    let owner = |kind: &str, name: &str, hash: Option<&str>| {
        let mut pod = bare_pod("p");
        pod.controller = Some(ControllerRef {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            uid: "u".to_owned(),
        });
        pod.labels.extend(hash.map(|hash| ("pod-template-hash".to_owned(), hash.to_owned())));
        let owner = Owner::of(&pod).unwrap();
        format!("{} {}", owner.kind, owner.name)
    };
    assert_eq!(owner("ReplicaSet", "web-5949ff565", Some("5949ff565")), "Deployment web");
    assert_eq!(owner("ReplicaSet", "web-5949ff565", None), "ReplicaSet web-5949ff565");
    assert_eq!(owner("ReplicaSet", "web-other", Some("5949ff565")), "ReplicaSet web-other");
    assert_eq!(owner("ReplicaSet", "-5949ff565", Some("5949ff565")), "ReplicaSet -5949ff565");
    assert_eq!(
        owner("CloneSet", "web-5949ff565", Some("5949ff565")),
        "CloneSet web-5949ff565",
        "its pods carry one too"
    );
    assert_eq!(owner("Job", "ledger-5949ff565", Some("5949ff565")), "Job ledger-5949ff565");
    assert_eq!(Owner::of(&bare_pod("p")), None);
}

#[test]
fn a_rollout_is_known_by_the_name_of_its_replica_set_and_the_hash_of_its_own() {
    use crashgate::feed::owner::Owner;
    use crashgate::gate::model::ControllerRef;
    let owner = |name: &str, labels: &[(&str, &str)]| {
        let mut pod = bare_pod("p");
        pod.controller = Some(ControllerRef {
            api_version: "v1".to_owned(),
            kind: "ReplicaSet".to_owned(),
            name: name.to_owned(),
            uid: "u".to_owned(),
        });
        pod.labels.extend(labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        crashgate::feed::machine::trim(&mut pod);
        let owner = Owner::of(&pod).unwrap();
        (format!("{} {}", owner.kind, owner.name), owner.replica_set)
    };
    let (own, of_deployment) = (("rollouts-pod-template-hash", "66bf74479"), ("pod-template-hash", "5949ff565"));
    let through = Some("web-66bf74479".to_owned());
    assert_eq!(owner("web-66bf74479", &[own]), ("Rollout web".to_owned(), through.clone()));
    assert_eq!(owner("web-66bf74479", &[own, of_deployment]), ("Rollout web".to_owned(), through));
    let deployed = ("Deployment web".to_owned(), Some("web-5949ff565".to_owned()));
    assert_eq!(owner("web-5949ff565", &[own, of_deployment]), deployed, "the name says which hash is its own");
    assert_eq!(owner("web-other", &[own]), ("ReplicaSet web-other".to_owned(), None));
}

/// A container whose image is changed in place to a revision: its old process was started before the update.
fn updated(mut pod: Pod, revision: &str, is_to_come: bool) -> Pod {
    let at = Some("2026-11-21T10:00:00Z".to_owned());
    let container = &mut pod.containers[0];
    container.in_place = Some(InPlaceUpdate { revision: revision.to_owned(), at, is_to_come });
    pod
}

/// The same pod with the time at which its last process that ended had been started.
fn started(mut pod: Pod, at: &str) -> Pod {
    let status = pod.containers[0].status.as_mut().unwrap();
    let ends = match &mut status.state {
        ContainerState::Terminated(ended) => Some(ended),
        _ => status.last.as_mut(),
    };
    ends.unwrap().started_at = Some(at.to_owned());
    pod
}

const BEFORE: &str = "2026-11-21T09:00:00Z";
const AFTER: &str = "2026-11-21T10:00:05Z";

#[test]
fn a_restart_for_an_update_in_place_is_told_as_one_and_a_crash_after_it_as_a_crash() {
    let mut feed = Feed::default();
    feed.observe(listed(&[up(0, 2)]));
    assert_eq!(names(&feed.observe(seen(updated(up(0, 2), "web-2", true)))), [""; 0], "it is still to come");
    let restarted = updated(started(up(1, 10), BEFORE), "web-2", false);
    let events = feed.observe(seen(restarted.clone()));
    let Change::Updated { revision, restarts, container } = &events[0].change else { panic!("{events:?}") };
    assert_eq!((revision.as_str(), *restarts, container.name.as_str(), events.len()), ("web-2", 1, "app", 1));
    assert_eq!(names(&feed.observe(seen(restarted))), [""; 0], "once");
    let crashed = |attempt: u32| updated(started(down(attempt, 2), AFTER), "web-2", false);
    assert_eq!(names(&feed.observe(seen(crashed(1)))), ["ended"]);
    let again = |restarts: u32| updated(started(up(restarts, 2), AFTER), "web-2", false);
    assert_eq!(names(&feed.observe(seen(again(2)))), ["restarted"], "of its own");
    assert_eq!(names(&feed.observe(seen(crashed(2)))), ["ended", "crash-loop"], "the second crash of this version");
}

#[test]
fn the_old_process_may_end_in_sight_or_as_a_failure() {
    let mut feed = Feed::default();
    feed.observe(listed(&[up(0, 2)]));
    let ended = updated(started(down(0, 9), BEFORE), "web-2", true);
    assert_eq!(names(&feed.observe(seen(ended))), [""; 0], "exit code 1, and the update's own all the same");
    let restarted = updated(started(up(1, 9), BEFORE), "web-2", false);
    assert_eq!(names(&feed.observe(seen(restarted))), ["updated"]);
}

#[test]
fn a_crash_loop_is_over_with_the_version_that_was_in_it() {
    let mut feed = Feed::default();
    feed.observe(listed(&[]));
    for state in [up(0, 2), down(0, 2), up(1, 2)] {
        feed.observe(seen(state));
    }
    assert_eq!(names(&feed.observe(seen(down(1, 2)))), ["ended", "crash-loop"]);
    assert_eq!(names(&feed.observe(seen(updated(started(up(2, 2), BEFORE), "web-2", false)))), ["updated"]);
    let crashed = |attempt: u32| updated(started(down(attempt, 2), AFTER), "web-2", false);
    assert_eq!(names(&feed.observe(seen(crashed(2)))), ["ended"]);
    feed.observe(seen(updated(started(up(3, 2), AFTER), "web-2", false)));
    assert_eq!(
        names(&feed.observe(seen(crashed(3)))),
        ["ended", "crash-loop"],
        "and the next version can be in another"
    );
}

#[test]
fn an_update_explains_no_end_of_a_process_that_was_started_after_it() {
    let mut feed = Feed::default();
    feed.observe(listed(&[up(0, 2)]));
    let crashed = updated(started(up(1, 2), AFTER), "web-2", false);
    assert_eq!(names(&feed.observe(seen(crashed))), ["ended", "restarted"]);
}
