//! Tenants' use on real engines: who is asked, connected to, or works is seen to be used, and who is idle is not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout;
use wakeboard::model::container::Facts;
use wakeboard::model::host::HostSpec;
use wakeboard::model::keeper::{Activity, Measure, Rules as KeeperRules};
use wakeboard::model::naming::Naming;
use wakeboard::service::{Rules, Service};

use crate::engine::Engine;
use crate::hands::{Hands, facts, far_hands, hands};

const HTTPD: [&str; 3] = ["sh", "-c", "exec httpd -f -p 8080"];

/// A container that serves a page, of a tenant of tier low.
fn serve(engine: &mut Engine, name: &str, options: &[&str]) -> String {
    let label = format!("wakeboard.tenant={name}");
    let labels = ["--label", &label, "--label", "wakeboard.tier=low"];
    engine.run(name, &[&labels, options].concat(), &HTTPD)
}

fn address(engine: &Engine, name: &str) -> String {
    engine.act(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name])
}

fn connect(address: &str) -> TcpStream {
    let begun = Instant::now();
    loop {
        match TcpStream::connect((address, 8080)) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{address}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks for the page.
fn ask(address: &str) {
    let mut stream = connect(address);
    stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("wakeboard lab"), "{answer}");
}

async fn network(hands: &Hands, facts: &Facts) -> Option<u64> {
    hands.tally(facts).await.unwrap().unwrap().network_bytes
}

/// What a request and an open connection do to the figures, as far as the way to the engine shows them.
async fn figures(mut engine: Engine, name: &str) {
    let hands = hands(&engine).await;
    let id = serve(&mut engine, name, &[]);
    let (facts, address) = (facts(&hands, &id).await, address(&engine, name));
    ask(&address);
    let before = hands.tally(&facts).await.unwrap().unwrap();
    assert_eq!(hands.connections(&facts).await.unwrap(), Some(0));
    ask(&address);
    let held = connect(&address);
    let after = hands.tally(&facts).await.unwrap().unwrap();
    let more = after.network_bytes.unwrap() - before.network_bytes.unwrap();
    assert!((300..20_000).contains(&more), "{more} bytes for a request");
    assert!(after.cpu_nanos > before.cpu_nanos);
    // The server may still be at the request before: one socket more is the one that is held.
    let begun = Instant::now();
    while hands.connections(&facts).await.unwrap() != Some(1) {
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    let sockets = |tally: wakeboard::model::keeper::measured::Tally| tally.sockets.unwrap().count;
    let with = sockets(hands.tally(&facts).await.unwrap().unwrap());
    assert_eq!(with, sockets(before) + 1, "what makes it worth counting");
    // Connections to itself are not use.
    engine.act(&["exec", "-d", name, "sh", "-c", "sleep 5 | nc 127.0.0.1 8080"]);
    let begun = Instant::now();
    while sockets(hands.tally(&facts).await.unwrap().unwrap()) < with + 2 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it never connected to itself");
    }
    assert_eq!(hands.connections(&facts).await.unwrap(), Some(1));
    drop(held);
    // Figures for `docs/engine-facts.md`.
    let begun = Instant::now();
    for _ in 0..200 {
        hands.tally(&facts).await.unwrap();
    }
    let look = begun.elapsed() / 200;
    let begun = Instant::now();
    for _ in 0..50 {
        hands.connections(&facts).await.unwrap();
    }
    println!("a look takes {look:?}, counting its connections {:?}", begun.elapsed() / 50);
}

#[tokio::test]
async fn docker_shows_bytes_and_connections() {
    figures(Engine::docker_a(), "use-figures").await;
}

#[tokio::test]
async fn podman_shows_bytes_and_connections() {
    figures(Engine::podman(), "use-figures").await;
}

#[tokio::test]
async fn from_afar_only_connections_are_not_seen() {
    let mut engine = Engine::docker_a();
    let near = hands(&engine).await;
    let id = serve(&mut engine, "use-afar", &[]);
    let (far, facts) = (far_hands().await, facts(&near, &id).await);
    let address = address(&engine, "use-afar");
    let before = network(&far, &facts).await.unwrap();
    ask(&address);
    let _held = connect(&address);
    let more = network(&far, &facts).await.unwrap() - before;
    assert!(more >= 300, "{more} bytes for a request");
    let tally = far.tally(&facts).await.unwrap().unwrap();
    assert!(tally.sockets.is_none() && tally.cpu_nanos > 0);
    assert_eq!(far.connections(&facts).await.unwrap(), None);
    let same = network(&near, &facts).await.unwrap().abs_diff(tally.network_bytes.unwrap());
    assert!(same < 2000, "both ways tell the same: {same} bytes apart");
}

#[tokio::test]
async fn the_machines_own_network_is_no_tenants() {
    let mut engine = Engine::docker_a();
    let near = hands(&engine).await;
    let id = engine.run_sleeper("use-host-network", &["--network", "host"]);
    let of_near = facts(&near, &id).await;
    for hands in [near, far_hands().await] {
        let tally = hands.tally(&of_near).await.unwrap().unwrap();
        assert_eq!((tally.network_bytes, tally.sockets), (None, None));
        assert_eq!(hands.connections(&of_near).await.unwrap(), None);
    }
}

async fn known(service: &Service, tenant: &str, what: &str, is_so: impl Fn(&Activity) -> bool) -> Activity {
    let mut activities = service.activity();
    let wait = activities.wait_for(|all| all.get("lab", tenant).is_some_and(|it| is_so(&it)));
    let found = timeout(Duration::from_secs(40), wait).await.ok();
    let found = found.and_then(|found| found.unwrap().get("lab", tenant));
    let last = service.activity().borrow().get("lab", tenant);
    found.unwrap_or_else(|| panic!("never saw of {tenant}: {what}; {last:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_used_is_seen_and_who_is_idle_is_not() {
    let mut engine = Engine::docker_a();
    for name in ["use-idle", "use-asked", "use-held"] {
        serve(&mut engine, name, &[]);
    }
    let labels = ["--label", "wakeboard.tenant=use-busy", "--label", "wakeboard.tier=low"];
    let busy = "while :; do read n </tmp/work && while :; do :; done; sleep 1; done 2>/dev/null";
    engine.run("use-busy", &labels, &["sh", "-c", busy]);
    let spec = HostSpec { name: "lab".into(), endpoint: engine.endpoint.parse().unwrap() };
    // The shipped thresholds: 1 kB a second, 2 % of a core, no connection.
    let rules = Rules { measures: Some(Arc::new(KeeperRules::default())), ..Rules::default() };
    let service = Service::start(vec![spec], Naming::default(), rules);
    let (asked, held) = (address(&engine, "use-asked"), address(&engine, "use-held"));
    ask(&asked);
    ask(&held);
    // Who has just been started is in use for a moment: its network is set up. Then all are quiet.
    let tenants = ["use-idle", "use-asked", "use-held", "use-busy"];
    let mut quiet = Vec::new();
    for tenant in tenants {
        let settled = |activity: &Activity| {
            let last = [activity.network, activity.cpu, activity.connections].into_iter().flatten().max();
            let lasts = |last: Timestamp| Timestamp::now().duration_since(last).as_secs() >= 6;
            activity.cpu.is_some() && last.is_some_and(lasts)
        };
        let begun = Instant::now();
        let activity = loop {
            match service.activity().borrow().get("lab", tenant) {
                Some(activity) if settled(&activity) => break activity,
                activity => assert!(begun.elapsed() < Duration::from_secs(60), "{tenant}: {activity:?}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        assert!(activity.network.is_some() && activity.connections.is_some(), "{tenant}: {activity:?}");
        assert_eq!(activity.request, None, "there is no door");
        quiet.push(activity);
    }
    let began = Timestamp::now();
    let held = connect(&held);
    engine.act(&["exec", "use-busy", "sh", "-c", "echo go >/tmp/work"]);
    for _ in 0..200 {
        ask(&asked);
    }
    let is_used = |measure: Measure| move |activity: &Activity| activity.of(measure) > Some(began);
    known(&service, "use-asked", "requests over its network", is_used(Measure::Network)).await;
    let used = known(&service, "use-held", "its connection", is_used(Measure::Connections)).await;
    let is_later = |activity: &Activity| activity.connections > used.connections;
    known(&service, "use-held", "that it is still open", is_later).await;
    let busy = known(&service, "use-busy", "its work", is_used(Measure::Cpu)).await;
    assert_eq!((busy.network, busy.connections), (quiet[3].network, quiet[3].connections));
    engine.act(&["rm", "-f", "use-busy"]);
    drop(held);
    let idle = service.activity().borrow().get("lab", "use-idle").unwrap();
    assert_eq!(idle, quiet[0], "nobody used it meanwhile");
    // Once it is closed, it has been idle since.
    let closed = Timestamp::now();
    tokio::time::sleep(Duration::from_secs(13)).await;
    let after = service.activity().borrow().get("lab", "use-held").unwrap();
    let most = closed + Duration::from_secs(6);
    assert!(after.connections.unwrap() < most, "{after:?}, closed at {closed}");
}
