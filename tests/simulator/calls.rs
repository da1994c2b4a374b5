//! Calls of one kind that go wrong, a number of times.

use std::time::Duration;

use rstest::rstest;
use tokio::time::timeout;
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::{Call, CallFault, Fault, How};

use crate::client::{Sim, ask, scenario, serve};

const PAUSE: &str = "/containers/acme-app/pause";

async fn state(sim: &Sim) -> String {
    sim.inspect("all", "acme-app").await["State"]["Status"].as_str().unwrap().to_owned()
}

fn break_pauses(sim: &Sim, times: u32, how: How) {
    let fault = Fault::Call(CallFault { of: Call::Pause, times, how });
    sim.running.fault("all", Some(fault)).unwrap();
}

#[tokio::test]
async fn so_many_calls_of_the_kind_fail_and_no_others() {
    let sim = serve(&scenario("dump"));
    break_pauses(&sim, 2, How::Status(503));
    assert_eq!(sim.post("all", "/containers/birch-app/unpause").await.0, 404);
    for _ in 0..2 {
        assert_eq!(sim.post("all", PAUSE).await.0, 503);
        assert_eq!(state(&sim).await, "running");
    }
    assert_eq!(sim.post("all", PAUSE).await.0, 204);
    // Told again, it begins anew.
    break_pauses(&sim, 1, How::AlreadyExists);
    let (status, message) = sim.post("all", PAUSE).await;
    assert_eq!((status, message.contains("failed to upload checkpoint to containerd")), (500, true));
}

#[rstest]
#[case(How::Lost, "paused")]
#[case(How::Mute, "paused")]
#[case(How::Hang, "running")]
#[tokio::test]
async fn an_answer_is_lost_and_the_work_done_or_not(#[case] how: How, #[case] wanted: &str) {
    let sim = serve(&scenario("dump"));
    break_pauses(&sim, 1, how);
    let answer = timeout(Duration::from_millis(300), ask(&sim.socket("all"), "POST", PAUSE)).await;
    match how {
        How::Lost => assert!(answer.unwrap().is_err()),
        _ => assert!(answer.is_err(), "it answered"),
    }
    assert_eq!(state(&sim).await, wanted);
    sim.running.fault("all", None).unwrap();
    assert_eq!(state(&sim).await, wanted);
}

#[tokio::test]
async fn a_scenario_breaks_the_call_after_a_dump() {
    let text = "
hosts: [{names: [all], experimental: true, checkpoint_time: 0ms, restore_time: 0ms}]
roles: {app: {image: 'x:1', memory: 64M}}
tenants: [{names: [acme], roles: [app]}]
faults: [{host: all, fault: {call: {of: restore, how: already_exists}}}]
";
    let sim = serve(&Scenario::read(std::path::Path::new("x.yaml"), text).unwrap());
    let wanted = serde_json::json!({ "CheckpointID": "one", "Exit": true });
    assert_eq!(sim.give("all", "/containers/acme-app/checkpoints", &wanted).await.0, 201);
    let restore = "/containers/acme-app/start?checkpoint=one";
    let (status, message) = sim.post("all", restore).await;
    assert_eq!((status, message.contains("already exists")), (500, true));
    assert_eq!(sim.post("all", restore).await.0, 204);
}
