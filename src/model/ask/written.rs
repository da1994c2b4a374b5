//! Questions in words: the range and time zone that an answer is of, and the whole as it can be asked again.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::time::is_like_time;
use super::{Ask, Range, Term, Test, point};

impl Ask {
    /// The stretch of time and the time zone that the question is of: "2026-11-22 00:00 to 24:00, Europe/Berlin".
    #[must_use]
    pub fn range_in_words(&self, zone: &TimeZone) -> String {
        match self.range {
            None => format!("all times, {}", zone_name(zone, None)),
            Some(range) => range.in_words(zone),
        }
    }

    /// The question as it can be asked again, at any other time of the same time zone: `now` only tells which words mean
    /// times.
    #[must_use]
    pub fn written(&self, now: &Zoned) -> String {
        let range = self.range.map(|range| range.written(now.time_zone()));
        let terms = self.terms.iter().map(|term| written(term, now));
        range.into_iter().chain(terms).collect::<Vec<_>>().join(" ")
    }
}

impl Range {
    /// "2026-11-22 00:00 to 24:00, Europe/Berlin". A day that is not 24 hours long says so.
    #[must_use]
    pub fn in_words(&self, zone: &TimeZone) -> String {
        let from = told(self.from, zone);
        let name = zone_name(zone, Some(self));
        let Some(to) = self.to else { return format!("since {from}, {name}") };
        let begin = self.from.to_zoned(zone.clone()).date();
        // The end of a day is told as its 24:00.
        let (end, clock) = match ended_day(to, zone).filter(|day| *day >= begin) {
            Some(day) => (day, "24:00".to_owned()),
            None => (to.to_zoned(zone.clone()).date(), told_clock(to, zone)),
        };
        let to_words = if end == begin { clock } else { format!("{end} {clock}") };
        let hours = to.duration_since(self.from).as_hours();
        let is_day = point::beginning(begin, zone) == Some(self.from) && ended_day(to, zone) == Some(begin);
        let odd = if is_day && hours != 24 { format!(" ({hours} hours)") } else { String::new() };
        format!("{from} to {to_words}{odd}, {name}")
    }

    /// As it can be asked.
    fn written(&self, zone: &TimeZone) -> String {
        let Some(to) = self.to else { return format!("since {}", exact(self.from, zone)) };
        let begin = self.from.to_zoned(zone.clone()).date();
        let is_whole = point::beginning(begin, zone) == Some(self.from);
        match ended_day(to, zone).filter(|end| is_whole && *end >= begin) {
            Some(end) if end == begin => begin.to_string(),
            Some(end) => format!("{begin}..{end}"),
            None => format!("{}..{}", exact(self.from, zone), exact(to, zone)),
        }
    }
}

/// The day that ends with that moment.
fn ended_day(to: Timestamp, zone: &TimeZone) -> Option<Date> {
    let next = to.to_zoned(zone.clone()).date();
    (point::beginning(next, zone) == Some(to)).then(|| next.yesterday().ok()).flatten()
}

/// "2026-11-22 14:00".
fn told(time: Timestamp, zone: &TimeZone) -> String {
    format!("{} {}", time.to_zoned(zone.clone()).date(), told_clock(time, zone))
}

/// "14:00", with seconds where there are any, and with the offset where that hour comes twice.
fn told_clock(time: Timestamp, zone: &TimeZone) -> String {
    let local = time.to_zoned(zone.clone());
    let form = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    let offset = if zone.to_ambiguous_timestamp(local.datetime()).is_ambiguous() { " (%:z)" } else { "" };
    local.strftime(&format!("{form}{offset}")).to_string()
}

/// To the nanosecond.
fn exact(time: Timestamp, zone: &TimeZone) -> String {
    let local = time.to_zoned(zone.clone());
    if zone.to_ambiguous_timestamp(local.datetime()).is_ambiguous() {
        return local.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    }
    let whole = local.second() == 0 && local.subsec_nanosecond() == 0;
    local.strftime(if whole { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S%.f" }).to_string()
}

/// The zone's name; where it has none, its offset from UTC.
fn zone_name(zone: &TimeZone, range: Option<&Range>) -> String {
    if let Some(name) = zone.iana_name() {
        return name.to_owned();
    }
    match zone.to_fixed_offset() {
        Ok(offset) => format!("UTC{offset}"),
        Err(_) => match range {
            Some(range) => format!("UTC{}", zone.to_offset(range.from)),
            None => "local time".to_owned(),
        },
    }
}

fn written(term: &Term, now: &Zoned) -> String {
    let mut line = String::from(if term.negated { "!" } else { "" });
    let texts = |values: &[Arc<str>]| values.iter().map(|value| in_list(value)).collect::<Vec<_>>().join(",");
    // Writing to a String cannot fail.
    let _ = match &term.test {
        Test::Who(values) => write!(line, "who:{}", texts(values)),
        Test::Tenant(values) => write!(line, "tenant:{}", texts(values)),
        Test::Host(values) => write!(line, "host:{}", texts(values)),
        Test::Container(values) => write!(line, "container:{}", texts(values)),
        Test::Ticket(values) => write!(line, "ticket:{}", texts(values)),
        Test::Verb(verbs) => {
            write!(line, "verb:{}", verbs.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(","))
        }
        Test::Source(sources) => {
            write!(line, "source:{}", sources.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(","))
        }
        Test::Text(text) if is_plain_word(text, now) => write!(line, "{text}"),
        Test::Text(text) => write!(line, "{}", quoted(text)),
    };
    line
}

/// Whether the text is read as itself without quotes.
fn is_plain_word(text: &str, now: &Zoned) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.'))
        && !text.is_empty()
        && !text.contains("..")
        && !is_like_time(text, now)
}

fn in_list(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value.starts_with('!')
        && !value.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\''));
    if is_plain { value.to_owned() } else { quoted(value) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
