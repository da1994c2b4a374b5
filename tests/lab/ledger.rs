//! The ledger in a real PostgreSQL: the same tests as on SQLite, which are in `tests/ledger/`.

#[path = "../ledger/activity.rs"]
mod activity;
#[path = "ledger/another_machine.rs"]
mod another_machine;
#[path = "../ledger/changes/mod.rs"]
mod changes;
#[path = "../ledger/crash.rs"]
mod crash;
#[path = "../ledger/duties.rs"]
mod duties;
#[path = "../ledger/formats.rs"]
mod formats;
#[path = "ledger/full.rs"]
mod full;
#[path = "../ledger/lists.rs"]
mod lists;
#[path = "ledger/place.rs"]
pub mod place;
#[path = "../ledger/property.rs"]
mod property;
#[path = "../ledger/race.rs"]
mod race;
#[path = "../ledger/runs.rs"]
mod runs;
#[path = "../ledger/seals.rs"]
mod seals;
#[path = "ledger/server.rs"]
mod server;
#[path = "../ledger/things.rs"]
mod things;
#[path = "../ledger/work.rs"]
mod work;
