//! Tenants by the names that people write: `acme`, or `web-1/acme` where several hosts have one of that name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fleet::{Fleet, Host, Link};
use super::plain::plain;
use super::suggest;
use super::work::{TenantKey, Work};

/// Words that mean no tenant, or more than one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unnamed {
    /// There is none: for each word why, what was probably meant, and which hosts could not be asked, a line each.
    #[error("{0}")]
    Nobody(String),
    /// There are several: how to write which.
    #[error("{0}")]
    Several(String),
}

/// A name as it is written.
enum Word<'a> {
    /// `host/tenant`.
    On(&'a Host, &'a str),
    /// `tenant`, on whichever host.
    Anywhere(&'a str),
}

/// A tenant's own name may have a slash; a host's cannot.
fn read<'a>(fleet: &'a Fleet, word: &'a str) -> Word<'a> {
    let on = word.split_once('/').and_then(|(host, tenant)| Some((fleet.host(host)?, tenant)));
    on.map_or(Word::Anywhere(word), |(host, tenant)| Word::On(host, tenant))
}

/// Whether no host that could have one of these tenants is still to answer.
#[must_use]
pub fn are_settled(fleet: &Fleet, words: &[String]) -> bool {
    let is_settled = |host: &Host| host.link != Link::Connecting;
    words.iter().all(|word| match read(fleet, word) {
        Word::On(host, _) => is_settled(host),
        Word::Anywhere(_) => fleet.hosts.iter().all(|host| is_settled(host)),
    })
}

/// Whether every host that a word names has answered or failed: a tenant is looked for there and nowhere else.
#[must_use]
pub fn named_hosts_are_settled(fleet: &Fleet, words: &[String]) -> bool {
    words.iter().all(|word| match read(fleet, word) {
        Word::On(host, _) => host.link != Link::Connecting,
        Word::Anywhere(_) => true,
    })
}

