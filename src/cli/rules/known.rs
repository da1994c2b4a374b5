//! What a command can know of tenants' use without having watched them: what a keeper that does has written into the ledger, when
//! they were started or woken, and where reading is free what they use right now.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout, timeout_at};

use crate::model::fleet::{Fleet, Tenant};
use crate::model::keeper::outlook::Candidate;
use crate::model::keeper::{Activities, Activity, Answer, Rules, Sight};
use crate::model::state::State;
use crate::model::work::Work;
use crate::service::{Service, Usages, Wanted, current, machine};

/// How long is waited for two readings of each.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long is waited for what the ledger knows.
const LEDGER_DEADLINE: Duration = Duration::from_secs(3);
/// How many containers are read at most: each is inspected once for it.
const MOST_READ: usize = 256;

/// All that is known at one moment.
pub struct Known {
    pub fleet: Arc<Fleet>,
    pub work: Arc<Work>,
    usages: Arc<Usages>,
    activities: Arc<Activities>,
    pub now: Timestamp,
}

impl Known {
    /// Looks, and reads what the containers of the tenants that `is_read` picks use now.
    pub async fn look(service: &Service, is_read: impl Fn(&Tenant, bool) -> bool) -> Known {
        let mut activities = service.activity();
        let fleet = service.fleet().borrow().clone();
        let mut rows = Vec::new();
        for host in &fleet.hosts {
            let near = host.engine.as_ref().is_some_and(|engine| engine.local);
            let read = host.tenants.iter().filter(|it| is_running(it) && is_read(it, near));
            for tenant in read {
                rows.extend(tenant.containers.iter().map(|facts| (host.name.clone(), facts.id.clone())));
            }
        }
        rows.truncate(MOST_READ);
        let deadline = Instant::now() + DEADLINE;
        let mut usages = service.usages();
        service.want(Wanted { rows: rows.clone(), hurry: true });
        loop {
            let are_there = {
                let usages = usages.borrow_and_update();
                rows.iter().all(|row| usages.get(row).is_some_and(|trend| trend.usage.cpu_percent.is_some()))
            };
            if are_there || !matches!(timeout_at(deadline, usages.changed()).await, Ok(Ok(()))) {
                break;
            }
        }
        // Without a ledger that says so at once. Where it fails, nobody is known to have watched.
        let told = timeout(LEDGER_DEADLINE, activities.wait_for(|activities| activities.at.is_some())).await;
        let activities = told.ok().and_then(|told| Some(told.ok()?.clone())).unwrap_or_default();
        Known {
            activities,
            fleet: service.fleet().borrow().clone(),
            work: service.work().borrow().clone(),
            usages: service.usages().borrow().clone(),
            now: Timestamp::now(),
        }
    }

    /// Fleet and work as the rule sees them.
    pub fn sight(&self) -> Sight<'_> {
        Sight::new(&self.fleet, &self.work, machine::free(), self.now)
    }

    /// The percent of one core that it uses now.
    pub fn cpu(&self, tenant: &Tenant) -> Option<f64> {
        let running = tenant.counted().filter(|facts| facts.has_process());
        let each = running.map(|facts| current(tenant, facts, &self.usages)?.usage.cpu_percent);
        let all: Option<Vec<f64>> = each.collect();
        all.filter(|all| !all.is_empty()).map(|all| all.iter().sum())
    }

    /// What a keeper knows of it. Own looks say that a tenant is used, never for how long it has not been.
    pub fn activity(&self, tenant: &Tenant, rules: &Rules) -> Activity {
        let told = self.activities.get(&tenant.host, &tenant.name).unwrap_or_default();
        let is_used = self.cpu(tenant).zip(rules.idle.cpu).is_some_and(|(cpu, most)| cpu > most);
        Activity { cpu: told.cpu.max(is_used.then_some(self.now)), ..told }
    }

    /// What the hook said of it last, as the keeper has written it down.
    pub fn answer(&self, tenant: &Tenant) -> Option<Answer> {
        self.activities.answer(&tenant.host, &tenant.name)
    }

    /// A tenant as the outlook sees it.
    pub fn candidate<'a>(&self, sight: &Sight<'_>, tenant: &'a Tenant, rules: &Rules) -> Candidate<'a> {
        Candidate {
            host: &tenant.host,
            tenant: &tenant.name,
            subject: sight.subject(tenant),
            activity: self.activity(tenant, rules),
            answer: self.answer(tenant),
        }
    }
}

fn is_running(tenant: &Tenant) -> bool {
    matches!(tenant.state, State::Running | State::Idle)
}
