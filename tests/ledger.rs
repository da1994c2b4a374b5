//! The ledger in a SQLite file. The same tests run on PostgreSQL in the lab (`tests/lab/ledger.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "ledger/activity.rs"]
mod activity;
#[path = "ledger/changes/mod.rs"]
mod changes;
#[path = "ledger/crash.rs"]
mod crash;
#[path = "ledger/duties.rs"]
mod duties;
#[path = "ledger/file.rs"]
mod file;
#[path = "ledger/formats.rs"]
mod formats;
#[path = "ledger/lists.rs"]
mod lists;
#[path = "ledger/place.rs"]
mod place;
#[path = "ledger/property.rs"]
mod property;
#[path = "ledger/race.rs"]
mod race;
#[path = "ledger/runs.rs"]
mod runs;
#[path = "ledger/seals.rs"]
mod seals;
#[path = "ledger/things.rs"]
mod things;
#[path = "ledger/work.rs"]
mod work;
