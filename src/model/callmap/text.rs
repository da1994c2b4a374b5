//! A report as text, to paste into a mail or a chat.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::layer::{numbered, told};
use super::progress::Past;
use super::report::{LayerReport, ProbeReport, Report, Verdict};
use super::words::distance;
use crate::model::cells::width;

/// The most bytes: what may be handed to a terminal's clipboard is bounded, and nobody reads more.
const LONGEST: usize = 48 * 1024;
/// The most cells that a target or a name is filled up to.
const WIDEST: usize = 32;

/// The report, with what was before it. Times are those of `zone`.
#[must_use]
pub fn text(report: &Report, past: Option<&Past>, zone: &TimeZone) -> String {
    let time = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let mut text = format!("{}: {}\n", report.product, told(report.verdict, &report.layers));
    let ticket = report.ticket.map(|ticket| format!("ticket {ticket}, ")).unwrap_or_default();
    let _ =
        writeln!(text, "{ticket}{}, {} ms, by {}\n", time(report.began), report.milliseconds, report.actor);
    let names = report.layers.iter().enumerate().map(|(at, layer)| width(&numbered(at, &layer.name)));
    let widest = names.max().unwrap_or(0).min(WIDEST);
    for (at, layer) in report.layers.iter().enumerate() {
        layer_lines(at, layer, widest, &mut text);
    }
    let mut list = |heading: &str, sentences: &mut dyn Iterator<Item = String>| {
        for (number, sentence) in sentences.enumerate() {
            if number == 0 {
                let _ = writeln!(text, "\n{heading}");
            }
            let _ = writeln!(text, "  {sentence}");
        }
    };
    list("They do not agree:", &mut report.drift.iter().cloned());
    if let Some(past) = past {
        list("Changes near it:", &mut past.near.iter().map(|near| near.told(report.began, zone)));
        if let Some(good) = &past.last_good {
            let ago = distance(report.began.duration_since(good.began).as_secs());
            let heading = format!("Last good run: {} ({ago} before)", time(good.began));
            let nothing = past.differs.is_empty().then(|| "nothing differs from it".to_owned());
            list(&heading, &mut past.differs.iter().cloned().chain(nothing));
        }
    }
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(text[..end].rfind('\n').map_or(end, |line| line + 1));
        text.push_str("… and more\n");
    }
    text
}

fn layer_lines(at: usize, layer: &LayerReport, widest: usize, text: &mut String) {
    let name = filled(&numbered(at, &layer.name), widest);
    let counts = format!("{}/{}", layer.ok, layer.total);
    let _ = write!(text, "{} {name}  {counts:>7}  {}", mark(layer.verdict), word(layer.verdict));
    let _ = match &layer.reason {
        Some(reason) => writeln!(text, "  {reason}"),
        None => writeln!(text),
    };
    let targets = layer.probes.iter().map(|probe| width(&probe.target)).max().unwrap_or(0).min(WIDEST);
    for probe in layer.probes.iter().filter(|probe| probe.verdict != Verdict::Skipped) {
        probe_line(probe, targets, text);
    }
}

fn probe_line(probe: &ProbeReport, targets: usize, text: &mut String) {
    let ProbeReport { target, kind, ask, record, verdict, reason, milliseconds, .. } = probe;
    let record = record.as_ref().map(|record| format!(" {record}")).unwrap_or_default();
    let time = milliseconds.total.map(|total| format!("  {total:.1} ms")).unwrap_or_default();
    let reason = reason.as_deref().unwrap_or_default();
    let target = filled(target, targets);
    let _ = writeln!(text, "    {} {target}  {kind}{record} {ask}  {reason}{time}", mark(*verdict));
}

fn filled(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "✔",
        Verdict::Slow => "!",
        Verdict::Fail => "✖",
        Verdict::Skipped => "–",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Slow => "slow",
        Verdict::Fail => "broken",
        Verdict::Skipped => "skipped",
    }
}
