//! All that is known of one probe: its phases as bars, headers, the start of the body, the certificate.

use jiff::Timestamp;

use super::verdict::{mark, milliseconds, slot};
use crate::config::theme::Slot;
use crate::model::callmap::answer::Certificate;
use crate::model::callmap::report::{Detail, Milliseconds, ProbeReport, Verdict};
use crate::model::callmap::words::distance;
use crate::model::cells::{fit, wrap};
use crate::model::plain::plain as harmless;
use crate::tui::state::{ProbeSheet, State};
use crate::tui::view::popup::{Line, Popup, heading, pad, plain};

/// How many lines of a body are shown.
const BODY: usize = 40;
/// What stands beside a bar.
const BESIDE: usize = 24;
/// The widest bar.
const BAR: usize = 60;

/// The box.
#[must_use]
pub fn popup(state: &State, sheet: &ProbeSheet) -> Popup {
    let probe = &sheet.probe;
    let title = format!("{} ── {} {}", sheet.layer, probe.kind, probe.target);
    Popup { top: sheet.top, ..Popup::new(title, lines(state, probe)) }
}

fn lines(state: &State, probe: &ProbeReport) -> Vec<Line> {
    let messages = &state.messages;
    let cells = usize::from(state.size.width).saturating_sub(8).clamp(20, 110);
    let asked =
        probe.record.as_ref().map_or_else(|| probe.ask.to_string(), |it| format!("{} {it}", probe.ask));
    let mut lines: Vec<Line> = wrap(&asked, cells).into_iter().map(plain).collect();
    let said = format!("{} {}", mark(probe.verdict), word(state, probe.verdict));
    let reason = probe.reason.as_deref().unwrap_or_default();
    for (number, line) in wrap(&format!("{said}  {reason}"), cells).into_iter().enumerate() {
        let line = if number == 0 { line } else { format!("  {line}") };
        lines.push(vec![(line, slot(probe.verdict))]);
    }
    let detail = probe.detail.as_deref();
    if let Some(peer) = detail.and_then(|detail| detail.peer.as_deref()) {
        lines.push(plain(messages.say_with("probe-peer", [("peer", peer)])));
    }
    if let Some(attempts) = detail.map(|detail| detail.attempts).filter(|attempts| *attempts > 1) {
        lines.push(plain(messages.say_with("probe-attempts", [("count", attempts)])));
    }
    let bars = bars(&probe.milliseconds, cells.saturating_sub(BESIDE).min(BAR));
    if !bars.is_empty() {
        lines.extend([vec![], heading(messages.say("probe-phases"))]);
        lines.extend(bars.into_iter().map(|bar| {
            vec![
                (format!("  {}", pad(&messages.say(bar.name), 11)), Slot::Dim),
                (pad(&format!("{}{}", " ".repeat(bar.from), "█".repeat(bar.long)), bar.room), Slot::Gauge),
                (format!(" {:>9}", milliseconds(bar.milliseconds)), Slot::Text),
            ]
        }));
    }
    if let Some(detail) = detail {
        answer(state, detail, cells, &mut lines);
    }
    lines
}

/// The word of a verdict.
fn word(state: &State, verdict: Verdict) -> String {
    match verdict {
        Verdict::Ok => state.messages.say("verdict-ok"),
        Verdict::Slow => state.messages.say("verdict-slow"),
        Verdict::Fail => state.messages.say("verdict-fail"),
        Verdict::Skipped => state.messages.say("callmap-skipped"),
    }
}

/// A phase as a bar: where it begins, and how long it is, in cells.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bar {
    name: &'static str,
    from: usize,
    long: usize,
    room: usize,
    milliseconds: f64,
}

