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
mod query;
mod row;
mod table;

pub use append::Appended;
pub use query::{Answer, Part};
