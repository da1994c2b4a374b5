//! The one task that puts together what is known of tenants' use, publishes it, and writes it down.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{debug, warn};

use super::book::Book;
use super::last_look::Word;
use super::look::Look;
use crate::ledger::{Ledger, LedgerError};
use crate::model::fleet::Fleet;
use crate::model::keeper::{Activities, Kept, Rules};
use crate::model::ledger::Where;
use crate::service::requests::Requests;

/// How often doors' marks are taken in and what is known is published.
const TURN: Duration = Duration::from_secs(1);
/// How often the ledger is written and read.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// How long looks wait for what the ledger says of the time before them.
const FIRST_READ: Duration = Duration::from_secs(5);
/// How far back what others wrote is read again: their clocks may not go as ours does.
const READ_BACK: SignedDuration = SignedDuration::from_secs(120);
/// How often old rows are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// What nobody has vouched for since then goes.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What it needs.
pub(super) struct Start {
    pub fleet: watch::Receiver<Arc<Fleet>>,
    pub rules: watch::Receiver<Option<Arc<Rules>>>,
    pub looks: mpsc::Receiver<Look>,
    pub words: mpsc::Receiver<Word>,
    pub asked: watch::Receiver<bool>,
    pub leads: watch::Receiver<bool>,
    pub requests: Arc<Requests>,
    pub ledger: Option<Where>,
    pub out: watch::Sender<Arc<Activities>>,
}

/// One exchange with the ledger: the rows that it was given, those that it gave, and itself for the next one.
struct Exchange {
    ledger: Option<Ledger>,
    result: Result<Vec<Kept>, LedgerError>,
    given: Vec<Kept>,
    at: Timestamp,
}

/// Keeps it for ever, once there are rules or somebody asks.
pub(super) async fn keep(start: Start) {
    let Start { fleet, mut rules, mut looks, mut words, mut asked, leads, requests, ledger: place, out } =
        start;
    let needed = async {
        tokio::select! {
            result = rules.wait_for(Option::is_some) => result.is_ok(),
            result = asked.wait_for(|asked| *asked) => result.is_ok(),
        }
    };
    if !needed.await {
        return;
    }
    let mut book = Book::default();
    let mut works = true;
    let mut exchange: Option<BoxFuture<'static, Exchange>> =
        place.clone().map(|place| -> BoxFuture<'static, Exchange> {
            Box::pin(exchange_with(place, None, Vec::new(), None, None))
        });
    let mut ledger = None;
    if let Some(first) = &mut exchange
        && let Ok(done) = timeout(FIRST_READ, first).await
    {
        ledger = finish(&mut book, done, &mut works);
        exchange = None;
    }
    let (mut next, mut prune) = (Instant::now() + WRITE_EVERY, Instant::now() + WRITE_EVERY);
    let mut turns = interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(look) = looks.recv() => {
                let idle = rules.borrow().as_ref().map(|rules| rules.idle);
                if let Some(idle) = idle {
                    book.look(look, &idle, Timestamp::now());
                }
            }
            Some(word) = words.recv() => match word {
                Word::Last { key, reply } => {
                    // Whoever asked may wait no longer.
                    let _ = reply.send(book.last(&key).cloned());
                }
                Word::Answer { key, answer } => book.answered(&key, answer),
                Word::Used { key, measures } => {
                    let now = Timestamp::now();
                    book.used(&key, measures, now);
                    let (fleet, measures) = (fleet.borrow().clone(), rules.borrow().is_some());
                    publish(&out, book.activities(&fleet, measures, now));
                }
            },
            _ = turns.tick() => {
                let (now, measures) = (Timestamp::now(), rules.borrow().is_some());
                let fleet = fleet.borrow().clone();
                if measures {
                    book.turn(&fleet, &requests, now);
                }
                publish(&out, book.activities(&fleet, measures, now));
                if let Some(place) = place.clone().filter(|_| exchange.is_none() && Instant::now() >= next) {
                    next = Instant::now() + WRITE_EVERY;
                    let rows = if measures { book.due(*leads.borrow(), now) } else { Vec::new() };
                    let mut old = None;
                    if Instant::now() >= prune {
                        prune = Instant::now() + PRUNE_EVERY;
                        let before = now.checked_sub(KEPT_FOR).ok();
                        if let Some(before) = before {
                            book.forget(before);
                        }
                        old = before.filter(|_| measures);
                    }
                    let since = now.checked_sub(READ_BACK).ok();
                    exchange = Some(Box::pin(exchange_with(place, ledger.take(), rows, since, old)));
                }
            }
            done = async { exchange.as_mut()?.await.into() }, if exchange.is_some() => {
                exchange = None;
                if let Some(done) = done {
                    ledger = finish(&mut book, done, &mut works);
                }
            }
        }
    }
}

/// Publishes it, where it is something new.
fn publish(out: &watch::Sender<Arc<Activities>>, now: Activities) {
    out.send_if_modified(|before| {
        let differs = before.at.is_none() || !before.tells_the_same(&now);
        if differs {
            *before = Arc::new(now);
        }
        differs
    });
}

/// Takes in what came of an exchange. The ledger is opened again where it failed.
fn finish(book: &mut Book, done: Exchange, works: &mut bool) -> Option<Ledger> {
    let Exchange { ledger, result, given, at } = done;
    match result {
        Ok(rows) => {
            book.written(given, at);
            book.hear(rows);
            *works = true;
            ledger
        }
        Err(error) => {
            if std::mem::replace(works, false) {
                warn!(%error, "tenants' use is neither written into the ledger nor read from it");
            } else {
                debug!(%error, "tenants' use is neither written into the ledger nor read from it");
            }
            None
        }
    }
}

async fn exchange_with(
    place: Where,
    open: Option<Ledger>,
    given: Vec<Kept>,
    since: Option<Timestamp>,
    old: Option<Timestamp>,
) -> Exchange {
    let at = Timestamp::now();
    let ledger = match open {
        Some(ledger) => ledger,
        None => match Ledger::open(&place).await {
            Ok(ledger) => ledger,
            Err(error) => return Exchange { ledger: None, result: Err(error), given, at },
        },
    };
    let work = async {
        ledger.put_activity(&given).await?;
        if let Some(old) = old {
            ledger.prune_activity(old).await?;
        }
        ledger.activity(since).await
    };
    let result = work.await;
    Exchange { ledger: Some(ledger), result, given, at }
}
