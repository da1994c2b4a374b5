//! Where a running tenant answers: its engine is asked for the address of the container that requests are led to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Connected, reach};
use crate::model::container::{Facts, Phase};
use crate::model::door::Lead;
use crate::model::fleet::Fleet;
use crate::model::host::HostName;
use crate::model::particulars::Particulars;
use crate::model::reach::{Candidate, candidates, no_way};
use crate::model::work::TenantKey;

/// How long an engine may take to say it.
const WITHIN: Duration = Duration::from_secs(5);
/// The most containers of one tenant that are asked about.
const MOST_CONTAINERS: usize = 16;

/// The most addresses of one tenant that are tried.
const MOST_CANDIDATES: usize = 64;

/// Why nobody can be led there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nowhere {
    /// It does not run yet, as far as is known: what comes next may tell.
    #[error("{0}")]
    NotYet(String),
    /// It runs, and takes no connections yet, or no more.
    #[error("{0}")]
    Silent(String),
    /// That does not change by itself.
    #[error("{0}")]
    Never(String),
}

/// Whom to ask.
#[derive(Clone)]
pub(super) struct Atlas {
    pub hosts: Arc<[(HostName, watch::Receiver<Connected>)]>,
    pub fleet: watch::Receiver<Arc<Fleet>>,
}

impl Atlas {
    /// The address at which the tenant answers now.
    pub async fn locate(&self, (host, tenant): &TenantKey, lead: &Lead) -> Result<Candidate, Nowhere> {
        let fleet = self.fleet.borrow().clone();
        let known = fleet.tenant(host, tenant);
        let known = known.ok_or_else(|| Nowhere::NotYet(format!("{tenant} is not there")))?;
        let is_it = |facts: &&Arc<Facts>| {
            facts.phase != Phase::Gone
                && lead.role.as_deref().is_none_or(|role| facts.place.role.as_deref() == Some(role))
        };
        let sought: Vec<_> = known.counted().filter(is_it).take(MOST_CONTAINERS).collect();
        if let (Some(role), true) = (&lead.role, sought.is_empty()) {
            return Err(Nowhere::NotYet(format!("{tenant} has no container of the role {role}")));
        }
        let connected = self.hosts.iter().find(|(name, _)| name == host);
        let engine = connected.and_then(|(_, connected)| connected.borrow().clone());
        let engine = engine.ok_or_else(|| Nowhere::NotYet(format!("{host} does not answer")))?;
        let asked = sought.into_iter().map(|facts| engine.particulars(&facts.id));
        let answers = timeout(WITHIN, join_all(asked)).await;
        let answers = answers.map_err(|_| Nowhere::NotYet(format!("{host} takes too long to answer")))?;
        let mut running = Vec::new();
        for answer in answers {
            match answer {
                Ok(Some(it)) if it.facts.phase == Phase::Running => running.push(it),
                Ok(_) => {}
                Err(error) => return Err(Nowhere::NotYet(format!("where it is cannot be asked: {error}"))),
            }
        }
        let candidates = choose(tenant, &running, lead)?;
        let silent = |why| Nowhere::Silent(format!("{tenant} runs and does not answer: {why}"));
        reach::answering(&candidates).await.map_err(silent)
    }
}

/// Which of the running containers it may be, and where.
fn choose(tenant: &str, running: &[Particulars], lead: &Lead) -> Result<Vec<Candidate>, Nowhere> {
    let never = |why: String| Nowhere::Never(format!("{tenant}: {why}"));
    let has = |it: &&Particulars| {
        lead.port.is_none_or(|port| {
            it.ports.contains(&port) || it.published.iter().any(|(inner, _)| *inner == port)
        })
    };
    let able: Vec<&Particulars> = running.iter().filter(has).collect();
    let meant: Vec<&Particulars> = match running {
        [] => return Err(Nowhere::NotYet(format!("{tenant} does not run"))),
        [one] => vec![one],
        // Of several with one role any will do that answers.
        several if lead.role.is_some() && able.is_empty() => several.iter().collect(),
        _ if lead.role.is_some() || able.len() == 1 => able,
        _ => return Err(never("it has several containers: say which by `role`".to_owned())),
    };
    let mut all = Vec::new();
    let mut why = None;
    for it in meant {
        let port = match (lead.port, &*it.ports) {
            (Some(port), _) => port,
            (None, [port]) => *port,
            (None, _) => {
                let which = "its container declares no port, or several: say which by `port`";
                why.get_or_insert(which.to_owned());
                continue;
            }
        };
        let found = candidates(it, port);
        if found.is_empty() {
            why.get_or_insert(no_way(it, Some(port)));
        }
        all.extend(found);
    }
    all.truncate(MOST_CANDIDATES);
    match why {
        Some(why) if all.is_empty() => Err(never(why)),
        _ => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    use crate::model::container::tests::facts;
    use crate::model::particulars::{Life, Limits, Restart};

    fn container(name: &str, ports: &[u16]) -> Particulars {
        Particulars {
            facts: facts(name, Phase::Running),
            life: Life::default(),
            restart: Restart::default(),
            limits: Limits::default(),
            sessions: Vec::new(),
            stop_timeout: None,
            addresses: vec![format!("172.17.0.{name}").parse().unwrap()],
            ports: ports.to_vec(),
            published: Vec::new(),
            unreached: None,
            checked_every: None,
        }
    }

    #[rstest]
    #[case::the_only_one(&[("2", &[][..])], None, Some(8080), Ok("172.17.0.2:8080"))]
    #[case::its_only_port(&[("2", &[80][..])], None, None, Ok("172.17.0.2:80"))]
    #[case::who_has_the_port(&[("2", &[5432][..]), ("3", &[8080][..])], None, Some(8080), Ok("172.17.0.3:8080"))]
    #[case::one_of_a_role(&[("2", &[][..]), ("3", &[][..])], Some("app"), Some(80), Ok("172.17.0.2:80 172.17.0.3:80"))]
    #[case::those_of_a_role_with_the_port(&[("2", &[][..]), ("3", &[80][..])], Some("app"), Some(80), Ok("172.17.0.3:80"))]
    #[case::which_port(&[("2", &[80, 443][..])], None, None, Err("say which by `port`"))]
    #[case::no_port(&[("2", &[][..])], None, None, Err("say which by `port`"))]
    #[case::which_container(&[("2", &[80][..]), ("3", &[80][..])], None, Some(80), Err("say which by `role`"))]
    #[case::nobody(&[], None, Some(80), Err("does not run"))]
    fn where_requests_are_led(
        #[case] running: &[(&str, &[u16])],
        #[case] role: Option<&str>,
        #[case] port: Option<u16>,
        #[case] expected: Result<&str, &str>,
    ) {
        let running: Vec<_> = running.iter().map(|(name, ports)| container(name, ports)).collect();
        let lead = Lead { role: role.map(Into::into), port };
        match (choose("acme", &running, &lead), expected) {
            (Ok(found), Ok(expected)) => {
                let found: Vec<String> = found.iter().map(|it| it.at.to_string()).collect();
                assert_eq!(found.join(" "), expected);
            }
            (Err(why), Err(expected)) => assert!(why.to_string().contains(expected), "{why}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}
