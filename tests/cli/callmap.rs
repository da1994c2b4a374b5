//! `callmap check` and `callmap schema`.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use super::common::Home;
use super::run;

const GOOD: &str = "vars: {site: a}\nproduct: p\nlayers: [{name: l, probes: [{dns: \"${site}\"}, {http: \"http://${site}\"}]}]\n";

#[test]
fn each_callmap_is_checked_and_all_faults_are_told() {
    let home = Home::new("");
    let file = |name: &str, text: &str| {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let good = file("good.yaml", GOOD);
    run(&home, &["callmap", "check", &good]).success().stdout(format!("{good}: ok, 1 layer, 2 probes\n"));
    let bad = file("bad.yaml", "product: p\nlayer: []\n");
    let worse = file("worse.yaml", "product: p\nlayers: [{name: l, probes: [{http: 'ftp://a'}]}]\n");
    run(&home, &["callmap", "check", &bad, &good, &worse])
        .code(2)
        .stdout(contains(": ok, ").and(contains("good.yaml")).and(contains("bad.yaml").not()))
        .stderr(
            starts_with(format!("wakeboard: {bad}:2:1: unknown key `layer`"))
                .and(contains("did you mean `layers`?"))
                .and(contains(format!("{worse}:2:36: the scheme `ftp` is not asked"))),
        );
    run(&home, &["callmap", "check", &good, "--var", "site=b"]).success();
    run(&home, &["callmap", "check", &good, "--var", "sitee=b"])
        .code(2)
        .stderr(contains("did you mean `site`?"));
    run(&home, &["callmap", "check", &good, "--var", "site=b c"])
        .code(2)
        .stderr(contains("`b c` is no name of a host"));
    run(&home, &["callmap", "check", "missing.yaml"]).code(2).stderr(contains("cannot be read"));
    run(&home, &["callmap", "check"]).code(2).stderr(contains("<FILE>..."));
}

#[test]
fn the_callmaps_that_come_with_it_are_all_well() {
    let home = Home::new("");
    let shipped = ["www.example.com", "database", "demo"];
    let files = shipped.map(|name| format!("{}/callmaps/{name}.yaml", env!("CARGO_MANIFEST_DIR")));
    let words: Vec<&str> = ["callmap", "check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    run(&home, &words).success().stdout(contains(": ok, ").count(3));
}

#[test]
fn the_schema_of_callmaps_is_printed() {
    let home = Home::new("");
    let output = run(&home, &["callmap", "schema"]).success().get_output().stdout.clone();
    let schema: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["product", "layers"]));
    assert!(schema["$defs"]["DnsProbe"].is_object());
}
