//! What the ledger is asked of the past, for whoever shows it: changes, the parts of one, minutes counted, and all that
//! tells a tenant's history. It is opened by the first question.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::ledger::{Found, Ledger, LedgerError};
use crate::model::ask::{Ask, Range, Term, Test};
use crate::model::callmap::kept::Run;
use crate::model::change::{Act, Change, MOST_RAW, Source, Tick, Verb};
use crate::model::host::HostName;
use crate::model::ledger::Where;
use crate::model::ticket::{Ticket, TicketId};

/// The most changes that a tenant's history is told from, within its stretch, and from before it.
const MOST_OF_A_TENANT: usize = 1000;
const MOST_FROM_BEFORE: usize = 40;
/// The most turns of a host that are told with it.
const MOST_OF_A_HOST: usize = 200;
/// Of so many crash loops it is looked up how they ended.
const MOST_LOOPS: usize = 40;
/// The parts of a loop that are read for that.
const MOST_OF_A_LOOP: usize = 2000;

const MINUTE: Duration = Duration::from_secs(60);

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The changes that fit, the newest first, so many at most.
    Changes(Ask, usize),
    /// The parts of an act, the oldest first, so many at most.
    Parts(Act, usize),
    /// How many changes there were in each minute from here to there.
    Minutes(Timestamp, Timestamp),
    /// What tells a tenant's states in that time.
    History {
        /// Its host.
        host: HostName,
        /// Its name.
        tenant: Arc<str>,
        /// From this moment on.
        from: Timestamp,
        /// Up to this one.
        to: Timestamp,
    },
    /// The ticket or the run of a callmap with this number.
    Ticket(TicketId),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// To `Question::Changes` and `Question::History`.
    Changes(Page),
    /// To `Question::Parts`.
    Parts(Vec<Part>),
    /// To `Question::Minutes`; minutes without a change may be left out.
    Minutes(Vec<Tick>),
    /// To `Question::Ticket`: a dump or a wake.
    Ticket(Box<Ticket>),
    /// To `Question::Ticket`: a run of a callmap.
    Run(Box<Run>),
    /// To `Question::Ticket`: the ledger has none of that number.
    NoTicket,
}

/// Some of the changes that fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The changes.
    pub newest_first: Vec<Arc<Change>>,
    /// There are older ones.
    pub more: bool,
}

/// One part of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// When it happened.
    pub time: Timestamp,
    /// Who told it.
    pub source: Source,
    /// What was told.
    pub raw: Arc<str>,
}

/// The way to the ledger, for questions only.
#[derive(Clone, Debug, Default)]
pub struct Past {
    place: Option<Where>,
    ledger: Arc<OnceCell<Ledger>>,
}

impl Past {
    /// The past that is kept there; nothing is opened yet.
    #[must_use]
    pub fn new(place: Option<Where>) -> Self {
        Past { place, ledger: Arc::default() }
    }

    /// The answer.
    ///
    /// # Errors
    /// There is no ledger, or it cannot be read; in words for people.
    pub async fn tell(&self, question: &Question) -> Result<Told, Arc<str>> {
        let ledger = self.ledger().await?;
        let told = match question {
            Question::Changes(ask, limit) => page(ledger, ask, *limit).await.map(Told::Changes),
            Question::Parts(act, limit) => parts(ledger, *act, *limit).await.map(Told::Parts),
            Question::Minutes(from, to) => minutes(ledger, *from, *to).await.map(Told::Minutes),
            Question::History { host, tenant, from, to } => {
                history(ledger, host, tenant, (*from, *to)).await.map(Told::Changes)
            }
            Question::Ticket(id) => ticket(ledger, *id).await,
        };
        told.map_err(|error| error.to_string().into())
    }

    /// The changes that fit, the newest first, so many at most.
    ///
    /// # Errors
    /// There is no ledger, or it cannot be read.
    pub async fn changes(&self, ask: &Ask, limit: usize) -> Result<Page, Arc<str>> {
        page(self.ledger().await?, ask, limit).await.map_err(|error| error.to_string().into())
    }

