//! What containers use: read only for those that somebody looks at, in slow turns, and straight from the kernel where
//! the engine runs on this machine.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tracing::debug;

use super::Connected;
use super::clock::Clock;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Facts, Phase};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::host::HostName;
use crate::model::state::State;
use crate::model::usage::{Reading, Usage, usage};

/// The time between two turns over all wanted containers where a reading is free.
const LOCAL_TURN: Duration = Duration::from_secs(2);
/// How soon a host is looked at again of which nothing could be read: what is known of it may just be on its way.
const IDLE_TURN: Duration = Duration::from_millis(500);
/// The time between two turns where each reading costs the engine some 7 ms of CPU.
const REMOTE_PAUSE: Duration = Duration::from_secs(2);
/// How many containers one such turn reads: with the second that an answer takes, 1 % of a core at most.
const REMOTE_AT_ONCE: usize = 4;
/// The same while some have not been read at all.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Turns are counted up to this and then anew.
const MOST_TURNS: usize = 1 << 16;
/// The shortest time between two readings that gives a percentage worth showing.
const HURRIED_TURN: Duration = Duration::from_millis(200);
/// How many readings run at once on one host when somebody waits for all of them.
const HURRIED_AT_ONCE: usize = 8;
/// How many past readings of memory are kept for the little curve.
pub const TREND: usize = 8;

/// Whose usage is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The containers, the most wanted first.
    pub rows: Vec<(HostName, ContainerId)>,
    /// Somebody waits for all of them: read them at once rather than in slow turns.
    pub hurry: bool,
}

/// Usage of one container, and how its memory went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// The latest.
    pub usage: Usage,
    /// Memory in bytes, oldest first, `TREND` readings at most.
    pub memory: VecDeque<u64>,
}

/// Usage by host and container.
pub type Usages = HashMap<(HostName, ContainerId), Trend>;

/// What a container uses now. Of one that does not run, or whose host does not answer, the last figures say nothing.
#[must_use]
pub fn current<'a>(tenant: &Tenant, facts: &Facts, usages: &'a Usages) -> Option<&'a Trend> {
    if tenant.state == State::Unreachable || !facts.has_process() {
        return None;
    }
    usages.get(&(tenant.host.clone(), facts.id.clone()))
}

/// One reading, on its way to the collector.
pub(super) type Read = (HostName, ContainerId, Usage);

/// Reads the wanted containers of one host, for ever.
pub(super) async fn watch_host(
    host: HostName,
    mut connected: watch::Receiver<Connected>,
    fleet: watch::Receiver<Arc<Fleet>>,
    mut wanted: watch::Receiver<Arc<Wanted>>,
    orders: mpsc::Sender<ContainerId>,
    readings: mpsc::Sender<Read>,
    clock: Clock,
) {
    let mut before: HashMap<ContainerId, Reading> = HashMap::new();
    let mut unread: HashSet<ContainerId> = HashSet::new();
    let mut turn = 0usize;
    loop {
        let engine = connected.borrow_and_update().clone();
        let now_wanted = wanted.borrow_and_update().clone();
        let (all_rows, local) = wanted_rows(&fleet.borrow(), &host, &now_wanted);
        let runs = |facts: &Arc<Facts>| matches!(facts.phase, Phase::Running | Phase::Paused);
        let asks_for_detail =
            |facts: &&Arc<Facts>| facts.detail.is_none() && (now_wanted.hurry || runs(facts));
        for facts in all_rows.iter().filter(asks_for_detail) {
            // Its first process and its memory limit are known by an inspect only. Next turn, if the queue is full.
            let _ = orders.try_send(facts.id.clone());
        }
        // Where the kernel tells it, it tells it of processes that are known: a turn later, and free.
        let readable = |facts: &Arc<Facts>| runs(facts) && (!local || facts.detail.is_some());
        let rows: Vec<Arc<Facts>> = all_rows.into_iter().filter(readable).collect();
        before.retain(|id, _| rows.iter().any(|facts| facts.id == *id));
        unread.retain(|id| rows.iter().any(|facts| facts.id == *id));
        let running = rows.len();
        let Some(engine) = engine.filter(|_| !rows.is_empty()) else {
            // Nothing to do until somebody looks at this host or it comes back; rows may also start to run.
            tokio::select! {
                result = connected.changed() => if result.is_err() { return },
                result = wanted.changed() => if result.is_err() { return },
                () = sleep(if now_wanted.hurry { HURRIED_TURN } else { IDLE_TURN }) => {}
            }
            continue;
        };
        let asked: Vec<Arc<Facts>> =
            if local || now_wanted.hurry { rows } else { turn_of(&rows, &before, turn) };
        turn = (turn + 1) % MOST_TURNS;
        let at_once = if local { 1 } else { HURRIED_AT_ONCE };
        let mut reads = futures_util::stream::iter(asked)
            .map(|facts| read(engine.clone(), facts, clock))
            .buffer_unordered(at_once);
        while let Some((facts, reading)) = reads.next().await {
            let Some(reading) = reading else {
                // Once may be chance. Whoever waits for it is told the second time that nothing can be read.
                if now_wanted.hurry && !unread.insert(facts.id.clone()) {
                    let nothing = (host.clone(), facts.id.clone(), Usage::default());
                    if readings.send(nothing).await.is_err() {
                        return;
                    }
                }
                continue;
            };
            let earlier = before.insert(facts.id.clone(), reading);
            let mut used = usage(earlier.as_ref(), &reading);
            if used.memory_limit_bytes.is_none() {
                used.memory_limit_bytes = facts.detail.and_then(|detail| detail.memory_limit);
            }
            if readings.send((host.clone(), facts.id.clone(), used)).await.is_err() {
                return;
            }
        }
        let pause = match (now_wanted.hurry, local) {
            (true, _) => HURRIED_TURN,
            (false, true) => LOCAL_TURN,
            (false, false) if before.len() < running => FIRST_PAUSE,
            (false, false) => REMOTE_PAUSE,
        };
        tokio::select! {
            () = sleep(pause) => {}
            result = wanted.changed() => {
                if result.is_err() { return }
                // Scrolling asks for new rows at every step: gather a few steps.
                sleep(HURRIED_TURN).await;
            }
        }
    }
}

