//! What one event says of its container.

use crate::model::container::{Facts, Health, Phase};
use crate::model::event::{Event, Happening};

/// Writes an event's news into the facts. Says whether the container must be inspected to know the rest.
pub(super) fn tell(facts: &mut Facts, event: &Event) -> bool {
    facts.name = event.name.clone();
    facts.place = event.place.clone();
    let mut enter = |phase| {
        facts.phase = phase;
        facts.since = Some(event.time);
    };
    match &event.what {
        Happening::Started => {
            enter(Phase::Running);
            facts.oom = false;
            (facts.detail, facts.ports) = (None, None);
            match facts.health {
                Health::None => {}
                // Only an inspect tells whether there is a check at all.
                Health::Unknown => return true,
                _ => facts.health = Health::Starting,
            }
            false
        }
        Happening::Paused => {
            enter(Phase::Paused);
            false
        }
        Happening::Unpaused => {
            enter(Phase::Running);
            // A list does not show the health of a paused container.
            facts.health == Health::Unknown
        }
        Happening::Died { code } => {
            enter(Phase::Exited(*code));
            (facts.detail, facts.ports) = (None, None);
            // Out of memory, about to be restarted, a job that is done? The event does not say.
            true
        }
        Happening::OutOfMemory => {
            facts.oom = true;
            false
        }
        Happening::Health(health) => {
            let before = facts.state();
            facts.health = *health;
            if facts.state() != before {
                facts.since = Some(event.time);
            }
            false
        }
        _ => false,
    }
}
