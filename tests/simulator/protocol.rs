//! The answers, byte for byte and status for status.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::timeout;
use wakeboard::demo::{self, Act};

use crate::client::{ask, scenario, send, serve};

#[tokio::test]
async fn ping_version_and_info_are_an_engines() {
    let sim = serve(&scenario("quiet"));
    let response = send(&sim.socket("one"), "HEAD", "/_ping").await.unwrap();
    assert_eq!(response.headers()["Api-Version"], "1.41");
    let (status, body) = ask(&sim.socket("one"), "GET", "/v1.41/_ping").await.unwrap();
    assert_eq!((status, &body[..]), (200, &b"OK"[..]));
    assert_eq!(sim.json("one", "/version").await["ApiVersion"], "1.41");
    let info = sim.json("one", "/v1.40/info").await;
    assert_eq!(info["Name"], "one");
    assert_eq!(info["Containers"], 8);
    assert_ne!(info["ID"], sim.json("two", "/info").await["ID"]);
    let (status, body) = ask(&sim.socket("one"), "GET", "/v1.99/info").await.unwrap();
    assert_eq!(status, 400);
    assert!(String::from_utf8_lossy(&body).contains("too new"));
    assert_eq!(ask(&sim.socket("one"), "GET", "/nowhere").await.unwrap().0, 404);
}

#[tokio::test]
async fn lists_are_filtered_and_say_how_long() {
    let sim = serve(&scenario("quiet"));
    let mut all = Vec::new();
    for host in ["one", "two"] {
        let list = sim.json(host, "/containers/json?all=1").await;
        all.extend(list.as_array().unwrap().clone());
        let running = sim.json(host, "/containers/json").await;
        let up = |row: &Value| row["Status"].as_str().unwrap().starts_with("Up");
        assert!(running.as_array().unwrap().iter().all(up));
    }
    assert_eq!(all.len(), 16);
    let statuses: Vec<&str> = all.iter().map(|row| row["Status"].as_str().unwrap()).collect();
    for (start, end) in [
        ("Up ", "(healthy)"),
        ("Up ", "(unhealthy)"),
        ("Up ", "(Paused)"),
        ("Exited (143) ", " ago"),
        ("Exited (137) ", " ago"),
        ("Created", ""),
    ] {
        assert!(statuses.iter().any(|it| it.starts_with(start) && it.ends_with(end)), "{start} {statuses:?}");
    }
    let cjk = all.iter().find(|row| row["Labels"]["wakeboard.tenant"] == "青松").unwrap();
    assert!(cjk["Names"][0].as_str().unwrap().starts_with("/qingsong-"));
    let filter = "/containers/json?filters=%7B%22label%22%3A%5B%22wakeboard.role%3Ddb%22%5D%7D&all=true";
    assert_eq!(sim.json("one", filter).await.as_array().unwrap().len(), 4);
    let (status, _) =
        ask(&sim.socket("one"), "GET", "/containers/json?filters=%7B%22x%22%3A%5B%5D%7D").await.unwrap();
    assert_eq!(status, 400);
}

#[tokio::test]
async fn acts_are_answered_as_docker_answers() {
    let sim = serve(&scenario("status-500"));
    let state = async || sim.json("good", "/containers/acme-app/json").await["State"]["Status"].clone();
    let post = async |verb: &str| sim.post("good", &format!("/v1.41/containers/acme-app/{verb}")).await.0;
    assert_eq!(state().await, "running");
    assert_eq!(post("start").await, 304);
    assert_eq!(post("unpause").await, 500);
    assert_eq!(post("pause").await, 204);
    assert_eq!(post("pause").await, 409);
    assert_eq!(state().await, "paused");
    assert_eq!(post("unpause").await, 204);
    let (status, _) = ask(&sim.socket("good"), "DELETE", "/containers/acme-app").await.unwrap();
    assert_eq!(status, 409);
    assert_eq!(post("restart").await, 204);
    assert_eq!(post("stop").await, 204);
    assert_eq!(post("stop").await, 304);
    assert_eq!(post("kill").await, 409);
    assert_eq!(state().await, "exited");
    assert_eq!(sim.json("good", "/containers/acme-app/json").await["State"]["ExitCode"], 143);
    assert_eq!(post("rename?name=acme-old").await, 204);
    let (status, message) = sim.post("good", "/containers/acme-app/start").await;
    assert_eq!((status, message.trim()), (404, "{\"message\":\"No such container: acme-app\"}"));
    let (status, _) = ask(&sim.socket("good"), "DELETE", "/containers/acme-old?force=1").await.unwrap();
    assert_eq!(status, 204);
    sim.running.act("good", "acme-old", Act::Create).unwrap();
    assert_eq!(sim.json("good", "/containers/acme-old/json").await["State"]["Status"], "created");
}

