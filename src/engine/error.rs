//! Why an engine did not do what it was asked, in words for the person who reads the screen.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bollard::errors::Error as ApiError;

use crate::model::certificate_words::{certificate_fault, spaced};
use crate::model::plain::plain;

/// What is said of a connection that ended before its time.
pub const CUT: &str = "the connection was cut";
/// What begins the word that memory cannot be pushed out for want of swap.
pub const NO_SWAP: &str = "no swap";

/// Why an engine did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no way to it.
    #[error("{0}")]
    Unreachable(String),
    /// It took the connection and said nothing.
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// It said no.
    #[error("answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The engine's message.
        message: String,
    },
    /// What it said is not the engine API.
    #[error("does not speak the engine API: {0}")]
    Garbage(String),
    /// Certificates do not fit.
    #[error("{0}")]
    Tls(String),
    /// It cannot be done there, and why.
    #[error("{0}")]
    Unable(String),
    /// The ssh login failed.
    #[error("ssh: {0}")]
    Ssh(String),
}

impl EngineError {
    /// Says that a container is not there any more.
    #[must_use]
    pub fn gone(name: &str) -> Self {
        EngineError::Refused { status: 404, message: format!("{name} is gone") }
    }

    /// Whether the way to the engine was lost, so that nobody knows whether it did what it was asked.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !matches!(self, EngineError::Refused { .. } | EngineError::Unable(_))
    }

    /// Whether memory could not be pushed out for want of swap: nothing was changed.
    #[must_use]
    pub fn is_no_swap(&self) -> bool {
        matches!(self, EngineError::Unable(why) if why.starts_with(NO_SWAP))
    }

    /// Whether the engine says that there is no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, EngineError::Refused { status: 404, .. })
    }

    /// Whether the container is in no state for that, or somebody else is at it: look again before trying again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            EngineError::Refused { status: 409, .. } => true,
            // Podman's words for it.
            EngineError::Refused { status: 500, message } => message.contains("container state improper"),
            _ => false,
        }
    }

    /// Whether it was so already: a start of what runs, a stop of what does not. A restore that gets this answer did
    /// nothing.
    #[must_use]
    pub fn is_already(&self) -> bool {
        matches!(self, EngineError::Refused { status: 304, .. })
    }

    /// Whether the engine's runtime keeps a half-made container or task of that id, which nobody can start any more: so it is
    /// after Docker 20.10 was killed in the middle of a start, and its own restart does not mend it.
    #[must_use]
    pub fn says_runtime_keeps_it(&self) -> bool {
        let says = |message: &str| {
            message.contains("container with given ID already exists")
                || message == "id already in use"
                || message.split_once("task ").is_some_and(|(_, rest)| rest.contains(": already exists"))
        };
        matches!(self, EngineError::Refused { message, .. } if says(message))
    }

    /// Whether something of that name is in the way. Docker 20.10 says so of every other checkpoint that is restored right
    /// after the dump: the same call works some 100 ms later, seldom only with the third attempt.
    #[must_use]
    pub fn says_already_exists(&self) -> bool {
        matches!(self, EngineError::Refused { message, .. } if message.contains("already exists"))
    }

    /// Whether the container is gone or is being removed by somebody else. A prune takes containers that do not run, those that
    /// were just created among them.
    #[must_use]
    pub fn says_removed(&self) -> bool {
        matches!(self, EngineError::Refused { message, .. } if says_removed(message))
    }

    /// Whether a container does not start because another one has its address, or has the last address of its network.
    #[must_use]
    pub fn is_address_taken(&self) -> bool {
        let says = |message: &str| {
            message.contains("Address already in use") || message.contains("no available IPv4 addresses")
        };
        matches!(self, EngineError::Refused { message, .. } if says(message))
    }

    /// Whether the runtime gave up freezing a container's processes: on a busy host with cgroup v1 not all of them stop
    /// within runc's tries. It has let them run again, and the same call works later.
    #[must_use]
    pub fn is_unable_to_freeze(&self) -> bool {
        matches!(self, EngineError::Refused { message, .. } if message.contains("unable to freeze"))
    }
}

/// Whether an engine's message says that a container is gone or is being removed. Docker says "No such container: ID",
/// "container is marked for removal and cannot be started" and "removal of container ID is already in progress".
#[must_use]
pub fn says_removed(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["no such container", "marked for removal", "removal of container"].iter().any(|it| message.contains(it))
}

impl From<ApiError> for EngineError {
    fn from(error: ApiError) -> Self {
        match &error {
            ApiError::DockerResponseServerError { status_code: 304, .. } => {
                EngineError::Refused { status: 304, message: "it is so already".to_owned() }
            }
            ApiError::DockerResponseServerError { status_code, message } => {
                EngineError::Refused { status: *status_code, message: plain(message.trim()).into_owned() }
            }
            ApiError::RequestTimeoutError => EngineError::Silent(super::docker::LONGEST_CALL),
            ApiError::JsonDataError { .. }
            | ApiError::JsonSerdeError { .. }
            | ApiError::StrParseError { .. } => EngineError::Garbage(plain(&error.to_string()).into_owned()),
            // These two show their inner error's causes as their own, so the inner error must be looked at by name.
            ApiError::IOError { err } => from_io(err),
            ApiError::HyperResponseError { err } => from_chain(err),
            _ => from_chain(&error),
        }
    }
}

