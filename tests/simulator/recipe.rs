//! A container is removed and made again from what an inspect told; and the canary, from its image to its ticks.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};
use wakeboard::demo::Act;

use crate::client::{Sim, ask, scenario, send_with, serve};

async fn ticks(sim: &Sim, name: &str) -> u64 {
    let path = format!("/containers/{name}/archive?path=/ticks");
    let (status, archive) = ask(&sim.socket("all"), "GET", &path).await.unwrap();
    assert_eq!(status, 200);
    let length = std::str::from_utf8(&archive[124..135]).unwrap();
    let length = usize::from_str_radix(length, 8).unwrap();
    let text = std::str::from_utf8(&archive[512..512 + length]).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_container_is_made_again_from_its_inspect() {
    let sim = serve(&scenario("dump"));
    let before = sim.inspect("all", "acme-app").await;
    let mut recipe = before["Config"].clone();
    recipe["HostConfig"] = before["HostConfig"].clone();
    recipe["NetworkingConfig"] = json!({ "EndpointsConfig": before["NetworkSettings"]["Networks"] });
    let (status, answer) = sim.give("all", "/containers/create?name=acme-app", &recipe).await;
    assert_eq!(status, 409);
    assert!(answer["message"].as_str().unwrap().contains("already in use by container"));
    let (status, body) = ask(&sim.socket("all"), "DELETE", "/containers/acme-app").await.unwrap();
    assert_eq!(status, 409, "{body:?}");
    sim.post("all", "/containers/acme-app/stop").await;
    assert_eq!(ask(&sim.socket("all"), "DELETE", "/containers/acme-app?v=0").await.unwrap().0, 204);
    let (status, answer) = sim.give("all", "/containers/create?name=acme-app", &recipe).await;
    assert_eq!(status, 201, "{answer}");
    assert_ne!(answer["Id"], before["Id"]);
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Status"], "created");
    assert_eq!(sim.post("all", "/containers/acme-app/start").await.0, 204);
    let after = sim.inspect("all", "acme-app").await;
    assert_eq!(after["Id"], answer["Id"]);
    for part in ["HostConfig", "Mounts"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    for part in ["Labels", "Image", "Env", "Cmd", "Entrypoint", "ExposedPorts", "Healthcheck"] {
        assert_eq!(after["Config"][part], before["Config"][part], "{part}");
    }
    assert_eq!(after["NetworkSettings"]["Ports"], before["NetworkSettings"]["Ports"]);
    assert!(
        after["NetworkSettings"]["Networks"]["bridge"]["IPAddress"].as_str().unwrap().starts_with("127.")
    );
    // Cold: three seconds until it is healthy, twenty times as fast.
    assert_eq!(after["State"]["Health"]["Status"], "starting");
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Health"]["Status"], "healthy");
}

#[tokio::test]
async fn what_docker_refuses_of_a_create() {
    let sim = serve(&scenario("dump"));
    let image = "postgres:15.6";
    for (name, body, status) in [
        ("x", json!({ "Image": image }), 400),
        ("a%20b", json!({ "Image": image }), 400),
        ("new", json!({ "Image": "nosuch:1" }), 404),
        ("new", json!({ "Image": image, "HostConfig": { "Memory": 1000 } }), 400),
        ("new", json!({ "Image": image, "HostConfig": { "RestartPolicy": { "Name": "bogus" } } }), 400),
        ("new", json!([]), 400),
    ] {
        let (found, answer) = sim.give("all", &format!("/containers/create?name={name}"), &body).await;
        assert_eq!(found, status, "{body} {answer}");
    }
    assert_eq!(sim.post("all", "/containers/create?name=new").await.0, 500);
}

#[tokio::test]
async fn what_is_removed_at_its_end_is() {
    let sim = serve(&scenario("dump"));
    let body = json!({ "Image": "postgres:15.6", "HostConfig": { "AutoRemove": true } });
    assert_eq!(sim.give("all", "/containers/create?name=once", &body).await.0, 201);
    assert_eq!(sim.inspect("all", "once").await["HostConfig"]["AutoRemove"], true);
    sim.post("all", "/containers/once/start").await;
    sim.post("all", "/containers/once/stop").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask(&sim.socket("all"), "GET", "/containers/once/json").await.unwrap().0, 404);
}

#[tokio::test]
async fn a_canary_counts_over_pause_and_checkpoint_and_anew_after_a_cold_start() {
    let sim = serve(&scenario("dump"));
    let socket = sim.socket("all");
    let image = "/images/wakeboard/canary:1/json";
    assert_eq!(ask(&socket, "GET", image).await.unwrap().0, 404);
    let import = "/images/create?fromSrc=-&repo=wakeboard%2Fcanary&tag=1";
    let sent = send_with(&socket, "POST", import, Bytes::from(vec![0; 2 << 20])).await.unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(sim.json("all", image).await["RepoTags"][0], "wakeboard/canary:1");
    let body = json!({ "Image": "wakeboard/canary:1", "Cmd": ["/canary"] });
    assert_eq!(sim.give("all", "/containers/create?name=canary", &body).await.0, 201);
    sim.post("all", "/containers/canary/start").await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    sim.post("all", "/containers/canary/pause").await;
    let frozen = ticks(&sim, "canary").await;
    assert!(frozen >= 2);
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(ticks(&sim, "canary").await, frozen);
    sim.post("all", "/containers/canary/unpause").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    let wanted = json!({ "CheckpointID": "one", "Exit": true });
    assert_eq!(sim.give("all", "/containers/canary/checkpoints", &wanted).await.0, 201);
    let dumped = ticks(&sim, "canary").await;
    assert!(dumped > frozen);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sim.post("all", "/containers/canary/start?checkpoint=one").await.0, 204);
    let woken = ticks(&sim, "canary").await;
    assert!((dumped..dumped + 3).contains(&woken), "{dumped} {woken}");
    sim.post("all", "/containers/canary/stop").await;
    sim.post("all", "/containers/canary/start").await;
    assert!(ticks(&sim, "canary").await < dumped);
    assert_eq!(ask(&socket, "GET", "/containers/acme-app/archive?path=/ticks").await.unwrap().0, 404);
}

