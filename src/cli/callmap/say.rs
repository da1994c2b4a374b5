//! A run as text, in the order of the callmap, as far as answers have come.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use crate::cli::{Failure, output};
use crate::model::callmap::progress::{LayerProgress, Progress, Stage};
use crate::model::callmap::report::Report;
use crate::model::callmap::text::{self, Columns, Line, Tone};
use crate::model::cells::fit;
use crate::model::plain::plain;

/// The widest line that says what is awaited: it must not wrap, or it could not be written over.
const AWAITED: usize = 70;

/// Tells one run, each thing once.
#[allow(clippy::struct_excessive_bools, reason = "each says another thing, and none goes without the others")]
pub struct Sayer {
    colour: bool,
    live: bool,
    /// The layer that is told now, and how many of its rows have been; nothing as long as not even the ticket has.
    at: Option<(usize, Option<usize>)>,
    /// A line that says what is awaited stands there.
    awaits: bool,
}

impl Sayer {
    pub fn new(colour: bool, live: bool) -> Self {
        Sayer { colour, live, at: None, awaits: false }
    }

    /// Tells what is new.
    pub fn advance(&mut self, run: &Progress) -> Result<(), Failure> {
        let mut lines = Vec::new();
        let mut at = self.at.unwrap_or_default();
        if self.at.is_none() {
            lines.push(Line::of(Tone::Plain, format!("Your ticket is '{}'.", run.ticket)));
            lines.push(Line::of(Tone::Head, format!("product: {}", plain(&run.product))));
        }
        let mut awaited = None;
        if matches!(run.stage, Stage::Asks | Stage::Over) {
            while let Some(layer) = run.layers.get(at.0) {
                if advance(&mut at, run, layer, &mut lines) {
                    at = (at.0 + 1, None);
                } else {
                    let row = layer.rows.iter().find(|row| row.came.is_none());
                    awaited = row.map(text::awaited);
                    break;
                }
            }
        } else if run.stage == Stage::Finds {
            awaited = Some("the hosts, to say where tenants are".to_owned());
        }
        self.at = Some(at);
        let (answered, all) = run
            .layers
            .iter()
            .fold((0, 0), |(answered, all), layer| (answered + layer.answered(), all + layer.rows.len()));
        self.print(&lines, awaited.map(|what| format!("{answered} of {all} answered; waiting for {what}")))
    }

    /// Tells the verdict, and what was before.
    pub fn end(&mut self, run: &Progress, report: &Report) -> Result<(), Failure> {
        let mut lines = text::verdict(report);
        if let Some(past) = &run.past {
            let last_good = past.last_good.as_ref().map(|good| good.began);
            lines.extend(text::past(report, last_good, &past.differs, &past.near, &TimeZone::system()));
        }
        self.print(&lines, None)
    }

    fn print(&mut self, lines: &[Line], awaited: Option<String>) -> Result<(), Failure> {
        let awaited = awaited.filter(|_| self.live);
        let was_awaiting = std::mem::replace(&mut self.awaits, awaited.is_some());
        if lines.is_empty() && awaited.is_none() && !was_awaiting {
            return Ok(());
        }
        let colour = self.colour;
        output::print(|out| {
            if was_awaiting {
                write!(out, "\r\u{1b}[K")?;
            }
            for line in lines {
                write_line(out, line, colour)?;
            }
            if let Some(awaited) = awaited {
                let text = fit(&awaited, AWAITED);
                write!(out, "{text}")?;
            }
            Ok(())
        })
    }
}

/// Tells what is new of the layer in turn; whether that was all.
fn advance(
    (at, told): &mut (usize, Option<usize>),
    run: &Progress,
    layer: &LayerProgress,
    lines: &mut Vec<Line>,
) -> bool {
    let mut count = told.unwrap_or_else(|| {
        lines.push(text::heading(*at, &layer.name));
        0
    });
    let columns = Columns::of(layer);
    // Once there is a report, what is skipped says so itself.
    let skipped = layer.skipped.as_deref().filter(|_| run.report.is_none());
    while let Some(row) = layer.rows.get(count) {
        let Some(came) = &row.came else { break };
        lines.push(text::row(columns, came, skipped));
        count += 1;
    }
    *told = Some(count);
    let is_whole = layer.is_complete() && count == layer.rows.len();
    if is_whole {
        lines.extend(text::came_to(layer));
    }
    is_whole
}

/// Prints lines, with colours where that is wanted.
pub fn print(lines: &[Line], colour: bool) -> Result<(), Failure> {
    output::print(|out| lines.iter().try_for_each(|line| write_line(out, line, colour)))
}

fn write_line(out: &mut dyn Write, line: &Line, colour: bool) -> io::Result<()> {
    if !colour {
        return writeln!(out, "{}", line.plain());
    }
    for (tone, text) in &line.0 {
        match code(*tone) {
            Some(code) => write!(out, "\u{1b}[{code}m{text}\u{1b}[0m")?,
            None => write!(out, "{text}")?,
        }
    }
    writeln!(out)
}

/// The terminal's own colours, which fit its ground.
fn code(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Head => Some("1"),
        Tone::Dim => Some("2"),
        Tone::Ok => Some("32"),
        Tone::Slow => Some("33"),
        Tone::Fail => Some("1;31"),
        Tone::Skipped => Some("36"),
    }
}
