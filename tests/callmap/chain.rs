//! The same URL at each target of each layer.

use wakeboard::model::callmap::report::{ProductVerdict, Verdict};

use crate::bench::*;

/// A server that knows one host only.
async fn host_checked(address: &str, host: &'static str) -> std::net::SocketAddr {
    web(address, move |head| {
        if header(head, "host").as_deref() == Some(host) {
            page_of(200, "Server: web/1\r\n", "UP")
        } else {
            page_of(421, "", "who?")
        }
    })
    .await
}

#[tokio::test]
async fn each_target_is_asked_with_the_urls_host() {
    let (one, two) = (
        host_checked("127.0.0.2", "www.example.com").await,
        host_checked("127.0.0.3", "www.example.com").await,
    );
    let mut ask = http(false, "www.example.com");
    ask.expect.body = vec![contains("UP")];
    let report = ran(callmap(vec![layer("nginx", at(&[one, two]), vec![page(ask)])])).await;
    assert_eq!(report.verdict, ProductVerdict::Ok, "{report:#?}");
    let layer = &report.layers[0];
    assert_eq!((layer.ok, layer.total, layer.verdict), (2, 2, Verdict::Ok));
    let [first, second] = layer.probes.as_slice() else { panic!("{layer:#?}") };
    assert_eq!((&*first.target, &*second.target), (one.to_string().as_str(), two.to_string().as_str()));
    assert_eq!((&*first.kind, &*first.ask, reason(first)), ("http", "http://www.example.com/", "200"));
    assert!(first.milliseconds.connect.is_some() && first.milliseconds.first_byte.is_some());
    assert_eq!((first.milliseconds.dns, first.milliseconds.tls), (None, None));
}

#[tokio::test]
async fn the_first_broken_layer_is_named_and_those_behind_it_are_asked_all_the_same() {
    let good = host_checked("127.0.0.2", "www.example.com").await;
    let wrong = host_checked("127.0.0.3", "www.example.net").await;
    let ask = || vec![page(http(false, "www.example.com"))];
    let layers = vec![
        layer("public ip", at(&[good]), ask()),
        layer("nginx", at(&[good, wrong]), ask()),
        layer("tomcat", at(&[good]), ask()),
    ];
    let report = ran(callmap(layers)).await;
    assert_eq!(report.verdict, ProductVerdict::Broken);
    assert_eq!(report.broken_layer.as_deref(), Some("nginx"));
    assert_eq!(reason(&report.layers[1].probes[1]), "answered 421, wanted 200");
    assert_eq!(report.layers[2].verdict, Verdict::Ok);
}
