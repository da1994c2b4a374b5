//! The hosts of the config, checked.

use std::collections::HashMap;
use std::path::Path;

use super::env::Env;
use super::error::ConfigError;
use super::locate::Step::{Key, Name};
use super::ordered::Ordered;
use super::shape::{Host, Tls};
use super::yaml::Source;
use crate::model::host::{ClientFiles, Endpoint, HostSpec, PLAIN_PORT, TLS_PORT, TlsFiles, Trust};

/// How host names look: they stand in narrow columns, in commands and in file names.
pub(super) const NAME_PATTERN: &str = r"^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$";

/// Whether `name` may name a host.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.chars().count() <= 40
        && name.starts_with(char::is_alphanumeric)
        && name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
}

/// The hosts in the order of the file.
///
/// # Errors
/// There are none, a name or an endpoint is wrong, or two hosts are the same engine.
pub fn check(source: Source<'_>, hosts: &Ordered<Host>, env: &Env) -> Result<Vec<HostSpec>, ConfigError> {
    if hosts.0.is_empty() {
        let help = "name at least one, or leave `hosts` out: then the engines of this machine are found";
        return Err(source.fault(&[Key("hosts")], "there is no host").with_help(Some(help.to_owned())));
    }
    let mut specs = Vec::new();
    let mut taken = HashMap::new();
    for (name, host) in &hosts.0 {
        if !is_name(name) {
            let message = format!("{name:?} cannot be a host's name");
            let help = "up to 40 letters, digits, `.`, `_` and `-`, a letter or digit first".to_owned();
            return Err(source.fault(&[Key("hosts"), Name(name)], message).with_help(Some(help)));
        }
        let (path, text, tls) = match host {
            Host::Endpoint(text) => (vec![Key("hosts"), Key(name)], text, None),
            Host::Whole(whole) => {
                (vec![Key("hosts"), Key(name), Key("endpoint")], &whole.endpoint, whole.tls.as_ref())
            }
        };
        let mut endpoint: Endpoint = text.parse().map_err(|error| source.fault(&path, format!("{error}")))?;
        if let Some(tls) = tls {
            let files = files(source.file, tls, env);
            endpoint = secured(text, endpoint, files)
                .map_err(|why| source.fault(&[Key("hosts"), Key(name), Key("tls")], why))?;
        }
        // The address alone counts: one engine with and without certificates is still one engine.
        if let Some(other) = taken.insert(endpoint.to_string(), name) {
            let message = format!("this is the same engine as `{other}`: {endpoint}");
            return Err(source.fault(&path, message));
        }
        specs.push(HostSpec { name: name.as_str().into(), endpoint });
    }
    Ok(specs)
}

fn files(file: &Path, tls: &Tls, env: &Env) -> TlsFiles {
    match tls {
        Tls::Folder(folder) => TlsFiles::in_folder(&env.path_in(file, folder)),
        Tls::Files(paths) => TlsFiles {
            trust: Trust::Authority(env.path_in(file, &paths.ca)),
            client: Some(ClientFiles {
                cert: env.path_in(file, &paths.cert),
                key: env.path_in(file, &paths.key),
            }),
        },
    }
}

/// The endpoint written as `text`, with client certificates. Where no port is written, it is then the one for TLS.
pub(super) fn secured(text: &str, endpoint: Endpoint, files: TlsFiles) -> Result<Endpoint, String> {
    match endpoint {
        Endpoint::Tcp { host, port, .. } => {
            let written = text.trim_end_matches('/').ends_with(&format!(":{port}"));
            let port = if port == PLAIN_PORT && !written { TLS_PORT } else { port };
            Ok(Endpoint::Tcp { host, port, tls: Some(files) })
        }
        other => other.with_tls(files).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("tcp://a", "tcp://a:2376")]
    #[case("tcp://a:2375", "tcp://a:2375")]
    #[case("tcp://[::2375]", "tcp://[::2375]:2376")]
    #[case("tcp://a:9/", "tcp://a:9")]
    fn certificates_bring_their_port(#[case] text: &str, #[case] told: &str) {
        let files = TlsFiles::in_folder(Path::new("/c"));
        assert_eq!(secured(text, text.parse().unwrap(), files).unwrap().to_string(), told);
    }

    #[test]
    fn names_are_short_words() {
        assert!(is_name("web-1") && is_name("主机1") && is_name("10.0.0.5"));
        for bad in ["", "-a", "a b", "a/b", "a\u{1b}", &"a".repeat(41)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
