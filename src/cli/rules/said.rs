//! A decision of the rules in JSON, as both `rules explain` and `rules plan` tell it.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::keeper::Decision;
use crate::model::method::Method;

/// A decision in JSON.
#[derive(Debug, Serialize)]
pub struct Said {
    decision: &'static str,
    reason: Option<&'static str>,
    dump: Option<Method>,
    woken_from: Option<Method>,
    idle_since: Option<Timestamp>,
    text: String,
}

impl Said {
    /// That decision, in these words.
    pub fn of(decision: Decision, text: String) -> Self {
        let due = decision.due();
        Said {
            decision: decision.as_str(),
            reason: decision.reason(),
            dump: due.map(|due| due.method),
            woken_from: due.and_then(|due| due.from),
            idle_since: due.map(|due| due.idle_since),
            text,
        }
    }
}
