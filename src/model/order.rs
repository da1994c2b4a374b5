//! In which order a tenant's containers are put to sleep: those that need others first. Waking goes the other way.

use super::particulars::Particulars;

/// The place of a role in the order of dumping: roles that `roles` does not name come first.
#[must_use]
pub fn rank(role: Option<&str>, roles: &[String]) -> usize {
    role.and_then(|role| roles.iter().position(|named| named == role)).map_or(0, |at| at + 1)
}

/// Puts containers into the order of dumping. What compose says of needs (`depends_on`) goes before the order of roles:
/// roles that `roles` does not name come first, then the named ones in its order; equals go by name.
#[must_use]
pub fn for_dump(mut containers: Vec<Particulars>, roles: &[String]) -> Vec<Particulars> {
    let rank = |it: &Particulars| rank(it.facts.place.role.as_deref(), roles);
    containers.sort_by(|a, b| (rank(a), &a.facts.name).cmp(&(rank(b), &b.facts.name)));
    let mut ordered: Vec<Particulars> = Vec::with_capacity(containers.len());
    while !containers.is_empty() {
        // The first that nobody left needs. In a circle nobody is: then the first in line goes.
        let free = containers.iter().position(|it| !containers.iter().any(|other| needs(other, it)));
        ordered.push(containers.remove(free.unwrap_or(0)));
    }
    ordered
}

fn needs(one: &Particulars, other: &Particulars) -> bool {
    one.facts.id != other.facts.id
        && other.service.as_ref().is_some_and(|service| one.depends_on.contains(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Phase;
    use crate::model::container::tests::facts;
    use crate::model::particulars::{Life, Limits, Restart};

    fn container(name: &str, role: Option<&str>, needs: &[&str]) -> Particulars {
        let mut facts = facts(name, Phase::Running);
        facts.name = name.into();
        facts.place.role = role.map(Into::into);
        Particulars {
            facts,
            life: Life::default(),
            restart: Restart::default(),
            limits: Limits::default(),
            sessions: Vec::new(),
            removed_at_end: false,
            stop_timeout: None,
            addresses: Vec::new(),
            ports: Vec::new(),
            published: Vec::new(),
            unreached: None,
            checked_every: None,
            service: Some(name.into()),
            depends_on: needs.iter().map(|name| (*name).into()).collect(),
        }
    }

    fn names(ordered: &[Particulars]) -> Vec<&str> {
        ordered.iter().map(|it| &*it.facts.name).collect()
    }

    fn roles() -> Vec<String> {
        vec!["app".to_owned(), "db".to_owned()]
    }

    #[test]
    fn roles_go_as_told_and_the_others_before_them() {
        let all = vec![
            container("a-db", Some("db"), &[]),
            container("b-app", Some("app"), &[]),
            container("c-worker", Some("worker"), &[]),
        ];
        assert_eq!(names(&for_dump(all, &roles())), ["c-worker", "b-app", "a-db"]);
    }

    #[test]
    fn needs_go_before_roles() {
        // Here the database asks the application, whatever their roles say.
        let all = vec![container("one", Some("app"), &[]), container("two", Some("db"), &["one"])];
        assert_eq!(names(&for_dump(all, &roles())), ["two", "one"]);
    }

    #[test]
    fn a_circle_of_needs_ends() {
        let all = vec![container("one", None, &["two"]), container("two", None, &["one"])];
        assert_eq!(names(&for_dump(all, &roles())), ["one", "two"]);
    }
}
