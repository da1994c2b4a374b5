//! Changes as they may be: 2,000 tenants on 100 hosts, 40 people, 3 % notes of different words.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use wakeboard::model::change::{Change, Confidence, Record, Source, Verb};
use wakeboard::model::ticket::TicketId;

const TENANTS: u64 = 2000;
const HOSTS: u64 = 100;
const PEOPLE: u64 = 40;
const ROLES: [&str; 3] = ["app", "db", "cache"];
const WORDS: [&str; 12] = [
    "deployed",
    "rolled back",
    "looked at",
    "restored",
    "moved",
    "asked for",
    "called about",
    "tested",
    "tuned",
    "cleaned",
    "renewed",
    "checked",
];

/// Chance that is the same each time.
pub struct Story {
    state: u64,
    count: u64,
    run: u64,
}

impl Story {
    /// Another run has other keys.
    pub fn new(run: u64) -> Story {
        Story { state: 0x9e37_79b9_7f4a_7c15 ^ (run << 32), count: 0, run }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % below
    }

    fn key(&mut self) -> String {
        self.count += 1;
        format!("{}/{}", self.run, self.count)
    }

    /// The next change: one to three records.
    pub fn next(&mut self, time: Timestamp) -> Vec<Record> {
        match self.draw(100) {
            0..3 => vec![self.note(time)],
            3..15 => self.ticket(time),
            15..20 => vec![self.run_of_callmap(time)],
            _ => self.engine(time),
        }
    }

    /// The events of one container: stopped, started, crashed, well again.
    pub fn engine(&mut self, time: Timestamp) -> Vec<Record> {
        let tenant = self.draw(TENANTS);
        let role = ROLES[usize::try_from(self.draw(3)).unwrap_or(0)];
        let (verbs, detail): (&[Verb], Option<&str>) = match self.draw(10) {
            0..3 => (&[Verb::Signalled, Verb::Killed, Verb::Stopped], Some("exit 143")),
            3..7 => (&[Verb::Started], None),
            7 => (&[Verb::Crashed, Verb::Crashed], Some("exit 137")),
            8 => (&[Verb::Unhealthy], None),
            _ => (&[Verb::Healthy], None),
        };
        let keys: Vec<String> = verbs.iter().map(|_| self.key()).collect();
        let act = Record::act_of(Source::Engine, &keys[0]);
        let one = |(place, (verb, key)): (i64, (&Verb, String))| {
            let time = time.checked_add(SignedDuration::from_millis(place * 100)).unwrap_or(time);
            let change = Change {
                host: Some(format!("web-{}", tenant % HOSTS).into()),
                tenant: Some(format!("tenant-{tenant}").into()),
                container: Some(format!("tenant-{tenant}-{role}").into()),
                id: Some(format!("{:064x}", u128::from(tenant) * 0x1_0000_0001_0000_0001).into()),
                cause: Some(format!("compose tenant-{tenant}").into()),
                detail: detail.map(str::to_owned),
                ..Change::new(Source::Engine, act, time, *verb)
            };
            Record {
                act,
                ..Record::alone(&key, format!("{verb} at {}", time.strftime("%H:%M:%S%.3f")).into(), change)
            }
        };
        (0..).zip(verbs.iter().zip(keys)).map(one).collect()
    }

    fn actor(&mut self) -> Arc<str> {
        format!("op{}", self.draw(PEOPLE)).into()
    }

    fn note(&mut self, time: Timestamp) -> Record {
        let key = self.key();
        let word = WORDS[usize::try_from(self.draw(12)).unwrap_or(0)];
        let change = Change {
            actor: Some(self.actor()),
            confidence: Confidence::Likely,
            tenant: Some(format!("tenant-{}", self.draw(TENANTS)).into()),
            detail: Some(format!(
                "{word} release {}.{} by request {}",
                self.draw(9),
                self.draw(99),
                self.count
            )),
            ..Change::new(Source::Note, Record::act_of(Source::Note, &key), time, Verb::Noted)
        };
        Record::alone(&key, "note".into(), change)
    }

    fn ticket(&mut self, time: Timestamp) -> Vec<Record> {
        let (tenant, actor) = (self.draw(TENANTS), self.actor());
        let key = self.key();
        let act = Record::act_of(Source::Ticket, &key);
        let seconds = self.draw(200);
        let ticket = TicketId::from_random(u32::try_from(self.draw(1 << 28)).unwrap_or(0));
        let one = |verb: Verb, word: &str| {
            let change = Change {
                host: Some(format!("web-{}", tenant % HOSTS).into()),
                tenant: Some(format!("tenant-{tenant}").into()),
                actor: Some(actor.clone()),
                confidence: Confidence::Sure,
                ticket: Some(ticket),
                detail: (word == "ended")
                    .then(|| format!("freeze {:.2}s frees 120 MB", seconds as f64 / 100.0)),
                ..Change::new(Source::Ticket, act, time, verb)
            };
            Record { act, ..Record::alone(&format!("{key}/{word}"), format!("dump {word}").into(), change) }
        };
        vec![one(Verb::Dumping, "began"), one(Verb::Dumped, "ended")]
    }

    fn run_of_callmap(&mut self, time: Timestamp) -> Record {
        let key = self.key();
        let change = Change {
            thing: Some(format!("www.tenant-{}.example.com", self.draw(TENANTS)).into()),
            actor: Some(self.actor()),
            confidence: Confidence::Sure,
            detail: Some("ok".to_owned()),
            ..Change::new(Source::Callmap, Record::act_of(Source::Callmap, &key), time, Verb::Probed)
        };
        Record::alone(&key, "run ended".into(), change)
    }
}
