//! The doctor on a host of paper, which has one flaw or none.

mod paper;

use super::*;
use crate::model::container::Phase;
use paper::{Flaw, Paper};

const BRIEF: Patience = Patience {
    step: Duration::from_millis(100),
    life: Duration::from_millis(200),
    cleaning: Duration::from_millis(100),
};

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn about(experimental: bool) -> EngineAbout {
    EngineAbout {
        kind: "Docker".into(),
        version: "20.10.24".into(),
        memory_bytes: None,
        experimental,
        local: false,
    }
}

async fn examined(engine: &Paper, methods: &[Method]) -> Vec<Ability> {
    let host = "web-1".into();
    examine_within(engine, &host, &about(true), methods, now, BRIEF).await.unwrap()
}

#[tokio::test]
async fn an_examination_can_be_a_task_of_its_own() {
    let task = tokio::spawn(async {
        let engine: Box<dyn Engine> = Box::new(Paper::with(Flaw::None));
        examine(&*engine, &"web-1".into(), &about(true), &[Method::Stop], now).await
    });
    assert_eq!(task.await.unwrap().unwrap()[0].fault, None);
}

async fn fault(flaw: Flaw, method: Method) -> Fault {
    let engine = Paper::with(flaw);
    let abilities = examined(&engine, &[method]).await;
    assert_eq!(engine.containers(), 0, "it leaves nothing behind");
    abilities[0].fault.clone().expect("it does not work there")
}

#[tokio::test]
async fn where_all_is_well_every_method_works() {
    let engine = Paper::with(Flaw::None);
    let abilities = examined(&engine, &Method::ALL).await;
    assert_eq!(abilities.iter().map(|ability| ability.method).collect::<Vec<_>>(), Method::ALL);
    for ability in abilities {
        assert_eq!(ability.fault, None, "{}", ability.method);
        assert!(ability.dump_seconds.is_some() && ability.wake_seconds.is_some());
        assert_eq!((&*ability.engine, ability.tried), ("Docker 20.10.24", now()));
    }
    assert_eq!(engine.containers(), 0, "it leaves nothing behind");
    assert_eq!(engine.imports(), 1, "the image is imported once");
}

#[tokio::test]
async fn a_refusal_is_understood() {
    let told = fault(Flaw::Refuses("exec: \"criu\": executable file not found"), Method::Checkpoint).await;
    assert_eq!(told.reason, "the host has no CRIU, which writes the processes to disk");
}

#[tokio::test]
async fn an_image_that_is_none_of_ours_is_imported_anew() {
    let engine = Paper::with(Flaw::WrongImage);
    let abilities = examined(&engine, &[Method::Stop]).await;
    assert_eq!(abilities[0].fault, None);
    assert_eq!((engine.imports(), engine.containers()), (1, 0));
}

#[test]
fn the_engines_helper_is_of_the_same_image_and_known_by_its_name() {
    use crate::engine::hands::{HELPER_IMAGE, helper_name};
    assert_eq!(HELPER_IMAGE, canary::IMAGE);
    let now = now();
    for id in ["0123456789abcdef".repeat(4), "abc".to_owned(), "--odd--".to_owned()] {
        let name = helper_name(&id, now);
        assert!(canary::is_canary(&name, HELPER_IMAGE), "{name}");
        assert_eq!(canary::made_at(&name), Some(now));
    }
}

#[tokio::test]
async fn an_open_connection_in_the_way_is_found_out() {
    let told = fault(Flaw::NoTcpClose, Method::Checkpoint).await;
    assert!(told.mend.unwrap().contains("`tcp-close`"));
}

#[tokio::test]
async fn what_wakes_without_its_memory_is_found_out() {
    let told = fault(Flaw::StartsCold, Method::Checkpoint).await;
    assert_eq!(told.reason, "it woke wrongly: it started cold: what it held in memory is lost");
    let told = fault(Flaw::MixesUpMemory, Method::Freeze).await;
    assert_eq!(told.reason, "it woke wrongly: its memory is not as it was");
}

#[tokio::test]
async fn what_never_wakes_is_found_out() {
    let told = fault(Flaw::StaysFrozen, Method::Freeze).await;
    assert_eq!(told.reason, "it woke wrongly: it does not tick after 0 s");
    let told = fault(Flaw::DiesAwake, Method::Stop).await;
    assert!(told.reason.starts_with("it woke wrongly: it ended with exit code 1"), "{}", told.reason);
}

#[tokio::test]
async fn a_freeze_that_frees_nothing_does_not_work() {
    let told = fault(Flaw::KeepsMemory, Method::Freeze).await;
    assert!(told.mend.unwrap().contains("swapon"));
}

#[tokio::test]
async fn a_dump_that_does_not_dump_is_found_out() {
    let told = fault(Flaw::RunsOn, Method::Stop).await;
    assert_eq!(told.reason, "it does not sleep as it should: its container has not ended");
}

#[tokio::test]
async fn a_call_that_hangs_ends() {
    let told = fault(Flaw::Hangs, Method::Checkpoint).await;
    assert!(told.reason.starts_with("the dump failed: no answer"), "{}", told.reason);
}

#[tokio::test]
async fn a_lost_engine_says_nothing_about_a_method() {
    let engine = Paper::with(Flaw::IsLost);
    let host = "web-1".into();
    let result = examine_within(&engine, &host, &about(true), &Method::ALL, now, BRIEF).await;
    assert_eq!(result, Err(EngineError::Unreachable("connection refused".to_owned())));
}

#[tokio::test]
async fn without_experimental_features_nothing_is_tried() {
    let engine = Paper::with(Flaw::None);
    let host = "web-1".into();
    let abilities =
        examine_within(&engine, &host, &about(false), &[Method::Checkpoint], now, BRIEF).await.unwrap();
    let fault = abilities[0].fault.as_ref().unwrap();
    assert!(fault.mend.as_ref().unwrap().contains("\"experimental\": true"));
    assert_eq!(engine.imports(), 0);
}

#[tokio::test]
async fn what_another_examination_left_over_is_removed() {
    let engine = Paper::with(Flaw::None);
    let ago = |minutes| now() - SignedDuration::from_mins(minutes);
    engine.put(&canary::name(Method::Freeze, ago(11), 1), canary::IMAGE, Phase::Paused);
    engine.put(&canary::name(Method::Freeze, ago(9), 2), canary::IMAGE, Phase::Running);
    engine.put(&canary::name(Method::Freeze, ago(11), 3), "tomcat:10", Phase::Exited(Some(0)));
    engine.put("acme", canary::IMAGE, Phase::Running);
    examined(&engine, &[Method::Stop]).await;
    let left = engine.names();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.iter().any(|name| name.ends_with("00000001")), "{left:?}");
}
