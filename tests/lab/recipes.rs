//! A container that is created again from its recipe is the container that was.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use wakeboard::engine::{self, EngineError};
use wakeboard::model::host::HostSpec;
use wakeboard::model::internal::{self, Purpose};
use wakeboard::model::naming::Naming;
use wakeboard::model::writable::Losses;

use crate::engine::{Engine, lab};

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
    // With cgroup v2 Docker writes down that nobody asked for it in two ways.
    if host["OomKillDisable"] == false {
        host["OomKillDisable"] = Value::Null;
    }
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

/// All containers and volumes of an engine, and what the container itself says of its run.
fn stock(engine: &Engine, id: &str) -> [Vec<String>; 3] {
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    [
        sorted(engine.act(&["ps", "-aq", "--no-trunc"])),
        sorted(engine.act(&["volume", "ls", "-q"])),
        sorted(engine.act(&["inspect", "-f", "{{.State.Pid}} {{.State.StartedAt}}", id])),
    ]
}

/// Rehearses a container's recipe, and gives where it would not be the same. Nothing else may come of that.
async fn rehearse(engine: &Engine, id: &str) -> Result<Vec<String>, EngineError> {
    let hands = hands(engine).await;
    let before = stock(engine, id);
    let recipe = hands.recipe(id).await.unwrap();
    let name = internal::name(Purpose::Rehearsal, Timestamp::now(), std::process::id().into());
    let differences = hands.rehearse(id, &recipe, &name, "1.2.3.x@lab").await;
    // Other tests make containers and volumes on these engines meanwhile: only what is gone, or ours, counts.
    let after = stock(engine, id);
    assert_eq!(after[2], before[2]);
    assert!(hands.internal().await.unwrap().iter().all(|it| *it.name != *name));
    for volume in mounted(engine, id) {
        assert!(after[1].contains(&volume), "{volume} is gone");
    }
    differences.map(|all| all.into_iter().map(|it| it.place).collect())
}

/// The names of the volumes that it has.
fn mounted(engine: &Engine, id: &str) -> Vec<String> {
    let mounts = inspect(engine, id)["Mounts"].take();
    let names = mounts.as_array().into_iter().flatten().filter_map(|mount| mount["Name"].as_str());
    names.map(str::to_owned).collect()
}

/// What a test made besides its container goes when this is dropped.
struct Made<'a>(&'a str, &'a [&'a [&'a str]]);

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for args in self.1 {
            std::process::Command::new("docker").arg("-H").arg(self.0).args(*args).output().unwrap();
        }
    }
}

