//! Why a ticket did not get where it was meant to.

use crate::engine::EngineError;
use crate::ledger::{Fault, LedgerError};

/// Why a ticket did not get where it was meant to.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nothing was done, for this reason.
    #[error("{0}")]
    Refused(String),
    /// The engine did not do it.
    #[error("{what}: {error}")]
    Engine {
        /// What was asked of it.
        what: String,
        /// Its answer, or its silence.
        error: EngineError,
    },
    /// What it needs is not there any more as it was: nothing was created.
    #[error("{0}")]
    Needs(String),
    /// The ledger cannot be written, and nothing is done without it.
    #[error("{0}")]
    Ledger(LedgerError),
    /// Somebody called it off.
    #[error("cancelled")]
    Cancelled,
    /// It took too long, or ended, before it answered.
    #[error("{0}")]
    NotReady(String),
    /// Another console took the tenant over, since ours had been silent for too long.
    #[error("another console has taken this tenant over")]
    TakenOver,
    /// The ledger could not be reached for as long as our lease lasted: another console may be at it by now.
    #[error("the ledger could not be reached, so another console may take this tenant over")]
    LeaseLost,
    /// Its host does not answer.
    #[error("{0}")]
    NoHost(String),
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        match error.fault {
            // Seen before anything is done: it is no failure of the tenant's.
            Fault::Key(_) => Trouble::Refused(error.to_string()),
            _ => Trouble::Ledger(error),
        }
    }
}

impl Trouble {
    /// Whether a container can never be started again, by whatever means.
    #[must_use]
    pub fn is_beyond_start(&self) -> bool {
        matches!(self, Trouble::Engine { error, .. } if error.says_runtime_keeps_it())
    }

    /// Whether the host was lost: then nobody knows how far it got, and it is looked at again when the host is back.
    #[must_use]
    pub fn is_lost_host(&self) -> bool {
        match self {
            Trouble::Engine { error, .. } => error.is_lost(),
            Trouble::NoHost(_) => true,
            _ => false,
        }
    }
}
