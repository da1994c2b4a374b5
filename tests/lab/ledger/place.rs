//! A new database of the lab's PostgreSQL for each test.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::engine::lab;
use wakeboard::ledger::Ledger;
use wakeboard::model::ledger::{KeyPlace, KeyPlaces, Where};

pub struct Place {
    url: String,
}

impl Place {
    pub fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // The numbers of processes come again.
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
        let name = format!("ledger_{}_{count}_{now}", std::process::id());
        let server = server();
        // In a thread of its own, since the test may be within a runtime.
        let sql = format!("CREATE DATABASE {name}");
        let at = format!("{server}/postgres");
        std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(run(&at, &sql)))
            .join()
            .unwrap();
        Place { url: format!("{server}/{name}") }
    }

    pub fn at(&self) -> Where {
        Place::of_text(&self.url)
    }

    pub async fn open(&self) -> Ledger {
        Place::open_at(&self.at()).await
    }

    /// One that is there, with its key.
    pub async fn open_at(at: &Where) -> Ledger {
        let key = KeyPlace::Variable { name: "KEY".to_owned(), text: Some("a1".repeat(32)) };
        Ledger::open_with(at, &KeyPlaces(vec![key])).await.unwrap()
    }

    /// The real ledger of that older format.
    pub async fn of_format_4() -> Place {
        let place = Place::new();
        place.sql(include_str!("../../ledger/fixtures/format-4.sql")).await;
        place
    }

    /// What another program does to it.
    pub async fn sql(&self, sql: &str) {
        run(&self.url, sql).await;
    }

    /// The one text that a statement finds.
    pub async fn text_of(&self, sql: &str) -> String {
        use sqlx::{AnyConnection, Connection, Row};
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
        let text = row.get(0);
        connection.close().await.unwrap();
        text
    }

    /// What a config says of it: where it is, and the key that all who share it have.
    pub fn settings(&self) -> String {
        let (_, name) = self.url.rsplit_once('/').unwrap();
        let key = format!("{}/{name}.key", lab("WAKEBOARD_LAB"));
        std::fs::write(&key, "a1".repeat(32)).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("ledger: {}\nledger_key: {key}\n", self.url)
    }

    /// For a child process.
    pub fn text(&self) -> String {
        self.url.clone()
    }

    pub fn of_text(text: &str) -> Where {
        Where::Postgres(text.parse().unwrap())
    }
}

/// `postgres://user:password@host:port`
pub fn server() -> String {
    lab("WAKEBOARD_LAB_POSTGRES")
}

pub async fn run(url: &str, sql: &str) {
    use sqlx::{AnyConnection, Connection};
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
