//! The tables, and how older ones become these.

use std::time::Duration;

use sqlx::AnyConnection;

use super::connection::{Connections, Lasts};
use super::error::Fault;
use super::{ask, seal};
use crate::model::ledger::Where;

/// The row that counts changes.
pub(super) const CHANGES: &str = "changes";
/// The row that says which format the ledger has.
const FORMAT: &str = "format";
/// The row with the number by which seals know this ledger from others.
pub(super) const IDENTITY: &str = "identity";

/// What makes each format of the one before. Only ever added to; also where no table changes, but a word in the JSON that
/// an older wakeboard would not understand.
const STEPS: [&[&str]; 6] = [TICKETS, RUNS, RECORDS, KEEPING, SEALS, HOOKS];

/// What the hook said of a tenant last: when, below 0 where it said no.
const HOOKS: &[&str] = &["ALTER TABLE activity ADD COLUMN answer BIGINT NOT NULL DEFAULT 0"];

const TICKETS: &[&str] = &[
    "CREATE TABLE tickets (id TEXT PRIMARY KEY, asked BIGINT NOT NULL, is_open BIGINT NOT NULL, \
     holder TEXT NOT NULL, until BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX tickets_asked ON tickets (is_open, asked)",
    "CREATE TABLE leases (container TEXT PRIMARY KEY, ticket TEXT NOT NULL)",
    "CREATE INDEX leases_ticket ON leases (ticket)",
    "CREATE TABLE sleepers (container TEXT PRIMARY KEY, ticket TEXT NOT NULL, since BIGINT NOT NULL, \
     body TEXT NOT NULL)",
    "CREATE TABLE abilities (host TEXT NOT NULL, engine TEXT NOT NULL, method TEXT NOT NULL, \
     tried BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (host, engine, method))",
];

const RUNS: &[&str] = &[
    "CREATE TABLE runs (id TEXT PRIMARY KEY, product TEXT NOT NULL, file TEXT NOT NULL, \
     asked BIGINT NOT NULL, verdict TEXT NOT NULL, holder TEXT NOT NULL, until BIGINT NOT NULL, head TEXT NOT NULL, \
     body TEXT NOT NULL)",
    "CREATE INDEX runs_asked ON runs (asked)",
    "CREATE INDEX runs_product ON runs (product, file, verdict, asked)",
];

/// What happened (`changes/`). Times are nanoseconds here, as engines tell them: the order within a millisecond counts.
const RECORDS: &[&str] = &[
    // The record itself: appended to, never written over.
    "CREATE TABLE records (seq BIGINT PRIMARY KEY, mark TEXT NOT NULL, act BIGINT NOT NULL, time BIGINT NOT NULL, \
     written BIGINT NOT NULL, source TEXT NOT NULL, raw TEXT NOT NULL, reading TEXT NOT NULL, prev TEXT NOT NULL, \
     hash TEXT NOT NULL)",
    // Marks come in no order, but the same event has the same time: so those of events are found where the latest ones are.
    "CREATE UNIQUE INDEX records_event ON records (time, mark) WHERE source = 'engine'",
    "CREATE UNIQUE INDEX records_mark ON records (mark) WHERE source <> 'engine'",
    "CREATE INDEX records_act ON records (act, seq)",
    // One row: where the chain ends.
    "CREATE TABLE chain (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL, horizon BIGINT NOT NULL)",
    "INSERT INTO chain (id, seq, hash, horizon) VALUES (1, 0, '', -9223372036854775807)",
    // Which stretches of the record have been pruned, and which record says so.
    "CREATE TABLE stretches (first BIGINT PRIMARY KEY, last BIGINT NOT NULL, newest BIGINT NOT NULL, \
     record BIGINT NOT NULL)",
    // What is asked for, made from the records: in lower case, and never the only place of anything.
    "CREATE TABLE acts (act BIGINT PRIMARY KEY, first BIGINT NOT NULL, told BIGINT NOT NULL, time BIGINT NOT NULL, \
     source TEXT NOT NULL, verb TEXT NOT NULL, host TEXT NOT NULL, tenant TEXT NOT NULL, container TEXT NOT NULL, \
     actor TEXT NOT NULL, ticket TEXT NOT NULL, words BIGINT NOT NULL)",
    "CREATE INDEX acts_time ON acts (time, first)",
    "CREATE INDEX acts_actor ON acts (actor, time, first) WHERE actor <> '-'",
    "CREATE INDEX acts_tenant ON acts (tenant, time, first)",
    "CREATE INDEX acts_container ON acts (container, time, first) WHERE container <> ''",
    "CREATE INDEX acts_host ON acts (host, time, first)",
    "CREATE INDEX acts_verb ON acts (verb, time, first)",
    "CREATE INDEX acts_ticket ON acts (ticket) WHERE ticket <> ''",
    "CREATE INDEX acts_words ON acts (words, time, first)",
    "CREATE TABLE words (id BIGINT PRIMARY KEY, text TEXT NOT NULL)",
];

/// What keepers know of tenants' use, and which keeper does what only one may do.
const KEEPING: &[&str] = &[
    // Times are milliseconds, 0 for what is not known. A measure a column, so that several keepers and doors can write one row
    // without reading it.
    "CREATE TABLE activity (host TEXT NOT NULL, tenant TEXT NOT NULL, request BIGINT NOT NULL, counted BIGINT NOT NULL, \
     network BIGINT NOT NULL, cpu BIGINT NOT NULL, connections BIGINT NOT NULL, measured BIGINT NOT NULL, \
     until BIGINT NOT NULL, PRIMARY KEY (host, tenant))",
    "CREATE TABLE duties (name TEXT PRIMARY KEY, holder TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL)",
];

