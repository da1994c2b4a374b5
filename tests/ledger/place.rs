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
        Ledger::open(&self.at()).await.unwrap()
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

    /// For a child process.
    pub fn text(&self) -> String {
        self.path().display().to_string()
    }

    pub fn of_text(text: &str) -> Where {
        Where::Sqlite(text.into())
    }
}
