//! Changes: what happened, when, who did it, to what.

mod act;
pub mod cloudevent;
mod record;
pub mod said;
mod source;
mod summary;
pub mod ticks;
mod verb;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::container::ContainerId;
use super::host::HostName;
use super::ticket::TicketId;

pub use act::{Act, Mark};
pub use cloudevent::to_cloudevent;
pub use record::Record;
pub use source::{Confidence, Source};
pub use summary::{Kind, Retention, Summary, Tick};
pub use verb::Verb;

/// How many raw events a change keeps to unfold into; later ones are only counted.
pub const MOST_RAW: usize = 16;

/// One thing that happened; often several engine events folded into one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its place in the feed: grows with every change and every time that one is told anew, from 1 on. Not in the ledger: what that
    /// tells has 0.
    #[serde(skip)]
    pub seq: u64,
    /// Which act it tells of: the same in every console and after every restart.
    pub act: Act,
    /// Where it is known from.
    pub source: Source,
    /// When its latest part happened.
    pub time: Timestamp,
    /// When its first part happened.
    pub first: Timestamp,
    /// The host; none for files, callmaps and notes about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// Who did it, where that is known. An engine never says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Arc<str>>,
    /// How sure we are of the actor.
    #[serde(default)]
    pub confidence: Confidence,
    /// Under which ticket, where it was one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// What happened.
    pub verb: Verb,
    /// To which tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Arc<str>>,
    /// To which container, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Arc<str>>,
    /// To which container, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ContainerId>,
    /// To which other thing: a file, a callmap's product, an image, whatever a note names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<Arc<str>>,
    /// What it was before: an image, a line of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Arc<str>>,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Arc<str>>,
    /// Why, where that is known: `compose shop`, `idle 42m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    /// A word more: `exit 137`, `to 1.4`, `connection refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How often it happened in a row.
    pub count: u32,
    /// The raw events that it was folded from, oldest first, `MOST_RAW` at most. In the ledger each stands by itself.
    #[serde(skip)]
    pub raw: Vec<Arc<str>>,
}

impl Change {
    /// Whether a repetition of this change says something else. What one of them leaves out is no contradiction, nor when it is
    /// said; and a name may have become a tenant's in between.
    #[must_use]
    pub fn is_contradicted_by(&self, again: &Change) -> bool {
        let object = |it: &Change| it.tenant.clone().or_else(|| it.thing.clone());
        let differs =
            |kept: Option<&str>, said: Option<&str>| kept.is_some() && said.is_some() && said != kept;
        self.verb != again.verb
            || differs(self.host.as_deref(), again.host.as_deref())
            || differs(self.actor.as_deref(), again.actor.as_deref())
            || differs(object(self).as_deref(), object(again).as_deref())
            || differs(self.cause.as_deref(), again.cause.as_deref())
            || differs(self.detail.as_deref(), again.detail.as_deref())
    }

    /// A change about nothing yet, with a count of 1.
    #[must_use]
    pub fn new(source: Source, act: Act, time: Timestamp, verb: Verb) -> Self {
        Change {
            seq: 0,
            act,
            source,
            time,
            first: time,
            host: None,
            actor: None,
            confidence: Confidence::Unknown,
            ticket: None,
            verb,
            tenant: None,
            container: None,
            id: None,
            thing: None,
            before: None,
            after: None,
            cause: None,
            detail: None,
            count: 1,
            raw: Vec::new(),
        }
    }

    /// What it happened to: the thing that it names, else the container, with its tenant where its name does not begin
    /// with it; else the tenant, else the host.
    #[must_use]
    pub fn object(&self) -> String {
        match (&self.thing, &self.tenant, &self.container) {
            (Some(thing), _, _) => thing.to_string(),
            (None, Some(tenant), Some(container)) if !container.starts_with(&**tenant) => {
                format!("{tenant}/{container}")
            }
            (None, _, Some(name)) | (None, Some(name), None) => name.to_string(),
            (None, None, None) => self.host.as_deref().unwrap_or_default().to_owned(),
        }
    }
}
