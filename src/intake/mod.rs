//! Changes that are told to us from outside (`door`), and those of our own files (`watch`).
//!
//! This room knows neither the ledger nor the config. Whoever opens it says in plain data where it may listen and which files
//! there are, and hands in a `Tell` that keeps records.

pub mod door;
pub mod watch;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::model::change::Record;

/// Keeps records, all of them or none. It is done only when they are safe; else it returns why they are not.
pub type Tell = Arc<dyn Fn(Vec<Record>) -> BoxFuture<'static, Result<(), NotKept>> + Send + Sync>;

/// Why a record was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// One with the same id, and another content, was kept before.
    Conflict,
    /// It could not be written; the words are for people.
    Failed(Arc<str>),
}

/// Whether that is a tenant's name.
pub type IsTenant = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A key for a record that nobody gave one: it will not come again.
#[must_use]
pub fn made_up_key() -> String {
    // The standard library seeds every `RandomState` differently.
    let random = || RandomState::new().hash_one(0);
    format!("{}/{:x}/{:x}", Timestamp::now().as_nanosecond(), random(), random())
}
