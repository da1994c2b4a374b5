//! Stretches of time as people say them: `yesterday between 09:00 and 10:30`, `last 30m`, `2026-11-20..2026-11-22`.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::point::{self, Clock, DAY_WORDS, Edge, Grain, Point, Said};
use super::words::Word;
use super::{BadAsk, Range};

/// The words that begin a stretch of time.
const OPENERS: [&str; 3] = ["last", "since", "between"];
const STRETCH: &str = "a stretch is written 90s, 30m, 12h, 7d or 2w";
const QUOTE: &str = "; to look for the word itself, put it into quotes";

/// A word, or a part of one that `..` cuts: `2026-11-20..2026-11-22` is three.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub at: usize,
    /// In lower case; nothing of a word with a field or in quotes.
    text: Option<String>,
    negated: bool,
    /// Which word it is of.
    pub word: usize,
}

/// Cuts the words where two dots stand between times.
pub(super) fn pieces(words: &[Word], now: &Zoned) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let Some(bare) = word.bare() else {
            pieces.push(Piece { at: word.at, text: None, negated: word.negated, word: number });
            continue;
        };
        let mut piece = |at: usize, text: &str| {
            let text = Some(text.to_ascii_lowercase());
            pieces.push(Piece { at, text, negated: word.negated, word: number });
        };
        let is_time = |side: &str| !matches!(point::said(side, now), Said::Nothing);
        match bare.text.split_once("..") {
            Some((left, right)) if is_time(left) && (right.is_empty() || is_time(right)) => {
                piece(word.at, left);
                let after = bare.at + left.chars().count();
                piece(after, "..");
                if !right.is_empty() {
                    piece(after + 2, right);
                }
            }
            Some(("", right)) if is_time(right) => {
                piece(word.at, "..");
                piece(bare.at + 2, right);
            }
            _ => piece(word.at, &bare.text),
        }
    }
    pieces
}

/// Reads stretches of time from pieces.
pub(super) struct Times<'a> {
    pub pieces: &'a [Piece],
    pub now: &'a Zoned,
}

