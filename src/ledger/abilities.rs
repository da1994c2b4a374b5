//! What hosts can do, as their canaries showed.

use super::connection::Lasts;
use super::{Ledger, LedgerError, ask, rows};
use crate::model::ability::Ability;

/// The most abilities that are kept; the oldest go.
const MOST: i64 = 10_000;

impl Ledger {
    /// What the canaries showed, the latest first.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn abilities(&self) -> Result<Vec<Ability>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT host, body FROM abilities ORDER BY tried DESC, host, engine, method LIMIT $1";
            let found: Vec<(String, String)> =
                ask::all(reading.connection(), sqlx::query(sql).bind(MOST)).await?;
            reading.done();
            found.iter().map(|(host, body)| rows::thing(&format!("ability of {host}"), body)).collect()
        })
        .await
    }

    /// Writes what a canary showed, over what one showed before of the same host, engine and method.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn put_ability(&self, ability: &Ability) -> Result<(), LedgerError> {
        self.within(async {
            let mut writing = self.connections.write(Lasts::AtOnce).await?;
            let sql = "INSERT INTO abilities (host, engine, method, tried, body) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (host, engine, method) \
                       DO UPDATE SET tried = excluded.tried, body = excluded.body";
            let query = sqlx::query(sql).bind(&*ability.host).bind(&*ability.engine);
            let query = query.bind(ability.method.as_str()).bind(ability.tried.as_millisecond());
            ask::change(writing.connection(), query.bind(rows::body(ability)?)).await?;
            let sql = "DELETE FROM abilities WHERE tried <= \
                       (SELECT tried FROM abilities ORDER BY tried DESC LIMIT 1 OFFSET $1)";
            ask::change(writing.connection(), sqlx::query(sql).bind(MOST)).await?;
            writing.commit().await
        })
        .await
    }
}
