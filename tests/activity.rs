//! Tenants' use on simulated hosts: measured from afar, counted by a door, kept in the ledger, and told to those that measure
//! nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use wakeboard::config::scenario::Scenario;
use wakeboard::demo::{self, Running};
use wakeboard::ledger::Ledger;
use wakeboard::model::keeper::{Activities, Activity, Rules as KeeperRules};
use wakeboard::model::ledger::Where;
use wakeboard::model::naming::Naming;
use wakeboard::service::{Rules, Service};

const SCENARIO: &str = "
hosts: [{names: [web-1]}]
roles: {app: {image: 'shop:1', memory: 256M}, db: {image: 'db:1', memory: 256M}}
tenants:
  - {names: [acme], tiers: {high: 1}, roles: [app, db], start: {running: 1}, labelled: true}
  - {names: [birch], tiers: {vip: 1}, roles: [app], start: {running: 1}, labelled: true}
  - {names: [cedar], tiers: {low: 1}, roles: [app], start: {stopped: 1}, labelled: true}
";

struct Bench {
    running: Running,
    ledger: Where,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Scenario::read(Path::new("activity.yaml"), SCENARIO).unwrap();
        let running = demo::spawn(&scenario, folder.path()).unwrap();
        let ledger = Where::Sqlite(folder.path().join("ledger.db"));
        Bench { running, ledger, _folder: folder }
    }

    fn service(&self, measures: Option<KeeperRules>) -> Service {
        let measures = measures.map(Arc::new);
        let rules = Rules { ledger: Some(self.ledger.clone()), measures, ..Rules::default() };
        Service::start(self.running.hosts(), Naming::default(), rules)
    }

    async fn rows(&self) -> Vec<wakeboard::model::keeper::Kept> {
        Ledger::open(&self.ledger).await.unwrap().activity(None).await.unwrap()
    }
}

/// What a simulated container uses is left to chance: nothing of it is use.
fn rules() -> KeeperRules {
    let mut rules = KeeperRules::default();
    (rules.idle.cpu, rules.idle.network) = (Some(1000.0), Some(1 << 40));
    rules
}

async fn known(service: &Service, what: &str, is_so: impl Fn(&Activity) -> bool) -> Activity {
    let mut activities = service.activity();
    let of = |activities: &Activities| activities.get("web-1", "acme");
    let wait = activities.wait_for(|activities| of(activities).is_some_and(|acme| is_so(&acme)));
    let found = timeout(Duration::from_secs(30), wait).await.ok().and_then(|found| of(&found.unwrap()));
    found.unwrap_or_else(|| panic!("never saw: {what}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_measured_is_kept_and_told() {
    let bench = Bench::new();
    let begun = Timestamp::now();
    let service = bench.service(Some(rules()));
    let first = known(&service, "a first look", |acme| acme.cpu.is_some()).await;
    assert!(first.cpu >= Some(begun) && first.network == first.cpu, "taken since then: {first:?}");
    assert_eq!((first.connections, first.request), (None, None), "they cannot be seen from afar");
    let activities = service.activity().borrow().clone();
    for other in ["birch", "cedar"] {
        assert_eq!(activities.get("web-1", other), None, "{other} is not measured");
    }

    // A door begins to count, and a request comes.
    let seen = service.requests().of(&("web-1".into(), "acme".into()));
    known(&service, "that requests are counted", |acme| acme.request == Some(seen.since())).await;
    let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond() + 1).unwrap();
    seen.mark(now);
    known(&service, "a request", |acme| acme.request == Some(now)).await;

    // All of it is in the ledger within ten seconds and a turn, and whoever measures nothing knows it from there.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let row = loop {
        let rows = bench.rows().await;
        if let [row] = rows.as_slice()
            && row.activity.request == Some(now)
        {
            break row.clone();
        }
        assert!(tokio::time::Instant::now() < deadline, "{rows:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(row.until >= row.measured && row.measured >= first.cpu, "{row:?}");
    let watcher = bench.service(None);
    let told = known(&watcher, "what the ledger says", |acme| acme.request.is_some()).await;
    let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millisecond);
    assert_eq!((told.request, millis(told.cpu)), (Some(now), millis(first.cpu)), "still not used");

    // Another one that measures goes on from there.
    drop(service);
    let next = bench.service(Some(rules()));
    let believed = known(&next, "what is believed", |acme| acme.cpu.is_some()).await;
    assert_eq!(millis(believed.cpu), millis(first.cpu));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_thresholds_count_at_once() {
    let bench = Bench::new();
    let service = bench.service(None);
    let mut tight = KeeperRules::default();
    (tight.idle.cpu, tight.idle.network) = (Some(0.0), None);
    service.measure(Arc::new(tight));
    let first = known(&service, "a first look", |acme| acme.cpu.is_some()).await;
    assert_eq!(first.network, None, "it is ignored");
    known(&service, "use", |acme| acme.cpu > first.cpu).await;
    service.measure(Arc::new(rules()));
    known(&service, "the network", |acme| acme.network.is_some()).await;
}
