//! What is special about a ledger that is a file: who may read it, and what is said when it cannot be used.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sqlx::{AnyConnection, Connection};
use wakeboard::ledger::{Fault, KeyFault, Ledger, here};
use wakeboard::model::change::said::Said;
use wakeboard::model::ledger::Where;

use super::changes::samples::{moment, note};
use super::place::Place;
use super::things::*;

async fn fault(path: &Path) -> (Fault, String) {
    let error = Ledger::open(&Where::Sqlite(path.to_owned())).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("ledger {}: ", path.display())), "{text}");
    (error.fault, text)
}

async fn other_program(path: &Path, sql: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(1))).await.unwrap();
    assert_eq!(mode(place.path().parent().unwrap()), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(place.path().parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the file, and two of SQLite's beside it");
}

#[tokio::test]
async fn a_file_that_was_open_to_all_is_closed() {
    let place = Place::new();
    place.open().await.close().await;
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    place.open().await;
    assert_eq!(mode(&place.path()), 0o600);
}

#[tokio::test]
async fn any_name_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a ? b % c # ü.db");
    let ledger = Ledger::open(&Where::Sqlite(path.clone())).await.unwrap();
    ledger.record(&ended(ticket(1))).await.unwrap();
    assert!(fs::metadata(path).unwrap().len() > 0);
}

#[tokio::test]
async fn a_database_of_something_else_gets_no_tables_of_ours() {
    for theirs in ["CREATE TABLE orders (id BIGINT)", "CREATE VIEW orders AS SELECT 1 AS id"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        fs::write(&path, "").unwrap();
        other_program(&path, theirs).await.close().await.unwrap();
        let before = fs::read(&path).unwrap();
        let (fault, text) = fault(&path).await;
        assert!(matches!(&fault, Fault::Foreign(name) if name == "orders"), "{text}");
        let mut theirs = other_program(&path, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        let count: (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut theirs).await.unwrap();
        assert_eq!(count.0, 1, "{} bytes before", before.len());
    }
}

#[tokio::test]
async fn a_table_of_our_name_that_is_none_of_ours_is_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    fs::write(&path, "").unwrap();
    other_program(&path, "CREATE TABLE wakeboard (id BIGINT)").await.close().await.unwrap();
    let (fault, text) = fault(&path).await;
    assert!(matches!(fault, Fault::NotALedger), "{text}");
}

#[tokio::test]
async fn bytes_of_the_file_do_a_terminal_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::write(&path, "").unwrap();
    // A text of SQLite that is no UTF-8: `CREATE TABLE x `, then a byte that is none, then an escape.
    let harmful = "CREATE TABLE x (id); PRAGMA writable_schema = ON; \
                   UPDATE sqlite_master SET sql = CAST(x'435245415445205441424C4520782028FF1B5B324A29' AS TEXT)";
    other_program(&path, harmful).await.close().await.unwrap();
    let (_, text) = fault(&path).await;
    let bytes = text.as_bytes();
    assert!(!bytes.contains(&0x1b), "{bytes:?}");
    assert!(std::str::from_utf8(bytes).is_ok(), "{bytes:?}");
}

#[tokio::test]
async fn what_stood_in_clear_is_gone_from_the_file_once_it_is_signed() {
    let place = Place::of_format_4().await;
    let stands = || {
        let files = fs::read_dir(place.path().parent().unwrap()).unwrap();
        let holds = |path: &Path| fs::read(path).unwrap().windows(11).any(|at| at == b"hello-delta");
        files.map(|file| file.unwrap().path()).any(|path| holds(&path))
    };
    assert!(stands());
    let ledger = place.open().await;
    let unsigned = ledger.unsigned().await.unwrap();
    assert_eq!(ledger.sign(&unsigned).await.unwrap(), 4);
    assert!(!stands());
}

#[tokio::test]
async fn a_copy_that_is_put_in_its_place_while_it_is_open_is_told() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.append(&[note("1", moment(0), "op1", "one")]).await.unwrap();
    let copy = place.path().with_file_name("copy.db");
    fs::copy(place.path(), &copy).unwrap();
    fs::rename(&copy, place.path()).unwrap();
    let error = ledger.newest_record().await.unwrap_err();
    assert!(matches!(error.fault, Fault::Replaced), "{error}");
    assert!(
        ledger.append(&[note("2", moment(1), "op1", "two")]).await.is_err(),
        "nothing is written into nowhere"
    );
}

