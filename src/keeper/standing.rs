//! Which keeper of those on a ledger works.

use std::sync::Arc;

use jiff::Timestamp;

/// How this keeper stands beside the others on its ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// It works; else another one does, or nobody while that is being found out.
    pub active: bool,
    /// Since when the one that works does so; since when that is not known where nobody does.
    pub since: Timestamp,
    /// The machine and process that works: `web-1 (process 4711)`; empty where nobody is known to.
    pub holder: Arc<str>,
    /// It only says what it would do.
    pub dry_run: bool,
    /// Why the ledger could not be written the last time that this was tried.
    pub fault: Option<Arc<str>>,
}

impl Standing {
    /// Nobody is known to work.
    #[must_use]
    pub fn unknown() -> Standing {
        Standing {
            active: false,
            since: Timestamp::UNIX_EPOCH,
            holder: "".into(),
            dry_run: false,
            fault: None,
        }
    }
}
