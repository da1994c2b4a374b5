//! `changes summary`: changes counted, as bars or as JSON. Of what is recorded.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::Serialize;

use super::chart::Chart;
use crate::cli::{Failure, output};
use crate::config::Settings;
use crate::grammar::ChangesSummaryArgs;
use crate::model::ask::Ask;
use crate::model::change::{Summary, Verb};
use crate::model::plain::plain;

/// What is summed up where nothing is said.
const USUAL: &str = "yesterday";
/// How many names are told of each kind; JSON has all.
const MOST_NAMES: usize = 10;
/// Up to so long hours are told; then days, then months.
const HOURS: SignedDuration = SignedDuration::from_hours(49);
const DAYS: SignedDuration = SignedDuration::from_hours(62 * 24);
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// A summary in JSON.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    range: String,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    zone: Option<&'a str>,
    total: u64,
    by_actor: Vec<ActorRow<'a>>,
    by_verb: Vec<VerbRow>,
    by_tenant: Vec<TenantRow<'a>>,
    busiest: Option<QuarterRow>,
    quarters: Vec<QuarterRow>,
}

#[derive(Debug, Serialize)]
struct ActorRow<'a> {
    /// Null where nobody is known.
    actor: Option<&'a str>,
    count: u64,
}

#[derive(Debug, Serialize)]
struct VerbRow {
    verb: Verb,
    count: u64,
}

#[derive(Debug, Serialize)]
struct TenantRow<'a> {
    tenant: &'a str,
    count: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct QuarterRow {
    start: Timestamp,
    count: u64,
}

