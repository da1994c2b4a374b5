//! Waiting until every host has answered once, or is known not to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::Failure;
use crate::model::container::Phase;
use crate::model::fleet::{Fleet, Link};
use crate::model::work::{Record, TenantKey, Work};
use crate::service::Service;

/// A host that has not answered by then is told as connecting: longer than a ping's deadline and an ssh login.
pub const DEADLINE: Duration = Duration::from_secs(13);

/// How long is waited for what only inspects of all containers tell.
const SETUPS_WITHIN: Duration = Duration::from_secs(5);
/// What no inspect has told by then is asked again.
const ASKED_AGAIN: Duration = Duration::from_millis(200);

/// Waits until every host has answered or failed.
///
/// # Errors
/// No host could be reached. Where only some could not, that is said on the error output.
pub async fn first_answers(fleet: &mut watch::Receiver<Arc<Fleet>>) -> Result<Arc<Fleet>, Failure> {
    answers_within(fleet, DEADLINE).await
}

/// The same, but waits no longer than that.
///
/// # Errors
/// As `first_answers`.
pub async fn answers_within(
    fleet: &mut watch::Receiver<Arc<Fleet>>,
    patience: Duration,
) -> Result<Arc<Fleet>, Failure> {
    let settled = |fleet: &Arc<Fleet>| fleet.hosts.iter().all(|host| host.link != Link::Connecting);
    let _ = timeout(patience, fleet.wait_for(settled)).await;
    let now = fleet.borrow_and_update().clone();
    if !now.hosts.iter().any(|host| host.link.is_up()) {
        let lines: Vec<String> = now.hosts.iter().map(|host| host.complaint()).collect();
        return Err(Failure::NoHost(lines.join("\n")));
    }
    for host in now.hosts.iter().filter(|host| !host.link.is_up()) {
        eprintln!("wakeboard: {}", host.complaint().trim_start());
    }
    Ok(now)
}

/// Waits until the record of sleepers has been read, and the fleet shows them; or until it is clear that it cannot be.
pub async fn record(service: &Service) {
    let read = |work: &Arc<Work>| work.record != Record::Opening;
    let _ = timeout(DEADLINE, service.work().wait_for(read)).await;
    let turn = service.work().borrow().turn;
    let _ = timeout(DEADLINE, service.fleet().wait_for(|fleet| fleet.turn >= turn)).await;
    if let Record::Missing(reason) = &service.work().borrow().record {
        eprintln!("wakeboard: nothing is known of sleepers: {reason}");
    }
}

/// Has those containers inspected of which it is not known how they were set up, on the hosts of these tenants, and waits until it is
/// known, and which engines those hosts have: what is remembered of hosts is of one engine. Or for too long. An order may depend on others than its own.
pub async fn setups(service: &Service, tenants: &[TenantKey]) -> Arc<Fleet> {
    let until = Instant::now() + SETUPS_WITHIN;
    let mut fleet = service.fleet();
    loop {
        let now = fleet.borrow_and_update().clone();
        let hosts = now.hosts.iter().filter(|host| host.link.is_up());
        let concerned = hosts.filter(|host| tenants.iter().any(|(name, _)| *name == host.name));
        let mut is_whole = concerned.clone().all(|host| host.engine.is_some());
        for (host, facts) in concerned
            .flat_map(|host| host.tenants.iter().map(move |tenant| (host, tenant)))
            .flat_map(|(host, tenant)| tenant.containers.iter().map(move |facts| (host, facts)))
        {
            let known = facts.setup.as_ref().is_some_and(|setup| setup.is_whole);
            if !known && facts.phase != Phase::Gone {
                is_whole = false;
                service.inspect(&host.name, &facts.id);
            }
        }
        if is_whole || Instant::now() >= until {
            return now;
        }
        let _ = timeout_at(until, timeout(ASKED_AGAIN, fleet.changed())).await;
    }
}
