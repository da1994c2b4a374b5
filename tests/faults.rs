//! Hosts that die, hang, crawl, lie or speak garbage never disturb the others, are told of plainly, and come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use wakeboard::config::scenario::{Act, Fault, Garbage, Scenario};
use wakeboard::demo::{self, Running};
use wakeboard::engine;
use wakeboard::model::change::Verb;
use wakeboard::model::fleet::{Fleet, Link};
use wakeboard::model::host::HostSpec;
use wakeboard::model::naming::Naming;
use wakeboard::model::state::State;
use wakeboard::service::{Rules, Service};

const SCENARIO: &str = "
hosts: [{names: [good, bad]}]
roles: {app: {image: 'shop:1'}}
tenants:
  - {names: [acme], roles: [app], hosts: [good], start: {running: 1}}
  - {names: [birch], roles: [app], hosts: [bad], start: {running: 1}}
";

struct Bench {
    running: Running,
    service: Service,
    fleet: watch::Receiver<Arc<Fleet>>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn start() -> Bench {
        Bench::of(SCENARIO)
    }

    fn of(text: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Scenario::read(std::path::Path::new("faults.yaml"), text).unwrap();
        let running = demo::spawn(&scenario, folder.path()).unwrap();
        let service = Service::start(running.hosts(), Naming::default(), Rules::default());
        let fleet = service.fleet();
        Bench { running, service, fleet, _folder: folder }
    }

    async fn wait(&mut self, what: &str, within: Duration, condition: impl Fn(&Fleet) -> bool) -> Arc<Fleet> {
        let found = timeout(within, self.fleet.wait_for(|fleet| condition(fleet))).await;
        match found {
            Ok(fleet) => fleet.unwrap().clone(),
            Err(late) => panic!("never saw: {what} ({late})\n{:#?}", self.service.fleet().borrow()),
        }
    }

    async fn up(&mut self) {
        self.wait("both hosts", Duration::from_secs(20), |fleet| {
            fleet.hosts.iter().all(|host| host.link.is_up())
        })
        .await;
    }

    /// The good host shows what happens on it before a slow one answers or a hung one is given up.
    async fn good_host_is_quick(&mut self) {
        for (act, state) in [(Act::Pause, State::Paused), (Act::Unpause, State::Running)] {
            self.running.act("good", "acme-app", act).unwrap();
            self.wait("the good host's news", Duration::from_millis(1_900), |fleet| {
                state_of(fleet, "acme") == state
            })
            .await;
        }
    }

    async fn bad_host_is_lost(&mut self, reason: &str) {
        // What is told first may be that the connection was cut; the next try finds out why.
        let fleet = self
            .wait(&format!("the bad host's loss: {reason}"), Duration::from_secs(15), |fleet| {
                matches!(&fleet.host("bad").unwrap().link, Link::Down { reason: told, .. } if told.contains(reason))
            })
            .await;
        let birch = fleet.tenants().find(|tenant| &*tenant.name == "birch").unwrap();
        assert_eq!((birch.state, birch.known), (State::Unreachable, State::Running), "its rows stay");
        assert!(fleet.host("bad").unwrap().heard.is_some(), "and how old they are is known");
    }

    async fn bad_host_comes_back(&mut self) {
        self.running.fault("bad", None).unwrap();
        self.wait("the bad host's return", Duration::from_secs(25), |fleet| {
            state_of(fleet, "birch") == State::Running
        })
        .await;
    }
}

fn state_of(fleet: &Fleet, tenant: &str) -> State {
    fleet.tenants().find(|it| &*it.name == tenant).map_or(State::Absent, |it| it.state)
}

