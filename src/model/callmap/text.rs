//! A run as text, for terminals and to be copied: line by line as answers come, in the manner of `step 2  nginx`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::layer::{Tally, told};
use super::near::Near;
use super::progress::{LayerProgress, Row};
use super::report::{LayerReport, ProbeReport, ProductVerdict, Report, Verdict};
use super::words::distance;
use crate::model::cells::width;

/// The widest that a column of targets or questions gets.
const WIDEST: usize = 60;

/// What a piece of a line is, for whoever colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// As the rest.
    Plain,
    /// A heading.
    Head,
    /// Less important.
    Dim,
    /// It is well.
    Ok,
    /// It is late.
    Slow,
    /// It is not well.
    Fail,
    /// It was not judged.
    Skipped,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<(Tone, String)>);

impl Line {
    /// A line of one piece.
    #[must_use]
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Line(vec![(tone, text.into())])
    }

    /// Without tones.
    #[must_use]
    pub fn plain(&self) -> String {
        let text: String = self.0.iter().map(|(_, text)| text.as_str()).collect();
        text.trim_end().to_owned()
    }
}

/// How wide a layer's columns are: its targets, and what they are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    target: usize,
    ask: usize,
}

impl Columns {
    /// As wide as the layer's questions need.
    #[must_use]
    pub fn of(layer: &LayerProgress) -> Self {
        Columns::fitting(layer.rows.iter().map(|row| (&*row.target, asked(&row.ask, row.record.as_deref()))))
    }

    /// The same for a report.
    #[must_use]
    pub fn of_report(layer: &LayerReport) -> Self {
        Columns::fitting(layer.probes.iter().map(|it| (&*it.target, asked(&it.ask, it.record.as_deref()))))
    }

    fn fitting<'a>(rows: impl Iterator<Item = (&'a str, String)>) -> Self {
        rows.fold(Columns::default(), |columns, (target, ask)| Columns {
            target: columns.target.max(width(target)).min(WIDEST),
            ask: columns.ask.max(width(&ask)).min(WIDEST),
        })
    }
}

/// `step 2  nginx`.
#[must_use]
pub fn heading(at: usize, name: &str) -> Line {
    Line::of(Tone::Head, format!("step {at}  {name}"))
}

/// `  203.0.113.7  https://www.example.com/  OK    200  12 ms`. A layer that is skipped says so in all its rows.
#[must_use]
pub fn row(columns: Columns, probe: &ProbeReport, skipped: Option<&str>) -> Line {
    let verdict = if skipped.is_some() { Verdict::Skipped } else { probe.verdict };
    let (tone, word) = worded(verdict);
    let told = skipped.map(|why| format!("skipped ({why})"));
    let reason = told.or_else(|| probe.reason.clone()).unwrap_or_default();
    let asked = asked(&probe.ask, probe.record.as_deref());
    let time = match probe.milliseconds.total {
        Some(total) if verdict != Verdict::Skipped => format!("  {} ms", milliseconds(total)),
        _ => String::new(),
    };
    Line(vec![
        (
            Tone::Plain,
            format!("  {}  {}  ", padded(&probe.target, columns.target), padded(&asked, columns.ask)),
        ),
        (tone, format!("{word:<7}  ")),
        (Tone::Plain, reason),
        (Tone::Dim, time),
    ])
}

/// What is awaited: for a line that is written over.
#[must_use]
pub fn awaited(row: &Row) -> String {
    format!("{} {}", row.target, asked(&row.ask, row.record.as_deref()))
}

/// What a layer came to, where a word is needed: not all of its targets are well, or there are none.
#[must_use]
pub fn came_to(layer: &LayerProgress) -> Option<Line> {
    let Tally { ok, total, .. } = layer.tally?;
    let nobody = || layer.rows.is_empty().then(|| "there is nobody to ask".to_owned());
    summary(layer.verdict()?, (ok, total), &layer.need, layer.nobody.clone().or_else(nobody).as_deref())
}

