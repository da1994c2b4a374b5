//! The recorder: writes what engines and hosts tell into the ledger, a little later than it is shown.
//!
//! It folds events by the same rules as the feed on the screen, but waits with each until the desk has read the ledger
//! after it came: then all tickets are known that may have caused it, those of other consoles too. What several consoles
//! tell is one record, so it does not matter which of them is faster.

mod waiting;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::warn;

use super::chronicle::Lost;
use super::holes::Holes;
use crate::ledger::{self, Ledger, LedgerError, Spot};
use crate::model::backoff;
use crate::model::change::{Change, Confidence, Mark, Record, Retention, Source, Verb};
use crate::model::event::Event;
use crate::model::host::HostName;
use crate::model::ledger::Where;
use crate::model::work::Work;
use waiting::Waiting;

/// How many things may be on their way to the recorder while it writes.
pub(super) const MOST_TOLD: usize = 32_768;
/// How many acts of before the screen begins with.
const MOST_BEFORE: usize = 1000;
/// How long the screen waits for them.
const BEFORE_WITHIN: Duration = Duration::from_millis(1500);
/// How many records are written in one go: no other writer waits for longer than that takes, a tenth of a second.
const PORTION: usize = 1000;
/// The same while very many wait, at most: then pages that many records share are written once for all of them, and others
/// wait for most of a second.
const LARGEST_PORTION: usize = 8000;
/// How many records of others are read in one go.
const MOST_OF_OTHERS: usize = 1000;
/// A ledger of this size is warned of, in bytes: a quiet fleet of 500 tenants has a tenth of it after two years.
const LARGE: u64 = 2 << 30;
/// How often old ones are removed; the first time soon after the start.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// Something to be recorded.
#[derive(Debug)]
pub(super) struct Told {
    pub what: What,
    /// When it came, by our own clock.
    pub arrived: Timestamp,
    /// The feed's next number then: all changes below it are in the ledger when this is.
    pub seq: u64,
}

#[derive(Debug)]
pub(super) enum What {
    /// What an engine tells, or remembers.
    Event { host: HostName, event: Event, heard: Option<Timestamp> },
    /// Anything else.
    Record(Box<Record>),
    /// The recorder could not keep up.
    Lost(Lost),
    /// Only a number of the feed: its change is in the ledger already.
    Nothing,
}

/// What the ledger says to the feed.
#[derive(Debug)]
pub(super) enum FromLedger {
    /// What is known from before, once.
    Before { changes: Vec<Change>, marks: Vec<Mark> },
    /// What others recorded.
    Others(Vec<Change>),
    /// All changes of the feed below this number are in the ledger, but for these.
    Recorded(u64, Holes),
    /// It cannot be written, and why.
    Trouble(Arc<str>),
}

/// What the recorder needs.
pub(super) struct Start {
    pub place: Where,
    pub retention: Retention,
    /// The hosts that are watched here: what others tell of them is known already.
    pub hosts: Vec<HostName>,
    pub told: mpsc::Receiver<Told>,
    pub work: watch::Receiver<Arc<Work>>,
    /// When the desk last read the ledger.
    pub looked: watch::Receiver<Option<Timestamp>>,
    pub out: mpsc::Sender<FromLedger>,
}

struct Recorder {
    start: Start,
    ledger: Option<Ledger>,
    waiting: Waiting,
    /// The newest record that was read.
    newest: Spot,
    prune_at: Instant,
    /// How many records, and changes altogether, were pruned and not told yet.
    pruned: (u64, u64),
    /// The size of the ledger that was warned of, in bytes.
    large: u64,
}

/// Records until the feed is gone.
pub(super) async fn keep(start: Start) {
    let mut recorder = Recorder {
        start,
        ledger: None,
        waiting: Waiting::default(),
        newest: Spot::default(),
        prune_at: Instant::now() + PRUNE_EVERY / 10,
        pruned: (0, 0),
        large: LARGE,
    };
    let begun = timeout(BEFORE_WITHIN, recorder.begin()).await;
    if !matches!(begun, Ok(Ok(()))) {
        // The screen does not wait for a ledger that is slow or broken.
        let nothing = FromLedger::Before { changes: Vec::new(), marks: Vec::new() };
        let _ = recorder.start.out.send(nothing).await;
    }
    let mut failures = 0;
    let mut again = None;
    loop {
        tokio::select! {
            told = recorder.start.told.recv() => {
                let Some(told) = told else { return };
                recorder.waiting.push(told);
                continue;
            }
            Ok(()) = recorder.start.looked.changed(), if again.is_none() => {}
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {}
        }
        match recorder.turn().await {
            Ok(()) => (failures, again) = (0, None),
            Err(error) => {
                warn!(%error, "changes cannot be recorded");
                let _ = recorder.start.out.send(FromLedger::Trouble(error.to_string().into())).await;
                failures += 1;
                again = Some(Instant::now() + backoff::wait(failures, super::clock::jitter()));
            }
        }
    }
}

impl Recorder {
    /// Opens the ledger, and tells what it has from before.
    async fn begin(&mut self) -> Result<(), LedgerError> {
        let ledger = Ledger::open(&self.start.place).await?;
        self.newest = ledger.newest_record().await?;
        let (changes, marks) = ledger.recent(MOST_BEFORE).await?;
        self.waiting.feed.remember(changes.clone(), marks.iter().copied());
        let _ = self.start.out.send(FromLedger::Before { changes, marks }).await;
        self.ledger = Some(ledger);
        Ok(())
    }

