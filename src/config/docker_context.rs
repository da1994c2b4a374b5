//! The engine that Docker's command line would talk to: its current context.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::env::Env;
use super::error::{ConfigError, Place};
use super::hosts::{is_name, secured};
use super::yaml;
use crate::model::host::{ClientFiles, Endpoint, HostSpec, TlsFiles, Trust};

/// Docker's name for "no context: the usual socket".
const NO_CONTEXT: &str = "default";

#[derive(Deserialize)]
struct CliConfig {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: HashMap<String, MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_verify: bool,
}

/// The folder of Docker's command line.
pub(super) fn folder(env: &Env) -> Option<PathBuf> {
    let told = env.var("DOCKER_CONFIG").map(PathBuf::from);
    told.or_else(|| env.home.as_ref().map(|home| home.join(".docker")))
}

/// The host of the current context, if one is chosen.
///
/// # Errors
/// The chosen context is not there, or it or Docker's config file cannot be read.
pub(super) fn current(env: &Env) -> Result<Option<HostSpec>, ConfigError> {
    let Some(folder) = folder(env) else {
        return Ok(None);
    };
    let config = folder.join("config.json");
    let (name, origin) = match env.var("DOCKER_CONTEXT") {
        Some(name) => (name.to_owned(), "DOCKER_CONTEXT".to_owned()),
        None => match json::<CliConfig>(&config)?.and_then(|config| config.current_context) {
            Some(name) if !name.is_empty() => (name, config.to_string_lossy().into_owned()),
            _ => return Ok(None),
        },
    };
    if name == NO_CONTEXT {
        return Ok(None);
    }
    let contexts = folder.join("contexts");
    for (hash, file) in metas(&contexts.join("meta")) {
        // One unreadable context must not hide the one that is asked for.
        let Ok(Some(meta)) = json::<Meta>(&file) else { continue };
        if meta.name == name {
            return host(&file, &meta, &contexts.join("tls").join(hash).join("docker")).map(Some);
        }
    }
    Err(ConfigError::of(&origin, format!("there is no docker context `{name}`")))
}

/// The folders' names (hashes of the contexts' names) with their files, in a steady order.
fn metas(folder: &Path) -> Vec<(std::ffi::OsString, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut metas: Vec<_> =
        entries.map(|entry| (entry.file_name(), entry.path().join("meta.json"))).collect();
    metas.sort();
    metas
}

fn host(file: &Path, meta: &Meta, tls: &Path) -> Result<HostSpec, ConfigError> {
    let fault = |why: String| ConfigError::in_file(file, why);
    let told = meta.endpoints.get("docker");
    let text = told.map(|endpoint| endpoint.host.as_str()).unwrap_or_default();
    let text = &super::discover::as_docker_reads(text);
    let mut endpoint: Endpoint = text.parse().map_err(|error| fault(format!("{error}")))?;
    if let Some(tls) = tls_of(tls, told.is_some_and(|told| told.skip_verify))
        && matches!(endpoint, Endpoint::Tcp { .. })
    {
        endpoint = secured(text, endpoint, tls).map_err(fault)?;
    }
    let name = if is_name(&meta.name) { meta.name.as_str() } else { "docker" };
    Ok(HostSpec { name: name.into(), endpoint })
}

/// How TLS is spoken in a context: by those files that it has, and not at all where it has none and says nothing.
fn tls_of(folder: &Path, skips_verify: bool) -> Option<TlsFiles> {
    let (authority, client) = (folder.join("ca.pem"), client_in(folder));
    let trust = match (skips_verify, authority.is_file()) {
        (true, _) => Trust::Anybody,
        (false, true) => Trust::Authority(authority),
        (false, false) if client.is_some() => Trust::Machine,
        (false, false) => return None,
    };
    Some(TlsFiles { trust, client })
}

/// The certificate with its key that Docker's command line would show from this folder: one that has a key.
pub(super) fn client_in(folder: &Path) -> Option<ClientFiles> {
    let files = ClientFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    files.key.is_file().then_some(files)
}

/// A JSON file, if it is there.
fn json<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, ConfigError> {
    match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let text = yaml::open(file)?;
    serde_json::from_str(&text).map(Some).map_err(|error| {
        // This reader counts columns in bytes.
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let before = line.as_bytes().get(..error.column().saturating_sub(1)).unwrap_or(line.as_bytes());
        let column = 1 + String::from_utf8_lossy(before).chars().count();
        let told = error.to_string();
        let message = told.rsplit_once(" at line ").map_or(told.as_str(), |(message, _)| message);
        ConfigError::in_file(file, message).at(Place { line: error.line().max(1), column }, &text)
    })
}
