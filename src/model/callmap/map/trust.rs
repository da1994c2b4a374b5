//! TLS: whom it trusts, what we show, which versions there are.

use std::fmt;
use std::sync::Arc;

/// Whom TLS trusts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// PEM of authorities that are trusted instead of the system's.
    pub authorities: Option<Arc<[u8]>>,
    /// PEM of the certificate and key that we show.
    pub identity: Option<Arc<Identity>>,
    /// Any certificate will do. Said in every report.
    pub insecure: bool,
}

/// A client certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The chain, PEM.
    pub certificate: Vec<u8>,
    /// The key, PEM.
    pub key: Vec<u8>,
}

/// Versions of TLS that we speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Two,
    /// TLS 1.3.
    Three,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Trust");
        shown.field("authorities", &self.authorities.is_some()).field("identity", &self.identity.is_some());
        shown.field("insecure", &self.insecure).finish()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}
