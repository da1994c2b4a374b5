//! Hosts: where an engine is, and the short name it goes by.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// The short name of a host, unique in one wakeboard.
pub type HostName = Arc<str>;

/// The port of Docker's API without TLS, by convention.
pub const PLAIN_PORT: u16 = 2375;
/// The port of Docker's API with TLS, by convention.
pub const TLS_PORT: u16 = 2376;
/// Where an engine listens when nobody says otherwise.
pub const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// One engine that we talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSpec {
    /// The short name shown everywhere.
    pub name: HostName,
    /// Where it is.
    pub endpoint: Endpoint,
}

/// How TLS is spoken with an engine: files in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsFiles {
    /// Which certificate of the engine is taken.
    pub trust: Trust,
    /// Our certificate and key, where the engine is shown any.
    pub client: Option<ClientFiles>,
}

/// Which certificate of an engine is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// One that the authority of this file has signed.
    Authority(PathBuf),
    /// One that an authority has signed which this machine trusts.
    Machine,
    /// Any: whoever is on the way there can be the engine. Only where Docker's own settings say so.
    Anybody,
}

/// A certificate of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientFiles {
    /// Our certificate.
    pub cert: PathBuf,
    /// Our private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The three files as Docker names them in one folder.
    #[must_use]
    pub fn in_folder(folder: &std::path::Path) -> Self {
        let client = ClientFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
        TlsFiles { trust: Trust::Authority(folder.join("ca.pem")), client: Some(client) }
    }
}

impl HostSpec {
    /// What whoever uses this host ought to know of the way to it.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        let Endpoint::Tcp { tls: Some(TlsFiles { trust: Trust::Anybody, .. }), .. } = &self.endpoint else {
            return None;
        };
        Some(
            "INSECURE: the engine's certificate is not verified, as Docker's own settings say; whoever is on the way there \
             can read and change all that is done",
        )
    }
}

/// Where an engine is. Two endpoints are the same engine only if all of this is the same, the port included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A socket on this machine.
    Unix(PathBuf),
    /// A TCP address, with TLS or in the clear.
    Tcp {
        /// Name or address, an IPv6 address without brackets.
        host: String,
        /// The port.
        port: u16,
        /// How TLS is spoken; without it the connection is in the clear.
        tls: Option<TlsFiles>,
    },
    /// A socket on another machine, through the system's `ssh`.
    Ssh {
        /// The user, else what the ssh configuration says.
        user: Option<String>,
        /// Name or address, an IPv6 address without brackets.
        host: String,
        /// The port, else what the ssh configuration says.
        port: Option<u16>,
        /// The engine's socket over there.
        socket: PathBuf,
    },
}

impl Endpoint {
    /// The same endpoint with client certificates. Only a TCP endpoint takes them.
    ///
    /// # Errors
    /// Says so where the endpoint is no TCP address.
    pub fn with_tls(self, files: TlsFiles) -> Result<Self, BadEndpoint> {
        match self {
            Endpoint::Tcp { host, port, .. } => Ok(Endpoint::Tcp { host, port, tls: Some(files) }),
            other => {
                Err(BadEndpoint { text: other.to_string(), why: "client certificates go with tcp:// only" })
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port, .. } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Endpoint::Ssh { user, host, port, socket } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&bracketed(host))?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                if socket.as_os_str() != DEFAULT_SOCKET {
                    write!(f, "{}", socket.display())?;
                }
                Ok(())
            }
        }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A text that names no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no engine address: {why}")]
pub struct BadEndpoint {
    /// What was written.
    pub text: String,
    /// What is wrong with it, and what would be right.
    pub why: &'static str,
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    /// Reads `unix:///path`, `tcp://host[:port]` and `ssh://[user@]host[:port][/socket]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |why| BadEndpoint { text: text.to_owned(), why };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(bad("it has a space or a control character"));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| bad("write unix:///path, tcp://host:port or ssh://[user@]host[:port]"))?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Endpoint::Unix(PathBuf::from(rest))),
            "unix" => Err(bad("a socket needs a whole path: unix:///run/engine.sock")),
            "tcp" => {
                let (host, port) = host_and_port(rest.trim_end_matches('/')).map_err(bad)?;
                Ok(Endpoint::Tcp { host, port: port.unwrap_or(PLAIN_PORT), tls: None })
            }
            "ssh" => {
                let (authority, socket) = match rest.find('/') {
                    Some(at) if rest.len() > at + 1 => (&rest[..at], &rest[at..]),
                    Some(at) => (&rest[..at], DEFAULT_SOCKET),
                    None => (rest, DEFAULT_SOCKET),
                };
                let (user, authority) = match authority.split_once('@') {
                    Some((user, rest)) => (Some(user), rest),
                    None => (None, authority),
                };
                // `ssh` would read such a name as an option of its own.
                if user.is_some_and(|user| user.is_empty() || user.starts_with('-')) {
                    return Err(bad("the user before @ is missing or starts with a dash"));
                }
                let (host, port) = host_and_port(authority).map_err(bad)?;
                Ok(Endpoint::Ssh { user: user.map(str::to_owned), host, port, socket: PathBuf::from(socket) })
            }
            _ => Err(bad("the scheme must be unix, tcp or ssh")),
        }
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("the bracket of the IPv6 address is open")?;
        match after {
            "" => (host, None),
            _ => (host, Some(after.strip_prefix(':').ok_or("after ] only :port may follow")?)),
        }
    } else {
        match authority.split_once(':') {
            Some((_, rest)) if rest.contains(':') => {
                return Err("an IPv6 address goes in brackets: tcp://[2001:db8::1]:2376");
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    if host.is_empty() {
        return Err("the host is missing");
    }
    if host.starts_with('-') || host.contains(['/', '@', '?', '#']) {
        return Err("the host has a character that no host name has");
    }
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(0) | Err(_) => return Err("the port must be a number from 1 to 65535"),
            Ok(port) => Some(port),
        },
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("unix:///run/docker.sock")]
    #[case("tcp://10.0.0.5:2376")]
    #[case("tcp://[2001:db8::1]:2376")]
    #[case("ssh://ops@web-3:2222")]
    #[case("ssh://web-3")]
    #[case("ssh://web-3/run/user/1000/podman/podman.sock")]
    fn an_endpoint_prints_as_it_was_written(#[case] text: &str) {
        assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("", "write unix")]
    #[case("docker.sock", "write unix")]
    #[case("unix://run/docker.sock", "whole path")]
    #[case("http://x", "unix, tcp or ssh")]
    #[case("tcp://", "host is missing")]
    #[case("tcp://x:0", "1 to 65535")]
    #[case("tcp://x:99999", "1 to 65535")]
    #[case("tcp://2001:db8::1:2376", "brackets")]
    #[case("ssh://-oProxyCommand=x", "no host name")]
    #[case("ssh://-x@host", "dash")]
    #[case("ssh://a b", "space")]
    fn a_wrong_endpoint_says_what_would_be_right(#[case] text: &str, #[case] why: &str) {
        let told = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }

    #[test]
    fn hosts_that_differ_by_port_only_are_two() {
        let one: Endpoint = "tcp://10.0.0.5:2375".parse().unwrap();
        let two: Endpoint = "tcp://10.0.0.5:2376".parse().unwrap();
        assert_ne!(one, two);
    }
}
