//! What the ledger is asked of the past, for whoever shows it: changes, the parts of one, minutes counted, and all that
//! tells a tenant's history. It is opened by the first question.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::ledger::Ledger;
use crate::model::ask::Ask;
use crate::model::change::{Act, Change, Source, Tick};
use crate::model::host::HostName;
use crate::model::ledger::Where;

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

    async fn ledger(&self) -> Result<&Ledger, Arc<str>> {
        let Some(place) = &self.place else { return Err("there is no ledger".into()) };
        self.ledger.get_or_try_init(|| Ledger::open(place)).await.map_err(|error| error.to_string().into())
    }
}
