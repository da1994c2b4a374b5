//! Points in time as people write them: `yesterday`, `mon`, `2026-11-22`, `14:00`, `2026-11-22T14:00:00+01:00`.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

/// The weekdays, and how short each may be written.
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The words for whole days, as they may be mistyped.
pub(super) const DAY_WORDS: [&str; 9] =
    ["today", "yesterday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A point in time, as exact as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    Day(Date),
    Clock(Clock),
    Of(Date, Clock),
    /// With an offset, so that it needs no time zone.
    Exact(Timestamp, Grain),
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clock {
    /// `24:00`: the next day's beginning.
    pub is_end: bool,
    pub time: Time,
    pub grain: Grain,
}

/// How exactly a time was written, and so how long it is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    Minute,
    Second,
}

/// Which end of a stretch a moment is: an hour that comes twice belongs to it as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    From,
    To,
}

/// What a word says of time.
pub(super) enum Said {
    Point(Point),
    /// It has the shape of a time, and is none.
    Wrong(&'static str),
    /// Nothing.
    Nothing,
}

/// Reads one word.
pub(super) fn said(word: &str, now: &Zoned) -> Said {
    let word = word.to_ascii_lowercase();
    if let Some(date) = day_word(&word, now.date()) {
        return date
            .map_or(Said::Wrong("before the first day that there is"), |d| Said::Point(Point::Day(d)));
    }
    if let Some((date, rest)) = word.split_at_checked(10).filter(|(date, _)| is_date(date)) {
        let Ok(date) = date.parse::<Date>() else { return Said::Wrong("no such day") };
        if !(1970..=2999).contains(&date.year()) {
            return Said::Wrong("changes are of the years from 1970 to 2999");
        }
        return match rest.strip_prefix('t') {
            None if rest.is_empty() => Said::Point(Point::Day(date)),
            Some(time) => after_date(date, time, &word),
            None => Said::Nothing,
        };
    }
    if is_nearly_date(&word) {
        return Said::Wrong("a day is written 2026-11-22");
    }
    match clock(&word) {
        Some(Ok(clock)) => Said::Point(Point::Clock(clock)),
        Some(Err(())) => Said::Wrong("no such time of day: 00:00 to 24:00"),
        None => Said::Nothing,
    }
}

fn after_date(date: Date, time: &str, word: &str) -> Said {
    match clock(time) {
        Some(Ok(clock)) => return Said::Point(Point::Of(date, clock)),
        Some(Err(())) => return Said::Wrong("no such time of day: 00:00 to 24:00"),
        None => {}
    }
    // Up to its offset, which has a colon of its own.
    let clock = time.split(['z', '+', '-']).next().unwrap_or_default();
    let grain = if clock.matches(':').count() > 1 { Grain::Second } else { Grain::Minute };
    match word.to_ascii_uppercase().parse::<Timestamp>() {
        Ok(exact) => Said::Point(Point::Exact(exact, grain)),
        Err(_) => Said::Wrong("a moment is written 2026-11-22T14:00:00+01:00, or 2026-11-22 14:00"),
    }
}

/// The day of that word, looking back from `today`; an error where there is none that far back.
fn day_word(word: &str, today: Date) -> Option<Result<Date, jiff::Error>> {
    match word {
        "today" => return Some(Ok(today)),
        "yesterday" => return Some(today.yesterday()),
        _ => {}
    }
    let (_, day) = DAYS.into_iter().find(|(name, _)| word == *name || word == &name[..3])?;
    let mut date = today;
    while date.weekday() != day {
        match date.yesterday() {
            Ok(before) => date = before,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(date))
}

/// `2026-11-22`, whether or not there is such a day.
fn is_date(word: &str) -> bool {
    word.len() == 10
        && word
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

/// `2026-11-2`, `22-11-2026`: people mean a day.
fn is_nearly_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3
        && parts.iter().all(is_number)
        && parts.iter().filter(|part| part.len() == 4).count() == 1
        && parts.iter().all(|part| part.len() <= 4)
}

/// `9:00`, `14:00`, `14:00:30`, `14:00:30.5`, `24:00`; nothing where the word has not that shape.
pub(super) fn clock(word: &str) -> Option<Result<Clock, ()>> {
    let (whole, fraction) = word.split_once('.').map_or((word, None), |(whole, part)| (whole, Some(part)));
    let parts: Vec<&str> = whole.split(':').collect();
    let has_shape = (2..=3).contains(&parts.len())
        && (1..=2).contains(&parts[0].len())
        && parts[1..].iter().all(|part| part.len() == 2)
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
        && fraction.is_none_or(|part| {
            parts.len() == 3 && (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        });
    if !has_shape {
        return None;
    }
    let grain = if parts.len() == 3 { Grain::Second } else { Grain::Minute };
    if word == "24:00" || word == "24:00:00" {
        return Some(Ok(Clock { is_end: true, time: Time::midnight(), grain }));
    }
    let padded = if parts[0].len() == 1 { format!("0{word}") } else { word.to_owned() };
    // A second of 60 would be read as the one before it.
    let time = padded.parse::<Time>().ok().filter(|_| parts.get(2) != Some(&"60"));
    Some(time.map(|time| Clock { is_end: false, time, grain }).ok_or(()))
}

/// When that day begins: not always at midnight.
pub(super) fn beginning(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    moment(date.at(0, 0, 0, 0), Edge::From, zone)
}

/// The moment of that time of that day.
pub(super) fn at(date: Date, clock: Clock, edge: Edge, zone: &TimeZone) -> Option<Timestamp> {
    if clock.is_end {
        return beginning(date.tomorrow().ok()?, zone);
    }
    moment(date.to_datetime(clock.time), edge, zone)
}

/// Where clocks are put forward, a time that is left out is the moment when that is done.
fn moment(time: DateTime, edge: Edge, zone: &TimeZone) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } if edge == Edge::From => before,
        AmbiguousOffset::Fold { after, .. } => after,
        AmbiguousOffset::Gap { after, .. } => {
            let early = after.to_timestamp(time).ok()?;
            return zone.following(early).next().map(|transition| transition.timestamp());
        }
    };
    offset.to_timestamp(time).ok()
}