    async fn ledger(&self) -> Result<&Ledger, Arc<str>> {
        let Some(place) = &self.place else { return Err("there is no ledger".into()) };
        self.ledger.get_or_try_init(|| Ledger::open(place)).await.map_err(|error| error.to_string().into())
    }
}

async fn ticket(ledger: &Ledger, id: TicketId) -> Result<Told, LedgerError> {
    if let Found::One(ticket) = ledger.ticket(&id.to_string()).await? {
        return Ok(Told::Ticket(ticket));
    }
    let run = ledger.run(id, Timestamp::now()).await?;
    Ok(run.map_or(Told::NoTicket, |(run, _)| Told::Run(Box::new(run))))
}

async fn page(ledger: &Ledger, ask: &Ask, limit: usize) -> Result<Page, LedgerError> {
    let answer = ledger.changes(ask, limit).await?;
    // What has no number in the feed comes after all that has one.
    let newest_first = answer.newest_first.into_iter().map(|change| Arc::new(Change { seq: 0, ..change }));
    Ok(Page { newest_first: newest_first.collect(), more: answer.more })
}

async fn parts(ledger: &Ledger, act: Act, limit: usize) -> Result<Vec<Part>, LedgerError> {
    let parts = ledger.parts(act, limit).await?;
    Ok(parts.into_iter().map(|part| Part { time: part.time, source: part.source, raw: part.raw }).collect())
}

async fn minutes(ledger: &Ledger, from: Timestamp, to: Timestamp) -> Result<Vec<Tick>, LedgerError> {
    let mut ticks = ledger.ticks(&Ask::default(), from, to, MINUTE).await?;
    ticks.retain(|tick| tick.total() > 0);
    Ok(ticks)
}