/// Looks through an error's causes for the one that a person can act on.
fn from_chain(error: &(dyn StdError + 'static)) -> EngineError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(io) = this.downcast_ref::<io::Error>() {
            return from_io(io);
        }
        if let Some(tls) = this.downcast_ref::<rustls::Error>() {
            return EngineError::Tls(tls_reason(tls));
        }
        if let Some(http) = this.downcast_ref::<hyper::Error>() {
            if http.is_parse() || http.is_parse_too_large() {
                return EngineError::Garbage(format!("not HTTP ({http})"));
            }
            if http.source().is_none() {
                return EngineError::Unreachable(CUT.to_owned());
            }
        }
        cause = this.source();
    }
    EngineError::Unreachable(plain(&error.to_string()).into_owned())
}

fn from_io(error: &io::Error) -> EngineError {
    if let Some(inner) = error.get_ref() {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return EngineError::Tls(tls_reason(tls));
        }
        if inner.downcast_ref::<super::docker::transport::TooMuch>().is_some() {
            return EngineError::Garbage(inner.to_string());
        }
        // bollard's line reader wraps its own errors this way.
        if let Some(http) = inner.downcast_ref::<hyper::Error>() {
            return from_chain(http);
        }
    }
    EngineError::Unreachable(match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NotFound => "no such socket: is the engine running?".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied: may this user use the engine's socket?".to_owned()
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => CUT.to_owned(),
        // bollard makes a text of what ends a stream; this one is hyper's.
        io::ErrorKind::Other if error.to_string().contains("reading a body") => CUT.to_owned(),
        _ => plain(&error.to_string()).into_owned(),
    })
}

fn tls_reason(error: &rustls::Error) -> String {
    use rustls::{AlertDescription as Alert, CertificateError as Cert, Error};
    match error {
        Error::AlertReceived(Alert::CertificateExpired) => {
            "the engine refuses our client certificate: it has expired".to_owned()
        }
        Error::AlertReceived(
            Alert::BadCertificate | Alert::UnknownCA | Alert::CertificateUnknown | Alert::DecryptError,
        ) => "the engine refuses our client certificate: not signed by the authority that it trusts?"
            .to_owned(),
        Error::AlertReceived(Alert::CertificateRequired) => {
            "the engine wants a client certificate: give the host a `tls` folder".to_owned()
        }
        Error::InvalidCertificate(Cert::UnknownIssuer) => {
            "the engine's certificate is not signed by the given authority (ca.pem)".to_owned()
        }
        Error::InvalidCertificate(Cert::Expired | Cert::ExpiredContext { .. }) => {
            "the engine's certificate has expired".to_owned()
        }
        Error::InvalidCertificate(Cert::NotValidForName | Cert::NotValidForNameContext { .. }) => {
            "the engine's certificate is for another name".to_owned()
        }
        Error::InvalidCertificate(why) => {
            format!("the engine's certificate cannot be used: {}", certificate_fault(&format!("{why:?}")))
        }
        Error::AlertReceived(alert) => {
            format!("the engine refuses the TLS handshake ({})", spaced(&format!("{alert:?}")))
        }
        Error::PeerIncompatible(_) => {
            "no version or cipher of TLS in common with the engine (we speak 1.2 and 1.3)".to_owned()
        }
        Error::InvalidMessage(_) => "the engine does not speak TLS on this port".to_owned(),
        other => format!("TLS: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runtime_keeps_is_known_by_its_words() {
        let refused = |message: &str| EngineError::Refused { status: 500, message: message.to_owned() };
        assert!(refused("task 8f21c20: already exists").says_runtime_keeps_it());
        assert!(refused("container with given ID already exists: unknown").says_runtime_keeps_it());
        assert!(refused("id already in use").says_runtime_keeps_it());
        assert!(!refused("that ID is already in use").says_runtime_keeps_it(), "Podman's, of a restore");
        let restore =
            "failed to upload checkpoint to containerd: commit failed: content sha256:5a: already exists";
        assert!(!refused(restore).says_runtime_keeps_it() && refused(restore).says_already_exists());
    }

    #[test]
    fn a_removal_by_somebody_else_and_a_taken_address_are_known_by_their_words() {
        let refused = |status, message: &str| EngineError::Refused { status, message: message.to_owned() };
        assert!(refused(404, "No such container: 7d32b9e5a902").says_removed());
        assert!(refused(409, "container is marked for removal and cannot be started").says_removed());
        assert!(refused(409, "removal of container 7d32 is already in progress").says_removed());
        assert!(!refused(404, "network hazel-net not found").says_removed());
        assert!(!refused(409, "Conflict. The container name \"/a\" is already in use").says_removed());
        assert!(refused(403, "Address already in use").is_address_taken());
        assert!(
            refused(500, "no available IPv4 addresses on this network's address pools: a").is_address_taken()
        );
        let port = "listen tcp4 0.0.0.0:80: bind: address already in use";
        assert!(!refused(500, port).is_address_taken(), "a port is no address of a network");
    }
}
