//! What sockets and TLS say when they fail, in a person's words.

use std::io::{self, ErrorKind};

use crate::model::callmap::answer::{Fault, FaultKind};
use crate::model::certificate_words::{certificate_fault, spaced};

/// Too many open files, of this process and of the machine.
const NO_HANDLES: [i32; 2] = [24, 23];

pub fn fault(kind: FaultKind, text: impl Into<String>) -> Fault {
    Fault { kind, text: text.into() }
}

/// A socket's error while `doing`: "while connecting".
pub fn of_io(error: &io::Error, doing: &str) -> Fault {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    if error.raw_os_error().is_some_and(|code| NO_HANDLES.contains(&code)) {
        return fault(FaultKind::Ours, "this machine has no more file handles for us (ulimit -n)");
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => fault(FaultKind::Refused, "connection refused"),
        ErrorKind::HostUnreachable => fault(FaultKind::Unreachable, "no way there: host unreachable"),
        ErrorKind::NetworkUnreachable => fault(FaultKind::Unreachable, "no way there: network unreachable"),
        ErrorKind::TimedOut => fault(FaultKind::TimedOut, format!("no answer {doing}")),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            fault(FaultKind::Cut, format!("connection reset {doing}"))
        }
        ErrorKind::UnexpectedEof => fault(FaultKind::Cut, format!("connection closed {doing}")),
        ErrorKind::AddrNotAvailable => {
            fault(FaultKind::Ours, "this machine has no address or port left to ask from")
        }
        ErrorKind::PermissionDenied => {
            fault(FaultKind::Ours, "this machine's own firewall does not let us there")
        }
        _ => fault(FaultKind::Ours, format!("{error}, {doing}")),
    }
}

/// Why TLS did not come about.
pub fn of_tls(error: &rustls::Error) -> Fault {
    use rustls::{AlertDescription as Alert, Error};
    let text = match error {
        Error::InvalidMessage(_) => "what came back is not TLS".to_owned(),
        Error::AlertReceived(Alert::UnrecognisedName) => {
            "the server does not know this name (SNI)".to_owned()
        }
        Error::AlertReceived(Alert::CertificateRequired) => {
            "the server wants a client certificate".to_owned()
        }
        Error::AlertReceived(Alert::NoApplicationProtocol) | Error::NoApplicationProtocol => {
            "the server does not agree to the version of HTTP".to_owned()
        }
        Error::AlertReceived(Alert::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "no version or cipher of TLS in common (we speak 1.2 and 1.3)".to_owned()
        }
        Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied),
        ) => format!("the server does not take our client certificate ({})", alert_name(*alert)),
        Error::AlertReceived(alert) => {
            format!("the server refused the TLS handshake ({})", alert_name(*alert))
        }
        Error::InvalidCertificate(why) => {
            format!("the server's certificate cannot be used: {}", certificate_fault(&format!("{why:?}")))
        }
        other => format!("TLS failed: {other}"),
    };
    fault(FaultKind::Tls, text)
}

/// `HandshakeFailure` as `handshake failure`.
fn alert_name(alert: rustls::AlertDescription) -> String {
    spaced(&format!("{alert:?}"))
}