async fn a_fault_is_told_and_outlived(fault: Fault, reason: &str) {
    let mut bench = Bench::start();
    bench.up().await;
    bench.running.fault("bad", Some(fault)).unwrap();
    bench.good_host_is_quick().await;
    // A list is due at once, so that nobody waits half a minute for the next one.
    bench.service.reconcile();
    bench.bad_host_is_lost(reason).await;
    bench.good_host_is_quick().await;
    bench.bad_host_comes_back().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused() {
    a_fault_is_told_and_outlived(Fault::Refused, "no such socket").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hung() {
    a_fault_is_told_and_outlived(Fault::Hung, "no answer within 3 s").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_http() {
    a_fault_is_told_and_outlived(Fault::Garbage(Garbage::NotHttp), "does not speak the engine API").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_json() {
    a_fault_is_told_and_outlived(Fault::Garbage(Garbage::BrokenJson), "does not speak the engine API").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_end() {
    a_fault_is_told_and_outlived(Fault::Garbage(Garbage::Endless), "an answer without end").await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 400 * 1024, "its memory stayed bounded: {kib} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_500() {
    a_fault_is_told_and_outlived(Fault::Status(500), "answered 500").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_in_mid_stream() {
    let mut bench = Bench::start();
    bench.up().await;
    bench.running.fault("bad", Some(Fault::Cut)).unwrap();
    for _ in 0..5 {
        bench.good_host_is_quick().await;
    }
    bench.bad_host_comes_back().await;
}

/// Behind a proxy that ends idle streams, a host is never lost: what happens goes on to be told, and nothing is told of a loss.
async fn a_stream_that_ends_is_no_loss(after: Duration) {
    let mut bench = Bench::start();
    bench.up().await;
    bench.running.fault("bad", Some(Fault::EndStreams(after))).unwrap();
    for act in [Act::Pause, Act::Unpause, Act::Pause] {
        tokio::time::sleep(Duration::from_millis(700)).await;
        bench.running.act("bad", "birch-app", act).unwrap();
        let state = if act == Act::Pause { State::Paused } else { State::Running };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            let fleet = bench.service.fleet().borrow().clone();
            assert!(fleet.hosts.iter().all(|host| host.link.is_up()), "no host is lost");
            if state_of(&fleet, "birch") == state {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{state:?} is never seen");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // A list may show the last state before the stream that was opened anew brings its event; and what is told twice comes late.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let changes = bench.service.changes().borrow().clone();
    let of_link = |verb| matches!(verb, Verb::Lost | Verb::Gap | Verb::Connected);
    assert!(!changes.newest_first.iter().any(|change| of_link(change.verb)), "{:?}", changes.newest_first);
    let of_birch = changes.newest_first.iter().filter(|change| change.tenant.as_deref() == Some("birch"));
    let told: Vec<Verb> = of_birch
        .map(|change| change.verb)
        .filter(|verb| matches!(verb, Verb::Paused | Verb::Unpaused))
        .collect();
    assert_eq!(told, [Verb::Paused, Verb::Unpaused, Verb::Paused], "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_ends_now_and_then() {
    a_stream_that_ends_is_no_loss(Duration::from_millis(600)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_ends_at_once_each_time() {
    a_stream_that_ends_is_no_loss(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_host_is_waited_for_and_holds_nobody_up() {
    let mut bench = Bench::start();
    bench.running.fault("bad", Some(Fault::Slow(Duration::from_secs(2)))).unwrap();
    bench
        .wait("the good host", Duration::from_millis(1_900), |fleet| {
            state_of(fleet, "acme") == State::Running
        })
        .await;
    bench.good_host_is_quick().await;
    bench
        .wait("the slow host", Duration::from_secs(8), |fleet| state_of(fleet, "birch") == State::Running)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_down_at_the_start_has_its_place() {
    let mut bench = Bench::start();
    bench.running.fault("bad", Some(Fault::Refused)).unwrap();
    let service = Service::start(bench.running.hosts(), Naming::default(), Rules::default());
    let mut fleet = service.fleet();
    let down = |fleet: &Arc<Fleet>| matches!(fleet.host("bad").unwrap().link, Link::Down { .. });
    timeout(Duration::from_secs(5), fleet.wait_for(down)).await.unwrap().unwrap();
    bench.running.fault("bad", None).unwrap();
    let up = |fleet: &Arc<Fleet>| state_of(fleet, "birch") == State::Running;
    timeout(Duration::from_secs(20), fleet.wait_for(up)).await.unwrap().unwrap();
    bench.up().await;
}

/// A storm of acts on an engine that lies in that way; afterwards the picture is what a fresh list says.
async fn a_storm_ends_in_the_truth(fault: Fault) {
    let mut bench = Bench::of(
        "
seed: 7
events_per_second: 300
hosts: [{names: [bad]}]
roles: {app: {image: 'shop:1', health: true}, db: {image: 'db:1', restart: always}}
tenants: [{count: 40, pattern: 't-{nn}', roles: [app, db], start: {running: 6, stopped: 2, paused: 1}}]
",
    );
    bench.up().await;
    bench.running.fault("bad", Some(fault)).unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    // The storm goes on for ever, so the truth is asked in the midst of it, after the lies end.
    bench.running.fault("bad", None).unwrap();
    let spec: HostSpec = bench.running.hosts().remove(0);
    let asked = engine::connect(&spec, Arc::new(Naming::default())).await.unwrap();
    for _ in 0..40 {
        bench.service.reconcile();
        tokio::time::sleep(Duration::from_millis(400)).await;
        let truth = asked.list().await.unwrap();
        let seen = bench.service.fleet().borrow().clone();
        let containers: Vec<_> = seen.tenants().flat_map(|tenant| &tenant.containers).collect();
        let same = truth
            .iter()
            .filter(|it| containers.iter().any(|known| known.id == it.id && known.phase == it.phase));
        // Between the two looks some of the 300 events a second have happened.
        if containers.len().abs_diff(truth.len()) <= 3 && same.count() + 12 >= truth.len() {
            return;
        }
    }
    panic!("the picture never came near the truth");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_events() {
    a_storm_ends_in_the_truth(Fault::DropEvents(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_events() {
    a_storm_ends_in_the_truth(Fault::DuplicateEvents).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_lag() {
    a_storm_ends_in_the_truth(Fault::StaleList(Duration::from_millis(100))).await;
}
