//! Sleepers: containers that are put to sleep, with all that is needed to bring them back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::container::{ContainerId, Phase};
use super::host::HostName;
use super::method::Method;
use super::needs::Needs;
use super::particulars::{Life, Limits, Particulars, Restart};
use super::ticket::{Ticket, TicketId};
use super::tier::Tier;

/// A container that is put to sleep. Written before the first call that changes anything, so that whoever finds the
/// container later, in whatever state, knows what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sleeper {
    /// The whole id. After a `destroy` it is of the container that was.
    pub container: ContainerId,
    /// The container's name.
    pub name: Arc<str>,
    /// The image as it was asked for.
    pub image: Arc<str>,
    /// The host.
    pub host: HostName,
    /// The tenant.
    pub tenant: Arc<str>,
    /// What the container is for its tenant.
    pub role: Option<Arc<str>>,
    /// The tenant's tier.
    pub tier: Option<Tier>,
    /// How it is put to sleep.
    pub method: Method,
    /// Where it is on its way.
    pub stage: Stage,
    /// Since when it is at that stage. One that was put deeper sleeps since it first fell asleep.
    pub since: Timestamp,
    /// The ticket that put it to sleep.
    pub ticket: TicketId,
    /// Its place in the order of dumping; waking goes the other way.
    pub order: u32,
    /// Which life of the container was put to sleep: once it has another, this record is void.
    pub life: Life,
    /// What was set aside for the sleep.
    pub restart: Restart,
    /// The limits that it had.
    pub limits: Limits,
    /// How long it may take to stop, by its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<Duration>,
    /// It has written outside of its mounts, and was put to sleep otherwise than by `destroy` for that: no rule removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_written: bool,
    /// The checkpoint's name, where the method makes one.
    pub checkpoint: Option<String>,
    /// Checkpoints that failed to wake it: never offered again.
    pub set_aside: Vec<String>,
    /// Ports at which it answered before.
    pub ports: Vec<u16>,
    /// What is needed to create it again, in the engine's own words, where the method removes it.
    pub recipe: Option<String>,
    /// What it needs of its host to be made again; nothing in records of programs that did not look.
    #[serde(default)]
    pub needs: Option<Needs>,
    /// What it used before, in bytes.
    pub memory_before: Option<u64>,
    /// What it still uses while asleep, in bytes.
    pub memory_left: Option<u64>,
}

/// Where a sleeper is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Somebody means to put it to sleep, and may have begun.
    Going,
    /// It sleeps.
    Asleep,
    /// Somebody means to wake it, and may have begun.
    Waking,
}

impl Sleeper {
    /// The memory that its sleep frees, in bytes.
    #[must_use]
    pub fn saved(&self) -> u64 {
        match self.stage {
            Stage::Going => 0,
            Stage::Asleep | Stage::Waking => {
                self.memory_before.unwrap_or(0).saturating_sub(self.memory_left.unwrap_or(0))
            }
        }
    }
}

impl Sleeper {
    /// Writes that it sleeps since `now`, and which of its lives that ended or holds.
    pub fn falls_asleep(&mut self, life: Life, now: Timestamp) {
        (self.life, self.stage, self.since) = (life, Stage::Asleep, now);
    }

    /// The record of a container that lies down without our doing, so that it can be woken like the others. Nothing for
    /// one that runs.
    #[must_use]
    pub fn found_lying(it: &Particulars, ticket: &Ticket, order: usize, now: Timestamp) -> Option<Sleeper> {
        let method = match it.facts.phase {
            Phase::Paused => Method::Freeze,
            Phase::Exited(_) | Phase::Created => Method::Stop,
            _ => return None,
        };
        let place = &it.facts.place;
        Some(Sleeper {
            container: it.facts.id.clone(),
            name: it.facts.name.clone(),
            image: it.facts.image.clone(),
            host: ticket.host.clone(),
            tenant: ticket.tenant.clone(),
            role: place.role.clone(),
            tier: place.tier,
            method,
            stage: Stage::Waking,
            since: now,
            ticket: ticket.id,
            order: u32::try_from(order).unwrap_or(u32::MAX),
            life: it.life.clone(),
            restart: it.restart.clone(),
            limits: it.limits,
            stop_timeout: it.stop_timeout,
            has_written: false,
            checkpoint: None,
            set_aside: Vec::new(),
            ports: Vec::new(),
            recipe: None,
            needs: None,
            memory_before: None,
            memory_left: None,
        })
    }
}
