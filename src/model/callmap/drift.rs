//! Where targets of one layer, or layers that meet, do not agree: a sentence each.

use std::net::IpAddr;

use super::layer::numbered;
use super::report::{LayerReport, ProbeReport, Verdict};

/// The most sentences.
const SENTENCES: usize = 32;

/// How many sides of a disagreement are told, and how many targets of each are named.
const SIDES: usize = 4;
const NAMED: usize = 3;

/// From so many different bodies on, one a target, the page seems to change with each request.
const CHANGING: usize = 3;

/// Headers that say which version of something answers.
pub const VERSION_HEADERS: [&str; 4] = ["server", "x-powered-by", "x-version", "x-app-version"];

/// What does not agree. `addresses` has those of each layer's targets; nothing for layers without targets of their own.
#[must_use]
pub fn drift(layers: &[LayerReport], addresses: &[Option<Vec<IpAddr>>]) -> Vec<String> {
    let mut told = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        if let Some(Some(behind)) = addresses.get(at + 1) {
            unknown(at, layer, &layers[at + 1].name, behind, &mut told);
        }
        for probes in alike(layer) {
            disagreements(at, layer, &probes, &mut told);
        }
    }
    told.truncate(SENTENCES);
    told
}

/// Addresses of a name that no target of the layer behind has.
fn unknown(at: usize, layer: &LayerReport, next: &str, behind: &[IpAddr], told: &mut Vec<String>) {
    for probe in &layer.probes {
        let is_address = matches!(probe.record.as_deref(), Some("A" | "AAAA"));
        if !is_address || probe.verdict == Verdict::Skipped {
            continue;
        }
        for address in records(probe).filter_map(|record| record.parse::<IpAddr>().ok()) {
            let sentence = format!(
                "{}: {} is {address}, which no target of {} has",
                numbered(at, &layer.name),
                probe.ask,
                numbered(at + 1, next)
            );
            if !behind.contains(&address) && !told.contains(&sentence) {
                told.push(sentence);
            }
        }
    }
}

/// The DNS records of a probe.
pub fn records(probe: &ProbeReport) -> impl Iterator<Item = &str> {
    let detail = probe.detail.as_deref().filter(|_| probe.record.is_some());
    detail.into_iter().flat_map(|detail| detail.body.lines())
}

/// The probes of a layer that asked the same of several targets and were answered well.
fn alike(layer: &LayerReport) -> Vec<Vec<&ProbeReport>> {
    let mut groups: Vec<Vec<&ProbeReport>> = Vec::new();
    let is_well = |probe: &&ProbeReport| matches!(probe.verdict, Verdict::Ok | Verdict::Slow);
    for probe in layer.probes.iter().filter(is_well) {
        let is_same = |group: &&mut Vec<&ProbeReport>| {
            let one = group[0];
            (&one.kind, &one.ask, &one.record) == (&probe.kind, &probe.ask, &probe.record)
        };
        match groups.iter_mut().find(is_same) {
            // One that is asked twice of the same target is asked once.
            Some(group) if group.iter().any(|one| one.target == probe.target) => {}
            Some(group) => group.push(probe),
            None => groups.push(vec![probe]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn disagreements(at: usize, layer: &LayerReport, probes: &[&ProbeReport], told: &mut Vec<String>) {
    let mut tell = |what: &str, of: &dyn Fn(&ProbeReport) -> Option<(String, String)>| {
        let Some(sides) = sides(probes, of) else { return };
        let (head, tail) = (numbered(at, &layer.name), format!("has different {what}: {sides}"));
        // Two URLs of one server disagree in the same way.
        if !told.iter().any(|sentence| sentence.starts_with(&head) && sentence.ends_with(&tail)) {
            told.push(format!("{head}: {} {tail}", probes[0].ask));
        }
    };
    tell("records", &|probe| {
        probe.record.as_ref()?;
        let mut all: Vec<&str> = records(probe).collect();
        all.sort_unstable();
        let all = all.join(", ");
        Some((all.clone(), all))
    });
    tell("answers", &|probe| {
        let head = &probe.detail.as_ref()?.head;
        (!head.is_empty()).then(|| (head.clone(), head.clone()))
    });
    tell("certificates", &|probe| {
        let certificate = probe.detail.as_ref()?.certificate.as_ref()?;
        let print = &certificate.fingerprint;
        let day = certificate.ends.strftime("%Y-%m-%d");
        Some((print.clone(), format!("until {day}, {}", print.get(..8).unwrap_or(print))))
    });
    for name in VERSION_HEADERS {
        tell(&format!("versions ({name})"), &|probe| {
            // One that does not say its version is no other version.
            let value = version(probe, name)?;
            Some((value.to_owned(), value.to_owned()))
        });
    }
    let body = |probe: &ProbeReport| probe.detail.as_ref()?.hash.clone();
    let mut bodies: Vec<String> = probes.iter().filter_map(|probe| body(probe)).collect();
    let all = bodies.len();
    bodies.sort_unstable();
    bodies.dedup();
    // Where no two are alike, it is rather the page than a target that is different.
    if all >= CHANGING && bodies.len() == all {
        told.push(format!(
            "{}: {} has another body at each of {all} targets; of a page that changes with each request \
             `same_body: false` can be said",
            numbered(at, &layer.name),
            probes[0].ask
        ));
        return;
    }
    tell("bodies", &|probe| {
        let hash = body(probe)?;
        Some((hash.clone(), hash.get(..8).unwrap_or(&hash).to_owned()))
    });
}

/// The value of a header that says a version.
#[must_use]
pub fn version<'a>(probe: &'a ProbeReport, name: &str) -> Option<&'a str> {
    let headers = &probe.detail.as_ref()?.headers;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Who has what, where not all have the same; the largest side first.
fn sides(probes: &[&ProbeReport], of: &dyn Fn(&ProbeReport) -> Option<(String, String)>) -> Option<String> {
    let mut sides: Vec<(String, String, Vec<&str>)> = Vec::new();
    for probe in probes {
        let Some((value, shown)) = of(probe) else { continue };
        match sides.iter_mut().find(|(other, ..)| *other == value) {
            Some((.., targets)) => targets.push(&probe.target),
            None => sides.push((value, shown, vec![&probe.target])),
        }
    }
    if sides.len() < 2 {
        return None;
    }
    sides.sort_by_key(|(.., targets)| std::cmp::Reverse(targets.len()));
    let count = sides.len();
    let mut words: Vec<String> = sides.iter().take(SIDES).map(|(_, shown, who)| side(shown, who)).collect();
    if count > SIDES {
        words.push(format!("{} more", count - SIDES));
    }
    Some(words.join("; "))
}

fn side(shown: &str, who: &[&str]) -> String {
    let named = who[..who.len().min(NAMED)].join(", ");
    let more = if who.len() > NAMED { format!(" and {} more", who.len() - NAMED) } else { String::new() };
    format!("{named}{more} ({shown})")
}

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
