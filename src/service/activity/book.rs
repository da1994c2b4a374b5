//! What is known of all tenants' use: looks, requests and the ledger's rows put together. Time is passed in.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::look::Look;
use crate::model::fleet::{Fleet, Tenant};
use crate::model::keeper::kept::FRESH;
use crate::model::keeper::measured::{By, Readings, measured, unmeasured};
use crate::model::keeper::rules::{Idle, later};
use crate::model::keeper::{Activities, Activity, Answer, Kept, Measure, Measures};
use crate::model::state::State;
use crate::model::work::TenantKey;
use crate::service::requests::Requests;

/// Rows in which nothing has changed are written again after this time, so that others see that somebody vouches for them.
const VOUCH_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// All tenants.
#[derive(Default)]
pub(super) struct Book {
    entries: HashMap<TenantKey, Entry>,
    /// What the ledger says.
    kept: HashMap<TenantKey, Kept>,
}

/// One tenant that is measured here, or whose requests are counted here.
struct Entry {
    activity: Activity,
    readings: Readings,
    looked: Option<Timestamp>,
    /// How often it was looked at since what is known of it is known without a gap.
    looks: u32,
    /// What is measured holds until then, without another look.
    holds: Timestamp,
    /// Whether its requests are counted here.
    counted: bool,
    /// What the hook said of it last.
    answer: Option<Answer>,
    /// What was last written down, and when.
    written: Option<(Activity, Option<Answer>, Timestamp)>,
}

impl Entry {
    /// Of a tenant that is met `now`, with what is believed of it.
    fn new(activity: Activity, now: Timestamp) -> Entry {
        let holds = later(now, FRESH);
        Entry {
            activity,
            readings: Readings::new(),
            looked: None,
            looks: 0,
            holds,
            counted: false,
            answer: None,
            written: None,
        }
    }
}

impl Book {
    /// Takes in what the ledger says.
    pub fn hear(&mut self, rows: Vec<Kept>) {
        self.kept.extend(rows.into_iter().map(|kept| (kept.key.clone(), kept)));
    }

    /// Takes in a look at a tenant.
    pub fn look(&mut self, look: Look, idle: &Idle, now: Timestamp) {
        let key = (look.host, look.tenant);
        let believed = || self.kept.get(&key).map(|kept| kept.believed(now)).unwrap_or_default();
        let entry = self.entries.entry(key.clone()).or_insert_with(|| Entry::new(believed(), now));
        let by = By { idle, now, longest: look.longest };
        entry.activity = measured(&entry.readings, &look.readings, &entry.activity, &by);
        entry.readings = look.readings;
        entry.looked = Some(now);
        entry.looks = entry.looks.saturating_add(1);
        entry.holds = later(now, look.longest);
    }

    /// What was read of a tenant in the last turn, where it was read in two turns at least: only then is it known what it does.
    pub fn last(&self, key: &TenantKey) -> Option<&Readings> {
        self.entries.get(key).filter(|entry| entry.looks >= 2).map(|entry| &entry.readings)
    }

