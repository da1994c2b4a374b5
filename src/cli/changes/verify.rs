//! `changes verify`: whether the record is whole.

use std::io::Write;

use serde::Serialize;

use crate::cli::{Failure, output};
use crate::config::Settings;
use crate::grammar::ChangesVerifyArgs;

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
    reason: Option<String>,
}

/// Checks the chain of the whole record.
///
/// # Errors
/// It is broken, or cannot be read.
pub async fn run(args: &ChangesVerifyArgs, settings: Settings) -> Result<(), Failure> {
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
    let broken = verified.broken.as_ref();
    if args.json {
        output::json(&Row {
            whole: broken.is_none(),
            records: verified.records,
            newest: verified.seq,
            pruned: verified.pruned,
            head: &verified.hash,
            broken: broken.map(|broken| broken.seq),
            reason: broken.map(ToString::to_string),
        })?;
    }
    if let Some(broken) = broken {
        return Err(Failure::Failed(format!("the record of changes in {place} is broken: {broken}")));
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
        writeln!(out, "head     {}", verified.hash)
    })
}
