//! Whom TLS trusts, and the certificate that we show: PEM files below the callmap's folder.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Check;
use crate::config::callmap::inside;
use crate::config::callmap::limits::{LARGEST_PEM, MOST_PEMS};
use crate::config::callmap::shape::{HttpProbe, TlsProbe};
use crate::config::callmap::written::At;
use crate::config::callmap::wrong::Wrong;
use crate::config::error::ConfigError;
use crate::model::callmap::map::{Identity, Trust};

/// The PEM files of a callmap, each read and kept once, however many probes name it.
#[derive(Default)]
pub struct Pems {
    files: HashMap<PathBuf, Arc<[u8]>>,
    identities: HashMap<(PathBuf, PathBuf), Arc<Identity>>,
}

/// What a probe says of TLS.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    ca: Option<&'a At<String>>,
    cert: Option<&'a At<String>>,
    key: Option<&'a At<String>>,
    insecure: Option<&'a At<bool>>,
}

macro_rules! from_probe {
    ($($shape:ident)*) => {$(
        impl<'a> From<&'a $shape> for Written<'a> {
            fn from(probe: &'a $shape) -> Self {
                Written {
                    ca: probe.ca.as_ref(),
                    cert: probe.cert.as_ref(),
                    key: probe.key.as_ref(),
                    insecure: probe.insecure.as_ref(),
                }
            }
        }
    )*};
}

from_probe! { HttpProbe TlsProbe }

/// What a PEM file must hold.
#[derive(Clone, Copy)]
enum Holds {
    Certificates,
    Key,
}

/// Whom a probe trusts.
///
/// # Errors
/// A file that is none of ours to read or holds something else, a certificate without its key, or two things that exclude
/// each other.
pub fn trust(check: &Check<'_>, written: Written<'_>) -> Result<Trust, ConfigError> {
    let insecure = written.insecure.is_some_and(|insecure| insecure.value);
    if let (true, Some(ca)) = (insecure, written.ca) {
        let wrong = Wrong::new("with `insecure: true` no authority is asked", "leave one of them out");
        return Err(check.fault(ca.spot, wrong));
    }
    let identity = match (written.cert, written.key) {
        (Some(cert), Some(key)) => Some(identity(check, cert, key)?),
        (None, None) => None,
        (Some(cert), None) => return Err(check.fault(cert.spot, "`cert` needs its `key` beside it")),
        (None, Some(key)) => return Err(check.fault(key.spot, "`key` needs its `cert` beside it")),
    };
    let authorities = written.ca.map(|ca| pem(check, ca, Holds::Certificates)).transpose()?;
    let authorities = authorities.map(|(_, bytes)| bytes);
    Ok(Trust { authorities, identity, insecure })
}

/// Refuses what means nothing without TLS.
///
/// # Errors
/// There is such.
pub fn refuse(check: &Check<'_>, written: Written<'_>) -> Result<(), ConfigError> {
    let path = [("ca", written.ca), ("cert", written.cert), ("key", written.key)];
    let path = path.into_iter().find_map(|(name, it)| Some((name, it?.spot)));
    let found = path.or(written.insecure.map(|insecure| ("insecure", insecure.spot)));
    match found {
        Some((name, spot)) => {
            let wrong =
                Wrong::new(format!("`{name}` means nothing without TLS"), "the URL begins with `http://`");
            Err(check.fault(spot, wrong))
        }
        None => Ok(()),
    }
}

fn identity(check: &Check<'_>, cert: &At<String>, key: &At<String>) -> Result<Arc<Identity>, ConfigError> {
    let (cert_file, certificate) = pem(check, cert, Holds::Certificates)?;
    let (key_file, key_bytes) = pem(check, key, Holds::Key)?;
    let known = &mut check.pems.borrow_mut().identities;
    if known.len() >= MOST_PEMS && !known.contains_key(&(cert_file.clone(), key_file.clone())) {
        return Err(
            check.fault(cert.spot, format!("more than {MOST_PEMS} different pairs of `cert` and `key`"))
        );
    }
    let make = || Arc::new(Identity { certificate: certificate.to_vec(), key: key_bytes.to_vec() });
    Ok(known.entry((cert_file, key_file)).or_insert_with(make).clone())
}

fn pem(check: &Check<'_>, written: &At<String>, holds: Holds) -> Result<(PathBuf, Arc<[u8]>), ConfigError> {
    read(check, written, holds).map_err(|wrong| check.fault(written.spot, wrong))
}

fn read(check: &Check<'_>, written: &At<String>, holds: Holds) -> Result<(PathBuf, Arc<[u8]>), Wrong> {
    let name = &written.value;
    let found = inside::find(check.places.file(written.spot), name)?;
    let known = &mut check.pems.borrow_mut().files;
    let bytes = match known.get(&found) {
        Some(bytes) => bytes.clone(),
        None if known.len() >= MOST_PEMS => {
            return Err(format!("more than {MOST_PEMS} different PEM files").into());
        }
        None => {
            let bytes: Arc<[u8]> = inside::bytes(&found, name, LARGEST_PEM)?.into();
            known.insert(found.clone(), bytes.clone());
            bytes
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let (is_there, what) = match holds {
        Holds::Certificates => (text.contains("-----BEGIN CERTIFICATE-----"), "certificate"),
        Holds::Key => (text.contains("PRIVATE KEY-----"), "private key"),
    };
    if !is_there {
        return Err(format!("`{name}` holds no {what} in PEM").into());
    }
    if matches!(holds, Holds::Key) && text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        return Err(Wrong::new(
            format!("the key in `{name}` is encrypted"),
            "there is nobody to ask for its password",
        ));
    }
    Ok((found, bytes))
}
