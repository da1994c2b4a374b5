//! Who seems to start a tenant's containers against its sleep, by what engines say of them.

use std::sync::Arc;

use crate::model::container::{Facts, Health};
use crate::model::supervisor::Supervisor;

/// The program that seems to start these containers, in words.
#[must_use]
pub fn suspect(containers: &[Arc<Facts>]) -> &'static str {
    let supervisor = |facts: &Arc<Facts>| facts.setup.as_ref()?.supervisor.as_ref().map(Supervisor::name);
    let is_checked = |facts: &Arc<Facts>| !matches!(facts.health, Health::None | Health::Unknown);
    let starts_again = |facts: &Arc<Facts>| facts.detail.is_some_and(|detail| detail.starts_again);
    if let Some(name) = containers.iter().find_map(supervisor) {
        name
    } else if containers.iter().any(is_checked) {
        "a watcher of health checks, such as autoheal"
    } else if containers.iter().any(starts_again) {
        "its engine, by the restart policy"
    } else {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::tests::facts;
    use crate::model::container::{Detail, Phase};
    use crate::model::setup::Setup;
    use crate::model::supervisor::Supervisor;

    #[test]
    fn what_is_known_of_it_tells() {
        let mut it = facts("a", Phase::Running);
        let told = |it: &Facts| suspect(&[Arc::new(it.clone())]);
        assert_eq!(told(&it), "unknown");
        it.detail = Some(Detail { starts_again: true, ..Detail::default() });
        assert_eq!(told(&it), "its engine, by the restart policy");
        it.health = Health::Starting;
        assert_eq!(told(&it), "a watcher of health checks, such as autoheal");
        let supervisor = Some(Supervisor::Systemd("acme.service".into()));
        it.setup = Some(Arc::new(Setup { supervisor, ..Setup::default() }));
        assert_eq!(told(&it), "systemd");
    }
}
