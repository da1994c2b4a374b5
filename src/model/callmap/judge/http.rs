//! HTTP answers.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Findings, body, described, is_like, lasts, trust};
use crate::model::callmap::answer::HttpSeen;
use crate::model::callmap::map::{HttpAsk, Secrets};
use crate::model::callmap::tell::is_secret_header;
use crate::model::callmap::words::{counted, quoted};

/// How many faults a reason tells.
const TOLD: usize = 4;

pub fn look(ask: &HttpAsk, seen: &HttpSeen, secrets: &Secrets, now: Timestamp) -> Findings {
    let expect = &ask.expect;
    let mut faults = Vec::new();
    let mut loud = None;
    if let Some(tls) = &seen.tls {
        loud = trust(&ask.trust, tls, &mut faults);
        lasts(&tls.certificate, expect.cert_days, &ask.trust, now, &mut faults);
    }
    if !expect.status.iter().any(|range| range.contains(&seen.status)) {
        faults.push(status(&expect.status, seen, secrets));
    } else if let Some(stopped) = &seen.stopped {
        // The status is one that is well, so whoever asks did not need to get there.
        loud = loud.or_else(|| Some(stopped.clone()));
    }
    // What is wrong with the page of an error is no news.
    if faults.is_empty() {
        headers(ask, seen, secrets, &mut faults);
        faults.extend(body::look(expect, seen, secrets));
    }
    if faults.len() > TOLD {
        let more = faults.len() - TOLD;
        faults.truncate(TOLD);
        faults.push(format!("{more} more"));
    }
    Findings { faults, well: format!("{}{}", seen.status, hops(seen)), loud }
}

fn status(wanted: &[RangeInclusive<u16>], seen: &HttpSeen, secrets: &Secrets) -> String {
    let wanted: Vec<String> = wanted
        .iter()
        .map(|range| {
            if range.start() == range.end() {
                range.start().to_string()
            } else {
                format!("{}-{}", range.start(), range.end())
            }
        })
        .collect();
    let after = hops(seen);
    let why = if let Some(stopped) = &seen.stopped {
        format!(": {stopped}")
    } else if (300..400).contains(&seen.status)
        && let Some(place) = header(seen, "location").next()
    {
        format!(": it leads to {}", quoted(secrets, &place))
    } else {
        String::new()
    };
    format!("answered {}{after}, wanted {}{why}", seen.status, wanted.join(", "))
}

/// How many redirects were followed, where any were.
fn hops(seen: &HttpSeen) -> String {
    match seen.redirects.len() {
        0 => String::new(),
        count => format!(" after {}", counted(count as u64, "redirect")),
    }
}

fn headers(ask: &HttpAsk, seen: &HttpSeen, secrets: &Secrets, faults: &mut Vec<String>) {
    for (name, wanted) in &ask.expect.headers {
        let values: Vec<String> = header(seen, name).collect();
        let Some(first) = values.first() else {
            faults.push(format!("there is no header {name}"));
            continue;
        };
        if let Some(wanted) = wanted
            && !values.iter().any(|value| is_like(wanted, value))
        {
            if is_secret_header(name) {
                let wanted = described(wanted, secrets);
                faults.push(format!("header {name} is another than wanted, which was {wanted}"));
                continue;
            }
            let first = quoted(secrets, first);
            faults.push(format!("header {name} is {first}, wanted {}", described(wanted, secrets)));
        }
    }
}

/// The values of the headers of that name.
pub fn header<'a>(seen: &'a HttpSeen, name: &'a str) -> impl Iterator<Item = String> + 'a {
    seen.headers
        .iter()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}
