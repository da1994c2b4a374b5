//! A run: all layers are asked at once, and what comes is told as it comes. Dropping it ends it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::attempt;
use super::fault::fault;
use super::limits;
use super::plan::{Plan, Question};
use super::ways::{Ways, ways};
use crate::model::callmap::answer::{Answer, Fault, FaultKind, Phases};
use crate::model::callmap::drift::drift;
use crate::model::callmap::layer;
use crate::model::callmap::map::{Callmap, OnBroken};
use crate::model::callmap::progress::kept;
use crate::model::callmap::report::{LayerReport, ProbeReport, Report, Verdict};
use crate::model::callmap::tell;
use crate::model::callmap::words::lasting;
use crate::model::ticket::TicketId;

/// Who runs it, and why.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who.
    pub actor: Arc<str>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// The report of a run of the same plan: what was well in it is not asked again.
    pub again: Option<Arc<Report>>,
}

/// What came of one question, the moment that it came.
#[derive(Clone, Debug)]
pub struct Came {
    /// The number of the layer.
    pub layer: usize,
    /// The number of the question within its layer's plan.
    pub question: usize,
    /// What came of it.
    pub report: ProbeReport,
}

/// Asks everything and sums it up. `hear` is told each result at once, in the order of coming; it must not wait.
pub async fn run(
    callmap: &Arc<Callmap>,
    plan: &Arc<Plan>,
    order: &Order,
    hear: &mut (dyn FnMut(Came) + Send),
) -> Report {
    let began = Timestamp::now();
    let clock = Instant::now();
    let mut run = Run::new(callmap, plan, order, hear).await;
    let over = clock + callmap.deadline;
    let is_over = tokio::select! {
        () = run.ask_all() => false,
        () = sleep_until(over) => true,
    };
    if is_over {
        run.give_up(callmap.deadline);
    }
    let milliseconds = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    run.report(began, milliseconds)
}

/// A question under way.
struct Place {
    layer: usize,
    question: usize,
    task: AbortHandle,
}

struct Run<'a> {
    callmap: &'a Arc<Callmap>,
    plan: &'a Arc<Plan>,
    order: &'a Order,
    hear: &'a mut (dyn FnMut(Came) + Send),
    ways: Arc<Ways>,
    /// The results, where there are some.
    results: Vec<Vec<Option<ProbeReport>>>,
    tasks: JoinSet<ProbeReport>,
    /// What is under way.
    places: HashMap<Id, Place>,
    /// Layers behind this one need not be asked any more.
    last: usize,
}

impl<'a> Run<'a> {
    async fn new(
        callmap: &'a Arc<Callmap>,
        plan: &'a Arc<Plan>,
        order: &'a Order,
        hear: &'a mut (dyn FnMut(Came) + Send),
    ) -> Self {
        let ways = ways(callmap).await;
        let results =
            (0..plan.layers.len()).map(|layer| known(plan, layer, order.again.as_deref())).collect();
        let last = plan.layers.len();
        Run {
            callmap,
            plan,
            order,
            hear,
            ways: Arc::new(ways),
            results,
            tasks: JoinSet::new(),
            places: HashMap::new(),
            last,
        }
    }

    /// Asks whatever has no result yet, so many at once.
    async fn ask_all(&mut self) {
        let parallel = self.callmap.parallel.clamp(1, limits::PARALLEL);
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (layer, results) in self.results.iter().enumerate() {
            open.extend(
                results.iter().enumerate().filter(|(_, result)| result.is_none()).map(|(at, _)| (layer, at)),
            );
        }
        let mut open = open.into_iter();
        loop {
            while self.tasks.len() < parallel {
                let Some((layer, question)) = open.next() else { break };
                if layer <= self.last {
                    self.start(layer, question);
                }
            }
            let Some(ended) = self.tasks.join_next_with_id().await else { break };
            self.take(ended);
        }
    }

    fn start(&mut self, layer: usize, question: usize) {
        let (callmap, plan, ways) = (self.callmap.clone(), self.plan.clone(), self.ways.clone());
        let task = self.tasks.spawn(async move {
            let asked = &plan.layers[layer].questions[question];
            let probe = &callmap.layers[layer].probes[asked.probe];
            let tls = ways[layer][asked.probe].as_ref();
            let secrets = &callmap.secrets;
            let answer = attempt::Question { probe, whom: &asked.whom, tls, secrets }.put().await;
            tell::tell(probe, &asked.shown, &answer, secrets, Timestamp::now())
        });
        self.places.insert(task.id(), Place { layer, question, task });
    }