#[tokio::test]
async fn a_shell_is_seen_while_it_is_open() {
    let sim = serve(&scenario("dump"));
    assert_eq!(sim.inspect("all", "acme-app").await["ExecIDs"], Value::Null);
    assert_eq!(ask(&sim.socket("all"), "GET", "/exec/nosuch/json").await.unwrap().0, 404);
    sim.running.act("all", "acme-app", Act::Enter).unwrap();
    let id = sim.inspect("all", "acme-app").await["ExecIDs"][0].as_str().unwrap().to_owned();
    let session = sim.json("all", &format!("/exec/{id}/json")).await;
    assert_eq!((&session["Running"], &session["ProcessConfig"]["tty"]), (&json!(true), &json!(true)));
    sim.running.act("all", "acme-app", Act::Leave).unwrap();
    assert_eq!(ask(&sim.socket("all"), "GET", &format!("/exec/{id}/json")).await.unwrap().0, 404);
}

#[tokio::test]
async fn what_a_container_has_written_is_told_by_its_label() {
    let sim = serve(&scenario("dump"));
    assert_eq!(sim.json("all", "/containers/acme-app/changes").await, Value::Null);
    let labels = json!({ "wakeboard.simulated.written": "/opt/x,/etc/y" });
    let body = json!({ "Image": "postgres:15.6", "Labels": labels });
    assert_eq!(sim.give("all", "/containers/create?name=written", &body).await.0, 201);
    let told = sim.json("all", "/containers/written/changes").await;
    assert_eq!(told, json!([{ "Path": "/opt/x", "Kind": 1 }, { "Path": "/etc/y", "Kind": 1 }]));
    assert_eq!(ask(&sim.socket("all"), "GET", "/containers/nosuch/changes").await.unwrap().0, 404);
}
