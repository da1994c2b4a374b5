//! What the files mean, value by value.

use std::sync::Arc;
use std::time::Duration;

use wakeboard::config::callmap;
use wakeboard::model::callmap::map::{
    Ask, Callmap, DnsExpect, DnsTransport, HttpAsk, HttpVersion, Matcher, Need, OnBroken, RecordKind, Target,
    Targets, Text, TlsVersion, Trust,
};

use crate::corpus::{env, folder, load};

fn good(name: &str) -> Callmap {
    load(&folder().join("good").join(name)).unwrap_or_else(|told| panic!("{told}"))
}

fn target(address: &str, port: Option<u16>) -> Target {
    Target { address: address.parse().unwrap(), port }
}

fn http(map: &Callmap, layer: usize, probe: usize) -> &HttpAsk {
    let Ask::Http(ask) = &map.layers[layer].probes[probe].ask else { panic!("no http probe") };
    ask
}

#[test]
fn a_tenant_may_stand_in_a_list_as_its_only_target() {
    let read = |targets: &str| {
        let text = format!("product: x\nlayers: [{{name: l, targets: {targets}, probes: [{{tcp: 80}}]}}]\n");
        callmap::read("x.yaml".as_ref(), &text, &[], &env())
    };
    let (plain, listed) = (read("{tenant: acme}").unwrap(), read("[{tenant: acme}]").unwrap());
    assert_eq!(plain.layers[0].targets, listed.layers[0].targets);
    for bad in ["[{tenant: acme}, {tenant: birch}]", "[10.0.0.1, {tenant: acme}]"] {
        let told = read(bad).unwrap_err().to_string();
        assert!(told.contains("only target") && told.contains("targets: {tenant: NAME}"), "{told}");
    }
}

#[test]
fn the_example_of_the_talk_means_what_it_says() {
    let text = callmap::shipped()[0].1;
    let map = callmap::read("www.example.com.yaml".as_ref(), text, &[], &env()).unwrap();
    assert_eq!(&*map.product, "www.example.com");
    assert_eq!((map.deadline, map.parallel), (Duration::from_secs(30), 256));
    let names: Vec<&str> = map.layers.iter().map(|layer| &*layer.name).collect();
    assert_eq!(names, ["dns", "public ip", "nginx", "tomcat", "db"]);
    let Ask::Dns(dns) = &map.layers[0].probes[0].ask else { panic!("no dns probe") };
    assert_eq!(
        (dns.name.value(), dns.kind, dns.transport),
        ("www.example.com", RecordKind::A, DnsTransport::Udp)
    );
    assert_eq!(dns.resolver, Some("10.0.0.53:53".parse().unwrap()));
    assert_eq!(dns.expect, DnsExpect { any: vec![Text::open("203.0.113.7")], ..DnsExpect::default() });
    assert_eq!(map.layers[0].targets, Targets::OfProbes);
    let public = [target("203.0.113.7", None), target("203.0.113.8", None)];
    assert_eq!(map.layers[1].targets, Targets::Addresses(public.to_vec()));
    assert_eq!(http(&map, 1, 0).expect.status, [301..=301]);
    let https = http(&map, 1, 1);
    assert_eq!(
        (https.secure, https.host.value(), https.port, https.path.value()),
        (true, "www.example.com", 443, "/")
    );
    assert_eq!((&*https.method, https.redirects, https.version), ("GET", 0, HttpVersion::Any));
    assert_eq!((https.expect.status.as_slice(), https.expect.cert_days), ([200..=399].as_slice(), Some(14)));
    assert_eq!(map.layers[2].probes[0].slow, Some(Duration::from_millis(300)));
    assert_eq!(map.layers[2].probes[0].timeout, Duration::from_secs(5));
    let tenant = Targets::Tenant { tenant: "acme".into(), role: Some("app".into()), port: Some(8080) };
    assert_eq!(map.layers[3].targets, tenant);
    let health = &http(&map, 3, 0).expect;
    assert!(matches!(&health.body[0], Matcher::Contains(text) if text.value() == "UP"));
    assert!(matches!(&health.body[1], Matcher::Matches(pattern) if pattern.as_str() == "v[0-9]+"));
    assert_eq!(health.json, [("$.db".into(), serde_json::json!("ok"))]);
    let Ask::Tcp(tcp) = &map.layers[4].probes[0].ask else { panic!("no tcp probe") };
    assert!(tcp.port == 5432 && tcp.host.is_none() && tcp.banner.is_none());
}

