//! What waits to be recorded, folded into records when its time has come. Bounded: what does not fit is counted, and the
//! hole is recorded when there is room again.

use std::collections::{HashMap, VecDeque};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Told, What};
use crate::model::change::{Change, Record, Source, Verb};
use crate::model::feed::Feed;
use crate::model::flood::Allowance;
use crate::model::host::HostName;
use crate::model::work::Work;
use crate::service::chronicle::Lost;
use crate::service::holes::Holes;

/// A host's flood is over when it told nothing too much for so long.
const FLOOD_ENDED: SignedDuration = SignedDuration::from_secs(3);
/// One that goes on is told of that often.
const FLOOD_TOLD_EVERY: SignedDuration = SignedDuration::from_secs(60);
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
    /// What each host may still have written.
    hosts: HashMap<HostName, Flood>,
    /// The numbers of the feed that were lost.
    pub holes: Holes,
}

/// What one host tells.
#[derive(Default)]
struct Flood {
    allowance: Allowance,
    /// What was too much.
    lost: Option<Lost>,
}

impl Flood {
    /// What was too much, once that is over, or has lasted for so long.
    fn due(&mut self, now: Timestamp) -> Option<Lost> {
        let is_due = |lost: &mut Lost| {
            now.duration_since(lost.to) > FLOOD_ENDED || now.duration_since(lost.from) > FLOOD_TOLD_EVERY
        };
        self.lost.take_if(is_due)
    }
}

impl Waiting {
    /// Takes something in.
    pub fn push(&mut self, told: Told) {
        if let What::Event { host, .. } = &told.what {
            let flood = self.hosts.entry(host.clone()).or_default();
            if !flood.allowance.takes(told.arrived) {
                Lost::add(&mut flood.lost, told.arrived, 1);
                self.holes.cover(told.seq.saturating_sub(1)..told.seq);
                return;
            }
        }
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
        for (host, flood) in &mut self.hosts {
            if let Some(lost) = looked.and_then(|now| flood.due(now)) {
                self.portion.push(flooded(host, lost));
            }
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
    missing(None, &format!("{} changes are not recorded", lost.count), lost)
}

/// The same of one host that told too much.
fn flooded(host: &HostName, lost: Lost) -> Record {
    let detail = format!("{} events are not recorded, since there were too many", lost.count);
    missing(Some(host.clone()), &detail, lost)
}

fn missing(host: Option<HostName>, what: &str, lost: Lost) -> Record {
    let zone = TimeZone::system();
    let clock = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let detail = format!("{what}, {} to {}", clock(lost.from), clock(lost.to));
    let of = host.as_deref().unwrap_or_default();
    let key = format!("unrecorded/{of}/{}/{}", lost.from.as_nanosecond(), std::process::id());
    let act = Record::act_of(Source::Host, &key);
    let reading =
        Change { host, detail: Some(detail.clone()), ..Change::new(Source::Host, act, lost.to, Verb::Gap) };
    Record::alone(&key, detail.into(), reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_floods_is_one_record_and_others_are_as_before() {
        use crate::model::event::{Event, Happening};
        use crate::model::naming::Place;
        let event = |host: &str, number: u64| Told {
            what: What::Event {
                host: host.into(),
                event: Event {
                    time: Timestamp::from_nanosecond(i128::from(number) + 1).unwrap(),
                    id: format!("{number:064x}").as_str().into(),
                    name: "acme-app".into(),
                    image: "tenant:1".into(),
                    place: Place { tenant: "acme".into(), role: None, tier: None },
                    project: None,
                    what: Happening::Started,
                },
                heard: None,
            },
            arrived: Timestamp::UNIX_EPOCH,
            seq: number + 1,
        };
        let mut waiting = Waiting::default();
        for number in 0..25_000 {
            waiting.push(event("web-1", number));
        }
        waiting.push(event("web-2", 25_000));
        assert_eq!(waiting.count(), 20_001);
        assert!(waiting.holes.has(24_999) && !waiting.holes.has(25_000));
        let now = Timestamp::from_second(10).unwrap();
        let due = waiting.due(Some(now), 50_000).to_vec();
        let gaps: Vec<_> =
            due.iter().filter(|it| it.reading.as_ref().is_some_and(|it| it.verb == Verb::Gap)).collect();
        assert_eq!((due.len(), gaps.len()), (20_002, 1));
        let told = gaps[0].reading.as_ref().unwrap();
        assert_eq!(told.host.as_deref(), Some("web-1"));
        assert!(told.detail.as_ref().unwrap().starts_with("5000 events are not recorded"), "{told:?}");
        waiting.written();
        assert!(waiting.due(Some(now), 50_000).is_empty(), "told once");
    }

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
