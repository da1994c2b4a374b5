//! What a host can do, what a freeze leaves, and in which order containers go and come back.

use super::{Bench, docker_a};
use crate::engine::Engine;

#[test]
fn without_experimental_a_checkpoint_is_refused_and_the_rest_works() {
    let mut bench = Bench::new(Engine::docker_b(), "");
    bench.run_counter("dogwood", &["--label", "wakeboard.tenant=dogwood"], "8");
    let line = bench.dump("dogwood", "checkpoint");
    assert_eq!(line["outcome"], "refused");
    assert!(line["reason"].as_str().unwrap().contains("experimental"), "{line}");
    assert_eq!(bench.count("dogwood"), 1);
    for method in ["freeze", "stop"] {
        assert_eq!(bench.dump("dogwood", method)["outcome"], "dumped");
        assert_eq!(bench.wake("dogwood")["outcome"], "woken");
    }
}

#[test]
fn freeze_leaves_little_in_memory() {
    let mut bench = docker_a();
    for (name, options) in [("elm-limit", &["-m", "128m"][..]), ("elm-free", &[])] {
        bench.run_counter(name, &[options, &["--label", &format!("wakeboard.tenant={name}")]].concat(), "48");
        let before = used(&bench, name);
        assert!(before > 48_000_000, "{before}");
        assert_eq!(bench.dump(name, "freeze")["outcome"], "dumped");
        let left = used(&bench, name);
        assert!(left * 100 <= before * 15, "{name}: {left} of {before} bytes are left");
        assert_eq!(bench.wake(name)["outcome"], "woken");
        assert_eq!(bench.inspect(name, "{{.State.OOMKilled}}"), "false");
    }
}

/// Bytes in memory, as `ps` says.
fn used(bench: &Bench, tenant: &str) -> u64 {
    bench.tenant(tenant)["containers"][0]["memory_bytes"].as_u64().unwrap()
}

#[test]
fn dependents_go_first_and_come_back_last() {
    let mut bench = docker_a();
    let label = ["--label", "wakeboard.tenant=fir"];
    for role in ["db", "app", "worker"] {
        let role_label = format!("wakeboard.role={role}");
        bench.run_counter(&format!("fir-{role}"), &[&label[..], &["--label", &role_label]].concat(), "4");
    }
    stops_in_this_order(&bench, "fir", ["fir-worker", "fir-app", "fir-db"]);
}

/// What compose wrote on them counts, against their names and roles.
#[test]
fn what_compose_says_of_dependents_is_honoured() {
    let mut bench = docker_a();
    let needs = [
        ("a-store", ""),
        ("b-queue", "a-store:service_started:false"),
        ("c-front", "b-queue:service_healthy:false"),
    ];
    for (service, needed) in needs {
        let labels = [
            "com.docker.compose.project=gorse".to_owned(),
            format!("com.docker.compose.service={service}"),
            format!("com.docker.compose.depends_on={needed}"),
            format!("wakeboard.role={}", if service == "c-front" { "db" } else { "app" }),
        ];
        let options: Vec<&str> = labels.iter().flat_map(|label| ["--label", label]).collect();
        bench.run_counter(&format!("gorse-{service}"), &options, "4");
    }
    stops_in_this_order(&bench, "gorse", ["gorse-c-front", "gorse-b-queue", "gorse-a-store"]);
}

/// Dumps the tenant by stopping it, and wakes it; it comes back in the other order.
fn stops_in_this_order(bench: &Bench, tenant: &str, mut names: [&str; 3]) {
    let order = |task: &str| {
        let (out, _) = bench.say(&["tickets", "--json"]);
        let all: serde_json::Value = serde_json::from_str(&out).unwrap();
        let ticket = all.as_array().unwrap().iter().find(|it| it["task"] == task).unwrap().clone();
        let steps = ticket["steps"].as_array().unwrap().clone();
        let names = steps.iter().filter(|it| it["what"] == "stop" || it["what"] == "start");
        names.map(|it| it["container"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let line = bench.dump(tenant, "stop");
    assert_eq!(line["outcome"], "dumped", "{line}");
    assert_eq!(order("dump"), names);
    assert_eq!(bench.wake(tenant)["outcome"], "woken");
    names.reverse();
    assert_eq!(order("wake"), names);
}
