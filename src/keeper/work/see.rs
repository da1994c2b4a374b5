//! What a round sees beside the snapshot: what was used, said by hooks, asked for already, or only imagined.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Work;
use crate::keeper::round::{Found, Known, Left, Scene, look};
use crate::model::fleet::{Fleet, Tenant};
use crate::model::keeper::{Activities, Calendar, Rules, Sight};
use crate::model::state::State;
use crate::model::work::{TenantKey, Work as Tickets};

/// How long a dump that was only said counts against the limits.
const MINUTE: Duration = Duration::from_secs(60);

impl Work {
    /// Looks at all tenants.
    pub(super) fn look(
        &self,
        calendar: &Calendar<'_>,
        fleet: &Fleet,
        tickets: &Tickets,
        activity: &Activities,
        sight: &Sight<'_>,
    ) -> Found {
        let now = calendar.now();
        let has_hook = calendar.rules().veto.is_some();
        let busy: HashSet<&TenantKey> = self.own.values().map(|asked| &asked.key).collect();
        let mut unseen: HashMap<&str, u32> = HashMap::new();
        for (id, asked) in &self.own {
            if tickets.ticket(*id).is_none() {
                *unseen.entry(&*asked.key.0).or_default() += 1;
            }
        }
        let recent = |since: Timestamp| now.duration_since(since).unsigned_abs() < MINUTE;
        for ((host, _), (_, since)) in &self.imagined {
            if recent(*since) {
                *unseen.entry(&**host).or_default() += 1;
            }
        }
        let known = |tenant: &Tenant| {
            let activity = activity.get(&tenant.host, &tenant.name).unwrap_or_default();
            if !has_hook && self.imagined.is_empty() {
                return Known { activity, ..Known::default() };
            }
            let key = (tenant.host.clone(), tenant.name.clone());
            Known { activity, answer: self.veto.answer(&key), imagined: self.imagined.get(&key).copied() }
        };
        let left = |key: &TenantKey| {
            if busy.contains(key) || self.veto.is_busy(key) {
                return Left::Busy;
            }
            self.patience.until(key, now).map_or(Left::No, Left::Until)
        };
        let asked = |host: &str| unseen.get(host).copied().unwrap_or(0);
        look(&Scene { calendar, fleet, sight, known: &known, asked: &asked, left: &left })
    }

    pub(super) fn forget_who_is_gone(&mut self, fleet: &Fleet) {
        // A host that does not answer keeps its tenants: only who is really gone is not there.
        let all: HashSet<(&str, &str)> =
            fleet.tenants().map(|tenant| (&*tenant.host, &*tenant.name)).collect();
        let is_there = |key: &TenantKey| all.contains(&(&*key.0, &*key.1));
        self.veto.keep(is_there);
        self.patience.keep(is_there);
        self.imagined.retain(|key, _| is_there(key));
    }

    /// What was only said is over where the tenant is in use, or somebody has put it to sleep.
    pub(super) fn stop_imagining(&mut self, fleet: &Fleet, activity: &Activities, rules: &Rules) {
        let counted = rules.idle.counted();
        self.imagined.retain(|(host, name), (_, since)| {
            let used = activity.get(host, name).and_then(|activity| activity.last(counted));
            let runs = |tenant: &Tenant| matches!(tenant.state, State::Running | State::Idle);
            let tenant = fleet.tenant(host, name);
            let started = tenant.and_then(|tenant| tenant.since);
            used.max(started).is_none_or(|used| used <= *since) && tenant.is_some_and(|it| runs(it))
        });
    }
}
