//! One run: where the tenants are, all questions at once, what came of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::scribe::Scribe;
use super::{MOST_ENDED, World, find, nearby};
use crate::callmap::plan::{Plan, Question};
use crate::callmap::run::{Came, Order, run};
use crate::model::callmap::compare::compare;
use crate::model::callmap::kept::{self, RunBody, RunOutcome};
use crate::model::callmap::map::Callmap;
use crate::model::callmap::progress::{Past, Progress, Row, RunRecord, Runs, Stage};
use crate::model::callmap::report::{ProductVerdict, Report};

/// Snapshots are at least this far apart while answers come.
const PUBLISH_EVERY: Duration = Duration::from_millis(10);

/// What is run.
pub(super) struct Run {
    pub callmap: Arc<Callmap>,
    pub again: Option<Arc<Report>>,
    pub world: Arc<World>,
    pub scribe: Arc<Scribe>,
}

/// A run's progress, and where it is published.
pub(super) struct Shown {
    runs: watch::Sender<Arc<Runs>>,
    progress: Progress,
}

impl Shown {
    pub fn new(runs: watch::Sender<Arc<Runs>>, progress: Progress) -> Self {
        Shown { runs, progress }
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
    /// Runs until there is a report, or somebody calls it off; then looks what was before, and writes all of it down.
    pub async fn go(self, mut shown: Shown, turns: &Semaphore, mut cancelled: oneshot::Receiver<Arc<str>>) {
        let run = shown.progress.kept();
        let asked = async {
            let outcome = tokio::select! {
                biased;
                Ok(why) = &mut cancelled => Err(Stage::Cancelled(why)),
                outcome = self.ask(&mut shown, turns) => outcome,
            };
            // The verdict does not wait for the ledger.
            match &outcome {
                Ok(report) => shown.change(|run| run.end(report.clone())),
                Err(stage) => shown.change(|run| run.stage = stage.clone()),
            }
            outcome
        };
        // In this order: the first questions are on their way before the ledger is opened.
        let (outcome, begun) = tokio::join!(asked, self.scribe.begin(&run, &self.callmap));
        let now = Timestamp::now();
        let written = match outcome {
            Ok(report) => {
                let past = self.past(&run, &report).await;
                let body = RunBody {
                    report: Report::clone(&report),
                    last_good: past.last_good.as_ref().map(|good| good.began),
                    differs: past.differs.clone(),
                    near: past.near.clone(),
                };
                shown.change(|run| run.past = Some(Arc::new(past)));
                self.write(begun, &run.reported(&report, now), Some(&body)).await
            }
            Err(Stage::Cancelled(why)) => {
                self.write(begun, &run.ended(RunOutcome::Cancelled, &why, now), None).await
            }
            Err(Stage::Refused(why)) => {
                self.write(begun, &run.ended(RunOutcome::Refused, &why, now), None).await
            }
            Err(_) => begun,
        };
        shown.change(|run| run.record = written.map_or_else(RunRecord::Missing, |()| RunRecord::Written));
    }

    async fn write(
        &self,
        begun: Result<(), Arc<str>>,
        run: &kept::Run,
        body: Option<&RunBody>,
    ) -> Result<(), Arc<str>> {
        begun?;
        self.scribe.end(run, body).await
    }

    /// What was before, and what of it may be the cause; nothing where all is well.
    async fn past(&self, run: &kept::Run, report: &Report) -> Past {
        if report.verdict == ProductVerdict::Ok {
            return Past::default();
        }
        let last_good = self.scribe.last_good(run).await;
        let differs = last_good.as_ref().map(|good| compare(good, report)).unwrap_or_default();
        let since = last_good.as_ref().map(|good| good.began);
        let near = nearby::look(report, &self.callmap, since, &self.world, &self.scribe).await;
        Past { last_good, differs, near }
    }

    /// Asks everything.
    async fn ask(&self, shown: &mut Shown, turns: &Semaphore) -> Result<Arc<Report>, Stage> {
        let Ok(_turn) = turns.acquire().await else {
            return Err(Stage::Refused("wakeboard ends".into()));
        };
        let plan = self.plan(shown).await?;
        let count = plan.count();
        let order = Order {
            actor: shown.progress.actor.clone(),
            ticket: Some(shown.progress.ticket),
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
                    shown.progress.take(layer, question, report);
                    fresh = true;
                }
                () = sleep_until(published + PUBLISH_EVERY), if fresh => {
                    shown.publish();
                    published = Instant::now();
                    fresh = false;
                }
            }
        }
    }

    /// Finds out whom to ask, and shows it.
    async fn plan(&self, shown: &mut Shown) -> Result<Arc<Plan>, Stage> {
        if find::is_needed(&self.callmap) {
            shown.change(|run| run.stage = Stage::Finds);
        }
        let whereabouts = find::find(&self.callmap, &self.world).await;
        let plan = Plan::new(&self.callmap, &|sought| whereabouts.of(&sought));
        let plan = plan.map_err(|error| Stage::Refused(error.to_string().into()))?;
        let layers = self.callmap.layers.iter().zip(&plan.layers).map(|(layer, planned)| {
            let row = |asked: &Question| {
                Row::open(asked.target, &asked.shown, &layer.probes[asked.probe], &self.callmap.secrets)
            };
            (planned.questions.iter().map(row).collect(), planned.nobody.clone())
        });
        let layers = layers.collect();
        shown.change(|run| run.plan(layers, self.again.as_deref()));
        Ok(Arc::new(plan))
    }
}
