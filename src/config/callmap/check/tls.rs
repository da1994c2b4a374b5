//! Certificates that must be well.

use super::{Check, http, names, trust};
use crate::config::callmap::shape::TlsProbe;
use crate::config::callmap::written::{At, Written};
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{Text, TlsAsk, TlsVersion};

/// The port where the probe says none.
const PORT: u16 = 443;

/// The question of a probe.
///
/// # Errors
/// A name or a port that is none, or an expectation that cannot be.
pub fn ask(check: &Check<'_>, probe: &TlsProbe) -> Result<TlsAsk, ConfigError> {
    let parts = names::split_port(&probe.tls.value)
        .and_then(|(host, port)| Ok((names::host(host)?, port.unwrap_or(PORT))));
    let (name, port) = parts.map_err(|wrong| check.fault(probe.tls.spot, wrong))?;
    let (mut cert_days, mut least) = (None, TlsVersion::default());
    if let Some(At { spot, value: expect }) = &probe.expect {
        if expect.cert_days.is_none() && expect.version.is_none() && expect.slow.is_none() {
            let wrong = Wrong::new("nothing is said", "say one of `cert_days`, `version`, `slow`");
            return Err(check.fault(*spot, wrong));
        }
        cert_days = expect.cert_days.as_ref().map(|days| http::days(check, days)).transpose()?;
        if let Some(written) = &expect.version {
            least = version(written).map_err(|wrong| check.fault(written.spot, wrong))?;
        }
    }
    let trust = trust::trust(check, probe.into())?;
    Ok(TlsAsk { name: Text::open(&name), port, trust, cert_days, least })
}

fn version(written: &At<Written>) -> Result<TlsVersion, Wrong> {
    match written.value.0.as_str() {
        "1.2" => Ok(TlsVersion::Two),
        "1.3" => Ok(TlsVersion::Three),
        other => Err(Wrong::new(format!("`{other}` is no version of TLS that is spoken"), "known: 1.2, 1.3")),
    }
}
