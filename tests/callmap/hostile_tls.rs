//! TLS servers, and their certificates.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wakeboard::model::callmap::map::{Ask, Identity, TlsVersion, Trust};
use wakeboard::model::callmap::report::{ProbeReport, Verdict};

use crate::bench::*;
use crate::secure::{self, Authority, self_signed};

const NAME: &str = "www.example.com";

async fn asked(target: SocketAddr, trust: &Trust) -> ProbeReport {
    let mut ask = http(true, NAME);
    ask.trust = trust.clone();
    let report = ask_one(page(ask), target).await;
    // A probe for the certificate alone says the same of it.
    let alone = ask_one(Ask::Tls(tls(NAME, trust.clone())), target).await;
    if report.verdict == Verdict::Fail {
        assert_eq!(reason(&alone), reason(&report));
    }
    report
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_and_it_is_shown() {
    let authority = Authority::new("lab authority");
    let trust = authority.trust();
    let good = secure::web("127.0.0.1", &authority.signs(NAME, 2090)).await;
    let report = asked(good, &trust).await;
    assert_eq!((report.verdict, reason(&report)), (Verdict::Ok, "200"));

    let ended = secure::web("127.0.0.1", &authority.signs(NAME, 2024)).await;
    let report = asked(ended, &trust).await;
    let said = reason(&report);
    assert!(said.starts_with("certificate ended ") && said.ends_with(" days ago"), "{said}");
    assert_eq!(report.detail.unwrap().certificate.as_ref().unwrap().names, [NAME]);

    let other = secure::web("127.0.0.1", &authority.signs("other.example.net", 2090)).await;
    assert_eq!(
        reason(&asked(other, &trust).await),
        "certificate is for other.example.net, not www.example.com"
    );

    let foreign = secure::web("127.0.0.1", &Authority::new("other authority").signs(NAME, 2090)).await;
    let said = "certificate is signed by nobody that is trusted here (CN=other authority)";
    assert_eq!(reason(&asked(foreign, &trust).await), said);
    let renewed = secure::web("127.0.0.1", &Authority::new("lab authority").signs(NAME, 2090)).await;
    let said =
        "certificate is not signed with the key that is trusted here, though by its name (CN=lab authority)";
    assert_eq!(reason(&asked(renewed, &trust).await), said);
    // The system's authorities have not signed the good one.
    let said = "certificate is signed by nobody that is trusted here (CN=lab authority)";
    assert_eq!(reason(&asked(good, &Trust::default()).await), said);

    let own = self_signed(NAME);
    let own_at = secure::web("127.0.0.1", &own).await;
    let said = "certificate is signed by itself, and nobody trusts it here";
    assert_eq!(reason(&asked(own_at, &trust).await), said);
    let itself = Trust { authorities: Some(own.pem.into_bytes().into()), ..Trust::default() };
    assert_eq!(reason(&asked(own_at, &itself).await), "200");

    let all =
        secure::web("127.0.0.1", &Authority::new("other authority").signs("other.example.net", 2024)).await;
    let report = asked(all, &trust).await;
    assert_eq!(reason(&report).split("; ").count(), 3, "{}", reason(&report));
    let any = Trust { insecure: true, ..trust };
    let report = asked(all, &any).await;
    assert_eq!(report.verdict, Verdict::Ok);
    assert!(reason(&report).starts_with("200; INSECURE: any certificate is taken (certificate ended "));
}

#[tokio::test]
async fn what_cannot_be_used_as_authorities_or_identity_is_said() {
    let authority = Authority::new("lab authority");
    let target = secure::web("127.0.0.1", &authority.signs(NAME, 2090)).await;
    let empty = Trust { authorities: Some(b"no certificate".as_slice().into()), ..Trust::default() };
    let said = "our own authorities cannot be used: there is no certificate in the file";
    assert_eq!(reason(&asked(target, &empty).await), said);
    let identity = Identity { certificate: Vec::new(), key: b"no key".to_vec() };
    let without = Trust { identity: Some(identity.into()), ..authority.trust() };
    assert!(reason(&asked(target, &without).await).starts_with("our client key cannot be used: "));
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_missed() {
    let authority = Authority::new("lab authority");
    let server = authority.signs(NAME, 2090);
    let mut roots = rustls::RootCertStore::empty();
    let pem = authority.pem();
    roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(server.chain.clone(), server.key.clone_key())
        .unwrap();
    let target = secure::serve("127.0.0.1", config, |mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(page_of(200, "", "").as_bytes()).await;
        head(&mut stream).await;
    })
    .await;
    let ask = |trust: Trust| {
        let mut ask = http(true, NAME);
        ask.trust = trust;
        page(ask)
    };
    let report = ask_one(ask(authority.trust()), target).await;
    assert_eq!(reason(&report), "the server wants a client certificate");
    let own = authority.signs("console.example.com", 2090);
    let identity = Identity { certificate: own.pem.into_bytes(), key: own.key_pem.into_bytes() };
    let report = ask_one(ask(Trust { identity: Some(identity.into()), ..authority.trust() }), target).await;
    assert_eq!(reason(&report), "200");
}

#[tokio::test]
async fn handshakes_that_break_off_are_told() {
    let trust = Trust::default();
    let reset = serve("127.0.0.1", |mut stream| async move {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).await;
        // The head of a handshake record, and then nothing but a reset.
        let _ = stream.write_all(&[0x16, 3, 3, 0x40, 0]).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    assert_eq!(reason(&asked(reset, &trust).await), "connection reset in the TLS handshake");
    let closed = serve("127.0.0.1", |mut stream| async move {
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await;
    })
    .await;
    assert_eq!(reason(&asked(closed, &trust).await), "connection closed in the TLS handshake");
    let plain = web("127.0.0.1", |_| page_of(400, "", "")).await;
    let speaks = serve("127.0.0.1", |mut stream| async move {
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut hello).await;
    })
    .await;
    assert_eq!(reason(&asked(speaks, &trust).await), "what came back is not TLS");
    let silent = Duration::from_millis(300);
    let report = ask_in(page(http(true, NAME)), plain, silent).await;
    assert_eq!(reason(&report), "no answer in 300 ms in the TLS handshake");
}

#[tokio::test]
async fn versions_are_told_apart() {
    let authority = Authority::new("lab authority");
    let config = secure::config(&authority.signs(NAME, 2090), &[], &[&rustls::version::TLS12]);
    let old = secure::serve("127.0.0.1", config, |mut stream| async move {
        head(&mut stream).await;
    })
    .await;
    let mut ask = tls(NAME, authority.trust());
    let report = ask_one(Ask::Tls(ask.clone()), old).await;
    assert!(reason(&report).starts_with("TLS 1.2, certificate for "), "{}", reason(&report));
    ask.least = TlsVersion::Three;
    assert_eq!(reason(&ask_one(Ask::Tls(ask), old).await), "speaks TLS 1.2, wanted TLS 1.3");
}
