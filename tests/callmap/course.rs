//! The course of a run: retries, the deadline, what is skipped, what is kept of an earlier run, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wakeboard::callmap::plan::{Found, Plan, Sought, TooMany};
use wakeboard::callmap::run::{Order, run};
use wakeboard::model::callmap::map::{Callmap, HttpVersion, Need, OnBroken, Secrets, Target, Targets, Text};
use wakeboard::model::callmap::report::{ProductVerdict, Verdict};

use crate::bench::*;

fn order() -> Order {
    Order { actor: "ops".into(), ticket: None, again: None }
}

fn planned(callmap: Callmap) -> (Arc<Callmap>, Arc<Plan>) {
    let plan = Plan::new(&callmap, &|_| Err("no tenants here".to_owned())).unwrap();
    (Arc::new(callmap), Arc::new(plan))
}

/// Answers 200 to the requests with these numbers, 503 to others; the count of all.
async fn moody(well: fn(usize) -> bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let answer =
        move |_: &str| page_of(if well(count.fetch_add(1, Ordering::Relaxed)) { 200 } else { 503 }, "", "");
    (web("127.0.0.1", answer).await, asked)
}

/// Never answers.
async fn silent() -> SocketAddr {
    serve("127.0.0.1", |mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

#[tokio::test]
async fn what_fails_is_tried_again_as_often_as_is_said() {
    let one = || vec![page(http(false, "www.example.com"))];
    let (target, asked) = moody(|number| number == 2).await;
    let mut layer = layer("nginx", at(&[target]), one());
    layer.probes[0].retries = 1;
    let report = ran(callmap(vec![layer.clone()])).await;
    assert_eq!(reason(&report.layers[0].probes[0]), "answered 503, wanted 200 (2 attempts)");
    let report = ran(callmap(vec![layer])).await;
    assert_eq!(reason(&report.layers[0].probes[0]), "200");
    assert_eq!(asked.load(Ordering::Relaxed), 3, "what is well is not tried again");
}

#[tokio::test]
async fn layers_are_asked_at_once_and_results_told_as_they_come() {
    let slow = web_after(Duration::from_secs(1)).await;
    let (quick, _) = moody(|_| true).await;
    let ask = || vec![page(http(false, "www.example.com"))];
    let layers = vec![layer("first", at(&[slow]), ask()), layer("second", at(&[slow, quick]), ask())];
    let (callmap, plan) = planned(callmap(layers));
    let mut heard = Vec::new();
    let began = Instant::now();
    run(&callmap, &plan, &order(), &mut |came| heard.push((came.layer, came.question, began.elapsed())))
        .await;
    assert!(began.elapsed() < Duration::from_millis(1_900), "{:?}", began.elapsed());
    assert_eq!((heard[0].0, heard[0].1), (1, 1));
    assert!(heard[0].2 < Duration::from_millis(900), "{heard:?}");
    assert_eq!(heard.len(), 3);
}

async fn web_after(wait: Duration) -> SocketAddr {
    serve("127.0.0.1", move |mut stream| async move {
        head(&mut stream).await;
        tokio::time::sleep(wait).await;
        let _ = stream.write_all(page_of(200, "", "").as_bytes()).await;
        head(&mut stream).await;
    })
    .await
}

#[tokio::test]
async fn no_more_run_at_once_than_is_said() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, peak) = (now.clone(), most.clone());
    let target = serve("127.0.0.1", move |mut stream| {
        let (count, peak) = (count.clone(), peak.clone());
        async move {
            peak.fetch_max(count.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            head(&mut stream).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            count.fetch_sub(1, Ordering::SeqCst);
            let _ = stream.write_all(page_of(200, "", "").as_bytes()).await;
        }
    })
    .await;
    let asks = (0..20).map(|_| page(http(false, "www.example.com"))).collect();
    let mut callmap = callmap(vec![layer("nginx", at(&[target]), asks)]);
    callmap.parallel = 3;
    let report = ran(callmap).await;
    assert_eq!((report.verdict, most.load(Ordering::SeqCst)), (ProductVerdict::Ok, 3));
}

#[tokio::test]
async fn a_run_ends_at_its_deadline_and_says_what_was_not_answered() {
    let (target, (quick, _)) = (silent().await, moody(|_| true).await);
    let asks = (0..3).map(|_| page(http(false, "www.example.com"))).collect();
    let ask = vec![page(http(false, "www.example.com"))];
    let mut callmap =
        callmap(vec![layer("public ip", at(&[quick]), ask), layer("nginx", at(&[target]), asks)]);
    (callmap.deadline, callmap.parallel) = (Duration::from_millis(400), 2);
    let began = Instant::now();
    let report = ran(callmap).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(report.broken_layer.as_deref(), Some("nginx"));
    let reasons: Vec<&str> = report.layers[1].probes.iter().map(reason).collect();
    let late = "no answer when the run was over (400 ms)";
    assert_eq!(reasons, [late, late, "not asked: the run was over (400 ms)"]);
}

#[tokio::test]
async fn a_run_that_is_dropped_asks_no_more() {
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let target = serve("127.0.0.1", move |mut stream| {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read_to_end(&mut Vec::new()).await;
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let two = |version| {
        let mut ask = http(false, "www.example.com");
        ask.version = version;
        page(ask)
    };
    let asks = vec![two(HttpVersion::One), two(HttpVersion::Two)];
    let (callmap, plan) = planned(callmap(vec![layer("nginx", at(&[target]), asks)]));
    let task = tokio::spawn(async move { run(&callmap, &plan, &order(), &mut |_| ()).await });
    until(|| open.load(Ordering::SeqCst) == 2).await;
    task.abort();
    until(|| open.load(Ordering::SeqCst) == 0).await;
}

async fn until(holds: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < limit, "it did not come to that in 5 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_behind_a_broken_layer_is_skipped_and_not_waited_for() {
    let (broken, _) = moody(|_| false).await;
    let ask = || vec![page(http(false, "www.example.com"))];
    let mut layers = vec![
        layer("public ip", at(&[broken]), ask()),
        layer("nginx", at(&[broken]), ask()),
        layer("tomcat", at(&[silent().await]), ask()),
    ];
    layers[1].on_broken = OnBroken::Skip;
    let began = Instant::now();
    let report = ran(callmap(layers)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(report.broken_layer.as_deref(), Some("public ip"));
    let tomcat = &report.layers[2];
    assert_eq!((tomcat.verdict, tomcat.reason.as_deref()), (Verdict::Skipped, Some("1 nginx is broken")));
    assert_eq!(tomcat.probes[0].verdict, Verdict::Skipped);
    assert_eq!(reason(&tomcat.probes[0]), "skipped (1 nginx is broken)");
}

#[tokio::test]
async fn again_asks_only_what_was_not_well() {
    let ((well, asked), (moody, _)) = (moody(|_| true).await, moody(|number| number > 0).await);
    let ask = vec![page(http(false, "www.example.com"))];
    let (callmap, plan) = planned(callmap(vec![layer("nginx", at(&[well, moody]), ask)]));
    let first = run(&callmap, &plan, &order(), &mut |_| ()).await;
    assert_eq!(first.verdict, ProductVerdict::Broken);
    let again = Order { again: Some(Arc::new(first)), ..order() };
    let mut heard = 0;
    let second = run(&callmap, &plan, &again, &mut |_| heard += 1).await;
    assert_eq!((second.verdict, second.layers[0].ok, heard), (ProductVerdict::Ok, 2, 1));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_containers_of_a_tenant_are_asked_where_they_are() {
    let target = web("127.0.0.2", |_| page_of(200, "", "")).await;
    let tenant = Targets::Tenant { tenant: "acme".into(), role: Some("app".into()), port: Some(8080) };
    let whole = Arc::new(callmap(vec![layer("tomcat", tenant, vec![page(http(false, "www.example.com"))])]));
    let find = |sought: Sought<'_>| {
        assert_eq!((sought.tenant, sought.role, sought.port), ("acme", Some("app"), Some(8080)));
        let target = Target { address: target.ip(), port: Some(target.port()) };
        Ok(vec![Found { name: "acme-app".into(), at: Ok(target) }])
    };
    let plan = Arc::new(Plan::new(&whole, &find).unwrap());
    let report = run(&whole, &plan, &order(), &mut |_| ()).await;
    let probe = &report.layers[0].probes[0];
    assert_eq!((&*probe.target, reason(probe)), (format!("acme-app {target}").as_str(), "200"));

    for (found, said) in [
        (Err("tenant acme sleeps".to_owned()), "tenant acme sleeps"),
        (Ok(Vec::new()), "tenant acme has no container to ask"),
    ] {
        let plan = Arc::new(Plan::new(&whole, &|_| found.clone()).unwrap());
        let report = run(&whole, &plan, &order(), &mut |_| ()).await;
        assert_eq!(report.broken_layer.as_deref(), Some("tomcat"));
        assert_eq!(report.layers[0].reason.as_deref(), Some(said));
    }
}

#[test]
fn too_many_questions_are_refused() {
    let target =
        |n: u32| Target { address: std::net::Ipv4Addr::from_bits(0x7f00_0000 + n).into(), port: None };
    let targets = Targets::Addresses((0..6_000).map(target).collect());
    let asks = || vec![page(http(false, "www.example.com"))];
    let whole = callmap(vec![layer("one", targets.clone(), asks()), layer("two", targets, asks())]);
    let refused = Plan::new(&whole, &|_| Err(String::new())).err();
    assert_eq!(refused, Some(TooMany(12_000)));
}

#[tokio::test]
async fn losses_and_late_answers_are_degraded() {
    let ((well, _), (broken, _)) = (moody(|_| true).await, moody(|_| false).await);
    let ask = || vec![page(http(false, "www.example.com"))];
    let mut any = layer("nginx", at(&[well, broken]), ask());
    any.need = Need::Any;
    let report = ran(callmap(vec![any])).await;
    assert_eq!((report.verdict, report.broken_layer), (ProductVerdict::Degraded, None));
    let mut late = layer("nginx", at(&[web_after(Duration::from_millis(60)).await]), ask());
    late.probes[0].slow = Some(Duration::from_millis(20));
    let report = ran(callmap(vec![late])).await;
    assert_eq!(report.verdict, ProductVerdict::Degraded);
    assert!(reason(&report.layers[0].probes[0]).contains("slow from 20 ms; 200"));
}

#[tokio::test]
async fn a_report_has_the_form_that_is_promised_and_no_secret() {
    let target = web("127.0.0.1", |head| {
        page_of(502, &format!("X-Token: {}\r\n", header(head, "x-token").unwrap()), "hunter22")
    })
    .await;
    let mut ask = http(false, "www.example.com");
    ask.path = Text::masked("/?key=hunter22", "/?key=${env:KEY}");
    ask.headers = vec![("X-Token".into(), Text::masked("Bearer hunter22", "Bearer ${env:KEY}"))];
    let mut callmap = callmap(vec![layer("nginx", at(&[target]), vec![page(ask)])]);
    callmap.secrets = Secrets::new(vec![("KEY".into(), "hunter22".into())]);
    let report = ran(callmap).await;
    let json = serde_json::to_value(&report).unwrap();
    assert!(!json.to_string().contains("hunter22"), "{json}");
    let whole = ["product", "verdict", "broken_layer", "ticket", "milliseconds", "layers", "drift"];
    let probe = ["target", "kind", "ask", "verdict", "reason", "milliseconds"];
    for (value, keys) in [
        (&json, whole.as_slice()),
        (&json["layers"][0], &["name", "verdict", "need", "ok", "total", "probes"]),
        (&json["layers"][0]["probes"][0], &probe),
        (&json["layers"][0]["probes"][0]["milliseconds"], &["dns", "connect", "tls", "first_byte", "total"]),
    ] {
        for key in keys {
            assert!(value.get(key).is_some(), "{key} in {value}");
        }
    }
    assert_eq!((json["verdict"].as_str(), json["broken_layer"].as_str()), (Some("broken"), Some("nginx")));
    assert_eq!(json["layers"][0]["probes"][0]["ask"], "http://www.example.com/?key=${env:KEY}");
    assert!(json["layers"][0]["probes"][0]["milliseconds"]["tls"].is_null());
    let back: wakeboard::model::callmap::report::Report = serde_json::from_value(json).unwrap();
    assert_eq!(back, report, "what is kept can be read again");
}
