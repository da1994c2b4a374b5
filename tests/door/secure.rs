//! TLS at the door, and certificates in place of a token.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wakeboard::keeper::door::{Door, DoorSettings, DoorStart, TlsFiles};
use wakeboard::model::token::Token;

use super::stand::{Answer, Stand, request, rules};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate and its key, in PEM.
    fn signs(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0);
        (certificate.unwrap().pem(), key.serialize_pem())
    }
}

fn files(folder: &Path, authority: &Authority, clients: Option<&Authority>) -> TlsFiles {
    let (cert, key) = authority.signs("door.example.com");
    fs::write(folder.join("cert.pem"), cert).unwrap();
    fs::write(folder.join("key.pem"), key).unwrap();
    if let Some(clients) = clients {
        fs::write(folder.join("clients.pem"), clients.0.pem()).unwrap();
    }
    TlsFiles {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        client_ca: clients.map(|_| folder.join("clients.pem")),
    }
}

async fn ask(
    stand: &Stand,
    authority: &Authority,
    shown: Option<&(String, String)>,
    path: &str,
    headers: &[&str],
) -> std::io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpStream::connect(stand.address()).await?;
    let name = ServerName::try_from("door.example.com").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(&request(path, headers)).await?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await?;
    Ok(Answer::read(&text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_right_authority_opens_all() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs, others) = (Authority::new("ours"), Authority::new("theirs"), Authority::new("others"));
    let tls = files(folder.path(), &ours, Some(&theirs));
    let stand = Stand::with(|settings| settings.tls = Some(tls)).await;
    let nobody = ask(&stand, &ours, None, "/metrics", &[]).await.unwrap();
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert_eq!(ask(&stand, &ours, None, "/wake/acme", &[]).await.unwrap().status, 200);
    let client = theirs.signs("prometheus");
    assert_eq!(ask(&stand, &ours, Some(&client), "/metrics", &[]).await.unwrap().status, 200);
    let stranger = others.signs("prometheus");
    assert!(ask(&stand, &ours, Some(&stranger), "/metrics", &[]).await.is_err(), "the handshake fails");
    // In the clear nothing is said there.
    assert_ne!(stand.get("/wake/acme", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_over_tls_too_and_certificates_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let settings =
        |tls| DoorSettings { rules: rules(), token: Some(Token::of("0123456789abcdef")), tls: Some(tls) };
    let tls = files(folder.path(), &first, None);
    let stand = Stand::with(|it| *it = settings(tls)).await;
    let said = ["authorization: Bearer 0123456789abcdef"];
    assert_eq!(ask(&stand, &first, None, "/metrics", &said).await.unwrap().status, 200);
    assert_eq!(ask(&stand, &first, None, "/metrics", &[]).await.unwrap().status, 401);
    assert!(ask(&stand, &second, None, "/metrics", &said).await.is_err());
    stand.door.replace(settings(files(folder.path(), &second, None)));
    assert_eq!(ask(&stand, &second, None, "/metrics", &said).await.unwrap().status, 200);
    // Those that are of no use change nothing.
    fs::write(folder.path().join("cert.pem"), "nothing").unwrap();
    let broken = TlsFiles {
        cert: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
        client_ca: None,
    };
    stand.door.replace(settings(broken.clone()));
    assert_eq!(ask(&stand, &second, None, "/metrics", &said).await.unwrap().status, 200);
    let (_standing, standing) = tokio::sync::watch::channel(wakeboard::keeper::Standing::unknown());
    let start = DoorStart { settings: settings(broken), service: stand.service.clone(), standing };
    let told = Door::open(start).await.err().unwrap().to_string();
    assert!(told.contains("cert.pem: no certificate in it") && told.contains("help:"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_told() {
    let stand = Stand::open().await;
    let mut rules = rules();
    rules.listen = stand.address();
    let (_standing, standing) = tokio::sync::watch::channel(wakeboard::keeper::Standing::unknown());
    let settings = DoorSettings { rules, token: None, tls: None };
    let told =
        Door::open(DoorStart { settings, service: stand.service.clone(), standing }).await.err().unwrap();
    assert!(told.to_string().contains(&stand.address().to_string()), "{told}");
}
