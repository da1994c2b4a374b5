//! Client certificates: read from files, checked for what can be told before the first connection.

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::own_certificate::SignedOrOwn;
use crate::engine::EngineError;
use crate::model::certificate_words::certificate_fault;
use crate::model::host::TlsFiles;

/// How to speak TLS with `host`, and its name.
///
/// # Errors
/// Names the file that is missing, holds no certificate or key, or is a certificate out of its time.
pub fn configure(
    host: &str,
    files: &TlsFiles,
) -> Result<(Arc<rustls::ClientConfig>, ServerName<'static>), EngineError> {
    let mut roots = rustls::RootCertStore::empty();
    let own = certificates(&files.ca)?;
    for certificate in &own {
        roots.add(certificate.clone()).map_err(|error| {
            let why = certificate_fault(&format!("{error:?}"));
            EngineError::Tls(format!("{} holds a certificate that cannot be used: {why}", files.ca.display()))
        })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = SignedOrOwn::new(roots, own, provider.clone())
        .map_err(|error| EngineError::Tls(format!("{}: {error}", files.ca.display())))?;
    let chain = certificates(&files.cert)?;
    if let Some(first) = chain.first() {
        check_dates(&files.cert, first)?;
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable(&files.key, &error))?;
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| EngineError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain, key)
        .map_err(|error| {
            EngineError::Tls(format!(
                "{} and {} do not go together: {error}",
                files.cert.display(),
                files.key.display()
            ))
        })?;
    // A server that asks for client certificates and keeps no name for its sessions (OpenSSL's default, so socat's too) ends
    // every handshake that would resume one. Calls are few: a whole handshake for each costs less than such a host.
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| EngineError::Tls(format!("{host:?} is no name that a certificate could have")))?;
    Ok((Arc::new(config), name))
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
