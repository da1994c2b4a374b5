//! What removed tenants need is held: a prune of whatever kind, again and again, takes nothing of it. What is gone all the same
//! is named by the wake.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{COUNTER, docker_a};

const TENANTS: [&str; 8] = ["arum", "basil", "cress", "dill", "elder", "fern", "gorse", "hazel"];
/// Only images with this label are pruned: the lab needs the others.
const LABEL: &str = "wakeboard.lab=prune";
const IMAGE: &str = "wakeboard/prune-lab:1";

fn docker(endpoint: &str, args: &[&str]) -> String {
    let output = Command::new("docker").arg("-H").arg(endpoint).args(args).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The ids of the holders that run (`-q`) or that there are (`-aq`).
fn holders(endpoint: &str, which: &str) -> Vec<String> {
    let all = docker(endpoint, &["ps", which, "--no-trunc", "--filter", "label=wakeboard.canary=holder"]);
    all.lines().map(str::to_owned).collect()
}

#[test]
fn a_prune_in_a_loop_takes_nothing_that_sleepers_need() {
    let mut bench = docker_a();
    let endpoint = bench.engine.endpoint.clone();
    docker(&endpoint, &["create", "--name", "prune-image", COUNTER, "/canary"]);
    docker(&endpoint, &["commit", "--change", &format!("LABEL {LABEL}"), "prune-image", IMAGE]);
    docker(&endpoint, &["rm", "prune-image"]);
    let folder = tempfile::tempdir().unwrap();
    for name in TENANTS {
        bench.engine.network(&format!("{name}-net"));
        let label = format!("wakeboard.tenant={name}");
        let (volume, network) = (format!("{name}-data:/data"), format!("{name}-net"));
        let options = ["--label", &label, "-v", &volume, "-v", "/anon", "--network", &network];
        bench.engine.run_image(IMAGE, name, &options, &["/canary", "load", "4"]);
        let file = folder.path().join(name);
        std::fs::write(&file, name).unwrap();
        for place in ["/data/mark", "/anon/mark"] {
            docker(&endpoint, &["cp", &file.display().to_string(), &format!("{name}:{place}")]);
        }
    }
    let others: Vec<String> = holders(&endpoint, "-q");
    let own_holders = |which: &str| {
        let all = holders(&endpoint, which);
        all.into_iter().filter(|it| !others.contains(it)).collect::<Vec<String>>()
    };
    let over = Arc::new(AtomicBool::new(false));
    let pruning = {
        let (over, endpoint) = (over.clone(), endpoint.clone());
        thread::spawn(move || {
            let mut times = 0;
            while !over.load(Ordering::Relaxed) {
                docker(&endpoint, &["container", "prune", "-f"]);
                docker(&endpoint, &["volume", "prune", "-f"]);
                docker(&endpoint, &["network", "prune", "-f"]);
                docker(&endpoint, &["image", "prune", "-af", "--filter", &format!("label={LABEL}")]);
                times += 1;
            }
            times
        })
    };
    let all = |verb: &[&str]| bench.say(&[verb, &TENANTS[..]].concat());
    for _ in 0..2 {
        let (told, code) = all(&["dump", "--by", "destroy"]);
        assert_eq!(code, 0, "{told}");
        let holders = own_holders("-q");
        assert!((1..=2).contains(&holders.len()), "{holders:?}");
        thread::sleep(std::time::Duration::from_secs(2));
        let (told, code) = all(&["wake"]);
        assert_eq!(code, 0, "{told}");
    }
    over.store(true, Ordering::Relaxed);
    let times = pruning.join().unwrap();
    assert!(times > 2, "{times}");
    for name in TENANTS {
        for place in ["/data/mark", "/anon/mark"] {
            let found = docker(&endpoint, &["cp", &format!("{name}:{place}"), "-"]);
            assert!(found.contains(name), "{name}{place}: {found}");
        }
    }
    // Nobody sleeps, and nothing is held.
    assert_eq!(own_holders("-aq"), Vec::<String>::new());
    for name in TENANTS {
        docker(&endpoint, &["rm", "-fv", name]);
        docker(&endpoint, &["volume", "rm", &format!("{name}-data")]);
        docker(&endpoint, &["network", "rm", &format!("{name}-net")]);
    }
    docker(&endpoint, &["image", "rm", IMAGE]);
}

#[test]
fn a_volume_that_is_gone_is_named_and_nothing_is_created() {
    let mut bench = docker_a();
    let endpoint = bench.engine.endpoint.clone();
    let options = ["--label", "wakeboard.tenant=ivy", "-v", "ivy-data:/data"];
    bench.run_counter("ivy", &options, "4");
    bench.expect(&["dump", "ivy", "--by", "destroy"], "dumped");
    for holder in holders(&endpoint, "-q") {
        docker(&endpoint, &["rm", "-f", &holder]);
    }
    docker(&endpoint, &["volume", "rm", "ivy-data"]);
    let line = bench.expect(&["wake", "ivy"], "failed");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("the volume ivy-data is gone: it was removed after the dump"), "{reason}");
    assert_eq!(docker(&endpoint, &["ps", "-aq", "--filter", "name=^ivy$"]), "");
    assert_eq!(docker(&endpoint, &["volume", "ls", "-q", "--filter", "name=ivy-data"]), "");
    assert_eq!(bench.tenant("ivy")["state"], "dumped");
}
