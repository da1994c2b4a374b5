//! One machine dumps and is lost with all its files; another one with the same key wakes, and one with another key does not.

use predicates::str::contains;

use super::place::Place;
use crate::common::Home;
use crate::engine::Engine;

fn home(engine: &Engine, place: &Place) -> Home {
    Home::new(&format!(
        "hosts: {{lab: '{}'}}\nledger: '{}'\nledger_key: '${{env:KEY}}'\n",
        engine.endpoint,
        place.text()
    ))
}

#[test]
fn another_machine_with_the_same_key_wakes_what_a_lost_one_dumped() {
    let mut engine = Engine::docker_b();
    let labels =
        ["--label", "wakeboard.tenant=yew", "-e", "GREETING=hello-yew", "--restart", "unless-stopped"];
    engine.run_sleeper("yew-app", &labels);
    let (place, same, other) = (Place::new(), "a1".repeat(32), "b2".repeat(32));
    let say = |home: &Home, key: &str, words: &[&str]| {
        let config = home.config().display().to_string();
        let words: Vec<&str> = ["--config", &config].into_iter().chain(words.iter().copied()).collect();
        home.command(&words).env("KEY", key).assert()
    };
    let first = home(&engine, &place);
    say(&first, &same, &["dump", "yew", "--by", "destroy"]).success();
    drop(first);
    let second = home(&engine, &place);
    say(&second, &other, &["wake", "yew"]).failure().stderr(contains("sealed with another key"));
    say(&second, "", &["wake", "yew"]).failure().stderr(contains("is not there"));
    say(&second, &other, &["ps", "yew"]).success().stdout(contains("dumped destroy"));
    say(&second, &same, &["wake", "yew"]).success().stdout(contains("woken from destroy"));
    let told =
        engine.act(&["inspect", "-f", "{{.Config.Env}} {{.HostConfig.RestartPolicy.Name}}", "yew-app"]);
    assert!(told.contains("GREETING=hello-yew") && told.contains("unless-stopped"), "{told}");
}
