//! Limits, and memory that moves to swap.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Sim, scenario, serve};

const SMALL: u64 = 8 << 20;

async fn update(sim: &Sim, host: &str, name: &str, wanted: Value) -> (u16, Value) {
    sim.give(host, &format!("/containers/{name}/update"), &wanted).await
}

#[tokio::test]
async fn a_squeeze_moves_memory_to_swap_and_some_comes_back() {
    let sim = serve(&scenario("dump"));
    let before = sim.memory("all", "acme-app").await;
    sim.post("all", "/containers/acme-app/pause").await;
    let small = json!({ "Memory": SMALL, "MemorySwap": -1 });
    assert_eq!(update(&sim, "all", "acme-app", small).await, (200, json!({ "Warnings": null })));
    assert_eq!(sim.inspect("all", "acme-app").await["HostConfig"]["MemorySwap"], -1);
    let back = json!({ "Memory": 256 << 20, "MemorySwap": 512 << 20 });
    assert_eq!(update(&sim, "all", "acme-app", back).await.0, 200);
    let frozen = sim.memory("all", "acme-app").await;
    assert!(frozen <= SMALL && frozen * 100 < before * 15, "{frozen} of {before}");
    assert_eq!(sim.post("all", "/containers/acme-app/unpause").await.0, 204);
    let woken = sim.memory("all", "acme-app").await;
    assert!(woken > frozen * 2 && woken < before, "{frozen}, then {woken} of {before}");
    let limits = sim.inspect("all", "acme-app").await["HostConfig"].clone();
    assert_eq!((&limits["Memory"], &limits["MemorySwap"]), (&json!(256 << 20), &json!(512 << 20)));
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["Health"]["Status"], "healthy");
}

#[tokio::test]
async fn without_swap_it_is_refused_and_nothing_changes() {
    let sim = serve(&scenario("dump"));
    let before = sim.memory("dry", "cedar-app").await;
    sim.post("dry", "/containers/cedar-app/pause").await;
    let small = json!({ "Memory": SMALL, "MemorySwap": -1 });
    let (status, answer) = update(&sim, "dry", "cedar-app", small).await;
    let message = answer["message"].as_str().unwrap();
    assert_eq!(status, 500);
    for part in ["unable to set memory limit to 8388608 (current usage: ", "peak usage: ", "resource busy"] {
        assert!(message.contains(part), "{message}");
    }
    let found = sim.inspect("dry", "cedar-app").await;
    assert_eq!(
        (&found["HostConfig"]["Memory"], &found["State"]["Status"]),
        (&json!(256 << 20), &json!("paused"))
    );
    sim.post("dry", "/containers/cedar-app/unpause").await;
    assert!(sim.memory("dry", "cedar-app").await > before * 9 / 10);
}

#[tokio::test]
async fn the_second_generation_kills_what_does_not_fit() {
    let sim = serve(&scenario("dump"));
    assert_eq!(sim.json("second", "/info").await["CgroupVersion"], "2");
    sim.post("second", "/containers/dahlia-app/pause").await;
    update(&sim, "second", "dahlia-app", json!({ "Memory": SMALL, "MemorySwap": -1 })).await;
    let state = sim.inspect("second", "dahlia-app").await["State"].clone();
    assert_eq!((&state["Status"], &state["OOMKilled"]), (&json!("exited"), &json!(true)));
}

#[tokio::test]
async fn what_docker_refuses_of_an_update() {
    let sim = serve(&scenario("dump"));
    for (wanted, status, part) in [
        (json!({ "Memory": -1 }), 400, "Minimum memory limit allowed is 6MB"),
        (json!({ "Memory": 1 << 20 }), 400, "Minimum memory limit allowed is 6MB"),
        (json!({ "Memory": 1 << 30 }), 409, "smaller than already set memoryswap limit"),
        (json!({ "Memory": 64 << 20, "MemorySwap": 1 << 20 }), 400, "memoryswap limit should be larger"),
        (json!({ "Memory": SMALL, "MemorySwap": SMALL }), 500, "memory.memsw.limit_in_bytes"),
        (json!({ "RestartPolicy": { "Name": "bogus" } }), 400, "invalid restart policy 'bogus'"),
        (
            json!({ "RestartPolicy": { "Name": "always", "MaximumRetryCount": 3 } }),
            400,
            "maximum retry count",
        ),
    ] {
        let (found, answer) = update(&sim, "all", "acme-app", wanted.clone()).await;
        assert_eq!(found, status, "{wanted} {answer}");
        assert!(answer["message"].as_str().unwrap().contains(part), "{wanted} {answer}");
    }
    let before = sim.inspect("all", "acme-app").await["HostConfig"].clone();
    assert_eq!(update(&sim, "all", "acme-app", json!({ "Memory": 0, "MemorySwap": 0 })).await.0, 200);
    assert_eq!(sim.inspect("all", "acme-app").await["HostConfig"], before);
    let often =
        json!({ "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 }, "MemoryReservation": 9 });
    assert_eq!(update(&sim, "all", "acme-app", often).await.0, 200);
    let after = sim.inspect("all", "acme-app").await["HostConfig"].clone();
    assert_eq!(after["RestartPolicy"], json!({ "Name": "on-failure", "MaximumRetryCount": 3 }));
    assert_eq!(after["MemoryReservation"], 9);
}

#[tokio::test]
async fn a_stop_of_a_frozen_container_kills_it() {
    let sim = serve(&scenario("dump"));
    sim.post("all", "/containers/acme-app/pause").await;
    assert_eq!(sim.post("all", "/containers/acme-app/stop?t=1").await.0, 204);
    assert_eq!(sim.inspect("all", "acme-app").await["State"]["ExitCode"], 137);
    tokio::time::sleep(Duration::from_millis(10)).await;
}
