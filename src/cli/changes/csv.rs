//! Changes as CSV: RFC 4180, harmless for terminals, and for programs that run cells as formulas.

use super::row::Row;
use crate::model::change::Change;
use crate::model::plain::plain;

const NAMES: [&str; 13] = [
    "id",
    "time",
    "source",
    "actor",
    "confidence",
    "verb",
    "object",
    "host",
    "tenant",
    "container",
    "ticket",
    "text",
    "count",
];

/// The first line.
pub fn header() -> String {
    line(&NAMES.map(str::to_owned))
}

/// A change's line.
pub fn record(change: &Change) -> String {
    let row = Row::of(change);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    line(&[
        row.id.to_string(),
        row.time.to_string(),
        row.source.to_owned(),
        text(row.actor),
        row.confidence.to_owned(),
        row.verb.to_owned(),
        row.object,
        text(row.host),
        text(row.tenant),
        text(row.container),
        row.ticket.map(String::from).unwrap_or_default(),
        row.text.unwrap_or_default(),
        row.count.to_string(),
    ])
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let text = plain(text);
    // Spreadsheets run what begins with one of these, some also behind blanks; an apostrophe before it makes it text.
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    let text = if is_formula { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"', ';', '\n', '\r']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::change::{Act, Source, Verb};

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (text, expected) in [
            ("", ""),
            ("acme-app", "acme-app"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1+2", "'-1+2"),
            ("+1", "'+1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("a\r\nb\u{1b}[31m", "a␍␊b␛[31m"),
            (" a", "\" a\""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_line_has_a_cell_a_name() {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        let change = Change {
            tenant: Some("acme".into()),
            detail: Some("exit 137".to_owned()),
            cause: Some("compose shop".into()),
            ..Change::new(Source::Engine, Act::from_number(1), time, Verb::Crashed)
        };
        let expected = "0000000000000001,2023-11-14T22:13:20Z,engine,,unknown,crashed,acme,,acme,,,exit 137 (compose shop),1\r\n";
        assert_eq!(record(&change), expected);
        assert_eq!(header().matches(',').count(), expected.matches(',').count());
        assert!(header().starts_with("id,time,source,actor,") && header().ends_with(",text,count\r\n"));
    }
}
