//! Which containers of a tenant count, on real engines.

use std::time::{Duration, Instant};

use super::docker_a;

#[test]
fn jobs_that_are_done_and_containers_that_never_ran_make_no_state() {
    let mut bench = docker_a();
    let label = ["--label", "wakeboard.tenant=yew"];
    bench.run_counter("yew-app", &label, "4");
    bench.engine.run("yew-migrate", &label, &["true"]);
    bench.engine.run("yew-kept", &[&label[..], &["--restart", "on-failure"]].concat(), &["true"]);
    bench.engine.create("yew-made", &label);
    bench
        .engine
        .run_sleeper("yew-run", &[&label[..], &["--label", "com.docker.compose.oneoff=True"]].concat());
    let begun = Instant::now();
    while bench.inspect("yew-kept", "{{.State.Status}}") != "exited" {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    let tenant = bench.tenant("yew");
    assert_eq!(tenant["state"], "running", "{tenant}");
    let of = |name: &str| {
        let all = tenant["containers"].as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!((&of("yew-made")["state"], &of("yew-migrate")["exit_code"]), (&"created".into(), &0.into()));
    assert_eq!(of("yew-app")["restart_count"], 0);

    bench.expect(&["dump", "yew", "--by", "stop"], "dumped");
    assert_eq!(bench.inspect("yew-run", "{{.State.Status}}"), "running", "it is left alone");
    assert_eq!(bench.tenant("yew")["state"], "dumped");
    bench.expect(&["wake", "yew"], "woken");
    assert_eq!(bench.tenant("yew")["state"], "running");
    let job = "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}";
    assert_eq!(bench.inspect("yew-migrate", job), "exited 0 0");
    assert_eq!(bench.inspect("yew-made", "{{.State.Status}}"), "created", "no wake starts it");

    // One that failed is shown, and one that was stopped although its engine should keep it too.
    bench.engine.run("yew-migrate", &label, &["false"]);
    let begun = Instant::now();
    while bench.tenant("yew")["state"] != "crashed" {
        assert!(begun.elapsed() < Duration::from_secs(10), "{}", bench.tenant("yew"));
    }
}

#[test]
fn what_was_only_created_is_created_and_can_be_woken() {
    let mut bench = docker_a();
    bench.engine.create("zinnia", &["--label", "wakeboard.tenant=zinnia"]);
    assert_eq!(bench.tenant("zinnia")["state"], "created");
    bench.expect(&["wake", "zinnia"], "woken");
    assert_eq!(bench.tenant("zinnia")["state"], "running");
}

#[test]
fn links_and_names_of_compose_make_no_other_tenant() {
    let mut bench = docker_a();
    let label = ["--label", "wakeboard.role=db"];
    bench.engine.run_sleeper("aster-db", &label);
    bench.engine.run_sleeper("aster-app", &["--link", "aster-db:db"]);
    let (out, _) = bench.say(&["ps", "--json"]);
    assert!(!out.contains("aster-app/db"), "{out}");
    assert_eq!(bench.tenant("aster-db")["containers"][0]["name"], "aster-db");

    let labels =
        ["--label", "com.docker.compose.project=borage", "--label", "com.docker.compose.service=app"];
    bench.engine.run_sleeper("0123456789ab_borage-app", &labels);
    assert_eq!(bench.tenant("borage")["state"], "running");
    // Its successor is up: the old one, which has ended, is only waiting to be removed.
    bench.engine.act(&["stop", "-t", "0", "0123456789ab_borage-app"]);
    bench.engine.run_sleeper("borage-app", &labels);
    assert_eq!(bench.tenant("borage")["state"], "running");
}
