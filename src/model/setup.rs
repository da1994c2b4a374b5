//! How a container was set up: what is fixed at its creation and matters to others than itself.

use std::sync::Arc;

use super::naming::{COMPOSE_PROJECT, COMPOSE_SERVICE};
use super::plain::plain;
use super::supervisor::Supervisor;

/// The label by which compose marks the containers of `compose run`.
const COMPOSE_ONEOFF: &str = "com.docker.compose.oneoff";
/// The label by which compose says which services must be there first.
const COMPOSE_DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// The most services or containers of one kind that are remembered.
const MOST: usize = 64;

/// How a container was set up. An engine never changes it afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// An inspect has told it. A list tells labels and the network only.
    pub is_whole: bool,
    /// Somebody ran it for one task, beside the services of its project (`compose run`).
    pub oneoff: bool,
    /// The program beside wakeboard that keeps it.
    pub supervisor: Option<Supervisor>,
    /// Its compose project.
    pub project: Option<Arc<str>>,
    /// Its name within that project.
    pub service: Option<Arc<str>>,
    /// The services of that project that it needs (compose `depends_on`).
    pub depends_on: Vec<Arc<str>>,
    /// The containers that it uses something of.
    pub uses: Vec<Use>,
    /// Its engine removes it when it ends (`--rm`).
    pub removed_at_end: bool,
}

/// Something of another container that a container uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What it uses.
    pub part: Part,
    /// Whose: an id or a name, as the engine says it.
    pub of: Arc<str>,
}

/// What a container may use of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its network (`--network container:X`).
    Network,
    /// Its shared memory and semaphores (`--ipc container:X`).
    Ipc,
    /// Its processes (`--pid container:X`).
    Processes,
    /// Its address (`--link X`).
    Link,
    /// Its volumes (`--volumes-from X`).
    Volumes,
}

impl Part {
    /// The noun for sentences.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Part::Network => "network",
            Part::Ipc => "shared memory",
            Part::Processes => "process space",
            Part::Link => "address (--link)",
            Part::Volumes => "volumes",
        }
    }
}

impl Setup {
    /// What labels say.
    pub fn of_labels<'a>(label: impl Fn(&str) -> Option<&'a str>) -> Setup {
        let text = |key: &str| label(key).filter(|value| !value.is_empty()).map(shared);
        Setup {
            oneoff: label(COMPOSE_ONEOFF).is_some_and(|value| value.eq_ignore_ascii_case("true")),
            supervisor: Supervisor::of_labels(&label),
            project: text(COMPOSE_PROJECT),
            service: text(COMPOSE_SERVICE),
            depends_on: label(COMPOSE_DEPENDS_ON).map(services).unwrap_or_default(),
            ..Setup::default()
        }
    }

    /// Takes in a mode as engines write it: `container:ID` is a use of that container, all else is none.
    pub fn add_mode(&mut self, part: Part, mode: &str) {
        if let Some(of) = mode.strip_prefix("container:") {
            self.add(part, of);
        }
    }

    /// Takes in a use of another container, by its id or name.
    pub fn add(&mut self, part: Part, of: &str) {
        let of = of.trim_start_matches('/');
        if !of.is_empty() && self.uses.len() < MOST {
            self.uses.push(Use { part, of: shared(of) });
        }
    }
}

/// The services in `db:service_started:false,cache:service_healthy:true`.
fn services(label: &str) -> Vec<Arc<str>> {
    let service = |part: &str| part.split(':').next().map(str::trim).filter(|it| !it.is_empty()).map(shared);
    label.split(',').filter_map(service).take(MOST).collect()
}

fn shared(text: &str) -> Arc<str> {
    plain(text).as_ref().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("db:service_started:false,cache:service_healthy:true", &["db", "cache"])]
    #[case("db", &["db"])]
    #[case("", &[])]
    fn services_that_it_needs(#[case] label: &str, #[case] expected: &[&str]) {
        assert_eq!(services(label).iter().map(|it| &**it).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_other_containers_are_uses() {
        let mut setup = Setup::default();
        for mode in ["default", "bridge", "host", "none", "private", "", "container:", "ns:/run/x"] {
            setup.add_mode(Part::Network, mode);
        }
        assert_eq!(setup, Setup::default());
        setup.add_mode(Part::Ipc, "container:a1");
        setup.add(Part::Link, "/acme-db");
        let used: Vec<_> = setup.uses.iter().map(|it| (it.part, &*it.of)).collect();
        assert_eq!(used, [(Part::Ipc, "a1"), (Part::Link, "acme-db")]);
    }
}
