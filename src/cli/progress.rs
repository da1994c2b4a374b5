//! Following tickets to their ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::Failure;
use super::telling::Teller;
use crate::model::ticket::{Outcome, TicketId};
use crate::model::work::Work;

/// How often tickets out of sight are looked for.
const LOOK: Duration = Duration::from_millis(500);

/// What following needs.
pub struct Follow<'a> {
    /// All work.
    pub work: watch::Receiver<Arc<Work>>,
    /// One message for each time that somebody wants to end this.
    pub stops: mpsc::Receiver<()>,
    /// Cancels a ticket.
    pub cancel: &'a (dyn Fn(TicketId) + Send + Sync),
    /// How long a ticket may be out of sight.
    pub patience: Duration,
}

/// Follows the tickets and tells their steps, until all have ended.
///
/// The first stop cancels what can be cancelled, the second ends the following at once.
///
/// # Errors
/// A ticket did not reach its aim, or cannot be seen any more; it was stopped twice.
pub async fn follow(follow: &mut Follow<'_>, ids: &[TicketId], teller: &mut Teller) -> Result<(), Failure> {
    let mut pending: Vec<TicketId> = ids.to_vec();
    let mut seen: HashMap<TicketId, Instant> = HashMap::new();
    let (mut missed, mut stopping) = (0, false);
    let began = Instant::now();
    loop {
        let now = follow.work.borrow_and_update().clone();
        pending.retain(|id| {
            let Some(ticket) = now.ticket(*id) else {
                let lost = seen.get(id).unwrap_or(&began).elapsed() > follow.patience;
                if lost {
                    missed += 1;
                    teller.lost(*id);
                }
                return !lost;
            };
            seen.insert(*id, Instant::now());
            teller.tell(ticket, freed(&now, *id));
            if ticket.ended.is_some() && !ticket.outcome.is_some_and(Outcome::is_success) {
                missed += 1;
            }
            ticket.ended.is_none()
        });
        if pending.is_empty() {
            return if missed == 0 { Ok(()) } else { Err(short(missed, ids.len())) };
        }
        tokio::select! {
            changed = follow.work.changed() => {
                changed.map_err(|_| Failure::Failed("the service ended".to_owned()))?;
            }
            Some(()) = follow.stops.recv() => {
                if stopping {
                    let told = "ended at once: what is half done, the next start finishes or undoes";
                    return Err(Failure::Failed(told.to_owned()));
                }
                stopping = true;
                teller.stopping(pending.len());
                for id in &pending {
                    (follow.cancel)(*id);
                }
            }
            () = sleep(LOOK) => {}
        }
    }
}

/// The memory that the sleepers of a ticket free, in bytes.
fn freed(work: &Work, id: TicketId) -> u64 {
    work.sleepers.iter().filter(|sleeper| sleeper.ticket == id).map(|sleeper| sleeper.saved()).sum()
}

/// That so many of all did not get there. Each was told of already: a single one needs no more words.
pub fn short(missed: usize, all: usize) -> Failure {
    let told = if all > 1 { format!("{missed} of {all} tenants did not get there") } else { String::new() };
    Failure::Failed(told)
}

#[cfg(test)]
mod tests {
    use super::super::telling::tests::{Page, ticket};
    use super::*;
    use crate::model::ticket::Ticket;
    use jiff::Timestamp;
    use std::sync::Mutex;

    fn work(tickets: &[&Ticket]) -> Arc<Work> {
        let tickets = tickets.iter().map(|ticket| Arc::new((*ticket).clone())).collect();
        Arc::new(Work { tickets, ..Work::default() })
    }

    fn ended(mut ticket: Ticket, outcome: Outcome) -> Ticket {
        ticket.ended = Some(Timestamp::UNIX_EPOCH);
        ticket.outcome = Some(outcome);
        ticket
    }

    struct Bench {
        work: watch::Sender<Arc<Work>>,
        stops: mpsc::Sender<()>,
        cancelled: Arc<Mutex<Vec<TicketId>>>,
        page: Page,
        task: tokio::task::JoinHandle<Result<(), Failure>>,
    }

    fn start(first: Arc<Work>, ids: Vec<TicketId>) -> Bench {
        let (work, seen) = watch::channel(first);
        let (stops, stopped) = mpsc::channel(2);
        let cancelled = Arc::new(Mutex::new(Vec::new()));
        let page = Page::default();
        let mut teller = page.teller(false, false);
        let log = cancelled.clone();
        let task = tokio::spawn(async move {
            let cancel = move |id| log.lock().unwrap().push(id);
            let patience = Duration::from_millis(50);
            let mut all = Follow { work: seen, stops: stopped, cancel: &cancel, patience };
            follow(&mut all, &ids, &mut teller).await
        });
        Bench { work, stops, cancelled, page, task }
    }

    #[tokio::test]
    async fn it_ends_with_the_last_ticket_and_fails_with_any() {
        let (a, b) = (ticket(1, "acme"), ticket(2, "birch"));
        let bench = start(work(&[&a, &b]), vec![a.id, b.id]);
        let a = ended(a, Outcome::Dumped);
        bench.work.send_replace(work(&[&a, &b]));
        let b = ended(b, Outcome::Failed);
        bench.work.send_replace(work(&[&a, &b]));
        let failure = bench.task.await.unwrap().unwrap_err();
        assert_eq!((failure.code(), failure.to_string()), (1, "1 of 2 tenants did not get there".to_owned()));
        assert!(bench.page.out().contains("acme dumped") && bench.page.err().contains("birch failed"));
    }

    #[tokio::test]
    async fn the_first_stop_cancels_and_waits_and_the_second_ends() {
        let (a, b) = (ticket(1, "acme"), ticket(2, "birch"));
        let bench = start(work(&[&a, &b]), vec![a.id, b.id]);
        bench.stops.send(()).await.unwrap();
        while bench.cancelled.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!bench.task.is_finished());
        assert!(bench.page.err().contains("cancelling"), "{}", bench.page.err());
        bench.stops.send(()).await.unwrap();
        let failure = bench.task.await.unwrap().unwrap_err();
        assert!(failure.to_string().contains("ended at once"), "{failure}");
        assert_eq!(*bench.cancelled.lock().unwrap(), [a.id, b.id]);
    }

    #[tokio::test]
    async fn a_ticket_that_nobody_shows_is_not_waited_for_forever() {
        let (a, b) = (ticket(1, "acme"), ended(ticket(2, "birch"), Outcome::Dumped));
        let bench = start(work(&[&a, &b]), vec![a.id, b.id]);
        bench.work.send_replace(work(&[&b]));
        let failure = bench.task.await.unwrap().unwrap_err();
        assert_eq!(failure.to_string(), "1 of 2 tenants did not get there");
        assert!(bench.page.err().contains("‹0000001›"), "{}", bench.page.err());
    }
}
