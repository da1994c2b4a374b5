//! What tickets and sleepers say of one host, to be laid over what its engine says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::container::{ContainerId, Facts, Health, Phase};
use super::host::HostName;
use super::method::Method;
use super::naming::Place;
use super::sleeper::{Sleeper, Stage};
use super::ticket::Task;
use super::work::Work;

/// What tickets and sleepers say of one host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    sleepers: BTreeMap<ContainerId, Arc<Sleeper>>,
    busy: BTreeMap<Arc<str>, Task>,
}

impl Overlay {
    /// All work, host by host. Hosts that no work is about are left out.
    #[must_use]
    pub fn by_host(work: &Work) -> BTreeMap<HostName, Overlay> {
        let mut hosts: BTreeMap<HostName, Overlay> = BTreeMap::new();
        for sleeper in &work.sleepers {
            let host = hosts.entry(sleeper.host.clone()).or_default();
            host.sleepers.insert(sleeper.container.clone(), sleeper.clone());
        }
        for ticket in work.tickets.iter().filter(|ticket| ticket.is_under_way()) {
            let host = hosts.entry(ticket.host.clone()).or_default();
            host.busy.insert(ticket.tenant.clone(), ticket.task);
        }
        hosts
    }

    /// What a ticket is doing to that tenant now.
    #[must_use]
    pub fn busy(&self, tenant: &str) -> Option<Task> {
        self.busy.get(tenant).copied()
    }

    /// The container as people see it: one that sleeps as we left it says so.
    #[must_use]
    pub fn lay(&self, facts: &Arc<Facts>) -> Arc<Facts> {
        let asleep = self.sleepers.get(&facts.id).and_then(|sleeper| asleep(sleeper, facts.phase));
        let at_work = self.busy(&facts.place.tenant).is_some();
        if facts.asleep == asleep && facts.at_work == at_work {
            return facts.clone();
        }
        Arc::new(Facts { at_work, asleep, ..Facts::clone(facts) })
    }

    /// Containers that their dump removed, as rows of their tenants; also one whose dump was cut off right after that. One that
    /// somebody else created again under the same name is not among them.
    pub fn removed<'a>(&'a self, present: &'a [Arc<Facts>]) -> impl Iterator<Item = Arc<Facts>> + 'a {
        let is_there = |sleeper: &Sleeper| {
            present.iter().any(|facts| facts.id == sleeper.container || facts.name == sleeper.name)
        };
        self.sleepers
            .values()
            .filter(|sleeper| sleeper.stage != Stage::Going || sleeper.method == Method::Destroy)
            .filter(move |sleeper| !is_there(sleeper))
            .map(|sleeper| Arc::new(remembered(sleeper)))
    }
}

/// Whether a container in that phase sleeps as its record says.
fn asleep(sleeper: &Sleeper, phase: Phase) -> Option<Method> {
    let as_left = match sleeper.method {
        // An engine that was started anew has ended it in its sleep: it wakes by a cold start.
        Method::Freeze => matches!(phase, Phase::Paused | Phase::Exited(_)),
        Method::Checkpoint | Method::Stop => matches!(phase, Phase::Exited(_)),
        Method::Destroy => false,
    };
    (sleeper.stage != Stage::Going && as_left).then_some(sleeper.method)
}

/// A container that is not there any more. Where its dump did not remove it, somebody else did: then it is absent.
fn remembered(sleeper: &Sleeper) -> Facts {
    Facts {
        id: sleeper.container.clone(),
        name: sleeper.name.clone(),
        image: sleeper.image.clone(),
        place: Place { tenant: sleeper.tenant.clone(), role: sleeper.role.clone(), tier: sleeper.tier },
        phase: Phase::Gone,
        health: Health::None,
        oom: false,
        since: Some(sleeper.since),
        detail: None,
        ports: None,
        setup: None,
        at_work: false,
        asleep: (sleeper.method == Method::Destroy).then_some(Method::Destroy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::route::tests::sleeper;

    #[test]
    fn who_is_gone_is_a_row_as_soon_as_its_dump_may_have_removed_it() {
        let rows = |method, stage| {
            let work = Work { sleepers: vec![Arc::new(sleeper(method, stage))], ..Work::default() };
            let hosts = Overlay::by_host(&work);
            hosts["web-1"].removed(&[]).map(|row| row.asleep).collect::<Vec<_>>()
        };
        assert_eq!(rows(Method::Destroy, Stage::Asleep), [Some(Method::Destroy)]);
        assert_eq!(rows(Method::Destroy, Stage::Going), [Some(Method::Destroy)]);
        assert_eq!(rows(Method::Stop, Stage::Asleep), [None]);
        // Its dump removes nothing: somebody else did, and that shows by itself.
        assert_eq!(rows(Method::Stop, Stage::Going), []);
    }
}