fn summary(verdict: Verdict, (ok, total): (u32, u32), need: &str, reason: Option<&str>) -> Option<Line> {
    if let Some(reason) = reason {
        let tone = worded(verdict).0;
        return Some(Line::of(tone, format!("  {reason}")));
    }
    let word = match verdict {
        Verdict::Fail => "broken",
        Verdict::Slow | Verdict::Ok if ok < total => "works with losses",
        Verdict::Slow => "slow",
        Verdict::Skipped | Verdict::Ok => return None,
    };
    let tone = if verdict == Verdict::Fail { Tone::Fail } else { Tone::Slow };
    Some(Line::of(tone, format!("  {ok} of {total} well, needs {need}: {word}")))
}

/// The verdict on the chain, and what does not agree.
#[must_use]
pub fn verdict(report: &Report) -> Vec<Line> {
    let tone = match report.verdict {
        ProductVerdict::Ok => Tone::Ok,
        ProductVerdict::Degraded => Tone::Slow,
        ProductVerdict::Broken => Tone::Fail,
    };
    let text = told(report.verdict, &report.layers);
    let mut lines = vec![Line(vec![
        (Tone::Head, format!("{}: ", report.product)),
        (tone, text),
        (Tone::Dim, format!("  {} ms", report.milliseconds)),
    ])];
    lines.extend(report.drift.iter().map(|drift| Line::of(Tone::Slow, format!("drift: {drift}"))));
    lines
}

/// What was before a run that was not well. `last_good` is when the last run began that was.
#[must_use]
pub fn past(
    report: &Report,
    last_good: Option<Timestamp>,
    differs: &[String],
    near: &[Near],
    zone: &TimeZone,
) -> Vec<Line> {
    if report.verdict == ProductVerdict::Ok {
        return Vec::new();
    }
    let mut lines = Vec::new();
    lines.push(match last_good {
        Some(good) => {
            let (then, now) = (good.to_zoned(zone.clone()), report.began.to_zoned(zone.clone()));
            let form = if then.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
            let ago = distance(report.began.duration_since(good).as_secs());
            Line::of(Tone::Head, format!("last good run: {} ({ago} before)", then.strftime(form)))
        }
        None => Line::of(Tone::Dim, "last good run: none is known"),
    });
    lines.extend(differs.iter().map(|sentence| Line::of(Tone::Plain, format!("  {sentence}"))));
    if !near.is_empty() {
        lines.push(Line::of(Tone::Head, "changed near it:"));
        let told = near.iter().map(|near| near.told(report.began, zone));
        lines.extend(told.map(|sentence| Line::of(Tone::Plain, format!("  {sentence}"))));
    }
    lines
}

/// A whole report, without what was before.
#[must_use]
pub fn report(report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    for (at, layer) in report.layers.iter().enumerate() {
        lines.push(heading(at, &layer.name));
        let columns = Columns::of_report(layer);
        lines.extend(layer.probes.iter().map(|probe| row(columns, probe, None)));
        let tally = (layer.ok, layer.total);
        lines.extend(summary(layer.verdict, tally, &layer.need, layer.reason.as_deref()));
    }
    lines.extend(verdict(report));
    lines
}

fn worded(verdict: Verdict) -> (Tone, &'static str) {
    match verdict {
        Verdict::Ok => (Tone::Ok, "OK"),
        Verdict::Slow => (Tone::Slow, "SLOW"),
        Verdict::Fail => (Tone::Fail, "FAIL"),
        Verdict::Skipped => (Tone::Skipped, "SKIPPED"),
    }
}

fn asked(ask: &str, record: Option<&str>) -> String {
    record.map_or_else(|| ask.to_owned(), |record| format!("{ask} {record}"))
}

fn padded(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide.saturating_sub(width(text))))
}

fn milliseconds(total: f64) -> String {
    if total < 10.0 { format!("{total:.1}") } else { format!("{total:.0}") }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