    /// The hook has said something of it.
    pub fn answered(&mut self, key: &TenantKey, answer: Answer) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.answer = Some(answer);
        }
    }

    /// Somebody uses it, as a look beside the regular ones has found.
    pub fn used(&mut self, key: &TenantKey, measures: Measures, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        for measure in measures.iter() {
            let last = match measure {
                Measure::Request => &mut entry.activity.request,
                Measure::Network => &mut entry.activity.network,
                Measure::Cpu => &mut entry.activity.cpu,
                Measure::Connections => &mut entry.activity.connections,
            };
            *last = (*last).max(Some(now));
        }
    }

    /// Takes in what doors have marked, and lets go of what nobody has looked at for too long and of tenants that are no more.
    pub fn turn(&mut self, fleet: &Fleet, requests: &Requests, now: Timestamp) {
        if requests.counts_all() {
            for tenant in fleet.tenants() {
                requests.of(&key(tenant));
            }
        }
        let seen: HashMap<TenantKey, _> = requests.each().into_iter().collect();
        for tenant in fleet.tenants() {
            let key = key(tenant);
            let (kept, seen) = (self.kept.get(&key), seen.get(&key));
            if (kept.is_some() || seen.is_some()) && !self.entries.contains_key(&key) {
                let believed = kept.map(|kept| kept.believed(moment(tenant, now))).unwrap_or_default();
                self.entries.insert(key.clone(), Entry::new(believed, now));
            }
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if sleeps(tenant) {
                // It cannot be used without being woken: nothing of it has to be measured.
                entry.holds = entry.holds.max(later(now, FRESH));
            } else if now > entry.holds {
                entry.activity = unmeasured(&entry.activity);
                entry.readings.clear();
                entry.looked = None;
                entry.looks = 0;
            }
            // A clock may have been put back since: what lies in the future was a use at the latest now.
            entry.activity = past(&entry.activity, now);
            entry.counted = seen.is_some();
            entry.activity.request = match seen {
                Some(seen) => {
                    seen.not_after(now);
                    let before = entry.activity.request.unwrap_or(seen.since());
                    // What another door has counted was a request, also where nobody counts there any more.
                    Some(before)
                        .max(seen.last())
                        .max(kept.and_then(|kept| kept.activity.request.filter(|it| *it <= now)))
                }
                None => kept.and_then(|kept| kept.request(moment(tenant, now))),
            };
        }
        let there: HashSet<TenantKey> = fleet.tenants().map(|tenant| key(tenant)).collect();
        // Of a host that does not answer it is not known whether a tenant is still there.
        let tells = |host: &str| fleet.host(host).is_none_or(|host| host.link.is_up());
        let is_there = |key: &TenantKey| there.contains(key) || !tells(&key.0);
        self.entries.retain(|key, _| is_there(key));
        // A door that routes to a tenant keeps its mark; we do not.
        drop(seen);
        requests.retain(is_there);
    }

    /// What is known now: by own looks and doors where there are any, else by what the ledger says.
    pub fn activities(&self, fleet: &Fleet, measures: bool, now: Timestamp) -> Activities {
        if measures {
            let all = self.entries.iter().map(|(key, entry)| (key.clone(), entry.activity));
            let answers = self.entries.iter().filter_map(|(key, entry)| Some((key.clone(), entry.answer?)));
            let known = all.filter(|(_, activity)| *activity != Activity::default());
            return Activities::new(now, known).with_answers(answers);
        }
        let told = fleet.tenants().filter_map(|tenant| {
            let key = key(tenant);
            let activity = self.kept.get(&key)?.told(moment(tenant, now));
            (activity != Activity::default()).then_some((key, activity))
        });
        let answers = self.kept.iter().filter_map(|(key, kept)| Some((key.clone(), kept.answer?)));
        Activities::new(now, told).with_answers(answers)
    }

    /// What is to be written down: what has changed, and what must be vouched for again. Measures only where this process is
    /// the one that acts.
    pub fn due(&self, leads: bool, now: Timestamp) -> Vec<Kept> {
        let row = |(key, entry): (&TenantKey, &Entry)| {
            let vouches = leads && entry.looked.is_some();
            if !vouches && !entry.counted {
                return None;
            }
            let measures = if vouches { entry.activity } else { Activity::default() };
            let activity = Activity { request: entry.activity.request.filter(|_| entry.counted), ..measures };
            let is_old = |at: Timestamp| now < at || now.duration_since(at) >= VOUCH_EVERY;
            let answer = entry.answer.filter(|_| vouches);
            let is_due = entry
                .written
                .is_none_or(|(written, said, at)| written != activity || said != answer || is_old(at));
            is_due.then(|| Kept {
                key: key.clone(),
                activity,
                counted: entry.counted.then_some(now),
                measured: entry.looked.filter(|_| vouches),
                until: vouches.then_some(now),
                answer,
            })
        };
        self.entries.iter().filter_map(row).collect()
    }

    /// These are in the ledger.
    pub fn written(&mut self, rows: Vec<Kept>, at: Timestamp) {
        for kept in rows {
            if let Some(entry) = self.entries.get_mut(&kept.key) {
                entry.written = Some((kept.activity, kept.answer, at));
            }
        }
    }

    /// Forgets what the ledger said of tenants for which nobody has vouched since then.
    pub fn forget(&mut self, before: Timestamp) {
        self.kept.retain(|_, kept| kept.until.max(kept.counted) >= Some(before));
    }
}

/// The same with nothing in the future.
fn past(activity: &Activity, now: Timestamp) -> Activity {
    let past = |moment: Option<Timestamp>| moment.map(|moment| moment.min(now));
    Activity {
        request: past(activity.request),
        network: past(activity.network),
        cpu: past(activity.cpu),
        connections: past(activity.connections),
    }
}

fn key(tenant: &Tenant) -> TenantKey {
    (tenant.host.clone(), tenant.name.clone())
}

/// Who sleeps, or is about to, or is being woken.
fn sleeps(tenant: &Tenant) -> bool {
    matches!(tenant.state, State::Dumped | State::Dumping | State::Waking)
}

/// The moment for which something must be known of a tenant: of one that sleeps that at which it fell asleep.
fn moment(tenant: &Tenant, now: Timestamp) -> Timestamp {
    tenant.since.filter(|_| sleeps(tenant)).unwrap_or(now)
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