#[test]
fn every_key_means_what_it_says() {
    let map = good("whole.yaml");
    assert_eq!((map.deadline, map.parallel), (Duration::from_secs(60), 16));
    let [dns, edge, sockets] = map.layers.as_slice() else { panic!("{} layers", map.layers.len()) };
    let [one, two, three] = dns.probes.as_slice() else { panic!("{} probes", dns.probes.len()) };
    assert_eq!(
        (one.timeout, one.retries, one.slow),
        (Duration::from_secs(1), 3, Some(Duration::from_millis(20)))
    );
    assert_eq!(
        (two.timeout, two.retries, two.slow),
        (Duration::from_secs(2), 2, Some(Duration::from_millis(200)))
    );
    let Ask::Dns(ask) = &one.ask else { panic!("no dns probe") };
    assert_eq!(
        (ask.transport, ask.resolver),
        (DnsTransport::Tcp, Some("[2001:db8::53]:5353".parse().unwrap()))
    );
    let all = ["10 mail.example.com.", "20 mail2.example.com."].map(Text::open).to_vec();
    assert_eq!(ask.expect, DnsExpect { all, count: Some(2), ..DnsExpect::default() });
    let Ask::Dns(ask) = &two.ask else { panic!("no dns probe") };
    assert_eq!((ask.name.value(), ask.kind), ("203.0.113.7", RecordKind::Ptr));
    assert_eq!(ask.expect.exactly, Some(vec![Text::open("www.example.com.")]));
    let Ask::Dns(ask) = &three.ask else { panic!("no dns probe") };
    assert_eq!(ask.expect, DnsExpect { count: Some(0), ..DnsExpect::default() });
    assert_eq!(dns.need, Need::Count(2));

    assert_eq!((edge.need, edge.on_broken), (Need::Percent(50), OnBroken::Skip));
    let targets =
        [target("2001:db8::7", Some(8443)), target("2001:db8::8", None), target("10.1.0.2", Some(8443))];
    assert_eq!(edge.targets, Targets::Addresses(targets.to_vec()));
    let ask = http(&map, 1, 0);
    assert_eq!((ask.host.value(), ask.port, ask.path.value()), ("[2001:db8::1]", 8443, "/a?b=geheim-1234"));
    assert_eq!(&**ask.path.shown(), "/a?b=${env:TOKEN}");
    assert_eq!((&*ask.method, ask.redirects, ask.version), ("POST", 3, HttpVersion::Two));
    let headers: Vec<(&str, &str)> =
        ask.headers.iter().map(|(name, value)| (&**name, &**value.shown())).collect();
    assert_eq!(
        headers,
        [
            ("Host", "www.example.com:8443"),
            ("Authorization", "Bearer ${env:TOKEN}"),
            ("X-Two", "a"),
            ("X-Two", "b")
        ]
    );
    assert_eq!(ask.headers[1].1.value(), "Bearer geheim-1234");
    assert_eq!(ask.body.as_ref().map(Text::value), Some("{\"price\": \"5$\"}\n"));
    assert!(ask.trust.authorities.is_some() && ask.trust.identity.is_some() && !ask.trust.insecure);
    assert_eq!(ask.expect.status, [200..=200, 204..=204, 300..=399]);
    assert_eq!(ask.expect.cert_days, Some(14));
    let [server, date, kind, kind_too] = ask.expect.headers.as_slice() else { panic!("not 4 headers") };
    assert!(matches!(server, (name, Some(Matcher::Contains(_))) if &**name == "Server"));
    assert!(matches!(date, (name, None) if &**name == "Date"));
    assert!(matches!(kind, (_, Some(Matcher::Is(text))) if text.value() == "text/html"));
    assert!(matches!(kind_too, (_, Some(Matcher::Matches(_)))));
    assert_eq!((ask.expect.body.len(), ask.expect.json.len()), (5, 4));
    assert_eq!(ask.expect.json[3], ("$.deep".into(), serde_json::json!({"a": [1, 2.5, null, "x"]})));
    assert!(http(&map, 1, 1).trust.insecure);
    assert!(ask.same_body && !http(&map, 1, 1).same_body);
    // Files are kept once, however many probes name them.
    let Ask::Tls(third) = &sockets.probes[4].ask else { panic!("no tls probe") };
    let identity = |trust: &Trust| trust.identity.clone().unwrap();
    assert!(Arc::ptr_eq(&identity(&ask.trust), &identity(&third.trust)));
    assert_eq!(http(&map, 1, 1).version, HttpVersion::One);

    assert_eq!((sockets.need, sockets.on_broken), (Need::Any, OnBroken::GoOn));
    let Ask::Tcp(ask) = &sockets.probes[0].ask else { panic!("no tcp probe") };
    assert_eq!((ask.host.as_ref().map(Text::value), ask.port), (Some("db.example.com"), 5432));
    assert!(matches!(&ask.banner, Some(Matcher::Matches(_))));
    assert_eq!(sockets.probes[0].slow, Some(Duration::from_millis(50)));
    let Ask::Tls(ask) = &sockets.probes[2].ask else { panic!("no tls probe") };
    assert_eq!((ask.name.value(), ask.port, ask.cert_days), ("www.example.com", 8443, Some(30)));
    assert_eq!((ask.least, ask.trust.authorities.is_some()), (TlsVersion::Three, true));
    let Ask::Tls(ask) = &sockets.probes[3].ask else { panic!("no tls probe") };
    assert_eq!((ask.name.value(), ask.port, ask.least), ("2001:db8::1", 443, TlsVersion::Two));
}

