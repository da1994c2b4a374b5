//! A ledger that takes nothing for a while, and what is caught up with when it does again.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection};
use tokio::time::sleep;
use wakeboard::ledger::{Found, Ledger};
use wakeboard::model::ledger::Where;
use wakeboard::model::method::Method;
use wakeboard::model::state::State;
use wakeboard::model::ticket::{Outcome, Task, Ticket};

use super::stand::{Stand, order};

const PATIENCE: Duration = Duration::from_secs(60);

/// From now on no ticket's end can be written; all else can.
const BREAK: &str = "CREATE TRIGGER no_ends BEFORE UPDATE ON tickets WHEN NEW.is_open = 0 \
                     BEGIN SELECT RAISE(ABORT, 'no end can be written'); END";

async fn write(stand: &Stand, sql: &str) {
    sqlx::any::install_default_drivers();
    let address = format!("sqlite://{}", stand.folder.path().join("ledger.db").display());
    let mut connection = AnyConnection::connect(&address).await.unwrap();
    sqlx::raw_sql("PRAGMA busy_timeout = 5000").execute(&mut connection).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn ticket(ledger: &Ledger, id: &str) -> Ticket {
    match ledger.ticket(id).await.unwrap() {
        Found::One(ticket) => *ticket,
        _ => panic!("{id} is not in the ledger"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_the_ledger_did_not_take_is_written_when_it_does_again() {
    let stand = Stand::open().await;
    let ledger = Ledger::open(&Where::Sqlite(stand.folder.path().join("ledger.db"))).await.unwrap();
    write(&stand, BREAK).await;
    let dump = order(&stand.service, Task::Dump, "acme", Some(Method::Stop));
    let other = order(&stand.service, Task::Dump, "birch", Some(Method::Stop));
    for id in [dump, other] {
        assert_eq!(stand.ended(id).await.outcome, Some(Outcome::Dumped));
        let kept = ticket(&ledger, &id.to_string()).await;
        assert_eq!((kept.ended, kept.outcome), (None, None), "the ledger knows nothing of its end");
    }
    let open = ledger.open_tickets().await.unwrap();
    assert!(open.iter().any(|open| open.ticket.id == dump), "its containers are still taken: {open:#?}");
    write(&stand, "DROP TRIGGER no_ends").await;
    // An order for the same tenant is not refused by the ticket that has long ended here.
    let wake = order(&stand.service, Task::Wake, "acme", None);
    let woken = stand.ended(wake).await;
    assert_eq!((woken.outcome, woken.reason.as_deref()), (Some(Outcome::Woken), None), "{woken:#?}");
    stand.state("acme", State::Running).await;
    assert_eq!(ticket(&ledger, &wake.to_string()).await.outcome, Some(Outcome::Woken));
    // Of a tenant that nobody asks for, the end is written by itself.
    let begun = Instant::now();
    for id in [dump, other] {
        loop {
            let kept = ticket(&ledger, &id.to_string()).await;
            if kept.ended.is_some() {
                assert_eq!(kept.outcome, Some(Outcome::Dumped), "{kept:#?}");
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "never written: {kept:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }
    stand.state("birch", State::Dumped).await;
    assert_eq!(ledger.open_tickets().await.unwrap(), []);
}
