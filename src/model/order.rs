//! In which order a tenant's containers are put to sleep: those that need others first. Waking goes the other way.

use super::container::Facts;
use super::dependencies::{needing_first, needs};

/// The place of a role in the order of dumping: roles that `roles` does not name come first.
#[must_use]
pub fn rank(role: Option<&str>, roles: &[String]) -> usize {
    role.and_then(|role| roles.iter().position(|named| named == role)).map_or(0, |at| at + 1)
}

/// Puts containers into the order of dumping. What a container needs of others goes before the order of roles: roles that `roles`
/// does not name come first, then the named ones in its order; equals go by name.
#[must_use]
pub fn for_dump<T: AsRef<Facts>>(mut containers: Vec<T>, roles: &[String]) -> Vec<T> {
    let rank = |it: &Facts| rank(it.place.role.as_deref(), roles);
    let place = |it: &T| (rank(it.as_ref()), it.as_ref().name.clone());
    containers.sort_by_cached_key(place);
    needing_first(containers, |one, other| needs(one.as_ref(), other.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use crate::model::setup::{Part, Setup};
    use std::sync::Arc;

    fn container(name: &str, role: Option<&str>, services: &[&str], uses: &[&str]) -> Arc<Facts> {
        let mut facts = facts(name, Phase::Running);
        facts.name = name.into();
        facts.place.role = role.map(Into::into);
        let mut setup = Setup {
            service: Some(name.into()),
            depends_on: services.iter().map(|name| (*name).into()).collect(),
            ..Setup::default()
        };
        for of in uses {
            setup.add(Part::Network, of);
        }
        facts.setup = Some(Arc::new(setup));
        Arc::new(facts)
    }

    fn names(ordered: &[Arc<Facts>]) -> Vec<&str> {
        ordered.iter().map(|it| &*it.name).collect()
    }

    fn roles() -> Vec<String> {
        vec!["app".to_owned(), "db".to_owned()]
    }

    #[test]
    fn roles_go_as_told_and_the_others_before_them() {
        let all = vec![
            container("a-db", Some("db"), &[], &[]),
            container("b-app", Some("app"), &[], &[]),
            container("c-worker", Some("worker"), &[], &[]),
        ];
        assert_eq!(names(&for_dump(all, &roles())), ["c-worker", "b-app", "a-db"]);
    }

    #[test]
    fn needs_go_before_roles() {
        // Here the database asks the application, whatever their roles say.
        let by_compose =
            vec![container("one", Some("app"), &[], &[]), container("two", Some("db"), &["one"], &[])];
        assert_eq!(names(&for_dump(by_compose, &roles())), ["two", "one"]);
        let by_network =
            vec![container("one", Some("app"), &[], &[]), container("two", Some("db"), &[], &["one"])];
        assert_eq!(names(&for_dump(by_network, &roles())), ["two", "one"]);
    }

    #[test]
    fn a_circle_of_needs_ends() {
        let all = vec![container("one", None, &["two"], &[]), container("two", None, &[], &["one"])];
        assert_eq!(names(&for_dump(all, &roles())), ["one", "two"]);
    }
}
