//! When a woken container counts as back.

use std::time::Duration;

use super::container::Health;
use super::method::Method;
use super::policy::{Policy, Ready};

/// What must be seen of a woken container before its tenant counts as back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// It answers where the operator said.
    Answer(Ready),
    /// Its health check passes.
    Health,
    /// Its health check passes; or, where that says nothing for too long, one of these ports takes connections, at which it
    /// answered before.
    HealthOrPorts(Vec<u16>),
    /// One of these ports, at which it answered before, takes connections.
    Ports(Vec<u16>),
    /// It runs: nothing else is known of it.
    Runs,
}

/// What must be seen of a container that came back by that way.
///
/// A container that starts cold is ready when its health check says so, but a check that runs seldom, or never, makes no tenant
/// unreachable that answers. One that kept its memory goes on where it was: there a port that answers tells more, and sooner.
#[must_use]
pub fn need(configured: Option<&Ready>, back_by: Option<Method>, health: Health, ports: &[u16]) -> Need {
    if let Some(ready) = configured {
        return Need::Answer(ready.clone());
    }
    let cold = back_by.is_some_and(|method| !method.keeps_memory());
    let checked = !matches!(health, Health::None | Health::Unknown);
    if checked && ports.is_empty() {
        return Need::Health;
    }
    if checked && cold {
        return Need::HealthOrPorts(ports.to_vec());
    }
    if ports.is_empty() { Need::Runs } else { Need::Ports(ports.to_vec()) }
}

/// Health checks that run at most so far apart are waited for.
const OFTEN: Duration = Duration::from_secs(5);

/// How long a container must have been up before an open port counts in place of its health check, which runs so often: two
/// runs of it, where they come soon.
#[must_use]
pub fn health_goes_first(every: Option<Duration>) -> Duration {
    every.filter(|every| *every <= OFTEN).map_or(Duration::ZERO, |every| every * 2)
}

impl Policy {
    /// Where the operator says that this tenant answers.
    #[must_use]
    pub fn ready_of(&self, tenant: &str) -> Option<&Ready> {
        self.ready.iter().find(|(pattern, _)| super::naming::fits(pattern, tenant)).map(|(_, ready)| ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::cold_and_checked(Some(Method::Stop), Health::Starting, &[80], Need::HealthOrPorts(vec![80]))]
    #[case::cold_checked_and_without_ports(Some(Method::Stop), Health::Starting, &[], Need::Health)]
    #[case::cold(Some(Method::Destroy), Health::None, &[80], Need::Ports(vec![80]))]
    #[case::restored_and_checked(Some(Method::Checkpoint), Health::Starting, &[80], Need::Ports(vec![80]))]
    #[case::restored_without_ports(Some(Method::Checkpoint), Health::Starting, &[], Need::Health)]
    #[case::thawed(Some(Method::Freeze), Health::None, &[], Need::Runs)]
    #[case::was_awake(None, Health::Healthy, &[], Need::Health)]
    fn what_must_be_seen(
        #[case] back_by: Option<Method>,
        #[case] health: Health,
        #[case] ports: &[u16],
        #[case] expected: Need,
    ) {
        assert_eq!(need(None, back_by, health, ports), expected);
        let told = Ready::Port(8080);
        assert_eq!(need(Some(&told), back_by, health, ports), Need::Answer(told));
    }

    #[rstest]
    #[case::nobody_knows(None, 0)]
    #[case::soon(Some(2), 4)]
    #[case::seldom(Some(30), 0)]
    fn a_health_check_is_waited_for_where_it_runs_soon(#[case] every: Option<u64>, #[case] seconds: u64) {
        assert_eq!(health_goes_first(every.map(Duration::from_secs)), Duration::from_secs(seconds));
    }
}
