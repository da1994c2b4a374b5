//! When tenants were last used: measured here, host by host (`look.rs`), put together with what doors and the ledger tell
//! (`book.rs`), published, and written down (`keep.rs`). Where nothing is measured, the ledger's rows tell what others measure.

mod book;
mod keep;
mod last_look;
mod look;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::clock::Clock;
use super::requests::Requests;
use super::{Connected, Service};
use crate::model::container::ContainerId;
use crate::model::fleet::Fleet;
use crate::model::host::HostName;
use crate::model::keeper::{Activities, Answer, Rules};
use crate::model::ledger::Where;
use crate::model::work::TenantKey;

pub(super) use last_look::LastLook;

/// How many looks at tenants may wait; then the hosts wait.
const MOST_LOOKS: usize = 256;

/// What the measuring of one host needs.
pub(super) struct Place {
    pub name: HostName,
    pub connected: watch::Receiver<Connected>,
    /// Inspects that are asked for.
    pub orders: mpsc::Sender<ContainerId>,
}

/// What all measuring needs.
pub(super) struct Start {
    pub hosts: Vec<Place>,
    pub fleet: watch::Receiver<Arc<Fleet>>,
    pub rules: Option<Arc<Rules>>,
    pub ledger: Option<Where>,
    pub clock: Clock,
}

/// The ends of it that the service holds.
pub(super) struct Uses {
    requests: Arc<Requests>,
    activities: watch::Receiver<Arc<Activities>>,
    rules: watch::Sender<Option<Arc<Rules>>>,
    /// Somebody wants to know.
    asked: watch::Sender<bool>,
    leads: watch::Sender<bool>,
    last_look: LastLook,
}

impl Uses {
    /// The way to a last look at who is about to be put to sleep.
    pub fn last_look(&self) -> LastLook {
        self.last_look.clone()
    }
}

/// Starts it. It does nothing until there are rules, or somebody asks what the ledger knows.
pub(super) fn start(start: Start, tasks: &mut JoinSet<()>) -> Uses {
    let Start { hosts, fleet, rules, ledger, clock } = start;
    let requests = Arc::new(Requests::default());
    let (activities_in, activities) = watch::channel(Arc::new(Activities::default()));
    let (rules, rules_seen) = watch::channel(rules);
    let (asked, asked_seen) = watch::channel(false);
    let (leads, leads_seen) = watch::channel(true);
    let (looks_in, looks) = mpsc::channel(MOST_LOOKS);
    let (words_in, words) = mpsc::channel(last_look::MOST_WAITING);
    for place in hosts {
        tasks.spawn(look::watch_host(place, fleet.clone(), rules_seen.clone(), looks_in.clone(), clock));
    }
    tasks.spawn(keep::keep(keep::Start {
        fleet,
        rules: rules_seen.clone(),
        looks,
        words,
        asked: asked_seen,
        leads: leads_seen,
        requests: requests.clone(),
        ledger,
        out: activities_in,
    }));
    let last_look = LastLook { rules: rules_seen, requests: requests.clone(), words: words_in, clock };
    Uses { requests, activities, rules, asked, leads, last_look }
}

impl Service {
    /// When tenants were last asked for: doors mark it here.
    #[must_use]
    pub fn requests(&self) -> Arc<Requests> {
        self.uses.requests.clone()
    }

    /// When each tenant was last used, as far as is known: by own measures, else by the ledger's. The ledger is read once
    /// somebody has called this.
    #[must_use]
    pub fn activity(&self) -> watch::Receiver<Arc<Activities>> {
        self.uses.asked.send_if_modified(|asked| !std::mem::replace(asked, true));
        self.uses.activities.clone()
    }

    /// What the hook said of a tenant: it is kept in the ledger, for those who ask why it is left alone.
    pub fn answered(&self, key: TenantKey, answer: Answer) {
        // Where too many wait, the next answer is told.
        let _ = self.uses.last_look.words.try_send(last_look::Word::Answer { key, answer });
    }

    /// New thresholds and tiers, at a reload.
    pub fn measure(&self, rules: Arc<Rules>) {
        self.uses.rules.send_replace(Some(rules));
    }

    /// Whether this process's measures are those that the ledger keeps: of several keepers, those of the one that acts. Until it
    /// is said, they are. Requests are written by all.
    pub fn leads(&self, leads: bool) {
        self.uses.leads.send_if_modified(|before| std::mem::replace(before, leads) != leads);
    }
}
