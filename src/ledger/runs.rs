//! Runs of callmaps. A run changes nothing outside, so nobody relies on its record: it need not survive a power cut that
//! comes right after it. But it is there before anything is known of the run, so that one that was cut off is seen.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::changes::own;
use super::connection::Lasts;
use super::error::Fault;
use super::hold::{is_orphaned, parse};
use super::{Ledger, LedgerError, ask, rows};
use crate::model::callmap::kept::{Part, Run, RunBody, RunOutcome, part};
use crate::model::callmap::report::Report;
use crate::model::change::Act;
use crate::model::holder::Holder;
use crate::model::ticket::TicketId;

/// The word of a run that goes on.
const OPEN: &str = "open";
/// The most rows of a list.
const MOST: i64 = 1000;
/// The most bytes of the results of one run.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How many runs are kept, and how many of them with all results, of one product and in all.
const KEPT: i64 = 10_000;
const KEPT_BODIES_OF_A_PRODUCT: i64 = 100;
const KEPT_BODIES: i64 = 1_000;
/// The old ones are removed at one in so many ends.
const PRUNED_EVERY: u32 = 16;

impl Ledger {
    /// Writes that a run begins. `until` is when it will be over for sure. False, and nothing written, where another run
    /// or ticket has its number.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn begin_run(&self, run: &Run, holder: &Holder, until: Timestamp) -> Result<bool, LedgerError> {
        self.within(async {
            let mut writing = self.connections.write(Lasts::Soon).await?;
            let connection = writing.connection();
            let sql = "SELECT id FROM tickets WHERE id = $1";
            let taken: Option<(String,)> =
                ask::one(connection, sqlx::query(sql).bind(run.id.to_string())).await?;
            let used_up = own::is_used_up(connection, Act::of_run(run.id), run.id).await?;
            let sql = "INSERT INTO runs (id, product, file, asked, verdict, holder, until, head, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '') ON CONFLICT (id) DO NOTHING";
            let query = sqlx::query(sql).bind(run.id.to_string()).bind(stored(&run.product));
            let query = query
                .bind(stored(run.file_name()))
                .bind(run.asked.as_millisecond())
                .bind(OPEN)
                .bind(holder.to_string());
            let query = query.bind(until.as_millisecond()).bind(stored(&rows::body(run)?));
            if taken.is_none() && !used_up && ask::change(connection, query).await? > 0 {
                writing.commit().await?;
                return Ok(true);
            }
            writing.rollback().await?;
            Ok(false)
        })
        .await
    }

    /// Writes the end of a run, with its results where it has some. Of results that are too large a part is written.
    /// False, and nothing written, where that run is not open.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub async fn end_run(&self, run: &Run, body: Option<&RunBody>) -> Result<bool, LedgerError> {
        self.within(async {
            let verdict = run.outcome.map_or(OPEN, RunOutcome::as_str);
            let body = body.map(fitting).transpose()?.unwrap_or_default();
            let mut writing = self.connections.write(Lasts::Soon).await?;
            let connection = writing.connection();
            let sql = "UPDATE runs SET verdict = $2, head = $3, body = $4 WHERE id = $1 AND verdict = $5";
            let query = sqlx::query(sql).bind(run.id.to_string()).bind(verdict);
            let query = query.bind(stored(&rows::body(run)?)).bind(stored(&body)).bind(OPEN);
            if ask::change(connection, query).await? == 0 {
                writing.rollback().await?;
                return Ok(false);
            }
            own::tell_run(connection, run).await?;
            if run.id.number().is_multiple_of(PRUNED_EVERY) {
                let kept = Kept { runs: KEPT, bodies: KEPT_BODIES, of_product: KEPT_BODIES_OF_A_PRODUCT };
                prune(connection, &run.product, kept).await?;
            }
            writing.commit().await?;
            Ok(true)
        })
        .await
    }

    /// The latest runs, newest first, those that go on too: as many as asked for, and 1000 at most.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn runs(&self, limit: usize, now: Timestamp) -> Result<Vec<Run>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT id, holder, until, head FROM runs ORDER BY asked DESC, id LIMIT $1";
            let query = sqlx::query(sql).bind(i64::try_from(limit).unwrap_or(MOST).min(MOST));
            let found: Vec<(String, String, i64, String)> = ask::all(reading.connection(), query).await?;
            reading.done();
            found.iter().map(|(id, holder, until, head)| run(id, holder, *until, head, now)).collect()
        })
        .await
    }

    /// The run of that ticket, with its results as far as they are kept.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn run(
        &self,
        ticket: TicketId,
        now: Timestamp,
    ) -> Result<Option<(Run, Option<RunBody>)>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT holder, until, head, body FROM runs WHERE id = $1";
            let query = sqlx::query(sql).bind(ticket.to_string());
            let found: Option<(String, i64, String, String)> = ask::one(reading.connection(), query).await?;
            reading.done();
            let Some((holder, until, head, body)) = found else { return Ok(None) };
            let id = ticket.to_string();
            Ok(Some((run(&id, &holder, until, &head, now)?, results(&id, &body)?)))
        })
        .await
    }

    /// The last run of the same callmap that was well, of those that were asked for before this one. The same: the name
    /// of the file and the product are, wherever the file lies on whichever machine.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn last_good(&self, run: &Run) -> Result<Option<Report>, LedgerError> {
        self.within(async {
            let mut reading = self.connections.read().await?;
            let sql = "SELECT id, body FROM runs WHERE product = $1 AND file = $2 AND verdict = $3 AND asked < $4 \
                       AND body <> '' ORDER BY asked DESC, id LIMIT 1";
            let query = sqlx::query(sql).bind(stored(&run.product)).bind(stored(run.file_name()));
            let query = query.bind(RunOutcome::Ok.as_str()).bind(run.asked.as_millisecond());
            let found: Option<(String, String)> = ask::one(reading.connection(), query).await?;
            reading.done();
            let Some((id, body)) = found else { return Ok(None) };
            Ok(results(&id, &body)?.map(|body| body.report))
        })
        .await
    }
}