impl Times<'_> {
    /// The stretch that begins with that piece, and the piece after it; nothing where none begins there.
    pub fn read(&self, at: usize) -> Result<Option<(Range, usize)>, BadAsk> {
        let Some(text) = self.text(at) else { return Ok(None) };
        let opens = match text {
            "last" | "since" | "between" => true,
            // Two dots without a beginning.
            ".." if self.point(at + 1)?.is_some() => {
                return Err(self.bad(at, "say where it begins: 2026-11-20..2026-11-22"));
            }
            _ => self.point(at)?.is_some(),
        };
        if !opens {
            return self.check_near(at).map(|()| None);
        }
        if self.pieces[at].negated {
            return Err(
                self.bad(at, format!("a stretch of time cannot be negated: name the one you want{QUOTE}"))
            );
        }
        let (range, next) = match text {
            "last" => (self.last(at + 1)?, at + 2),
            "since" => {
                let (point, next) = self.required(at)?;
                (Range { from: self.edge(at + 1, point, Edge::From, None)?, to: None }, next)
            }
            "between" => self.between(at, None)?,
            _ => self.beginning_with(at)?,
        };
        if range.to.is_some_and(|to| to <= range.from) {
            return Err(self.bad(at, "it ends before it begins"));
        }
        Ok(Some((range, next)))
    }

    fn beginning_with(&self, at: usize) -> Result<(Range, usize), BadAsk> {
        let Some((point, next)) = self.point(at)? else { return Err(self.bad(at, "no such time")) };
        match (point, self.text(next)) {
            (Point::Day(day), Some("between")) => self.between(next, Some(day)),
            (Point::Day(day), Some("since")) => {
                let Some((Point::Clock(clock), after)) = self.point(next + 1)? else {
                    return Err(self.bad(next, "after a day, a time of day is needed: since 14:00"));
                };
                let from = self.edge(next + 1, Point::Of(day, clock), Edge::From, None)?;
                Ok((Range { from, to: Some(self.edge(at, point, Edge::To, None)?) }, after))
            }
            (_, Some("..")) => match self.point(next + 1)? {
                Some((end, after)) => Ok((self.range((at, point), (next + 1, end))?, after)),
                None => Ok((Range { from: self.edge(at, point, Edge::From, None)?, to: None }, next + 1)),
            },
            _ => {
                let from = self.edge(at, point, Edge::From, None)?;
                let to = match point {
                    Point::Day(_) => self.edge(at, point, Edge::To, None)?,
                    Point::Clock(Clock { grain, .. })
                    | Point::Of(_, Clock { grain, .. })
                    | Point::Exact(_, grain) => {
                        let long = if grain == Grain::Minute { 60 } else { 1 };
                        self.some(at, from.checked_add(SignedDuration::from_secs(long)).ok())?
                    }
                };
                Ok((Range { from, to: Some(to) }, next))
            }
        }
    }

    /// `between A and B`, of that day where one was named before.
    fn between(&self, at: usize, day: Option<Date>) -> Result<(Range, usize), BadAsk> {
        let (begin, next) = self.required(at)?;
        if self.text(next) != Some("and") {
            return Err(self.bad(at, format!("it is written: between 09:00 and 10:30{QUOTE}")));
        }
        let (end, after) = self.required(next)?;
        let begin = match (day, begin) {
            (Some(day), Point::Clock(clock)) => Point::Of(day, clock),
            (None, begin) => begin,
            (Some(_), _) => return Err(self.bad(at + 1, "after a day, times of day are needed: 09:00")),
        };
        if day.is_some() && !matches!(end, Point::Clock(_)) {
            return Err(self.bad(next + 1, "after a day, times of day are needed: 10:30"));
        }
        Ok((self.range((at + 1, begin), (next + 1, end))?, after))
    }

    /// From one point to the other one, which belongs to it only where it is a whole day.
    fn range(&self, begin: (usize, Point), end: (usize, Point)) -> Result<Range, BadAsk> {
        let (at, begin) = begin;
        let (begin_day, begin_clock) = match begin {
            Point::Day(day) => (Some(day), None),
            Point::Of(day, clock) => (Some(day), Some(clock)),
            Point::Clock(clock) => (Some(self.latest(at, clock)?), Some(clock)),
            Point::Exact(exact, _) => (Some(exact.to_zoned(self.now.time_zone().clone()).date()), None),
        };
        // A time of day is of the day where it begins; over midnight, of the next.
        let over_midnight = |clock: Clock| {
            begin_clock.is_some_and(|begin| (clock.is_end, clock.time) <= (begin.is_end, begin.time))
        };
        let day_of_end = match (end.1, begin_day) {
            (Point::Clock(clock), Some(day)) if over_midnight(clock) => day.tomorrow().ok(),
            _ => begin_day,
        };
        let from = self.edge(at, begin, Edge::From, begin_day)?;
        Ok(Range { from, to: Some(self.edge(end.0, end.1, Edge::To, day_of_end)?) })
    }

    fn last(&self, at: usize) -> Result<Range, BadAsk> {
        let stretch = || -> Option<Span> {
            let text = self.text(at)?;
            let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let number: i64 = number.parse().ok().filter(|_| number.len() <= 6)?;
            let span = Span::new();
            let span = match unit {
                "s" => span.try_seconds(number),
                "m" => span.try_minutes(number),
                "h" => span.try_hours(number),
                "d" => span.try_days(number),
                "w" => span.try_weeks(number),
                _ => return None,
            };
            span.ok().filter(|span| span.is_positive())
        };
        let Some(span) = stretch() else {
            let at = if self.text(at).is_some() { at } else { at - 1 };
            return Err(self.bad(at, format!("{STRETCH}, after `last`{QUOTE}")));
        };
        let from = self.now.checked_sub(span).ok().map(|from| from.timestamp());
        match from.filter(|from| *from >= Timestamp::UNIX_EPOCH) {
            Some(from) => Ok(Range { from, to: None }),
            None => Err(self.bad(at, "that is before 1970")),
        }
    }

    /// The point that must stand after a word.
    fn required(&self, at: usize) -> Result<(Point, usize), BadAsk> {
        let missing =
            || self.bad(at, format!("a time must stand after it: 14:00, yesterday, 2026-11-22{QUOTE}"));
        self.point(at + 1)?.ok_or_else(missing)
    }

    /// The point at that piece, and the piece after it.
    fn point(&self, at: usize) -> Result<Option<(Point, usize)>, BadAsk> {
        let Some(text) = self.text(at) else { return Ok(None) };
        let day = match point::said(text, self.now) {
            Said::Point(Point::Day(day)) => day,
            Said::Point(point) => return Ok(Some((point, at + 1))),
            Said::Wrong(what) => return Err(self.bad(at, format!("{what}{QUOTE}"))),
            Said::Nothing => return Ok(None),
        };
        let clock = self.text(at + 1).filter(|_| !self.pieces[at + 1].negated).and_then(point::clock);
        match clock {
            Some(Ok(clock)) => Ok(Some((Point::Of(day, clock), at + 2))),
            Some(Err(())) => Err(self.bad(at + 1, "no such time of day: 00:00 to 24:00")),
            None => Ok(Some((Point::Day(day), at + 1))),
        }
    }

    /// The moment of a point as that end of a stretch; a time of day is of `day`, else the latest that has come.
    fn edge(&self, at: usize, point: Point, edge: Edge, day: Option<Date>) -> Result<Timestamp, BadAsk> {
        let zone = self.now.time_zone();
        let moment = match point {
            Point::Exact(exact, _) => Some(exact),
            Point::Of(day, clock) => point::at(day, clock, edge, zone),
            Point::Clock(clock) => {
                let day = day.map_or_else(|| self.latest(at, clock), Ok)?;
                point::at(day, clock, edge, zone)
            }
            Point::Day(day) if edge == Edge::From => point::beginning(day, zone),
            Point::Day(day) => day.tomorrow().ok().and_then(|next| point::beginning(next, zone)),
        };
        self.some(at, moment)
    }

    /// The day of the latest such time of day that has come: today, else yesterday.
    fn latest(&self, at: usize, clock: Clock) -> Result<Date, BadAsk> {
        let today = self.now.date();
        let moment = self.some(at, point::at(today, clock, Edge::From, self.now.time_zone()))?;
        if moment <= self.now.timestamp() { Ok(today) } else { self.some(at, today.yesterday().ok()) }
    }

    /// A bare word that was probably meant as one for time: silently looking for it as text would find nothing.
    fn check_near(&self, at: usize) -> Result<(), BadAsk> {
        let Some(text) = self.text(at) else { return Ok(()) };
        let is_before_time = self.text(at + 1).is_some_and(|next| {
            next.starts_with(|c: char| c.is_ascii_digit())
                || !matches!(point::said(next, self.now), Said::Nothing)
        });
        let openers = if is_before_time { &OPENERS[..] } else { &[] };
        match DAY_WORDS.iter().chain(openers).find(|known| is_near(text, known)) {
            Some(known) => Err(self.bad(at, format!("did you mean `{known}`?{QUOTE}"))),
            None => Ok(()),
        }
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.pieces.get(at)?.text.as_deref()
    }

    fn some<T>(&self, at: usize, found: Option<T>) -> Result<T, BadAsk> {
        found.ok_or_else(|| self.bad(at, "beyond all time that can be told"))
    }

    pub fn bad(&self, at: usize, what: impl Into<String>) -> BadAsk {
        let piece = self.pieces.get(at).or(self.pieces.last());
        let (place, text) =
            piece.map_or((1, ""), |piece| (piece.at, piece.text.as_deref().unwrap_or_default()));
        BadAsk::new(place, text, what)
    }
}

fn is_near(word: &str, known: &str) -> bool {
    word != known && word.len().abs_diff(known.len()) <= 1 && strsim::damerau_levenshtein(word, known) == 1
}

/// Whether the word may mean a time, or could be thought to: as text it must be quoted.
pub(super) fn is_like_time(word: &str, now: &Zoned) -> bool {
    DAY_WORDS.iter().chain(&OPENERS).any(|known| word == *known || is_near(word, known))
        || !matches!(point::said(word, now), Said::Nothing)
}
