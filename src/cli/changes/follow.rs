//! `changes --follow`: what has happened, then whatever comes.
//!
//! With a ledger all comes from there, a second later: what we hear ourselves is written down too, joined to the tickets that
//! caused it, as is what other consoles hear. Without one, or while it cannot be written, what we hear ourselves is told.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, Zoned};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::say::{self, Teller};
use super::sources::Sources;
use crate::cli::Failure;
use crate::grammar::ChangesListArgs;
use crate::ledger::{Ledger, LedgerError, Spot};
use crate::model::ask::Ask;
use crate::model::change::{Act, Change, Verb};
use crate::model::plain::plain;
use crate::service::Changes;

/// The parts of one act follow each other within this: so long a change waits before it is told.
const SETTLE: Duration = Duration::from_millis(400);
/// How often the ledger is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How many new records are read at once.
const PORTION: usize = 1000;
/// How many changes are remembered to tell none twice.
const MOST_TOLD: usize = 10_000;

/// Lets the stretch that is asked for go on.
pub fn open(ask: &mut Ask, now: &Zoned) -> Result<(), Failure> {
    let Some(range) = &mut ask.range else { return Ok(()) };
    if range.to.is_some_and(|to| to <= now.timestamp()) {
        let words = range.in_words(now.time_zone());
        return Err(Failure::Usage(format!("there is nothing to follow: {words} is over")));
    }
    range.to = None;
    Ok(())
}

/// Tells what has happened and what comes, until stopped.
pub async fn run(
    sources: Sources,
    ask: &Ask,
    args: &ChangesListArgs,
    teller: &mut Teller,
) -> Result<(), Failure> {
    let mut news = News::of(&sources).await;
    let past = sources.past(ask, usize::try_from(args.limit).unwrap_or(usize::MAX)).await?;
    say::limit(args, past.more);
    let mut told = Told::default();
    past.oldest_first.iter().for_each(|change| {
        told.is_new(change);
    });
    teller.more(&past.oldest_first)?;
    loop {
        let mut fresh = news.next(&sources).await?;
        fresh.retain(|change| ask.passes(change) && told.is_new(change));
        fresh.sort_by_key(|change| (change.time, change.seq));
        teller.more(&fresh)?;
    }
}

/// What is new, wherever it comes from.
struct News {
    /// The last record of the ledger that was seen.
    record: Spot,
    heard: Option<watch::Receiver<Arc<Changes>>>,
    /// The next change of the feed that was not told.
    next: u64,
    tick: tokio::time::Interval,
    ledger_is_lost: bool,
    /// The ledger cannot be written.
    is_in_trouble: bool,
}

impl News {
    async fn of(sources: &Sources) -> Self {
        let record = match &sources.ledger {
            Some(ledger) => ledger.newest_record().await.unwrap_or_default(),
            None => Spot::default(),
        };
        let mut heard = sources.service.as_ref().map(crate::service::Service::changes);
        let next = heard.as_mut().map_or(0, |heard| heard.borrow_and_update().next_seq);
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        News { record, heard, next, tick, ledger_is_lost: false, is_in_trouble: false }
    }

    async fn next(&mut self, sources: &Sources) -> Result<Vec<Change>, Failure> {
        let heard = async {
            match &mut self.heard {
                Some(heard) => heard.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            goes_on = heard => {
                if !goes_on {
                    return Err(Failure::Failed("the service ended".to_owned()));
                }
                sleep(SETTLE).await;
                Ok(self.heard(sources.ledger.is_some()))
            }
            _ = self.tick.tick() => {
                let Some(ledger) = &sources.ledger else { return Ok(Vec::new()) };
                let read = recorded(ledger, &mut self.record).await;
                // Said once each time that it is lost; it may come back.
                if let (Err(error), false) = (&read, self.ledger_is_lost) {
                    eprintln!("wakeboard: {error}");
                }
                self.ledger_is_lost = read.is_err();
                Ok(read.unwrap_or_default())
            }
        }
    }

    /// What we hear ourselves and the ledger does not know.
    fn heard(&mut self, has_ledger: bool) -> Vec<Change> {
        let Some(heard) = &mut self.heard else { return Vec::new() };
        let now = heard.borrow_and_update().clone();
        let trouble = now.trouble.as_ref().filter(|_| has_ledger);
        if let (Some(trouble), false) = (trouble, self.is_in_trouble) {
            eprintln!("wakeboard: changes cannot be recorded: {}", plain(trouble));
        }
        self.is_in_trouble = trouble.is_some();
        if has_ledger && !self.is_in_trouble {
            return Vec::new();
        }
        let from = self.next.max(now.recorded_to.unwrap_or_default());
        self.next = now.next_seq;
        now.newest_first.iter().filter(|it| it.seq >= from).map(|it| Change::clone(it)).collect()
    }
}

/// What was recorded since, by anybody.
async fn recorded(ledger: &Ledger, record: &mut Spot) -> Result<Vec<Change>, LedgerError> {
    let now = ledger.newest_record().await?;
    if now == *record {
        return Ok(Vec::new());
    }
    let Some((changes, newest)) = ledger.appended_since(record, PORTION).await? else {
        eprintln!(
            "wakeboard: the ledger was set back: it had record {} and now ends at {}; it is read anew",
            record.seq, now.seq
        );
        *record = now;
        return Ok(ledger.recent(PORTION).await?.0);
    };
    *record = newest;
    Ok(changes)
}

/// How a change read when it was told last: one that reads the same now is not told again, whoever tells it.
#[derive(Default)]
struct Told {
    readings: HashMap<Act, Reading>,
    in_order: VecDeque<Act>,
}

type Reading = (Timestamp, Verb, u32, Option<String>);

impl Told {
    /// Whether the change was never told like this; from now on it was.
    fn is_new(&mut self, change: &Change) -> bool {
        let reading = (change.time, change.verb, change.count, change.detail.clone());
        if let Some(before) = self.readings.insert(change.act, reading.clone()) {
            return before != reading;
        }
        self.in_order.push_back(change.act);
        if self.in_order.len() > MOST_TOLD
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.readings.remove(&oldest);
        }
        true
    }
}
