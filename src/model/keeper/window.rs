//! Times in which nothing is put to sleep, as people write them: `mon-fri 07:00-19:00`, `month 28-3`,
//! `2026-12-24..2027-01-02`. Meant is what the clock on the wall shows.

use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time, Weekday};

/// A time in which nothing is put to sleep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Why.
    pub kind: Kind,
    /// When.
    pub span: Span,
}

/// Why nothing is put to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The tier's running hours.
    Hours,
    /// A window in which nothing is dumped.
    Never,
}

/// A time that comes again, or once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: Arc<str>,
    when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// On some days, between two minutes of the day. Where the end is not after the start, it is the next day's.
    Days { days: Days, from: u16, to: u16 },
    /// Once, the end not included.
    Once { from: DateTime, to: DateTime },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    /// Days of the week, a bit each, Monday the lowest.
    Week(u8),
    /// Days of the month, the last one included; from the higher to the lower means over its end. `LAST` is the last.
    Month(i8, i8),
}

/// Stands for the last day of a month.
const LAST: i8 = 99;
/// The minutes of a day.
const DAY: u16 = 24 * 60;
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A text that says no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: {1}")]
pub struct BadSpan(pub String, pub String);

/// What can be written.
pub const EXAMPLES: &str = "mon-fri 07:00-19:00, daily 02:00-03:00, sat,sun, month 28-3, month last 18:00-24:00, \
                            2026-12-24..2027-01-02, 2026-12-31 20:00..2027-01-01 06:00";

impl Span {
    /// The time that `text` says.
    ///
    /// # Errors
    /// It says none.
    pub fn read(text: &str) -> Result<Span, BadSpan> {
        let text = text.trim();
        let when = read(&text.to_ascii_lowercase()).map_err(|why| BadSpan(text.to_owned(), why))?;
        Ok(Span { text: text.into(), when })
    }

    /// Whether the clock on the wall shows a time within.
    #[must_use]
    pub fn holds(&self, wall: DateTime) -> bool {
        match self.when {
            When::Once { from, to } => (from..to).contains(&wall),
            When::Days { days, from, to } => {
                let part = |number: i8| u16::from(number.unsigned_abs());
                let minute = part(wall.hour()) * 60 + part(wall.minute());
                let today = days.has(wall.date());
                if from < to {
                    return today && (from..to).contains(&minute);
                }
                let before = wall.date().yesterday().is_ok_and(|before| days.has(before));
                today && minute >= from || before && minute < to
            }
        }
    }

    /// The moments of that day at which it may begin or end.
    pub(super) fn edges(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let pair = match self.when {
            When::Once { from, to } => [from, to].map(|edge| Some(edge).filter(|edge| edge.date() == day)),
            When::Days { from, to, .. } => [from, to].map(|minute| at(day, minute)),
        };
        pair.into_iter().flatten()
    }

