//! The other containers on a ticket's host: a sleep may break those that use something of its tenant's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;

use super::job::Job;
use crate::model::container::{ContainerId, Facts, Phase};
use crate::model::method::Method;
use crate::model::setup::Setup;

/// So many are inspected at once.
const AT_ONCE: usize = 8;
/// Of so many it is remembered how they were set up.
const MOST_KNOWN: usize = 20_000;

/// How containers were set up that had to be inspected for it. That never changes.
#[derive(Default)]
pub(super) struct Setups {
    known: Mutex<HashMap<ContainerId, Arc<Setup>>>,
}

impl Setups {
    fn get(&self, id: &ContainerId) -> Option<Arc<Setup>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, id: ContainerId, setup: Arc<Setup>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(id, setup);
    }
}

/// The containers on the ticket's host as the snapshot has them, with how they were set up: a list tells a part of that. None where
/// no method is wanted that could break any.
pub(super) async fn of(job: &Job, wanted: &[Method]) -> Vec<Arc<Facts>> {
    let Some(host) = job.host.as_ref().filter(|_| wanted.iter().any(|it| *it != Method::Freeze)) else {
        return Vec::new();
    };
    let all = host.tenants.iter().flat_map(|tenant| &tenant.containers);
    let all: Vec<Arc<Facts>> = all.filter(|facts| facts.phase != Phase::Gone).cloned().collect();
    let mut told = Vec::with_capacity(all.len());
    for portion in all.chunks(AT_ONCE) {
        told.extend(join_all(portion.iter().map(|facts| whole(job, facts))).await);
    }
    told
}

/// The same container, with how it was set up as far as that can be known.
async fn whole(job: &Job, facts: &Arc<Facts>) -> Arc<Facts> {
    match setup(job, facts).await {
        Some(setup) => Arc::new(Facts { setup: Some(setup), ..Facts::clone(facts) }),
        None => facts.clone(),
    }
}

/// How a container was set up, where the snapshot does not tell it all.
async fn setup(job: &Job, facts: &Facts) -> Option<Arc<Setup>> {
    if facts.setup.as_ref().is_some_and(|setup| setup.is_whole) {
        return None;
    }
    if let Some(known) = job.tools.setups.get(&facts.id) {
        return Some(known);
    }
    // What an engine does not tell of one container keeps no other awake.
    let found = job.engine.inspect(&facts.id).await.ok().flatten()?.setup?;
    job.tools.setups.keep(facts.id.clone(), found.clone());
    Some(found)
}
