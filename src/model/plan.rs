//! What an order would do, told before it is done. STAND-IN: it knows neither abilities nor what is under way.

use super::fleet::{Fleet, Tenant};
use super::policy::Policy;
use super::ticket::Task;
use super::tier::Tier;
use super::work::{Order, Plan, TenantKey, Work};

/// What `order` would do, one plan for each tenant in its order.
#[must_use]
pub fn plans(order: &Order, fleet: &Fleet, work: &Work, policy: &Policy) -> Vec<Plan> {
    order.tenants.iter().map(|key| plan(order, key, fleet, work, policy)).collect()
}

fn plan(order: &Order, (host, name): &TenantKey, fleet: &Fleet, work: &Work, policy: &Policy) -> Plan {
    let sleepers = work.sleepers_of(host, name);
    let tenant = fleet.host(host).and_then(|host| host.tenants.iter().find(|tenant| tenant.name == *name));
    let mut plan =
        Plan { host: host.clone(), tenant: name.clone(), containers: vec![], method: None, refusal: None };
    match (order.task, tenant) {
        (Task::Dump, Some(tenant)) => {
            plan.containers = in_order(tenant, policy);
            plan.method = order.method.or_else(|| policy.methods_for(tenant.tier).first().copied());
            if tenant.tier == Some(Tier::Vip) && !order.force {
                plan.refusal = Some("it is of tier vip: only with --force".to_owned());
            }
        }
        (Task::Dump, None) => plan.refusal = Some("it has no container".to_owned()),
        (Task::Wake, _) => {
            plan.containers = sleepers.iter().rev().map(|sleeper| sleeper.name.clone()).collect();
            plan.method = sleepers.first().map(|sleeper| sleeper.method);
            if sleepers.is_empty() {
                plan.refusal = Some("it does not sleep".to_owned());
            }
        }
    }
    plan
}

/// Dependents first: roles that the policy does not name, then those that it does.
fn in_order(tenant: &Tenant, policy: &Policy) -> Vec<std::sync::Arc<str>> {
    let mut containers = tenant.containers.clone();
    containers.sort_by_key(|facts| {
        let role = facts.place.role.as_deref();
        policy.order.iter().position(|named| role == Some(named)).map_or(0, |at| at + 1)
    });
    containers.iter().map(|facts| facts.name.clone()).collect()
}
