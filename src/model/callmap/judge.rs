//! What an answer is worth, given what was expected of it: a verdict, and why, in a person's words.

mod body;
mod dns;
mod http;

use jiff::Timestamp;

use super::answer::{Answer, Certificate, Seen, TlsSeen};
use super::map::{Ask, Matcher, Probe, Secrets, TcpAsk, TlsAsk, TlsVersion, Trust};
use super::report::Verdict;
use super::words::{counted, distance, lasting, quoted};

/// More addresses than these that did not answer are left out of a reason.
const MISSED_TOLD: usize = 3;

/// A verdict, and why. What came back in a few words where it is `ok`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Of the probe.
    pub verdict: Verdict,
    /// In words, without secrets.
    pub reason: String,
}

/// What was found: what speaks against the answer, and how it is told where nothing does.
struct Findings {
    faults: Vec<String>,
    well: String,
    /// What is said whatever the verdict.
    loud: Option<String>,
}

/// Judges an answer at the time `now`.
#[must_use]
pub fn judge(probe: &Probe, answer: &Answer, secrets: &Secrets, now: Timestamp) -> Judgement {
    let findings = match (&answer.seen, &probe.ask) {
        (Err(fault), _) => {
            return Judgement { verdict: Verdict::Fail, reason: again(secrets.hide(&fault.text), answer) };
        }
        (Ok(Seen::Dns(seen)), Ask::Dns(ask)) => dns::look(ask, seen, secrets),
        (Ok(Seen::Http(seen)), Ask::Http(ask)) => http::look(ask, seen, secrets, now),
        (Ok(Seen::Tcp(banner)), Ask::Tcp(ask)) => port(ask, banner, secrets),
        (Ok(Seen::Tls(seen)), Ask::Tls(ask)) => handshake(ask, seen, now),
        (Ok(_), _) => Findings::fault("the answer is to another question".to_owned()),
    };
    let total = answer.phases.total.unwrap_or_default();
    let late = probe.slow.filter(|slow| total > *slow);
    let (verdict, mut reason) = match (findings.faults.is_empty(), late) {
        (false, _) => (Verdict::Fail, findings.faults.join("; ")),
        (true, Some(slow)) => {
            let text = format!("took {}, slow from {}; {}", lasting(total), lasting(slow), findings.well);
            (Verdict::Slow, text)
        }
        (true, None) => (Verdict::Ok, findings.well),
    };
    if let Some(loud) = findings.loud {
        reason = format!("{reason}; {loud}");
    }
    if let Some(missed) = missed(answer) {
        reason = format!("{reason}; {missed}");
    }
    Judgement { verdict, reason: again(secrets.hide(&reason), answer) }
}

/// Which addresses of the name did not answer, and which one did.
fn missed(answer: &Answer) -> Option<String> {
    let peer = answer.peer.filter(|_| !answer.missed.is_empty())?;
    let each = answer.missed.iter().take(MISSED_TOLD).map(|(at, why)| format!("{why} at {at}"));
    Some(format!("{}, answers at {}", each.collect::<Vec<_>>().join(", "), peer.ip()))
}

/// The reason, with how often was asked.
fn again(reason: String, answer: &Answer) -> String {
    if answer.attempts > 1 { format!("{reason} ({} attempts)", answer.attempts) } else { reason }
}

impl Findings {
    fn well(text: String) -> Self {
        Findings { faults: Vec::new(), well: text, loud: None }
    }

    fn fault(text: String) -> Self {
        Findings { faults: vec![text], well: String::new(), loud: None }
    }
}

/// A port, and what it said by itself.
fn port(ask: &TcpAsk, banner: &[u8], secrets: &Secrets) -> Findings {
    let Some(wanted) = &ask.banner else { return Findings::well("open".to_owned()) };
    let text = String::from_utf8_lossy(banner);
    let line = quoted(secrets, text.lines().next().unwrap_or_default());
    if is_like(wanted, &text) {
        Findings::well(line)
    } else {
        Findings::fault(format!("began with {line}, wanted {}", described(wanted, secrets)))
    }
}

/// Whether a text is as wanted. Line breaks at its end count neither for the whole nor for a pattern: hardly anybody
/// means them, and most bodies have one.
#[must_use]
pub fn is_like(wanted: &Matcher, text: &str) -> bool {
    let without_end = |text| str::trim_end_matches(text, ['\r', '\n']);
    match wanted {
        Matcher::Contains(part) => text.contains(part.value()),
        Matcher::Is(whole) => without_end(text) == without_end(whole.value()),
        Matcher::Matches(pattern) => pattern.is_match(without_end(text)),
    }
}

/// What is wanted, in words.
fn described(wanted: &Matcher, secrets: &Secrets) -> String {
    match wanted {
        Matcher::Contains(part) => format!("{} in it", quoted(secrets, part.shown())),
        Matcher::Is(whole) => quoted(secrets, whole.shown()),
        Matcher::Matches(pattern) => format!("a match of {}", quoted(secrets, pattern.as_str())),
    }
}

/// A handshake and its certificate.
fn handshake(ask: &TlsAsk, seen: &TlsSeen, now: Timestamp) -> Findings {
    let mut faults = Vec::new();
    let loud = trust(&ask.trust, seen, &mut faults);
    lasts(&seen.certificate, ask.cert_days, &ask.trust, now, &mut faults);
    if ask.least == TlsVersion::Three && &*seen.version != "TLS 1.3" {
        faults.push(format!("speaks {}, wanted TLS 1.3", seen.version));
    }
    let days = days_left(&seen.certificate, now);
    let well = format!("{}, certificate for {} more", seen.version, counted(days.unsigned_abs(), "day"));
    Findings { faults, well, loud }
}

/// What speaks against a certificate; said aloud instead where any will do.
fn trust(trust: &Trust, seen: &TlsSeen, faults: &mut Vec<String>) -> Option<String> {
    if trust.insecure {
        let why = seen.distrust.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        return Some(format!("INSECURE: any certificate is taken{why}"));
    }
    faults.extend(seen.distrust.clone());
    None
}

/// Whether a certificate lasts long enough. That it has ended is told with what else is wrong with it, unless any
/// certificate will do.
fn lasts(seen: &Certificate, wanted: Option<u32>, trust: &Trust, now: Timestamp, faults: &mut Vec<String>) {
    let Some(wanted) = wanted else { return };
    let left = days_left(seen, now);
    if seen.ends <= now {
        if trust.insecure {
            let ago = distance(seen.ends.as_second() - now.as_second());
            faults.push(format!("certificate ended {ago} ago"));
        }
    } else if left < i64::from(wanted) {
        let left = counted(left.unsigned_abs(), "day");
        faults.push(format!("certificate ends in {left}, wanted {wanted} at least"));
    }
}

/// Whole days until a certificate ends; negative afterwards.
fn days_left(certificate: &Certificate, now: Timestamp) -> i64 {
    (certificate.ends.as_second() - now.as_second()).div_euclid(86_400)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
