//! What differs from the last run that was well: a sentence each, what matters most first.

use super::drift::{VERSION_HEADERS, records, version};
use super::layer::numbered;
use super::report::{Detail, LayerReport, ProbeReport, Report, Verdict};

/// The most sentences.
const SENTENCES: usize = 32;

/// An answer is said to take longer when it takes so many times as long, and so many milliseconds more.
const TIMES: f64 = 3.0;
const MORE: f64 = 100.0;

/// How much a difference matters; the first is told first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Verdict,
    Records,
    Certificate,
    Version,
    Target,
    Time,
    Body,
}

/// What is different now.
#[must_use]
pub fn compare(good: &Report, now: &Report) -> Vec<String> {
    let mut told: Vec<(Rank, String)> = Vec::new();
    for (at, layer) in now.layers.iter().enumerate() {
        let name = numbered(at, &layer.name);
        match good.layers.iter().find(|earlier| earlier.name == layer.name) {
            Some(earlier) => probes(&name, earlier, layer, &mut told),
            None => told.push((Rank::Target, format!("{name}: this layer was not there"))),
        }
    }
    for earlier in &good.layers {
        if !now.layers.iter().any(|layer| layer.name == earlier.name) {
            told.push((Rank::Target, format!("{}: this layer was there, and is not now", earlier.name)));
        }
    }
    told.sort_by_key(|(rank, _)| *rank);
    told.truncate(SENTENCES);
    told.into_iter().map(|(_, sentence)| sentence).collect()
}

fn probes(name: &str, earlier: &LayerReport, layer: &LayerReport, told: &mut Vec<(Rank, String)>) {
    let mut seen = vec![false; earlier.probes.len()];
    for probe in &layer.probes {
        // Each is compared with one: a file may ask the same twice.
        let same = |(at, other): &(usize, &ProbeReport)| !seen[*at] && is_same(other, probe);
        let Some((at, was)) = earlier.probes.iter().enumerate().find(same) else {
            told.push((
                Rank::Target,
                format!("{name}: {} is asked for {}, and was not", probe.target, probe.ask),
            ));
            continue;
        };
        seen[at] = true;
        let record = probe.record.as_ref().map(|record| format!(" {record}")).unwrap_or_default();
        let place = format!("{name}, {}, {}{record}", probe.target, probe.ask);
        differences(was, probe, |rank, what| told.push((rank, format!("{place}: {what}"))));
    }
    for (probe, seen) in earlier.probes.iter().zip(seen) {
        if !seen {
            told.push((
                Rank::Target,
                format!("{name}: {} was asked for {}, and is not now", probe.target, probe.ask),
            ));
        }
    }
}

fn is_same(one: &ProbeReport, other: &ProbeReport) -> bool {
    (&one.target, &one.kind, &one.ask, &one.record) == (&other.target, &other.kind, &other.ask, &other.record)
}

fn differences(was: &ProbeReport, is: &ProbeReport, mut tell: impl FnMut(Rank, String)) {
    if is.verdict == Verdict::Skipped || was.verdict == Verdict::Skipped {
        return;
    }
    if was.verdict != is.verdict {
        let reason = is.reason.as_deref().unwrap_or("-");
        tell(Rank::Verdict, format!("was {}, is {}: {reason}", word(was.verdict), word(is.verdict)));
    }
    let (Some(before), Some(after)) = (&was.detail, &is.detail) else { return };
    if is.record.is_some() {
        let (before, after) = (sorted(was), sorted(is));
        if before != after {
            tell(Rank::Records, format!("was {}, is {}", listed(&before), listed(&after)));
        }
        return;
    }
    details(before, after, &mut tell);
    for name in VERSION_HEADERS {
        if let (Some(before), Some(after)) = (version(was, name), version(is, name))
            && before != after
        {
            tell(Rank::Version, format!("{name} was {before}, is {after}"));
        }
    }
    if let (Some(before), Some(after)) = (was.milliseconds.total, is.milliseconds.total)
        && after > before * TIMES
        && after > before + MORE
        && is.verdict != Verdict::Fail
    {
        tell(Rank::Time, format!("took {before:.0} ms, takes {after:.0} ms"));
    }
}

fn details(before: &Detail, after: &Detail, tell: &mut impl FnMut(Rank, String)) {
    if before.head != after.head && !before.head.is_empty() && !after.head.is_empty() {
        tell(Rank::Version, format!("answered {}, answers {}", before.head, after.head));
    }
    if let (Some(before), Some(after)) = (&before.certificate, &after.certificate)
        && before.fingerprint != after.fingerprint
    {
        let day = |end: jiff::Timestamp| end.strftime("%Y-%m-%d").to_string();
        let (before, after) = (day(before.ends), day(after.ends));
        tell(Rank::Certificate, format!("another certificate: until {after}, was until {before}"));
    }
    if let (Some(one), Some(other)) = (&before.hash, &after.hash)
        && one != other
    {
        tell(Rank::Body, "another body".to_owned());
    }
}

fn sorted(probe: &ProbeReport) -> Vec<&str> {
    let mut all: Vec<&str> = records(probe).collect();
    all.sort_unstable();
    all
}

fn listed(records: &[&str]) -> String {
    if records.is_empty() { "nothing".to_owned() } else { records.join(", ") }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Slow => "slow",
        Verdict::Fail => "fail",
        Verdict::Skipped => "skipped",
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
