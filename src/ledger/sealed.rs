//! Sleepers as rows. What an operator may see stands in clear; recipe, restart policy and limits, by which a container is made and
//! run, are sealed. The seal vouches for the clear part too, and for its place: ledger, container, ticket, time.

use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::key::{self, KeyFault};
use super::seal::{KEY_PART, Seal, SealFault, key_of};
use super::{Ledger, LedgerError, ask, rows, schema};
use crate::model::particulars::{Limits, Restart};
use crate::model::sleeper::Sleeper;

/// Begins what a seal of a sleeper is bound to.
const KIND: &[u8] = b"wakeboard sleeper 1\0";

/// A row of `sleepers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SleeperRow {
    pub(super) container: String,
    pub(super) ticket: String,
    /// In milliseconds.
    pub(super) since: i64,
    /// JSON, without what is sealed.
    pub(super) body: String,
    /// Empty where an older wakeboard has written it.
    pub(super) seal: String,
}

/// The columns of a row, in the order of `SleeperRow::of`.
pub(super) const COLUMNS: &str = "container, ticket, since, body, seal";

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Secret {
    recipe: Option<String>,
    restart: Restart,
    limits: Limits,
}

/// What seals and opens the sleepers of one ledger.
#[derive(Debug)]
pub(super) struct Sealer {
    seal: Seal,
    /// The ledger's own number.
    ledger: i64,
}

impl SleeperRow {
    pub(super) fn of(
        (container, ticket, since, body, seal): (String, String, i64, String, String),
    ) -> SleeperRow {
        SleeperRow { container, ticket, since, body, seal }
    }

    /// What can be seen without a key.
    pub(super) fn clear(&self) -> Result<Sleeper, Fault> {
        let clear: Sleeper = rows::thing(&format!("sleeper {}", self.container), &self.body)?;
        if clear.recipe.is_none() {
            return Ok(clear);
        }
        // Of one without a seal, its recipe is nobody's business either.
        Ok(Sleeper { recipe: None, ..clear })
    }

    /// What the seal is bound to. Each text with its length, so that nothing can move from one to the next.
    fn context(&self, ledger: i64) -> Vec<u8> {
        let mut context = KIND.to_vec();
        context.extend(ledger.to_be_bytes());
        context.extend(self.since.to_be_bytes());
        for text in [&self.container, &self.ticket, &self.body] {
            context.extend((text.len() as u64).to_be_bytes());
            context.extend(text.as_bytes());
        }
        context
    }
}

impl Sealer {
    pub(super) fn seal(&self, sleeper: &Sleeper) -> Result<SleeperRow, Fault> {
        let secret = Secret {
            recipe: sleeper.recipe.clone(),
            restart: sleeper.restart.clone(),
            limits: sleeper.limits,
        };
        let clear = Sleeper {
            recipe: None,
            restart: Restart::default(),
            limits: Limits::default(),
            ..sleeper.clone()
        };
        let mut row = SleeperRow {
            container: sleeper.container.to_string(),
            ticket: sleeper.ticket.to_string(),
            since: sleeper.since.as_millisecond(),
            body: rows::body(&clear)?,
            seal: String::new(),
        };
        let sealed = self.seal.seal(rows::body(&secret)?.as_bytes(), &row.context(self.ledger));
        row.seal = sealed.map_err(|fault| Fault::Other(fault.to_string()))?;
        Ok(row)
    }

    /// The whole sleeper, as it was sealed.
    pub(super) fn open(&self, row: &SleeperRow) -> Result<Sleeper, Fault> {
        let clear = row.clear()?;
        let who = || format!("{} on {}", clear.name, clear.host);
        if row.seal.is_empty() {
            return Err(KeyFault::Unsigned(who()).into());
        }
        let opened = self.seal.open(&row.seal, &row.context(self.ledger)).map_err(|fault| match fault {
            SealFault::OtherKey(name) => KeyFault::Other(name),
            SealFault::Broken | SealFault::NoChance => KeyFault::Forged(who()),
        })?;
        let text = std::str::from_utf8(&opened).map_err(|error| Fault::row("a sleeper", error))?;
        let Secret { recipe, restart, limits } = rows::thing("a sleeper", text)?;
        Ok(Sleeper { restart, limits, recipe, ..clear })
    }
}

impl Ledger {
    /// What seals bytes that are to be kept outside of the ledger, with the ledger's key.
    ///
    /// # Errors
    /// There is no key at hand, or another one than that of what sleeps.
    pub async fn seal(&self) -> Result<&Seal, LedgerError> {
        self.within(async { Ok(&self.sealer().await?.seal) }).await
    }

    /// What seals and opens sleepers: made when it is first needed.
    pub(super) async fn sealer(&self) -> Result<&Sealer, Fault> {
        self.sealer.get_or_try_init(|| self.make_sealer(true)).await
    }

    /// The same where only somebody looks on: no key is made for that, and where none is at hand there is nothing.
    pub(super) async fn sealer_at_hand(&self) -> Option<&Sealer> {
        self.sealer.get_or_try_init(|| self.make_sealer(false)).await.ok()
    }

    /// The rows of these sleepers. No key is needed for none.
    pub(super) async fn sealed(&self, sleepers: &[Sleeper]) -> Result<Vec<SleeperRow>, Fault> {
        if sleepers.is_empty() {
            return Ok(Vec::new());
        }
        let sealer = self.sealer().await?;
        sleepers.iter().map(|sleeper| sealer.seal(sleeper)).collect()
    }

    async fn make_sealer(&self, may_make: bool) -> Result<Sealer, Fault> {
        let mut reading = self.connections.read().await?;
        let ledger = schema::number(reading.connection(), schema::IDENTITY).await?;
        let ledger = ledger.ok_or_else(|| Fault::row("the ledger", "it has no number of its own"))?;
        // By an index, since seals are long.
        let sql = format!("SELECT DISTINCT SUBSTR(seal, 1, {KEY_PART}) FROM sleepers");
        let sealed: Vec<(String,)> = ask::all(reading.connection(), sqlx::query(&sql)).await?;
        reading.done();
        // A new key where others are sealed with the one that is missing would only hide that it is missing.
        let names: Vec<&str> = sealed.iter().filter_map(|(sealed,)| key_of(sealed)).collect();
        let seal = key::read(self.connections.place(), &self.keys, may_make && names.is_empty())?;
        let other = names.into_iter().find(|name| !seal.knows(name));
        match other {
            Some(name) => Err(KeyFault::Other(name.to_owned()).into()),
            None => Ok(Sealer { seal, ledger }),
        }
    }
}
