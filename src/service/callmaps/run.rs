//! One run: where the tenants are, all questions at once, what came of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::{MOST_ENDED, World, find};
use crate::callmap::plan::Plan;
use crate::callmap::run::{Came, Order, run};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::progress::{Past, Progress, Row, RunRecord, Runs, Stage};
use crate::model::callmap::report::Report;

/// Snapshots are at least this far apart while answers come.
const PUBLISH_EVERY: Duration = Duration::from_millis(10);

/// What is run.
pub(super) struct Run {
    pub callmap: Arc<Callmap>,
    pub again: Option<Arc<Report>>,
    pub world: Arc<World>,
}

/// A run's progress, and where it is published.
pub(super) struct Shelf {
    runs: watch::Sender<Arc<Runs>>,
    progress: Progress,
}

impl Shelf {
    pub fn new(runs: watch::Sender<Arc<Runs>>, progress: Progress) -> Self {
        Shelf { runs, progress }
    }

    /// Changes it, and shows that at once.
    fn change(&mut self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress);
        self.publish();
    }

    fn publish(&self) {
        let progress = self.progress.clone();
        self.runs.send_modify(|runs| *runs = Arc::new(runs.with(progress, MOST_ENDED)));
    }
}

impl Run {
    /// Runs until there is a report, or somebody calls it off.
    pub async fn go(self, mut shelf: Shelf, turns: &Semaphore, mut cancelled: oneshot::Receiver<Arc<str>>) {
        let outcome = tokio::select! {
            biased;
            Ok(why) = &mut cancelled => Err(Stage::Cancelled(why)),
            outcome = self.ask(&mut shelf, turns) => outcome,
        };
        match outcome {
            Ok(report) => shelf.change(|run| run.end(report)),
            Err(stage) => shelf.change(|run| run.stage = stage),
        }
        shelf.change(|run| {
            run.past = Some(Arc::new(Past::default()));
            run.record = RunRecord::Missing("there is no ledger".into());
        });
    }

    /// Asks everything.
    async fn ask(&self, shelf: &mut Shelf, turns: &Semaphore) -> Result<Arc<Report>, Stage> {
        let Ok(_turn) = turns.acquire().await else {
            return Err(Stage::Refused("wakeboard ends".into()));
        };
        let plan = self.plan(shelf).await?;
        let count = plan.count();
        let order = Order {
            actor: shelf.progress.actor.clone(),
            ticket: Some(shelf.progress.ticket),
            again: self.again.clone(),
        };
        // Each question is answered once, so there is room for all answers.
        let (came_in, mut came) = mpsc::channel(count.max(1));
        let mut hear = |answer: Came| {
            let _ = came_in.try_send(answer);
        };
        let mut running = std::pin::pin!(run(&self.callmap, &plan, &order, &mut hear));
        let mut published = Instant::now();
        let mut fresh = false;
        loop {
            tokio::select! {
                report = &mut running => return Ok(Arc::new(report)),
                Some(Came { layer, question, report }) = came.recv() => {
                    shelf.progress.take(layer, question, report);
                    fresh = true;
                }
                () = sleep_until(published + PUBLISH_EVERY), if fresh => {
                    shelf.publish();
                    published = Instant::now();
                    fresh = false;
                }
            }
        }
    }

    /// Finds out whom to ask, and shows it.
    async fn plan(&self, shelf: &mut Shelf) -> Result<Arc<Plan>, Stage> {
        if find::is_needed(&self.callmap) {
            shelf.change(|run| run.stage = Stage::Finds);
        }
        let whereabouts = find::find(&self.callmap, &self.world).await;
        let plan = Plan::new(&self.callmap, &|sought| whereabouts.of(&sought));
        let plan = plan.map_err(|error| Stage::Refused(error.to_string().into()))?;
        let layers = self.callmap.layers.iter().zip(&plan.layers).map(|(layer, planned)| {
            let row = |asked: &crate::callmap::plan::Question| {
                Row::open(asked.target, &asked.shown, &layer.probes[asked.probe], &self.callmap.secrets)
            };
            (planned.questions.iter().map(row).collect(), planned.nobody.clone())
        });
        let layers = layers.collect();
        shelf.change(|run| run.plan(layers, self.again.as_deref()));
        Ok(Arc::new(plan))
    }
}