#[tokio::test]
async fn a_recipe_is_rehearsed_beside_the_running_original() {
    for mut engine in [Some(Engine::docker_a()), Engine::docker_v2()].into_iter().flatten() {
        let endpoint = engine.endpoint.clone();
        let _made = Made(
            &endpoint,
            &[
                &["rm", "-f", "-v", "rehearse-all"],
                &["network", "rm", "rehearse-n1", "rehearse-n2"],
                &["volume", "rm", "rehearse-data"],
            ],
        );
        engine.docker(&["network", "create", "--subnet", "10.213.203.0/24", "rehearse-n1"]);
        engine.docker(&["network", "create", "--subnet", "10.213.204.0/24", "rehearse-n2"]);
        let options = [
            "-v",
            "rehearse-data:/data/",
            "-v",
            "/anon/",
            "-v",
            "/etc:/x//y:ro",
            "--tmpfs",
            "/t/:size=1m",
            "--mount",
            "type=volume,target=/m/",
            "--mount",
            "type=bind,src=/tmp,dst=/mm/",
            "--network",
            "rehearse-n1",
            "--ip",
            "10.213.203.9",
            "--network-alias",
            "db",
            "-p",
            "127.0.0.1:19083:80",
            "--label",
            "com.docker.compose.project=x",
            "--restart",
            "always",
            "-m",
            "64m",
            "-e",
            "A=b c",
            "--hostname",
            "acme",
            "--cap-drop",
            "NET_RAW",
            "--add-host",
            "x:192.0.2.1",
            "--health-cmd",
            "true",
            "--log-opt",
            "max-size=1m",
            "--init",
            "--security-opt",
            "no-new-privileges",
            "--shm-size",
            "8m",
            "--pids-limit",
            "99",
        ];
        let id = engine.run("rehearse-all", &options, &["sleep", "1000"]);
        engine.act(&["network", "connect", "--alias", "second", "--ip", "10.213.204.9", "rehearse-n2", &id]);
        engine.act(&["exec", &id, "sh", "-c", "echo kept >/anon/x; echo kept >/m/x"]);
        assert_eq!(rehearse(&engine, &id).await.unwrap(), Vec::<String>::new());
        assert_eq!(engine.act(&["exec", &id, "cat", "/anon/x", "/m/x"]), "kept\nkept");
        // And what was rehearsed is what comes: each mount once.
        let again = destroy_and_create(&engine, &id).await;
        assert_eq!(engine.act(&["exec", &again, "cat", "/anon/x", "/m/x"]), "kept\nkept");
        assert_eq!(rehearse(&engine, &again).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_mac_address_of_the_second_network_comes_back() {
    let Some(mut engine) = Engine::docker_v2() else { return };
    let endpoint = engine.endpoint.clone();
    let _made =
        Made(&endpoint, &[&["rm", "-f", "rehearse-mac"], &["network", "rm", "rehearse-m1", "rehearse-m2"]]);
    engine.docker(&["network", "create", "rehearse-m1"]);
    engine.docker(&["network", "create", "rehearse-m2"]);
    let options = [
        "--network",
        "name=rehearse-m1,mac-address=02:42:0a:0a:0a:0a",
        "--network",
        "name=rehearse-m2,mac-address=02:42:0a:0a:0a:0b",
    ];
    let id = engine.run("rehearse-mac", &options, &["sleep", "1000"]);
    assert_eq!(rehearse(&engine, &id).await.unwrap(), Vec::<String>::new());
    let again = destroy_and_create(&engine, &id).await;
    let networks = inspect(&engine, &again)["NetworkSettings"]["Networks"].take();
    assert_eq!(networks["rehearse-m1"]["MacAddress"], "02:42:0a:0a:0a:0a");
    assert_eq!(networks["rehearse-m2"]["MacAddress"], "02:42:0a:0a:0a:0b");
}

#[tokio::test]
async fn what_podman_would_not_make_again_is_named() {
    let mut engine = Engine::podman();
    let cli = |args: &[&str]| {
        let output = std::process::Command::new(lab("WAKEBOARD_LAB_PODMAN_CLI")).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let plain = engine.run(
        "rehearse-plain",
        &["-v", "rehearse-data:/data/", "-v", "/anon/", "-e", "A=b"],
        &["sleep", "1000"],
    );
    assert_eq!(rehearse(&engine, &plain).await.unwrap(), Vec::<String>::new());
    let image = lab("WAKEBOARD_LAB_IMAGE");
    let run = |options: &[&str]| {
        cli(&["rm", "-f", "-i", "-t", "0", "rehearse-podman"]);
        let mut args = vec!["run", "-d", "--name", "rehearse-podman"];
        args.extend(options);
        args.extend([&*image, "sleep", "1000"]);
        cli(&args)
    };
    // As people make them, on the command line.
    let id =
        run(&["-v", "rehearse-data:/data/", "-v", "/tmp:/x//y", "--label", "a=b", "--restart", "always"]);
    assert_eq!(rehearse(&engine, &id).await.unwrap(), Vec::<String>::new());
    let secret = std::env::temp_dir().join(format!("rehearse-secret-{}", std::process::id()));
    std::fs::write(&secret, "s3cret").unwrap();
    let _ = std::process::Command::new(lab("WAKEBOARD_LAB_PODMAN_CLI"))
        .args(["secret", "rm", "rehearse-s"])
        .output();
    cli(&["secret", "create", "rehearse-s", secret.to_str().unwrap()]);
    let id = run(&[
        "--tz",
        "Asia/Tokyo",
        "--umask",
        "0027",
        "--log-driver",
        "none",
        "--annotation",
        "a.b=c",
        "--secret",
        "rehearse-s",
    ]);
    let named = rehearse(&engine, &id).await.unwrap();
    for place in ["Config.Timezone", "Config.Umask", "Config.Annotations.a.b", "Config.Secrets"] {
        assert!(named.iter().any(|it| it == place), "{place} is missing in {named:?}");
    }
    cli(&["rm", "-f", "-t", "0", "rehearse-podman"]);
    cli(&["secret", "rm", "rehearse-s"]);
    cli(&["volume", "rm", "-f", "rehearse-data"]);
    std::fs::remove_file(&secret).unwrap();
}

#[tokio::test]
async fn what_the_engine_refuses_is_found_before() {
    let mut engine = Engine::docker_a();
    let id = engine.run_sleeper("rehearse-refused", &[]);
    let hands = hands(&engine).await;
    let recipe = hands.recipe(&id).await.unwrap();
    let mut broken: Value = serde_json::from_str(&recipe).unwrap();
    broken["HostConfig"]["Binds"] = json!(["rehearse-x:/data", "rehearse-y:/data"]);
    let name = internal::name(Purpose::Rehearsal, Timestamp::now(), 1);
    let refused = hands.rehearse(&id, &broken.to_string(), &name, "x").await.unwrap_err();
    assert!(refused.to_string().contains("Duplicate mount point"), "{refused}");
    assert!(hands.internal().await.unwrap().iter().all(|it| *it.name != *name));
}

#[tokio::test]
async fn what_was_written_outside_of_mounts_is_told() {
    for mut engine in [Engine::docker_a(), Engine::podman()] {
        let ignore = Losses::default().ignore;
        let mut options = vec!["-v", "/data/", "--tmpfs", "/t/", "-v", "/etc:/srv/a/b:ro"];
        // The lab's Podman has no program for it.
        if !engine.endpoint.contains("podman") {
            options.push("--init");
        }
        let id = engine.run("rehearse-written", &options, &["sleep", "1000"]);
        let hands = hands(&engine).await;
        engine.act(&[
            "exec",
            &id,
            "sh",
            "-c",
            "echo x >/data/x; mkdir -p /var/log /tmp; echo x >/var/log/x; echo x >/tmp/x",
        ]);
        let written = hands.written(&id, &ignore).await.unwrap();
        assert!(written.is_empty(), "{}: {written}", engine.endpoint);
        engine.act(&[
            "exec",
            &id,
            "sh",
            "-c",
            "mkdir -p /opt/app; echo x >/opt/app/state; rm -f /bin/yes; echo x >>/srv/c",
        ]);
        let written = hands.written(&id, &ignore).await.unwrap();
        assert!(written.first.iter().any(|path| path == "/opt/app/state"), "{}: {written}", engine.endpoint);
        assert!(written.first.iter().any(|path| path == "/srv/c"), "{}: {written}", engine.endpoint);
        // Stopped, it has still written it.
        hands.stop(&id, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(hands.written(&id, &ignore).await.unwrap(), written);
    }
}
