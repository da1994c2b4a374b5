//! Records for tests.

use jiff::{SignedDuration, Timestamp};
use wakeboard::model::ask::Ask;
use wakeboard::model::change::{Change, Record, Source, Verb};

use super::super::things::at;

/// A moment so many milliseconds after the noon of these tests.
pub fn moment(milliseconds: i64) -> Timestamp {
    at(0).checked_add(SignedDuration::from_millis(milliseconds)).unwrap()
}

/// An engine's event that is an act of its own.
pub fn event(key: &str, time: Timestamp, tenant: &str, verb: Verb) -> Record {
    let act = Record::act_of(Source::Engine, key);
    let change = Change {
        host: Some("web-1".into()),
        tenant: Some(tenant.into()),
        container: Some(format!("{tenant}-app").into()),
        ..Change::new(Source::Engine, act, time, verb)
    };
    Record::alone(key, format!("{verb} at {time}").into(), change)
}

/// A part of the act that another record began.
pub fn part(of: &Record, key: &str, time: Timestamp, verb: Verb) -> Record {
    let mut part = event(key, time, "", verb);
    part.act = of.act;
    part.reading = of.reading.clone().map(|reading| Change { time, verb, ..reading });
    part
}

pub fn note(key: &str, time: Timestamp, actor: &str, text: &str) -> Record {
    let act = Record::act_of(Source::Note, key);
    let change = Change {
        actor: Some(actor.into()),
        detail: Some(text.to_owned()),
        ..Change::new(Source::Note, act, time, Verb::Noted)
    };
    Record::alone(key, text.into(), change)
}

/// What a console says of a host.
pub fn of_host(console: &str, time: Timestamp, verb: Verb) -> Record {
    let key = format!("{console}/{time}");
    let change = Change {
        host: Some("web-1".into()),
        ..Change::new(Source::Host, Record::act_of(Source::Host, &key), time, verb)
    };
    Record::alone(&key, format!("{console} says so").into(), change)
}

/// What an act reads like.
pub fn reading(record: &Record) -> Change {
    record.reading.clone().unwrap()
}

pub fn everything() -> Ask {
    Ask::default()
}
