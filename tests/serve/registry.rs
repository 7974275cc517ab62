//! Which gates stand: joined, forgotten, refused.

use std::fs;
use std::time::Duration;

use crashgate::cluster::signals;
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Pin;
use crashgate::serve::{Call, GateId, Gates, Refused, Settings};
use tokio::sync::watch;

use super::world::{Is, PLAN, Service, World, call, deployment, pod, replica_set, revision, words};

fn healthy() -> World {
    World::default().at(0.0, revision("d1", "web:1"))
}

fn of_run(run: &str) -> Call {
    Call { run: Some(run.to_owned()), ..call() }
}

fn settings(most: usize) -> Settings {
    Settings { most, ..Settings::default() }
}

#[tokio::test(start_paused = true)]
async fn equal_calls_join_one_gate_and_another_run_has_its_own() {
    let service = Service::new(healthy());
    let one = service.now(&call());
    assert_eq!(service.now(&call()).id, one.id);
    // The plan says nothing of a workload, so that the call must name it.
    let unnamed = Call { workload: None, ..call() };
    assert!(matches!(service.registry.call(unnamed), Err(Refused::NotOfThePlan(_))));
    let (first, second) = (service.now(&of_run("a")), service.now(&of_run("b")));
    assert!(first.id != one.id && second.id != one.id && first.id != second.id);
    assert_eq!(service.registry.all().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_leaves_the_workload_to_the_plan_joins_one_that_names_it() {
    let plan = format!("{PLAN}workload: deployment/web\n");
    let service = Service::with(healthy(), &plan, Settings::default(), signals::never());
    let one = service.now(&Call { workload: None, ..call() });
    assert_eq!(service.now(&call()).id, one.id);
    let other = Pin { kind: WorkloadKind::Deployment, name: "other".to_owned() };
    let refused = service.registry.call(Call { workload: Some(other), ..call() });
    assert!(matches!(refused, Err(Refused::NotOfThePlan(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_not_there_is_refused_with_what_is_near() {
    let service = Service::new(healthy());
    let refused = service.registry.call(Call { plan: "checkout".to_owned(), ..call() }).unwrap_err();
    assert_eq!(refused.to_string(), "no plan is called checkout; the plans are p");
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_nobody_asks_for_is_forgotten_after_ten_minutes_and_looking_on_is_no_asking() {
    let service = Service::new(healthy());
    let id = service.now(&call()).id;
    let mut onlooker = service.registry.watch(&id).unwrap();
    service.until(590.0).await;
    assert!(service.registry.look(&id).is_some(), "and this was a call");
    service.until(1180.0).await;
    assert_eq!(service.registry.all().len(), 1);
    service.until(1230.0).await;
    assert!(service.registry.all().is_empty());
    assert!(service.registry.look(&id).is_none() && service.registry.watch(&id).is_none());
    // Whoever looked on learns that it is over.
    while onlooker.changed().await.is_ok() {}
    let asked = service.stub.asks().len();
    service.until(2000.0).await;
    assert_eq!(service.stub.asks().len(), asked, "nothing is watched any more");
    assert_ne!(service.now(&call()).id, id);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_answer_is_asking_until_he_leaves() {
    let service = Service::new(healthy());
    let waiting = service.call(&call());
    let id = waiting.borrow().id.clone();
    service.until(3600.0).await;
    assert!(service.registry.watch(&id).is_some());
    drop(waiting);
    service.until(4300.0).await;
    assert!(service.registry.watch(&id).is_none());
}

#[tokio::test(start_paused = true)]
async fn no_more_gates_stand_than_may_and_what_has_ended_unasked_gives_way() {
    let crashed = [deployment("d1", "web:1", 1), replica_set("d1", "web:1", 1), pod("p", "d1", "web:1", Is::Crashed)];
    let service = Service::with(World::default().at(0.0, crashed), PLAN, settings(2), signals::never());
    let first = service.now(&of_run("a"));
    service.now(&of_run("b"));
    let refused = service.registry.call(of_run("c")).unwrap_err();
    assert_eq!(refused, Refused::Busy { most: 2 });
    assert_eq!(words(&service.at(30.0, &of_run("a")).await), "failed current");
    assert_eq!(service.registry.call(of_run("c")).unwrap_err(), Refused::Busy { most: 2 });
    // The one is still asked for, the other is not.
    for at in (60..300).step_by(60) {
        service.at(f64::from(at), &of_run("b")).await;
    }
    service.now(&of_run("c"));
    assert!(service.registry.look(&first.id).is_none());
    assert_eq!(service.registry.all().len(), 2);
    assert_eq!(service.registry.call(of_run("a")).unwrap_err(), Refused::Busy { most: 2 });
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_forgotten_on_demand_begins_anew() {
    let service = Service::new(healthy());
    let id = service.now(&call()).id;
    assert!(service.registry.forget(&id) && !service.registry.forget(&id));
    assert!(!service.registry.forget(&GateId::of("nobody")));
    assert_ne!(service.now(&call()).id, id);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_changes_begins_new_gates_and_leaves_those_that_stand() {
    let service = Service::new(healthy());
    let old = service.call(&call());
    let id = old.borrow().id.clone();
    // The same in other words is no change.
    fs::write(service.folder.path().join("p.yaml"), format!("# longer\n{PLAN}")).unwrap();
    service.plans.reread();
    assert_eq!(service.now(&call()).id, id);
    fs::write(service.folder.path().join("p.yaml"), format!("{PLAN}maxRestarts: 3\n")).unwrap();
    service.plans.reread();
    assert_ne!(service.now(&call()).id, id);
    service.until(60.0).await;
    assert_eq!(old.borrow().verdict, Some(Verdict::Healthy));
}

#[tokio::test(start_paused = true)]
async fn where_the_server_ends_no_gate_begins_and_none_says_that_it_was_interrupted() {
    let (stopping, stop) = watch::channel(None);
    let service = Service::with(healthy(), PLAN, Settings::default(), stop);
    let standing = service.call(&call());
    service.until(5.0).await;
    stopping.send_replace(Some(Verdict::Terminated));
    assert_eq!(service.registry.call(call()).unwrap_err(), Refused::Ending);
    service.until(20.0).await;
    assert_eq!(words(&standing.borrow()), "healthy current");
    let Service { registry, stub, start, .. } = service;
    drop(registry);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = stub.asks().len();
    tokio::time::sleep_until(start + Duration::from_mins(10)).await;
    assert_eq!(stub.asks().len(), asked, "all of it ends with the registry");
    assert_eq!(words(&standing.borrow()), "healthy current");
}

#[tokio::test(start_paused = true)]
async fn all_gates_are_told_with_what_changed_last_first() {
    let world = healthy().at(100.0, [pod("web-hash1", "d1", "web:1", Is::Crashed)]);
    let service = Service::new(world);
    let standing = service.call(&call());
    service.until(50.0).await;
    let all = service.registry.all();
    assert_eq!(all.len(), 1);
    assert_eq!(words(&all[0]), "healthy current");
    service.until(150.0).await;
    service.now(&of_run("late"));
    let all: Vec<_> = service.registry.all().iter().map(words).collect();
    assert_eq!(all, ["pending", "failed current"]);
    drop(standing);
}
