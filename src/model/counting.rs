//! Which of a tenant's containers count: those that make its state, that requests are led to and that a wake starts.

use std::sync::Arc;

use super::container::{Facts, Phase};
use super::naming::without_replaced_prefix;
use super::supervisor::Supervisor;

/// The containers that count. One-off containers, those that were never started, and jobs that have done their work do not, as long
/// as the tenant has any other; neither does one that compose or an orchestrator has replaced.
pub fn counted(all: &[Arc<Facts>]) -> impl Iterator<Item = &Arc<Facts>> {
    let ranks = |facts: &Arc<Facts>| rank(facts, all);
    let first = all.iter().map(ranks).min();
    all.iter().filter(move |facts| Some(ranks(facts)) == first)
}

/// Only the containers of the lowest rank count.
fn rank(facts: &Facts, all: &[Arc<Facts>]) -> u8 {
    if facts.asleep.is_some() {
        return 0;
    }
    if facts.is_oneoff() || is_replaced(facts, all) {
        return 2;
    }
    u8::from(facts.phase == Phase::Created || facts.is_done())
}

/// Whether compose has renamed it, to remove it once the container is up that has its name now; or it has ended, and the program
/// that keeps it makes another one instead of starting it.
fn is_replaced(facts: &Facts, all: &[Arc<Facts>]) -> bool {
    let ended = matches!(facts.phase, Phase::Created | Phase::Exited(_) | Phase::Removing | Phase::Dead);
    let supervisor = facts.setup.as_ref().and_then(|setup| setup.supervisor.as_ref());
    if ended && supervisor.is_some_and(Supervisor::replaces) {
        return true;
    }
    ended
        && without_replaced_prefix(&facts.name)
            .is_some_and(|name| all.iter().any(|other| *other.name == *name && other.id != facts.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::tests::facts;
    use crate::model::container::{Detail, Health};
    use crate::model::method::Method;
    use crate::model::setup::Setup;
    use rstest::rstest;

    fn container(what: &str) -> Arc<Facts> {
        let (name, phase) = match what {
            "done" | "always" => ("job", Phase::Exited(Some(0))),
            "failed" => ("job", Phase::Exited(Some(1))),
            "killed" => ("job", Phase::Exited(Some(143))),
            "task" => ("task", Phase::Exited(Some(1))),
            "created" => ("made", Phase::Created),
            "asleep" => ("app", Phase::Exited(Some(0))),
            "oneoff" => ("run", Phase::Running),
            "replaced" => ("0123456789ab_app", Phase::Exited(Some(0))),
            _ => ("app", Phase::Running),
        };
        let mut it = facts(what, phase);
        it.name = name.into();
        it.asleep = (what == "asleep").then_some(Method::Stop);
        it.health = Health::None;
        it.detail = (what == "always").then_some(Detail { starts_again: true, ..Detail::default() });
        it.setup = (what == "oneoff").then(|| Arc::new(Setup { oneoff: true, ..Setup::default() }));
        if what == "task" {
            let supervisor = Some(Supervisor::Swarm("acme".into()));
            it.setup = Some(Arc::new(Setup { supervisor, ..Setup::default() }));
        }
        Arc::new(it)
    }

    #[rstest]
    #[case("running done", "running")]
    #[case("running always", "running always")]
    #[case("running failed", "running failed")]
    #[case("running killed", "running killed")]
    #[case("running created", "running")]
    #[case("running oneoff", "running")]
    #[case("running replaced", "running")]
    #[case("running task", "running")]
    #[case("task", "task")]
    #[case("asleep done created oneoff", "asleep")]
    #[case("failed done", "failed")]
    #[case("done created", "done created")]
    #[case("done oneoff", "done")]
    #[case("created", "created")]
    #[case("oneoff", "oneoff")]
    #[case("replaced", "replaced")]
    fn those_that_count(#[case] all: &str, #[case] expected: &str) {
        let all: Vec<_> = all.split(' ').map(container).collect();
        let found: Vec<&str> = counted(&all).map(|facts| &*facts.id).collect();
        assert_eq!(found.join(" "), expected);
    }
}
