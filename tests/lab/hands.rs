//! Every call that dumps and wakes are made of, on every engine of the lab.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wakeboard::engine::{self, EngineError, Options};
use wakeboard::model::container::{Facts, Phase};
use wakeboard::model::host::{HostSpec, TlsFiles};
use wakeboard::model::naming::Naming;
use wakeboard::model::particulars::{Particulars, Restart};

use crate::checkpoints::restore;
use crate::engine::{Engine, lab};

/// Counts in a variable, and writes it to a file: only memory that is kept goes on counting.
pub const COUNTER: &str =
    "n=0; while :; do n=$((n+1)); echo $n >/tmp/m; mv /tmp/m /tmp/n; usleep 50000; done";
const MIB: u64 = 1 << 20;

pub type Hands = Arc<dyn engine::Engine>;

fn spec(endpoint: &str) -> HostSpec {
    HostSpec { name: "lab".into(), endpoint: endpoint.parse().unwrap() }
}

pub async fn hands(engine: &Engine) -> Hands {
    hands_keeping(engine, None).await
}

pub async fn hands_keeping(engine: &Engine, exports: Option<PathBuf>) -> Hands {
    let naming = Arc::new(Naming::default());
    engine::connect_with(&spec(&engine.endpoint), naming, Options { exports, ..Options::default() })
        .await
        .unwrap()
        .into()
}

/// The same docker-a over TCP: as an engine of another machine, whose kernel is not at hand.
pub async fn far_hands() -> Hands {
    let mut spec = spec(&lab("WAKEBOARD_LAB_TCP"));
    let folder = PathBuf::from(lab("WAKEBOARD_LAB_TLS")).join("good");
    spec.endpoint = spec.endpoint.with_tls(TlsFiles::in_folder(&folder)).unwrap();
    engine::connect(&spec, Arc::new(Naming::default())).await.unwrap().into()
}

pub async fn particulars(hands: &Hands, id: &str) -> Particulars {
    hands.particulars(id).await.unwrap().unwrap()
}

pub async fn facts(hands: &Hands, id: &str) -> Facts {
    particulars(hands, id).await.facts
}

/// The counter's latest number; nothing while it has written none.
pub async fn counted(hands: &Hands, id: &str) -> Option<u64> {
    let file = hands.read_file(id, "/tmp/n").await.ok()?;
    String::from_utf8(file).ok()?.split_whitespace().next()?.parse().ok()
}

