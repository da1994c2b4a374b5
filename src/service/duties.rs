//! What only one process of those on a ledger may do at a time, over connections of its own: a lease must not wait until
//! somebody has read a thousand tickets.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::ledger::{self, Ledger, LedgerError};
use crate::model::ledger::Where;

pub use crate::ledger::{Held, Taken, here};

/// The way to the duties of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    place: Option<Where>,
    ledger: Arc<OnceCell<Ledger>>,
}

impl Duties {
    pub(super) fn new(place: Option<Where>) -> Duties {
        Duties { place, ledger: Arc::default() }
    }

    /// Takes a duty for this process, or keeps it for `lease` from `now` on.
    ///
    /// # Errors
    /// There is no ledger, or it cannot be written: why, in words.
    pub async fn take(&self, name: &str, now: Timestamp, lease: Duration) -> Result<Taken, String> {
        let ledger = self.open().await?;
        ledger.take_duty(name, ledger::here(), now, lease).await.map_err(words)
    }

    /// Writes the row of a duty as it is: whether that can be done at all.
    ///
    /// # Errors
    /// As `take`.
    pub async fn try_to_write(&self, name: &str) -> Result<(), String> {
        self.open().await?.touch_duty(name).await.map_err(words)
    }

    /// Gives a duty back.
    ///
    /// # Errors
    /// As `take`.
    pub async fn give_back(&self, name: &str) -> Result<(), String> {
        self.open().await?.give_duty_back(name, ledger::here()).await.map_err(words)
    }

    async fn open(&self) -> Result<&Ledger, String> {
        let place = self.place.as_ref().ok_or("there is no ledger")?;
        self.ledger.get_or_try_init(|| Ledger::open(place)).await.map_err(words)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn words(error: LedgerError) -> String {
    error.to_string()
}