/// The wanted containers of this host, and whether reading them is free.
fn wanted_rows(fleet: &Fleet, host: &str, wanted: &Wanted) -> (Vec<Arc<Facts>>, bool) {
    // Before its engine is known, it is not known either what a reading costs.
    let Some((host, engine)) = fleet.host(host).and_then(|host| Some((host, host.engine.as_ref()?))) else {
        return (Vec::new(), false);
    };
    let ids: Vec<&ContainerId> =
        wanted.rows.iter().filter(|(name, _)| *name == host.name).map(|(_, id)| id).collect();
    if ids.is_empty() {
        return (Vec::new(), false);
    }
    let by_id: HashMap<&ContainerId, &Arc<Facts>> =
        host.tenants.iter().flat_map(|tenant| &tenant.containers).map(|facts| (&facts.id, facts)).collect();
    let rows = ids.into_iter().filter_map(|id| by_id.get(id).map(|facts| (*facts).clone())).collect();
    (rows, engine.local)
}

/// Whom a turn reads where reading costs: the most wanted, those never read yet, then the others in turns.
fn turn_of(rows: &[Arc<Facts>], before: &HashMap<ContainerId, Reading>, turn: usize) -> Vec<Arc<Facts>> {
    let (first, others) = rows.split_at(rows.len().min(1));
    let unread = others.iter().filter(|facts| !before.contains_key(&facts.id));
    let read = others.iter().filter(|facts| before.contains_key(&facts.id));
    let known = read.clone().count().max(1);
    let in_turns = read.cycle().skip(turn * (REMOTE_AT_ONCE - 1) % known).take(known);
    first.iter().chain(unread.chain(in_turns).take(REMOTE_AT_ONCE - 1)).cloned().collect()
}

async fn read(engine: Arc<dyn Engine>, facts: Arc<Facts>, clock: Clock) -> (Arc<Facts>, Option<Reading>) {
    match engine.counters(&facts).await {
        Ok(counters) => {
            let reading = counters.map(|counters| Reading { at: clock.now(), counters });
            (facts, reading)
        }
        Err(error) => {
            debug!(container = %facts.name, %error, "no usage");
            (facts, None)
        }
    }
}

/// Gathers readings and publishes them, at most once in a tenth of a second.
pub(super) async fn collect(
    mut readings: mpsc::Receiver<Read>,
    usages: watch::Sender<Arc<Usages>>,
    wanted: watch::Receiver<Arc<Wanted>>,
) {
    let mut all = Usages::new();
    while let Some(first) = readings.recv().await {
        let mut batch = vec![first];
        sleep(Duration::from_millis(30)).await;
        while let Ok(more) = readings.try_recv() {
            batch.push(more);
        }
        for (host, id, usage) in batch {
            let trend = all.entry((host, id)).or_default();
            let percent = usage.cpu_percent.or(trend.usage.cpu_percent);
            trend.usage = Usage { cpu_percent: percent, ..usage };
            if trend.memory.len() == TREND {
                trend.memory.pop_front();
            }
            trend.memory.extend(usage.memory_bytes);
        }
        let rows: HashSet<_> = wanted.borrow().rows.iter().cloned().collect();
        all.retain(|key, _| rows.contains(key));
        usages.send_replace(Arc::new(all.clone()));
    }
}
