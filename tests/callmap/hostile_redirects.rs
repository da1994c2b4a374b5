//! Redirects that never end, or lead astray.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::*;

#[tokio::test]
async fn many_redirects_end() {
    let hops = Arc::new(AtomicUsize::new(0));
    let count = hops.clone();
    let target = web("127.0.0.1", move |_| {
        let hop = count.fetch_add(1, Ordering::Relaxed) + 1;
        // The last of ten thousand would be well.
        if hop == 10_000 { page_of(200, "", "") } else { page_of(302, &format!("Location: /{hop}\r\n"), "") }
    })
    .await;
    let mut ask = http(false, "www.example.com");
    let report = ask_one(page(ask.clone()), target).await;
    assert_eq!(
        reason(&report),
        "answered 302, wanted 200: it leads to \"/1\"",
        "none is followed unless asked"
    );
    ask.redirects = 10;
    let report = ask_one(page(ask.clone()), target).await;
    let said = "answered 302 after 10 redirects, wanted 200: no more than 10 redirects followed";
    assert_eq!(reason(&report), said);
    assert_eq!(hops.load(Ordering::Relaxed), 12);
    ask.redirects = u8::MAX;
    let report = ask_one(page(ask), target).await;
    let said = "answered 302 after 255 redirects, wanted 200: no more than 255 redirects followed";
    assert_eq!(reason(&report), said);
}

#[tokio::test]
async fn a_place_with_blanks_is_followed_and_a_cookie_that_is_wanted_back_is_told() {
    let target = web("127.0.0.1", |head| match head.split(' ').nth(1).unwrap_or_default() {
        "/" => page_of(302, "Location: /a b?c=[1]\r\n", ""),
        "/a%20b?c=[1]" => page_of(200, "", ""),
        _ => page_of(302, "Set-Cookie: k=1\r\nLocation: /cookie\r\n", ""),
    })
    .await;
    let mut ask = http(false, "www.example.com");
    ask.redirects = 5;
    let report = ask_one(page(ask.clone()), target).await;
    assert!(report.verdict == wakeboard::model::callmap::report::Verdict::Ok, "{}", reason(&report));
    ask.path = wakeboard::model::callmap::map::Text::open("/cookie");
    let report = ask_one(page(ask), target).await;
    let said = "it leads to itself with a cookie, and probes keep no cookies";
    assert!(reason(&report).ends_with(said), "{}", reason(&report));
}

#[tokio::test]
async fn redirects_stay_at_their_target_scheme_and_port() {
    let to = |place: &'static str| async move {
        let target = web("127.0.0.1", move |head| {
            if head.starts_with("GET / ") {
                page_of(301, &format!("Location: {place}\r\n"), "")
            } else {
                let host = header(head, "host").unwrap();
                let token = header(head, "x-token").unwrap_or_default();
                page_of(200, "", &format!("{} of {host} {token}", head.lines().next().unwrap()))
            }
        })
        .await;
        let mut ask = http(false, "www.example.com");
        ask.redirects = 3;
        let token = wakeboard::model::callmap::map::Text::masked("hunter22", "${env:TOKEN}");
        ask.headers = vec![("X-Token".into(), token)];
        let report = ask_one(page(ask), target).await;
        (reason(&report).to_owned(), report.detail.unwrap().body.clone())
    };
    let (reason, body) = to("/next?x=1#there").await;
    assert_eq!(
        (reason.as_str(), body.as_str()),
        ("200 after 1 redirect", "GET /next?x=1 HTTP/1.1 of www.example.com hunter22")
    );
    let (_, body) = to("http://shop.example.com/a").await;
    assert_eq!(body, "GET /a HTTP/1.1 of shop.example.com ", "the secret stays with the URL's host");
    let (reason, _) = to("https://www.example.com/").await;
    assert_eq!(
        reason,
        "answered 301, wanted 200: it leads to another scheme, which is not followed (https://www.example.com/)"
    );
    for scheme in ["file:///etc/passwd", "gopher://www.example.com/", "javascript:alert(1)"] {
        let (reason, _) = to(scheme).await;
        assert!(reason.starts_with("answered 301, wanted 200: it leads to "), "{scheme}: {reason}");
        assert!(!reason.contains("redirect"), "{scheme}: {reason}");
    }
    let (reason, _) = to("http://www.example.com:22/").await;
    assert!(reason.contains("it leads to another port, which is not followed"), "{reason}");
}
