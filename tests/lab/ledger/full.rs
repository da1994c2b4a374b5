//! A SQLite ledger on a disk that runs full: needs root, as the lab does.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use wakeboard::config::scenario::Scenario;
use wakeboard::demo;
use wakeboard::ledger::{Fault, Ledger};
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;
use wakeboard::model::ticket::{Door, Outcome, Task, Ticket};
use wakeboard::model::work::{Order, Record};
use wakeboard::service::{Rules, Service};

use super::changes::samples::{moment, note};
use super::things::*;

/// A small file system, gone with this.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Small {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mount.unwrap().success(), "mount needs root");
        Small(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_costs_nothing_that_was_there() {
    let small = Small::new();
    let ledger = Ledger::open(&Where::Sqlite(small.path().join("ledger.db"))).await.unwrap();
    assert!(ledger.record(&ended(ticket(1))).await.unwrap());
    let filler = small.path().join("filler");
    // As much as there is room for.
    let _ = std::fs::write(&filler, vec![0; 1 << 20]);
    let mut number = 1;
    let error = loop {
        number += 1;
        match ledger.record(&ended(ticket(number))).await {
            Ok(written) => assert!(written && number < 1000),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.fault, Fault::DiskFull), "{error}");
    let kept = ledger.tickets(1000).await.unwrap().len();
    assert_eq!(kept, number as usize - 1);
    std::fs::remove_file(&filler).unwrap();
    assert!(ledger.record(&ended(ticket(number))).await.unwrap(), "with room again");
}

#[tokio::test]
async fn what_was_appended_before_the_disk_was_full_is_there_and_its_chain_is_whole() {
    let small = Small::new();
    let ledger = Ledger::open(&Where::Sqlite(small.path().join("ledger.db"))).await.unwrap();
    let mut number = 0;
    let error = loop {
        let records: Vec<_> =
            (0..20).map(|place| note(&format!("{number}/{place}"), moment(number), "op1", "said")).collect();
        match ledger.append(&records).await {
            Ok(appended) => assert!(appended.new == 20 && number < 1000),
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(matches!(error.fault, Fault::DiskFull), "{error}");
    assert_eq!(ledger.newest_record().await.unwrap().seq, number * 20);
    let verified = ledger.verify_changes(|_| {}).await.unwrap();
    assert_eq!((verified.broken, verified.seq), (None, number * 20));
}

const SCENARIO: &str = "
time_scale: 40
hosts: [{names: [web-1], experimental: true}]
roles: {app: {image: 'shop:1', memory: 64M}}
tenants: [{names: [acme], tiers: {low: 1}, roles: [app], start: {running: 1}}]
";

async fn asked(service: &Service, task: Task) -> Arc<Ticket> {
    let order = Order {
        task,
        tenants: vec![("web-1".into(), "acme".into())],
        method: (task == Task::Dump).then_some(Method::Stop),
        force: false,
        timeout: None,
        actor: "op1".into(),
        door: Door::Shell,
        cause: None,
        deeper: false,
    };
    let [id] = service.ask(&order)[..] else { panic!("no ticket") };
    let mut work = service.work();
    let ended = work.wait_for(|work| work.ticket(id).is_some_and(|ticket| ticket.ended.is_some()));
    let work = tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap().unwrap();
    work.ticket(id).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_full_disk_a_wake_goes_through_and_says_that_it_is_not_recorded() {
    let (small, folder) = (Small::new(), tempfile::tempdir().unwrap());
    let scenario = Scenario::read(Path::new("full.yaml"), SCENARIO).unwrap();
    let running = demo::spawn(&scenario, folder.path()).unwrap();
    let rules = Rules {
        ledger: Some(Where::Sqlite(small.path().join("ledger.db"))),
        mends: true,
        ..Rules::default()
    };
    let service = Service::start(running.hosts(), Naming::default(), rules);
    let (mut fleet, mut work) = (service.fleet(), service.work());
    fleet.wait_for(|fleet| fleet.hosts.iter().all(|host| host.link.is_up())).await.unwrap();
    work.wait_for(|work| work.record == Record::Open).await.unwrap();
    let dumped = asked(&service, Task::Dump).await;
    assert_eq!(dumped.outcome, Some(Outcome::Dumped), "{dumped:?}");
    let filler = small.path().join("filler");
    let _ = std::fs::write(&filler, vec![0; 1 << 20]);
    // What is left of the last page of the log may still take a few.
    let mut filling = asked(&service, Task::Dump).await;
    for _ in 0..50 {
        if filling.reason.as_ref().is_some_and(|reason| reason.contains("disk is full")) {
            break;
        }
        filling = asked(&service, Task::Dump).await;
    }
    let woken = asked(&service, Task::Wake).await;
    assert_eq!(woken.outcome, Some(Outcome::Woken), "{woken:?}");
    let reason = woken.reason.as_deref().unwrap_or_default();
    assert!(reason.contains("could not be recorded") && reason.contains("disk is full"), "{woken:?}");
    std::fs::remove_file(&filler).unwrap();
}
