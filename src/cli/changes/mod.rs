//! `wakeboard changes`: who did what, from the ledger, and from what only the engines remember yet.

mod chart;
mod cloudevents;
mod csv;
mod follow;
mod merge;
mod row;
mod say;
mod show;
mod sources;
mod summary;
mod verify;

use jiff::Zoned;

use super::Failure;
use crate::config::Settings;
use crate::grammar::{ChangesArgs, ChangesListArgs, ChangesVerb};
use crate::ledger::Ledger;
use crate::model::ask::Ask;
use crate::model::ledger::Where;
use say::Teller;
use sources::Sources;

/// What is asked where nothing is said.
const USUAL: &str = "today";

/// Tells changes, or does what else is said of them.
///
/// # Errors
/// A question that cannot be understood; no ledger and no host; a broken record.
pub async fn run(args: &ChangesArgs, settings: Settings) -> Result<(), Failure> {
    match &args.verb {
        None => list(&args.list, settings).await,
        Some(ChangesVerb::Show(args)) => show::run(args, settings).await,
        Some(ChangesVerb::Verify(args)) => verify::run(args, settings).await,
        Some(ChangesVerb::Summary(args)) => summary::run(args, settings).await,
    }
}

async fn list(args: &ChangesListArgs, settings: Settings) -> Result<(), Failure> {
    let now = Zoned::now();
    let mut ask = asked(&args.query, USUAL, &now)?;
    if args.follow {
        follow::open(&mut ask, &now)?;
    }
    let sources = Sources::open(settings, &ask, args.follow, now.timestamp()).await?;
    eprintln!("changes: {}", ask.range_in_words(now.time_zone()));
    let mut teller = Teller::new(args, now.time_zone().clone());
    if args.follow {
        return follow::run(sources, &ask, args, &mut teller).await;
    }
    let past = sources.past(&ask, usize::try_from(args.limit).unwrap_or(usize::MAX)).await?;
    say::limit(args, past.more);
    teller.all(&past.oldest_first)
}

/// The question that these words ask.
fn asked(words: &[String], usual: &str, now: &Zoned) -> Result<Ask, Failure> {
    let text = Ask::joined(words, now);
    let text = if text.trim().is_empty() { usual } else { &text };
    Ask::parse(text, now)
        .map_err(|error| Failure::Usage(format!("{error}\n  {}", crate::model::plain::plain(text))))
}

/// The ledger, where there must be one.
async fn ledger(place: Option<Where>) -> Result<(Ledger, Where), Failure> {
    let nowhere = "there is no state folder for the ledger: say `ledger:` in the config";
    let place = place.ok_or_else(|| Failure::Failed(nowhere.to_owned()))?;
    let ledger = Ledger::open(&place).await.map_err(failed)?;
    Ok((ledger, place))
}

#[allow(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn failed(error: crate::ledger::LedgerError) -> Failure {
    Failure::Failed(error.to_string())
}
