//! What a server's certificate says, and what is wrong with it.

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;

use super::fault::fault;
use super::handshake::Authorities;
use crate::model::callmap::answer::{Certificate, Fault, FaultKind};
use crate::model::callmap::tell::fingerprint;
use crate::model::callmap::words::distance;
use crate::model::certificate_words::certificate_fault;

/// How many names of a certificate are kept, and how many of them a reason tells.
const NAMES: usize = 64;
const TOLD: usize = 3;

/// The server's certificate, and what is wrong with it for whoever looks for `host`.
pub fn look(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    host: &str,
    authorities: &Authorities,
) -> Result<(Certificate, Option<String>), Fault> {
    let Some((first, others)) = chain.split_first() else {
        return Err(fault(FaultKind::Tls, "the server showed no certificate"));
    };
    let (_, parsed) = x509_parser::parse_x509_certificate(first).map_err(|error| {
        fault(FaultKind::Tls, format!("the server's certificate cannot be read: {error}"))
    })?;
    let certificate = Certificate {
        subject: parsed.subject().to_string(),
        names: names(&parsed),
        issuer: parsed.issuer().to_string(),
        begins: moment(parsed.validity().not_before),
        ends: moment(parsed.validity().not_after),
        fingerprint: fingerprint(first),
        chain: chain.len(),
    };
    let mut faults = Vec::new();
    dates(&certificate, &mut faults);
    let version = parsed.version().0 + 1;
    if version < 3 {
        faults.push(format!("certificate is of X.509 version {version}, which has no names"));
    } else if !is_for(first, name) {
        faults.push(format!("certificate is for {}, not {host}", whom(&certificate)));
    }
    signature(first, others, name, &certificate, authorities, &mut faults);
    let distrust = if faults.is_empty() { None } else { Some(faults.join("; ")) };
    Ok((certificate, distrust))
}

fn dates(certificate: &Certificate, faults: &mut Vec<String>) {
    let now = Timestamp::now().as_second();
    let (begins, ends) = (certificate.begins.as_second(), certificate.ends.as_second());
    if ends < now {
        faults.push(format!("certificate ended {} ago", distance(now - ends)));
    } else if begins > now {
        faults.push(format!("certificate begins only in {}", distance(begins - now)));
    }
}

fn is_for(first: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    rustls::server::ParsedCertificate::try_from(first)
        .is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, name).is_ok())
}

/// Whether somebody trusted signed it. Asked for a time at which it was good, so that one that has ended is not told twice.
fn signature(
    first: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    certificate: &Certificate,
    authorities: &Authorities,
    faults: &mut Vec<String>,
) {
    if authorities.own.iter().any(|own| own == first) {
        return;
    }
    let is_own = certificate.subject == certificate.issuer;
    let nobody = if is_own {
        "certificate is signed by itself, and nobody trusts it here".to_owned()
    } else {
        format!("certificate is signed by nobody that is trusted here ({})", certificate.issuer)
    };
    let Some(verifier) = &authorities.verifier else {
        faults.push(nobody);
        return;
    };
    let now =
        Timestamp::now().clamp(certificate.begins, certificate.ends.max(certificate.begins)).as_second();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(now).unwrap_or(0)));
    let Err(error) = verifier.verify_server_cert(first, others, name, &[], now) else { return };
    let rustls::Error::InvalidCertificate(error) = error else {
        faults.push(format!("certificate cannot be checked: {error}"));
        return;
    };
    match error {
        // Told already.
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {}
        CertificateError::UnknownIssuer => faults.push(nobody),
        _ if is_own => faults.push(nobody),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            faults.push("a certificate of those that signed it has ended".to_owned());
        }
        CertificateError::BadSignature => faults.push(format!(
            "certificate is not signed with the key that is trusted here, though by its name ({})",
            certificate.issuer
        )),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            faults.push("certificate is not meant for servers".to_owned());
        }
        // Its version is told already.
        other if format!("{other:?}").contains("UnsupportedCertVersion") => faults.push(nobody),
        other => {
            let why = certificate_fault(&format!("{other:?}"));
            faults.push(format!("certificate cannot be trusted: {why}"));
        }
    }
}

/// Whom a certificate is for, in few words.
fn whom(certificate: &Certificate) -> String {
    match certificate.names.as_slice() {
        [] => "no name".to_owned(),
        names if names.len() <= TOLD => names.join(", "),
        names => format!("{} and {} more", names[..TOLD].join(", "), names.len() - TOLD),
    }
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(found)) = parsed.subject_alternative_name() else { return Vec::new() };
    let names = found.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    names.take(NAMES).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::IpAddr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::IpAddr::from(sixteen).to_string())
}

fn moment(time: ASN1Time) -> Timestamp {
    Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MAX)
}