/// What of sleepers others must neither read nor make is sealed with the ledger's key (`sealed.rs`). Those of before have no seal.
const SEALS: &[&str] = &[
    "ALTER TABLE sleepers ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
    // With which keys they are sealed.
    "CREATE INDEX sleepers_key ON sleepers (SUBSTR(seal, 1, 19))",
];

/// How often several that open a new ledger at once may get in each other's way.
const ATTEMPTS: u32 = 20;

/// Makes sure that the tables are those that this wakeboard knows.
pub(super) async fn prepare(connections: &Connections) -> Result<(), Fault> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let mut attempt = 0;
    loop {
        match prepare_once(connections, known).await {
            Err(fault) if fault.is_passing() && attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(5) * attempt).await;
            }
            result => return result,
        }
    }
}

async fn prepare_once(connections: &Connections, known: i64) -> Result<(), Fault> {
    let mut using = connections.bare().await?;
    let found = format(using.connection()).await?;
    match found {
        Some(found) if found > known => return Err(Fault::Newer { found, known }),
        Some(found) if found == known => {
            using.done();
            return Ok(());
        }
        Some(_) => {}
        None => {
            refuse_foreign(using.connection(), connections.place()).await?;
            let tables = "BEGIN; CREATE TABLE wakeboard (name TEXT PRIMARY KEY, value BIGINT NOT NULL); \
                          INSERT INTO wakeboard (name, value) VALUES ('format', 0), ('changes', 0); COMMIT";
            ask::plainly(using.connection(), tables).await.map_err(made_meanwhile)?;
        }
    }
    using.done();
    let mut writing = connections.write(Lasts::AtOnce).await?;
    // Somebody else may have been faster.
    let found = number(writing.connection(), FORMAT).await?.unwrap_or(0);
    if found > known {
        return Err(Fault::Newer { found, known });
    }
    for statement in missing(found) {
        ask::plainly(writing.connection(), statement).await?;
    }
    set(writing.connection(), FORMAT, known).await?;
    let sql = "INSERT INTO wakeboard (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    ask::change(writing.connection(), sqlx::query(sql).bind(IDENTITY).bind(seal::number()?)).await?;
    writing.commit().await
}

/// What makes the newest format of that one.
fn missing(found: i64) -> Vec<&'static str> {
    STEPS.iter().skip(usize::try_from(found).unwrap_or(0)).copied().flatten().copied().collect()
}

/// A database that has tables of somebody else is nobody's ledger, and gets none of ours.
async fn refuse_foreign(connection: &mut AnyConnection, place: &Where) -> Result<(), Fault> {
    let tables = match place {
        Where::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
        }
        Where::Postgres(_) => {
            "SELECT CAST(relname AS TEXT) AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'f', 'v', 'm')"
        }
    };
    // Another that opens the same new ledger may have made tables since: its own first one tells.
    let sql = format!("SELECT name FROM ({tables}) AS found ORDER BY name <> 'wakeboard', name LIMIT 1");
    match ask::one::<(String,)>(connection, sqlx::query(&sql)).await? {
        None => Ok(()),
        Some((name,)) if name == "wakeboard" => Err(Fault::Locked),
        Some((name,)) => Err(Fault::Foreign(name)),
    }
}

/// The ledger's format; nothing where there are no tables yet.
async fn format(connection: &mut AnyConnection) -> Result<Option<i64>, Fault> {
    match number(connection, FORMAT).await {
        Ok(Some(format)) => Ok(Some(format)),
        Ok(None) => Err(Fault::NotALedger),
        Err(sqlx::Error::Database(told)) if is_no_table(told.as_ref()) => Ok(None),
        Err(sqlx::Error::Database(told)) if is_no_column(told.as_ref()) => Err(Fault::NotALedger),
        Err(error) => Err(error.into()),
    }
}

fn is_no_table(told: &dyn sqlx::error::DatabaseError) -> bool {
    match told.code().as_deref() {
        Some("42P01") => true,
        // SQLite has no code of its own for it.
        Some("1") => told.message().starts_with("no such table"),
        _ => false,
    }
}

/// A table of the same name as ours has other columns: it is somebody else's.
fn is_no_column(told: &dyn sqlx::error::DatabaseError) -> bool {
    match told.code().as_deref() {
        Some("42703" | "42883" | "42809") => true,
        Some("1") => told.message().starts_with("no such column"),
        _ => false,
    }
}

/// That the first table is there already is no fault: another has just made it.
fn made_meanwhile(error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::Database(told) if told.message().contains("already exists") => Fault::Locked,
        _ => error.into(),
    }
}

/// One number of the ledger's own.
pub(super) async fn number(connection: &mut AnyConnection, name: &str) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT value FROM wakeboard WHERE name = $1";
    let found: Option<(i64,)> = ask::one(connection, sqlx::query(sql).bind(name)).await?;
    Ok(found.map(|(value,)| value))
}

async fn set(connection: &mut AnyConnection, name: &str, value: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE wakeboard SET value = $2 WHERE name = $1";
    ask::change(connection, sqlx::query(sql).bind(name).bind(value)).await.map(|_| ())
}
