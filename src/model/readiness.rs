//! When a woken container counts as back.

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
    /// One of these ports, at which it answered before, takes connections.
    Ports(Vec<u16>),
    /// It runs: nothing else is known of it.
    Runs,
}

/// What must be seen of a container that came back by that way.
///
/// A container that starts cold is ready when its health check says so. One that kept its memory goes on where it was,
/// and its health check may say nothing for its whole interval: there a port that answers tells more, and sooner.
#[must_use]
pub fn need(configured: Option<&Ready>, back_by: Option<Method>, health: Health, ports: &[u16]) -> Need {
    if let Some(ready) = configured {
        return Need::Answer(ready.clone());
    }
    let cold = back_by.is_some_and(|method| !method.keeps_memory());
    let checked = !matches!(health, Health::None | Health::Unknown);
    if checked && (cold || ports.is_empty()) {
        return Need::Health;
    }
    if ports.is_empty() { Need::Runs } else { Need::Ports(ports.to_vec()) }
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
    #[case::cold_and_checked(Some(Method::Stop), Health::Starting, &[80], Need::Health)]
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
}
