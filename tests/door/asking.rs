//! What is answered to whom: proxies, browsers, programs, and those who look after us.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::sync::watch;
use tokio::time::sleep;
use wakeboard::config::scenario::Fault;
use wakeboard::keeper::Standing;
use wakeboard::keeper::door::{Door, DoorSettings, DoorStart};
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::naming::Naming;
use wakeboard::model::state::State;
use wakeboard::model::token::Token;
use wakeboard::service::{Rules, Service};

use super::stand::{Stand, ask, rules};

/// By then a host has been listed twice and asked what it is; what comes next is whether it is still there.
const AT_REST: Duration = Duration::from_millis(1_800);
const BROWSER: &str = "accept: text/html,application/xhtml+xml";

#[rstest]
#[case::host("/wake", &["host: acme.example.com"])]
#[case::port("/wake", &["host: ACME.example.com:8443"])]
#[case::forwarded("/wake", &["x-forwarded-host: acme.example.com"])]
#[case::the_host_before_what_is_forwarded("/wake", &["host: acme.example.com", "x-forwarded-host: birch.example.com"])]
#[case::path("/wake/acme", &[])]
#[case::path_with_host("/wake/web-1/acme", &[])]
#[tokio::test(flavor = "multi_thread")]
async fn the_tenant_is_found(#[case] path: &str, #[case] headers: &[&str]) {
    let stand = Stand::open().await;
    let answer = stand.get(path, headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("x-wakeboard-tenant"), Some("acme"));
    let place: std::net::SocketAddr = answer.header("x-wakeboard-upstream").unwrap().parse().unwrap();
    assert_eq!(place.port(), stand.port);
    assert!(answer.body.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unknown_is_not_found_and_no_engine_is_asked() {
    let stand = Stand::open().await;
    sleep(AT_REST).await;
    let (before, began) = (stand.calls(), Instant::now());
    for path in ["/wake/nobody", "/wake/web-2/acme", "/wake", "/waiting", "/waiting/nobody"] {
        for host in ["nobody.example.com", "acme.example.org", "a.acme.example.com", "127.0.0.1"] {
            let answer = stand.get(path, &[&format!("host: {host}")]).await;
            assert_eq!(answer.status, 404, "{path} {host}: {answer:?}");
        }
    }
    // Engines are asked whether they are there every five seconds.
    let allowed = 1 + usize::try_from(began.elapsed().as_secs() / 5).unwrap();
    assert!(stand.calls() - before <= allowed, "{} calls", stand.calls() - before);
    assert!(stand.service.work().borrow().tickets.is_empty());
}

/// Who was destroyed for its sleep is in the ledger alone: before that has been read, nobody is called unknown.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_unknown_before_the_ledger_is_read() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Destroy).await;
    let no_folder = stand.folder.path().join("file");
    std::fs::write(&no_folder, "").unwrap();
    let ledger = Some(Where::Sqlite(no_folder.join("ledger.db")));
    let blind =
        Service::start(vec![stand.spec.clone()], Naming::default(), Rules { ledger, ..Rules::default() });
    blind.fleet().wait_for(|fleet| fleet.hosts.iter().all(|host| host.heard.is_some())).await.unwrap();
    let settings = DoorSettings { rules: rules(), token: None, tls: None };
    let (_standing, standing) = watch::channel(Standing::unknown());
    let door = Door::open(DoorStart { settings, service: Arc::new(blind), standing }).await.unwrap();
    for tenant in ["acme", "nobody"] {
        let answer = ask(door.address(), &format!("/wake/{tenant}"), &[]).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")), "{tenant}: {answer:?}");
    }
    assert_eq!(ask(door.address(), "/wake/birch", &[]).await.status, 200, "who runs is known all the same");
    assert_eq!(stand.get("/wake/nobody", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_runs_is_looked_up_once() {
    let stand = Stand::open().await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    sleep(AT_REST).await;
    let (before, began) = (stand.calls(), Instant::now());
    for _ in 0..50 {
        assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    }
    let allowed = 1 + usize::try_from(began.elapsed().as_secs() / 5).unwrap();
    assert!(stand.calls() - before <= allowed, "{} calls", stand.calls() - before);
    assert!(stand.asked_for("acme").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_page_and_a_program_the_tenant() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    let page = stand.get("/wake", &["host: acme.example.com", BROWSER]).await;
    assert_eq!(page.status, 503, "{page:?}");
    assert_eq!(page.header("retry-after"), Some("2"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.body.contains("acme is waking up") && page.body.contains("http-equiv=\"refresh\""));
    let told = stand.get("/waiting", &["host: acme.example.com", BROWSER]).await;
    assert_eq!((told.status, told.body.contains("acme is waking up")), (503, true), "{told:?}");
    // What is sent to a tenant cannot be sent again by a page.
    let headers = ["host: acme.example.com", BROWSER, "x-forwarded-method: POST"];
    assert_eq!(stand.get("/wake", &headers).await.status, 200);
    assert_eq!(stand.asked_for("acme").len(), 1);
    let told = stand.get("/waiting", &["host: acme.example.com"]).await;
    assert_eq!((told.status, told.body.contains("it is awake")), (503, true), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_when_to_try_again() {
    let stand = Stand::with(|settings| settings.rules.wait = Duration::from_millis(150)).await;
    stand.dump("acme", Method::Stop).await;
    let began = Instant::now();
    let answer = stand.get("/wake/acme", &[]).await;
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    stand.state("acme", State::Running).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_stopped_is_left_alone_unless_told() {
    let stand = Stand::open().await;
    let answer = stand.get("/wake/lying", &[]).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.body.contains("stopped") && !answer.body.contains("wakeboard"), "{answer:?}");
    assert!(stand.service.work().borrow().tickets.is_empty());
    let stand = Stand::with(|settings| settings.rules.wakes_stopped = true).await;
    assert_eq!(stand.get("/wake/lying", &[]).await.status, 200);
    assert_eq!(stand.asked_for("lying").len(), 1);
}

/// Whoever comes from the street is not told how containers end, where files are, and what engines say; the operator is.
#[rstest]
#[case::program("/wake/lying", "x: y")]
#[case::browser("/wake/lying", BROWSER)]
#[case::waiting("/waiting/lying", BROWSER)]
#[case::plugin("/api/strategies/blocking?names=lying&timeout=1s", "x: y")]
#[case::page_of_a_plugin("/api/strategies/dynamic?names=lying&show_details=true", BROWSER)]
#[tokio::test(flavor = "multi_thread")]
async fn visitors_hear_no_reasons(#[case] path: &str, #[case] header: &str) {
    const TOKEN: &str = "authorization: Bearer 0123456789abcdef";
    const SAID: &str = "lying is stopped, and not by wakeboard";
    let open = Stand::open().await;
    // Who waits long enough hears how it ended, and then all do for a while.
    let _ = open.get("/wake/lying", &[]).await;
    let answer = open.get(path, &[header]).await;
    assert!(answer.body.contains("it cannot be reached at the moment"), "{answer:?}");
    assert!(!answer.body.contains(SAID), "on this machine without any token: {answer:?}");
    let stand = Stand::with(|settings| settings.token = Some(Token::of("0123456789abcdef"))).await;
    let _ = stand.get("/wake/lying", &[]).await;
    let answer = stand.get(path, &[header, TOKEN]).await;
    // A plugin says the token of its proxy, and shows what it hears to visitors.
    let is_plugin = path.starts_with("/api");
    assert_eq!(answer.body.contains(SAID), !is_plugin, "{answer:?}");
    let answer = stand.get(path, &[header]).await;
    assert!(!answer.body.contains(SAID), "{answer:?}");
}

#[rstest]
#[case::a_tenant("/wake", 200)]
#[case::how_it_stands("/waiting", 503)]
#[case::a_plugin("/api/strategies/blocking?names=acme", 200)]
#[case::health("/healthz", 200)]
#[case::figures("/metrics", 200)]
#[case::nothing("/nothing", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_kept_and_one_host_is_asked_for(#[case] path: &str, #[case] status: u16) {
    let stand = Stand::open().await;
    let answer = stand.get(path, &["host: acme.example.com"]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (status, Some("no-store")), "{answer:?}");
    for hosts in [
        &["host: acme.example.com", "host: birch.example.com"][..],
        &["host: acme.example.com", "host: acme.example.com"],
        &["host: acme.example.com, birch.example.com"],
    ] {
        let answer = stand.get(path, hosts).await;
        assert_eq!((answer.status, answer.header("cache-control")), (400, Some("no-store")), "{answer:?}");
    }
}

/// Monitors and robots neither wake anybody nor keep anybody awake; who is awake answers them.
#[rstest]
#[case::path("x-forwarded-uri: /robots.txt?x=1")]
#[case::folder("x-forwarded-uri: /static/a.css")]
#[case::method("x-forwarded-method: HEAD")]
#[case::program("user-agent: Mozilla/5.0 (compatible; UptimeRobot/2.0)")]
#[case::source("x-forwarded-for: 203.0.113.9, 192.0.2.77")]
#[tokio::test(flavor = "multi_thread")]
async fn some_requests_neither_wake_nor_count(#[case] header: &str) {
    let ignored = wakeboard::model::door::Ignored {
        paths: vec!["/robots.txt".to_owned(), "/static/*".to_owned()],
        methods: vec!["HEAD".to_owned()],
        agents: vec!["uptimerobot".to_owned()],
        sources: vec![wakeboard::model::door::ignored::Network::read("192.0.2.0/24").unwrap()],
    };
    let stand = Stand::with(|settings| settings.rules.ignored = ignored).await;
    let seen = stand.service.requests().of(&("web-1".into(), "birch".into()));
    // Where it is need not be known yet.
    let answer = stand.get("/wake/birch", &[header]).await;
    assert_eq!((answer.status, answer.header("x-wakeboard-tenant")), (200, Some("birch")), "{answer:?}");
    assert_eq!(seen.last(), None, "it counts as use");
    stand.dump("acme", Method::Stop).await;
    for path in ["/wake/acme", "/waiting/acme"] {
        let answer = stand.get(path, &[header, BROWSER]).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("requests such as this one wake nobody"), "{answer:?}");
    }
    assert!(stand.asked_for("acme").is_empty(), "it was woken");
    let text = stand.get("/metrics", &[]).await.body;
    assert!(text.contains("wakeboard_requests_total{answer=\"ignored\"} 3"), "{text}");
    // All others do.
    let others = ["user-agent: curl/8", "x-forwarded-uri: /", "x-forwarded-for: 192.0.2.7, 203.0.113.9"];
    assert_eq!(stand.get("/wake/acme", &others).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_tenant_stands_is_told_and_nothing_is_woken() {
    let stand = Stand::open().await;
    let seen = stand.service.requests().of(&("web-1".into(), "acme".into()));
    let told = async |path: &str, headers: &[&str]| {
        let answer = stand.get(path, headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert!(body["since"].is_string(), "{body}");
        format!("{} {}", body["tenant"].as_str().unwrap(), body["state"].as_str().unwrap())
    };
    assert_eq!(told("/status/acme", &[]).await, "acme awake");
    stand.dump("acme", Method::Stop).await;
    assert_eq!(told("/status/acme", &[]).await, "acme asleep");
    assert_eq!(told("/status", &["host: acme.example.com"]).await, "acme asleep");
    assert_eq!(told("/status/web-1/lying", &[]).await, "lying down");
    assert_eq!(stand.get("/status/nobody", &[]).await.status, 404);
    assert_eq!(seen.last(), None, "it counts as use");
    assert!(stand.asked_for("acme").is_empty(), "it was woken");
}

/// Whoever sends requests here, or starts us anew, hears of a ledger that cannot be written; one that stands by is well.
#[tokio::test(flavor = "multi_thread")]
async fn health_fails_where_nothing_can_be_written_or_nobody_has_the_lease() {
    const TOKEN: &str = "authorization: Bearer 0123456789abcdef";
    let stand = Stand::with(|settings| settings.token = Some(Token::of("0123456789abcdef"))).await;
    let well = stand.get("/healthz", &[]).await;
    assert_eq!(well.status, 200, "{well:?}");
    let by = stand.standing.borrow().clone();
    let fault = Some("database or disk is full (/var/lib/ledger.db)".into());
    for (active, holder) in [(true, "web-1 (process 1)"), (false, "web-9 (process 7)")] {
        let standing = Standing { active, holder: holder.into(), fault: fault.clone(), ..by.clone() };
        stand.standing.send_replace(standing);
        let ill = stand.get("/healthz", &[]).await;
        assert_eq!((ill.status, ill.body.contains("the ledger cannot be written")), (503, true), "{ill:?}");
        assert!(!ill.body.contains("/var/lib"), "{ill:?}");
        assert!(stand.get("/healthz", &[TOKEN]).await.body.contains("/var/lib/ledger.db"));
    }
    stand.standing.send_replace(Standing::unknown());
    let ill = stand.get("/healthz", &[]).await;
    assert_eq!(
        (ill.status, ill.body.contains("no keeper is known to have the lease")),
        (503, true),
        "{ill:?}"
    );
    stand.standing.send_replace(by);
    assert_eq!(stand.get("/healthz", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_may_be_shut() {
    let stand = Stand::with(|settings| settings.rules.names.path = false).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 404);
    assert_eq!(stand.get("/waiting/acme", &[]).await.status, 404);
    assert_eq!(stand.get("/wake", &["host: acme.example.com"]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    assert_eq!(stand.get("/wake/nobody", &[]).await.status, 404);
    let health = stand.get("/healthz", &[]).await;
    let body: serde_json::Value = serde_json::from_str(&health.body).unwrap();
    assert_eq!((health.status, &body["status"], &body["hosts_up"]), (200, &"ok".into(), &1.into()));
    assert_eq!((&body["ledger"], &body["keeper"]), (&"open".into(), &"standby".into()));
    stand.state("acme", State::Running).await;
    let text = stand.get("/metrics", &[]).await.body;
    for line in [
        "wakeboard_host_up{host=\"web-1\"} 1",
        "wakeboard_ledger_open 1",
        "wakeboard_tenants{state=\"running\",tier=\"low\"} 3",
        "wakeboard_tenants{state=\"stopped\",tier=\"low\"} 1",
        "wakeboard_dumps_total{outcome=\"dumped\"} 1",
        "wakeboard_wakes_total{outcome=\"woken\"} 1",
        "wakeboard_wakes_total{outcome=\"failed\"} 0",
        "wakeboard_wake_seconds_bucket{le=\"+Inf\"} 1",
        "wakeboard_wake_seconds_count 1",
        "wakeboard_memory_saved_bytes 0",
        "wakeboard_keeper_active 0",
        "wakeboard_requests_total{answer=\"woken\"} 1",
        "wakeboard_requests_total{answer=\"unknown\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("acme"), "labels have no tenants' names");
    stand.running.fault("web-1", Some(Fault::Refused)).unwrap();
    let mut fleet = stand.service.fleet();
    let down = fleet.wait_for(|fleet| fleet.hosts.iter().all(|host| !host.link.is_up()));
    tokio::time::timeout(Duration::from_secs(30), down).await.unwrap().unwrap();
    let health = stand.get("/healthz", &[]).await;
    assert_eq!((health.status, health.body.contains("none of 1 hosts answers")), (503, true), "{health:?}");
    // The table of tenants follows the hosts a moment later.
    let begun = Instant::now();
    loop {
        let answer = stand.get("/wake/acme", &[]).await;
        if answer.status == 503 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{answer:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_but_not_of_those_who_want_a_tenant() {
    const TOKEN: &str = "0123456789abcdef";
    let stand = Stand::with(|settings| settings.token = Some(Token::of(TOKEN))).await;
    for path in ["/metrics", "/api/strategies/blocking?names=acme", "/api/strategies/dynamic?names=acme"] {
        for header in ["x: y", "authorization: Bearer 0123456789abcdeX", "authorization: Bearer"] {
            let answer = stand.get(path, &[header]).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        }
        for header in
            ["authorization: Bearer 0123456789abcdef", "authorization: Basic YW55OjAxMjM0NTY3ODlhYmNkZWY="]
        {
            assert_eq!(stand.get(path, &[header]).await.status, 200, "{path} {header}");
        }
    }
    assert_eq!(stand.get("/wake/acme", &[]).await.status, 200);
    assert_eq!(stand.get("/healthz", &[]).await.status, 200);
    assert!(
        stand.get("/metrics", &["authorization: Bearer 0123456789abcdef"]).await.body.contains("denied\"} 9")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_hold_at_once() {
    let stand = Stand::open().await;
    assert_eq!(stand.get("/metrics", &[]).await.status, 200);
    let mut rules = super::stand::rules();
    (rules.lead.port, rules.wait) = (Some(stand.port - 1), Duration::from_millis(300));
    let before = format!(":{}", stand.port);
    rules.names.patterns.clear();
    let token = Some(Token::of("0123456789abcdef"));
    assert!(stand.get("/wake/acme", &[]).await.header("x-wakeboard-upstream").unwrap().ends_with(&before));
    stand.door.replace(wakeboard::keeper::door::DoorSettings { rules, token, tls: None });
    assert_eq!(stand.get("/metrics", &[]).await.status, 401);
    assert_eq!(stand.get("/wake", &["host: acme.example.com"]).await.status, 404);
    let began = Instant::now();
    while stand
        .get("/wake/acme", &[])
        .await
        .header("x-wakeboard-upstream")
        .is_some_and(|it| it.ends_with(&before))
    {
        assert!(began.elapsed() < Duration::from_secs(5), "the old port stays");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_closes_lets_those_who_wait_hear() {
    let stand = Stand::open().await;
    stand.dump("acme", Method::Stop).await;
    let address = stand.address();
    let waits = tokio::spawn(async move { super::stand::ask(address, "/wake/acme", &[]).await });
    sleep(Duration::from_millis(100)).await;
    let Stand { door, running: _running, service: _service, folder: _folder, .. } = stand;
    door.close(Duration::from_secs(10)).await;
    assert_eq!(waits.await.unwrap().status, 200);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