/// Waits until the counter has passed a number, and says its latest.
pub async fn counts_beyond(hands: &Hands, id: &str, least: u64) -> u64 {
    let begun = Instant::now();
    loop {
        match counted(hands, id).await {
            Some(n) if n > least => return n,
            n => assert!(begun.elapsed() < Duration::from_secs(20), "{n:?} never passed {least}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn pauses_stops_and_starts(mut engine: Engine) {
    let hands = hands(&engine).await;
    let id = engine.run("hands-plain", &[], &["sh", "-c", COUNTER]);
    assert!(hands.particulars("0000").await.unwrap().is_none());
    counts_beyond(&hands, &id, 0).await;

    hands.pause(&id).await.unwrap();
    assert_eq!(facts(&hands, &id).await.phase, Phase::Paused);
    let again = hands.pause(&id).await.unwrap_err();
    assert!(again.is_conflict(), "{again:?}");
    let still = counted(&hands, &id).await.unwrap();
    hands.unpause(&id).await.unwrap();
    counts_beyond(&hands, &id, still).await;

    let before = particulars(&hands, &id).await.life;
    hands.start(&id).await.unwrap();
    hands.stop(&id, Duration::from_secs(1)).await.unwrap();
    hands.stop(&id, Duration::from_secs(1)).await.unwrap();
    let ended = particulars(&hands, &id).await;
    assert!(matches!(ended.facts.phase, Phase::Exited(_)));
    assert_eq!(ended.life.started, before.started);
    assert_ne!(ended.life, before);
    hands.start(&id).await.unwrap();
    assert_ne!(particulars(&hands, &id).await.life.started, before.started);
    assert!(hands.memory(&facts(&hands, &id).await).await.unwrap().unwrap() > 0);
    let room = hands.room().await.unwrap();
    assert!(room.disk.unwrap() > MIB && room.swap.is_some());

    hands.stop(&id, Duration::ZERO).await.unwrap();
    hands.remove(&id).await.unwrap();
    hands.remove(&id).await.unwrap();
    assert!(hands.particulars(&id).await.unwrap().is_none());
    assert!(hands.start(&id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn docker_pauses_stops_and_starts() {
    pauses_stops_and_starts(Engine::docker_a()).await;
    pauses_stops_and_starts(Engine::docker_b()).await;
}

#[tokio::test]
async fn podman_pauses_stops_and_starts() {
    pauses_stops_and_starts(Engine::podman()).await;
}

#[tokio::test]
async fn a_restart_policy_is_set_aside_and_put_back() {
    let mut engine = Engine::docker_a();
    let hands = hands(&engine).await;
    let id = engine.run("hands-restart", &["--restart", "on-failure:3"], &["sh", "-c", COUNTER]);
    let restart = particulars(&hands, &id).await.restart;
    assert_eq!(restart, Restart { name: "on-failure".to_owned(), most: 3 });
    assert!(restart.is_active());
    hands.set_restart(&id, &Restart::default()).await.unwrap();
    assert!(!particulars(&hands, &id).await.restart.is_active());
    hands.checkpoint(&id, "wakeboard-1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(matches!(facts(&hands, &id).await.phase, Phase::Exited(_)));
    restore(&hands, &id, "wakeboard-1").await;
    hands.set_restart(&id, &restart).await.unwrap();
    assert_eq!(particulars(&hands, &id).await.restart, restart);
}

#[tokio::test]
async fn podman_says_that_it_cannot_change_a_restart_policy() {
    let mut engine = Engine::podman();
    let hands = hands(&engine).await;
    let id = engine.run_sleeper("hands-podman-restart", &["--restart", "always"]);
    let restart = particulars(&hands, &id).await.restart;
    hands.set_restart(&id, &restart).await.unwrap();
    let refusal = hands.set_restart(&id, &Restart::default()).await.unwrap_err();
    assert!(matches!(&refusal, EngineError::Unable(why) if why.contains("no call to update")), "{refusal:?}");
}

#[tokio::test]
async fn sessions_are_seen_and_health_checks_are_not() {
    for mut engine in [Engine::docker_a(), Engine::podman()] {
        let hands = hands(&engine).await;
        let check = ["--health-cmd", "sleep 2", "--health-interval", "100ms"];
        let id = engine.run_sleeper("hands-session", &check);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(1) {
            assert_eq!(particulars(&hands, &id).await.sessions, Vec::<String>::new());
        }
        engine.act(&["exec", "-d", &id, "sleep", "3"]);
        let sessions = particulars(&hands, &id).await.sessions;
        assert!(sessions.len() == 1 && sessions[0].starts_with("sleep 3; exec "), "{sessions:?}");
        let begun = Instant::now();
        while !particulars(&hands, &id).await.sessions.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the session never ended");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn ports_and_compose_labels_are_told() {
    let mut engine = Engine::docker_a();
    let options = ["--expose", "81", "--expose", "53/udp", "-p", "127.0.0.1::80"];
    let labels = [
        "--label",
        "com.docker.compose.service=app",
        "--label",
        "com.docker.compose.depends_on=db:service_started:false",
    ];
    let id = engine.run(
        "hands-ports",
        &[&options[..], &labels[..], &["--rm"]].concat(),
        &["sh", "-c", "httpd -p 8080; httpd -p 127.0.0.1:8081; sleep 1000"],
    );
    let near = hands(&engine).await;
    let begun = Instant::now();
    let told = particulars(&near, &id).await;
    let listening = loop {
        let listening = near.listening(&told.facts).await.unwrap();
        if listening.contains(&8080) || begun.elapsed() > Duration::from_secs(10) {
            break listening;
        }
    };
    assert_eq!(listening, [8080], "what listens for others");
    assert_eq!(told.ports, [80, 81], "what is declared");
    assert_eq!(told.published.len(), 1);
    assert_eq!((told.published[0].0, told.published[0].1.ip().to_string()), (80, "127.0.0.1".to_owned()));
    assert_eq!(told.addresses.len(), 1);
    std::net::TcpStream::connect((told.addresses[0], 8080)).unwrap();
    let setup = told.facts.setup.as_ref().unwrap();
    assert!(setup.is_whole && setup.removed_at_end);
    assert_eq!(setup.service.as_deref(), Some("app"));
    assert_eq!(setup.depends_on, ["db".into()]);

    let far_hands = far_hands().await;
    let far = particulars(&far_hands, &id).await;
    assert!(far_hands.listening(&far.facts).await.unwrap().is_empty(), "that cannot be seen from afar");
    assert_eq!((far.ports, far.addresses), (vec![80, 81], vec![]));
    assert_eq!(far.published, told.published);
}

#[tokio::test]
async fn images_are_imported_and_files_read() {
    for (engine, name) in [
        (Engine::docker_a(), "wakeboard/lab-hands:1"),
        (Engine::docker_b(), "wakeboard/lab-hands:1"),
        (Engine::podman(), "wakeboard/lab-hands:1"),
    ] {
        let hands = hands(&engine).await;
        let _ =
            std::process::Command::new("docker").args(["-H", &engine.endpoint, "rmi", "-f", name]).output();
        assert!(!hands.has_image(name).await.unwrap());
        let tar = std::fs::read(format!("{}/image/busybox.tar", lab("WAKEBOARD_LAB"))).unwrap();
        hands.import_image(name, tar).await.unwrap();
        assert!(hands.has_image(name).await.unwrap());

        let recipe = format!(r#"{{"name": "hands-file", "Image": "{name}", "Cmd": ["/bin/sleep", "100"]}}"#);
        let _ = hands.remove("hands-file").await;
        let id = hands.create(&recipe).await.unwrap();
        assert_eq!(hands.read_file(&id, "/index.html").await.unwrap(), b"wakeboard lab\n");
        let too_large = hands.read_file(&id, "/bin/busybox").await.unwrap_err();
        assert!(!matches!(too_large, EngineError::Refused { .. }), "{too_large:?}");
        assert!(hands.read_file(&id, "/nope").await.unwrap_err().is_not_found());
        hands.remove(&id).await.unwrap();
        engine.act(&["rmi", name]);
    }
}
