//! Where changes are known from: the ledger, and the engines, which remember the last hour. Either does without the other.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::merge::{Known, Past, merge};
use crate::cli::{Failure, settle};
use crate::config::Settings;
use crate::ledger::Ledger;
use crate::model::ask::{Ask, Range};
use crate::model::change::{Change, Source};
use crate::model::fleet::Fleet;
use crate::service::{Rules, Service};

/// So far back engines may remember what nobody has recorded.
const MEMORY: SignedDuration = SignedDuration::from_mins(65);
/// How many changes of the ledger are looked through for what engines remember too.
const MOST_KNOWN: usize = 10_000;
/// How long the engines' memories are waited for.
const HISTORY_DEADLINE: Duration = Duration::from_secs(3);
/// How long a host is waited for where the ledger has an answer already.
const PATIENCE: Duration = Duration::from_secs(2);

/// What answers.
pub struct Sources {
    pub ledger: Option<Ledger>,
    /// Nothing where no engine can know anything of what is asked.
    pub service: Option<Service>,
    now: Timestamp,
}

impl Sources {
    /// Opens the ledger, and asks the engines where they may know something of it.
    ///
    /// # Errors
    /// There is neither, unless following: then hosts are waited for.
    pub async fn open(settings: Settings, ask: &Ask, follow: bool, now: Timestamp) -> Result<Self, Failure> {
        let (ledger, missing) = match super::ledger(settings.ledger).await {
            Ok((ledger, place)) => (Some((ledger, place)), None),
            Err(failure) => (None, Some(failure)),
        };
        let (ledger, place) = ledger.unzip();
        let is_remembered = follow || ask.range.is_none_or(|range| touches(&range, now));
        match missing {
            Some(failure) if !is_remembered => return Err(failure),
            Some(failure) => eprintln!("wakeboard: only what engines remember is told: {failure}"),
            None => {}
        }
        let mut sources = Sources { ledger, service: None, now };
        if !is_remembered || (settings.hosts.is_empty() && sources.ledger.is_some()) {
            return Ok(sources);
        }
        // Whoever listens for long also writes down what it hears; a look only reads.
        let rules = Rules { ledger: place, records: follow, ..Rules::default() };
        let service = Service::start(settings.hosts, settings.naming, rules);
        let mut fleet = service.fleet();
        let patience = if sources.ledger.is_some() { PATIENCE } else { settle::DEADLINE };
        match settle::answers_within(&mut fleet, patience).await {
            Err(error) if sources.ledger.is_none() && !follow => return Err(error),
            Err(error) => eprintln!("wakeboard: {error}"),
            Ok(_) => {}
        }
        if sources.ledger.is_some() {
            // What engines tell of a ticket's work is part of the ticket.
            settle::record(&service).await;
        }
        let remembered =
            |fleet: &Arc<Fleet>| fleet.hosts.iter().all(|host| !host.link.is_up() || host.remembered);
        let _ = timeout(HISTORY_DEADLINE, fleet.wait_for(remembered)).await;
        sources.service = Some(service);
        Ok(sources)
    }

    /// What has happened, as far as it is known.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn past(&self, ask: &Ask, limit: usize) -> Result<Past, Failure> {
        let mut recorded = Vec::new();
        let mut more = false;
        if let Some(ledger) = &self.ledger {
            let answer = ledger.changes(ask, limit).await.map_err(super::failed)?;
            (recorded, more) = (answer.newest_first, answer.more);
        }
        // Only what engines tell: all else is recorded where it is done, or is about this look itself.
        let remembered: Vec<Arc<Change>> = match &self.service {
            Some(service) => {
                let changes = service.changes().borrow().clone();
                changes.newest_first.iter().filter(|it| it.source == Source::Engine).cloned().collect()
            }
            None => Vec::new(),
        };
        let known = if remembered.is_empty() { Known::default() } else { self.known(&recorded).await? };
        Ok(merge(recorded, more, &known, &remembered, ask, limit))
    }

    /// What the ledger has of the time that engines remember.
    async fn known(&self, recorded: &[Change]) -> Result<Known, Failure> {
        let Some(ledger) = &self.ledger else { return Ok(Known::default()) };
        let from = self.now.checked_sub(MEMORY).unwrap_or(Timestamp::UNIX_EPOCH);
        let window = Ask { range: Some(Range { from, to: None }), terms: Vec::new() };
        let window = ledger.changes(&window, MOST_KNOWN).await.map_err(super::failed)?;
        Ok(Known::of(window.newest_first.iter().chain(recorded)))
    }
}

/// Whether engines may remember something of that stretch.
fn touches(range: &Range, now: Timestamp) -> bool {
    let from = now.checked_sub(MEMORY).unwrap_or(Timestamp::UNIX_EPOCH);
    range.to.is_none_or(|to| to > from)
}