#[tokio::test]
async fn a_key_that_is_lost_is_told_and_not_replaced() {
    let place = Place::new();
    let ledger = place.open().await;
    let (all, asleep) = (containers(&["a"]), [sleeper("a", 1)]);
    ledger.begin(&ticket(1), here(), &all, &asleep, at(0), LEASE).await.unwrap();
    let key = place.path().with_file_name("ledger.db.key");
    assert_eq!(mode(&key), 0o600);
    let (ledger, kept) = (place.open().await, fs::read(&key).unwrap());
    fs::remove_file(&key).unwrap();
    let error = ledger.sleepers_of(&all).await.unwrap_err();
    assert!(matches!(&error.fault, Fault::Key(KeyFault::Missing(_))), "{error}");
    assert_eq!(ledger.sleepers().await.unwrap().len(), 1, "shown all the same");
    assert!(ledger.seal().await.is_err() && !key.exists());
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(ledger.sleepers_of(&all).await.unwrap(), asleep, "found again without a new start");
}

#[tokio::test]
async fn something_else_is_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "not a database, but long enough to be looked at as one\n".repeat(40)).unwrap();
    let (fault, text) = fault(&path).await;
    assert!(matches!(fault, Fault::NotALedger), "{text}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("not a database"), "left as it was");
}

#[tokio::test]
async fn a_newer_ledger_is_left_alone() {
    let place = Place::new();
    place.open().await.close().await;
    let newer = other_program(&place.path(), "UPDATE wakeboard SET value = 99 WHERE name = 'format'").await;
    newer.close().await.unwrap();
    let (fault, text) = fault(&place.path()).await;
    assert!(matches!(fault, Fault::Newer { found: 99, .. }), "{text}");
}

#[tokio::test]
async fn a_folder_or_a_file_in_the_way_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (found, text) = fault(folder.path()).await;
    assert!(matches!(found, Fault::NotThere(_)), "{text}");
    fs::write(folder.path().join("file"), "").unwrap();
    let (found, text) = fault(&folder.path().join("file/ledger.db")).await;
    assert!(matches!(found, Fault::NotThere(_)), "{text}");
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_told() {
    // /proc refuses root too.
    let (found, text) = fault(Path::new("/proc/sys/kernel/ostype")).await;
    assert!(matches!(found, Fault::NotWritable(_)), "{text}");
}

#[tokio::test]
async fn a_lock_that_somebody_keeps_is_told_and_waited_for() {
    let place = Place::new();
    let ledger = place.open().await;
    let holding = other_program(&place.path(), "BEGIN IMMEDIATE").await;
    // Readers do not mind.
    assert!(ledger.tickets(9).await.unwrap().is_empty());
    let error = ledger.record(&ended(ticket(1))).await.unwrap_err();
    assert!(matches!(error.fault, Fault::Locked), "{error}");
    let (released, written) = tokio::join!(
        async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            holding.close().await
        },
        async { ledger.record(&ended(ticket(1))).await }
    );
    released.unwrap();
    assert!(written.unwrap(), "written as soon as the lock was gone");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.record(&ended(ticket(1))).await.unwrap();
    other_program(&place.path(), "UPDATE tickets SET body = '{'").await.close().await.unwrap();
    let error = ledger.tickets(9).await.unwrap_err();
    assert!(error.to_string().contains("is damaged (ticket 0000001: "), "{error}");
}

#[tokio::test]
async fn programs_that_come_and_go_take_nothing_away_from_those_that_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    let config = folder.path().join("wakeboard.yaml");
    std::fs::write(&config, format!("ledger: {}\n", file.display())).unwrap();
    let note = |id: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_wakeboard"));
        command.env("HOME", folder.path()).arg("--config").arg(&config).args(["note", "a", "--id", id]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let place = Where::Sqlite(file.clone());
    let first = Ledger::open(&place).await.unwrap();
    first.newest_record().await.unwrap();
    // One more in this process must not drop the locks of the first.
    let second = Ledger::open(&place).await.unwrap();
    assert!(note("1").starts_with("noted"));
    assert!(folder.path().join("ledger.db-wal").exists(), "the first still writes to it");
    for id in ["2", "3"] {
        let said = Said { key: Some(Said::key_of(id)), ..Said::of("a") };
        let record = said.record("a", "", |_| false, jiff::Timestamp::now()).unwrap();
        assert_eq!(first.append(&[record]).await.unwrap().new, 1);
        assert!(note(id).starts_with("was noted before"), "what was appended is seen by others");
    }
    drop(second);
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_told() {
    let place = Place::new();
    let ledger = place.open().await;
    let records: Vec<_> =
        (0..3000).map(|number| note(&number.to_string(), moment(number), "op1", "said")).collect();
    ledger.append(&records).await.unwrap();
    ledger.close().await;
    let file = fs::OpenOptions::new().write(true).open(place.path()).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let looked = match Ledger::open(&place.at()).await {
        Ok(ledger) => ledger.verify_changes(|_| {}).await.map(|_| ()),
        Err(error) => Err(error),
    };
    let error = looked.unwrap_err();
    assert!(matches!(error.fault, Fault::Damaged(_)), "{error}");
}
