//! What the doctor finds out about real engines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use wakeboard::engine;
use wakeboard::model::ability::Ability;
use wakeboard::model::host::{HostName, HostSpec};
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;
use wakeboard::service::doctor::examine;

use crate::engine::Engine;

/// Tries all methods, and sees to it that nothing is left of the canaries.
fn examined(lab: &Engine) -> Vec<Ability> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let abilities = runtime.block_on(async {
        let host: HostName = "lab".into();
        let spec = HostSpec { name: host.clone(), endpoint: lab.endpoint.parse().unwrap() };
        let engine = engine::connect(&spec, Arc::new(Naming::default())).await.unwrap();
        let about = engine.about().await.unwrap();
        let began = Instant::now();
        let abilities = examine(&*engine, &host, &about, &Method::ALL, Timestamp::now).await.unwrap();
        let took = began.elapsed();
        println!("{}: {took:.2?}", about.label());
        for ability in &abilities {
            println!(
                "  {:10} dump {:?} wake {:?} {:?}",
                ability.method, ability.dump_seconds, ability.wake_seconds, ability.fault
            );
        }
        assert!(took < Duration::from_secs(60), "{took:?}");
        for ability in &abilities {
            assert_eq!(*ability.engine, about.label());
        }
        let left = engine.list().await.unwrap();
        assert!(!left.iter().any(|facts| facts.name.starts_with("wakeboard-canary-")), "{left:?}");
        abilities
    });
    assert_eq!(abilities.iter().map(|ability| ability.method).collect::<Vec<_>>(), Method::ALL);
    abilities
}

fn assert_works(ability: &Ability) {
    assert_eq!(ability.fault, None, "{}", ability.method);
    assert!(ability.dump_seconds.is_some() && ability.wake_seconds.is_some());
}

#[test]
fn a_docker_with_criu_and_swap_can_do_all() {
    for ability in examined(&Engine::docker_a()) {
        assert_works(&ability);
    }
}

#[test]
fn a_docker_without_experimental_features_says_what_is_missing() {
    for ability in examined(&Engine::docker_b()) {
        if ability.method == Method::Checkpoint {
            let fault = ability.fault.expect("refused");
            assert!(fault.mend.unwrap().contains("\"experimental\": true"), "{}", fault.reason);
        } else {
            assert_works(&ability);
        }
    }
}

#[test]
fn a_podman_on_this_machine_can_do_all() {
    // Its own calls cannot change limits; but the kernel's files are at hand here.
    for ability in examined(&Engine::podman()) {
        assert_works(&ability);
    }
}
