//! The snapshot that everybody reads: all hosts, their tenants and containers at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use smallvec::SmallVec;

use super::container::{Facts, Phase};
use super::counting::counted;
use super::host::HostName;
use super::method::Method;
use super::overlay::Overlay;
use super::picture::Picture;
use super::state::State;
use super::ticket::Task;
use super::tier::Tier;

/// All hosts at one moment, in the order of the config.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// The hosts.
    pub hosts: Vec<Arc<Host>>,
    /// The turn of the work that is laid over it (`Work::turn`).
    pub turn: u64,
}

/// One host at one moment.
#[derive(Clone, Debug)]
pub struct Host {
    /// The short name.
    pub name: HostName,
    /// The endpoint as text, with its port.
    pub endpoint: Arc<str>,
    /// Whether it answers.
    pub link: Link,
    /// What kind of engine it is; unknown until it answered once.
    pub engine: Option<Arc<EngineAbout>>,
    /// When it last told us anything.
    pub heard: Option<Timestamp>,
    /// What it remembered from before we listened is among the changes.
    pub remembered: bool,
    /// States may turn out to be others once containers are inspected.
    pub unclear: bool,
    /// Its tenants, by name.
    pub tenants: Vec<Arc<Tenant>>,
}

/// Whether a host answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not asked yet, or the first answer is under way.
    Connecting,
    /// It answers.
    Up,
    /// It does not, since when and why.
    Down {
        /// When it was last heard, or asked for the first time: what is known of it is as old as that.
        since: Timestamp,
        /// The reason in a person's words.
        reason: Arc<str>,
    },
}

/// What an engine says of itself and its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineAbout {
    /// `Docker` or `Podman`.
    pub kind: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// The machine's memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Whether its experimental features (checkpoints on Docker) are on.
    pub experimental: bool,
    /// Whether the engine runs on this very machine.
    pub local: bool,
}

/// A tenant's containers. Nearly all tenants have one or two: these need no allocation.
pub type Containers = SmallVec<[Arc<Facts>; 2]>;

/// One tenant on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its name.
    pub name: Arc<str>,
    /// The host that it is on.
    pub host: HostName,
    /// What it pays for, where that is known.
    pub tier: Option<Tier>,
    /// The worst state of its containers, or `unreachable`.
    pub state: State,
    /// The state that was last known; another than `state` only while the host does not answer.
    pub known: State,
    /// How it was dumped, where it is.
    pub method: Option<Method>,
    /// Why it is in that state, where a word more helps.
    pub reason: Option<Box<str>>,
    /// Since when it has been in that state.
    pub since: Option<Timestamp>,
    /// Its containers, by role and name.
    pub containers: Containers,
}

impl EngineAbout {
    /// Kind and version in one text: what an engine can do is known for this very one.
    #[must_use]
    pub fn label(&self) -> String {
        engine_label(&self.kind, &self.version)
    }
}

/// The label of an engine of that kind and version.
#[must_use]
pub fn engine_label(kind: &str, version: &str) -> String {
    format!("{kind} {version}")
}

impl Link {
    /// Whether the host answers now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self == Link::Up
    }
}

impl Host {
    /// Why it does not answer, in a line.
    #[must_use]
    pub fn complaint(&self) -> String {
        let reason = match &self.link {
            Link::Down { reason, .. } => reason,
            Link::Up | Link::Connecting => "no answer yet",
        };
        format!("  {} ({}): {reason}", self.name, self.endpoint)
    }
}

impl Tenant {
    /// The state in one or two words: a dumped tenant says how it was dumped.
    #[must_use]
    pub fn state_words(&self) -> String {
        match self.method {
            Some(method) if self.state == State::Dumped => format!("{} {method}", self.state),
            _ => self.state.to_string(),
        }
    }
}

impl Tenant {
    /// The containers that count: without one-off containers, jobs that are done, and those that were never started.
    pub fn counted(&self) -> impl Iterator<Item = &Arc<Facts>> {
        counted(&self.containers)
    }

    /// Whether a container runs that requests can be led to: of that role, where one is given. One may do so beside others that
    /// failed.
    #[must_use]
    pub fn serves(&self, role: Option<&str>) -> bool {
        let is_it = |facts: &Arc<Facts>| {
            let of_role = role.is_none_or(|role| facts.place.role.as_deref() == Some(role));
            of_role && facts.phase == Phase::Running && facts.asleep.is_none()
        };
        self.counted().any(is_it)
    }
}

impl Fleet {
    /// All tenants of all hosts.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.hosts.iter().flat_map(|host| &host.tenants)
    }

    /// A tenant on that host.
    #[must_use]
    pub fn tenant(&self, host: &str, name: &str) -> Option<&Arc<Tenant>> {
        self.host(host)?.tenants.iter().find(|tenant| &*tenant.name == name)
    }

    /// The host of that name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Arc<Host>> {
        self.hosts.iter().find(|host| &*host.name == name)
    }

    /// How many tenants are in each state, worst state first, states without tenants left out.
    #[must_use]
    pub fn counts(&self) -> Vec<(State, usize)> {
        let mut counts = BTreeMap::new();
        for tenant in self.tenants() {
            *counts.entry(tenant.state).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }
}

/// Groups a picture's containers into tenants, with what tickets and sleepers say of them. While the host is down every
/// tenant is `unreachable`, and what was known of it stays.
#[must_use]
pub fn tenants(host: &HostName, picture: &Picture, link: &Link, overlay: &Overlay) -> Vec<Arc<Tenant>> {
    let mut all: Vec<Arc<Facts>> = picture.containers().map(|facts| overlay.lay(facts)).collect();
    let removed: Vec<Arc<Facts>> = overlay.removed(&all).collect();
    all.extend(removed);
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    all.chunk_by(|a, b| a.place.tenant == b.place.tenant)
        .map(|containers| Arc::new(tenant(host, containers.iter().cloned().collect(), link, overlay)))
        .collect()
}

