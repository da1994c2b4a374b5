//! TLS handshakes that come about whatever the certificate, so that it can be shown; what is wrong with it is told.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::attempt::{Course, Stage};
use super::certificate;
use super::connect::{add, bare};
use super::fault::{fault, of_io};
use crate::model::callmap::answer::{Fault, FaultKind, TlsSeen};
use crate::model::callmap::map::{HttpVersion, Identity, Trust};

/// How TLS is spoken for one probe.
#[derive(Clone, Debug)]
pub struct Prepared {
    config: Arc<ClientConfig>,
    authorities: Authorities,
}

/// Whom we trust.
#[derive(Clone, Debug)]
pub struct Authorities {
    /// Nothing where there are none at all.
    pub verifier: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of a file of their own; such a one may be the server's itself.
    pub own: Arc<[CertificateDer<'static>]>,
}

/// What was prepared, or why it could not be.
pub fn ready(tls: Option<&Result<Prepared, Fault>>) -> Result<&Prepared, Fault> {
    match tls {
        Some(Ok(prepared)) => Ok(prepared),
        Some(Err(fault)) => Err(fault.clone()),
        None => Err(fault(FaultKind::Ours, "TLS was not prepared")),
    }
}

impl Prepared {
    /// Reads certificates and keys, and offers these versions of HTTP; none where no HTTP is spoken.
    pub fn new(trust: &Trust, http: Option<HttpVersion>) -> Result<Self, Fault> {
        let authorities = match &trust.authorities {
            Some(pem) => own_authorities(pem)?,
            None => system_authorities(),
        };
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(FaultKind::Ours, error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)));
        let mut config = match &trust.identity {
            Some(identity) => {
                let (chain, key) = shown(identity)?;
                let unfit = |error| {
                    fault(
                        FaultKind::Ours,
                        format!("our client certificate and its key do not go together: {error}"),
                    )
                };
                builder.with_client_auth_cert(chain, key).map_err(unfit)?
            }
            None => builder.with_no_client_auth(),
        };
        // Each probe is to see the whole handshake.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = match http {
            None => Vec::new(),
            Some(HttpVersion::Any) => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Some(HttpVersion::One) => vec![b"http/1.1".to_vec()],
            Some(HttpVersion::Two) => vec![b"h2".to_vec()],
        };
        Ok(Prepared { config: Arc::new(config), authorities })
    }

    /// Shakes hands as one who looks for `host`, and looks at the certificate.
    pub async fn shake_hands(
        &self,
        host: &str,
        stream: TcpStream,
        course: &mut Course,
    ) -> Result<(TlsStream<TcpStream>, TlsSeen), Fault> {
        // A name may end with the root's dot; certificates and SNI have none.
        let host = bare(host).trim_end_matches('.').to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| {
            fault(FaultKind::Name, format!("{host} is no name that a certificate could have"))
        })?;
        course.stage = Stage::Tls;
        let began = Instant::now();
        let connector = TlsConnector::from(self.config.clone());
        let stream = connector.connect(name.clone(), stream).await;
        let stream = stream.map_err(|error| of_io(&error, "in the TLS handshake"))?;
        add(&mut course.phases.tls, began);
        let (_, session) = stream.get_ref();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let chain = session.peer_certificates().unwrap_or_default();
        let seen = certificate::look(chain, &name, &host, &self.authorities)?;
        let (certificate, distrust) = seen;
        Ok((stream, TlsSeen { version: version.into(), certificate, distrust }))
    }
}

/// The process has one provider, ring: `docs/decisions/0005-ring.md`.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider())).clone()
}

/// Whom this machine trusts; read once for the process.
fn system_authorities() -> Authorities {
    static SYSTEM: OnceLock<Authorities> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        // What cannot be read cannot be trusted: then certificates are told to be signed by nobody trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Authorities { verifier: verifier(roots), own: Arc::new([]) }
    };
    SYSTEM.get_or_init(read).clone()
}

fn own_authorities(pem: &[u8]) -> Result<Authorities, Fault> {
    let unusable = |why: String| fault(FaultKind::Ours, format!("our own authorities cannot be used: {why}"));
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("there is no certificate in the file".to_owned()));
    }
    Ok(Authorities { verifier: verifier(roots), own: certificates.into() })
}

fn verifier(roots: RootCertStore) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()
}

fn shown(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Fault> {
    let unusable =
        |what: &str, why: String| fault(FaultKind::Ours, format!("our client {what} cannot be used: {why}"));
    let chain = CertificateDer::pem_slice_iter(&identity.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable("certificate", error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_slice(&identity.key).map_err(|error| unusable("key", error.to_string()))?;
    Ok((chain, key))
}

/// The public key of a certificate: as certificates have it, and its bits alone.
struct Key {
    whole: Vec<u8>,
    bits: Vec<u8>,
}

fn key_of(certificate: &CertificateDer<'_>) -> Option<Key> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let key = parsed.public_key();
    Some(Key { whole: key.raw.to_vec(), bits: key.subject_public_key.data.to_vec() })
}

/// Whether the certificate itself is what the library stumbled over, not the signature.
fn unreadable_by_library(error: &rustls::Error) -> bool {
    use rustls::{CertificateError as Why, Error};
    matches!(error, Error::InvalidCertificate(why) if !matches!(why, Why::BadSignature))
}

/// Takes any certificate, if only the server has its key. It is judged after the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms).or_else(|error| {
            // One of an old version is refused for that alone; whether the server has its key can be told all the same.
            let key =
                unreadable_by_library(&error).then(|| key_of(certificate)).flatten().ok_or(error.clone())?;
            let schemes = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signature.scheme);
            let is_good = schemes.flat_map(|(_, algorithms)| algorithms.iter()).any(|algorithm| {
                algorithm.verify_signature(&key.bits, message, signature.signature()).is_ok()
            });
            if is_good { Ok(HandshakeSignatureValid::assertion()) } else { Err(error) }
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms).or_else(|error| {
            let key = unreadable_by_library(&error).then(|| key_of(certificate)).flatten().ok_or(error)?;
            let whole = SubjectPublicKeyInfoDer::from(key.whole.as_slice());
            verify_tls13_signature_with_raw_key(message, &whole, signature, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
