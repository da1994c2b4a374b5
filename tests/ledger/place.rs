//! A new SQLite ledger for each test.

use std::path::PathBuf;

use wakeboard::ledger::Ledger;
use wakeboard::model::ledger::Where;

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("state/wakeboard/ledger.db")
    }

    pub fn at(&self) -> Where {
        Where::Sqlite(self.path())
    }

    pub async fn open(&self) -> Ledger {
        Place::open_at(&self.at()).await
    }

    /// One that is there, with its key.
    pub async fn open_at(at: &Where) -> Ledger {
        Ledger::open(at).await.unwrap()
    }

    /// The real ledger of that older format.
    pub async fn of_format_4() -> Place {
        let place = Place::new();
        tokio::fs::create_dir_all(place.path().parent().unwrap()).await.unwrap();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ledger/fixtures/format-4.db");
        tokio::fs::copy(fixture, place.path()).await.unwrap();
        place
    }

    /// What another program does to it.
    pub async fn sql(&self, sql: &str) {
        use sqlx::{AnyConnection, Connection};
        sqlx::any::install_default_drivers();
        let mut connection =
            AnyConnection::connect(&format!("sqlite://{}", self.path().display())).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The one text that a statement finds.
    pub async fn text_of(&self, sql: &str) -> String {
        use sqlx::{AnyConnection, Connection, Row};
        sqlx::any::install_default_drivers();
        let mut connection =
            AnyConnection::connect(&format!("sqlite://{}", self.path().display())).await.unwrap();
        let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
        let text = row.get(0);
        connection.close().await.unwrap();
        text
    }

    /// For a child process.
    pub fn text(&self) -> String {
        self.path().display().to_string()
    }

    pub fn of_text(text: &str) -> Where {
        Where::Sqlite(text.into())
    }
}
