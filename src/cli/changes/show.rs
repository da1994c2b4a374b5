//! `changes show`: everything that was told of one change.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::{Failure, output};
use crate::config::Settings;
use crate::grammar::{ChangesShowArgs, Shown};
use crate::model::change::Act;
use crate::model::plain::plain;

/// The most parts that are told.
const MOST: usize = 1000;

/// A part in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    seq: i64,
    time: Timestamp,
    source: &'static str,
    raw: &'a str,
    /// By which `changes verify --since` finds it again.
    hash: &'a str,
}

/// Unfolds one change.
///
/// # Errors
/// The ledger cannot be read, or has no such change.
pub async fn run(args: &ChangesShowArgs, settings: Settings) -> Result<(), Failure> {
    let (ledger, place) = super::ledger(settings.ledger).await?;
    let (acts, name) = match args.id {
        Shown::Act(act) => (vec![act], act.to_string()),
        Shown::Ticket(ticket) => (vec![Act::of_ticket(ticket), Act::of_run(ticket)], ticket.to_string()),
    };
    let mut parts = Vec::new();
    for act in acts {
        parts = ledger.parts(act, MOST + 1).await.map_err(super::failed)?;
        if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() {
        let why = "it is not recorded, or its parts are older than the record keeps them";
        return Err(Failure::Failed(format!("nothing is told of {name} in {place}: {why}")));
    }
    if parts.len() > MOST {
        eprintln!("wakeboard: there are more: only the first {MOST} are told");
        parts.truncate(MOST);
    }
    if args.json {
        let row = |part: &'_ crate::ledger::Part| (part.seq, part.time, part.source.as_str());
        let rows: Vec<Row<'_>> = parts
            .iter()
            .map(|part| {
                let (seq, time, source) = row(part);
                Row { seq, time, source, raw: &part.raw, hash: &part.hash }
            })
            .collect();
        return output::json(&rows);
    }
    let zone = TimeZone::system();
    let line = |part: &crate::ledger::Part| {
        let time = part.time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        vec![part.seq.to_string(), time, part.source.as_str().to_owned(), plain(&part.raw).into_owned()]
    };
    let head = ["RECORD", "TIME", "SOURCE", "TOLD"].map(str::to_owned).to_vec();
    output::table(&std::iter::once(head).chain(parts.iter().map(line)).collect::<Vec<_>>())
}
