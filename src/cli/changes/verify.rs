//! `changes verify`: whether the record is whole.

use std::io::Write;

use serde::Serialize;

use crate::cli::{Failure, output};
use crate::config::Settings;
use crate::grammar::ChangesVerifyArgs;
use crate::ledger::Spot;
use crate::model::ledger::Where;
use crate::model::plain::plain;

/// What was found, in JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    whole: bool,
    records: u64,
    newest: i64,
    pruned: i64,
    head: &'a str,
    /// The number of the first broken record.
    broken: Option<i64>,
    reason: Option<&'a str>,
}

/// Checks the chain of the whole record.
///
/// # Errors
/// It is broken, or cannot be read.
pub async fn run(args: &ChangesVerifyArgs, settings: Settings) -> Result<(), Failure> {
    let noted = args.since.as_deref().map(str::parse::<Spot>).transpose();
    let noted = noted.map_err(|error| Failure::Usage(format!("--since: {error}")))?;
    // To open one makes it: what is made now is not what was to be looked at.
    if let Some(Where::Sqlite(file)) = &settings.ledger
        && !file.exists()
    {
        return Err(Failure::Failed(format!("there is no ledger {}", plain(&file.display().to_string()))));
    }
    let (ledger, place) = super::ledger(settings.ledger).await?;
    let is_watched = output::places_errors();
    let progress = |records: u64| {
        if is_watched {
            eprint!("\r{records} records ");
            let _ = std::io::stderr().flush();
        }
    };
    let verified = ledger.verify_changes(progress).await;
    if is_watched {
        eprint!("\r\u{1b}[K");
    }
    let verified = verified.map_err(super::failed)?;
    let mut reason = verified.broken.as_ref().map(|broken| format!("broken: {broken}"));
    if verified.seq == 0 {
        reason = reason.or(Some("empty: there is nothing that could be whole".to_owned()));
    }
    if let Some(noted) = noted.filter(|_| reason.is_none())
        && !ledger.goes_on_from(&noted).await.map_err(super::failed)?
    {
        let seq = noted.seq;
        reason = Some(format!(
            "another: record {seq} is not the one that was noted, or is gone; the ledger was set back or made anew"
        ));
    }
    if args.json {
        output::json(&Row {
            whole: reason.is_none(),
            records: verified.records,
            newest: verified.seq,
            pruned: verified.pruned,
            head: &verified.hash,
            broken: verified.broken.as_ref().map(|broken| broken.seq),
            reason: reason.as_deref(),
        })?;
    }
    if let Some(reason) = reason {
        return Err(Failure::Failed(format!("the record of changes in {place} is {reason}")));
    }
    if args.json {
        return Ok(());
    }
    output::print(|out| {
        writeln!(out, "the record of changes in {place} is whole")?;
        writeln!(out, "records  {}", verified.records)?;
        if verified.pruned > 0 {
            writeln!(out, "pruned   up to number {}", verified.pruned)?;
        }
        writeln!(out, "newest   {}", verified.seq)?;
        writeln!(out, "head     {}", verified.hash)?;
        // A copy that lacks its latest records, as one of a file of SQLite without its WAL, is whole in itself.
        writeln!(
            out,
            "Noted elsewhere, it tells later whether anything was set back: --since {}:{}",
            verified.seq, verified.hash
        )
    })
}
