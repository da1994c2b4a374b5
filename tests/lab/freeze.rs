//! Freezes: the memory of a paused container goes into swap, and its limits are what they were.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use wakeboard::model::particulars::Limits;

use crate::engine::{Engine, lab};
use crate::hands::{Hands, counts_beyond, facts, far_hands, hands, particulars};

/// Counts in a variable, with 40 MB in another one.
const LARGE_COUNTER: &str = "x=$(head -c 40000000 /dev/zero | tr '\\0' x); n=0; \
    while :; do n=$((n+1)); echo $n ${#x} >/tmp/m; mv /tmp/m /tmp/n; usleep 50000; done";
const MIB: u64 = 1 << 20;

pub fn has_swap() -> bool {
    lab("WAKEBOARD_LAB_SWAP") == "1"
}

/// Freezes a container and wakes it, and says whether its limits are others after it.
async fn freeze(hands: &Hands, id: &str) -> bool {
    let facts = facts(hands, id).await;
    let limits = particulars(hands, id).await.limits;
    hands.pause(id).await.unwrap();
    let before = hands.memory(&facts).await.unwrap().unwrap();
    hands.squeeze(&facts, limits).await.unwrap();
    let after = hands.memory(&facts).await.unwrap().unwrap();
    let limits_after = particulars(hands, id).await.limits;
    hands.unpause(id).await.unwrap();
    // Its file is empty for a moment at each number.
    let n = counts_beyond(hands, id, 0).await;
    counts_beyond(hands, id, n).await;
    println!("{} -> {} KiB", before / 1024, after / 1024);
    // Over the API the limit for the moment is 8 MiB: Docker takes no less than 6.
    assert!(after <= before * 15 / 100 || after <= 8 * MIB, "{after} of {before} bytes are left");
    limits_after != limits
}

async fn freezes_by_the_kernel(mut engine: Engine) {
    if !has_swap() {
        return;
    }
    let hands = hands(&engine).await;
    for options in [&[][..], &["-m", "100m"]] {
        let id = engine.run("hands-freeze", options, &["sh", "-c", LARGE_COUNTER]);
        counts_beyond(&hands, &id, 5).await;
        for _ in 0..2 {
            assert!(!freeze(&hands, &id).await, "limits have changed");
        }
    }
}

#[tokio::test]
async fn a_freeze_by_the_kernel_changes_no_limit() {
    freezes_by_the_kernel(Engine::docker_a()).await;
    freezes_by_the_kernel(Engine::podman()).await;
}

#[tokio::test]
async fn a_freeze_over_the_api_puts_limits_back() {
    if !has_swap() {
        return;
    }
    let mut engine = Engine::docker_a();
    let hands = far_hands().await;
    let id =
        engine.run("hands-far", &["-m", "100m", "--memory-reservation", "50m"], &["sh", "-c", LARGE_COUNTER]);
    counts_beyond(&hands, &id, 5).await;
    for _ in 0..2 {
        assert!(!freeze(&hands, &id).await, "limits have changed");
    }
    // Docker knows no way back to "no limit": all of the machine's memory is as good.
    let id = engine.run("hands-far", &[], &["sh", "-c", LARGE_COUNTER]);
    counts_beyond(&hands, &id, 5).await;
    let machine = hands.about().await.unwrap().memory_bytes.unwrap();
    for _ in 0..2 {
        freeze(&hands, &id).await;
        let now = particulars(&hands, &id).await.limits;
        assert_eq!((now.memory, now.memory_swap), (i64::try_from(machine).unwrap(), -1));
        hands.restore_limits(&id, Limits::default()).await.unwrap();
        assert_eq!(particulars(&hands, &id).await.limits, now);
    }
}

/// Turns the lab's swap off and, when dropped, on again.
struct NoSwap(String);