/// Sums changes up.
///
/// # Errors
/// A question that cannot be understood; the ledger cannot be read.
pub async fn run(args: &ChangesSummaryArgs, settings: Settings) -> Result<(), Failure> {
    let now = Zoned::now();
    let ask = super::asked(&args.query, USUAL, &now)?;
    let (ledger, _) = super::ledger(settings.ledger).await?;
    let summary = ledger.summary(&ask).await.map_err(super::failed)?;
    let zone = now.time_zone();
    if args.json {
        return output::json(&whole(&ask, &summary, zone));
    }
    let lines = lines(&ask, &summary, zone, Chart::of_process());
    output::print(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

fn whole<'a>(ask: &Ask, summary: &'a Summary, zone: &'a TimeZone) -> Whole<'a> {
    let actor = |name: &'a Arc<str>| Some(&**name).filter(|name| *name != "-");
    Whole {
        range: ask.range_in_words(zone),
        from: ask.range.map(|range| range.from),
        to: ask.range.and_then(|range| range.to),
        zone: zone.iana_name(),
        total: summary.total,
        by_actor: summary
            .by_actor
            .iter()
            .map(|(name, count)| ActorRow { actor: actor(name), count: *count })
            .collect(),
        by_verb: summary.by_verb.iter().map(|(verb, count)| VerbRow { verb: *verb, count: *count }).collect(),
        by_tenant: summary
            .by_tenant
            .iter()
            .map(|(name, count)| TenantRow { tenant: name, count: *count })
            .collect(),
        busiest: busiest(summary),
        quarters: summary
            .quarters
            .iter()
            .map(|(start, count)| QuarterRow { start: *start, count: *count })
            .collect(),
    }
}

/// The quarter of an hour with the most changes; of several the first.
fn busiest(summary: &Summary) -> Option<QuarterRow> {
    let most = summary.quarters.iter().map(|(_, count)| *count).max()?;
    let (start, count) = *summary.quarters.iter().find(|(_, count)| *count == most)?;
    Some(QuarterRow { start, count })
}

fn lines(ask: &Ask, summary: &Summary, zone: &TimeZone, chart: Chart) -> Vec<String> {
    let changes = |count: u64| if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    let mut lines = vec![chart.head(&format!("{}: {}", ask.range_in_words(zone), changes(summary.total)))];
    let names = |rows: &[(Arc<str>, u64)]| -> Vec<(String, u64)> {
        rows.iter().map(|(name, count)| (plain(name).into_owned(), *count)).collect()
    };
    let verbs: Vec<(String, u64)> =
        summary.by_verb.iter().map(|(verb, count)| (verb.to_string(), *count)).collect();
    for (name, rows) in [
        ("by person", names(&summary.by_actor)),
        ("by verb", verbs),
        ("by tenant", names(&summary.by_tenant)),
    ] {
        if rows.is_empty() {
            continue;
        }
        lines.extend([String::new(), chart.head(name)]);
        lines.extend(chart.bars(&rows[..rows.len().min(MOST_NAMES)]));
        if rows.len() > MOST_NAMES {
            lines.push(format!("  and {} more", rows.len() - MOST_NAMES));
        }
    }
    let (step, over_time) = over_time(summary, zone);
    if !over_time.is_empty() {
        lines.extend([String::new(), chart.head(step)]);
        lines.extend(chart.bars(&over_time));
    }
    if let Some(QuarterRow { start, count }) = busiest(summary) {
        let from = start.to_zoned(zone.clone());
        let to = start.checked_add(QUARTER).unwrap_or(start).to_zoned(zone.clone());
        let (from, to) = (from.strftime("%Y-%m-%d %H:%M"), to.strftime("%H:%M"));
        lines.extend([
            String::new(),
            format!("busiest quarter of an hour: {from} to {to}, {}", changes(count)),
        ]);
    }
    lines
}

/// The changes of each hour, day or month between the first and the last one; an hour that comes twice is two.
fn over_time(summary: &Summary, zone: &TimeZone) -> (&'static str, Vec<(String, u64)>) {
    let (Some((first, _)), Some((last, _))) = (summary.quarters.first(), summary.quarters.last()) else {
        return ("", Vec::new());
    };
    let long = last.duration_since(*first);
    let (name, form, step) = match long {
        _ if long <= HOURS => ("by hour", "%Y-%m-%d %H:00%:z", QUARTER),
        _ if long <= DAYS => ("by day", "%Y-%m-%d", SignedDuration::from_hours(6)),
        _ => ("by month", "%Y-%m", SignedDuration::from_hours(24)),
    };
    let label = |time: Timestamp| time.to_zoned(zone.clone()).strftime(form).to_string();
    let mut rows: Vec<(String, u64)> = Vec::new();
    let mut add = |time: Timestamp, count: u64| {
        let label = label(time);
        match rows.last_mut() {
            Some((last, sum)) if *last == label => *sum += count,
            _ => rows.push((label, count)),
        }
    };
    // Those without a change are there too, so that a gap looks like one.
    let mut at = *first;
    for (start, count) in &summary.quarters {
        while at < *start {
            add(at, 0);
            let Ok(next) = at.checked_add(step) else { break };
            at = next;
        }
        add(*start, *count);
        at = at.max(*start);
    }
    for (label, _) in &mut rows {
        // Every offset is told only where there are several.
        if name == "by hour" && zone.to_offset(*first) == zone.to_offset(*last) {
            label.truncate("2026-11-22 14:00".len());
        }
    }
    (name, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(quarters: &[(&str, u64)]) -> Summary {
        let quarters: Vec<(Timestamp, u64)> =
            quarters.iter().map(|(time, count)| (time.parse().unwrap(), *count)).collect();
        Summary {
            total: quarters.iter().map(|(_, count)| count).sum(),
            by_actor: vec![("op1@war-room".into(), 3), ("-".into(), 1)],
            by_verb: vec![(Verb::Dumped, 3), (Verb::Crashed, 1)],
            by_tenant: vec![("ac\u{1b}me".into(), 4)],
            quarters,
        }
    }

    fn told(summary: &Summary, ask: &str) -> Vec<String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = "2026-10-26T12:00:00Z".parse::<Timestamp>().unwrap().to_zoned(zone.clone());
        let ask = Ask::parse(ask, &now).unwrap();
        lines(&ask, summary, &zone, Chart { width: 40, colour: false })
    }

    #[test]
    fn a_summary_names_the_busiest_quarter_and_shows_gaps() {
        let lines = told(&summary(&[("2026-10-23T12:15:00Z", 1), ("2026-10-23T14:45:00Z", 3)]), "fri");
        assert_eq!(lines[0], "2026-10-23 00:00 to 24:00, Europe/Berlin: 4 changes");
        for line in [
            "  op1@war-room  3 ██████████████████████",
            "  -             1 ███████▎",
            "  ac␛me  4 █████████████████████████████",
            "  2026-10-23 14:00  1 ██████",
            "  2026-10-23 15:00  0",
            "  2026-10-23 16:00  3 ██████████████████",
            "busiest quarter of an hour: 2026-10-23 16:45 to 17:00, 3 changes",
        ] {
            assert!(lines.iter().any(|told| told == line), "{line}\n{lines:#?}");
        }
    }

    #[test]
    fn the_hour_that_comes_twice_is_two() {
        let lines = told(&summary(&[("2026-10-25T00:30:00Z", 1), ("2026-10-25T01:30:00Z", 3)]), "sun");
        assert_eq!(lines[0], "2026-10-25 00:00 to 24:00 (25 hours), Europe/Berlin: 4 changes");
        let hours: Vec<&String> = lines.iter().filter(|line| line.contains("2026-10-25 02:00+0")).collect();
        assert_eq!(hours.len(), 2, "{lines:#?}");
    }

    #[test]
    fn long_stretches_are_told_by_day_or_month_and_none_is_told_as_none() {
        let lines = told(&summary(&[("2026-10-01T00:30:00Z", 1), ("2026-10-25T23:30:00Z", 3)]), "");
        assert!(lines.iter().any(|line| line == "by day"));
        assert_eq!(lines.iter().filter(|line| line.starts_with("  2026-10-")).count(), 26);
        let lines = told(&summary(&[("2026-01-01T00:30:00Z", 1), ("2026-10-25T23:30:00Z", 3)]), "");
        assert_eq!(lines.iter().filter(|line| line.starts_with("  2026-")).count(), 10);
        let lines = told(&Summary::default(), "today");
        assert_eq!(lines, ["2026-10-26 00:00 to 24:00, Europe/Berlin: 0 changes"]);
    }

    #[test]
    fn json_has_it_all() {
        let zone = TimeZone::UTC;
        let now = "2026-10-26T12:00:00Z".parse::<Timestamp>().unwrap().to_zoned(zone.clone());
        let ask = Ask::parse("yesterday", &now).unwrap();
        let summary = summary(&[("2026-10-25T00:30:00Z", 1), ("2026-10-25T01:30:00Z", 3)]);
        let json = serde_json::to_value(whole(&ask, &summary, &zone)).unwrap();
        assert_eq!(json["range"], "2026-10-25 00:00 to 24:00, UTC");
        assert_eq!(json["by_actor"][1], serde_json::json!({"actor": null, "count": 1}));
        assert_eq!(json["by_verb"][0], serde_json::json!({"verb": "dumped", "count": 3}));
        assert_eq!(json["busiest"], serde_json::json!({"start": "2026-10-25T01:30:00Z", "count": 3}));
        assert_eq!((&json["total"], &json["zone"]), (&4.into(), &"UTC".into()));
    }
}