    /// Writes what is due, and reads what others have written.
    async fn turn(&mut self) -> Result<(), LedgerError> {
        if self.ledger.is_none() {
            let ledger = Ledger::open(&self.start.place).await?;
            self.newest = ledger.newest_record().await?;
            let (changes, marks) = ledger.recent(MOST_BEFORE).await?;
            self.waiting.feed.remember(changes, marks);
            self.ledger = Some(ledger);
        }
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let looked = *self.start.looked.borrow_and_update();
        let work = self.start.work.borrow_and_update().clone();
        self.waiting.know(&work);
        // What came while the last portion was written is due as well, if the desk has looked since.
        while let Ok(told) = self.start.told.try_recv() {
            self.waiting.push(told);
        }
        loop {
            let most = (self.waiting.count() / 2).clamp(PORTION, LARGEST_PORTION);
            let due = self.waiting.due(looked, most);
            if !due.is_empty() {
                ledger.append(due).await?;
            }
            match self.waiting.written() {
                Some(seq) => {
                    let _ = self.start.out.send(FromLedger::Recorded(seq, self.waiting.holes.clone())).await;
                }
                None => break,
            }
        }
        self.read_others().await?;
        self.prune().await
    }

    /// Reads what others recorded. What is known here anyway is left out.
    async fn read_others(&mut self) -> Result<(), LedgerError> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        if ledger.newest_record().await? == self.newest {
            return Ok(());
        }
        let read = ledger.appended_since(&self.newest, MOST_OF_OTHERS).await?;
        let Some((mut changes, newest)) = read else { return self.read_anew().await };
        self.newest = newest;
        let is_watched = |host: &HostName| self.start.hosts.contains(host);
        changes.retain(|change| match change.source {
            // The desk reads tickets.
            Source::Ticket => false,
            Source::Engine | Source::Host => !change.host.as_ref().is_some_and(is_watched),
            Source::Callmap | Source::File | Source::Note => true,
        });
        if !changes.is_empty() {
            let _ = self.start.out.send(FromLedger::Others(changes)).await;
        }
        Ok(())
    }

    /// The ledger does not go on from what was read of it: a copy was put in its place, or a server took over that had not got all.
    /// That is told to everybody, and what is in the ledger now is read from its end.
    async fn read_anew(&mut self) -> Result<(), LedgerError> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let now = ledger.newest_record().await?;
        let record = set_back(&self.newest, &now, Timestamp::now());
        warn!("{}", record.raw);
        let (changes, marks) = ledger.recent(MOST_BEFORE).await?;
        self.waiting.feed.remember(changes.clone(), marks);
        let _ = self.start.out.send(FromLedger::Others(changes)).await;
        ledger.append(std::slice::from_ref(&record)).await?;
        self.newest = now;
        Ok(())
    }

    /// Warns of a ledger that has become large, and again when it is twice as large.
    async fn tell_size(&mut self) {
        let Some(ledger) = &self.ledger else { return };
        let Ok(size) = ledger.size().await else { return };
        if size >= self.large {
            let mebibytes = size >> 20;
            warn!("the ledger has {mebibytes} MiB; `changes` in the config says how long its record is kept");
            self.large = size.saturating_mul(2);
        }
    }

    /// Removes what need not be kept any more, a bounded piece at a time.
    async fn prune(&mut self) -> Result<(), LedgerError> {
        if let Some(ledger) = self.ledger.as_ref().filter(|_| self.prune_at <= Instant::now()) {
            let by = ledger.time_to_prune_by(Timestamp::now()).await?;
            let pruned = ledger.prune_changes(&self.start.retention, by).await?;
            self.pruned.0 += pruned.records;
            self.pruned.1 += pruned.changes;
            if !pruned.more && self.pruned.0 > 0 {
                ledger.append(&[pruned_record(self.pruned, &self.start.retention, by)]).await?;
                self.pruned = (0, 0);
            }
            if !pruned.more {
                self.tell_size().await;
            }
            let wait = if pruned.more { PRUNE_EVERY / 600 } else { PRUNE_EVERY };
            self.prune_at = Instant::now() + wait;
        }
        Ok(())
    }
}

/// What was pruned, by whom, and up to when.
fn pruned_record((records, changes): (u64, u64), keep: &Retention, by: Timestamp) -> Record {
    let now = Timestamp::now();
    let before = |keep: Duration| {
        let length = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        by.checked_sub(length).unwrap_or(Timestamp::MIN).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    };
    let mut detail = format!("{records} records pruned, of parts written before {}", before(keep.raw));
    if changes > 0 {
        detail = format!("{detail}, with {changes} whole changes from before {}", before(keep.folded));
    }
    let holder = ledger::here();
    let key = format!("pruned/{holder}/{}", now.as_nanosecond());
    let act = Record::act_of(Source::Host, &key);
    let reading = Change {
        actor: Some(format!("wakeboard@{}", holder.machine).into()),
        confidence: Confidence::Sure,
        thing: Some("the record of changes".into()),
        detail: Some(detail.clone()),
        ..Change::new(Source::Host, act, now, Verb::Noted)
    };
    Record::alone(&key, format!("{detail}, by process {}", holder.pid).into(), reading)
}

/// What says that records are gone which had been read. Several consoles that notice the same write it once.
fn set_back(had: &Spot, has: &Spot, now: Timestamp) -> Record {
    let detail = format!(
        "the ledger was set back: it had record {} and now ends at {}, which is another or an older one; what was recorded \
         between is lost",
        had.seq, has.seq
    );
    let key = format!("set-back/{had}/{has}");
    let act = Record::act_of(Source::Host, &key);
    let reading = Change { detail: Some(detail.clone()), ..Change::new(Source::Host, act, now, Verb::Gap) };
    Record::alone(&key, detail.into(), reading)
}
