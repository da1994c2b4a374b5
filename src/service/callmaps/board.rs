//! The board: takes orders, and lets a newer run of a callmap call an older one off.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::World;
use super::run::{self, Shown};
use super::scribe::Scribe;
use crate::model::callmap::map::Callmap;
use crate::model::callmap::progress::{Progress, Runs};
use crate::model::callmap::report::Report;
use crate::model::ledger::Where;
use crate::model::ticket::TicketId;

/// How many runs go on at once; each has up to hundreds of connections.
const AT_ONCE: usize = 8;

/// One run that is asked for.
pub(super) struct Asked {
    pub callmap: Arc<Callmap>,
    pub progress: Progress,
    pub again: Option<Arc<Report>>,
}

/// What the board is told.
pub(super) enum Command {
    Run(Box<Asked>),
    Cancel(TicketId),
}

/// A run that goes on.
struct Running {
    file: PathBuf,
    cancel: oneshot::Sender<Arc<str>>,
}

/// Keeps the board until nobody is there any more to give orders.
pub(super) async fn keep(
    world: World,
    ledger: Option<Where>,
    runs: watch::Sender<Arc<Runs>>,
    mut commands: mpsc::Receiver<Command>,
) {
    let (world, scribe) = (Arc::new(world), Arc::new(Scribe::new(ledger)));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running: HashMap<TicketId, Running> = HashMap::new();
    let mut tasks: JoinSet<TicketId> = JoinSet::new();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                None => return,
                Some(Command::Run(asked)) => {
                    let (file, ticket) = (asked.progress.file.clone(), asked.progress.ticket);
                    for (_, older) in running.extract_if(|_, older| older.file == file) {
                        // One that has just ended hears it no more.
                        let _ = older.cancel.send(format!("‹{ticket}› asks the same anew").into());
                    }
                    let (cancel, cancelled) = oneshot::channel();
                    running.insert(ticket, Running { file, cancel });
                    let shown = Shown::new(runs.clone(), asked.progress);
                    let turns = turns.clone();
                    let (callmap, again) = (asked.callmap, asked.again);
                    let run = run::Run { callmap, again, world: world.clone(), scribe: scribe.clone() };
                    tasks.spawn(async move {
                        run.go(shown, &turns, cancelled).await;
                        ticket
                    });
                }
                Some(Command::Cancel(ticket)) => {
                    if let Some(run) = running.remove(&ticket) {
                        let _ = run.cancel.send("called off".into());
                    }
                }
            },
            Some(ended) = tasks.join_next() => match ended {
                Ok(ticket) => {
                    running.remove(&ticket);
                }
                // A panic is a fault of ours: it must not stay unseen.
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => {}
            }
        }
    }
}
