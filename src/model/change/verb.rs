//! What happened, in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened, in the past tense: the screen reads "14:02:40 - crashed cedar".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Verb {
    Created,
    Started,
    Ended,
    Crashed,
    Signalled,
    Killed,
    Stopped,
    Restarted,
    Paused,
    Unpaused,
    Healthy,
    Unhealthy,
    Renamed,
    Updated,
    Checkpointed,
    Removed,
    /// A ticket is at it; what comes of it is not known yet.
    Dumping,
    /// The same, the other way.
    Waking,
    /// Put to sleep by a ticket.
    Dumped,
    /// Woken by a ticket.
    #[serde(rename = "woke")]
    Woken,
    /// A ticket did nothing, and said why.
    Refused,
    /// A ticket went wrong.
    Failed,
    /// A callmap was run.
    Probed,
    /// A file of ours was changed: config, theme or callmap.
    Edited,
    /// Somebody told us: a deploy tool, a hook, a person.
    Noted,
    /// A difference found by looking: no event told of it.
    Observed,
    /// A host answers (again).
    Connected,
    /// A host does not answer any more.
    Lost,
    /// Events may be missing.
    Gap,
}

impl Verb {
    /// All of them, in the order in which they are told.
    pub const ALL: [Verb; 29] = [
        Verb::Created,
        Verb::Started,
        Verb::Ended,
        Verb::Crashed,
        Verb::Signalled,
        Verb::Killed,
        Verb::Stopped,
        Verb::Restarted,
        Verb::Paused,
        Verb::Unpaused,
        Verb::Healthy,
        Verb::Unhealthy,
        Verb::Renamed,
        Verb::Updated,
        Verb::Checkpointed,
        Verb::Removed,
        Verb::Dumping,
        Verb::Waking,
        Verb::Dumped,
        Verb::Woken,
        Verb::Refused,
        Verb::Failed,
        Verb::Probed,
        Verb::Edited,
        Verb::Noted,
        Verb::Observed,
        Verb::Connected,
        Verb::Lost,
        Verb::Gap,
    ];

    /// The verb of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.as_str() == word)
    }

    /// The one word for the screen, JSON and filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Created => "created",
            Verb::Started => "started",
            Verb::Ended => "ended",
            Verb::Crashed => "crashed",
            Verb::Signalled => "signalled",
            Verb::Killed => "killed",
            Verb::Stopped => "stopped",
            Verb::Restarted => "restarted",
            Verb::Paused => "paused",
            Verb::Unpaused => "unpaused",
            Verb::Healthy => "healthy",
            Verb::Unhealthy => "unhealthy",
            Verb::Renamed => "renamed",
            Verb::Updated => "updated",
            Verb::Checkpointed => "checkpointed",
            Verb::Removed => "removed",
            Verb::Dumping => "dumping",
            Verb::Waking => "waking",
            Verb::Dumped => "dumped",
            Verb::Woken => "woke",
            Verb::Refused => "refused",
            Verb::Failed => "failed",
            Verb::Probed => "probed",
            Verb::Edited => "edited",
            Verb::Noted => "noted",
            Verb::Observed => "observed",
            Verb::Connected => "connected",
            Verb::Lost => "lost",
            Verb::Gap => "gap",
        }
    }

    /// How much a change of that kind can break: 5 is the most.
    #[must_use]
    pub fn risk(self) -> u8 {
        match self {
            Verb::Removed | Verb::Lost | Verb::Crashed | Verb::Killed => 5,
            Verb::Stopped | Verb::Ended | Verb::Failed | Verb::Dumped | Verb::Dumping | Verb::Unhealthy => 4,
            Verb::Paused | Verb::Restarted | Verb::Updated | Verb::Renamed | Verb::Edited | Verb::Noted => 3,
            Verb::Signalled | Verb::Created | Verb::Started | Verb::Woken | Verb::Waking => 2,
            Verb::Checkpointed | Verb::Unpaused | Verb::Observed | Verb::Gap => 1,
            Verb::Healthy | Verb::Connected | Verb::Refused | Verb::Probed => 0,
        }
    }

    /// Whether somebody should look.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Verb::Crashed | Verb::Unhealthy | Verb::Failed | Verb::Lost | Verb::Gap)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_one_verb() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of(verb.as_str()), Some(verb));
            let json = serde_json::to_string(&verb).unwrap();
            assert_eq!(json, format!("\"{verb}\""));
        }
        assert_eq!(Verb::of("woken"), None);
    }
}