#[tokio::test]
async fn the_event_stream_begins_at_once_and_remembers() {
    let sim = serve(&scenario("status-500"));
    let socket = sim.socket("good");
    let soon = Duration::from_secs(2);
    let live = timeout(soon, send(&socket, "GET", "/events")).await.expect("headers at once").unwrap();
    let mut live = live.into_body();
    sim.running.act("good", "acme-app", Act::Stop).unwrap();
    let mut actions = Vec::new();
    for _ in 0..3 {
        let frame = timeout(soon, live.frame()).await.unwrap().unwrap().unwrap();
        let event: Value = serde_json::from_slice(frame.data_ref().unwrap()).unwrap();
        assert_eq!(event["Type"], "container");
        assert_eq!(event["Actor"]["Attributes"]["name"], "acme-app");
        assert_eq!(event["Actor"]["Attributes"]["wakeboard.tenant"], "acme");
        let more = ["signal", "exitCode"].map(|key| event["Actor"]["Attributes"][key].clone());
        actions.push((event["Action"].as_str().unwrap().to_owned(), more));
    }
    assert_eq!(actions[0], ("kill".to_owned(), [Value::from("15"), Value::Null]));
    assert_eq!(actions[1], ("die".to_owned(), [Value::Null, Value::from("143")]));
    assert_eq!(actions[2].0, "stop");
    // What is over ends; what was is still known.
    let now = jiff::Timestamp::now().as_second() + 1;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let past = format!("/events?since=0&until={now}");
    let (_, body) = timeout(soon, ask(&socket, "GET", &past)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&body).lines().count(), 3);
    let filtered = format!("/events?since=0&until={now}&filters=%7B%22event%22%3A%5B%22die%22%5D%7D");
    let (_, body) = timeout(soon, ask(&socket, "GET", &filtered)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&body).lines().count(), 1);
}

#[tokio::test]
async fn figures_move_and_stopped_containers_have_none() {
    let sim = serve(&scenario("status-500"));
    let path = "/containers/acme-app/stats?stream=false&one-shot=true";
    let one = sim.json("good", path).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let two = sim.json("good", path).await;
    let cpu = |figures: &Value| figures["cpu_stats"]["cpu_usage"]["total_usage"].as_u64().unwrap();
    assert!(cpu(&two) > cpu(&one));
    assert_eq!(one["memory_stats"]["limit"], 256 << 20);
    assert!(one["memory_stats"]["usage"].as_u64().unwrap() > 10 << 20);
    sim.running.act("good", "acme-app", Act::Crash(1)).unwrap();
    assert_eq!(sim.json("good", path).await["memory_stats"], serde_json::json!({}));
}

#[tokio::test]
async fn health_checks_make_three_events_a_run() {
    let sim = serve(&scenario("health-exec"));
    let mut live = send(&sim.socket("one"), "GET", "/events").await.unwrap().into_body();
    let mut actions = Vec::new();
    while actions.len() < 6 {
        let frame = timeout(Duration::from_secs(3), live.frame()).await.unwrap().unwrap().unwrap();
        let event: Value = serde_json::from_slice(frame.data_ref().unwrap()).unwrap();
        actions.push(event["Action"].as_str().unwrap().split(':').next().unwrap().to_owned());
    }
    assert_eq!(actions[..3], ["exec_create", "exec_start", "exec_die"]);
}

#[tokio::test]
async fn everything_is_gone_with_the_simulation() {
    let sim = serve(&scenario("quiet"));
    let socket = sim.socket("one");
    let mut live = send(&socket, "GET", "/events").await.unwrap().into_body();
    drop(sim.running);
    assert!(!socket.exists());
    let end = timeout(Duration::from_secs(2), live.frame()).await.expect("the stream ends");
    assert!(end.is_none_or(|frame| frame.is_err()));
    assert_eq!(std::fs::read_dir(sim.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let sim = serve(&scenario("quiet"));
    let folder = sim.folder.path();
    let told = |folder: &std::path::Path| demo::spawn(&scenario("quiet"), folder).unwrap_err().to_string();
    assert!(told(folder).contains("somebody else"));
    assert_eq!(sim.json("one", "/info").await["Name"], "one");
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("two.sock"), "mine").unwrap();
    assert!(told(other.path()).contains("no socket"));
    // The half that was begun is taken back.
    assert!(!other.path().join("one.sock").exists());
    assert!(told(&other.path().join("x".repeat(100))).contains("shorter"));
    // What a killed process left behind is no obstacle.
    let left = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(left.path().join("one.sock")).unwrap());
    assert!(demo::spawn(&scenario("quiet"), left.path()).is_ok());
}
