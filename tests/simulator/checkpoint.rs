//! Checkpoints as Docker 20.10 makes and restores them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wakeboard::demo::Act;

use crate::client::{Sim, ask, scenario, serve};

const NAMED: &str = "/containers/acme-app/checkpoints";

async fn dump(sim: &Sim, name: &str) -> (u16, Value) {
    sim.give("all", NAMED, &json!({ "CheckpointID": name, "Exit": true })).await
}

async fn restore(sim: &Sim, name: &str) -> (u16, Value) {
    sim.give("all", &format!("/containers/acme-app/start?checkpoint={name}"), &Value::Null).await
}

/// The actions that a host has told, those of one container.
async fn told(sim: &Sim, host: &str, name: &str) -> Vec<String> {
    let now = jiff::Timestamp::now().as_nanosecond();
    let until = format!("{}.{:09}", now / 1_000_000_000, now % 1_000_000_000);
    let (_, body) = ask(&sim.socket(host), "GET", &format!("/events?since=0&until={until}")).await.unwrap();
    let lines = String::from_utf8(body.to_vec()).unwrap();
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events
        .filter(|event| event["Actor"]["Attributes"]["name"] == *name)
        .map(|event| event["Action"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_container_is_dumped_and_goes_on() {
    let sim = serve(&scenario("dump"));
    let before = sim.memory("all", "acme-app").await;
    let began = Instant::now();
    assert_eq!(dump(&sim, "one").await, (201, Value::Null));
    // 18 ms for each MiB, twenty times as fast.
    let least = Duration::from_secs_f64(before as f64 / 1024.0 / 1024.0 * 0.018 / 20.0);
    assert!(began.elapsed() >= least, "{:?} for {before} bytes", began.elapsed());
    let state = sim.inspect("all", "acme-app").await["State"].clone();
    assert_eq!((&state["Status"], &state["ExitCode"]), (&json!("exited"), &json!(137)));
    assert_eq!(sim.json("all", NAMED).await, json!([{ "Name": "one" }]));
    assert_eq!(told(&sim, "all", "acme-app").await, ["pause", "die", "checkpoint"]);

    assert_eq!(
        restore(&sim, "two").await.1["message"],
        "checkpoint two does not exist for container /acme-app"
    );
    assert_eq!(restore(&sim, "one").await.0, 204);
    let after = sim.inspect("all", "acme-app").await;
    assert_eq!(after["State"]["Status"], "running");
    assert_eq!(after["State"]["FinishedAt"], state["FinishedAt"]);
    assert!(sim.memory("all", "acme-app").await > before * 9 / 10);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Health"]["Status"], "healthy");
    assert_eq!(restore(&sim, "one").await.0, 304);
}

#[tokio::test]
async fn a_checkpoint_is_good_for_one_life_only() {
    let sim = serve(&scenario("dump"));
    assert_eq!(dump(&sim, "one").await.0, 201);
    assert_eq!(sim.post("all", "/containers/acme-app/start").await.0, 204);
    assert_eq!(sim.post("all", "/containers/acme-app/stop").await.0, 204);
    let before = sim.inspect("all", "acme-app").await["State"].clone();
    let (status, answer) = restore(&sim, "one").await;
    assert_eq!(status, 500);
    assert!(answer["message"].as_str().unwrap().starts_with("OCI runtime restore failed: criu failed"));
    let after = sim.inspect("all", "acme-app").await["State"].clone();
    assert_eq!(after["Error"], answer["message"]);
    for same in ["Status", "ExitCode", "StartedAt", "FinishedAt"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    // The way out is a cold start.
    assert_eq!(sim.post("all", "/containers/acme-app/start").await.0, 204);
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Error"], "");
    let path = format!("{NAMED}/one");
    assert_eq!(ask(&sim.socket("all"), "DELETE", &path).await.unwrap().0, 204);
    let (status, body) = ask(&sim.socket("all"), "DELETE", &path).await.unwrap();
    assert_eq!(status, 500);
    assert!(String::from_utf8_lossy(&body).contains("checkpoint one does not exist for container acme-app"));
    assert_eq!(sim.json("all", NAMED).await, Value::Null);
}

#[tokio::test]
async fn what_cannot_be_dumped_is_refused() {
    let sim = serve(&scenario("dump"));
    assert_eq!(dump(&sim, "a b").await.0, 500);
    assert_eq!(dump(&sim, "one").await.0, 201);
    assert_eq!(dump(&sim, "two").await, (500, json!({ "message": "Container acme-app not running" })));
    assert_eq!(restore(&sim, "one").await.0, 204);
    let again = dump(&sim, "one").await.1["message"].as_str().unwrap().to_owned();
    assert!(again.ends_with("checkpoint with name one already exists for container acme-app"), "{again}");
    sim.post("all", "/containers/acme-app/pause").await;
    assert_eq!(dump(&sim, "two").await.0, 500);
    assert_eq!(restore(&sim, "one").await.0, 409);
}

#[tokio::test]
async fn a_restart_policy_starts_it_cold_after_the_dump() {
    let sim = serve(&scenario("dump"));
    let wanted = json!({ "CheckpointID": "one", "Exit": true });
    assert_eq!(sim.give("all", "/containers/acme-db/checkpoints", &wanted).await.0, 201);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let found = sim.inspect("all", "acme-db").await;
    assert_eq!((&found["State"]["Status"], &found["RestartCount"]), (&json!("running"), &json!(1)));
    assert_eq!(told(&sim, "all", "acme-db").await, ["pause", "die", "checkpoint", "start"]);
    // Set aside, it stays down.
    let none = json!({ "RestartPolicy": { "Name": "no" } });
    assert_eq!(sim.give("all", "/containers/acme-db/update", &none).await.0, 200);
    let wanted = json!({ "CheckpointID": "two", "Exit": true });
    assert_eq!(sim.give("all", "/containers/acme-db/checkpoints", &wanted).await.0, 201);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sim.inspect("all", "acme-db").await["State"]["Status"], "exited");
}

#[tokio::test]
async fn without_experimental_there_are_none() {
    let sim = serve(&scenario("dump"));
    let wanted = json!({ "CheckpointID": "one", "Exit": true });
    let (status, answer) = sim.give("plain", "/containers/birch-app/checkpoints", &wanted).await;
    assert_eq!(status, 501);
    assert!(answer["message"].as_str().unwrap().contains("experimental feature is disabled"));
    let (status, answer) = sim.post("plain", "/containers/birch-app/start?checkpoint=one").await;
    assert_eq!((status, answer.contains("only supported in experimental mode")), (400, true));
    assert_eq!(sim.json("plain", "/info").await["ExperimentalBuild"], false);
}

#[tokio::test]
async fn a_dump_that_somebody_breaks_off_fails_and_leaves_it_running() {
    let sim = serve(&wakeboard::config::scenario::Scenario { time_scale: 1.0, ..scenario("dump") });
    let interfere = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sim.running.act("all", "acme-app", Act::Unpause).unwrap();
    };
    let ((status, answer), ()) = tokio::join!(dump(&sim, "one"), interfere);
    assert_eq!(status, 500);
    assert!(answer["message"].as_str().unwrap().starts_with("Cannot checkpoint container acme-app"));
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Status"], "running");
    assert_eq!(sim.json("all", NAMED).await, Value::Null);
}

#[tokio::test]
async fn a_dump_goes_on_when_its_client_has_gone() {
    let sim = serve(&scenario("dump"));
    let begins = async {
        while told(&sim, "all", "acme-app").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        answer = dump(&sim, "one") => panic!("it was over too soon: {answer:?}"),
        () = begins => {}
    }
    let begun = Instant::now();
    while sim.json("all", NAMED).await != json!([{ "Name": "one" }]) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