/// PostgreSQL takes no zero byte in a text. Reports have none, but a file's name may.
fn stored(text: &str) -> String {
    text.replace('\0', "")
}

fn run(id: &str, holder: &str, until: i64, head: &str, now: Timestamp) -> Result<Run, Fault> {
    let mut run: Run = rows::thing(&format!("run {id}"), head)?;
    if run.outcome.is_none() && is_orphaned(&parse(holder)?, until, now) {
        run.outcome = Some(RunOutcome::CutOff);
    }
    Ok(run)
}

fn results(id: &str, body: &str) -> Result<Option<RunBody>, Fault> {
    if body.is_empty() { Ok(None) } else { rows::thing(&format!("run {id}"), body).map(Some) }
}

/// As much of the results as may be kept; nothing where even that is too large.
fn fitting(body: &RunBody) -> Result<String, Fault> {
    let whole = rows::body(body)?;
    if whole.len() <= MOST_BYTES {
        return Ok(whole);
    }
    for kept in [Part::Compared, Part::Verdicts] {
        let text = rows::body(&RunBody { report: part(&body.report, kept), ..body.clone() })?;
        if text.len() <= MOST_BYTES {
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// How much stays.
#[derive(Clone, Copy)]
struct Kept {
    runs: i64,
    bodies: i64,
    of_product: i64,
}

/// Removes the oldest runs that ended, and the results of the oldest but those of each callmap's last good run.
async fn prune(connection: &mut AnyConnection, product: &str, kept: Kept) -> Result<(), Fault> {
    let sql = "DELETE FROM runs WHERE verdict <> $1 AND asked <= \
               (SELECT asked FROM runs ORDER BY asked DESC LIMIT 1 OFFSET $2)";
    ask::change(connection, sqlx::query(sql).bind(OPEN).bind(kept.runs)).await?;
    let is_last_good = "verdict = 'ok' AND NOT EXISTS (SELECT 1 FROM runs AS newer WHERE newer.product = runs.product \
                        AND newer.file = runs.file AND newer.verdict = 'ok' AND newer.asked > runs.asked)";
    let sql = format!(
        "UPDATE runs SET body = '' WHERE body <> '' AND NOT ({is_last_good}) AND asked <= \
         (SELECT asked FROM runs WHERE body <> '' ORDER BY asked DESC LIMIT 1 OFFSET $1)"
    );
    ask::change(connection, sqlx::query(&sql).bind(kept.bodies)).await?;
    let sql = format!(
        "UPDATE runs SET body = '' WHERE product = $1 AND body <> '' AND NOT ({is_last_good}) AND asked <= \
         (SELECT asked FROM runs WHERE product = $1 AND body <> '' ORDER BY asked DESC LIMIT 1 OFFSET $2)"
    );
    ask::change(connection, sqlx::query(&sql).bind(stored(product)).bind(kept.of_product)).await?;
    Ok(())
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