impl NoSwap {
    fn new() -> NoSwap {
        let file = std::fs::read_to_string(format!("{}/swapfile", lab("WAKEBOARD_LAB"))).unwrap();
        let file = file.trim().to_owned();
        assert!(std::process::Command::new("swapoff").arg(&file).status().unwrap().success());
        NoSwap(file)
    }
}

impl Drop for NoSwap {
    fn drop(&mut self) {
        let _ = std::process::Command::new("swapon").arg(&self.0).status();
    }
}

/// Only where the lab brought its own swap. Tests of the lab run one at a time.
#[tokio::test]
async fn without_swap_a_squeeze_is_refused_and_nothing_is_harmed() {
    if !has_swap() || !PathBuf::from(lab("WAKEBOARD_LAB")).join("swapfile").exists() {
        return;
    }
    let mut engine = Engine::docker_a();
    let id = engine.run("hands-no-swap", &["-m", "100m"], &["sh", "-c", LARGE_COUNTER]);
    let _off = NoSwap::new();
    for hands in [hands(&engine).await, far_hands().await] {
        let n = counts_beyond(&hands, &id, 5).await;
        let before = particulars(&hands, &id).await;
        hands.pause(&id).await.unwrap();
        let refusal = hands.squeeze(&before.facts, before.limits).await.unwrap_err();
        assert!(refusal.to_string().starts_with("no swap: "), "{refusal}");
        hands.unpause(&id).await.unwrap();
        counts_beyond(&hands, &id, n).await;
        let after = particulars(&hands, &id).await;
        assert_eq!((after.limits, after.life), (before.limits, before.life));
    }
}

#[tokio::test]
async fn limits_come_back_after_a_squeeze_that_was_cut_off() {
    let mut engine = Engine::docker_a();
    let hands = hands(&engine).await;
    let id = engine.run_sleeper("hands-limits", &["-m", "64m"]);
    let limits = particulars(&hands, &id).await.limits;
    engine.act(&["update", "-m", "8m", "--memory-swap", "-1", &id]);
    assert_ne!(particulars(&hands, &id).await.limits, limits);
    hands.restore_limits(&id, limits).await.unwrap();
    assert_eq!(particulars(&hands, &id).await.limits, limits);
    hands.restore_limits(&"0".repeat(64), limits).await.unwrap();
}

/// Its processes sleep all the time: nobody but the kernel brings their memory back.
async fn memory_comes_back_by_itself(mut engine: Engine) {
    let hands = hands(&engine).await;
    let script =
        "x=$(head -c 40000000 /dev/zero | tr '\\0' x); echo ${#x} >/tmp/n; while :; do sleep 1000; done";
    let id = engine.run("hands-read-ahead", &[], &["sh", "-c", script]);
    counts_beyond(&hands, &id, 5).await;
    let (facts, limits) = (facts(&hands, &id).await, particulars(&hands, &id).await.limits);
    hands.pause(&id).await.unwrap();
    let memory = async || hands.memory(&facts).await.unwrap().unwrap();
    let before = memory().await;
    hands.squeeze(&facts, limits).await.unwrap();
    let left = memory().await;
    assert!(left <= before / 5, "{left} of {before} bytes are left");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(memory().await <= before / 5, "it stays there");
    let begun = Instant::now();
    hands.read_ahead(&facts);
    while memory().await < before / 10 * 9 {
        assert!(begun.elapsed() < Duration::from_secs(5), "{} of {before} bytes came back", memory().await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("{before} bytes are back after {:?}", begun.elapsed());
    hands.unpause(&id).await.unwrap();
    assert!(hands.exec(&id, &["true".into()], Duration::from_secs(5)).await.is_ok(), "it lives");
}

#[tokio::test]
async fn what_a_frozen_tenant_needs_is_read_ahead() {
    if !has_swap() {
        return;
    }
    memory_comes_back_by_itself(Engine::docker_a()).await;
    memory_comes_back_by_itself(Engine::podman()).await;
}
