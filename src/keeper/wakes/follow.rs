//! What the door knows is kept up to date: the table by the fleet, and who waits for which ticket by the work.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::table::Table;
use super::{Wakes, lock};
use crate::model::fleet::Fleet;
use crate::model::plain::plain;
use crate::model::ticket::{Ticket, TicketId};
use crate::model::work::Work;
use crate::service::Service;

/// Tables are at least this far apart; further where one takes long to make.
const TABLE_EVERY: Duration = Duration::from_millis(5);
/// A ticket that cannot be seen is looked for so often, so far apart.
const MOST_MISSED: u32 = 3;
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The most names that are told at once.
const MOST_TOLD: usize = 20;

/// Keeps the table up to date for as long as there is somebody to read it.
pub(super) async fn keep_table(
    wakes: Weak<Wakes>,
    mut fleet: watch::Receiver<Arc<Fleet>>,
    renewed: Arc<Notify>,
) {
    let mut before = Arc::default();
    let mut shared = BTreeSet::new();
    loop {
        let began = Instant::now();
        let now = fleet.borrow_and_update().clone();
        {
            let Some(wakes) = wakes.upgrade() else { return };
            let table = Arc::new(Table::of(&now, &before, &wakes.service.requests(), began.into_std()));
            wakes.table.store(table.clone());
            wakes.tables.send_modify(|count| *count += 1);
            tell_shared(&table, &mut shared);
            before = table;
        }
        sleep((began.elapsed() * 8).clamp(TABLE_EVERY, Duration::from_secs(1))).await;
        tokio::select! {
            changed = fleet.changed() => if changed.is_err() { return },
            // What was found out counts no more.
            () = renewed.notified() => before = Arc::default(),
        }
    }
}

/// Says which names tenants of several hosts have, each once.
fn tell_shared(table: &Table, told: &mut BTreeSet<Arc<str>>) {
    let now = table.shared_names();
    for tenant in now.difference(told).take(MOST_TOLD) {
        let hosts = table.hosts_of(tenant).join(", ");
        warn!(
            tenant = %plain(tenant), hosts = %plain(&hosts),
            "tenants of several hosts have one name: a request that names no host is led to the one that runs"
        );
    }
    *told = now;
}

/// Tells those who wait for a ticket that it has ended, and counts.
pub(super) async fn follow(wakes: Weak<Wakes>, mut work: watch::Receiver<Arc<Work>>) {
    loop {
        let now = work.borrow_and_update().clone();
        {
            let Some(wakes) = wakes.upgrade() else { return };
            wakes.counts.take(&now);
            wakes.pending.tell(&now);
        }
        if work.changed().await.is_err() {
            return;
        }
    }
}

/// Who waits for which ticket.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<TicketId, oneshot::Sender<Arc<Ticket>>>>);

impl Pending {
    /// The ticket once it has ended; nothing where it cannot be seen.
    pub async fn ended(&self, id: TicketId, service: &Service) -> Option<Arc<Ticket>> {
        let (told, mut ended) = oneshot::channel();
        lock(&self.0).insert(id, told);
        let mut missed = 0;
        let found = loop {
            // It may have ended before it was waited for.
            let work = service.work().borrow().clone();
            match work.ticket(id) {
                Some(ticket) if ticket.ended.is_some() => break Some(ticket.clone()),
                Some(_) => missed = 0,
                None => missed += 1,
            }
            if missed > MOST_MISSED {
                break None;
            }
            if let Ok(ended) = timeout(LOOK_AGAIN, &mut ended).await {
                break ended.ok();
            }
        };
        lock(&self.0).remove(&id);
        found
    }

    fn tell(&self, work: &Work) {
        let mut pending = lock(&self.0);
        if pending.is_empty() {
            return;
        }
        for ticket in work.tickets.iter().filter(|ticket| ticket.ended.is_some()) {
            if let Some(waits) = pending.remove(&ticket.id) {
                // Whoever waited may have given up.
                let _ = waits.send(ticket.clone());
            }
        }
    }
}
