//! Each fault does what it says, and ends when it should.

use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use wakeboard::demo::{Act, Fault};

use crate::client::{Sim, ask, scenario, send, serve};

const LIST: &str = "/containers/json?all=1";
const SOON: Duration = Duration::from_secs(2);

async fn well(sim: &Sim) -> bool {
    let answer = timeout(SOON, ask(&sim.socket("bad"), "GET", LIST)).await;
    matches!(answer, Ok(Ok((200, body))) if serde_json::from_slice::<Value>(&body).is_ok())
}

#[tokio::test]
async fn every_scenario_file_loads_and_serves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut number = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let sim = serve(&scenario(&name));
        assert!(!sim.running.hosts().is_empty(), "{name}");
        number += 1;
    }
    assert!(number >= 10);
}

#[tokio::test]
async fn faults_begin_and_end_when_told() {
    let sim = serve(&scenario("quiet"));
    let socket = sim.socket("one");
    assert!(ask(&socket, "GET", LIST).await.is_ok());
    let mut live = send(&socket, "GET", "/events").await.unwrap().into_body();
    sim.running.fault("one", Some(Fault::Refused)).unwrap();
    // The open stream goes as well.
    assert!(timeout(SOON, live.frame()).await.unwrap().is_none_or(|frame| frame.is_err()));
    sleep(Duration::from_millis(50)).await;
    assert!(!socket.exists());
    assert!(ask(&socket, "GET", LIST).await.is_err());
    sim.running.fault("one", None).unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(ask(&socket, "GET", LIST).await.unwrap().0, 200);
    assert!(sim.running.fault("three", None).is_err());
}

#[tokio::test]
async fn a_hung_engine_takes_requests_and_keeps_silent() {
    let sim = serve(&scenario("hung"));
    let socket = sim.socket("bad");
    let asked = tokio::spawn(async move { ask(&socket, "GET", LIST).await });
    sleep(Duration::from_millis(300)).await;
    assert!(!asked.is_finished());
    sim.running.fault("bad", None).unwrap();
    assert_eq!(timeout(SOON, asked).await.unwrap().unwrap().unwrap().0, 200);
}

#[tokio::test]
async fn a_stream_of_a_hung_engine_goes_silent_and_on() {
    let sim = serve(&scenario("quiet"));
    let name = sim.json("one", "/containers/json").await[0]["Names"][0].as_str().unwrap().to_owned();
    let mut live = send(&sim.socket("one"), "GET", "/events").await.unwrap().into_body();
    sim.running.fault("one", Some(Fault::Hung)).unwrap();
    sleep(Duration::from_millis(50)).await;
    sim.running.act("one", &name, Act::Pause).unwrap();
    assert!(timeout(Duration::from_millis(300), live.frame()).await.is_err());
    sim.running.fault("one", None).unwrap();
    assert!(timeout(SOON, live.frame()).await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_slow_engine_is_slow() {
    let sim = serve(&scenario("slow"));
    let before = Instant::now();
    assert!(ask(&sim.socket("bad"), "GET", LIST).await.is_ok());
    assert!(before.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn answers_and_streams_are_cut_in_their_middle() {
    let sim = serve(&scenario("cut"));
    let socket = sim.socket("bad");
    let response = send(&socket, "GET", LIST).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    assert!(!body.frame().await.unwrap().unwrap().data_ref().unwrap().is_empty());
    assert!(timeout(SOON, body.frame()).await.unwrap().unwrap().is_err());
    let mut live = send(&socket, "GET", "/events").await.unwrap().into_body();
    let half = timeout(SOON, live.frame()).await.unwrap().unwrap().unwrap();
    assert!(!half.data_ref().unwrap().ends_with(b"\n"));
    assert!(timeout(SOON, live.frame()).await.unwrap().unwrap().is_err());
}

#[tokio::test]
async fn garbage_is_garbage() {
    let sim = serve(&scenario("garbage-not-http"));
    assert!(ask(&sim.socket("bad"), "GET", "/_ping").await.is_err());
    let sim = serve(&scenario("garbage-broken-json"));
    let (status, body) = ask(&sim.socket("bad"), "GET", LIST).await.unwrap();
    assert!(status == 200 && serde_json::from_slice::<Value>(&body).is_err());
    let sim = serve(&scenario("garbage-endless"));
    let mut body = send(&sim.socket("bad"), "GET", LIST).await.unwrap().into_body();
    let mut read = 0;
    while read < 4 << 20 {
        read += timeout(SOON, body.frame()).await.unwrap().unwrap().unwrap().data_ref().unwrap().len();
    }
}

#[tokio::test]
async fn an_error_status_has_a_message() {
    let sim = serve(&scenario("status-500"));
    let (status, body) = ask(&sim.socket("bad"), "GET", LIST).await.unwrap();
    assert_eq!((status, &body[..]), (500, &b"{\"message\":\"simulated fault\"}\n"[..]));
}

#[tokio::test]
async fn a_stale_list_lags_and_an_inspect_never_does() {
    let sim = serve(&scenario("quiet"));
    let name = sim.json("one", "/containers/json").await[0]["Names"][0].as_str().unwrap().to_owned();
    let row = async || {
        let list = sim.json("one", LIST).await;
        let rows = list.as_array().unwrap().clone();
        rows.into_iter().find(|row| row["Names"][0] == *name).unwrap()["State"].clone()
    };
    sim.running.fault("one", Some(Fault::StaleList(Duration::from_millis(400)))).unwrap();
    sim.running.act("one", &name, Act::Pause).unwrap();
    assert_eq!(row().await, "running");
    let full = sim.json("one", &format!("/containers{name}/json")).await;
    assert_eq!(full["State"]["Status"], "paused");
    sleep(Duration::from_millis(450)).await;
    assert_eq!(row().await, "paused");
}

#[tokio::test]
async fn a_flapping_engine_comes_and_goes() {
    let sim = serve(&scenario("flapping"));
    let (mut up, mut down) = (0, 0);
    for _ in 0..30 {
        if well(&sim).await {
            up += 1;
        } else {
            down += 1;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(up > 5 && down > 3, "{up} up, {down} down");
}
