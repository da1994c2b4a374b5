//! How it ends: what nobody has begun is called off, what goes on is waited for.

use std::time::Duration;

use tokio::time::timeout;
use tracing::info;

use super::Work;
use crate::model::work::Work as Tickets;

/// How long what was called off may take to end.
const CALLED_OFF: Duration = Duration::from_secs(3);

impl Work {
    /// Calls off what we have asked for: what nobody has begun, or all of it.
    pub(super) fn call_off(&self, tickets: &Tickets, only_waiting: bool) {
        for id in self.own.keys() {
            let has_begun = tickets.ticket(*id).is_some_and(|ticket| ticket.began.is_some());
            if !(only_waiting && has_begun) {
                self.service.cancel(*id);
            }
        }
    }

    /// Brings to an end what it is at: what nobody has begun is called off, what goes on is waited for, and then called off too.
    pub(super) async fn end(&mut self, patience: Duration) {
        self.call_off(&self.tickets.borrow(), true);
        let count = self.own.len();
        if count > 0 {
            info!(tickets = count, "ends: waits for what it is at");
        }
        if timeout(patience, self.own_end()).await.is_err() {
            self.call_off(&self.tickets.borrow(), false);
            let _ = timeout(CALLED_OFF, self.own_end()).await;
        }
        let tickets = self.tickets.borrow().clone();
        self.said.tickets(&tickets, self.is_active);
    }

    async fn own_end(&mut self) {
        loop {
            let tickets = self.tickets.borrow_and_update().clone();
            self.own.retain(|id, _| tickets.ticket(*id).is_none_or(|ticket| ticket.ended.is_none()));
            if self.own.is_empty() || self.tickets.changed().await.is_err() {
                return;
            }
        }
    }
}
