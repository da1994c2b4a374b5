//! Turns an answer into what a report says of it: judged, bounded, harmless for a terminal, and without secrets.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Certificate, HttpSeen, Phases, Seen, TlsSeen};
use super::judge::judge;
use super::map::{Ask, HttpAsk, Probe, RecordKind, Secrets};
use super::report::{Detail, Milliseconds, ProbeReport};
use crate::model::plain::plain;

/// How much of a body a report keeps, in characters.
pub const BODY_KEPT: usize = 2_048;

/// How many headers a report keeps.
pub const HEADERS_KEPT: usize = 32;

/// How many records or names of a certificate a report keeps.
pub const LINES_KEPT: usize = 64;

/// What stands in a report for the value of a header that may be a secret.
pub const NOT_KEPT: &str = "(not kept)";

/// Headers whose values let others in: what a server hands out to one visitor.
const SECRET_HEADERS: [&str; 7] = [
    "authorization",
    "authentication-info",
    "cookie",
    "set-cookie",
    "set-cookie2",
    "x-amz-security-token",
    "x-api-key",
];

/// Whether the value of a header may be a secret that reports must not keep: a session, a login, a key.
#[must_use]
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let says = |word: &str| name.split(['-', '_']).any(|part| part == word);
    SECRET_HEADERS.contains(&name.as_str())
        || name.starts_with("proxy-")
        || ["token", "secret", "password", "apikey", "session", "jwt"].into_iter().any(says)
        || name.ends_with("api-key")
}

/// `dns`, `http`, `https`, `tcp` or `tls`.
#[must_use]
pub fn kind(ask: &Ask) -> &'static str {
    match ask {
        Ask::Dns(_) => "dns",
        Ask::Http(ask) if ask.secure => "https",
        Ask::Http(_) => "http",
        Ask::Tcp(_) => "tcp",
        Ask::Tls(_) => "tls",
    }
}

/// What is asked: the URL, the name or the port, without secrets.
#[must_use]
pub fn asked(ask: &Ask) -> String {
    match ask {
        Ask::Dns(ask) => ask.name.shown().to_string(),
        Ask::Http(ask) => url(ask),
        Ask::Tcp(ask) => ask.port.to_string(),
        Ask::Tls(ask) if ask.port == 443 => ask.name.shown().to_string(),
        Ask::Tls(ask) => format!("{}:{}", ask.name.shown(), ask.port),
    }
}

/// The URL, with its port where that is not the scheme's.
fn url(ask: &HttpAsk) -> String {
    let (scheme, usual) = if ask.secure { ("https", 443) } else { ("http", 80) };
    let host = bracketed(ask.host.shown());
    let port = if ask.port == usual { String::new() } else { format!(":{}", ask.port) };
    format!("{scheme}://{host}{port}{}", ask.path.shown())
}

/// A host as URLs have it: IPv6 addresses in brackets.
#[must_use]
pub fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// The name of a type of records.
#[must_use]
pub fn record_name(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::A => "A",
        RecordKind::Aaaa => "AAAA",
        RecordKind::Cname => "CNAME",
        RecordKind::Txt => "TXT",
        RecordKind::Mx => "MX",
        RecordKind::Ns => "NS",
        RecordKind::Srv => "SRV",
        RecordKind::Ptr => "PTR",
    }
}

/// What is said of an answer at the time `now`.
#[must_use]
pub fn tell(probe: &Probe, target: &str, answer: &Answer, secrets: &Secrets, now: Timestamp) -> ProbeReport {
    let judgement = judge(probe, answer, secrets, now);
    let clean = |text: &str| plain(&secrets.hide(text)).into_owned();
    ProbeReport {
        target: clean(target).into(),
        kind: kind(&probe.ask).into(),
        ask: clean(&asked(&probe.ask)).into(),
        record: record(&probe.ask),
        verdict: judgement.verdict,
        reason: Some(clean(&judgement.reason)),
        milliseconds: milliseconds(&answer.phases),
        detail: Some(Arc::new(detail(probe, answer, secrets))),
    }
}

