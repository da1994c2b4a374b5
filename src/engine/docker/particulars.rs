//! What is asked of a container before it is put to sleep: one inspect, and one look at each session in it.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, PortMap};
use jiff::Timestamp;
use serde::Deserialize;

use super::call::{Call, encoded};
use super::inspect::Inspect;
use super::{DockerEngine, LONGEST_CALL, facts, limits};
use crate::engine::{EngineError, cgroup};
use crate::model::keeper::tell::lasting;
use crate::model::particulars::{Life, Particulars, Restart};
use crate::model::plain::plain;

/// How many sessions of one container are looked at.
const MOST_SESSIONS: usize = 64;
/// How often engines check a container's health where nobody says it.
const USUAL_INTERVAL: Duration = Duration::from_secs(30);

impl DockerEngine {
    /// A container as it is now, in bollard's words; nothing where there is none of that id.
    pub(super) async fn inspect_whole(
        &self,
        id: &str,
    ) -> Result<Option<ContainerInspectResponse>, EngineError> {
        Ok(self.inspect_in_words(id).await?.map(Inspect::into_whole))
    }

    pub(super) async fn look_closely(&self, id: &str) -> Result<Option<Particulars>, EngineError> {
        let Some(inspect) = self.inspect_in_words(id).await? else { return Ok(None) };
        self.notice_root(&inspect);
        let sessions = self.sessions(&inspect).await?;
        let Some(facts) = facts::of_inspect(&inspect, &self.naming) else { return Ok(None) };
        let config = inspect.host_config.clone().unwrap_or_default();
        let reach = self.reach(&inspect).await?;
        Ok(Some(Particulars {
            life: life(&inspect),
            restart: restart(&inspect),
            limits: limits::of_host_config(&config),
            sessions,
            stop_timeout: stop_timeout(&inspect),
            addresses: reach.addresses,
            ports: declared(&inspect).into_iter().collect(),
            published: reach.published,
            unreached: reach.unreached,
            checked_every: checked_every(&inspect),
            facts,
        }))
    }