    fn take(&mut self, ended: Result<(Id, ProbeReport), JoinError>) {
        let (id, report) = match ended {
            Ok((id, report)) => (id, Ok(report)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(Place { layer, question, .. }) = self.places.remove(&id) else { return };
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let text = format!("wakeboard's own fault: {error}");
                self.without_answer(layer, question, fault(FaultKind::Ours, text))
            }
        };
        self.keep(layer, question, report);
        self.stop_behind(layer);
    }

    fn keep(&mut self, layer: usize, question: usize, report: ProbeReport) {
        (self.hear)(Came { layer, question, report: report.clone() });
        self.results[layer][question] = Some(report);
    }

    /// Ends what is asked behind a layer that has turned out to be broken, where that is wanted.
    fn stop_behind(&mut self, layer: usize) {
        let results = &self.results[layer];
        if layer >= self.last
            || self.callmap.layers[layer].on_broken == OnBroken::GoOn
            || results.iter().any(Option::is_none)
            || self.sum_up(layer).verdict != Verdict::Fail
        {
            return;
        }
        self.last = layer;
        // What lies before it goes on.
        for (_, place) in self.places.extract_if(|_, place| place.layer > layer) {
            place.task.abort();
        }
    }

    /// The run has taken too long: whoever has not answered yet did not answer.
    fn give_up(&mut self, deadline: Duration) {
        self.tasks.abort_all();
        let started: Vec<_> = self.places.values().map(|place| (place.layer, place.question)).collect();
        let after = lasting(deadline);
        for layer in 0..self.results.len() {
            for question in 0..self.results[layer].len() {
                if self.results[layer][question].is_some() || layer > self.last {
                    continue;
                }
                let why = if started.contains(&(layer, question)) {
                    fault(FaultKind::TimedOut, format!("no answer when the run was over ({after})"))
                } else {
                    fault(FaultKind::NotTried, format!("not asked: the run was over ({after})"))
                };
                let report = self.without_answer(layer, question, why);
                self.keep(layer, question, report);
            }
        }
    }

    fn without_answer(&self, layer: usize, question: usize, why: Fault) -> ProbeReport {
        let asked = &self.plan.layers[layer].questions[question];
        let answer =
            Answer { peer: None, phases: Phases::default(), attempts: 0, missed: Vec::new(), seen: Err(why) };
        let probe = &self.callmap.layers[layer].probes[asked.probe];
        tell::tell(probe, &asked.shown, &answer, &self.callmap.secrets, Timestamp::now())
    }

    fn sum_up(&self, layer: usize) -> LayerReport {
        let planned = &self.plan.layers[layer];
        let probes =
            planned.questions.iter().zip(&self.results[layer]).enumerate().map(|(at, (asked, result))| {
                // Only layers that will be skipped have questions without a result.
                let unasked = || self.without_answer(layer, at, fault(FaultKind::NotTried, "not asked"));
                (asked.target, result.clone().unwrap_or_else(unasked))
            });
        layer::sum_up(&self.callmap.layers[layer], probes.collect(), planned.nobody.clone())
    }

    fn report(self, began: Timestamp, milliseconds: u64) -> Report {
        let mut layers: Vec<LayerReport> = (0..self.results.len()).map(|layer| self.sum_up(layer)).collect();
        layer::skip(&self.callmap.layers, &mut layers);
        let (verdict, _) = layer::chain(&layers);
        let drift = drift(&layers, &self.plan.addresses());
        Report {
            product: self.callmap.product.clone(),
            verdict,
            broken_layer: layer::broken(&layers),
            ticket: self.order.ticket,
            milliseconds,
            began,
            actor: self.order.actor.clone(),
            layers,
            drift,
        }
    }
}

/// What an earlier run found to be well, for each question of a layer.
fn known(plan: &Plan, layer: usize, again: Option<&Report>) -> Vec<Option<ProbeReport>> {
    let questions = &plan.layers[layer].questions;
    let earlier = |(at, asked): (usize, &Question)| kept(again, (layer, at), questions.len(), &asked.shown);
    questions.iter().enumerate().map(|question| earlier(question).cloned()).collect()
}
