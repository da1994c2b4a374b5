//! Who depends on whom: what a container needs of others, in which order that puts them, and who would be broken.
//!
//! Dump, wake, plan and sheet all ask here.

use super::container::{Facts, Phase};
use super::method::Method;
use super::setup::{Part, Setup, Use};

/// Engines write ids short where people do: not shorter than this.
const SHORTEST_ID: usize = 12;

/// Whether one container needs another to be up: it uses something of it, or compose says so.
#[must_use]
pub fn needs(one: &Facts, other: &Facts) -> bool {
    if one.id == other.id {
        return false;
    }
    let Some(setup) = &one.setup else { return false };
    setup.uses.iter().any(|used| is(used, other)) || needs_service(setup, other)
}

fn needs_service(setup: &Setup, other: &Facts) -> bool {
    let Some(other) = &other.setup else { return false };
    let same_project = setup.project == other.project;
    same_project && other.service.as_ref().is_some_and(|service| setup.depends_on.contains(service))
}

/// What a container cannot start without: the namespaces of others.
pub fn joined(it: &Facts) -> impl Iterator<Item = &Use> {
    let uses = it.setup.as_ref().map_or(&[][..], |setup| &setup.uses);
    uses.iter().filter(|used| matches!(used.part, Part::Network | Part::Ipc | Part::Processes))
}

/// Whether something is used of the container of that id and name.
#[must_use]
pub fn is_of(used: &Use, id: &str, name: &str) -> bool {
    let of = &*used.of;
    of == name || of == id || (of.len() >= SHORTEST_ID && id.starts_with(of))
}

/// Whether it is that container which is used.
fn is(used: &Use, other: &Facts) -> bool {
    is_of(used, &other.id, &other.name)
}

/// Puts containers into the order of dumping: each before those that it needs. Among those that are free to go the first in line
/// goes; in a circle of needs as well.
#[must_use]
pub fn needing_first<T>(mut line: Vec<T>, needs: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut ordered = Vec::with_capacity(line.len());
    while !line.is_empty() {
        let is_free = |at: usize| {
            let others = line.iter().enumerate().filter(|(other, _)| *other != at);
            !others.into_iter().any(|(_, other)| needs(other, &line[at]))
        };
        let free = (0..line.len()).find(|at| is_free(*at));
        ordered.push(line.remove(free.unwrap_or(0)));
    }
    ordered
}

/// Why the containers that are `going` to sleep by that method would break one of the `others` on their host; nothing where they
/// break none. Others are all that do not go with them, of whatever tenant, whether they run or not.
#[must_use]
pub fn broken_by<'a>(
    going: &[&Facts],
    method: Method,
    others: impl Iterator<Item = &'a Facts>,
) -> Option<String> {
    // What is frozen keeps all that others use of it.
    if method == Method::Freeze {
        return None;
    }
    others.filter(|other| !going.iter().any(|it| it.id == other.id)).find_map(|other| {
        let uses = other.setup.as_ref().map_or(&[][..], |setup| &setup.uses);
        uses.iter().find_map(|used| {
            let owner = going.iter().find(|it| is(used, it))?;
            breaks(used.part, method, owner, other)
                .then(|| format!("{} uses its {} (that of {})", other.name, used.part.noun(), owner.name))
        })
    })
}

/// Whether that container's sleep breaks another which uses this of it.
fn breaks(part: Part, method: Method, owner: &Facts, other: &Facts) -> bool {
    match part {
        // Its mounts are its own.
        Part::Volumes => false,
        // A new container has another id, and what is linked by it finds it no more.
        Part::Link => method == Method::Destroy,
        Part::Network | Part::Ipc | Part::Processes => {
            let runs = matches!(other.phase, Phase::Running | Phase::Paused | Phase::Restarting);
            let of_another = other.place.tenant != owner.place.tenant;
            // One of the same tenant that lies down starts after its owner; one of another tenant may start at any time.
            method == Method::Destroy || runs || (of_another && !other.is_done())
        }
    }
}

