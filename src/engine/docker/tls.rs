//! TLS with engines: certificates read from files, checked for what can be told before the first connection.

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::any_certificate::AnyCertificate;
use super::own_certificate::SignedOrOwn;
use crate::engine::EngineError;
use crate::model::certificate_words::certificate_fault;
use crate::model::host::{ClientFiles, TlsFiles, Trust};

/// How to speak TLS with `host`, and its name.
///
/// # Errors
/// Names the file that is missing, holds no certificate or key, or is a certificate out of its time; there is no authority.
pub fn configure(
    host: &str,
    files: &TlsFiles,
) -> Result<(Arc<rustls::ClientConfig>, ServerName<'static>), EngineError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| EngineError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(&files.trust, provider)?);
    let mut config = match &files.client {
        None => builder.with_no_client_auth(),
        Some(ClientFiles { cert, key }) => {
            let chain = certificates(cert)?;
            if let Some(first) = chain.first() {
                check_dates(cert, first)?;
            }
            let read = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            builder.with_client_auth_cert(chain, read).map_err(|error| {
                EngineError::Tls(format!(
                    "{} and {} do not go together: {error}",
                    cert.display(),
                    key.display()
                ))
            })?
        }
    };
    // A server that asks for client certificates and keeps no name for its sessions (OpenSSL's default, so socat's too) ends
    // every handshake that would resume one. Calls are few: a whole handshake for each costs less than such a host.
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| EngineError::Tls(format!("{host:?} is no name that a certificate could have")))?;
    Ok((Arc::new(config), name))
}

fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, EngineError> {
    let mut roots = rustls::RootCertStore::empty();
    let (own, whose) = match trust {
        Trust::Anybody => return Ok(Arc::new(AnyCertificate::new(provider))),
        Trust::Machine => {
            // What cannot be read cannot be trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            (Vec::new(), "the authorities of this machine".to_owned())
        }
        Trust::Authority(file) => {
            let own = certificates(file)?;
            for certificate in &own {
                roots.add(certificate.clone()).map_err(|error| {
                    let why = certificate_fault(&format!("{error:?}"));
                    EngineError::Tls(format!(
                        "{} holds a certificate that cannot be used: {why}",
                        file.display()
                    ))
                })?;
            }
            (own, file.display().to_string())
        }
    };
    match SignedOrOwn::new(roots, own, provider) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => Err(EngineError::Tls(format!("{whose}: {error}"))),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(file, &error))?;
    if found.is_empty() {
        return Err(EngineError::Tls(format!("{}: no certificate in it", file.display())));
    }
    Ok(found)
}

fn unusable(file: &Path, error: &rustls::pki_types::pem::Error) -> EngineError {
    EngineError::Tls(format!("{}: {error}", file.display()))
}

/// An engine says only "bad certificate" to one that is out of its time; here it can be told plainly.
fn check_dates(file: &Path, certificate: &CertificateDer<'_>) -> Result<(), EngineError> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else { return Ok(()) };
    let validity = parsed.validity();
    let now = x509_parser::time::ASN1Time::now();
    if now > validity.not_after {
        return Err(EngineError::Tls(format!(
            "our client certificate {} ended on {}",
            file.display(),
            validity.not_after
        )));
    }
    if now < validity.not_before {
        return Err(EngineError::Tls(format!(
            "our client certificate {} is valid only from {}",
            file.display(),
            validity.not_before
        )));
    }
    Ok(())
}
