//! Who depends on whom, on real engines.

use super::docker_a;

/// Names that sort against the needs.
#[test]
fn whoever_uses_something_of_another_comes_back_after_it() {
    for (tenant, option) in [("cicely", "--network"), ("dittany", "--ipc"), ("elecampane", "--pid")] {
        let mut bench = docker_a();
        let label = format!("wakeboard.tenant={tenant}");
        let (owner, sharer) = (format!("{tenant}-net"), format!("{tenant}-web"));
        let sharable = if option == "--ipc" { &["--ipc", "shareable"][..] } else { &[] };
        bench.engine.run_sleeper(&owner, &[&["--label", &label], sharable].concat());
        bench.engine.run_sleeper(&sharer, &["--label", &label, option, &format!("container:{owner}")]);
        bench.expect(&["dump", tenant, "--by", "stop"], "dumped");
        bench.expect(&["wake", tenant], "woken");
        assert_eq!(bench.inspect(&sharer, "{{.State.Running}}"), "true", "{option}");
        // A new owner would have another id.
        let line = bench.dump(tenant, "destroy");
        assert_eq!(line["outcome"], "refused", "{line}");
        let (plan, code) = bench.say(&["dump", tenant, "--by", "destroy", "--dry-run"]);
        assert!(plan.contains("of another container") && code != 0, "{plan}");
    }
    let mut bench = docker_a();
    let label = ["--label", "wakeboard.tenant=fennel"];
    bench.engine.run_sleeper("fennel-db", &label);
    bench.engine.run_sleeper("fennel-web", &[&label[..], &["--link", "fennel-db"]].concat());
    bench.expect(&["dump", "fennel", "--by", "stop"], "dumped");
    bench.expect(&["wake", "fennel"], "woken");
}

#[test]
fn an_owner_is_not_put_to_sleep_under_others() {
    let mut bench = docker_a();
    let (owner, sharer) = (["--label", "wakeboard.tenant=galax"], ["--label", "wakeboard.tenant=hyssop"]);
    bench.engine.run_sleeper("galax-net", &owner);
    bench.engine.run_sleeper("hyssop-web", &[&sharer[..], &["--network", "container:galax-net"]].concat());
    let refused = |method: &str| {
        let line = bench.dump("galax", method);
        assert_eq!(line["outcome"], "refused", "{line}");
        assert!(line["reason"].as_str().unwrap().contains("hyssop-web uses its network"), "{line}");
        let (plan, code) = bench.say(&["dump", "galax", "--by", method, "--dry-run"]);
        assert!(plan.contains("hyssop-web uses its network") && code != 0, "{plan}");
    };
    refused("stop");
    refused("destroy");
    bench.engine.act(&["stop", "-t", "0", "hyssop-web"]);
    refused("destroy");
    bench.engine.act(&["start", "hyssop-web"]);
}

#[test]
fn what_others_keep_or_remove_is_refused_by_the_plan_too() {
    let mut bench = docker_a();
    let cases = [
        ("iris", ["--label", "com.docker.swarm.service.name=iris"], "scale the service instead"),
        ("jonquil", ["--label", "PODMAN_SYSTEMD_UNIT=jonquil.service"], "stop its unit jonquil.service"),
        ("kale", ["--rm", "--init"], "--rm"),
    ];
    for (tenant, options, why) in cases {
        let label = format!("wakeboard.tenant={tenant}");
        bench.engine.run_sleeper(tenant, &[&options[..], &["--label", &label]].concat());
        let (plan, code) = bench.say(&["dump", tenant, "--by", "stop", "--dry-run"]);
        assert!(plan.contains(why) && code != 0, "{plan}");
        let line = bench.dump(tenant, "stop");
        assert_eq!(line["outcome"], "refused", "{line}");
        assert!(line["reason"].as_str().unwrap().contains(why), "{line}");
    }
}
