//! How a container's lives begin and end, and what its health check says in between.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::scenario::RestartPolicy;
use crate::demo::chance::Chance;
use crate::demo::container::{CANARY, Container, Health, Phase};
use crate::demo::event::Events;
use crate::demo::rare::Ticks;

/// A container that ran so long is no longer in a crash loop.
const LASTED: Duration = Duration::from_secs(10);
/// The longest wait of a restart policy.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One run of a health check, as the engine tells it: an exec from its making to its end.
pub(super) fn health_check(events: &mut Events, now: Timestamp, container: &Container, exec: String) {
    let failed = container.health == Some(Health::Unhealthy);
    let id = ("execID", exec);
    events.tell(now, container, "exec_create: /bin/sh -c check".to_owned(), std::slice::from_ref(&id));
    events.tell(now, container, "exec_start: /bin/sh -c check".to_owned(), std::slice::from_ref(&id));
    let code = ("exitCode", i32::from(failed).to_string());
    events.tell(now, container, "exec_die".to_owned(), &[id, code]);
}

/// Its check says something new; gives the event, where that is news.
pub(super) fn change_health(container: &mut Container, health: Health) -> Option<&'static str> {
    if container.phase != Phase::Running || container.health.is_none_or(|before| before == health) {
        return None;
    }
    container.health = Some(health);
    Some(match health {
        Health::Starting => "health_status: starting",
        Health::Healthy => "health_status: healthy",
        Health::Unhealthy => "health_status: unhealthy",
    })
}

/// Starts it cold.
pub(super) fn start(container: &mut Container, now: Timestamp, chance: &mut Chance) {
    // Whoever starts it by hand starts the count anew.
    container.restarts = if container.phase == Phase::Restarting { container.restarts + 1 } else { 0 };
    container.phase = Phase::Running;
    container.started = Some(now);
    container.oom = false;
    container.health = container.spec.health.then_some(Health::Starting);
    container.usage.start(now);
    container.held = false;
    if let Some(rare) = &mut container.rare {
        rare.error.clear();
    }
    if container.spec.image == CANARY {
        // Enough that a squeeze can be told from none.
        container.usage.fill();
        let life = u32::try_from(chance.bits() >> 32).unwrap_or(1);
        container.rare_mut().ticks = Some(Ticks::begin(life, now));
    }
}

/// Ends it; says how long the engine waits before it starts it again, where it does.
pub(super) fn die(
    container: &mut Container,
    now: Timestamp,
    code: i64,
    oom: bool,
    by_itself: bool,
) -> Option<Duration> {
    container.usage.look(now, container.phase == Phase::Running);
    let lasted = container.started.is_some_and(|started| now > started + LASTED);
    if lasted && container.loops_left == 0 {
        container.streak = 0;
    }
    if container.phase == Phase::Running
        && let Some(ticks) = container.ticks_mut()
    {
        ticks.halt(now);
    }
    let most = container.rare.as_mut().map_or(0, |rare| {
        rare.sessions.clear();
        rare.retries
    });
    container.usage.end();
    container.phase = Phase::Exited;
    container.finished = Some(now);
    container.exit_code = code;
    container.oom = oom;
    let again = match container.spec.restart {
        RestartPolicy::No => false,
        RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
        RestartPolicy::OnFailure => code != 0 && (most == 0 || i64::from(container.restarts) < most),
    };
    if !(by_itself && again) {
        container.loops_left = 0;
        return None;
    }
    container.phase = Phase::Restarting;
    let wait = Duration::from_millis(100 << container.streak.min(10)).min(LONGEST_WAIT);
    container.streak += 1;
    Some(wait)
}
