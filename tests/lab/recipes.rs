//! A container that is created again from its recipe is the container that was.

use std::sync::Arc;

use serde_json::{Value, json};
use wakeboard::engine;
use wakeboard::model::host::HostSpec;
use wakeboard::model::naming::Naming;

use crate::engine::Engine;

async fn hands(engine: &Engine) -> Box<dyn engine::Engine> {
    let spec = HostSpec { name: "lab".into(), endpoint: engine.endpoint.parse().unwrap() };
    engine::connect(&spec, Arc::new(Naming::default())).await.unwrap()
}

fn inspect(engine: &Engine, id: &str) -> Value {
    let mut all: Value = serde_json::from_str(&engine.act(&["inspect", id])).unwrap();
    all[0].take()
}

/// What must be the same in the new container. Volumes that nobody named have become named ones.
fn essence(engine: &Engine, id: &str) -> Value {
    let mut it = inspect(engine, id);
    let mut host = it["HostConfig"].take();
    host["Binds"] = Value::Null;
    for mount in host["Mounts"].as_array_mut().into_iter().flatten() {
        mount["Source"] = Value::Null;
    }
    // Podman gives it in another order each time.
    let mut config = it["Config"].take();
    if let Some(variables) = config["Env"].as_array_mut() {
        variables.sort_by_key(Value::to_string);
    }
    let mut mounts: Vec<Value> = it["Mounts"].as_array().unwrap().clone();
    mounts.sort_by_key(|mount| mount["Destination"].to_string());
    let mounts: Vec<Value> = mounts
        .iter()
        .map(|it| json!([it["Type"], it["Name"], it["Source"], it["Destination"], it["RW"]]))
        .collect();
    let networks: serde_json::Map<String, Value> = it["NetworkSettings"]["Networks"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, network)| {
            let mut aliases = network["Aliases"].as_array().cloned().unwrap_or_default();
            aliases.retain(|alias| alias.as_str() != id.get(..12));
            let address = network["IPAMConfig"]["IPv4Address"].clone();
            (name.clone(), json!({ "Aliases": aliases, "Address": address }))
        })
        .collect();
    json!({
        "Name": it["Name"], "Path": it["Path"], "Args": it["Args"], "Image": it["Image"],
        "Config": config, "HostConfig": host, "Mounts": mounts, "Networks": networks,
    })
}

async fn destroy_and_create(engine: &Engine, id: &str) -> String {
    let hands = hands(engine).await;
    let before = essence(engine, id);
    let recipe = hands.recipe(id).await.unwrap();
    hands.stop(id, std::time::Duration::ZERO).await.unwrap();
    hands.remove(id).await.unwrap();
    let new = hands.create(&recipe).await.unwrap();
    hands.start(&new).await.unwrap();
    let after = essence(engine, &new);
    assert_ne!(id, &*new);
    for part in before.as_object().unwrap().keys() {
        assert_eq!(after[part], before[part], "{part}");
    }
    new.to_string()
}

/// Makes two networks and removes them, with volumes and all, when dropped.
struct Networks<'a>(&'a str);

impl Networks<'_> {
    fn docker(&self, args: &[&str]) -> std::process::Output {
        std::process::Command::new("docker").arg("-H").arg(self.0).args(args).output().unwrap()
    }
}

impl Drop for Networks<'_> {
    fn drop(&mut self) {
        self.docker(&["rm", "-f", "-v", "hands-recipe"]);
        self.docker(&["network", "rm", "hands-n1", "hands-n2"]);
        self.docker(&["volume", "rm", "hands-data"]);
    }
}

#[tokio::test]
async fn docker_creates_a_container_again() {
    let mut engine = Engine::docker_a();
    let endpoint = engine.endpoint.clone();
    let networks = Networks(&endpoint);
    assert!(
        networks.docker(&["network", "create", "--subnet", "10.213.201.0/24", "hands-n1"]).status.success()
    );
    assert!(
        networks.docker(&["network", "create", "--subnet", "10.213.202.0/24", "hands-n2"]).status.success()
    );
    let options = [
        "-v",
        "hands-data:/data",
        "-v",
        "/anon",
        "-v",
        "/etc:/outside:ro",
        "--tmpfs",
        "/t:size=1m",
        "--mount",
        "type=volume,target=/m",
        "--network",
        "hands-n1",
        "--ip",
        "10.213.201.9",
        "--network-alias",
        "db",
        "-p",
        "127.0.0.1:19081:80",
        "--label",
        "a=b",
        "--restart",
        "on-failure:3",
        "-m",
        "64m",
        "-e",
        "A=b c",
        "--entrypoint",
        "/bin/sh",
        "--hostname",
        "acme",
        "--cap-drop",
        "NET_RAW",
        "--add-host",
        "x:192.0.2.1",
        "--ulimit",
        "nofile=99:99",
        "--health-cmd",
        "true",
        "--user",
        "0:0",
        "--workdir",
        "/tmp",
        "--log-opt",
        "max-size=1m",
        "--init",
    ];
    let id = engine.run("hands-recipe", &options, &["-c", "sleep 1000"]);
    engine.act(&["network", "connect", "--alias", "second", "hands-n2", &id]);
    engine.act(&["exec", &id, "sh", "-c", "echo kept >/data/x; echo kept >/anon/x; echo kept >/m/x"]);
    let first = destroy_and_create(&engine, &id).await;
    let second = destroy_and_create(&engine, &first).await;
    assert_eq!(engine.act(&["exec", &second, "cat", "/data/x", "/anon/x", "/m/x"]), "kept\nkept\nkept");
}

#[tokio::test]
async fn docker_creates_a_container_of_the_default_network_again() {
    for mut engine in [Engine::docker_a(), Engine::docker_b()] {
        let id = engine.run_sleeper("hands-recipe-plain", &["-P", "--expose", "80"]);
        destroy_and_create(&engine, &id).await;
    }
}

#[tokio::test]
async fn podman_creates_a_container_again() {
    let mut engine = Engine::podman();
    let options = [
        "-v",
        "hands-data:/data",
        "-v",
        "/anon",
        "-p",
        "127.0.0.1:19082:80",
        "--label",
        "a=b",
        "--restart",
        "always",
        "-m",
        "64m",
        "-e",
        "A=b c",
        "--entrypoint",
        "/bin/sh",
        "--hostname",
        "acme",
    ];
    let id = engine.run("hands-recipe", &options, &["-c", "sleep 1000"]);
    engine.act(&["exec", &id, "sh", "-c", "echo kept >/data/x; echo kept >/anon/x"]);
    let new = destroy_and_create(&engine, &id).await;
    assert_eq!(engine.act(&["exec", &new, "cat", "/data/x", "/anon/x"]), "kept\nkept");
    let endpoint = engine.endpoint.clone();
    drop(Networks(&endpoint));
}