/// The phases one after the other, the whole as long as `room`. What is left of the whole is the rest of the answer.
fn bars(times: &Milliseconds, room: usize) -> Vec<Bar> {
    let phases = [
        ("phase-dns", times.dns),
        ("phase-connect", times.connect),
        ("phase-tls", times.tls),
        ("phase-first-byte", times.first_byte),
    ];
    let known: f64 = phases.iter().filter_map(|(_, time)| *time).sum();
    let total = times.total.unwrap_or(known).max(known);
    let mut bars = Vec::new();
    if room == 0 || total <= 0.0 {
        return bars;
    }
    let mut passed = 0.0;
    let mut add = |name, time: f64, passed: f64| {
        let at = |time: f64| cell(time / total, room);
        // Whatever took any time is seen.
        let from = at(passed).min(room - 1);
        let long = at(passed + time).saturating_sub(from).max(1);
        bars.push(Bar { name, from, long, room, milliseconds: time });
    };
    for (name, time) in phases {
        if let Some(time) = time {
            add(name, time, passed);
            passed += time;
        }
    }
    if times.first_byte.is_some() && total > passed {
        add("phase-rest", total - passed, passed);
    }
    if times.total.is_some() {
        add("phase-total", total, 0.0);
    }
    bars
}

/// A part of the whole in cells.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of 1 of a few cells")]
fn cell(part: f64, room: usize) -> usize {
    ((part.clamp(0.0, 1.0) * room as f64).round() as usize).min(room)
}

fn answer(state: &State, detail: &Detail, cells: usize, lines: &mut Vec<Line>) {
    let messages = &state.messages;
    if !detail.head.is_empty() {
        lines.extend([vec![], heading(detail.head.clone())]);
    }
    for (name, value) in &detail.headers {
        let value = fit(value, cells.saturating_sub(name.len() + 4)).into_owned();
        lines.push(vec![(format!("  {name}: "), Slot::Dim), (value, Slot::Text)]);
    }
    if !detail.body.is_empty() {
        lines.extend([vec![], heading(messages.say("probe-body"))]);
        let body = detail.body.lines().take(BODY);
        lines.extend(body.map(|line| plain(format!("  {}", fit(&harmless(line), cells)))));
    }
    if let Some(certificate) = &detail.certificate {
        lines.extend([vec![], heading(messages.say("probe-certificate"))]);
        certificate_lines(state, certificate, cells, lines);
    }
}

fn certificate_lines(state: &State, certificate: &Certificate, cells: usize, lines: &mut Vec<Line>) {
    let messages = &state.messages;
    let left = certificate.ends.duration_since(state.now.timestamp()).as_secs();
    let (message, slot) = match left {
        ..0 => ("certificate-ended", Slot::Bad),
        0..1_209_600 => ("certificate-ends", Slot::Warn),
        _ => ("certificate-ends", Slot::Text),
    };
    let arguments = [("date", day(certificate.ends)), ("distance", distance(left))];
    let mut add = |message: &str, value: String| {
        let name = format!("  {}", pad(&messages.say(message), 13));
        for (number, line) in wrap(&value, cells.saturating_sub(15)).into_iter().enumerate() {
            let name = if number == 0 { name.clone() } else { " ".repeat(15) };
            lines.push(vec![(name, Slot::Dim), (line, Slot::Text)]);
        }
    };
    add("certificate-subject", certificate.subject.clone());
    add("certificate-names", certificate.names.join(" "));
    add("certificate-issuer", certificate.issuer.clone());
    add("certificate-from", day(certificate.begins));
    add("certificate-chain", certificate.chain.to_string());
    add("certificate-print", certificate.fingerprint.clone());
    lines.push(vec![(format!("  {}", messages.say_with(message, arguments)), slot)]);
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(all: [Option<f64>; 5]) -> Milliseconds {
        let [dns, connect, tls, first_byte, total] = all;
        Milliseconds { dns, connect, tls, first_byte, total }
    }

    #[test]
    fn phases_follow_each_other() {
        let bars = bars(&times([None, Some(10.0), Some(30.0), Some(50.0), Some(100.0)]), 20);
        let drawn: Vec<_> = bars.iter().map(|bar| (bar.name, bar.from, bar.long)).collect();
        let expected = [
            ("phase-connect", 0, 2),
            ("phase-tls", 2, 6),
            ("phase-first-byte", 8, 10),
            ("phase-rest", 18, 2),
            ("phase-total", 0, 20),
        ];
        assert_eq!(drawn, expected);
    }

    proptest! {
        #[test]
        fn bars_stay_in_their_room(all in prop::array::uniform5(prop::option::of(0.0..1e6f64)), room in 0..80usize) {
            for bar in bars(&times(all), room) {
                prop_assert!(bar.long >= 1 && bar.from + bar.long <= room, "{bar:?}");
            }
        }
    }
}
