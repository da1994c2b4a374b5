//! Round after round, by every method, with all that a tenant may have.

use rstest::rstest;

use super::{Bench, docker_a, idle_connection};
use crate::engine::Engine;

const ROUNDS: u64 = 20;

/// What a tenant of this test has: everything that a dump could lose.
const RICH: [&str; 14] = [
    "--label",
    "wakeboard.tenant=ash",
    "--restart",
    "always",
    "-m",
    "128m",
    "-v",
    "ash-data:/data",
    "-p",
    "127.0.0.1::7070",
    "-e",
    "COLOUR=green",
    "--hostname",
    "ash",
];

fn rounds(bench: &mut Bench, tenant: &str, method: &str, keeps: bool) {
    let mut before = bench.count(tenant);
    for round in 0..ROUNDS {
        let held = keeps.then(|| idle_connection(&bench.address(tenant)));
        before += u64::from(keeps);
        let line = bench.dump(tenant, method);
        assert_eq!(line["outcome"], "dumped", "round {round}: {line}");
        assert_eq!(line["method"], method);
        if round == 0 {
            let row = bench.tenant(tenant);
            assert_eq!(row["state"], "dumped", "{row}");
            assert_eq!(row["method"], method);
        }
        let line = bench.wake(tenant);
        assert_eq!(line["outcome"], "woken", "round {round}: {line}");
        let after = bench.count(tenant);
        if keeps {
            assert!(after > before, "round {round}: it counted {before}, and then {after}");
            assert!(after <= before + 5, "round {round}: it counted {before}, and then {after}");
        } else {
            assert!(after <= 3, "round {round}: a cold start counts from the beginning, not from {after}");
        }
        before = after;
        drop(held);
    }
    assert_eq!(bench.tenant(tenant)["state"], "running");
}

#[rstest]
#[case("freeze", true)]
#[case("checkpoint", true)]
#[case("stop", false)]
#[case("destroy", false)]
fn a_rich_tenant_on_docker(#[case] method: &str, #[case] keeps: bool) {
    let mut bench = docker_a();
    bench.engine.network("ash-net");
    let options = [&RICH[..], &["--network", "ash-net", "--network-alias", "ash-service"]].concat();
    bench.run_counter("ash", &options, "16");
    bench.engine.run("ash-writer", &["-v", "ash-data:/data"], &["sh", "-c", "echo green > /data/kept"]);
    let look = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} {{.Config.Env}} {{.Config.Hostname}} \
                {{json .HostConfig.PortBindings}} {{range .Mounts}}{{.Name}}:{{.Destination}}{{end}} \
                {{range $name, $it := .NetworkSettings.Networks}}{{$name}}{{end}}";
    let before = bench.inspect("ash", look);
    rounds(&mut bench, "ash", method, keeps);
    assert_eq!(bench.inspect("ash", look), before);
    bench.engine.run("ash-reader", &["-v", "ash-data:/data"], &["cat", "/data/kept"]);
    bench.engine.act(&["wait", "ash-reader"]);
    assert_eq!(bench.engine.act(&["logs", "ash-reader"]), "green");
}

#[rstest]
#[case("freeze", true)]
#[case("checkpoint", true)]
#[case("stop", false)]
fn a_plain_tenant_on_docker(#[case] method: &str, #[case] keeps: bool) {
    let mut bench = docker_a();
    bench.run_counter("birch", &["--label", "wakeboard.tenant=birch"], "8");
    rounds(&mut bench, "birch", method, keeps);
}

#[rstest]
#[case("checkpoint", true)]
#[case("stop", false)]
#[case("destroy", false)]
fn on_podman(#[case] method: &str, #[case] keeps: bool) {
    let mut bench = Bench::new(Engine::podman(), "");
    bench.run_counter("cedar", &["--label", "wakeboard.tenant=cedar"], "8");
    rounds(&mut bench, "cedar", method, keeps);
}

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
    let line = bench.dump("fir", "stop");
    assert_eq!(line["outcome"], "dumped", "{line}");
    let order = |task: &str| {
        let (out, _) = bench.say(&["tickets", "--json"]);
        let all: serde_json::Value = serde_json::from_str(&out).unwrap();
        let ticket = all.as_array().unwrap().iter().find(|it| it["task"] == task).unwrap().clone();
        let steps = ticket["steps"].as_array().unwrap().clone();
        let names = steps.iter().filter(|it| it["what"] == "stop" || it["what"] == "start");
        names.map(|it| it["container"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order("dump"), ["fir-worker", "fir-app", "fir-db"]);
    assert_eq!(bench.wake("fir")["outcome"], "woken");
    assert_eq!(order("wake"), ["fir-db", "fir-app", "fir-worker"]);
}
