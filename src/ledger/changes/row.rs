//! How records and changes become rows.

use std::borrow::Cow;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::ledger::error::Fault;
use crate::ledger::rows;
use crate::model::ask::words;
use crate::model::change::{Change, Record, Source};

/// The most bytes of what was told.
const MOST_RAW_BYTES: usize = 16 * 1024;
/// The most bytes of each text of a reading.
const MOST_TEXT: usize = 4 * 1024;
/// The most bytes of what is looked for by name: indexes bound their rows.
const MOST_NAME: usize = 512;
/// The most bytes of what free text is looked for in.
const MOST_WORDS: usize = 16 * 1024;
/// Nobody known, as questions call it.
pub(super) const NOBODY: &str = "-";

/// A row of `acts`, without the numbers of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ActRow {
    pub(super) act: i64,
    pub(super) time: i64,
    pub(super) source: &'static str,
    pub(super) verb: &'static str,
    pub(super) host: String,
    pub(super) tenant: String,
    pub(super) container: String,
    pub(super) actor: String,
    pub(super) ticket: String,
    pub(super) words: i64,
}

impl ActRow {
    /// The row, and the words that it refers to.
    pub(super) fn of(change: &Change) -> (ActRow, String) {
        let text = stored(&words(change), MOST_WORDS);
        let row = ActRow {
            act: change.act.number(),
            time: nanoseconds(change.time),
            source: change.source.as_str(),
            verb: change.verb.as_str(),
            host: name(change.host.as_deref()),
            tenant: name(change.tenant.as_deref()),
            container: name(change.container.as_deref()),
            actor: name(Some(change.actor.as_deref().unwrap_or(NOBODY))),
            ticket: change.ticket.map(|ticket| ticket.to_string()).unwrap_or_default(),
            words: number_of(&text),
        };
        (row, text)
    }

    /// Whether this reading counts where that one is there. Engines' events come in any order, from several consoles; all
    /// else is told in the order in which it happened.
    pub(super) fn outranks(&self, time: i64) -> bool {
        self.source != Source::Engine.as_str() || self.time >= time
    }
}

/// A moment as a number. What is further away than three centuries is kept as just that.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// The moment of that number.
pub(super) fn moment(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Where a record is known from. Only what engines tell of our own work has no reading.
pub(super) fn source(record: &Record) -> Source {
    record.reading.as_ref().map_or(Source::Engine, |reading| reading.source)
}

/// What was told, as it is kept.
pub(super) fn raw(record: &Record) -> String {
    stored(&record.raw, MOST_RAW_BYTES)
}

/// A reading as it is kept: its texts bounded.
pub(super) fn bounded(change: &Change) -> Cow<'_, Change> {
    let is_long = |text: Option<&str>| text.is_some_and(|text| text.len() > MOST_TEXT);
    let texts = [
        &change.host,
        &change.actor,
        &change.tenant,
        &change.container,
        &change.id,
        &change.thing,
        &change.before,
        &change.after,
        &change.cause,
    ];
    if !is_long(change.detail.as_deref()) && !texts.into_iter().any(|text| is_long(text.as_deref())) {
        return Cow::Borrowed(change);
    }
    let mut change = change.clone();
    let texts = [
        &mut change.host,
        &mut change.actor,
        &mut change.tenant,
        &mut change.container,
        &mut change.id,
        &mut change.thing,
        &mut change.before,
        &mut change.after,
        &mut change.cause,
    ];
    for text in texts.into_iter().flatten() {
        *text = cut(text, MOST_TEXT).into();
    }
    if let Some(detail) = &mut change.detail {
        *detail = cut(detail, MOST_TEXT);
    }
    Cow::Owned(change)
}

/// A change from its JSON.
pub(super) fn change(seq: i64, reading: &str) -> Result<Change, Fault> {
    rows::thing(&format!("change {seq}"), reading)
}

/// The number of a text: a hash of 63 bits. Two of ten million texts share one with a chance of 1 to 200,000.
fn number_of(text: &str) -> i64 {
    let mut number = [0; 8];
    number.copy_from_slice(&Sha256::digest(text)[..8]);
    i64::from_be_bytes(number) & i64::MAX
}

/// A name as it is looked for.
fn name(name: Option<&str>) -> String {
    name.map(|name| stored(&name.to_lowercase(), MOST_NAME)).unwrap_or_default()
}

/// PostgreSQL takes no zero byte in a text.
pub(super) fn stored(text: &str, most: usize) -> String {
    let text = cut(text, most);
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::{Act, Verb};

    #[test]
    fn long_texts_are_cut_where_a_character_ends() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äöüß", 7), "äö…");
        let change = Change {
            detail: Some("ü".repeat(1 << 20)),
            tenant: Some("青".repeat(10_000).into()),
            ..Change::new(Source::Note, Act::from_number(1), Timestamp::UNIX_EPOCH, Verb::Noted)
        };
        assert!(rows::body(&*bounded(&change)).unwrap().len() < 3 * MOST_TEXT);
        let (row, text) = ActRow::of(&change);
        assert!(row.tenant.len() <= MOST_NAME && text.len() <= MOST_WORDS);
    }

    #[test]
    fn a_moment_is_a_number_and_back() {
        let time: Timestamp = "2026-03-29T01:59:59.123456789Z".parse().unwrap();
        assert_eq!(moment(nanoseconds(time)), time);
        assert_eq!(nanoseconds(Timestamp::MAX), i64::MAX);
        assert_eq!(nanoseconds(Timestamp::MIN), i64::MIN);
    }
}
