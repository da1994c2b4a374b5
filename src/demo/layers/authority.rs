//! The demo's own authority, made at the start, and the certificates that it signs. Its key is never written anywhere.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::{LayersError, SITE, Trouble};

/// How an edge speaks TLS: well, or with one of two wrong certificates.
#[derive(Debug)]
pub struct Certificates {
    authority: String,
    good: Arc<ServerConfig>,
    ended: Arc<ServerConfig>,
    other: Arc<ServerConfig>,
}

impl Certificates {
    /// Makes an authority and all certificates.
    ///
    /// # Errors
    /// This machine has no random numbers.
    pub fn new() -> Result<Self, LayersError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "wakeboard demo");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Certificates {
            authority: authority.pem(),
            good: signed(&authority, SITE, 90)?,
            ended: signed(&authority, SITE, -3)?,
            other: signed(&authority, "www.bakery.test", 90)?,
        })
    }

    /// The authority's certificate in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// How an edge speaks that this befalls.
    #[must_use]
    pub fn of(&self, trouble: Option<Trouble>) -> &Arc<ServerConfig> {
        match trouble {
            Some(Trouble::Ended) => &self.ended,
            Some(Trouble::OtherName) => &self.other,
            _ => &self.good,
        }
    }
}

/// A certificate for that name that ends in so many days.
fn signed(
    authority: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    days: i64,
) -> Result<Arc<ServerConfig>, LayersError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let ((year, month, begins), (in_year, in_month, ends)) = (day(days - 365), day(days));
    params.not_before = date_time_ymd(year, month, begins);
    params.not_after = date_time_ymd(in_year, in_month, ends);
    let certificate = params.signed_by(&key, authority)?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    Ok(Arc::new(config))
}

/// The day in so many days: year, month, day.
fn day(days: i64) -> (i32, u8, u8) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let date = today.saturating_add(days.days());
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    (i32::from(date.year()), part(date.month()), part(date.day()))
}
