//! Changes: what happened, when, who did it, to what.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::container::ContainerId;
use super::host::HostName;
use super::ticket::TicketId;

/// How many raw events a change keeps to unfold into; later ones are only counted.
pub const MOST_RAW: usize = 16;

/// One thing that happened; often several engine events folded into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed: grows with every change and every time that one is told anew.
    pub seq: u64,
    /// When its latest part happened.
    pub time: Timestamp,
    /// When its first part happened.
    pub first: Timestamp,
    /// The host.
    pub host: HostName,
    /// Who did it, where that is known. An engine never says.
    pub actor: Option<Arc<str>>,
    /// Under which ticket, where it was one of ours.
    pub ticket: Option<TicketId>,
    /// What happened.
    pub verb: Verb,
    /// To which tenant; none where the host itself is meant.
    pub tenant: Option<Arc<str>>,
    /// To which container, by name.
    pub container: Option<Arc<str>>,
    /// To which container, by id.
    pub id: Option<ContainerId>,
    /// A word more: `exit 137`, `to 1.4`, `connection refused`.
    pub detail: Option<String>,
    /// How often it happened in a row.
    pub count: u32,
    /// The raw events that it was folded from, oldest first, `MOST_RAW` at most.
    pub raw: Vec<Arc<str>>,
}

/// What happened, in the past tense: the screen reads "14:02:40 - crashed cedar".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// Put to sleep by a ticket.
    Dumped,
    /// Woken by a ticket.
    #[serde(rename = "woke")]
    Woken,
    /// A ticket did nothing, and said why.
    Refused,
    /// A ticket went wrong.
    Failed,
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
            Verb::Dumped => "dumped",
            Verb::Woken => "woke",
            Verb::Refused => "refused",
            Verb::Failed => "failed",
            Verb::Observed => "observed",
            Verb::Connected => "connected",
            Verb::Lost => "lost",
            Verb::Gap => "gap",
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

impl Change {
    /// What it happened to: the container, with its tenant where its name does not begin with it; else the host.
    #[must_use]
    pub fn object(&self) -> String {
        match (&self.tenant, &self.container) {
            (Some(tenant), Some(container)) if !container.starts_with(&**tenant) => {
                format!("{tenant}/{container}")
            }
            (_, Some(name)) | (Some(name), None) => name.to_string(),
            (None, None) => self.host.to_string(),
        }
    }
}
