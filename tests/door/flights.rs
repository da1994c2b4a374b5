//! One wake a tenant: however many ask, whoever hangs up, whatever else goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;
use wakeboard::demo::{Call, CallFault, How};
use wakeboard::keeper::Standing;
use wakeboard::keeper::wakes::{Answer, Wakes};
use wakeboard::ledger::{Found, Ledger};
use wakeboard::model::door::{DoorRules, Meant};
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::state::State;
use wakeboard::model::ticket::{Outcome, Task};

use super::stand::{Stand, ask, now, order, request, rules, service};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_requests_make_one_wake() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    let (_standing, standing) = watch::channel(Standing::unknown());
    let wakes = Wakes::start(
        stand.service.clone(),
        standing,
        DoorRules { queue: 10_000, queue_all: 10_000, ..rules() },
    );
    let meant = Meant { host: None, tenant: "acme", is_folded: false };
    let entry = loop {
        if let Some(entry) = wakes.table().find(&meant, Instant::now()) {
            break entry.clone();
        }
        sleep(Duration::from_millis(5)).await;
    };
    let before = stand.calls();
    let ask = |_| {
        let (wakes, entry) = (wakes.clone(), entry.clone());
        tokio::spawn(async move { wakes.awake(&entry, Duration::from_secs(20)).await })
    };
    let answers = join_all((0..10_000).map(ask)).await;
    let mut places: Vec<String> = Vec::new();
    for answer in answers {
        match answer.unwrap() {
            Answer::Awake { place, .. } => places.push(place.at.at.to_string()),
            other => panic!("{other:?}"),
        }
    }
    places.dedup();
    assert_eq!((places.len(), wakes.waiting().len()), (1, 0), "{places:?}");
    let tickets = stand.asked_for("acme");
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!((tickets[0].outcome, &*tickets[0].actor), (Some(Outcome::Woken), "wake door"));
    assert!(stand.calls() - before < 100, "{} calls", stand.calls() - before);
    // All who come after it know the way.
    stand.state("acme", State::Running).await;
    assert_eq!(stand.asked_for("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_cancels_nothing() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(stand.address()).await.unwrap();
        stream.write_all(&request("/wake/acme", &[])).await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    stand.state("acme", State::Running).await;
    let tickets = stand.asked_for("acme");
    assert_eq!(tickets.iter().map(|ticket| ticket.outcome).collect::<Vec<_>>(), [Some(Outcome::Woken)]);
    let answer = stand.get("/metrics", &[]).await;
    assert!(answer.body.contains("wakeboard_waiting_requests{host=\"web-1\"} 0"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_at_once() {
    let stand = Stand::with(|settings| (settings.rules.queue, settings.rules.queue_all) = (3, 3)).await;
    stand.dump("acme", Method::Stop).await;
    let address = stand.address();
    let began = Instant::now();
    let one = |_| tokio::spawn(async move { (ask(address, "/wake/acme", &[]).await, Instant::now()) });
    let mut answers: Vec<_> = join_all((0..10).map(one)).await.into_iter().map(Result::unwrap).collect();
    answers.sort_by_key(|(_, at)| *at);
    let statuses: Vec<u16> = answers.iter().map(|(answer, _)| answer.status).collect();
    assert_eq!(statuses, [[503; 7].as_slice(), &[200; 3]].concat());
    for (answer, at) in &answers[..7] {
        assert_eq!(answer.header("retry-after"), Some("5"), "{answer:?}");
        assert!(answer.body.contains("too many wait"), "{answer:?}");
        assert!(*at - began < Duration::from_secs(2), "after {:?}", *at - began);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_ours_is_called_off_or_ended_and_the_tenant_woken() {
    let stand = Stand::open().await;
    let dump = order(&stand.service, Task::Dump, "acme", Some(Method::Checkpoint));
    stand.state("acme", State::Dumping).await;
    sleep(Duration::from_millis(100)).await;
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?} {:#?}", stand.service.work().borrow());
    assert!(
        answer.header("x-wakeboard-upstream").is_some_and(|it| it.ends_with(&format!(":{}", stand.port))),
        "{answer:?}"
    );
    let dump = stand.ended(dump).await;
    let tickets = stand.asked_for("acme");
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert!(tickets[0].began >= dump.ended, "{dump:#?} {tickets:#?}");
    stand.state("acme", State::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_somebody_else_ends_first() {
    let stand = Stand::open().await;
    let other = service(&stand.spec, &stand.folder.path().join("ledger.db")).await;
    let dump = order(&other, Task::Dump, "acme", Some(Method::Checkpoint));
    sleep(Duration::from_millis(300)).await;
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let ended = other.work().borrow().ticket(dump).cloned().unwrap();
    if answer.header("x-wakeboard-upstream").is_some() && ended.ended.is_none() {
        // It was asked before the dump could be seen: then it still ran.
        stand.state("acme", State::Dumping).await;
        assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    }
    let woken: Vec<_> = stand.asked_for("acme");
    assert!(woken.iter().filter(|ticket| ticket.outcome == Some(Outcome::Woken)).count() == 1, "{woken:#?}");
    stand.state("acme", State::Running).await;
}

/// It is gone from its host at once, and shows in the ledger a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_destroyed_by_somebody_else_is_not_unknown() {
    let stand = Stand::open().await;
    let other = service(&stand.spec, &stand.folder.path().join("ledger.db")).await;
    let dump = order(&other, Task::Dump, "acme", Some(Method::Destroy));
    let mut work = other.work();
    work.wait_for(|work| work.ticket(dump).is_some_and(|ticket| ticket.ended.is_some())).await.unwrap();
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!((answer.status, answer.header("x-wakeboard-tenant")), (200, Some("acme")), "{answer:?}");
    stand.state("acme", State::Running).await;
    assert_eq!(stand.get("/wake/nobody", &[]).await.status, 404);
}

/// Between the wake and the next dump is too little time for any snapshot to show that the tenant was awake.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_dumped_again_at_once_is_woken_again() {
    let stand = Stand::open().await;
    let other = service(&stand.spec, &stand.folder.path().join("ledger.db")).await;
    for woken in 1..=5 {
        let dump = order(&other, Task::Dump, "acme", Some(Method::Stop));
        let mut work = other.work();
        let ended = work
            .wait_for(|work| work.ticket(dump).is_some_and(|ticket| ticket.ended.is_some()))
            .await
            .unwrap();
        assert_eq!(ended.ticket(dump).unwrap().outcome, Some(Outcome::Dumped), "{ended:#?}");
        drop(ended);
        sleep(Duration::from_millis(1300)).await;
        let answer = stand.get("/wake/acme", &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let wakes = stand.asked_for("acme");
        let done = wakes.iter().filter(|ticket| ticket.outcome == Some(Outcome::Woken)).count();
        assert_eq!(done, woken, "{answer:?} {wakes:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_that_fails_is_told_and_not_tried_again_at_once() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    stand.fault(CallFault { of: Call::Start, times: 1000, how: How::Status(500) });
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("2"), "{answer:?}");
    // By the ticket's number the operator finds what the engine said; the visitor is not told it.
    let ticket = stand.asked_for("acme")[0].clone();
    let said = ticket.reason.clone().unwrap();
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["ticket"], ticket.id.to_string(), "{answer:?}");
    assert!(!answer.body.contains(&*said) && !answer.body.contains("500"), "{said}: {answer:?}");
    let page = stand.get("/waiting/acme", &["accept: text/html"]).await;
    assert!(page.body.contains(&format!("(ticket {})", ticket.id)), "{page:?}");
    assert!(!page.body.contains(&*said), "{said}: {page:?}");
    assert_eq!(stand.asked_for("acme").len(), 1);
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(stand.get("/wake/acme", &["accept: text/html"]).await.status, 503);
    }
    assert!(began.elapsed() < Duration::from_millis(1_800), "{:?}", began.elapsed());
    assert_eq!(stand.asked_for("acme").len(), 1, "it was tried again");
    stand.running.fault("web-1", None).unwrap();
    sleep(Duration::from_millis(2100)).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_counts_as_use() {
    let stand = Stand::open().await;
    let seen = stand.service.requests().of(&("web-1".into(), "acme".into()));
    assert_eq!(seen.last(), None);
    let before = now();
    assert_eq!(stand.get("/wake", &["host: acme.example.com"]).await.status, 200);
    let first = seen.last().unwrap();
    assert!(first.as_millisecond() >= before.as_millisecond());
    sleep(Duration::from_millis(5)).await;
    assert_eq!(stand.get("/wake", &["host: acme.example.com"]).await.status, 200);
    assert!(seen.last().unwrap() > first, "the warm way counts too");
    assert_eq!(stand.service.requests().of(&("web-1".into(), "birch".into())).last(), None);
    let _: &Arc<_> = &seen;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_a_tenant_before_its_port_takes_connections() {
    let mut stand = Stand::with(|settings| settings.rules.wait = Duration::from_millis(1500)).await;
    stand.dump("acme", Method::Stop).await;
    stand.fall_silent().await;
    let page = stand.get("/wake/acme", &["accept: text/html"]).await;
    assert_eq!((page.status, page.body.contains("waking up")), (503, true), "{page:?}");
    stand.state("acme", State::Running).await;
    let early = stand.get("/wake/acme", &[]).await;
    assert_eq!((early.status, early.header("x-wakeboard-upstream")), (503, None), "{early:?}");
    stand.answer().await;
    let answer = stand.get("/wake/acme", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(stand.asked_for("acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_always_run_is_not_led_to_where_it_does_not_answer() {
    let mut stand = Stand::with(|settings| settings.rules.wait = Duration::from_secs(1)).await;
    stand.fall_silent().await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 503);
    stand.answer().await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    assert!(stand.asked_for("acme").is_empty());
}

/// A known address is kept for as long as it answers, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_stops_answering_is_forgotten() {
    let mut stand = Stand::with(|settings| settings.rules.wait = Duration::from_millis(500)).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    stand.fall_silent().await;
    // A proxy that was led there does not reach it, and shows what is waited for.
    assert_eq!(stand.get("/waiting/acme", &[]).await.status, 503);
    let began = Instant::now();
    while stand.get("/wake/acme", &[]).await.status == 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "requests are still led there");
        sleep(Duration::from_millis(50)).await;
    }
    stand.answer().await;
    let began = Instant::now();
    while stand.get("/wake/acme", &[]).await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody is led there again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_of_what_is_awake_is_no_ticket_of_the_record() {
    let stand = Stand::open().await;
    let id = order(&stand.service, Task::Wake, "acme", None);
    let ended = stand.ended(id).await;
    assert_eq!((ended.outcome, ended.began), (Some(Outcome::Woken), None), "{ended:?}");
    let ledger = Where::Sqlite(stand.folder.path().join("ledger.db"));
    let ledger = Ledger::open(&ledger).await.unwrap();
    assert!(matches!(ledger.ticket(&id.to_string()).await.unwrap(), Found::None));
}
