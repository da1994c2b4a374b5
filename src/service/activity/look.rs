//! Looks at the containers of one host that tell whether its tenants are used, in slow turns.
//!
//! On this machine a look is free for the engine and costs us a tenth of a millisecond a container, and some milliseconds for one
//! whose sockets are others than before: a turn takes 5 s, and longer where looking takes more than a tenth of the time. From
//! elsewhere a look is a sample, 7 ms of the engine's CPU: after each, so much time passes that all of them together cost it 1.5 %
//! of a core. 300 containers are gone through in 140 s so. What happens between two looks is not missed, since CPU and bytes are
//! counters; it is only seen later.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::Place;
use crate::engine::Engine;
use crate::model::container::{ContainerId, Facts, Phase};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::host::HostName;
use crate::model::keeper::Rules;
use crate::model::keeper::measured::{Reading, Readings, Sockets};
use crate::model::picture::Moment;
use crate::model::state::State;
use crate::service::clock::{Clock, jitter};

/// The time between two turns on this machine.
const LOCAL_TURN: Duration = Duration::from_secs(5);
/// A turn is followed by at least so many times the time that it took.
const LOCAL_REST: u32 = 9;
/// What a sample costs an engine, in CPU time: see `docs/engine-facts.md`.
const SAMPLE: Duration = Duration::from_millis(7);
/// For each sample so many times that passes: the engine's share is 1.5 % of a core.
const REMOTE_REST: u32 = 66;
/// How many samples are under way at once.
const REMOTE_AT_ONCE: usize = 4;
/// How soon it is seen that there is somebody to look at.
const IDLE_TURN: Duration = Duration::from_secs(1);
/// Connections are counted anew after this time, even where there are as many sockets as before.
const COUNT_AGAIN: Duration = Duration::from_secs(60);
/// What two looks may be apart, beside two turns.
const LEEWAY: Duration = Duration::from_secs(60);

/// All running containers of one tenant, as they are now.
pub(super) struct Look {
    pub host: HostName,
    pub tenant: Arc<str>,
    pub readings: Readings,
    /// Nobody has measured what lies further back than this.
    pub longest: Duration,
}

/// The connections of a container as they were counted last.
#[derive(Clone, Copy)]
struct Counted {
    sockets: Sockets,
    connections: u32,
    again: Moment,
}

/// Looks at one host for ever.
pub(super) async fn watch_host(
    place: Place,
    fleet: watch::Receiver<Arc<Fleet>>,
    mut rules: watch::Receiver<Option<Arc<Rules>>>,
    looks: mpsc::Sender<Look>,
    clock: Clock,
) {
    let Place { name: host, mut connected, orders } = place;
    let mut counted: HashMap<ContainerId, Counted> = HashMap::new();
    loop {
        let Some(now) = rules.borrow_and_update().clone() else {
            if rules.changed().await.is_err() {
                return;
            }
            continue;
        };
        let engine = connected.borrow_and_update().clone();
        let due = engine.and_then(|engine| Some((engine, due(&fleet.borrow(), &host, &now)?)));
        let Some((engine, (names, local))) = due else {
            counted.clear();
            tokio::select! {
                result = connected.changed() => if result.is_err() { return },
                result = rules.changed() => if result.is_err() { return },
                () = sleep(IDLE_TURN) => {}
            }
            continue;
        };
        let began = Instant::now();
        let turn = Turn { host: &host, engine, fleet: &fleet, rules: &now, local, clock, orders: &orders };
        if turn.go(&names, &mut counted, &looks).await.is_err() {
            return;
        }
        let took = began.elapsed();
        let rest = if local { (took * LOCAL_REST).max(LOCAL_TURN.saturating_sub(took)) } else { IDLE_TURN };
        tokio::select! {
            () = sleep(rest) => {}
            result = rules.changed() => if result.is_err() { return },
        }
    }
}

/// The tenants of a host that are to be looked at, and whether that is free; nothing where there are none, or nothing can be
/// seen of them from here.
fn due(fleet: &Fleet, host: &str, rules: &Rules) -> Option<(Vec<Arc<str>>, bool)> {
    let host = fleet.host(host)?;
    // Before its engine is known, it is not known either what a look costs.
    let local = host.engine.as_ref()?.local;
    let idle = &rules.idle;
    let tells = idle.cpu.is_some() || idle.network.is_some() || (local && idle.connections.is_some());
    let names: Vec<Arc<str>> =
        host.tenants.iter().filter(|tenant| is_measured(tenant, rules)).map(|it| it.name.clone()).collect();
    (tells && !names.is_empty()).then_some((names, local))
}

/// Whether a tenant's use is measured: it runs, and its tier has steps.
pub(super) fn is_measured(tenant: &Tenant, rules: &Rules) -> bool {
    let runs = matches!(tenant.state, State::Running | State::Idle | State::Unhealthy | State::Starting);
    runs && tenant.tier.is_some_and(|tier| !rules.tier(tier).steps.is_empty())
}

/// One turn over the tenants of a host.
struct Turn<'a> {
    host: &'a HostName,
    engine: Arc<dyn Engine>,
    fleet: &'a watch::Receiver<Arc<Fleet>>,
    rules: &'a Rules,
    local: bool,
    clock: Clock,
    orders: &'a mpsc::Sender<ContainerId>,
}

/// Nobody is there any more to hear it.
struct Gone;

