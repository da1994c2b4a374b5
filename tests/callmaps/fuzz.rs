//! Whatever a callmap holds, reading it ends, does not panic, tells no secret, and says nothing that a terminal would
//! obey. `WAKEBOARD_FUZZ=1000000` tries so many files; without it, some seconds' worth.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use wakeboard::config::{Env, callmap, printable, yaml};
use wakeboard::model::callmap::map::{Ask, Callmap, Targets};

use crate::corpus::{corpus, env, folder};
use crate::spoil;

/// Longer than the slowest machine takes for the largest file that is tried.
const HANGS: Duration = Duration::from_secs(30);

static SLOWEST: AtomicU64 = AtomicU64::new(0);
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// So many of a hundred of all cases.
fn cases(share: u32) -> ProptestConfig {
    let all: u32 = std::env::var("WAKEBOARD_FUZZ").map_or(10_000, |count| count.parse().unwrap());
    let cases = u32::try_from(u64::from(all) * u64::from(share) / 100).unwrap();
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn try_all<S: Strategy>(share: u32, what: &S, test: impl Fn(S::Value)) {
    let started = Instant::now();
    let config = cases(share);
    let count = config.cases;
    let run = TestRunner::new(config).run(what, |value| {
        test(value);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
    let (slowest, taken) = (SLOWEST.load(Ordering::Relaxed), TAKEN.load(Ordering::Relaxed));
    println!(
        "{count} files in {:?}; so far the slowest took {slowest} us, and {taken} were callmaps",
        started.elapsed()
    );
}

fn read(bytes: &[u8], env: &Env) {
    // In the folder of the good ones, so that what they include is there.
    let file = folder().join("good/fuzz.yaml");
    let started = Instant::now();
    let read = yaml::decode(&file, bytes).and_then(|text| callmap::read(&file, &text, &[], env));
    let took = started.elapsed();
    assert!(took < HANGS, "{took:?}");
    SLOWEST.fetch_max(u64::try_from(took.as_micros()).unwrap(), Ordering::Relaxed);
    match read {
        Ok(map) => {
            TAKEN.fetch_add(1, Ordering::Relaxed);
            sane(&map);
        }
        Err(error) => {
            let told = error.to_string();
            assert!(!told.chars().any(|c| c != '\n' && printable::is_unsafe(c)), "{told:?}");
            assert!(!told.contains("geheim") && told.len() < 5000, "{told}");
        }
    }
}

fn sane(map: &Callmap) {
    assert!(!format!("{map:?}").contains("geheim"));
    assert!(!map.layers.is_empty() && map.layers.len() <= 100);
    assert!(map.files.iter().all(|file| file.starts_with(folder().join("good"))));
    let mut questions = 0;
    for layer in &map.layers {
        assert!(!layer.probes.is_empty() && !layer.name.chars().any(printable::is_unsafe));
        questions +=
            layer.probes.len() * if let Targets::Addresses(all) = &layer.targets { all.len() } else { 1 };
        for probe in &layer.probes {
            assert!(!probe.timeout.is_zero() && probe.timeout <= Duration::from_secs(300));
            if let Ask::Http(ask) = &probe.ask {
                assert!(ask.path.value().starts_with('/') && ask.path.value().is_ascii());
                assert!(
                    !ask.headers
                        .iter()
                        .any(|(name, value)| name.contains('\n') || value.value().contains('\n'))
                );
            }
        }
    }
    assert!(questions <= 10_000);
}

#[test]
fn good_files_spoilt() {
    let good: Vec<Vec<u8>> = corpus("good").iter().map(|file| fs::read(file).unwrap()).collect();
    let env = env();
    let spoils = (0..good.len(), prop::collection::vec(spoil::ways(), 1..5));
    try_all(30, &spoils, |(which, ways)| {
        let mut text = good[which].clone();
        for way in ways {
            spoil::text(&mut text, way, &good);
        }
        read(&text, &env);
    });
}

/// What stays YAML reaches the checks behind it.
#[test]
fn good_trees_spoilt() {
    let parse =
        |file: &PathBuf| serde_yaml::from_str(&fs::read_to_string(file).unwrap().replace('\u{feff}', ""));
    let good: Vec<Value> = corpus("good").iter().map(|file| parse(file).unwrap()).collect();
    let env = env();
    let spoils = (0..good.len(), prop::collection::vec(spoil::ways(), 1..4));
    try_all(50, &spoils, |(which, ways)| {
        let mut tree = good[which].clone();
        for way in ways {
            spoil::tree(&mut tree, way, &good);
        }
        read(serde_json::to_string_pretty(&tree).unwrap().as_bytes(), &env);
    });
}

#[test]
fn any_yaml_like_text() {
    let env = env();
    let pieces = prop::collection::vec(prop::sample::select(spoil::PIECES.to_vec()), 0..60);
    try_all(15, &pieces, |pieces| read(pieces.concat().as_bytes(), &env));
}

#[test]
fn any_bytes() {
    let env = env();
    try_all(5, &prop::collection::vec(any::<u8>(), 0..400), |bytes| read(&bytes, &env));
}

/// The worst that fits into 1 MiB, by hand.
#[test]
fn what_is_made_to_take_long_is_refused_at_once() {
    let env = env();
    let many = |piece: &str| format!("product: p\nlayers:\n{}", piece.repeat(1_000_000 / piece.len()));
    let head = "product: p\nlayers: [{name: l, probes: [";
    let patterns: Vec<String> = (0..128).map(|n| format!("'([a-z]{{20}}){{20}}{n}'")).collect();
    let vars: Vec<String> = (0..90_000).map(|n| format!("v{n}: x")).collect();
    let worst = [
        many("- {name: l, probes: [{dns: a}]}\n"),
        many("- {include: parts/edge.yaml}\n"),
        many("- {<<: {<<: {<<: {}}}}\n"),
        many("- *a\n").replacen("p\n", "&a p\n", 1),
        format!("{head}{}]}}]", "{dns: a}, ".repeat(99_000)),
        format!("{head}{{http: http://a/{}}}]}}]", "x".repeat(1_000_000)),
        format!("{head}{{http: http://a, expect: {{body: {{matches: [{}]}}}}}}]}}]", patterns.join(", ")),
        format!(
            "vars: {{{}}}
{head}{{dns: a}}]}}]",
            vars.join(", ")
        ),
        format!(
            "vars: {{a: {}}}\n{head}{}]}}]",
            "x".repeat(60_000),
            "{dns: \"${a}${a}${a}\"}, ".repeat(40_000)
        ),
        format!("{{{}", "\"<<\": {".repeat(120)),
        format!("x-a: &a [{}]\nx-b: [{}]\n", "1, ".repeat(1000), "*a, ".repeat(200_000)),
    ];
    for text in worst {
        assert!(text.len() <= yaml::LARGEST, "{} bytes", text.len());
        let started = Instant::now();
        read(text.as_bytes(), &env);
        println!("{:?} for {:.60}", started.elapsed(), text.replace('\n', " "));
    }
}
