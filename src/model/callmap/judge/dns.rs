//! DNS answers.

use std::net::IpAddr;

use super::Findings;
use crate::model::callmap::answer::DnsSeen;
use crate::model::callmap::map::{DnsAsk, RecordKind, Secrets, Text};
use crate::model::callmap::words::quoted;

/// How many records a reason names.
const NAMED: usize = 4;

pub fn look(ask: &DnsAsk, seen: &DnsSeen, secrets: &Secrets) -> Findings {
    let expect = &ask.expect;
    let kind = ask.kind;
    let found: Vec<String> = seen.records.iter().map(|record| canonical(kind, record)).collect();
    let has = |wanted: &Text| found.contains(&canonical(kind, wanted.value()));
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    if let Some(void) = &seen.void
        && found.is_empty()
        // Whoever wants no records has what was wanted.
        && !wants_none(ask)
    {
        return Findings::fault(void.clone());
    }
    let answered = if found.is_empty() { "nothing".to_owned() } else { list(&seen.records, secrets) };
    let mut faults = Vec::new();
    if !expect.any.is_empty() && !expect.any.iter().any(has) {
        faults.push(format!("answered {answered}, wanted {}", wanted(&expect.any, "or", secrets)));
    }
    let missing: Vec<Text> = expect.all.iter().filter(|text| !has(text)).cloned().collect();
    if !missing.is_empty() {
        faults.push(format!("answered {answered}, without {}", wanted(&missing, "and", secrets)));
    }
    if let Some(exactly) = &expect.exactly {
        let named: Vec<String> = exactly.iter().map(|text| canonical(kind, text.value())).collect();
        if !exactly.iter().all(has) || !found.iter().all(|record| named.contains(record)) {
            let wanted = wanted(exactly, "and", secrets);
            faults.push(format!("answered {answered}, wanted exactly {wanted}"));
        }
    }
    if let Some(wanted) = expect.count.filter(|wanted| *wanted != count) {
        faults.push(format!("answered {answered}: {count} of {wanted} wanted"));
    }
    let open =
        expect.any.is_empty() && expect.all.is_empty() && expect.exactly.is_none() && expect.count.is_none();
    if open && found.is_empty() {
        faults.push("answered nothing".to_owned());
    }
    Findings { faults, well: answered, loud: None }
}

fn wants_none(ask: &DnsAsk) -> bool {
    let expect = &ask.expect;
    expect.any.is_empty()
        && expect.all.is_empty()
        && (expect.count == Some(0) || expect.exactly.as_ref().is_some_and(Vec::is_empty))
}

/// A record in the one form in which two that mean the same are alike: names in small letters without the last dot,
/// addresses as they are written shortest, texts without quotes.
fn canonical(kind: RecordKind, record: &str) -> String {
    let record = record.trim();
    match kind {
        RecordKind::A | RecordKind::Aaaa => {
            record.parse::<IpAddr>().map_or_else(|_| record.to_owned(), |address| address.to_string())
        }
        RecordKind::Txt => {
            let inner = record.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let Some(inner) = inner else { return record.to_owned() };
            // Long texts come in parts.
            inner.replace("\" \"", "").replace("\\\"", "\"").replace("\\\\", "\\")
        }
        RecordKind::Cname | RecordKind::Mx | RecordKind::Ns | RecordKind::Srv | RecordKind::Ptr => {
            let words: Vec<&str> = record.split_whitespace().collect();
            words.join(" ").trim_end_matches('.').to_lowercase()
        }
    }
}

fn list(records: &[String], secrets: &Secrets) -> String {
    let mut words: Vec<String> = records.iter().take(NAMED).map(|record| short(secrets, record)).collect();
    if records.len() > NAMED {
        words.push(format!("{} more", records.len() - NAMED));
    }
    words.join(", ")
}

fn wanted(texts: &[Text], and: &str, secrets: &Secrets) -> String {
    if texts.is_empty() {
        return "none".to_owned();
    }
    let words: Vec<String> = texts.iter().take(NAMED).map(|text| short(secrets, text.shown())).collect();
    let more =
        if texts.len() > NAMED { format!(" {and} {} more", texts.len() - NAMED) } else { String::new() };
    words.join(&format!(" {and} ")) + &more
}

/// A record without the quotes of a quotation: it has its own form.
fn short(secrets: &Secrets, record: &str) -> String {
    let quoted = quoted(secrets, record);
    quoted[1..quoted.len() - 1].to_owned()
}
