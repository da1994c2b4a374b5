//! Certificates of all kinds, and servers that show them.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wakeboard::model::callmap::map::Trust;

use crate::bench;

/// An authority of our own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub struct Shown {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    pub pem: String,
    pub key_pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Trust in it alone.
    pub fn trust(&self) -> Trust {
        Trust { authorities: Some(self.pem().into_bytes().into()), ..Trust::default() }
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for that name, signed by it, good until the end of that year.
    pub fn signs(&self, name: &str, until: i32) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, until).signed_by(&key, &self.0).unwrap();
        shown(&certificate, &key)
    }
}

/// A certificate that is signed by itself.
pub fn self_signed(name: &str) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, 2090).self_signed(&key).unwrap();
    shown(&certificate, &key)
}

fn params(name: &str, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 12, 31);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn shown(certificate: &rcgen::Certificate, key: &KeyPair) -> Shown {
    Shown {
        chain: vec![certificate.der().clone()],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    }
}

/// How a server speaks TLS.
pub fn config(shown: &Shown, alpn: &[&[u8]], versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder = builder.with_no_client_auth();
    let mut config = builder.with_single_cert(shown.chain.clone(), shown.key.clone_key()).unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

/// A server that shows the certificate, and leaves what comes to `then`.
pub async fn serve<F, W>(address: &str, config: ServerConfig, then: F) -> SocketAddr
where
    F: Fn(TlsStream<TcpStream>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(config));
    bench::serve(address, move |stream| {
        let (acceptor, then) = (acceptor.clone(), then.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                then(stream).await;
            }
        }
    })
    .await
}

/// A page over TLS, which says the name that was asked for.
pub async fn web(address: &str, shown: &Shown) -> SocketAddr {
    let config = config(shown, &[], rustls::ALL_VERSIONS);
    serve(address, config, |mut stream| async move {
        let head = bench::head(&mut stream).await;
        let sni = stream.get_ref().1.server_name().unwrap_or("-").to_owned();
        let host = bench::header(&head, "host").unwrap_or_default();
        let page = bench::page_of(200, "", &format!("sni={sni} host={host}"));
        let _ = stream.write_all(page.as_bytes()).await;
        let _ = stream.flush().await;
        // The client closes.
        bench::head(&mut stream).await;
    })
    .await
}