#[test]
fn layers_of_other_files_stand_where_they_are_included_and_vars_go_inward() {
    let map = good("include.yaml");
    let names: Vec<&str> = map.layers.iter().map(|layer| &*layer.name).collect();
    assert_eq!(names, ["first", "edge of shop", "deep 9000", "last"]);
    assert_eq!(http(&map, 1, 0).host.value(), "shop.example.com");
    let files: Vec<String> =
        map.files.iter().map(|file| file.strip_prefix(folder()).unwrap().display().to_string()).collect();
    assert_eq!(files, ["good/include.yaml", "good/parts/edge.yaml", "good/parts/deep/ports.yaml"]);
}

#[test]
fn vars_given_go_before_those_of_all_files() {
    let file = folder().join("good/include.yaml");
    let given = [("site".to_owned(), "other.example.com".to_owned()), ("port".to_owned(), "9".to_owned())];
    let map = callmap::load(&file, &given, &env()).unwrap();
    assert_eq!(http(&map, 1, 0).host.value(), "other.example.com");
    assert_eq!(&*map.layers[2].name, "deep 9");
    // What is given is a text, whatever it looks like.
    let given = [("label", "${site} $$"), ("port", "10")].map(|(name, value)| (name.into(), value.into()));
    assert_eq!(&*callmap::load(&file, &given, &env()).unwrap().layers[1].name, "${site} $$");
}

#[test]
fn a_var_given_that_no_file_knows_is_told() {
    let file = folder().join("good/include.yaml");
    for (name, told) in [("sitee", "did you mean `site`?"), ("a b", "no name of a var")] {
        let error = callmap::load(&file, &[(name.to_owned(), String::new())], &env()).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn secrets_are_sent_and_never_shown() {
    let map = good("secrets.yaml");
    assert!(!format!("{map:?}").contains("geheim"), "{map:?}");
    let ask = http(&map, 0, 0);
    assert_eq!(ask.headers[0].1.value(), "Bearer geheim-1234");
    assert_eq!(ask.body.as_ref().map(Text::value), Some("geheim-1234!"));
    assert_eq!(map.secrets.hide("it says geheim-1234"), "it says ${env:TOKEN}");
}

#[test]
fn merge_keys_and_anchors_repeat_probes() {
    let map = good("anchors.yaml");
    let [first, second] = map.layers.as_slice() else { panic!("not 2 layers") };
    assert_eq!(first.probes.len(), second.probes.len());
    assert_eq!(http(&map, 1, 0).path.value(), "/");
    assert_eq!(second.probes[0].timeout, Duration::from_secs(2));
    assert_eq!(second.probes[1].timeout, Duration::from_secs(3));
    assert_eq!(http(&map, 1, 1).path.value(), "/other");
}
