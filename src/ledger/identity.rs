//! The number of a ledger: on a host that several wakeboards watch, each with a ledger of its own, it says whose a container is.

use super::{Ledger, LedgerError, schema};

impl Ledger {
    /// The number by which this ledger is told from others. It was drawn when the ledger was made.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn identity(&self) -> Result<i64, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let found = schema::number(reading.connection(), schema::IDENTITY).await?;
            reading.done();
            Ok(found.unwrap_or(0))
        })
        .await
    }
}
