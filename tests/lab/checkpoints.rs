//! Checkpoints: what a process holds in memory is there after the wake, and on Podman after the loss of its container.

use std::time::{Duration, Instant};

use wakeboard::model::container::Phase;

use crate::engine::Engine;
use crate::hands::{COUNTER, Hands, counted, counts_beyond, facts, hands, hands_keeping};

/// Right after a dump Docker 20.10 refuses every other restore, and takes the same call soon after: whoever holds the
/// ticket tries again, and so does this.
pub async fn restore(hands: &Hands, id: &str, name: &str) {
    for _ in 0..20 {
        match hands.restore(id, name).await {
            Err(error) if error.says_already_exists() => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            other => return other.unwrap(),
        }
    }
    panic!("no restore of {name} in twenty attempts");
}

/// After the call the engine may still say for a moment that the container is paused.
async fn ends(hands: &Hands, id: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    while !matches!(facts(hands, id).await.phase, Phase::Exited(_)) {
        assert!(Instant::now() < until, "it has not ended: {:?}", facts(hands, id).await.phase);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_checkpoint_of_docker_keeps_memory() {
    let mut engine = Engine::docker_a();
    let hands = hands(&engine).await;
    assert!(hands.restarts_dumped().await.unwrap());
    let id = engine.run("hands-checkpoint", &["-p", "127.0.0.1::80"], &["sh", "-c", COUNTER]);
    assert_eq!(hands.checkpoints(&id).await.unwrap(), Vec::<String>::new());
    let mut least = 20;
    for round in 0..3 {
        let name = format!("wakeboard-{round}");
        counts_beyond(&hands, &id, least).await;
        hands.checkpoint(&id, &name).await.unwrap();
        ends(&hands, &id).await;
        assert_eq!(hands.checkpoints(&id).await.unwrap(), std::slice::from_ref(&name));
        assert!(hands.has_checkpoint(&id, &name).await.unwrap());
        assert!(!hands.has_checkpoint(&id, "another").await.unwrap());
        let at_dump = counted(&hands, &id).await.unwrap();
        restore(&hands, &id, &name).await;
        least = counts_beyond(&hands, &id, at_dump).await + 10;
        let runs = hands.restore(&id, &name).await.unwrap_err();
        assert!(runs.is_already(), "{runs:?}");
        hands.forget_checkpoint(&id, &name).await.unwrap();
        hands.forget_checkpoint(&id, &name).await.unwrap();
        assert!(!hands.has_checkpoint(&id, &name).await.unwrap());
    }
}

#[tokio::test]
async fn a_docker_without_experimental_says_what_it_wants() {
    let mut engine = Engine::docker_b();
    let hands = hands(&engine).await;
    let id = engine.run_sleeper("hands-plain-docker", &[]);
    for refusal in
        [hands.checkpoint(&id, "wakeboard-1").await.unwrap_err(), hands.checkpoints(&id).await.unwrap_err()]
    {
        assert!(refusal.to_string().contains("experimental"), "{refusal}");
    }
    assert_eq!(facts(&hands, &id).await.phase, Phase::Running);
}

#[tokio::test]
async fn a_checkpoint_of_podman_keeps_memory_and_outlives_its_container() {
    let mut engine = Engine::podman();
    let folder = tempfile::tempdir().unwrap();
    let exports = folder.path().join("exports");
    let hands = hands_keeping(&engine, Some(exports.clone())).await;
    assert!(!hands.restarts_dumped().await.unwrap());
    let id = engine.run("hands-podman", &["--restart", "always"], &["sh", "-c", COUNTER]);
    assert!(!hands.has_checkpoint(&id, "wakeboard-1").await.unwrap());
    counts_beyond(&hands, &id, 20).await;

    // In place.
    hands.checkpoint(&id, "wakeboard-1").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(matches!(facts(&hands, &id).await.phase, Phase::Exited(_)), "restarted by its policy");
    assert_eq!(hands.checkpoints(&id).await.unwrap(), ["wakeboard-1"]);
    let file = exports.join(format!("{id}.wakeboard-1.tar"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    hands.restore(&id, "wakeboard-1").await.unwrap();
    let n = counts_beyond(&hands, &id, 20).await;
    assert!(hands.restore(&id, "wakeboard-1").await.unwrap_err().is_conflict());
    assert!(!hands.has_checkpoint(&id, "wakeboard-1").await.unwrap());
    hands.forget_checkpoint(&id, "wakeboard-1").await.unwrap();
    assert!(!file.exists());

    // After somebody removed it.
    counts_beyond(&hands, &id, n).await;
    hands.checkpoint(&id, "wakeboard-2").await.unwrap();
    engine.act(&["rm", "hands-podman"]);
    assert!(hands.particulars(&id).await.unwrap().is_none());
    assert!(hands.has_checkpoint(&id, "wakeboard-2").await.unwrap());
    assert!(hands.restore(&id, "wakeboard-1").await.unwrap_err().is_not_found());
    hands.restore(&id, "wakeboard-2").await.unwrap();
    counts_beyond(&hands, &id, n).await;
    assert_eq!(&*facts(&hands, &id).await.name, "hands-podman");

    // Without a folder there is only the one in place.
    let plain = hands_keeping(&engine, None).await;
    plain.checkpoint(&id, "wakeboard-3").await.unwrap();
    assert!(plain.has_checkpoint(&id, "wakeboard-3").await.unwrap());
    plain.restore(&id, "wakeboard-3").await.unwrap();
    counts_beyond(&plain, &id, n).await;
}