impl Turn<'_> {
    async fn go(
        &self,
        names: &[Arc<str>],
        counted: &mut HashMap<ContainerId, Counted>,
        looks: &mpsc::Sender<Look>,
    ) -> Result<(), Gone> {
        let mut longest = LEEWAY;
        let mut left = names;
        let mut known: HashMap<ContainerId, Counted> = HashMap::new();
        while let Some((tenants, rest)) = self.batch(left) {
            left = rest;
            let began = Instant::now();
            let all: Vec<(usize, Arc<Facts>)> = (0..)
                .zip(&tenants)
                .flat_map(|(at, (_, containers))| containers.iter().map(move |facts| (at, facts.clone())))
                .collect();
            let cost = SAMPLE * REMOTE_REST * u32::try_from(all.len()).unwrap_or(u32::MAX);
            let before: &HashMap<_, _> = counted;
            let reads = futures_util::stream::iter(all)
                .map(|(at, facts)| async move { (at, self.read(&facts, before).await, facts) })
                .buffer_unordered(if self.local { 1 } else { REMOTE_AT_ONCE });
            let mut reads = std::pin::pin!(reads);
            let mut readings: BTreeMap<usize, Readings> = BTreeMap::new();
            while let Some((at, read, facts)) = reads.next().await {
                let Some((reading, again)) = read else { continue };
                known.extend(again.map(|again| (facts.id.clone(), again)));
                readings.entry(at).or_default().insert(facts.id.clone(), reading);
            }
            if !self.local {
                // What the whole turn takes is known once it is over; it is about as long as all these rests.
                longest = LEEWAY + SAMPLE * REMOTE_REST * 2 * self.containers();
            }
            for (at, readings) in readings {
                let (tenant, containers) = &tenants[at];
                // A tenant is judged by all of its containers or not at all.
                if readings.len() == containers.len() {
                    let look = Look { host: self.host.clone(), tenant: tenant.clone(), readings, longest };
                    looks.send(look).await.map_err(|_| Gone)?;
                }
            }
            if !self.local {
                sleep(cost.saturating_sub(began.elapsed())).await;
            }
        }
        *counted = known;
        Ok(())
    }

    /// The next tenants with their running containers, and those that are left; nothing at the end. On this machine all of them;
    /// from elsewhere as many as are read at once, as they are now: a turn takes minutes.
    #[allow(clippy::type_complexity)]
    fn batch<'n>(&self, names: &'n [Arc<str>]) -> Option<(Vec<(Arc<str>, Vec<Arc<Facts>>)>, &'n [Arc<str>])> {
        let fleet = self.fleet.borrow();
        let host = fleet.host(self.host).filter(|_| !names.is_empty())?;
        let by_name: HashMap<&str, &Arc<Tenant>> = host.tenants.iter().map(|it| (&*it.name, it)).collect();
        let (mut tenants, mut containers) = (Vec::new(), 0);
        for (at, name) in names.iter().enumerate() {
            if !self.local && containers >= REMOTE_AT_ONCE {
                return Some((tenants, &names[at..]));
            }
            let tenant = by_name.get(&**name).filter(|tenant| is_measured(tenant, self.rules));
            let running = tenant.map(|tenant| self.running(tenant)).unwrap_or_default();
            if !running.is_empty() {
                containers += running.len();
                tenants.push((name.clone(), running));
            }
        }
        Some((tenants, &[]))
    }

    /// The running containers of a tenant; none where the kernel cannot tell of them yet.
    fn running(&self, tenant: &Tenant) -> Vec<Arc<Facts>> {
        let runs = |facts: &&Arc<Facts>| facts.phase == Phase::Running && facts.asleep.is_none();
        let running: Vec<Arc<Facts>> = tenant.counted().filter(runs).cloned().collect();
        let unknown: Vec<&Arc<Facts>> = running.iter().filter(|facts| facts.detail.is_none()).collect();
        if !self.local || unknown.is_empty() {
            return running;
        }
        for facts in unknown {
            // Its first process is known by an inspect only. Next turn, if the queue is full.
            let _ = self.orders.try_send(facts.id.clone());
        }
        Vec::new()
    }

    fn containers(&self) -> u32 {
        let fleet = self.fleet.borrow();
        let measured = fleet.host(self.host).into_iter().flat_map(|host| &host.tenants);
        let all: usize =
            measured.filter(|tenant| is_measured(tenant, self.rules)).map(|it| it.containers.len()).sum();
        u32::try_from(all).unwrap_or(u32::MAX)
    }

    /// One container as it is now, and its connections where they are known.
    async fn read(
        &self,
        facts: &Facts,
        before: &HashMap<ContainerId, Counted>,
    ) -> Option<(Reading, Option<Counted>)> {
        let fault = |error| debug!(container = %facts.name, %error, "not looked at");
        let tally = self.engine.tally(facts).await.map_err(fault).ok()??;
        let at = self.clock.now();
        let mut counted = None;
        if let Some(sockets) = tally.sockets.filter(|_| self.rules.idle.connections.is_some()) {
            let same = |counted: &&Counted| counted.sockets == sockets && at < counted.again;
            counted = before.get(&facts.id).filter(same).copied();
            if counted.is_none() {
                let fault = |error| debug!(container = %facts.name, %error, "connections not counted");
                let connections = self.engine.connections(facts).await.map_err(fault).ok()?;
                // Not all of them in the same turn.
                let again = at + COUNT_AGAIN.mul_f64(1.0 - jitter() / 2.0);
                counted = connections.map(|connections| Counted { sockets, connections, again });
            }
        }
        let connections = counted.map(|counted| counted.connections);
        Some((Reading { at, tally, connections }, counted))
    }
}