/// Why a container cannot be put to sleep by that method by the way in which it was set up: its end would be final, another program
/// would undo it, or it could not be made again.
#[must_use]
pub fn forbids(it: &Facts, method: Method) -> Option<String> {
    let setup = it.setup.as_ref()?;
    if let Some(objection) = setup.supervisor.as_ref().and_then(|keeper| keeper.objects_to(method)) {
        return Some(format!("{}: {objection}", it.name));
    }
    // The end of such a container is its removal: only one that never ends can be brought back as it was.
    if setup.removed_at_end && method != Method::Freeze {
        return Some(format!("{} was started with --rm: it is removed when it ends", it.name));
    }
    // That other container may be removed too, and then there is no such id any more.
    let used = joined(it).next().filter(|_| method == Method::Destroy)?;
    Some(format!(
        "{} uses the {} of another container, which a new one might not find",
        it.name,
        used.part.noun()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::tests::facts;
    use crate::model::supervisor::Supervisor;
    use rstest::rstest;
    use std::sync::Arc;

    /// A container of a tenant, named `tenant-role`, that uses something of another.
    fn container(name: &str, phase: Phase, uses: &[(Part, &str)]) -> Facts {
        let mut it = facts(name, phase);
        it.name = name.into();
        it.id = format!("{name}{}", "0".repeat(64 - name.len())).into();
        it.place.tenant = name.split('-').next().unwrap_or_default().into();
        let mut setup = Setup::default();
        for (part, of) in uses {
            setup.add(*part, of);
        }
        it.setup = Some(Arc::new(setup));
        it
    }

    fn order(all: &[&Facts]) -> Vec<String> {
        let ordered = needing_first(all.to_vec(), |one, other| needs(one, other));
        ordered.iter().map(|it| it.name.to_string()).collect()
    }

    #[rstest]
    #[case(Part::Network)]
    #[case(Part::Ipc)]
    #[case(Part::Processes)]
    #[case(Part::Link)]
    #[case(Part::Volumes)]
    fn whoever_uses_something_goes_before_its_owner(#[case] part: Part) {
        let net = container("acme-net", Phase::Running, &[]);
        let by_name = container("acme-web", Phase::Running, &[(part, "acme-net")]);
        let by_id = container("acme-web", Phase::Running, &[(part, &net.id)]);
        let by_short_id = container("acme-web", Phase::Running, &[(part, &net.id[..12])]);
        for web in [by_name, by_id, by_short_id] {
            assert_eq!(order(&[&net, &web]), ["acme-web", "acme-net"]);
            assert_eq!(order(&[&web, &net]), ["acme-web", "acme-net"]);
        }
        let stranger = container("acme-web", Phase::Running, &[(part, "acme")]);
        assert_eq!(order(&[&net, &stranger]), ["acme-net", "acme-web"]);
    }

    #[test]
    fn a_chain_a_circle_and_oneself() {
        let a = container("a", Phase::Running, &[(Part::Link, "b")]);
        let b = container("b", Phase::Running, &[(Part::Network, "c"), (Part::Ipc, "b")]);
        let c = container("c", Phase::Running, &[]);
        assert_eq!(order(&[&c, &b, &a]), ["a", "b", "c"]);
        let c = container("c", Phase::Running, &[(Part::Link, "a")]);
        assert_eq!(order(&[&c, &b, &a]).len(), 3);
    }

    #[test]
    fn services_are_needed_within_their_project_only() {
        let composed = |name: &str, project: &str, needed: &[&str]| {
            let mut it = container(name, Phase::Running, &[]);
            let setup = Setup {
                project: Some(project.into()),
                service: Some(name.into()),
                depends_on: needed.iter().map(|it| (*it).into()).collect(),
                ..Setup::default()
            };
            it.setup = Some(Arc::new(setup));
            it
        };
        assert!(needs(&composed("app", "p", &["db"]), &composed("db", "p", &[])));
        assert!(!needs(&composed("app", "p", &["db"]), &composed("db", "q", &[])));
    }

    const ENDED: Phase = Phase::Exited(Some(137));
    const DONE: Phase = Phase::Exited(Some(0));

    #[rstest]
    #[case::running(Method::Stop, Part::Network, "beta-web", Phase::Running, true)]
    #[case::its_own_that_stays(Method::Stop, Part::Network, "acme-run", Phase::Running, true)]
    #[case::stopped(Method::Stop, Part::Network, "beta-web", ENDED, true)]
    #[case::its_own_lies_down(Method::Stop, Part::Network, "acme-web", ENDED, false)]
    #[case::done(Method::Checkpoint, Part::Network, "beta-job", DONE, false)]
    #[case::for_good(Method::Destroy, Part::Network, "beta-web", ENDED, true)]
    #[case::its_own_for_good(Method::Destroy, Part::Ipc, "acme-web", ENDED, true)]
    #[case::created(Method::Destroy, Part::Processes, "beta-web", Phase::Created, true)]
    #[case::frozen(Method::Freeze, Part::Network, "beta-web", Phase::Running, false)]
    #[case::linked(Method::Stop, Part::Link, "beta-web", Phase::Running, false)]
    #[case::linked_for_good(Method::Destroy, Part::Link, "beta-web", Phase::Running, true)]
    #[case::volumes(Method::Destroy, Part::Volumes, "beta-web", Phase::Running, false)]
    fn whom_a_sleep_breaks(
        #[case] method: Method,
        #[case] part: Part,
        #[case] name: &str,
        #[case] phase: Phase,
        #[case] expected: bool,
    ) {
        let net = container("acme-net", Phase::Running, &[]);
        let other = container(name, phase, &[(part, "acme-net")]);
        let why = broken_by(&[&net], method, [&net, &other].into_iter());
        assert_eq!(why.is_some(), expected, "{why:?}");
        assert!(why.is_none_or(|why| why.starts_with(&format!("{name} uses its {}", part.noun()))));
        // Whoever goes along breaks nobody.
        assert_eq!(broken_by(&[&net, &other], method, [&net, &other].into_iter()), None);
    }

    #[test]
    fn what_its_own_setup_forbids() {
        let mut it = container("acme-web", Phase::Running, &[(Part::Network, "acme-net")]);
        assert!(forbids(&it, Method::Destroy).unwrap().contains("uses the network of another container"));
        assert_eq!(forbids(&it, Method::Stop), None);
        it.setup = Some(Arc::new(Setup { removed_at_end: true, ..Setup::default() }));
        assert!(forbids(&it, Method::Stop).unwrap().contains("--rm"));
        assert_eq!(forbids(&it, Method::Freeze), None);
        let supervisor = Some(Supervisor::Swarm("acme".into()));
        it.setup = Some(Arc::new(Setup { supervisor, ..Setup::default() }));
        let why = "acme-web: a task of the swarm service acme: scale the service instead";
        assert_eq!(forbids(&it, Method::Freeze).as_deref(), Some(why));
    }
}
