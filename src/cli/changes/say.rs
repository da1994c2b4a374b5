//! Telling changes in the form that was asked for, oldest first.

use jiff::tz::TimeZone;

use super::row::{Row, text};
use super::{cloudevents, csv};
use crate::cli::{Failure, output};
use crate::grammar::ChangesListArgs;
use crate::model::change::Change;
use crate::model::plain::plain;

/// The form in which changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text { ids: bool },
    Json,
    Csv,
    CloudEvents,
}

/// Tells changes.
pub struct Teller {
    form: Form,
    zone: TimeZone,
    begun: bool,
}

impl Teller {
    pub fn new(args: &ChangesListArgs, zone: TimeZone) -> Self {
        let form = match args {
            _ if args.json => Form::Json,
            _ if args.csv => Form::Csv,
            _ if args.cloudevents => Form::CloudEvents,
            _ => Form::Text { ids: args.ids },
        };
        Teller { form, zone, begun: false }
    }

    /// Tells all that there is: JSON as one array.
    pub fn all(&mut self, changes: &[Change]) -> Result<(), Failure> {
        match self.form {
            Form::Json => output::json(&changes.iter().map(Row::of).collect::<Vec<_>>()),
            Form::CloudEvents => output::json(&changes.iter().map(cloudevents::event).collect::<Vec<_>>()),
            Form::Text { .. } | Form::Csv => self.more(changes),
        }
    }

    /// Tells what is new, a line each.
    pub fn more(&mut self, changes: &[Change]) -> Result<(), Failure> {
        let is_first = !std::mem::replace(&mut self.begun, true);
        match self.form {
            Form::Json => changes.iter().try_for_each(|change| output::json(&Row::of(change))),
            Form::CloudEvents => {
                changes.iter().try_for_each(|change| output::json(&cloudevents::event(change)))
            }
            Form::Csv => output::print(|out| {
                if is_first {
                    out.write_all(csv::header().as_bytes())?;
                }
                changes.iter().try_for_each(|change| out.write_all(csv::record(change).as_bytes()))
            }),
            Form::Text { ids } => output::print(|out| {
                changes.iter().try_for_each(|change| {
                    let id = if ids { format!("{} ", change.act) } else { String::new() };
                    writeln!(out, "{id}{}", line(change, &self.zone))
                })
            }),
        }
    }
}

/// Says that not all was told.
pub fn limit(args: &ChangesListArgs, more: bool) {
    if more {
        let limit = args.limit;
        eprintln!(
            "wakeboard: there are more: only the newest {limit} are told; ask for less time, or with --limit"
        );
    }
}

/// A change in a line.
fn line(change: &Change, zone: &TimeZone) -> String {
    let time = change.time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
    let times = if change.count > 1 { format!(" ×{}", change.count) } else { String::new() };
    let actor = plain(change.actor.as_deref().unwrap_or("-"));
    let (object, text) = (change.object(), text(change).unwrap_or_default());
    let line = format!("{time} {actor:<6} {:<10} {}{times} {}", change.verb, plain(&object), plain(&text));
    // Where the object is not the host itself.
    match &change.host {
        Some(host) if **host != *object => format!("{}  [{}]", line.trim_end(), plain(host)),
        _ => line.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::change::{Act, Source, Verb};

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        let change = Change {
            host: Some("web-1".into()),
            tenant: Some("ac\u{1b}]0;x\u{7}me".into()),
            actor: Some("op1\n2026-11-22 keeper".into()),
            detail: Some("a\u{202e}b".to_owned()),
            cause: Some("compose\u{9b}2J".into()),
            count: 3,
            ..Change::new(Source::Engine, Act::from_number(1), time, Verb::Crashed)
        };
        assert_eq!(
            line(&change, &TimeZone::UTC),
            "2023-11-14 22:13:20 op1␊2026-11-22 keeper crashed    ac␛]0;x␇me ×3 a\u{fffd}b (compose\u{fffd}2J)  [web-1]"
        );
        let lost = Change {
            host: Some("web-1".into()),
            ..Change::new(Source::Host, Act::from_number(1), time, Verb::Lost)
        };
        assert_eq!(line(&lost, &TimeZone::UTC), "2023-11-14 22:13:20 -      lost       web-1");
    }
}