/// The tenants that the words name, each once, in the order of the words.
///
/// A tenant whose host does not answer is taken as it is written, if the host is: its ticket says that it was asked for.
///
/// # Errors
/// A name that no host knows, or that several hosts know.
pub fn find(fleet: &Fleet, work: &Work, words: &[String]) -> Result<Vec<TenantKey>, Unnamed> {
    let known: BTreeSet<TenantKey> = fleet
        .tenants()
        .map(|tenant| (tenant.host.clone(), tenant.name.clone()))
        // Those that were destroyed for their sleep have no container that a host could tell of.
        .chain(work.tenants_on(fleet))
        .collect();
    let (mut keys, mut unknown) = (Vec::new(), Vec::new());
    for word in words {
        let (found, is_missing) = match read(fleet, word) {
            Word::On(host, tenant) => {
                let key = (host.name.clone(), Arc::from(tenant));
                let is_known = known.contains(&key) || !host.link.is_up() && !tenant.is_empty();
                (vec![key], !is_known)
            }
            Word::Anywhere(tenant) => {
                let found: Vec<TenantKey> =
                    known.iter().filter(|(_, name)| &**name == tenant).cloned().collect();
                let is_missing = found.is_empty();
                (found, is_missing)
            }
        };
        if is_missing {
            unknown.push(complaint(fleet, &known, word));
            continue;
        }
        if found.len() > 1 {
            return Err(several(word, &found));
        }
        for key in found {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    if unknown.is_empty() { Ok(keys) } else { Err(Unnamed::Nobody(unknown.join("\n"))) }
}

fn several(word: &str, found: &[TenantKey]) -> Unnamed {
    let names: Vec<String> = found.iter().map(|(host, tenant)| format!("{host}/{}", plain(tenant))).collect();
    Unnamed::Several(format!("`{}` is on several hosts: write {}", plain(word), names.join(" or ")))
}

/// Why nobody is meant by `word`, what was probably meant, and which hosts could not be asked.
fn complaint(fleet: &Fleet, known: &BTreeSet<TenantKey>, word: &str) -> String {
    let full = |(host, tenant): &TenantKey| format!("{host}/{tenant}");
    let (mut lines, names): (Vec<String>, BTreeSet<String>) = match read(fleet, word) {
        Word::On(host, tenant) => (
            vec![format!("there is no tenant `{}` on {}", plain(tenant), host.name)],
            known.iter().filter(|(on, _)| *on == host.name).map(full).collect(),
        ),
        Word::Anywhere(tenant) => (
            vec![format!("there is no tenant `{}`", plain(tenant))],
            if word.contains('/') {
                known.iter().map(full).collect()
            } else {
                known.iter().map(|(_, name)| name.to_string()).collect()
            },
        ),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(near) = suggest::nearest(word, &names) {
        lines.push(format!("  did you mean `{}`?", plain(near)));
    }
    if let Word::Anywhere(_) = read(fleet, word) {
        let silent = fleet.hosts.iter().filter(|host| !host.link.is_up());
        lines.extend(silent.map(|host| format!("{}, so it could not be asked", host.complaint())));
    }
    lines.join("\n")
}

/// A tenant's key.
#[must_use]
pub fn key(host: &str, tenant: &str) -> TenantKey {
    (Arc::from(host), Arc::from(tenant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fleet::{Containers, Tenant};
    use crate::model::state::State;
    use jiff::Timestamp;
    use rstest::rstest;

    fn host(name: &str, link: Link, tenants: &[&str]) -> Arc<Host> {
        let tenant = |tenant: &&str| {
            Arc::new(Tenant {
                name: (*tenant).into(),
                host: name.into(),
                tier: None,
                state: State::Running,
                known: State::Running,
                method: None,
                reason: None,
                since: None,
                containers: Containers::new(),
            })
        };
        Arc::new(Host {
            name: name.into(),
            endpoint: "unix:///x".into(),
            link,
            engine: None,
            heard: None,
            remembered: false,
            unclear: false,
            tenants: tenants.iter().map(tenant).collect(),
        })
    }

    fn fleet() -> Fleet {
        let down = Link::Down { since: Timestamp::UNIX_EPOCH, reason: "refused".into() };
        Fleet {
            turn: 0,
            hosts: vec![
                host("web-1", Link::Up, &["acme", "birch", "web-9/odd"]),
                host("web-2", Link::Up, &["acme", "cedar"]),
                host("web-3", down, &[]),
                host("web-4", Link::Connecting, &[]),
            ],
        }
    }

    fn found(words: &[&str]) -> Result<Vec<String>, Unnamed> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let keys = find(&fleet(), &Work::default(), &words)?;
        Ok(keys.iter().map(|(host, tenant)| format!("{host} {tenant}")).collect())
    }

    #[rstest]
    #[case(&["birch", "cedar"], &["web-1 birch", "web-2 cedar"])]
    #[case(&["web-2/acme", "birch", "web-1/birch"], &["web-2 acme", "web-1 birch"])]
    #[case(&["web-9/odd"], &["web-1 web-9/odd"])]
    // Its host says why nothing can be done.
    #[case(&["web-3/dogwood"], &["web-3 dogwood"])]
    fn names_are_found(#[case] words: &[&str], #[case] expected: &[&str]) {
        assert_eq!(found(words).unwrap(), expected);
    }

    #[test]
    fn a_name_on_several_hosts_says_how_to_write_it() {
        let told = "`acme` is on several hosts: write web-1/acme or web-2/acme".to_owned();
        assert_eq!(found(&["birch", "acme"]), Err(Unnamed::Several(told)));
    }

    #[rstest]
    #[case("brich", "did you mean `birch`?")]
    #[case("brich", "web-3 (unix:///x): refused, so it could not be asked")]
    #[case("web-1/cedar", "there is no tenant `cedar` on web-1")]
    #[case("wed-2/cedar", "did you mean `web-2/cedar`?")]
    #[case("web-3/", "there is no tenant `` on web-3")]
    #[case("a\u{1b}[2J", "`a␛[2J`")]
    fn a_name_that_nobody_has_is_told(#[case] word: &str, #[case] told: &str) {
        let Err(Unnamed::Nobody(failure)) = found(&["birch", word]) else { panic!("{word} is known") };
        assert!(failure.contains(told), "{failure}");
    }

    #[test]
    fn a_name_with_its_host_waits_for_no_other() {
        let settled = |word: &str| are_settled(&fleet(), &[word.to_owned()]);
        assert!(settled("web-1/acme") && settled("web-3/x"));
        assert!(!settled("web-4/x") && !settled("birch"));
        // With all names found, only a host that is named is worth the whole wait.
        let named = |word: &str| named_hosts_are_settled(&fleet(), &[word.to_owned()]);
        assert!(named("birch") && named("web-3/x") && !named("web-4/x"));
    }
}