    /// When it ends for good, if it is only once.
    pub(super) fn once(&self) -> Option<(DateTime, DateTime)> {
        match self.when {
            When::Once { from, to } => Some((from, to)),
            When::Days { .. } => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Days {
    fn has(self, date: Date) -> bool {
        match self {
            Days::Week(bits) => bits & (1 << date.weekday().to_monday_zero_offset()) != 0,
            Days::Month(from, to) => {
                let last = date.days_in_month();
                let real = |day: i8| if day == LAST { last } else { day };
                let (from, to, day) = (real(from), real(to), date.day());
                if from <= to { (from..=to).contains(&day) } else { day >= from || day <= to }
            }
        }
    }
}

/// That minute of the day; the last one of all is the next day's first.
fn at(day: Date, minute: u16) -> Option<DateTime> {
    if minute == DAY {
        return day.tomorrow().ok().map(|next| next.to_datetime(Time::midnight()));
    }
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok().map(|time| day.to_datetime(time))
}

fn read(text: &str) -> Result<When, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let Some((from, to)) = text.split_once("..") {
        return once(from.trim(), to.trim());
    }
    match words.as_slice() {
        [] => Err("there is nothing".to_owned()),
        ["month", days, rest @ ..] => on(month(days)?, rest),
        ["month"] => Err("which days of the month?".to_owned()),
        [date] if is_date(date) => once(date, date),
        [date, ..] if is_date(date) => {
            Err("for hours of one date write both ends: DATE HH:MM..DATE HH:MM".to_owned())
        }
        [first, ..] if first.contains(':') => on(Days::Week(0b111_1111), &words),
        [days, rest @ ..] => on(week(days)?, rest),
    }
}

fn on(days: Days, rest: &[&str]) -> Result<When, String> {
    match rest {
        [] => Ok(When::Days { days, from: 0, to: DAY }),
        [hours] => {
            let (from, to) = hours.split_once('-').ok_or("hours are written as 07:00-19:00")?;
            let (from, to) = (minute(from)?, minute(to)?);
            if from == to || from == DAY {
                return Err("it would be over at once; for the whole day leave the hours out".to_owned());
            }
            // Up to midnight is up to the end of the day.
            Ok(When::Days { days, from, to: if to == 0 { DAY } else { to } })
        }
        [_, more, ..] => Err(format!("`{more}` is too much")),
    }
}

fn minute(text: &str) -> Result<u16, String> {
    let bad = || format!("`{text}` is no time of the day (00:00 to 24:00)");
    let (hour, minute) = text.split_once(':').ok_or_else(bad)?;
    let number = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| digits).ok_or_else(bad)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    Some(hour * 60 + minute).filter(|all| minute < 60 && *all <= DAY).ok_or_else(bad)
}

fn week(text: &str) -> Result<Days, String> {
    if text == "daily" {
        return Ok(Days::Week(0b111_1111));
    }
    let day = |name: &str| {
        let bad = || format!("`{name}` is no day (mon, tue, wed, thu, fri, sat, sun or daily)");
        NAMES.iter().position(|known| *known == name).ok_or_else(bad)
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (mut at, to) = (day(from)?, day(to)?);
        bits |= 1 << at;
        while at != to {
            at = (at + 1) % NAMES.len();
            bits |= 1 << at;
        }
    }
    Ok(Days::Week(bits))
}

fn month(text: &str) -> Result<Days, String> {
    let day = |text: &str| match text {
        "last" => Ok(LAST),
        _ => text
            .parse::<i8>()
            .ok()
            .filter(|day| (1..=31).contains(day) && !text.starts_with('+'))
            .ok_or_else(|| format!("`{text}` is no day of a month (1 to 31, or last)")),
    };
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Ok(Days::Month(day(from)?, day(to)?))
}

fn is_date(text: &str) -> bool {
    text.as_bytes().get(4) == Some(&b'-')
}

/// A date or a date and a time at both ends. A last day without a time is meant as a whole.
fn once(from: &str, to: &str) -> Result<When, String> {
    let from = moment(from)?.0;
    let (to, whole) = moment(to)?;
    let to = if whole { at(to.date(), DAY).ok_or("it ends after all time")? } else { to };
    if to <= from {
        return Err("it ends before it begins".to_owned());
    }
    Ok(When::Once { from, to })
}

fn moment(text: &str) -> Result<(DateTime, bool), String> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time.trim())));
    let date = Some(date)
        .filter(|date| date.len() == 10)
        .and_then(|date| date.parse::<Date>().ok())
        .ok_or_else(|| format!("`{date}` is no date (YYYY-MM-DD)"))?;
    let minute = time.map_or(Ok(0), minute)?;
    let moment = at(date, minute).ok_or("it ends after all time")?;
    Ok((moment, time.is_none()))
}

/// The name of a day of the week.
#[must_use]
pub fn weekday(day: Weekday) -> &'static str {
    NAMES[day.to_monday_zero_offset().unsigned_abs() as usize % NAMES.len()]
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