    /// The commands that somebody runs in it now, those of its health check left out.
    async fn sessions(&self, inspect: &ContainerInspectResponse) -> Result<Vec<String>, EngineError> {
        let ids = inspect.exec_ids.as_deref().unwrap_or_default();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let check = inspect.config.as_ref().and_then(|config| config.healthcheck.as_ref());
        let check = check.and_then(|check| check.test.as_deref()).unwrap_or_default();
        let container = inspect.id.as_deref().unwrap_or_default();
        // Podman 4.3 calls a detached session running for minutes after its end, and Docker one whose end it has missed for good. Where
        // the first process of the container is seen from here, so is that of each session that really runs.
        let first =
            inspect.state.as_ref().and_then(|state| state.pid).and_then(|pid| u32::try_from(pid).ok());
        let sees = self.near && first.is_some_and(|pid| pid != 0 && cgroup::is_of(pid, container));
        let is_over = |pid: u32| sees && pid != 0 && !cgroup::is_of(pid, container);
        let started = life(inspect).started;
        let mut sessions = Vec::new();
        for id in ids.iter().take(MOST_SESSIONS) {
            let call = Call::get(format!("/exec/{}/json", encoded(id)));
            match call.read::<Session>(&self.transport, LONGEST_CALL).await {
                Ok(session)
                    if session.running && !is_over(session.pid) && !session.process.is_run_of(check) =>
                {
                    let age = if sees { cgroup::age(session.pid) } else { None };
                    sessions.push(told(&session.process.text(), id, age, started, Timestamp::now()));
                }
                Ok(_) => {}
                // It ended meanwhile.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        if ids.len() > MOST_SESSIONS {
            sessions.push(format!("{} more that were not looked at", ids.len() - MOST_SESSIONS));
        }
        Ok(sessions)
    }
}

/// A session in words: its command, its id, and how old it is; engines do not say the last, so it is told from here where its process is,
/// else no more than that it is not older than its container.
fn told(
    command: &str,
    id: &str,
    age: Option<Duration>,
    started: Option<Timestamp>,
    now: Timestamp,
) -> String {
    let id = plain(id.get(..12).unwrap_or(id)).into_owned();
    let since_start = started.and_then(|started| Duration::try_from(now.duration_since(started)).ok());
    match (age, since_start) {
        (Some(age), _) => format!("{command}; exec {id}, {} old", lasting(age)),
        (None, Some(most)) => format!("{command}; exec {id}, at most {} old", lasting(most)),
        (None, None) => format!("{command}; exec {id}"),
    }
}

fn life(inspect: &ContainerInspectResponse) -> Life {
    let state = inspect.state.as_ref();
    // "0001-01-01T00:00:00Z" is the engine's way to say never.
    let time = |text: Option<&String>| {
        text.and_then(|text| text.parse().ok()).filter(|time| *time > Timestamp::UNIX_EPOCH)
    };
    Life {
        started: time(state.and_then(|state| state.started_at.as_ref())),
        finished: time(state.and_then(|state| state.finished_at.as_ref())),
    }
}

/// An engine's word for a container that may take as long as it wants is a negative number.
fn stop_timeout(inspect: &ContainerInspectResponse) -> Option<Duration> {
    let seconds = inspect.config.as_ref()?.stop_timeout?;
    Some(u64::try_from(seconds).map_or(Duration::MAX, Duration::from_secs))
}

fn restart(inspect: &Inspect) -> Restart {
    let config = inspect.host_config.as_ref();
    let policy = config.and_then(|config| config.restart_policy.as_ref());
    Restart {
        name: inspect.restart.clone(),
        most: policy.and_then(|policy| policy.maximum_retry_count).unwrap_or(0),
    }
}

/// The number in `80/tcp`.
pub(super) fn tcp(port: &str) -> Option<u16> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    number.parse().ok().filter(|_| protocol == "tcp")
}

fn declared(inspect: &ContainerInspectResponse) -> BTreeSet<u16> {
    let exposed = inspect.config.as_ref().and_then(|config| config.exposed_ports.as_ref());
    let bound = inspect.host_config.as_ref().and_then(|config| config.port_bindings.as_ref());
    let exposed = exposed.into_iter().flatten().filter_map(|port| tcp(port));
    exposed.chain(bound.into_iter().flat_map(PortMap::keys).filter_map(|port| tcp(port))).collect()
}

/// How often its health is checked, where it is.
fn checked_every(inspect: &ContainerInspectResponse) -> Option<Duration> {
    let check = inspect.config.as_ref()?.healthcheck.as_ref()?;
    check.test.as_deref().filter(|test| !matches!(test, [] | [_]))?;
    let written =
        check.interval.and_then(|interval| u64::try_from(interval).ok()).filter(|interval| *interval > 0);
    Some(written.map_or(USUAL_INTERVAL, Duration::from_nanos))
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "Running", default)]
    running: bool,
    #[serde(rename = "Pid", default)]
    pid: u32,
    #[serde(rename = "ProcessConfig", default)]
    process: Process,
}

#[derive(Default, Deserialize)]
struct Process {
    #[serde(default)]
    entrypoint: String,
    #[serde(default)]
    arguments: Option<Vec<String>>,
}

impl Process {
    fn text(&self) -> String {
        let words = std::iter::once(&self.entrypoint).chain(self.arguments.iter().flatten());
        plain(&words.map(String::as_str).collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// Whether this is what the health check runs. The shell of `CMD-SHELL` is the image's own.
    fn is_run_of(&self, check: &[String]) -> bool {
        let arguments = self.arguments.as_deref().unwrap_or_default();
        match check {
            [kind, command] if kind == "CMD-SHELL" => arguments.last() == Some(command),
            [kind, program, rest @ ..] if kind == "CMD" => self.entrypoint == *program && arguments == rest,
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "particulars_tests.rs"]
mod tests;