/// The changes of a tenant and the turns of its host within a stretch, and the latest from before: they tell how it begins.
async fn history(
    ledger: &Ledger,
    host: &HostName,
    tenant: &Arc<str>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Page, LedgerError> {
    let term = |test| Term { negated: false, test };
    let of_host = term(Test::Host(vec![host.to_lowercase().into()]));
    let of_tenant = vec![of_host.clone(), term(Test::Tenant(vec![tenant.to_lowercase().into()]))];
    let turns = term(Test::Verb(vec![Verb::Lost, Verb::Connected, Verb::Gap]));
    let of_host = vec![of_host, turns, term(Test::Source(vec![Source::Host]))];
    let within = Range { from, to: Some(to) };
    let before = Range { from: Timestamp::MIN, to: Some(from) };
    let mut told = Page::default();
    for (terms, range, limit) in [
        (&of_tenant, within, MOST_OF_A_TENANT),
        (&of_tenant, before, MOST_FROM_BEFORE),
        (&of_host, within, MOST_OF_A_HOST),
        (&of_host, before, 2),
    ] {
        let ask = Ask { range: Some(range), terms: terms.clone() };
        let mut page = page(ledger, &ask, limit).await?;
        told.more |= page.more && range == within;
        told.newest_first.append(&mut page.newest_first);
    }
    let is_its_own = |change: &Arc<Change>| change.tenant.as_ref().is_none_or(|name| name == tenant);
    told.newest_first.retain(is_its_own);
    ends_of_loops(ledger, &mut told).await?;
    told.newest_first.sort_by_key(|change| std::cmp::Reverse(change.time));
    Ok(told)
}

/// Only the last part of a crash loop says whether its engine got it up again.
async fn ends_of_loops(ledger: &Ledger, told: &mut Page) -> Result<(), LedgerError> {
    let loops = told.newest_first.iter_mut().filter(|change| change.verb == Verb::Crashed);
    for change in loops.take(MOST_LOOPS) {
        let parts = ledger.parts(change.act, MOST_OF_A_LOOP).await?;
        let last = parts.len().saturating_sub(MOST_RAW - 1);
        let raw = parts.into_iter().skip(last).map(|part| part.raw).collect();
        *change = Arc::new(Change { raw, ..Change::clone(change) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Record;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(key: &str, raw: &str, change: Change) -> Record {
        Record { time: change.time, ..Record::alone(key, raw.into(), change) }
    }

    fn of(tenant: &str, second: i64, verb: Verb) -> Change {
        let key = format!("{tenant}/{second}");
        Change {
            host: Some("Web-1".into()),
            tenant: Some(tenant.into()),
            ..Change::new(Source::Engine, Record::act_of(Source::Engine, &key), at(second), verb)
        }
    }

    fn of_host(second: i64, verb: Verb) -> Change {
        let act = Record::act_of(Source::Host, &second.to_string());
        Change { host: Some("Web-1".into()), ..Change::new(Source::Host, act, at(second), verb) }
    }

    async fn past(folder: &tempfile::TempDir) -> Past {
        let place = Where::Sqlite(folder.path().join("ledger.db"));
        let crashed = of("Acme", 150, Verb::Crashed);
        let again = Record {
            act: crashed.act,
            reading: None,
            ..record("again", "started at 10:00", of("Acme", 151, Verb::Started))
        };
        let records = [
            record("a", "started", of("Acme", 50, Verb::Started)),
            record("b", "died with 1", crashed),
            again,
            record("c", "paused", of("birch", 160, Verb::Paused)),
            record("d", "", of_host(170, Verb::Lost)),
            record("e", "paused", of("acme", 175, Verb::Paused)),
            record("f", "removed", of("Acme", 250, Verb::Removed)),
        ];
        Ledger::open(&place).await.unwrap().append(&records).await.unwrap();
        Past::new(Some(place))
    }

    #[tokio::test]
    async fn a_history_has_what_was_before_what_the_host_did_and_how_loops_ended() {
        let folder = tempfile::tempdir().unwrap();
        let past = past(&folder).await;
        let question =
            Question::History { host: "Web-1".into(), tenant: "Acme".into(), from: at(100), to: at(200) };
        let Told::Changes(page) = past.tell(&question).await.unwrap() else { panic!("another answer") };
        let told: Vec<_> = page.newest_first.iter().map(|it| (it.time.as_second(), it.verb)).collect();
        assert_eq!(told, [(170, Verb::Lost), (150, Verb::Crashed), (50, Verb::Started)]);
        assert_eq!(page.newest_first[1].raw.last().map(|raw| &**raw), Some("started at 10:00"));
        assert!(!page.more && page.newest_first.iter().all(|change| change.seq == 0));
    }

    #[tokio::test]
    async fn minutes_parts_and_pages() {
        let folder = tempfile::tempdir().unwrap();
        let past = past(&folder).await;
        let Told::Minutes(ticks) = past.tell(&Question::Minutes(at(0), at(240))).await.unwrap() else {
            panic!("another answer")
        };
        assert_eq!(
            ticks.iter().map(|tick| (tick.start.as_second(), tick.counts)).collect::<Vec<_>>(),
            [(0, [0, 0, 0, 1]), (120, [2, 0, 0, 2])]
        );
        let page = past.changes(&Ask::default(), 2).await.unwrap();
        assert!(page.more && page.newest_first.len() == 2);
        let act = Record::act_of(Source::Engine, "Acme/150");
        let Told::Parts(parts) = past.tell(&Question::Parts(act, 9)).await.unwrap() else {
            panic!("another answer")
        };
        assert_eq!(
            parts.iter().map(|part| &*part.raw).collect::<Vec<_>>(),
            ["died with 1", "started at 10:00"]
        );
    }

    #[tokio::test]
    async fn without_a_ledger_or_with_none_that_is_one_it_says_why() {
        let why = Past::default().tell(&Question::Parts(Act::from_number(1), 1)).await.unwrap_err();
        assert_eq!(&*why, "there is no ledger");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        std::fs::write(&file, "this is a letter to somebody else, and long enough to be read").unwrap();
        let past = Past::new(Some(Where::Sqlite(file)));
        let why = past.tell(&Question::Minutes(at(0), at(60))).await.unwrap_err();
        assert!(why.contains("ledger.db: "), "{why}");
    }
}
