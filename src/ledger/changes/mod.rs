//! The record of changes: appended to by all consoles, chained, asked, counted, pruned and verified.
//!
//! `records` is the record itself; `acts` and `words` are made from it in the same transaction, so that questions are
//! answered fast. Why it is as it is: `docs/decisions/0017-record-of-changes.md`.

mod append;
mod chain;
mod count;
mod filter;
mod news;
pub(super) mod own;
mod prune;
mod query;
mod row;
mod stretch;
mod table;
mod verified;
mod verify;

pub use append::Appended;
pub use news::{BadSpot, Spot};
pub use prune::Pruned;
pub use query::{Answer, Part};
pub use verified::{Broken, Verified};
