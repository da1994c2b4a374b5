//! What waits to be recorded, folded into records when its time has come. Bounded: what does not fit is counted, and the
//! hole is recorded when there is room again.

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Told, What};
use crate::model::change::{Change, Record, Source, Verb};
use crate::model::feed::Feed;
use crate::model::work::Work;
use crate::service::chronicle::Lost;
use crate::service::holes::Holes;

/// How much may wait: what ten thousand events a second bring in six seconds, some 40 MB.
const MOST_WAITING: usize = 65_536;

#[derive(Default)]
pub(super) struct Waiting {
    pub feed: Feed,
    told: VecDeque<Told>,
    /// What is being written: it stays until the ledger has it.
    portion: Vec<Record>,
    /// The feed's number when all of the portion, and nothing else, is written.
    portion_to: Option<u64>,
    lost: Option<Lost>,
    /// The numbers of the feed that were lost.
    pub holes: Holes,
}

impl Waiting {
    /// Takes something in.
    pub fn push(&mut self, told: Told) {
        if self.told.len() < MOST_WAITING {
            self.told.push_back(told);
            return;
        }
        let count = match &told.what {
            What::Nothing => return,
            What::Lost(lost) => lost.count,
            What::Event { .. } | What::Record(_) => 1,
        };
        Lost::add(&mut self.lost, told.arrived, count);
        self.holes.cover(told.seq.saturating_sub(1)..told.seq);
    }

    /// How much waits.
    pub fn count(&self) -> usize {
        self.told.len()
    }

    /// The tickets that may have caused what waits.
    pub fn know(&mut self, work: &Work) {
        for ticket in &work.tickets {
            self.feed.know(ticket, 0);
        }
    }

    /// The next records to write, of what came before the ledger was last read. The same again until `written` is called.
    pub fn due(&mut self, looked: Option<Timestamp>, most: usize) -> &[Record] {
        while self.portion.len() < most
            && let Some(told) = self.told.front().filter(|told| looked.is_some_and(|at| told.arrived <= at))
        {
            self.portion_to = Some(told.seq);
            if let Some(told) = self.told.pop_front() {
                self.take(told);
            }
        }
        // A hole is told when what came before it is.
        if let Some(lost) = self.lost.take_if(|_| self.told.is_empty()) {
            self.portion.push(hole(lost));
        }
        &self.portion
    }

    /// The portion is in the ledger. Gives the feed's number up to which all is; nothing where there was no portion.
    pub fn written(&mut self) -> Option<u64> {
        self.portion.clear();
        self.portion_to.take()
    }

    fn take(&mut self, told: Told) {
        match told.what {
            What::Event { host, event, heard } => self.portion.extend(self.feed.tell(&host, &event, heard)),
            What::Record(record) => self.portion.push(*record),
            What::Lost(lost) => self.portion.push(hole(lost)),
            What::Nothing => {}
        }
    }
}

/// What says that something is missing in the record.
fn hole(lost: Lost) -> Record {
    let zone = TimeZone::system();
    let clock = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let detail =
        format!("{} changes are not recorded, {} to {}", lost.count, clock(lost.from), clock(lost.to));
    let key = format!("unrecorded/{}/{}", lost.from.as_nanosecond(), std::process::id());
    let act = Record::act_of(Source::Host, &key);
    let reading =
        Change { detail: Some(detail.clone()), ..Change::new(Source::Host, act, lost.to, Verb::Gap) };
    Record::alone(&key, detail.into(), reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_known_by_its_number() {
        let mut waiting = Waiting::default();
        let time = Timestamp::UNIX_EPOCH;
        let lost = Lost { from: time, to: time, count: 40 };
        let most = MOST_WAITING as u64;
        for number in 0..most + 2 {
            let what = What::Record(Box::new(hole(lost)));
            waiting.push(Told { what, arrived: time, seq: number + 1 });
        }
        waiting.push(Told { what: What::Lost(lost), arrived: time, seq: most + 3 });
        waiting.push(Told { what: What::Nothing, arrived: time, seq: most + 4 });
        assert_eq!((waiting.count(), waiting.lost.map(|lost| lost.count)), (MOST_WAITING, Some(42)));
        let known: Vec<u64> = (most - 2..most + 6).filter(|number| waiting.holes.has(*number)).collect();
        assert_eq!(known, [most, most + 1, most + 2]);
    }
}