/// The type of the records that are asked for.
#[must_use]
pub fn record(ask: &Ask) -> Option<Arc<str>> {
    match ask {
        Ask::Dns(ask) => Some(record_name(ask.kind).into()),
        _ => None,
    }
}

/// SHA-256 in hex.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        text
    })
}

/// Phases in milliseconds, to the microsecond.
#[must_use]
pub fn milliseconds(phases: &Phases) -> Milliseconds {
    let of = |time: Option<Duration>| time.map(|time| (time.as_secs_f64() * 1e6).round() / 1e3);
    Milliseconds {
        dns: of(phases.dns),
        connect: of(phases.connect),
        tls: of(phases.tls),
        first_byte: of(phases.first_byte),
        total: of(phases.total),
    }
}

fn detail(probe: &Probe, answer: &Answer, secrets: &Secrets) -> Detail {
    let peer = answer.peer.map(|peer| peer.to_string());
    let mut detail = Detail { attempts: answer.attempts, peer, ..Detail::default() };
    match &answer.seen {
        Err(_) => {}
        Ok(Seen::Dns(seen)) => {
            let lines = seen.records.iter().take(LINES_KEPT);
            detail.body =
                lines.map(|line| plain(&secrets.hide(line)).into_owned()).collect::<Vec<_>>().join("\n");
        }
        Ok(Seen::Http(seen)) => {
            http(seen, &mut detail, secrets);
            // What has no hash is compared with nothing.
            let is_compared = !matches!(&probe.ask, Ask::Http(ask) if !ask.same_body);
            detail.hash = is_compared.then(|| fingerprint(&seen.body));
        }
        Ok(Seen::Tcp(banner)) => detail.body = start(banner, secrets),
        Ok(Seen::Tls(seen)) => tls(seen, &mut detail),
    }
    detail
}

fn http(seen: &HttpSeen, detail: &mut Detail, secrets: &Secrets) {
    detail.head = format!("{} {}", seen.version, seen.status);
    detail.headers = seen
        .headers
        .iter()
        .take(HEADERS_KEPT)
        .map(|(name, value)| {
            if is_secret_header(name) {
                return (plain(name).into_owned(), NOT_KEPT.to_owned());
            }
            let value = secrets.hide(&String::from_utf8_lossy(value));
            (plain(name).into_owned(), plain(&value).into_owned())
        })
        .collect();
    detail.body = start(&seen.body, secrets);
    if let Some(seen) = &seen.tls {
        detail.certificate = Some(harmless(&seen.certificate));
    }
}

fn tls(seen: &TlsSeen, detail: &mut Detail) {
    detail.head = seen.version.to_string();
    detail.certificate = Some(harmless(&seen.certificate));
}

fn harmless(certificate: &Certificate) -> Certificate {
    let names = certificate.names.iter().take(LINES_KEPT);
    Certificate {
        subject: plain(&certificate.subject).into_owned(),
        names: names.map(|name| plain(name).into_owned()).collect(),
        issuer: plain(&certificate.issuer).into_owned(),
        ..certificate.clone()
    }
}

/// The start of a body, line by line. Secrets go first: the half of one would not be known for one.
fn start(body: &[u8], secrets: &Secrets) -> String {
    // Without secrets the rest need not be looked at.
    let looked_at = if secrets.is_empty() { body.len().min(BODY_KEPT * 4) } else { body.len() };
    let text = String::from_utf8_lossy(&body[..looked_at]);
    let hidden = secrets.hide(&text);
    let mut kept = String::new();
    let mut left = BODY_KEPT;
    for line in hidden.split('\n') {
        let line: String = line.trim_end_matches('\r').chars().take(left).collect();
        left = left.saturating_sub(line.chars().count() + 1);
        kept.push_str(&plain(&line));
        if left == 0 {
            break;
        }
        kept.push('\n');
    }
    kept.truncate(kept.trim_end_matches('\n').len());
    kept
}
