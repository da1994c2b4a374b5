//! TLS with engines: which are taken, and what they are shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::Resumption;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use wakeboard::engine::docker::DockerEngine;
use wakeboard::engine::docker::tls::configure;
use wakeboard::engine::docker::transport::{Dial, Transport};
use wakeboard::engine::{Engine, EngineError};
use wakeboard::model::host::{TlsFiles, Trust};
use wakeboard::model::naming::Naming;

/// An authority, the folder of certificates that it signed for us, and an engine's certificate.
struct Stand {
    folder: tempfile::TempDir,
    server: ServerConfig,
}

impl Stand {
    /// An engine that wants a certificate of us.
    fn new() -> Self {
        Self::that(true)
    }

    /// An engine that wants one, or none.
    fn that(wants_one: bool) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut params = CertificateParams::default();
        // Two authorities have two names.
        let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let certificate =
                CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority);
            (certificate.unwrap(), key)
        };
        let folder = tempfile::tempdir().unwrap();
        let (own, key) = signed("us");
        for (name, text) in
            [("ca.pem", authority.pem()), ("cert.pem", own.pem()), ("key.pem", key.serialize_pem())]
        {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let ours =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let (certificate, key) = signed("127.0.0.1");
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder =
            if wants_one { builder.with_client_cert_verifier(ours) } else { builder.with_no_client_auth() };
        let server = builder
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        Stand { folder, server }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An engine that answers every ping, and ends a handshake that resumes a session, as OpenSSL does without a name for them.
    /// Gives its port.
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(self.server.clone()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
                    continue;
                }
                let _ = stream.read_u8().await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
                let _ = stream.shutdown().await;
            }
        });
        port
    }
}

fn engine(port: u16, files: &TlsFiles) -> Result<DockerEngine, EngineError> {
    DockerEngine::tcp("127.0.0.1", port, Some(files), Arc::new(Naming::default()))
}

#[tokio::test]
async fn no_call_resumes_the_tls_session_of_another() {
    let stand = Stand::new();
    let engine = engine(stand.listen().await, &TlsFiles::in_folder(stand.folder())).unwrap();
    for _ in 0..3 {
        engine.ping().await.unwrap();
    }
}

/// Whether a request over a connection of its own is answered.
async fn answers(transport: &Transport) -> bool {
    let Ok(mut stream) = transport.connect().await else { return false };
    let mut answer = Vec::new();
    let _ = stream.write_all(b"GET /_ping HTTP/1.1\r\n\r\n").await;
    let _ = stream.read_to_end(&mut answer).await;
    answer.starts_with(b"HTTP/1.1 200")
}

/// That server is one that the library's own ways do not get along with.
#[tokio::test]
async fn a_session_that_is_resumed_is_ended_there() {
    let stand = Stand::new();
    let (config, name) = configure("127.0.0.1", &TlsFiles::in_folder(stand.folder())).unwrap();
    let mut config = (*config).clone();
    config.resumption = Resumption::in_memory_sessions(8);
    let tls = Some((Arc::new(config), name));
    let dial = Dial::Tcp { host: "127.0.0.1".to_owned(), port: stand.listen().await, tls };
    let transport = Transport::new(dial);
    assert!(answers(&transport).await);
    assert!(!answers(&transport).await);
}

/// What a ping through these says at an engine of that stand.
async fn ping(stand: &Stand, files: &TlsFiles) -> Result<(), String> {
    engine(stand.listen().await, files).unwrap().ping().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn with_an_authority_alone_the_engine_is_verified_and_shown_nothing() {
    let (stand, other) = (Stand::that(false), Stand::that(false));
    let by = |stand: &Stand| TlsFiles { client: None, ..TlsFiles::in_folder(stand.folder()) };
    assert_eq!(ping(&stand, &by(&stand)).await, Ok(()));
    let told = ping(&stand, &by(&other)).await.unwrap_err();
    assert!(told.contains("not signed by the given authority"), "{told}");
    // One that wants a certificate is not content with none.
    let strict = Stand::new();
    assert!(ping(&strict, &by(&strict)).await.is_err());
    // Nor is this machine's trust in others of any use.
    let told = ping(&stand, &TlsFiles { trust: Trust::Machine, client: None }).await.unwrap_err();
    assert!(told.contains("authority"), "{told}");
}

#[tokio::test]
async fn where_nothing_is_verified_any_engine_is_taken() {
    let (stand, other) = (Stand::that(false), Stand::new());
    let nobody = TlsFiles { trust: Trust::Anybody, client: None };
    assert_eq!(ping(&stand, &nobody).await, Ok(()));
    assert!(ping(&other, &nobody).await.is_err(), "it wants a certificate of ours");
    let ours = TlsFiles { trust: Trust::Anybody, ..TlsFiles::in_folder(other.folder()) };
    assert_eq!(ping(&other, &ours).await, Ok(()));
    assert!(
        ping(&other, &TlsFiles { trust: Trust::Anybody, ..TlsFiles::in_folder(stand.folder()) })
            .await
            .is_err()
    );
}