/// By tenant, then by role and name.
fn order(facts: &Facts) -> (&str, Option<&str>, &str) {
    (&facts.place.tenant, facts.place.role.as_deref(), &facts.name)
}

/// One tenant, of all its containers in their order. There is at least one.
fn tenant(host: &HostName, containers: Containers, link: &Link, overlay: &Overlay) -> Tenant {
    let name = containers.first().map_or_else(|| Arc::from(""), |facts| facts.place.tenant.clone());
    let busy = overlay.busy(&name);
    let counts: Vec<&Arc<Facts>> = counted(&containers).collect();
    let asleep = counts.iter().find(|facts| facts.asleep.is_some());
    let method = asleep.and_then(|facts| facts.asleep);
    let runs = counts.iter().any(|facts| facts.phase == Phase::Running && facts.asleep.is_none());
    // What ended on purpose beside sleepers does not hide that its tenant sleeps, and neither hides that a part of it runs.
    let tells = |facts: &&&Arc<Facts>| match facts.state() {
        State::Stopped => method.is_none(),
        State::Dumped | State::Absent => !runs,
        _ => true,
    };
    let worst = counts
        .iter()
        .filter(tells)
        .min_by_key(|facts| (facts.state(), std::cmp::Reverse(facts.since)))
        .map(|facts| &***facts);
    let known = match busy {
        Some(Task::Dump) => State::Dumping,
        Some(Task::Wake) => State::Waking,
        None => worst.map_or(State::Absent, Facts::state),
    };
    let (state, since, reason) = match link {
        Link::Down { since, .. } => (State::Unreachable, Some(*since), None),
        Link::Up | Link::Connecting => {
            let half = || {
                let sleeper = asleep.filter(|_| runs && known == State::Running)?;
                Some(format!("{} sleeps", sleeper.name))
            };
            let reason = worst.and_then(Facts::reason).or_else(half);
            let reason = reason.filter(|_| busy.is_none()).map(String::into_boxed_str);
            (known, worst.and_then(|facts| facts.since), reason)
        }
    };
    let tier = containers.iter().filter_map(|facts| facts.place.tier).min();
    Tenant { name, host: host.clone(), tier, state, known, method, reason, since, containers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use std::time::Duration;

    fn picture() -> Picture {
        let mut app = facts("a", Phase::Running);
        app.place.tenant = "acme".into();
        app.place.tier = Some(Tier::Vip);
        let mut db = facts("b", Phase::Exited(Some(3)));
        db.place.tenant = "acme".into();
        let mut picture = Picture::default();
        picture.apply_list(vec![app, db, facts("c", Phase::Paused)], Duration::ZERO);
        picture
    }

    #[test]
    fn a_tenant_shows_its_worst_container() {
        let tenants = tenants(&"web-1".into(), &picture(), &Link::Up, &Overlay::default());
        assert_eq!(tenants.len(), 2);
        assert_eq!(tenants[0].state, State::Crashed);
        assert_eq!(tenants[0].reason.as_deref(), Some("exit 3"));
        assert_eq!(tenants[0].tier, Some(Tier::Vip));
        assert_eq!(tenants[1].state, State::Paused);
    }

    fn state_of(all: &[(&str, Phase)], asleep: &[&str]) -> (State, Option<Method>) {
        let containers: Containers = all
            .iter()
            .map(|(name, phase)| {
                let mut it = facts(name, *phase);
                it.place.tenant = "acme".into();
                it.asleep = asleep.contains(name).then_some(Method::Stop);
                Arc::new(it)
            })
            .collect();
        let tenant = tenant(&"web-1".into(), containers, &Link::Up, &Overlay::default());
        (tenant.state, tenant.method)
    }

    #[test]
    fn only_what_counts_makes_the_state() {
        let app = ("app", Phase::Running);
        let ended = |code| ("job", Phase::Exited(Some(code)));
        assert_eq!(state_of(&[app, ended(0)], &[]).0, State::Running);
        assert_eq!(state_of(&[app, ended(1)], &[]).0, State::Crashed);
        assert_eq!(state_of(&[app, ("made", Phase::Created)], &[]).0, State::Running);
        assert_eq!(state_of(&[("made", Phase::Created)], &[]).0, State::Created);
        assert_eq!(state_of(&[ended(0), ("made", Phase::Created)], &[]).0, State::Stopped);
    }

    #[test]
    fn a_tenant_of_which_a_container_runs_is_never_dumped() {
        let (db, app) = (("db", Phase::Exited(Some(0))), ("app", Phase::Running));
        assert_eq!(state_of(&[db, app], &["db"]), (State::Running, Some(Method::Stop)));
        assert_eq!(state_of(&[db], &["db"]), (State::Dumped, Some(Method::Stop)));
        let stopped = ("x", Phase::Exited(Some(143)));
        assert_eq!(state_of(&[db, stopped], &["db"]).0, State::Dumped);
        let failed = ("x", Phase::Exited(Some(1)));
        assert_eq!(state_of(&[db, failed], &["db"]), (State::Crashed, Some(Method::Stop)));
        assert_eq!(state_of(&[db, app, ("gone", Phase::Gone)], &["db"]).0, State::Running);
    }

    #[test]
    fn an_unreachable_host_keeps_what_was_known() {
        let link = Link::Down { since: Timestamp::UNIX_EPOCH, reason: "refused".into() };
        let tenants = tenants(&"web-1".into(), &picture(), &link, &Overlay::default());
        assert!(tenants.iter().all(|tenant| tenant.state == State::Unreachable));
        assert_eq!(tenants[1].known, State::Paused);
    }
}
