//! The engines that a machine has, for those who configured none: as Docker's own command line would find them, and then
//! every socket that is there.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::docker_context;
use super::env::Env;
use super::error::ConfigError;
use super::hosts::{is_name, secured};
use crate::model::host::{DEFAULT_SOCKET, Endpoint, HostSpec, TlsFiles, Trust};

/// The hosts of the environment. There is always at least one: where nothing is found, the row of the usual socket says so.
///
/// # Errors
/// The environment, or Docker's configuration, names an engine that cannot be.
pub fn hosts(env: &Env) -> Result<Vec<HostSpec>, ConfigError> {
    if let Some(text) = env.var("DOCKER_HOST") {
        return Ok(vec![from_variable(env, text)?]);
    }
    if let Some(host) = docker_context::current(env)? {
        return Ok(vec![host]);
    }
    Ok(sockets(env))
}

fn from_variable(env: &Env, text: &str) -> Result<HostSpec, ConfigError> {
    let fault = |why: String| ConfigError::of("DOCKER_HOST", why);
    let text = &as_docker_reads(text);
    let mut endpoint: Endpoint = text.parse().map_err(|error| fault(format!("{error}")))?;
    // As Docker's command line does, certificates are for TCP only and no fault elsewhere.
    let verifies = env.var("DOCKER_TLS_VERIFY").is_some();
    if (verifies || env.var("DOCKER_TLS").is_some()) && matches!(endpoint, Endpoint::Tcp { .. }) {
        let folder = env.var("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| docker_context::folder(env));
        let folder = folder.ok_or_else(|| {
            ConfigError::of(
                if verifies { "DOCKER_TLS_VERIFY" } else { "DOCKER_TLS" },
                "there is no folder of certificates: set DOCKER_CERT_PATH too",
            )
        })?;
        let trust = if verifies { Trust::Authority(folder.join("ca.pem")) } else { Trust::Anybody };
        let files = TlsFiles { trust, client: docker_context::client_in(&folder) };
        endpoint = secured(text, endpoint, files).map_err(fault)?;
    }
    Ok(HostSpec { name: name_of(&endpoint).into(), endpoint })
}

/// An engine's address in the forms that only Docker's own settings have: without a scheme, or without a host.
pub(super) fn as_docker_reads(text: &str) -> String {
    let rest = match text.split_once("://") {
        Some(("tcp", rest)) => rest,
        None if text.contains(':') && !text.starts_with('/') => text,
        Some(_) | None => return text.to_owned(),
    };
    let host = if rest.starts_with(':') || rest.is_empty() { "127.0.0.1" } else { "" };
    format!("tcp://{host}{rest}")
}

/// A name for an engine that has none: that of its machine.
fn name_of(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::Unix(_) => "local",
        Endpoint::Tcp { host, .. } | Endpoint::Ssh { host, .. } => {
            if is_name(host) {
                host
            } else {
                "docker"
            }
        }
    }
}

fn sockets(env: &Env) -> Vec<HostSpec> {
    let mut candidates: Vec<(&str, PathBuf)> = env.system_sockets.clone();
    if let Some(folder) = env.var("XDG_RUNTIME_DIR").map(Path::new) {
        // After the machine's own engine, before that of podman: the order that operators look in.
        let own = [("rootless", "docker.sock"), ("podman", "podman/podman.sock")];
        let own = own.map(|(name, socket)| (name, folder.join(socket)));
        let at = candidates.len().min(1);
        candidates.splice(at..at, own);
    }
    let mut seen = Vec::new();
    let mut hosts = Vec::new();
    for (name, socket) in candidates {
        let is_socket = std::fs::metadata(&socket).is_ok_and(|found| found.file_type().is_socket());
        // Podman likes to be found under Docker's name as well: that is one engine, not two.
        let Ok(whole) = socket.canonicalize() else { continue };
        if is_socket && !seen.contains(&whole) {
            seen.push(whole);
            hosts.push(HostSpec { name: name.into(), endpoint: Endpoint::Unix(socket) });
        }
    }
    if hosts.is_empty() {
        let socket = PathBuf::from(DEFAULT_SOCKET);
        hosts.push(HostSpec { name: "local".into(), endpoint: Endpoint::Unix(socket) });
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::as_docker_reads;
    use rstest::rstest;

    #[rstest]
    #[case("127.0.0.1:2375", "tcp://127.0.0.1:2375")]
    #[case(":2375", "tcp://127.0.0.1:2375")]
    #[case("tcp://:2375", "tcp://127.0.0.1:2375")]
    #[case("tcp://", "tcp://127.0.0.1")]
    #[case("localhost:2375", "tcp://localhost:2375")]
    #[case("[::1]:2375", "tcp://[::1]:2375")]
    #[case("tcp://a:1", "tcp://a:1")]
    #[case("unix:///run/docker.sock", "unix:///run/docker.sock")]
    #[case("/run/docker.sock", "/run/docker.sock")]
    #[case("ssh://ops@a", "ssh://ops@a")]
    fn addresses_without_scheme_or_host(#[case] written: &str, #[case] read: &str) {
        assert_eq!(as_docker_reads(written), read);
    }
}
